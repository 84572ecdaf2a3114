"""`chainrule doctor` tells what is there, and its self-check finds an engine that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli import doctor, main, self_check


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def test_everything_passes_and_is_shown() -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert f"numpy         {np.__version__}" in result.stdout
    assert result.stdout.count("✓") == len(self_check.CHECKS)
    assert all(len(line) <= 80 for line in result.stdout.splitlines() if "bin/python" not in line)


def test_json_holds_the_same() -> None:
    record = json.loads(run("--json").stdout)
    assert record["ok"]
    assert record["packages"]["numpy"] == np.__version__
    assert record["processor"]["cores"] >= 1
    assert record["processor"]["vectors"]["float32_lanes"] in (1, 4, 8, 16)
    assert [check["passed"] for check in record["checks"]] == [True] * len(self_check.CHECKS)


def scaled_grad(*arguments: Any, **options: Any) -> Callable[..., Any]:
    def wrong(*primals: Any) -> Any:
        found = GRAD(*arguments, **options)(*primals)
        if isinstance(found, tuple):
            return tuple(np.asarray(part) * 1.001 for part in found)
        return np.asarray(found) * 1.001

    return wrong


GRAD = cr.grad


def test_a_gradient_wrong_by_a_thousandth_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr, "grad", scaled_grad)
    assert [self_check.worked_example()[0], self_check.differences()[0]] == [False, False]
    result = run("--json")
    assert result.exit_code == 1
    assert not json.loads(result.stdout)["ok"]
    assert "2 of" in result.stderr


def test_descent_along_a_gradient_of_the_wrong_sign_does_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = cr.value_and_grad

    def wrong(f: Callable[..., Any]) -> Callable[..., Any]:
        def both(parameters: Any) -> Any:
            value, gradient = right(f)(parameters)
            return value, [-np.asarray(part) for part in gradient]

        return both

    monkeypatch.setattr(cr, "value_and_grad", wrong)
    assert not self_check.learning()[0]


def test_native_epochs_that_go_elsewhere_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    right = cr.Trainer.fit

    def wrong(self: Any, *arguments: Any, **options: Any) -> Any:
        history = right(self, *arguments, **options)
        if self.compiled is True:
            for parameter in self.model.parameters():
                parameter.assign(parameter.detach().numpy() * np.float32(1.001))
        return history

    monkeypatch.setattr(cr.Trainer, "fit", wrong)
    assert not self_check.native_code()[0]


def test_a_check_that_raises_is_a_check_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising() -> tuple[bool, str]:
        raise ImportError("no such thing")

    monkeypatch.setattr(self_check, "CHECKS", {"a check": raising})
    result = run()
    assert result.exit_code == 1
    assert "✗ a check" in result.stdout
    assert "ImportError: no such thing" in result.stdout


def test_absent_package_is_said_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.PACKAGES, "no-such-package", "data")
    assert "absent; pip install 'chainrule[data]' brings it" in run().stdout
