"""A budget bounds the evaluations, and the same budget gives the same verdict (SPEC D1)."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.check import gradients
from chainrule.check.budget import Budget


def counted(kinked: bool, size: int = 3000):
    calls = []

    def f(x):
        calls.append(1)
        return float(np.sum(np.abs(x)) if kinked else np.sum(np.sin(x)))

    gradient = np.sign if kinked else np.cos
    return calls, (f, lambda x: gradient(x) * 1.0)


@pytest.mark.parametrize("kinked", [False, True])
@pytest.mark.parametrize("allowed", [64, 200, 1000, 5000])
def test_evaluations_are_never_more_than_allowed(allowed, kinked):
    calls, pair = counted(kinked)
    gradients(pair, np.random.default_rng(0).normal(size=3000), evaluations=allowed)
    assert 0.5 * min(allowed, 400) < len(calls) <= allowed


def test_a_wrong_gradient_is_looked_at_again_within_the_budget():
    calls, (f, gradient) = counted(False)
    report = gradients(
        (f, lambda x: 1.01 * gradient(x)), np.linspace(0.1, 1, 3000), evaluations=400
    )
    assert report.verdict == "wrong"
    assert len(calls) <= 400


def test_the_same_budget_gives_the_same_report():
    reports = [
        str(gradients(counted(False)[1], np.linspace(0.1, 1, 3000), evaluations=500))
        for _ in range(2)
    ]
    assert reports[0] == reports[1]


def test_many_arguments_are_covered_by_one_direction_where_the_budget_is_short():
    layers = [np.random.default_rng(k).normal(size=(3, 3)) / 2 for k in range(40)]
    x = np.ones(3)

    def f(layers):
        a = x
        for w in layers:
            a = np.tanh(w @ a) + a
        return a.sum()

    report = gradients(f, layers, evaluations=128)
    assert report.verdict == "right", str(report)
    assert "one direction through all arguments" in str(report)


def test_what_the_budget_does_not_reach_is_not_called_right():
    slow = cr.nn.Linear(40, 40)
    x = np.random.default_rng(0).normal(size=(2, 40))
    report = gradients(slow, x, evaluations=20)
    assert report.verdict == "cannot tell"
    assert "at least 64" in report.arguments[0].reason


def test_the_number_is_a_power_of_two_that_the_seconds_pay_for():
    budget = Budget(1.0)

    def evaluate():
        sum(range(400_000))

    budget.settle(evaluate)
    assert budget.allowed & (budget.allowed - 1) == 0
    assert 4 <= budget.allowed <= 1024
    quick = Budget(10.0)
    quick.settle(lambda: None)
    assert quick.allowed == 2**16
