"""Elementwise ops: NumPy's arithmetic, exponential, trigonometric and comparison functions.

Each rule is written once, as a linear map in ``g``; it serves both modes: ``g`` is the cotangent
of the output going backwards, the tangent of that input going forwards. Broadcasting is not
mentioned: the sweep undoes it. Rules use operators and the ops of this package, never NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.ops.conventions import ABS_AT_ZERO, MAX_TIE_SHARE

__all__ = [
    "abs",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "cbrt",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "divide",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "greater",
    "greater_equal",
    "heaviside",
    "hypot",
    "invert",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "power",
    "rad2deg",
    "reciprocal",
    "remainder",
    "right_shift",
    "rint",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "spacing",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
    "where",
]

_X = (Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),)))
_XY = (
    Sample(((3, 4), (3, 4))),
    Sample(((3, 4), (4,))),
    Sample(((3, 1), (1, 4))),
    Sample(((), (2, 3))),
    Sample(((2, 0), (1,))),
)


def _positive(x: Any, _: int) -> Any:
    return np.abs(x) + 0.5


def _away_from_zero(x: Any, _: int) -> Any:
    return np.where(x < 0, x - 0.5, x + 0.5)


def _unit_interval(x: Any, _: int) -> Any:
    return 0.9 * np.tanh(x)


def _above_one(x: Any, _: int) -> Any:
    return 1.1 + np.abs(x)


def _second_away_from_zero(x: Any, index: int) -> Any:
    return _away_from_zero(x, 0) if index == 1 else x


def _positive_base(x: Any, index: int) -> Any:
    return _positive(x, 0) if index == 0 else x


# ---- arithmetic

positive: Op = elementwise("positive", np.positive, lambda g, out, x: g, samples=_X, doc="+x; 1")
negative: Op = elementwise("negative", np.negative, lambda g, out, x: -g, samples=_X, doc="-x; -1")
add: Op = elementwise(
    "add",
    np.add,
    lambda g, out, x, y: g,
    lambda g, out, x, y: g,
    samples=_XY,
    doc="x + y; 1, 1 (distributes the gradient)",
)
subtract: Op = elementwise(
    "subtract",
    np.subtract,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g,
    samples=_XY,
    doc="x - y; 1, -1",
)
multiply: Op = elementwise(
    "multiply",
    np.multiply,
    lambda g, out, x, y: g * y,
    lambda g, out, x, y: g * x,
    samples=_XY,
    doc="x y; y, x (swaps the factors)",
)
divide: Op = elementwise(
    "divide",
    np.divide,
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    samples=_XY,
    domain=_second_away_from_zero,
    doc="x / y; 1/y, -x/y²",
)
reciprocal: Op = elementwise(
    "reciprocal",
    np.reciprocal,
    lambda g, out, x: -g * out * out,
    samples=_X,
    domain=_away_from_zero,
    doc="1/x; -1/x²",
)


def _power_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    if isinstance(y, int | float):
        return g * (y * power(x, y - 1)) if y != 0 else g * 0.0
    # x**0 is constant, also at x = 0 where y * x**(y-1) would be 0 * inf
    return g * where(equal(y, 0), 0.0, y * power(x, where(equal(y, 0), 1.0, y - 1)))


def _power_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * out * log(where(equal(x, 0), 1.0, x))


power: Op = elementwise(
    "power",
    np.power,
    _power_x,
    _power_y,
    samples=_XY,
    domain=_positive_base,
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
    samples=_XY,
    domain=_positive_base,
    doc="x**y in float64; y x**(y-1), x**y log x",
)
square: Op = elementwise(
    "square", np.square, lambda g, out, x: g * (2.0 * x), samples=_X, doc="x²; 2x"
)
sqrt: Op = elementwise(
    "sqrt",
    np.sqrt,
    lambda g, out, x: g * 0.5 / out,
    samples=_X,
    domain=_positive,
    doc="√x; 1/(2√x)",
)
cbrt: Op = elementwise(
    "cbrt",
    np.cbrt,
    lambda g, out, x: g / (3.0 * out * out),
    samples=_X,
    domain=_away_from_zero,
    doc="∛x; 1/(3 x^(2/3))",
)
floor_divide: Op = elementwise(
    "floor_divide",
    np.floor_divide,
    samples=_XY,
    domain=_second_away_from_zero,
    doc="⌊x/y⌋; no derivative (piecewise constant)",
)
remainder: Op = elementwise(
    "remainder",
    np.remainder,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * floor_divide(x, y),
    samples=_XY,
    domain=_second_away_from_zero,
    doc="x mod y; 1, -⌊x/y⌋",
)
fmod: Op = elementwise(
    "fmod",
    np.fmod,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * trunc(x / y),
    samples=_XY,
    domain=_second_away_from_zero,
    doc="x - y trunc(x/y); 1, -trunc(x/y)",
)

# ---- selection


def _share(g: Any, x: Any, y: Any, winner: Any) -> Any:
    """The part of ``g`` that goes to x: all where x wins, half at a tie."""
    return where(equal(x, y), g * MAX_TIE_SHARE, where(winner, g, 0.0))


_TIE = (Kink((1.0, 1.0), (0.5, 0.5), "ties share evenly"),)

maximum: Op = elementwise(
    "maximum",
    np.maximum,
    lambda g, out, x, y: _share(g, x, y, greater(x, y) | isnan(x)),
    lambda g, out, x, y: _share(g, y, x, greater(y, x) | isnan(y)),
    samples=_XY,
    kinks=_TIE,
    doc="max(x, y); routes to the larger, ½ each at a tie",
)
minimum: Op = elementwise(
    "minimum",
    np.minimum,
    lambda g, out, x, y: _share(g, x, y, less(x, y) | isnan(x)),
    lambda g, out, x, y: _share(g, y, x, less(y, x) | isnan(y)),
    samples=_XY,
    kinks=_TIE,
    doc="min(x, y); routes to the smaller, ½ each at a tie",
)
fmax: Op = elementwise(
    "fmax",
    np.fmax,
    lambda g, out, x, y: _share(g, x, y, greater(x, y) | isnan(y)),
    lambda g, out, x, y: _share(g, y, x, greater(y, x) | isnan(x)),
    samples=_XY,
    kinks=_TIE,
    doc="max(x, y) ignoring NaN; routes to the winner",
)
fmin: Op = elementwise(
    "fmin",
    np.fmin,
    lambda g, out, x, y: _share(g, x, y, less(x, y) | isnan(y)),
    lambda g, out, x, y: _share(g, y, x, less(y, x) | isnan(x)),
    samples=_XY,
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
    samples=_X,
    kinks=(Kink((0.0,), (ABS_AT_ZERO,), "the middle of [-1, 1]"),),
    doc="|x|; sign(x), 0 at 0",
)
fabs: Op = elementwise(
    "fabs",
    np.fabs,
    lambda g, out, x: g * sign(x),
    samples=_X,
    kinks=(Kink((0.0,), (ABS_AT_ZERO,), "the middle of [-1, 1]"),),
    doc="|x|; sign(x), 0 at 0",
)
copysign: Op = elementwise(
    "copysign",
    np.copysign,
    lambda g, out, x, y: g * sign(x) * copysign(1.0, y),
    lambda g, out, x, y: g * 0.0,
    samples=_XY,
    kinks=(Kink((0.0, 1.0), (0.0, 0.0), "as abs"),),
    doc="|x| with the sign of y; ±1, 0",
)


# ---- exponentials and logarithms

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))

exp: Op = elementwise("exp", np.exp, lambda g, out, x: g * out, samples=_X, doc="eˣ; eˣ")
exp2: Op = elementwise(
    "exp2", np.exp2, lambda g, out, x: g * out * _LN2, samples=_X, doc="2ˣ; 2ˣ ln 2"
)
expm1: Op = elementwise(
    "expm1", np.expm1, lambda g, out, x: g * (out + 1.0), samples=_X, doc="eˣ - 1; eˣ"
)
log: Op = elementwise(
    "log", np.log, lambda g, out, x: g / x, samples=_X, domain=_positive, doc="ln x; 1/x"
)
log2: Op = elementwise(
    "log2",
    np.log2,
    lambda g, out, x: g / (x * _LN2),
    samples=_X,
    domain=_positive,
    doc="log₂ x; 1/(x ln 2)",
)
log10: Op = elementwise(
    "log10",
    np.log10,
    lambda g, out, x: g / (x * _LN10),
    samples=_X,
    domain=_positive,
    doc="log₁₀ x; 1/(x ln 10)",
)
log1p: Op = elementwise(
    "log1p",
    np.log1p,
    lambda g, out, x: g / (x + 1.0),
    samples=_X,
    domain=_positive,
    doc="ln(1 + x); 1/(1 + x)",
)


def _log_share(x: Any, out: Any, function: Any) -> Any:
    # exp(x - out), where x = out = ±inf gives NaN: the winner of an infinite pair takes all
    same = equal(x, out)
    return where(same & ~isfinite(x), 1.0, function(where(same, 0.0, x - out)))


logaddexp: Op = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda g, out, x, y: g * _log_share(x, out, exp),
    lambda g, out, x, y: g * _log_share(y, out, exp),
    samples=_XY,
    doc="ln(eˣ + eʸ); eˣ/(eˣ + eʸ), eʸ/(eˣ + eʸ)",
)
logaddexp2: Op = elementwise(
    "logaddexp2",
    np.logaddexp2,
    lambda g, out, x, y: g * _log_share(x, out, exp2),
    lambda g, out, x, y: g * _log_share(y, out, exp2),
    samples=_XY,
    doc="log₂(2ˣ + 2ʸ); 2ˣ/(2ˣ + 2ʸ), 2ʸ/(2ˣ + 2ʸ)",
)

# ---- trigonometric and hyperbolic functions

sin: Op = elementwise("sin", np.sin, lambda g, out, x: g * cos(x), samples=_X, doc="sin x; cos x")
cos: Op = elementwise("cos", np.cos, lambda g, out, x: -g * sin(x), samples=_X, doc="cos x; -sin x")
tan: Op = elementwise(
    "tan",
    np.tan,
    lambda g, out, x: g * (out * out + 1.0),
    samples=_X,
    domain=_unit_interval,
    doc="tan x; 1 + tan² x",
)
arcsin: Op = elementwise(
    "arcsin",
    np.arcsin,
    lambda g, out, x: g / sqrt((1.0 - x) * (1.0 + x)),
    samples=_X,
    domain=_unit_interval,
    doc="arcsin x; 1/√(1 - x²)",
)
arccos: Op = elementwise(
    "arccos",
    np.arccos,
    lambda g, out, x: -g / sqrt((1.0 - x) * (1.0 + x)),
    samples=_X,
    domain=_unit_interval,
    doc="arccos x; -1/√(1 - x²)",
)
arctan: Op = elementwise(
    "arctan", np.arctan, lambda g, out, x: g / (x * x + 1.0), samples=_X, doc="arctan x; 1/(1 + x²)"
)
arctan2: Op = elementwise(
    "arctan2",
    np.arctan2,
    lambda g, out, x, y: g * y / (x * x + y * y),
    lambda g, out, x, y: -g * x / (x * x + y * y),
    samples=_XY,
    domain=_away_from_zero,
    doc="angle of (y, x); y/(x² + y²), -x/(x² + y²)",
)
hypot: Op = elementwise(
    "hypot",
    np.hypot,
    lambda g, out, x, y: g * x / where(equal(out, 0), 1.0, out),
    lambda g, out, x, y: g * y / where(equal(out, 0), 1.0, out),
    samples=_XY,
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "as the norm: the minimum-norm subgradient"),),
    doc="√(x² + y²); x/out, y/out",
)
sinh: Op = elementwise(
    "sinh", np.sinh, lambda g, out, x: g * cosh(x), samples=_X, doc="sinh x; cosh x"
)
cosh: Op = elementwise(
    "cosh", np.cosh, lambda g, out, x: g * sinh(x), samples=_X, doc="cosh x; sinh x"
)
tanh: Op = elementwise(
    "tanh",
    np.tanh,
    lambda g, out, x: g * (1.0 - out * out),
    samples=_X,
    doc="tanh x; 1 - tanh² x",
)
arcsinh: Op = elementwise(
    "arcsinh",
    np.arcsinh,
    lambda g, out, x: g / hypot(x, 1.0),
    samples=_X,
    doc="arsinh x; 1/√(x² + 1)",
)
arccosh: Op = elementwise(
    "arccosh",
    np.arccosh,
    lambda g, out, x: g / sqrt((x - 1.0) * (x + 1.0)),
    samples=_X,
    domain=_above_one,
    doc="arcosh x; 1/√(x² - 1)",
)
arctanh: Op = elementwise(
    "arctanh",
    np.arctanh,
    lambda g, out, x: g / ((1.0 - x) * (1.0 + x)),
    samples=_X,
    domain=_unit_interval,
    doc="artanh x; 1/(1 - x²)",
)
_DEGREE = float(np.pi / 180.0)
deg2rad: Op = elementwise(
    "deg2rad", np.deg2rad, lambda g, out, x: g * _DEGREE, samples=_X, doc="πx/180; π/180"
)
rad2deg: Op = elementwise(
    "rad2deg", np.rad2deg, lambda g, out, x: g / _DEGREE, samples=_X, doc="180x/π; 180/π"
)


def _sinc_rule(g: Any, out: Any, x: Any) -> Any:
    zero = equal(x, 0)
    safe = where(zero, 1.0, x)
    return g * where(zero, 0.0, (cos(np.pi * safe) - out) / safe)


sinc: Op = elementwise(
    "sinc",
    np.sinc,
    _sinc_rule,
    samples=_X,
    domain=_away_from_zero,
    kinks=(Kink((0.0,), (0.0,), "the maximum: an even function"),),
    doc="sin(πx)/(πx); (cos πx - sinc x)/x",
)

# ---- no derivative: piecewise constant, or not of real numbers


def _constant(name: str, function: Any, samples: tuple[Sample, ...], doc: str) -> Op:
    return elementwise(
        name, function, samples=samples, doc=f"{doc}; no derivative (piecewise constant)"
    )


_I = (Sample((np.array([1, 2, 5]), np.array([[3], [1]]))),)
sign: Op = _constant("sign", np.sign, _X, "-1, 0 or 1")
floor: Op = _constant("floor", np.floor, _X, "⌊x⌋")
ceil: Op = _constant("ceil", np.ceil, _X, "⌈x⌉")
trunc: Op = _constant("trunc", np.trunc, _X, "x towards 0")
rint: Op = _constant("rint", np.rint, _X, "x to the nearest integer, halves to even")
heaviside: Op = elementwise(
    "heaviside",
    np.heaviside,
    None,
    lambda g, out, x, y: where(equal(x, 0), g, 0.0),
    samples=(*_XY, Sample((np.array([0, 1, -1]), (3,)))),
    doc="0 for x < 0, y at 0, 1 for x > 0; 0, 1 where x = 0",
)
equal: Op = _constant("equal", np.equal, _XY, "x = y")
not_equal: Op = _constant("not_equal", np.not_equal, _XY, "x ≠ y")
less: Op = _constant("less", np.less, _XY, "x < y")
less_equal: Op = _constant("less_equal", np.less_equal, _XY, "x ≤ y")
greater: Op = _constant("greater", np.greater, _XY, "x > y")
greater_equal: Op = _constant("greater_equal", np.greater_equal, _XY, "x ≥ y")
logical_and: Op = _constant("logical_and", np.logical_and, _XY, "x ≠ 0 and y ≠ 0")
logical_or: Op = _constant("logical_or", np.logical_or, _XY, "x ≠ 0 or y ≠ 0")
logical_xor: Op = _constant("logical_xor", np.logical_xor, _XY, "one of x, y is ≠ 0")
logical_not: Op = _constant("logical_not", np.logical_not, _X, "x = 0")
isnan: Op = _constant("isnan", np.isnan, _X, "x is NaN")
isinf: Op = _constant("isinf", np.isinf, _X, "x is ±inf")
isfinite: Op = _constant("isfinite", np.isfinite, _X, "x is a finite number")
signbit: Op = _constant("signbit", np.signbit, _X, "x is negative, or -0")
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
    samples=_XY,
    doc="the next float from x towards y; 1, 0",
)
spacing: Op = _constant("spacing", np.spacing, _X, "distance to the next float")
ldexp: Op = elementwise(
    "ldexp",
    np.ldexp,
    lambda g, out, x, y: ldexp(g, y),
    samples=(Sample(((3,), np.array([1, -2, 3]))),),
    doc="x 2ⁿ; 2ⁿ",
)
