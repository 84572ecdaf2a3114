"""The range test finds a rate at which training works, for problems of any scale."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.cli.range_test import range_test


def descent(curvature: float, noise: float = 0.0) -> tuple[list[float], object]:
    rng = np.random.default_rng(0)
    w = [1.0]

    def step(rate: float) -> float:
        loss = 0.5 * curvature * w[0] ** 2 * (1 + noise * rng.random())
        w[0] -= rate * curvature * w[0]
        return loss

    return w, step


@pytest.mark.parametrize("curvature", [0.5, 5.0, 50.0, 500.0])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_rate_is_below_the_limit_of_stability_and_not_far(curvature: float, noise: float) -> None:
    """Gradient descent on ½kw² is stable below 2/k."""
    _, step = descent(curvature, noise)
    chosen = range_test(step).chosen  # type: ignore[arg-type]
    assert 0.01 / curvature < chosen < 2 / curvature


def test_rate_is_one_two_or_five_times_a_power_of_ten() -> None:
    for curvature in (1.0, 3.0, 7.0, 20.0, 90.0):
        chosen = range_test(descent(curvature)[1]).chosen  # type: ignore[arg-type]
        digit = chosen / 10 ** math.floor(math.log10(chosen) + 1e-9)
        assert min(abs(digit - d) for d in (1, 2, 5)) < 1e-9


def test_test_ends_where_the_loss_explodes() -> None:
    calls = []

    def step(rate: float) -> float:
        calls.append(rate)
        return 1.0 if rate < 1e-3 else 100.0

    found = range_test(step)
    assert len(calls) < 60
    assert found.chosen <= 1e-4


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_loss_that_is_not_finite_from_the_start_gives_the_least_rate(loss: float) -> None:
    assert range_test(lambda rate: loss).chosen == pytest.approx(1e-6)


def test_flat_loss_gives_some_rate_of_the_range() -> None:
    assert 1e-6 <= range_test(lambda rate: 0.0).chosen <= 3.0
