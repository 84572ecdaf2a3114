"""The error function, the normal distribution, and integrals of exponentials."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.op import Kink, Op, elementwise
from chainrule.ops.domains import X, positive_numbers, unit_interval
from chainrule.ops.scipy_forward import scipy_forward
from chainrule.ops.series import polynomial, with_series
from chainrule.ops.transcendental import exp, expm1, log

__all__ = [
    "dawsn",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfi",
    "erfinv",
    "exp1",
    "expi",
    "exprel",
    "log_ndtr",
    "ndtr",
    "ndtri",
    "spence",
]

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ROOT_PI_OVER_TWO = math.sqrt(math.pi) / 2.0
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _unit(x: Any, _: int) -> Any:
    return 0.5 * unit_interval(x, 0) + 0.5


erf: Op = elementwise(
    "erf",
    scipy_forward("erf"),
    lambda g, out, x: g * (_TWO_OVER_ROOT_PI * exp(-x * x)),
    samples=X,
    doc="2/√π ∫₀ˣ e^(-t²) dt; 2/√π e^(-x²)",
)
erfc: Op = elementwise(
    "erfc",
    scipy_forward("erfc"),
    lambda g, out, x: g * (-_TWO_OVER_ROOT_PI * exp(-x * x)),
    samples=X,
    doc="1 - erf x; -2/√π e^(-x²)",
)
erfcx: Op = elementwise(
    "erfcx",
    scipy_forward("erfcx"),
    lambda g, out, x: g * (2.0 * x * out - _TWO_OVER_ROOT_PI),
    samples=X,
    doc="e^(x²) erfc x; 2x out - 2/√π",
)
erfi: Op = elementwise(
    "erfi",
    scipy_forward("erfi"),
    lambda g, out, x: g * (_TWO_OVER_ROOT_PI * exp(x * x)),
    samples=X,
    doc="-i erf(ix); 2/√π e^(x²)",
)
erfinv: Op = elementwise(
    "erfinv",
    scipy_forward("erfinv"),
    lambda g, out, x: g * (_ROOT_PI_OVER_TWO * exp(out * out)),
    samples=X,
    domain=unit_interval,
    doc="the inverse of erf; √π/2 e^(out²)",
)
erfcinv: Op = elementwise(
    "erfcinv",
    scipy_forward("erfcinv"),
    lambda g, out, x: g * (-_ROOT_PI_OVER_TWO * exp(out * out)),
    samples=X,
    domain=_unit,
    doc="the inverse of erfc; -√π/2 e^(out²)",
)
dawsn: Op = elementwise(
    "dawsn",
    scipy_forward("dawsn"),
    lambda g, out, x: g * (1.0 - 2.0 * x * out),
    samples=X,
    doc="Dawson's integral; 1 - 2x out",
)
ndtr: Op = elementwise(
    "ndtr",
    scipy_forward("ndtr"),
    lambda g, out, x: g * (exp(-0.5 * x * x) / _ROOT_TWO_PI),
    samples=X,
    doc="the normal distribution Φ; its density φ",
)
log_ndtr: Op = elementwise(
    "log_ndtr",
    scipy_forward("log_ndtr"),
    lambda g, out, x: g * (exp(-0.5 * x * x - out) / _ROOT_TWO_PI),
    samples=X,
    doc="ln Φ(x); φ/Φ, by the difference of the logarithms",
)
ndtri: Op = elementwise(
    "ndtri",
    scipy_forward("ndtri"),
    lambda g, out, x: g * (_ROOT_TWO_PI * exp(0.5 * out * out)),
    samples=X,
    domain=_unit,
    doc="the inverse of Φ; 1/φ(out)",
)
exp1: Op = elementwise(
    "exp1",
    scipy_forward("exp1"),
    lambda g, out, x: g * (-exp(-x) / x),
    samples=X,
    domain=positive_numbers,
    doc="∫ₓ^∞ e^(-t)/t dt; -e^(-x)/x",
)
expi: Op = elementwise(
    "expi",
    scipy_forward("expi"),
    lambda g, out, x: g * (exp(x) / x),
    samples=X,
    domain=positive_numbers,
    doc="the exponential integral Ei; eˣ/x",
)


# the derivative of Σ x^k/(k+1)!
_EXPREL_SLOPE = tuple(k / math.factorial(k + 1) for k in range(1, 21))


def _exprel_rule(g: Any, out: Any, x: Any) -> Any:
    return g * with_series(
        x,
        1.0,
        lambda x: polynomial(_EXPREL_SLOPE, x),
        lambda x: (exp(x) - expm1(x) / x) / x,
        1.0,
    )


exprel: Op = elementwise(
    "exprel",
    scipy_forward("exprel"),
    _exprel_rule,
    samples=X,
    domain=positive_numbers,
    kinks=(Kink((0.0,), (0.5,), "the limit"),),
    doc="(eˣ - 1)/x; (eˣ - out)/x",
)


# ln x/(1 - x) = -Σ (-t)^k/(k+1) with t = x - 1
_SPENCE_SLOPE = tuple(-((-1.0) ** k) / (k + 1) for k in range(24))


def _spence_rule(g: Any, out: Any, x: Any) -> Any:
    return g * with_series(
        x - 1.0,
        0.1,
        lambda t: polynomial(_SPENCE_SLOPE, t),
        lambda t: -log(t + 1.0) / t,
        1.0,
    )


spence: Op = elementwise(
    "spence",
    scipy_forward("spence"),
    _spence_rule,
    samples=X,
    domain=lambda x, _: abs(x) + 1.5,
    kinks=(Kink((1.0,), (-1.0,), "the limit"),),
    doc="the dilogarithm Li₂(1 - x); ln x/(1 - x)",
)
