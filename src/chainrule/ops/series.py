"""Power series near removable singularities, such as that of ``(cos x - sin(x)/x)/x`` at 0.

The quotient cancels near such a point, and a limit put in by hand at the point itself has no slope:
its derivatives would be wrong there. A polynomial has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.ops.comparison import less
from chainrule.ops.routing import abs as _abs
from chainrule.ops.routing import where

__all__ = ["polynomial", "with_series"]


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """``Σ c_k x^k`` by Horner's rule; coefficients in rising order."""
    total: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def with_series(
    x: Any, radius: float, series: Callable[[Any], Any], formula: Callable[[Any], Any], far: float
) -> Any:
    """``series(x)`` where ``|x| < radius``, else ``formula(x)``; each sees only its own region.

    ``far`` is a harmless argument for the formula where the series is taken.
    """
    near = less(_abs(x), radius)
    return where(near, series(where(near, x, 0.0)), formula(where(near, far, x)))
