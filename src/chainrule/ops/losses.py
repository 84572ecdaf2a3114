"""Costs of pairs of numbers, prediction and target, each one gate that can be opened (SPEC C1).

They are elementwise ops; ``nn.functional`` sums or averages them. Cross-entropies over classes are
in ``entropy.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Kink, Op, Sample, defop, elementwise
from chainrule.errors import ArgumentError
from chainrule.ops.activations import log_sigmoid, sigmoid
from chainrule.ops.elementwise import abs, greater, less, log, maximum, sign, where
from chainrule.ops.neural import floating
from chainrule.ops.reduction import _sum as sum_op

__all__: list[str] = []

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str, name: str) -> str:
    """The reduction, if there is one of this name."""
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{name}: reduction must be one of {REDUCTIONS}, not {reduction!r}")
    return reduction


# ---- pointwise costs

_PAIRS = (
    Sample(((3, 4), (3, 4))),
    Sample(((3, 4), (4,))),
    Sample(((), ())),
    Sample(((0, 2), (2,))),
)


def _pairs(**params: Any) -> tuple[Sample, ...]:
    return tuple(Sample(sample.inputs, params) for sample in _PAIRS)


def _second_in_unit_interval(x: Any, index: int) -> Any:
    return 0.5 + 0.4 * np.tanh(x) if index == 1 else x


def _both_in_unit_interval(x: Any, _: int) -> Any:
    return 0.5 + 0.4 * np.tanh(x)


squared_error: Op = elementwise(
    "squared_error",
    lambda x, y: np.square(np.subtract(x, y)),
    lambda g, out, x, y: g * (2.0 * (x - y)),
    lambda g, out, x, y: g * (2.0 * (y - x)),
    parts=lambda x, y: (x - y) * (x - y),
    samples=_PAIRS,
    doc="(x - y)²; 2 (x - y), 2 (y - x)",
)
absolute_error: Op = elementwise(
    "absolute_error",
    lambda x, y: np.abs(np.subtract(x, y)),
    lambda g, out, x, y: g * sign(x - y),
    lambda g, out, x, y: g * sign(y - x),
    parts=lambda x, y: abs(x - y),
    samples=_PAIRS,
    kinks=(Kink((1.0, 1.0), (0.0, 0.0), "the middle of [-1, 1]"),),
    doc="|x - y|; sign(x - y), sign(y - x)",
)


def _huber_forward(x: Any, y: Any, delta: float) -> Any:
    size = np.abs(np.subtract(x, y))
    return np.where(size < delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _huber_slope(x: Any, y: Any, delta: float) -> Any:
    return lib.minimum(maximum(x - y, -delta), delta)


huber_error: Op = elementwise(
    "huber_error",
    _huber_forward,
    lambda g, out, x, y, delta: g * _huber_slope(x, y, delta),
    lambda g, out, x, y, delta: g * _huber_slope(y, x, delta),
    parts=lambda x, y, delta: where(
        less(abs(x - y), delta), 0.5 * (x - y) * (x - y), delta * (abs(x - y) - 0.5 * delta)
    ),
    samples=_pairs(delta=1.0) + _pairs(delta=0.3),
    doc="d²/2 for |d| < δ, else δ (|d| - δ/2) with d = x - y (Huber 1964); d kept within ±δ",
)


def _logits_bce_forward(x: Any, y: Any, pos_weight: Any = None) -> Any:
    x = floating(x)
    tail = np.log1p(np.exp(-np.abs(x)))
    if pos_weight is None:
        return np.maximum(x, 0.0) - x * y + tail
    factor = (pos_weight - 1.0) * y + 1.0
    return (1.0 - y) * x + factor * (tail + np.maximum(-x, 0.0))


def _logits_bce_x(g: Any, out: Any, x: Any, y: Any, pos_weight: Any = None) -> Any:
    if pos_weight is None:
        return g * (sigmoid(x) - y)
    factor = (pos_weight - 1.0) * y + 1.0
    return g * (1.0 - y - factor * sigmoid(-x))


def _logits_bce_y(g: Any, out: Any, x: Any, y: Any, pos_weight: Any = None) -> Any:
    if pos_weight is None:
        return -g * x
    return g * (-x - (pos_weight - 1.0) * log_sigmoid(x))


def _logits_bce_weight(g: Any, out: Any, x: Any, y: Any, pos_weight: Any = None) -> Any:
    return -g * y * log_sigmoid(x)


def _logits_bce_parts(x: Any, y: Any, pos_weight: Any = None) -> Any:
    positive = y if pos_weight is None else pos_weight * y
    return -(positive * log(sigmoid(x)) + (1.0 - y) * log(1.0 - sigmoid(x)))


bce_with_logits: Op = elementwise(
    "bce_with_logits",
    _logits_bce_forward,
    _logits_bce_x,
    _logits_bce_y,
    _logits_bce_weight,
    parts=_logits_bce_parts,
    samples=(*_PAIRS, Sample(((3, 4), (3, 4), (4,)))),
    domain=lambda x, index: 0.5 + 0.4 * np.tanh(x) if index else x,
    doc="-(w y ln σ(x) + (1 - y) ln(1 - σ(x))); σ(x) - y for w = 1",
)


def _bounded_log(p: Any) -> Any:
    """Logarithm, at least -100: PyTorch's bound, which keeps the loss of a certain mistake finite."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(floating(p)), -100.0)


def _bce_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * (x - y) / maximum(x * (1.0 - x), 1e-12)


bce: Op = elementwise(
    "bce",
    lambda x, y: -(y * _bounded_log(x) + (1.0 - y) * _bounded_log(1.0 - floating(x))),
    _bce_x,
    lambda g, out, x, y: g * (maximum(log(1.0 - x), -100.0) - maximum(log(x), -100.0)),
    parts=lambda x, y: -(y * log(x) + (1.0 - y) * log(1.0 - x)),
    samples=_PAIRS,
    domain=_both_in_unit_interval,
    doc="-(y ln x + (1 - y) ln(1 - x)), logarithms at least -100; (x - y)/(x (1 - x))",
)


def _kl_forward(x: Any, y: Any) -> Any:
    y = floating(y)
    return np.where(y > 0, y * (np.log(np.where(y > 0, y, 1.0)) - x), 0.0 * y)


kl_terms: Op = elementwise(
    "kl_terms",
    _kl_forward,
    lambda g, out, x, y: -g * y,
    lambda g, out, x, y: where(
        greater(y, 0), g * (log(where(greater(y, 0), y, 1.0)) + 1.0 - x), 0.0
    ),
    parts=lambda x, y: y * (log(y) - x),
    samples=_PAIRS,
    domain=_second_in_unit_interval,
    doc="y (ln y - x), 0 where y = 0; -y, ln y + 1 - x",
)

# ---- penalties

sum_squares: Op = defop(
    "sum_squares",
    lambda x: np.asarray(np.vdot(x, x)),
    lambda g, out, x: x * (2.0 * g),
    infer=lambda x: Abstract((), x.dtype),
    parts=lambda x: sum_op(x * x, axis=None, keepdims=False),
    samples=(Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),))),
    doc="Σ x², the penalty of weight decay; 2x",
)
