"""A learning rate found by trying: the range test.

The rate is raised a little with every mini-batch, from far too small to too large; the loss falls
while the rate is useful and rises once it is not. A tenth of the rate at which the smoothed loss
was least is taken: still falling fast, with a margin to where training breaks.
Source: L. N. Smith, *Cyclical learning rates for training neural networks*, 2017, §3.3; the margin
is customary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["RangeTest", "range_test"]

_MARGIN = 10.0
_SMOOTHING = 0.9
_BROKEN = 4.0  # times the least loss: nothing is learnt from going on


class RangeTest(NamedTuple):
    """The rate chosen, and the rates and smoothed losses it was chosen from."""

    chosen: float
    rates: list[float]
    losses: list[float]


def range_test(
    step: Callable[[float], float],
    *,
    lowest: float = 1e-5,
    highest: float = 3.0,
    steps: int = 100,
) -> RangeTest:
    """Return a learning rate found by taking training steps at rising rates.

    Parameters
    ----------
    step : callable
        Takes a rate, makes one training step with it, and returns the loss before the step.
    lowest, highest : float
        The range; rates rise by the same factor from step to step.
    steps : int
        At most so many; the test ends when the loss is no longer finite, or four times its least.

    Examples
    --------
    Gradient descent on ½·50·w² is stable below 2/50 = 0.04:

    >>> w = [1.0]
    >>> def step(rate):
    ...     loss = 25 * w[0] ** 2
    ...     w[0] -= rate * 50 * w[0]
    ...     return loss
    >>> range_test(step).chosen
    0.02
    """
    factor = (highest / lowest) ** (1 / max(1, steps - 1))
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0
    for index in range(steps):
        rate = lowest * factor**index
        loss = step(rate)
        if not math.isfinite(loss):
            break
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        smoothed = average / (1 - _SMOOTHING ** (index + 1))
        if losses and smoothed > _BROKEN * min(losses):
            break
        rates.append(rate)
        losses.append(smoothed)
    best = rates[losses.index(min(losses))] if losses else lowest
    return RangeTest(_round_down(best / _MARGIN), rates, losses)


def _round_down(rate: float) -> float:
    """Return the nearest of 1, 2, 5 times a power of ten that is not above ``rate``."""
    power = math.floor(math.log10(rate) + 1e-9)
    digit = max(d for d in (1, 2, 5) if d <= rate / 10**power * (1 + 1e-9))
    return float(f"{digit}e{power}")
