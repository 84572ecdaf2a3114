"""Elementwise arithmetic: sums, products, quotients, powers and roots.

Each rule is written once, as a linear map in ``g``; it serves both modes: ``g`` is the cotangent
of the output going backwards, the tangent of that input going forwards. Broadcasting is not
mentioned: the sweep undoes it. Rules use operators and the ops of this package, never NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Kink, Op, elementwise
from chainrule.ops.comparison import equal, trunc
from chainrule.ops.domains import (
    XY,
    X,
    away_from_zero,
    positive_base,
    positive_numbers,
    second_away_from_zero,
)
from chainrule.ops.routing import where

__all__ = [
    "add",
    "cbrt",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "multiply",
    "negative",
    "positive",
    "power",
    "reciprocal",
    "remainder",
    "sqrt",
    "square",
    "subtract",
]

positive: Op = elementwise("positive", np.positive, lambda g, out, x: g, samples=X, doc="+x; 1")
negative: Op = elementwise("negative", np.negative, lambda g, out, x: -g, samples=X, doc="-x; -1")
add: Op = elementwise(
    "add",
    np.add,
    lambda g, out, x, y: g,
    lambda g, out, x, y: g,
    samples=XY,
    doc="x + y; 1, 1 (distributes the gradient)",
)
subtract: Op = elementwise(
    "subtract",
    np.subtract,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g,
    samples=XY,
    doc="x - y; 1, -1",
)
multiply: Op = elementwise(
    "multiply",
    np.multiply,
    lambda g, out, x, y: g * y,
    lambda g, out, x, y: g * x,
    samples=XY,
    doc="x y; y, x (swaps the factors)",
)
divide: Op = elementwise(
    "divide",
    np.divide,
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    samples=XY,
    domain=second_away_from_zero,
    doc="x / y; 1/y, -x/y²",
)
reciprocal: Op = elementwise(
    "reciprocal",
    np.reciprocal,
    lambda g, out, x: -g * out * out,
    samples=X,
    domain=away_from_zero,
    doc="1/x; -1/x²",
)


def _power_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    if isinstance(y, int | float):
        return g * (y * power(x, y - 1)) if y != 0 else g * 0.0
    # x**0 is constant, also at x = 0 where y * x**(y-1) would be 0 * inf
    return g * where(equal(y, 0), 0.0, y * power(x, where(equal(y, 0), 1.0, y - 1)))


def _power_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * out * lib.log(where(equal(x, 0), 1.0, x))


power: Op = elementwise(
    "power",
    np.power,
    _power_x,
    _power_y,
    samples=XY,
    domain=positive_base,
    kinks=(
        Kink((0.0, 0.0), (0.0, 0.0), "x**0 is constant"),
        Kink((0.0, 2.0), (0.0, 0.0), "the limit from the right"),
    ),
    doc="x**y; y x**(y-1), x**y log x",
)
float_power: Op = elementwise(
    "float_power",
    np.float_power,
    _power_x,
    _power_y,
    samples=XY,
    domain=positive_base,
    doc="x**y in float64; y x**(y-1), x**y log x",
)
square: Op = elementwise(
    "square", np.square, lambda g, out, x: g * (2.0 * x), samples=X, doc="x²; 2x"
)
sqrt: Op = elementwise(
    "sqrt",
    np.sqrt,
    lambda g, out, x: g * 0.5 / out,
    samples=X,
    domain=positive_numbers,
    doc="√x; 1/(2√x)",
)
cbrt: Op = elementwise(
    "cbrt",
    np.cbrt,
    lambda g, out, x: g / (3.0 * out * out),
    samples=X,
    domain=away_from_zero,
    doc="∛x; 1/(3 x^(2/3))",
)
floor_divide: Op = elementwise(
    "floor_divide",
    np.floor_divide,
    samples=XY,
    domain=second_away_from_zero,
    doc="⌊x/y⌋; no derivative (piecewise constant)",
)
remainder: Op = elementwise(
    "remainder",
    np.remainder,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * floor_divide(x, y),
    samples=XY,
    domain=second_away_from_zero,
    doc="x mod y; 1, -⌊x/y⌋",
)
fmod: Op = elementwise(
    "fmod",
    np.fmod,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * trunc(x / y),
    samples=XY,
    domain=second_away_from_zero,
    doc="x - y trunc(x/y); 1, -trunc(x/y)",
)
