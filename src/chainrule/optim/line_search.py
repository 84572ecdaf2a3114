"""A line search that meets the strong Wolfe conditions.

Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 (bracketing) and 3.6 (zoom), with
cubic interpolation (3.59) and the safeguards of M. Schmidt's minFunc, which PyTorch's L-BFGS also
follows: a trial too close to an end of the bracket is moved a tenth of its length inwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Trial", "strong_wolfe"]

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
MAX_TRIALS = 25


class Trial(NamedTuple):
    """A step length, and the loss, gradient and slope along the direction there."""

    t: float
    loss: float
    gradient: Any
    slope: float


def cubic_minimum(a: Trial, b: Trial, low: float, high: float) -> float:
    """Where the cubic through two values and slopes is smallest, kept within ``[low, high]``."""
    if a.t > b.t:
        a, b = b, a
    width = b.t - a.t
    if width == 0.0:
        return (low + high) / 2.0
    d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0.0:
        return (low + high) / 2.0
    d2 = math.sqrt(square)
    divisor = b.slope - a.slope + 2.0 * d2
    if divisor == 0.0:
        return (low + high) / 2.0
    position = b.t - width * ((b.slope + d2 - d1) / divisor)
    return min(max(position, low), high)


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Any]],
    t: float,
    direction: Any,
    start: Trial,
    tolerance: float = 1e-9,
    max_trials: int = MAX_TRIALS,
) -> tuple[Trial, int]:
    """A step length along ``direction`` and the number of evaluations it took.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(t)`` gives loss and flat gradient at that step length.
    t : float
        First trial.
    direction : ndarray
    start : Trial
        Step length 0.
    tolerance : float
        The bracket is not narrowed below this length.
    max_trials : int
        Step lengths tried after the first.
    """

    def tried(length: float) -> Trial:
        loss, gradient = evaluate(length)
        return Trial(length, loss, gradient, float(np.dot(gradient, direction)))

    def too_high(trial: Trial) -> bool:
        return trial.loss > start.loss + SUFFICIENT_DECREASE * trial.t * start.slope

    def flat_enough(trial: Trial) -> bool:
        return abs(trial.slope) <= -CURVATURE * start.slope

    previous, current, count, rounds = start, tried(t), 1, 0
    while rounds < max_trials:
        if too_high(current) or (rounds > 1 and current.loss >= previous.loss):
            break
        if flat_enough(current):
            return current, count
        if current.slope >= 0.0:
            break
        shortest = current.t + 0.01 * (current.t - previous.t)
        length = cubic_minimum(previous, current, shortest, current.t * 10.0)
        previous, current = current, tried(length)
        count += 1
        rounds += 1
    else:
        previous = start
    bracket = [previous, current]
    return _zoom(
        tried, too_high, flat_enough, bracket, direction, tolerance, count, max_trials - rounds
    )


def _zoom(
    tried: Callable[[float], Trial],
    too_high: Callable[[Trial], bool],
    flat_enough: Callable[[Trial], bool],
    bracket: list[Trial],
    direction: Any,
    tolerance: float,
    count: int,
    trials: int,
) -> tuple[Trial, int]:
    """Narrow a bracket that holds a point with the strong Wolfe conditions."""
    size = float(np.max(np.abs(direction), initial=0.0))
    low, high = sorted(bracket, key=lambda trial: trial.loss)
    stalled = False
    for _ in range(trials):
        left, right = min(low.t, high.t), max(low.t, high.t)
        if (right - left) * size < tolerance:
            break
        length = cubic_minimum(low, high, left, right)
        margin = 0.1 * (right - left)
        if min(right - length, length - left) < margin:
            if stalled or length >= right or length <= left:
                length = right - margin if right - length < length - left else left + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        current = tried(length)
        count += 1
        if too_high(current) or current.loss >= low.loss:
            low, high = sorted((low, current), key=lambda trial: trial.loss)
            continue
        if flat_enough(current):
            return current, count
        if current.slope * (high.t - low.t) >= 0.0:
            high = low
        low = current
    return low, count
