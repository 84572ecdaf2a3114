"""``chainrule train --diagnose``: words on stdout, words and a picture in the run, JSON (SPEC D4, D5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chainrule.cli import main


def train(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["train", "iris", "--epochs", "4", *arguments])


def test_a_healthy_run_says_so_and_keeps_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = train("--lr", "0.01", "--diagnose", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Healthy: errors reach every layer" in result.output
    section = result.output.partition("Health of the training")[2].partition("Saved in")[0]
    assert max(map(len, section.splitlines())) <= 80
    assert "Healthy" in (out / "diagnosis.txt").read_text(encoding="utf-8")
    assert "diagnosis.txt" in result.output
    record = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert record["diagnosis"]["healthy"] is True
    assert record["diagnosis"]["looks"] == 5


def test_an_ill_run_is_told_with_its_remedy(tmp_path: Path) -> None:
    deep = ",".join(["8"] * 12)
    result = train("--lr", "1e-4", "--hidden", deep, "--activation", "sigmoid", "--diagnose",
                   "--json", "--out", str(tmp_path / "run"))  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "epoch 0: vanishing: the error" in result.stderr  # as soon as it is seen
    diagnosis = json.loads(result.stdout)["diagnosis"]
    assert [finding["kind"] for finding in diagnosis["findings"]] == ["vanishing"]
    assert "residual connections" in diagnosis["findings"][0]["remedy"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_that_breaks_says_where(tmp_path: Path) -> None:
    result = train(
        "--lr", "1e30", "--optimizer", "sgd", "--diagnose", "--out", str(tmp_path / "run")
    )
    assert result.exit_code == 2
    assert "It began here:" in result.output
    assert "NOT FINITE" in (tmp_path / "run" / "diagnosis.txt").read_text(encoding="utf-8")


def test_a_run_without_it_looks_at_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = train("--lr", "0.01", "--out", str(out))
    assert "Health of the training" not in result.output
    assert not (out / "diagnosis.txt").exists()
    assert train("--resume", "--out", str(out), "--epochs", "6", "--diagnose").exit_code == 0
    assert (out / "diagnosis.txt").exists()
