"""The table of functions is true: complete, up to date, and each function on it is compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy_cases import CASES, IN_PLACE

from chainrule.core.op import OPS, Op
from chainrule.ops import table

ROOT = Path(__file__).resolve().parents[2]


def test_at_least_97_percent_of_numpys_differentiable_functions_are_there() -> None:
    """SPEC B1: NumPy's functions by NumPy's names."""
    assert table.coverage().percent >= 97.0


def test_a_missing_function_is_counted_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = table.coverage()
    monkeypatch.delitem(table.FUNCTIONS, np.median)
    monkeypatch.delattr(table.lib, "median")
    after = table.coverage()
    assert after.missing == [*before.missing, "median"]
    assert after.percent < before.percent


def test_every_function_with_a_derivative_is_compared_with_differences() -> None:
    """A function counts as there only if a case or a generated test differentiates it."""
    expressions = " ".join(case[0] for case in (*CASES, *IN_PLACE))
    called = set(re.findall(r"np\.((?:linalg\.)?\w+)", expressions))
    ops = {
        name
        for name in table.coverage().derivative
        if isinstance(answer := table.UFUNCS.get(getattr(np, name, None)), Op) and answer.samples
    }
    # not handed over by NumPy, or another name; see test_creation.py
    elsewhere = {"asarray", "full", "row_stack"}
    assert set(table.coverage().derivative) - called - ops - elsewhere == set()


def test_functions_without_a_derivative_have_no_rules() -> None:
    for name in table.coverage().no_derivative:
        if name in OPS:
            assert not OPS[name].differentiable, name


def test_the_page_of_functions_is_up_to_date() -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    assert page == table.render(), "run: python -m chainrule.ops.table > docs/functions.md"


def test_the_command_prints_the_page_and_the_share() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chainrule.ops.table"], capture_output=True, text=True, check=True
    )
    assert done.stdout == table.render()
    assert re.search(r"\d+\.\d % of NumPy's differentiable functions", done.stderr)


def test_every_op_has_a_row_that_says_what_it_is() -> None:
    assert [name for name, op in OPS.items() if not op.doc.partition("; ")[0]] == []
