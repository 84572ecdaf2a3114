"""Elementwise ops that choose: where, maximum, minimum, abs. They route the gradient to the chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.ops.comparison import equal, greater, isnan, less, sign
from chainrule.ops.conventions import ABS_AT_ZERO, MAX_TIE_SHARE
from chainrule.ops.domains import XY, X

__all__ = [
    "abs",
    "copysign",
    "fabs",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "where",
]


def _share(g: Any, x: Any, y: Any, winner: Any) -> Any:
    """The part of ``g`` that goes to x: all where x wins, half at a tie."""
    return where(equal(x, y), g * MAX_TIE_SHARE, where(winner, g, 0.0))


_TIE = (Kink((1.0, 1.0), (0.5, 0.5), "ties share evenly"),)

maximum: Op = elementwise(
    "maximum",
    np.maximum,
    lambda g, out, x, y: _share(g, x, y, greater(x, y) | isnan(x)),
    lambda g, out, x, y: _share(g, y, x, greater(y, x) | isnan(y)),
    samples=XY,
    kinks=_TIE,
    doc="max(x, y); routes to the larger, ½ each at a tie",
)
minimum: Op = elementwise(
    "minimum",
    np.minimum,
    lambda g, out, x, y: _share(g, x, y, less(x, y) | isnan(x)),
    lambda g, out, x, y: _share(g, y, x, less(y, x) | isnan(y)),
    samples=XY,
    kinks=_TIE,
    doc="min(x, y); routes to the smaller, ½ each at a tie",
)
fmax: Op = elementwise(
    "fmax",
    np.fmax,
    lambda g, out, x, y: _share(g, x, y, greater(x, y) | isnan(y)),
    lambda g, out, x, y: _share(g, y, x, greater(y, x) | isnan(x)),
    samples=XY,
    kinks=_TIE,
    doc="max(x, y) ignoring NaN; routes to the winner",
)
fmin: Op = elementwise(
    "fmin",
    np.fmin,
    lambda g, out, x, y: _share(g, x, y, less(x, y) | isnan(y)),
    lambda g, out, x, y: _share(g, y, x, less(y, x) | isnan(x)),
    samples=XY,
    kinks=_TIE,
    doc="min(x, y) ignoring NaN; routes to the winner",
)
where: Op = elementwise(
    "where",
    np.where,
    None,
    lambda g, out, c, x, y: where(c, g, 0.0),
    lambda g, out, c, x, y: where(c, 0.0, g),
    samples=(
        Sample((np.array([[True, False, True]]), (2, 3), (3,))),
        Sample((np.array([0.0, 2.0, 1.0]), (3,), (2, 3))),
    ),
    doc="x where c, else y; routes to the chosen",
)
abs: Op = elementwise(
    "abs",
    np.abs,
    lambda g, out, x: g * sign(x),
    samples=X,
    kinks=(Kink((0.0,), (ABS_AT_ZERO,), "the middle of [-1, 1]"),),
    doc="|x|; sign(x), 0 at 0",
)
fabs: Op = elementwise(
    "fabs",
    np.fabs,
    lambda g, out, x: g * sign(x),
    samples=X,
    kinks=(Kink((0.0,), (ABS_AT_ZERO,), "the middle of [-1, 1]"),),
    doc="|x|; sign(x), 0 at 0",
)
copysign: Op = elementwise(
    "copysign",
    np.copysign,
    lambda g, out, x, y: g * sign(x) * copysign(1.0, y),
    lambda g, out, x, y: g * 0.0,
    samples=XY,
    kinks=(Kink((0.0, 1.0), (0.0, 0.0), "as abs"),),
    doc="|x| with the sign of y; ±1, 0",
)
