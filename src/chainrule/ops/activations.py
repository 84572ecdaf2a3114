"""Activation functions, each one gate that can be opened into its parts (SPEC B2, C2).

Definitions, argument names, defaults and the derivatives chosen at kinks are PyTorch's. Forwards
are written so that nothing overflows anywhere in the dtype's range: exponentials are only ever
taken of numbers ≤ 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.ops.conventions import RELU_AT_ZERO
from chainrule.ops.elementwise import (
    abs,
    exp,
    expm1,
    greater,
    less,
    log1p,
    maximum,
    minimum,
    tanh,
    where,
)

__all__ = [
    "celu",
    "elu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
]

_SHAPES: tuple[tuple[int, ...], ...] = ((3, 4), (), (0, 2))


def _samples(**params: Any) -> tuple[Sample, ...]:
    return tuple(Sample((shape,), params) for shape in _SHAPES)


def _away_from_zero(x: Any, _: int) -> Any:
    return np.where(x < 0, x - 0.1, x + 0.1)


def _float(x: Any) -> Any:
    """``x`` as a floating array or NumPy scalar; integers become float64, as in NumPy."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


# ---- sigmoid and its relatives


def _sigmoid_forward(x: Any) -> Any:
    # e = exp(-|x|) never overflows, and keeps full relative accuracy for very negative x
    x = _float(x)
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)


sigmoid: Op = elementwise(
    "sigmoid",
    _sigmoid_forward,
    lambda g, out, x: g * (out * (1.0 - out)),
    parts=lambda x: 1.0 / (1.0 + exp(-x)),
    samples=_samples(),
    doc="1/(1 + e⁻ˣ); σ(1 - σ)",
)


def _log_sigmoid_forward(x: Any) -> Any:
    x = _float(x)
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))


log_sigmoid: Op = elementwise(
    "log_sigmoid",
    _log_sigmoid_forward,
    lambda g, out, x: g * sigmoid(-x),
    parts=lambda x: -log1p(exp(-x)),
    samples=_samples(),
    doc="ln σ(x); σ(-x)",
)


def _softplus_forward(x: Any, beta: float, threshold: float) -> Any:
    x = _float(x)
    z = x * beta
    smooth = (np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))) / beta
    return np.where(z > threshold, x, smooth)


_softplus: Op = elementwise(
    "softplus",
    _softplus_forward,
    lambda g, out, x, beta, threshold: (
        g * where(greater(x * beta, threshold), 1.0, sigmoid(x * beta))
    ),
    parts=lambda x, beta, threshold: log1p(exp(x * beta)) / beta,
    samples=_samples(beta=1.0, threshold=20.0) + _samples(beta=2.5, threshold=20.0),
    doc="ln(1 + e^(βx))/β, and x where βx > threshold; σ(βx), 1",
)


def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``ln(1 + e^(βx))/β``, a smooth ReLU; exactly ``x`` where ``βx > threshold``."""
    return _softplus(x, beta=float(beta), threshold=float(threshold))


silu: Op = elementwise(
    "silu",
    lambda x: _float(x) * _sigmoid_forward(x),
    lambda g, out, x: g * _silu_slope(sigmoid(x), x),
    parts=lambda x: x * sigmoid(x),
    samples=_samples(),
    doc="x σ(x) (swish); σ(x) (1 + x (1 - σ(x)))",
)


def _silu_slope(s: Any, x: Any) -> Any:
    return s * (x * (1.0 - s) + 1.0)


def _mish_forward(x: Any) -> Any:
    return _float(x) * np.tanh(_softplus_forward(x, 1.0, math.inf))


def _mish_rule(g: Any, out: Any, x: Any) -> Any:
    t = tanh(_softplus(x, beta=1.0, threshold=math.inf))
    return g * (t + x * (1.0 - t * t) * sigmoid(x))


mish: Op = elementwise(
    "mish",
    _mish_forward,
    _mish_rule,
    parts=lambda x: x * tanh(softplus(x)),
    samples=_samples(),
    doc="x tanh(softplus(x)); t + x (1 - t²) σ(x) with t = tanh(softplus(x))",
)
softsign: Op = elementwise(
    "softsign",
    lambda x: _float(x) / (1.0 + np.abs(x)),
    lambda g, out, x: g / _squared(1.0 + abs(x)),
    parts=lambda x: x / (1.0 + abs(x)),
    samples=_samples(),
    domain=_away_from_zero,
    doc="x/(1 + |x|); 1/(1 + |x|)²",
)


def _squared(x: Any) -> Any:
    return x * x


tanhshrink: Op = elementwise(
    "tanhshrink",
    lambda x: _float(x) - np.tanh(x),
    lambda g, out, x: g * _squared(tanh(x)),
    parts=lambda x: x - tanh(x),
    samples=_samples(),
    doc="x - tanh x; tanh² x",
)

# ---- rectifiers

relu: Op = elementwise(
    "relu",
    lambda x: np.maximum(x, 0),
    lambda g, out, x: where(greater(x, 0), g, RELU_AT_ZERO),
    parts=lambda x: where(greater(x, 0), x, 0),
    samples=_samples(),
    domain=_away_from_zero,
    kinks=(Kink((0.0,), (RELU_AT_ZERO,), "sparse; what every framework does"),),
    doc="max(x, 0); 1 where x > 0, else 0",
)


def _leaky_forward(x: Any, negative_slope: float) -> Any:
    x = _float(x)
    return np.where(x > 0, x, x * negative_slope)


_leaky_relu: Op = elementwise(
    "leaky_relu",
    _leaky_forward,
    lambda g, out, x, negative_slope: where(greater(x, 0), g, g * negative_slope),
    parts=lambda x, negative_slope: where(greater(x, 0), x, x * negative_slope),
    samples=_samples(negative_slope=0.01) + _samples(negative_slope=0.2),
    domain=_away_from_zero,
    doc="x where x > 0, else a x; 1, a",
)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """``x`` where positive, else ``negative_slope * x``; the slope at 0 is ``negative_slope``."""
    return _leaky_relu(x, negative_slope=float(negative_slope))


def _elu_forward(x: Any, alpha: float, scale: float, width: float) -> Any:
    x = _float(x)
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0.0) / width) * (alpha * scale))


def _elu_rule(g: Any, out: Any, x: Any, alpha: float, scale: float, width: float) -> Any:
    falling = exp(minimum(x, 0.0) / width) * (alpha * scale / width)
    return where(greater(x, 0), g * scale, g * falling)


_elu: Op = elementwise(
    "elu",
    _elu_forward,
    _elu_rule,
    parts=lambda x, alpha, scale, width: where(
        greater(x, 0), x * scale, expm1(x / width) * (alpha * scale)
    ),
    samples=_samples(alpha=1.0, scale=1.0, width=1.0) + _samples(alpha=2.0, scale=1.5, width=0.5),
    domain=_away_from_zero,
    doc="s x where x > 0, else s a (e^(x/w) - 1); s, s a e^(x/w)/w",
)

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""Klambauer et al. (2017), equation 14: fixed point of mean 0 and variance 1."""


