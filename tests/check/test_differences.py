"""Numerical derivatives: accuracy, honesty of the error estimate, kinks, noise (SPEC D1)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.check.differences import complex_step, derivative_along, measure_noise

SMOOTH = [
    (lambda t: math.sin(1 + t), math.cos(1), 1.0),
    (lambda t: math.exp(10 * (1 + t)), 10 * math.exp(10), 1.0),
    (lambda t: math.log(1e-4 + t), 1e4, 1e-4),
    (lambda t: (1e-4 + t) ** 2 * 1e5, 20.0, 1e-4),
    (lambda t: 3.0, 0.0, 1.0),
    (lambda t: 1e8 + math.sin(t), 1.0, 1.0),
]


@pytest.mark.parametrize(("f", "true", "scale"), SMOOTH)
def test_the_error_estimate_covers_the_error(f, true, scale):
    """SPEC D1: ten times the estimate is what the verdicts allow."""
    found = derivative_along(f, scale, measure_noise(f, scale))
    assert abs(found.value - true) <= 10 * found.error
    assert not found.is_kink


@pytest.mark.parametrize(("f", "true", "scale"), SMOOTH[:4])
def test_smooth_derivatives_are_good_to_nine_digits(f, true, scale):
    """SPEC D1: a tolerance of 1e-6 leaves three digits to spare."""
    found = derivative_along(f, scale, measure_noise(f, scale))
    assert abs(found.value - true) <= 1e-9 * abs(true)


@pytest.mark.parametrize(
    ("f", "left", "right"),
    [
        (abs, -1.0, 1.0),
        (lambda t: max(t, 0.0), 0.0, 1.0),
        (lambda t: max(t, 0.01 * t) + math.sin(t), 1.01, 2.0),
    ],
)
def test_at_a_kink_both_one_sided_derivatives_are_found(f, left, right):
    found = derivative_along(f, 1.0, 1e-16)
    assert found.is_kink
    assert found.left == pytest.approx(left, abs=1e-6)
    assert found.right == pytest.approx(right, abs=1e-6)


def test_a_kink_nearby_is_stepped_around():
    """The first rung crosses the kink at −1e-6; a finer one does not."""
    found = derivative_along(lambda t: abs(t + 1e-6), 1.0, 1e-22)
    assert not found.is_kink
    assert found.value == pytest.approx(1.0)


def test_float32_inside_is_noticed_whatever_the_function_returns():
    noise = measure_noise(lambda t: float(np.float32(math.sin(1 + t))), 1.0)
    assert 1e-9 < noise < 1e-6


def test_a_function_outside_its_domain_is_not_finite():
    assert not derivative_along(lambda t: math.nan, 1.0, 1e-16).is_finite


def test_the_complex_step_is_exact():
    assert complex_step(lambda t: np.exp(np.sin(1 + t)), 1.0) == pytest.approx(
        math.exp(math.sin(1)) * math.cos(1), rel=1e-15
    )


@pytest.mark.parametrize(
    "distance", [1e-12, 1e-10, 3e-10, 1e-9, 2e-9, 3e-9, 1e-8, 1e-7, 1e-5, 1e-3]
)
def test_a_kink_nearby_never_passes_for_the_mean_of_its_slopes(distance):
    """What is believed to be smooth has the slope of its own side."""
    d = derivative_along(lambda t: max(t + distance, 0.0) + 1.0, 1.0, 2e-16)
    if d.is_kink:
        assert d.left < 0.05
        assert d.right > 0.95
    else:
        assert abs(d.value - 1.0) <= 10 * d.error + 1e-9
