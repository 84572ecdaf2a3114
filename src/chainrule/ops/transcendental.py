"""Elementwise exponentials, logarithms, trigonometric and hyperbolic functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, elementwise
from chainrule.ops.arithmetic import sqrt
from chainrule.ops.comparison import equal, isfinite
from chainrule.ops.domains import XY, X, above_one, away_from_zero, positive_numbers, unit_interval
from chainrule.ops.routing import where
from chainrule.ops.series import polynomial, with_series

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))

exp: Op = elementwise("exp", np.exp, lambda g, out, x: g * out, samples=X, doc="eˣ; eˣ")
exp2: Op = elementwise(
    "exp2", np.exp2, lambda g, out, x: g * out * _LN2, samples=X, doc="2ˣ; 2ˣ ln 2"
)
expm1: Op = elementwise(
    "expm1", np.expm1, lambda g, out, x: g * (out + 1.0), samples=X, doc="eˣ - 1; eˣ"
)
log: Op = elementwise(
    "log", np.log, lambda g, out, x: g / x, samples=X, domain=positive_numbers, doc="ln x; 1/x"
)
log2: Op = elementwise(
    "log2",
    np.log2,
    lambda g, out, x: g / (x * _LN2),
    samples=X,
    domain=positive_numbers,
    doc="log₂ x; 1/(x ln 2)",
)
log10: Op = elementwise(
    "log10",
    np.log10,
    lambda g, out, x: g / (x * _LN10),
    samples=X,
    domain=positive_numbers,
    doc="log₁₀ x; 1/(x ln 10)",
)
log1p: Op = elementwise(
    "log1p",
    np.log1p,
    lambda g, out, x: g / (x + 1.0),
    samples=X,
    domain=positive_numbers,
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
    samples=XY,
    doc="ln(eˣ + eʸ); eˣ/(eˣ + eʸ), eʸ/(eˣ + eʸ)",
)
logaddexp2: Op = elementwise(
    "logaddexp2",
    np.logaddexp2,
    lambda g, out, x, y: g * _log_share(x, out, exp2),
    lambda g, out, x, y: g * _log_share(y, out, exp2),
    samples=XY,
    doc="log₂(2ˣ + 2ʸ); 2ˣ/(2ˣ + 2ʸ), 2ʸ/(2ˣ + 2ʸ)",
)

# ---- trigonometric and hyperbolic functions

sin: Op = elementwise("sin", np.sin, lambda g, out, x: g * cos(x), samples=X, doc="sin x; cos x")
cos: Op = elementwise("cos", np.cos, lambda g, out, x: -g * sin(x), samples=X, doc="cos x; -sin x")
tan: Op = elementwise(
    "tan",
    np.tan,
    lambda g, out, x: g * (out * out + 1.0),
    samples=X,
    domain=unit_interval,
    doc="tan x; 1 + tan² x",
)
arcsin: Op = elementwise(
    "arcsin",
    np.arcsin,
    lambda g, out, x: g / sqrt((1.0 - x) * (1.0 + x)),
    samples=X,
    domain=unit_interval,
    doc="arcsin x; 1/√(1 - x²)",
)
arccos: Op = elementwise(
    "arccos",
    np.arccos,
    lambda g, out, x: -g / sqrt((1.0 - x) * (1.0 + x)),
    samples=X,
    domain=unit_interval,
    doc="arccos x; -1/√(1 - x²)",
)
arctan: Op = elementwise(
    "arctan", np.arctan, lambda g, out, x: g / (x * x + 1.0), samples=X, doc="arctan x; 1/(1 + x²)"
)
arctan2: Op = elementwise(
    "arctan2",
    np.arctan2,
    lambda g, out, x, y: g * y / (x * x + y * y),
    lambda g, out, x, y: -g * x / (x * x + y * y),
    samples=XY,
    domain=away_from_zero,
    doc="angle of (y, x); y/(x² + y²), -x/(x² + y²)",
)


def _part(x: Any, out: Any) -> Any:
    """x/out, and 0 (with all its derivatives, as for the norm) where out is 0."""
    zero = equal(out, 0)
    return where(zero, 0.0, x / where(zero, 1.0, out))


hypot: Op = elementwise(
    "hypot",
    np.hypot,
    lambda g, out, x, y: g * _part(x, out),
    lambda g, out, x, y: g * _part(y, out),
    samples=XY,
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "as the norm: the minimum-norm subgradient"),),
    doc="√(x² + y²); x/out, y/out",
)
sinh: Op = elementwise(
    "sinh", np.sinh, lambda g, out, x: g * cosh(x), samples=X, doc="sinh x; cosh x"
)
cosh: Op = elementwise(
    "cosh", np.cosh, lambda g, out, x: g * sinh(x), samples=X, doc="cosh x; sinh x"
)
tanh: Op = elementwise(
    "tanh",
    np.tanh,
    lambda g, out, x: g * (1.0 - out * out),
    samples=X,
    doc="tanh x; 1 - tanh² x",
)
arcsinh: Op = elementwise(
    "arcsinh",
    np.arcsinh,
    lambda g, out, x: g / hypot(x, 1.0),
    samples=X,
    doc="arsinh x; 1/√(x² + 1)",
)
arccosh: Op = elementwise(
    "arccosh",
    np.arccosh,
    lambda g, out, x: g / sqrt((x - 1.0) * (x + 1.0)),
    samples=X,
    domain=above_one,
    doc="arcosh x; 1/√(x² - 1)",
)
arctanh: Op = elementwise(
    "arctanh",
    np.arctanh,
    lambda g, out, x: g / ((1.0 - x) * (1.0 + x)),
    samples=X,
    domain=unit_interval,
    doc="artanh x; 1/(1 - x²)",
)
_DEGREE = float(np.pi / 180.0)
deg2rad: Op = elementwise(
    "deg2rad", np.deg2rad, lambda g, out, x: g * _DEGREE, samples=X, doc="πx/180; π/180"
)
rad2deg: Op = elementwise(
    "rad2deg", np.rad2deg, lambda g, out, x: g / _DEGREE, samples=X, doc="180x/π; 180/π"
)


# (cos u - sin(u)/u)/u = Σ (-1)^k 2k u^(2k-1)/(2k+1)!; ten terms are exact to the last place for |u| < 1
_SINC_SLOPE = tuple((-1.0) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 11))


def _sinc_rule(g: Any, out: Any, x: Any) -> Any:
    u = x * math.pi
    slope = with_series(
        u,
        1.0,
        lambda u: u * polynomial(_SINC_SLOPE, u * u),
        lambda u: (cos(u) - sin(u) / u) / u,
        1.0,
    )
    return g * (slope * math.pi)


sinc: Op = elementwise(
    "sinc",
    np.sinc,
    _sinc_rule,
    samples=X,
    domain=away_from_zero,
    kinks=(Kink((0.0,), (0.0,), "the maximum: an even function"),),
    doc="sin(πx)/(πx); (cos πx - sinc x)/x",
)