def elu(x: Any, alpha: float = 1.0) -> Any:
    """``x`` where positive, else ``alpha (eˣ - 1)``; the slope at 0 is ``alpha``."""
    return _elu(x, alpha=float(alpha), scale=1.0, width=1.0)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """``max(0, x) + min(0, alpha (e^(x/alpha) - 1))``: an ELU whose slope is continuous."""
    return _elu(x, alpha=float(alpha), scale=1.0, width=float(alpha))


def selu(x: Any) -> Any:
    """The self-normalising ELU of Klambauer et al. (2017)."""
    return _elu(x, alpha=SELU_ALPHA, scale=SELU_SCALE, width=1.0)


# ---- piecewise linear and quadratic


def _hardtanh_rule(g: Any, out: Any, x: Any, min_val: float, max_val: float) -> Any:
    return where(greater(x, min_val) & less(x, max_val), g, 0.0)


_hardtanh: Op = elementwise(
    "hardtanh",
    lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val),
    _hardtanh_rule,
    parts=lambda x, min_val, max_val: minimum(maximum(x, min_val), max_val),
    samples=_samples(min_val=-1.0, max_val=1.0) + _samples(min_val=0.0, max_val=6.0),
    doc="x kept within [min, max]; 1 strictly inside, else 0",
)


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``x`` kept within ``[min_val, max_val]``; the derivative at the bounds is 0."""
    return _hardtanh(x, min_val=float(min_val), max_val=float(max_val))


hardsigmoid: Op = elementwise(
    "hardsigmoid",
    lambda x: np.minimum(np.maximum(_float(x) / 6.0 + 0.5, 0.0), 1.0),
    lambda g, out, x: where(greater(x, -3.0) & less(x, 3.0), g / 6.0, 0.0),
    parts=lambda x: minimum(maximum(x / 6.0 + 0.5, 0.0), 1.0),
    samples=_samples(),
    kinks=(
        Kink((3.0,), (0.0,), "the value is the bound's"),
        Kink((-3.0,), (0.0,), "the value is the bound's"),
    ),
    doc="x/6 + 1/2 kept within [0, 1]; 1/6 strictly inside, else 0",
)


def _hardswish_forward(x: Any) -> Any:
    x = _float(x)
    inside = np.minimum(np.maximum(x, -3.0), 3.0)
    # inside ≤ -3 gives exactly 0, also for -inf; above 3 the value is x itself
    return np.where(x > 3.0, x, inside * (inside + 3.0) / 6.0)


hardswish: Op = elementwise(
    "hardswish",
    _hardswish_forward,
    lambda g, out, x: where(greater(x, -3.0), where(less(x, 3.0), g * (x / 3.0 + 0.5), g), 0.0),
    parts=lambda x: x * hardsigmoid(x),
    samples=_samples(),
    kinks=(
        Kink((3.0,), (1.0,), "the slope of the linear part"),
        Kink((-3.0,), (0.0,), "the slope of the constant part"),
    ),
    doc="x hardsigmoid(x); x/3 + 1/2 within (-3, 3), 0 below, 1 above",
)


def _outside(x: Any, bound: float) -> Any:
    return greater(abs(x), bound)


_softshrink: Op = elementwise(
    "softshrink",
    lambda x, lambd: _float(x) - np.minimum(np.maximum(x, -lambd), lambd),
    lambda g, out, x, lambd: where(_outside(x, lambd), g, 0.0),
    parts=lambda x, lambd: x - minimum(maximum(x, -lambd), lambd),
    samples=_samples(lambd=0.5),
    doc="x moved towards 0 by λ, 0 within [-λ, λ]; 1 outside, else 0",
)
_hardshrink: Op = elementwise(
    "hardshrink",
    lambda x, lambd: np.where(np.abs(x) <= lambd, 0.0 * _float(x), x),
    lambda g, out, x, lambd: where(_outside(x, lambd), g, 0.0),
    parts=lambda x, lambd: where(_outside(x, lambd), x, 0.0),
    samples=_samples(lambd=0.5),
    doc="x outside [-λ, λ], else 0; 1 outside, else 0",
)


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """``x`` moved towards 0 by ``lambd``, 0 within ``[-lambd, lambd]``."""
    return _softshrink(x, lambd=float(lambd))


def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    """``x`` outside ``[-lambd, lambd]``, else 0."""
    return _hardshrink(x, lambd=float(lambd))
