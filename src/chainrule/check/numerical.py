"""Numerical gradients of a cost with respect to arrays, entry by entry or along directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .compare import Truth
from .differences import derivative_along, measure_noise, spread, step_scale

__all__ = ["direction_truth", "entry_truth", "guard", "noise_level"]

Cost = Callable[[NDArray[np.float64]], float]


def guard(f: Callable[..., float]) -> Callable[..., float]:
    """`f` with arithmetic and value errors turned into NaN: the point is outside its domain."""

    def guarded(*args: object) -> float:
        try:
            with np.errstate(all="ignore"):
                return float(f(*args))
        except (ArithmeticError, ValueError):
            return math.nan

    return guarded


def noise_level(
    cost: Cost, value: NDArray[np.float64], rng: np.random.Generator, quick: bool = False
) -> float:
    """Rounding noise of `cost` along a random direction from `value`; `quick` on one spacing."""
    direction = rng.uniform(0.5, 1.5, value.shape) * rng.choice((-1.0, 1.0), value.shape)
    direction *= np.maximum(np.abs(value), 1e-3 * step_scale(0.0, spread(value)))
    return measure_noise(lambda t: cost(value + t * direction), 1.0, quick=quick)


def entry_truth(
    cost: Cost,
    value: NDArray[np.float64],
    entries: Sequence[int] | NDArray[np.intp],
    noise: float,
    *,
    centre: float | None = None,
    first: float = 1.0,
    go_on: Callable[[], bool] = lambda: True,
) -> Truth:
    """Derivatives of ``cost(value)`` with respect to chosen entries.

    Parameters
    ----------
    cost : callable
        Function of an array of the shape of `value`; see :func:`guard`.
    value : ndarray
        The point.
    entries : sequence of int
        Flat indices.
    noise : float
        See :func:`noise_level`.
    centre : float, optional
        ``cost(value)``.
    first : float
        Factor on the first step.
    go_on : callable
        Asked before each entry; if it says no, the truth ends with the entry before.
    """
    if centre is None:
        centre = cost(value)
    typical = spread(value)
    found = []
    for entry in entries:
        if not go_on():
            break

        def along(t: float, entry: int = int(entry)) -> float:
            moved = value.copy()
            moved.reshape(-1)[entry] += t
            return cost(moved)

        x = float(value.reshape(-1)[int(entry)])
        found.append(
            derivative_along(along, step_scale(x, typical), noise, centre=centre, first=first)
        )
    return Truth(
        value.shape,
        np.asarray(entries, dtype=np.intp).reshape(-1)[: len(found)],
        np.array([d.value for d in found], dtype=np.float64),
        np.array([d.error for d in found], dtype=np.float64),
        np.array([d.left for d in found], dtype=np.float64),
        np.array([d.right for d in found], dtype=np.float64),
        1e-6 * abs(centre) / step_scale(0.0, typical),
    )


def direction_truth(
    cost: Callable[[float], float], scale: float, noise: float, centre: float | None = None
) -> Truth:
    """The derivative along one direction, as the truth of a single number."""
    d = derivative_along(cost, scale, noise, centre=centre)
    return Truth(
        (1,),
        np.zeros(1, dtype=np.intp),
        np.array([d.value]),
        np.array([d.error]),
        np.array([d.left]),
        np.array([d.right]),
    )
