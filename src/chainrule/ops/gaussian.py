"""The normal distribution function and GELU, in NumPy alone.

``Φ(x) = erfc(-x/√2)/2``, and ``erfc(z) = exp(-z²) R((z - K)/(z + K))/(1 + 2z)`` for ``z ≥ 0`` with
``K = 3.75`` and ``R`` a polynomial (M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of
(1 + 2x) exp(x²) erfc x", Math. Comp. 36, 1981): full relative accuracy also in the far tail, where
``1 + erf`` has none. The coefficients are those of the Chebyshev series cut at degree 24, in powers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Op, Sample, elementwise
from chainrule.errors import ArgumentError
from chainrule.ops.elementwise import exp, maximum, minimum, tanh

__all__ = ["gelu", "normal_cdf"]

_CENTRE = 3.75
_SERIES = (
    1.2375126308378275,
    -0.14024059858554697,
    0.0035854154854644293,
    0.0822767384901452,
    -0.10880393014174886,
    0.09230432116037748,
    -0.05869339858963677,
    0.028362277418956406,
    -0.009746579558029276,
    0.0017556258528952954,
    0.0002937136655913448,
    -0.0002901540805408417,
    5.164909889268241e-05,
    2.2384239155082227e-05,
    -1.144414623770053e-05,
    -9.735598967367716e-07,
    1.7516376488490729e-06,
    -5.721823060322796e-08,
    -2.5866850716157054e-07,
    2.3263508708861897e-08,
    3.86753342422303e-08,
    -3.744210080963148e-09,
    -5.17399021401441e-09,
    3.111433380981919e-10,
    4.2514714448016675e-10,
)
_ROOT_HALF = math.sqrt(0.5)
_PEAK = 1.0 / math.sqrt(2.0 * math.pi)


def normal_cdf_values(x: Any) -> Any:
    """Φ of an array, in its dtype; worked out in float64."""
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    z = np.abs(x).astype(np.float64) * _ROOT_HALF
    z = np.minimum(z, 40.0)  # beyond, exp(-z²) is 0; and infinity over infinity is not a number
    t = (z - _CENTRE) / (z + _CENTRE)
    series = np.full_like(z, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        series *= t
        series += coefficient
    tail = 0.5 * np.exp(-z * z) * series / (1.0 + 2.0 * z)
    return np.where(x < 0, tail, 1.0 - tail).astype(dtype, copy=False)


def _bounded(x: Any, bound: float) -> Any:
    return minimum(maximum(x, -bound), bound)


def _density(x: Any) -> Any:
    x = _bounded(x, 40.0)  # exp(-x²/2) is 0 there, and the square cannot overflow
    return _PEAK * exp(-0.5 * x * x)


_X = (Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),)))

normal_cdf: Op = elementwise(
    "normal_cdf",
    normal_cdf_values,
    lambda g, out, x: g * _density(x),
    parts=lambda x: 0.5 * lib.erfc(-_ROOT_HALF * x),
    samples=_X,
    doc="Φ(x), the normal distribution function; exp(-x²/2)/√(2π)",
)


def _times(x: Any, factor: Any) -> Any:
    """``x`` times a factor that vanishes faster than ``x`` grows: 0, not NaN, at -inf."""
    x = np.asarray(x)
    return (
        np.where(np.isneginf(x), 0.0, np.maximum(x, -1e30 if x.dtype.itemsize > 2 else -6e4))
        * factor
    )


_gelu: Op = elementwise(
    "gelu",
    lambda x: _times(x, normal_cdf_values(x)),
    lambda g, out, x: g * (normal_cdf(x) + x * _density(x)),
    parts=lambda x: x * normal_cdf(x),
    samples=_X,
    doc="x Φ(x); Φ(x) + x φ(x)",
)

_CUBIC = 0.044715
_SLOPE = math.sqrt(2.0 / math.pi)


def _inner(x: Any) -> Any:
    return _SLOPE * (x + _CUBIC * x * x * x)


def _gelu_tanh_rule(g: Any, out: Any, x: Any) -> Any:
    x = _bounded(x, 20.0)  # the tanh is ±1 there, and the cube cannot overflow
    t = tanh(_inner(x))
    return g * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * (_SLOPE * (1.0 + 3.0 * _CUBIC * x * x)))


def _gelu_tanh_forward(x: Any) -> Any:
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    bounded = np.clip(x, -100.0, 100.0)  # the tanh is ±1 long before; x³ must not overflow
    return _times(x, 0.5 * (1.0 + np.tanh(_SLOPE * (bounded + _CUBIC * bounded**3))))


_gelu_tanh: Op = elementwise(
    "gelu_tanh",
    _gelu_tanh_forward,
    _gelu_tanh_rule,
    parts=lambda x: 0.5 * x * (1.0 + tanh(_inner(x))),
    samples=_X,
    doc="x (1 + tanh(√(2/π)(x + 0.044715 x³)))/2, near x Φ(x)",
)


def gelu(x: Any, approximate: str = "none") -> Any:
    """``x Φ(x)`` (Hendrycks and Gimpel 2016); with ``approximate='tanh'`` by a tanh.

    Examples
    --------
    >>> cr.gelu(np.array([-1.0, 0.0, 1.0])).round(6)
    array([-0.158655,  0.      ,  0.841345])
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")
    return _gelu(x) if approximate == "none" else _gelu_tanh(x)
