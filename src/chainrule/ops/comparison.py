"""Elementwise ops without a derivative: comparisons, logic, rounding, bits.

Their values are piecewise constant, or not real numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Op, Sample, elementwise
from chainrule.ops.domains import XY, X

__all__ = [
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "ceil",
    "equal",
    "floor",
    "greater",
    "greater_equal",
    "heaviside",
    "invert",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "nextafter",
    "not_equal",
    "right_shift",
    "rint",
    "sign",
    "signbit",
    "spacing",
    "trunc",
]


def _constant(name: str, function: Any, samples: tuple[Sample, ...], doc: str) -> Op:
    return elementwise(
        name, function, samples=samples, doc=f"{doc}; no derivative (piecewise constant)"
    )


_I = (Sample((np.array([1, 2, 5]), np.array([[3], [1]]))),)
sign: Op = _constant("sign", np.sign, X, "-1, 0 or 1")
floor: Op = _constant("floor", np.floor, X, "⌊x⌋")
ceil: Op = _constant("ceil", np.ceil, X, "⌈x⌉")
trunc: Op = _constant("trunc", np.trunc, X, "x towards 0")
rint: Op = _constant("rint", np.rint, X, "x to the nearest integer, halves to even")
heaviside: Op = elementwise(
    "heaviside",
    np.heaviside,
    None,
    lambda g, out, x, y: lib.where(equal(x, 0), g, 0.0),
    samples=(*XY, Sample((np.array([0, 1, -1]), (3,)))),
    doc="0 for x < 0, y at 0, 1 for x > 0; 0, 1 where x = 0",
)
equal: Op = _constant("equal", np.equal, XY, "x = y")
not_equal: Op = _constant("not_equal", np.not_equal, XY, "x ≠ y")
less: Op = _constant("less", np.less, XY, "x < y")
less_equal: Op = _constant("less_equal", np.less_equal, XY, "x ≤ y")
greater: Op = _constant("greater", np.greater, XY, "x > y")
greater_equal: Op = _constant("greater_equal", np.greater_equal, XY, "x ≥ y")
logical_and: Op = _constant("logical_and", np.logical_and, XY, "x ≠ 0 and y ≠ 0")
logical_or: Op = _constant("logical_or", np.logical_or, XY, "x ≠ 0 or y ≠ 0")
logical_xor: Op = _constant("logical_xor", np.logical_xor, XY, "one of x, y is ≠ 0")
logical_not: Op = _constant("logical_not", np.logical_not, X, "x = 0")
isnan: Op = _constant("isnan", np.isnan, X, "x is NaN")
isinf: Op = _constant("isinf", np.isinf, X, "x is ±inf")
isfinite: Op = _constant("isfinite", np.isfinite, X, "x is a finite number")
signbit: Op = _constant("signbit", np.signbit, X, "x is negative, or -0")
bitwise_and: Op = _constant("bitwise_and", np.bitwise_and, _I, "x & y")
bitwise_or: Op = _constant("bitwise_or", np.bitwise_or, _I, "x | y")
bitwise_xor: Op = _constant("bitwise_xor", np.bitwise_xor, _I, "x ^ y")
left_shift: Op = _constant("left_shift", np.left_shift, _I, "x << y")
right_shift: Op = _constant("right_shift", np.right_shift, _I, "x >> y")
invert: Op = _constant("invert", np.invert, (Sample((np.array([True, False]),)),), "~x")
nextafter: Op = elementwise(
    "nextafter",
    np.nextafter,
    lambda g, out, x, y: g,
    None,
    samples=XY,
    doc="the next float from x towards y; 1, 0",
)
spacing: Op = _constant("spacing", np.spacing, X, "distance to the next float")
ldexp: Op = elementwise(
    "ldexp",
    np.ldexp,
    lambda g, out, x, y: ldexp(g, y),
    samples=(Sample(((3,), np.array([1, -2, 3]))),),
    doc="x 2ⁿ; 2ⁿ",
)
