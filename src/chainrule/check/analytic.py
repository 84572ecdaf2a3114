"""Derivatives by complex steps, for functions of plain NumPy that take complex numbers.

One evaluation per entry and no rounding error to speak of. Whether a function is analytic cannot be
read off it: ``abs`` and comparisons take complex numbers and give something else. So complex steps
are believed only where differences along a random direction agree, away from kinks; they may confirm
a gradient, and never make one wrong.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .budget import DEAREST
from .compare import SAFETY, Truth
from .differences import complex_step, derivative_along, spread, step_scale
from .subject import Subject

__all__ = ["analytic_truth"]

#: Relative difference from differences along a direction that is not held against complex steps.
_AGREE = 1e-9


def analytic_truth(at: Subject, i: int, entries: NDArray[np.intp]) -> Truth | None:
    """Derivatives with respect to entries of one argument, or None where complex steps do not apply.

    Parameters
    ----------
    at : Subject
        The function at its point.
    i : int
        The argument.
    entries : ndarray of int
        Flat indices.
    """
    value = at.values[i]
    enough = at.budget.affords(DEAREST + 2 + len(entries))
    if not at.backend.takes_complex or at.is_coarse or not value.size or not enough:
        return None
    scale = step_scale(0.0, spread(value))
    direction = scale * at.rng.uniform(0.5, 1.5, value.shape) * at.rng.choice((-1, 1), value.shape)

    def along(way: NDArray[np.float64]) -> float:
        return complex_step(lambda t: _evaluate(at, i, value + t * way), 1.0)

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # NumPy warns where an imaginary part is dropped; the comparison below sees it.
            warnings.simplefilter("ignore")
            if not np.isclose(_evaluate(at, i, value.astype(complex)), at.centre, rtol=1e-12):
                return None
            cost = at.cost_of(i)
            measured = derivative_along(
                lambda t: cost(value + t * direction), 1.0, at.noise, centre=at.centre
            )
            allowed = SAFETY * measured.error + _AGREE * abs(measured.value)
            if measured.is_kink or not abs(along(direction) - measured.value) <= allowed:
                return None
            found = np.empty(len(entries))
            for k, entry in enumerate(entries):
                way = np.zeros(value.shape)
                way.reshape(-1)[entry] = scale
                found[k] = along(way) / scale
    except (TypeError, ValueError, ArithmeticError):
        return None
    error = np.full(found.shape, 2.0**-44 * np.max(np.abs(found), initial=0.0))
    negligible = 1e-6 * abs(at.centre) / scale
    return Truth(value.shape, entries, found, error, found, found, negligible)


def _evaluate(at: Subject, i: int, value: Any) -> complex:
    values = [value if k == i else v for k, v in enumerate(at.values)]
    return complex(sum(np.sum(u * o) for u, o in zip(at.cotangents, at.evaluate(values))))
