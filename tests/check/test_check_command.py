"""``chainrule check``: exit codes, JSON, inputs found or made up (SPEC D2)."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from chainrule.cli import main

PROGRAM = """
import numpy as np


def loss_and_grads(X, y, W1, b1):
    p = 1 / (1 + np.exp(-(X @ W1 + b1)))
    loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / len(X)
    dz = (p - y) / len(X)
    return loss, {"W1": X.T @ dz, "b1": dz.sum(axis=0)}
"""

MAIN = """

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 4)), rng.integers(0, 2, (8, 1)) * 1.0
    print(loss_and_grads(X, y, rng.normal(size=(4, 1)), np.zeros(1)))
"""


@pytest.fixture
def run(tmp_path):
    def call(text, *options, suffix=""):
        file = tmp_path / "program.py"
        file.write_text(text, encoding="utf-8")
        return CliRunner().invoke(main, ["check", f"{file}{suffix}", *options])

    return call


def test_a_right_file_exits_0(run):
    result = run(PROGRAM + MAIN)
    assert result.exit_code == 0, result.output
    assert "RIGHT" in result.output
    assert "first call" in result.output


def test_a_wrong_file_exits_1_and_names_the_line(run):
    result = run((PROGRAM + MAIN).replace("dz.sum(axis=0)", "dz.mean(axis=0)"), "--json")
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert record["reports"][0]["findings"][0]["line"] == 9
    assert record["reports"][0]["findings"][0]["slip"] == "bias-sum"


def test_arguments_are_made_up_where_the_file_makes_no_call(run):
    result = run(PROGRAM, suffix=":loss_and_grads")
    assert result.exit_code == 0, result.output
    assert "made up" in result.output


def test_a_function_that_cannot_be_fed_exits_3(run):
    result = run("def backprop(sphinx):\n    return sphinx\n")
    assert result.exit_code == 3, result.output
    assert "sphinx" in result.output


@pytest.mark.parametrize(
    ("text", "suffix"), [("x = 1\n", ""), (PROGRAM, ":nothing"), ("def f(:\n", "")]
)
def test_usage_errors_exit_2(run, text, suffix):
    result = run(text, suffix=suffix)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    # Paths stay whole, however long, so a line may hold nothing but one.
    lines = result.stderr.removeprefix("error: ").splitlines()
    assert all(len(line) <= 80 or " " not in line for line in lines)
