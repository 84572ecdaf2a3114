"""Losses with PyTorch's names, arguments, defaults and reductions (SPEC C1).

``reduction`` is ``'mean'`` (over all elements; over samples where the loss is one per sample),
``'sum'`` or ``'none'``. ``weight`` of the pointwise losses weights elements, and a mean then divides
by the sum of the weights. A target that would broadcast the prediction to a larger shape is an
error here: the commonest slip, ``(n, 1)`` against ``(n,)``, would average ``n²`` numbers.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.lib import lib
from chainrule.core.messages import where as source_line
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.losses import (
    absolute_error,
    bce,
    bce_with_logits,
    check_reduction,
    huber_error,
    kl_terms,
    squared_error,
)
from chainrule.ops.reduction import _sum as sum_op
from chainrule.ops.shape import moveaxis, shape_of

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
]


def _pair(input: Any, target: Any, name: str) -> tuple[Any, Any]:
    input, target = lib.asarray(input), lib.asarray(target)
    si, st = input.shape, target.shape
    if si != st and not _broadcasts(st, si):
        hint = ""
        if math.prod(si) == math.prod(st):
            hint = f"; target.reshape({si}) would fit"
        elif si[:1] == st[:1] and len(si) == 2 and len(st) == 1 and si[1] == 1:
            hint = "; target[:, None] would fit"
        raise ShapeError(
            f"{name}: the prediction has shape {si}, the target {st}{hint}{source_line()}"
        )
    return input, target


def _broadcasts(source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether ``source`` repeats to fill ``target`` without enlarging it."""
    if len(source) > len(target):
        return False
    return all(s in (1, t) for s, t in zip(source[::-1], target[::-1]))


def _reduce(losses: Any, reduction: str, weight: Any = None) -> Any:
    if weight is not None:
        weight = lib.broadcast_to(lib.asarray(weight), shape_of(losses))
        losses = losses * weight
    if reduction == "none":
        return losses
    total = sum_op(losses, axis=None, keepdims=False)
    if reduction == "sum":
        return total
    if weight is not None:
        return total / lib.sum(weight)
    count = losses.size
    return total / count if count else total * math.nan  # the mean of nothing, as in NumPy


def mse_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """``(x - y)²``. The textbook's quadratic cost is half its sum (SPEC C1)."""
    check_reduction(reduction, "mse_loss")
    return _reduce(squared_error(*_pair(input, target, "mse_loss")), reduction, weight)


def l1_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """``|x - y|``."""
    check_reduction(reduction, "l1_loss")
    return _reduce(absolute_error(*_pair(input, target, "l1_loss")), reduction, weight)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """``d²/2`` where ``|d| < δ``, else ``δ (|d| - δ/2)``, with ``d = x - y``."""
    check_reduction(reduction, "huber_loss")
    if delta <= 0:
        raise ArgumentError(f"huber_loss: delta must be positive, not {delta}")
    losses = huber_error(*_pair(input, target, "huber_loss"), delta=float(delta))
    return _reduce(losses, reduction, weight)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """``d²/(2β)`` where ``|d| < β``, else ``|d| - β/2``: the Huber loss divided by β."""
    check_reduction(reduction, "smooth_l1_loss")
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta must not be negative, it is {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction)
    losses = huber_error(*_pair(input, target, "smooth_l1_loss"), delta=float(beta)) / beta
    return _reduce(losses, reduction)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    """``-(y ln x + (1 - y) ln(1 - x))`` of probabilities; logarithms are at least -100."""
    check_reduction(reduction, "binary_cross_entropy")
    input, target = _pair(input, target, "binary_cross_entropy")
    value = input._value if isinstance(input, Tensor) else input
    if hasattr(value, "min") and value.size and not (value.min() >= 0 and value.max() <= 1):
        raise ArgumentError(
            "binary_cross_entropy takes probabilities in [0, 1], the smallest is "
            f"{value.min():.4g}, the largest {value.max():.4g}; for logits use "
            "binary_cross_entropy_with_logits"
        )
    losses = bce(input, target)
    if weight is not None:
        losses = losses * weight  # a mean divides by the number of elements, as in PyTorch
    return _reduce(losses, reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Binary cross-entropy of ``σ(x)``, accurate for logits of any size.

    ``pos_weight`` multiplies the loss of positive targets, to balance rare classes.
    """
    check_reduction(reduction, "binary_cross_entropy_with_logits")
    pair = _pair(input, target, "binary_cross_entropy_with_logits")
    losses = bce_with_logits(*pair) if pos_weight is None else bce_with_logits(*pair, pos_weight)
    if weight is not None:
        losses = losses * weight
    return _reduce(losses, reduction)


def _classes_last(x: Any) -> Any:
    """PyTorch keeps classes on axis 1; the gates want them last."""
    return moveaxis(x, 1, -1) if len(shape_of(x)) > 2 else x


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Cross-entropy of ``softmax(x)`` and class indices or probabilities.

    Parameters
    ----------
    input : array_like, shape (C,), (N, C) or (N, C, d1, …)
        Logits.
    target : array_like
        Class indices of shape (), (N,) or (N, d1, …); or probabilities in the shape of ``input``.
    weight : array_like, shape (C,), optional
        Class weights; a mean divides by the sum of the weights of the targets.
    ignore_index : int
        Samples of this class do not count.
    reduction : {'mean', 'sum', 'none'}
    label_smoothing : float
        In [0, 1]: the part of the target that is spread evenly over the classes.

    Notes
    -----
    One gate; its derivative in the logits is ``δ = ŷ - y``.
    """
    input, target = lib.asarray(input), lib.asarray(target)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"cross_entropy: label_smoothing is in [0, 1], not {label_smoothing}")
    if len(input.shape) > 2:
        if target.dtype.kind == "f" and input.shape == target.shape:
            target = _classes_last(target)
        input = _classes_last(input)
    elif len(target.shape) == 2 and target.shape[1:] == (1,) and input.shape[1:] != (1,):
        raise ShapeError(
            f"cross_entropy: class indices have shape (N,), they have {target.shape}; "
            f"target[:, 0] would fit{source_line()}"
        )
    return lib.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Minus the log-probability of the target class; ``input`` as for :func:`cross_entropy`."""
    return lib.nll(_classes_last(lib.asarray(input)), target, weight, ignore_index, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """``y (ln y - x)`` where ``x`` is a log-probability and ``y`` a probability (or its logarithm).

    ``reduction='batchmean'`` divides by the number of samples: the mathematical definition.
    """
    if reduction != "batchmean":
        check_reduction(reduction, "kl_div")
    input, target = _pair(input, target, "kl_div")
    losses = lib.exp(target) * (target - input) if log_target else kl_terms(input, target)
    if reduction == "batchmean":
        return lib.sum(losses) / max(shape_of(input)[0], 1)
    return _reduce(losses, reduction)


def hinge_loss(input: Any, target: Any, reduction: str = "mean", margin: float = 1.0) -> Any:
    """``max(0, margin - y x)`` for targets ``y`` of -1 and 1 (support vector machines)."""
    check_reduction(reduction, "hinge_loss")
    input, target = _pair(input, target, "hinge_loss")
    return _reduce(lib.relu(margin - target * input), reduction)


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """``ln(1 + e^(-yx))`` for targets of -1 and 1."""
    check_reduction(reduction, "soft_margin_loss")
    input, target = _pair(input, target, "soft_margin_loss")
    return _reduce(-lib.log_sigmoid(target * input), reduction)


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: str = "mean",
) -> Any:
    """``Σ_{c≠y} max(0, margin - x_y + x_c)^p / C``: the multi-class hinge loss."""
    check_reduction(reduction, "multi_margin_loss")
    input, target = lib.asarray(input), lib.asarray(target)
    count = shape_of(input)[-1]
    chosen = lib.one_hot(target, count, dtype=input.dtype)
    own = lib.sum(input * chosen, axis=-1, keepdims=True)
    terms = lib.relu(margin - own + input) * (1.0 - chosen)
    if p == 2:
        terms = terms * terms
    elif p != 1:
        raise ArgumentError(f"multi_margin_loss: p is 1 or 2, not {p}")
    if weight is not None:
        terms = terms * lib.sum(chosen * lib.asarray(weight), axis=-1, keepdims=True)
    return _reduce(lib.sum(terms, axis=-1) / count, reduction)


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """``x`` for a target of 1, ``max(0, margin - x)`` for -1."""
    check_reduction(reduction, "hinge_embedding_loss")
    input, target = _pair(input, target, "hinge_embedding_loss")
    near = lib.where(lib.equal(target, 1), input, 0.0)
    far = lib.where(lib.equal(target, -1), lib.relu(margin - input), 0.0)
    return _reduce(near + far, reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """``max(0, -y (x₁ - x₂) + margin)``."""
    check_reduction(reduction, "margin_ranking_loss")
    input1, input2 = _pair(input1, input2, "margin_ranking_loss")
    return _reduce(lib.relu(margin - lib.asarray(target) * (input1 - input2)), reduction)


def _norm(x: Any, p: float, eps: float) -> Any:
    """p-norm along the last axis, with ``eps`` added to each difference as PyTorch does."""
    if p == 2.0:
        return lib.sqrt(lib.sum((x + eps) * (x + eps), axis=-1))
    return lib.sum(lib.abs(x + eps) ** p, axis=-1) ** (1.0 / p)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """``max(0, ‖a - p‖ - ‖a - n‖ + margin)`` (Schroff et al. 2015)."""
    check_reduction(reduction, "triplet_margin_loss")
    anchor, positive, negative = (lib.asarray(t) for t in (anchor, positive, negative))
    near = _norm(anchor - positive, p, eps)
    far = _norm(anchor - negative, p, eps)
    if swap:
        far = lib.minimum(far, _norm(positive - negative, p, eps))
    return _reduce(lib.relu(near - far + margin), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """``1 - cos(x₁, x₂)`` for a target of 1, ``max(0, cos(x₁, x₂) - margin)`` for -1."""
    check_reduction(reduction, "cosine_embedding_loss")
    input1, input2 = _pair(input1, input2, "cosine_embedding_loss")
    target = lib.asarray(target)
    tiny = 1e-12
    sizes = (lib.sum(input1 * input1, axis=-1) + tiny) * (lib.sum(input2 * input2, axis=-1) + tiny)
    cosine = lib.sum(input1 * input2, axis=-1) / lib.sqrt(sizes)
    near = lib.where(lib.equal(target, 1), 1.0 - cosine, 0.0)
    far = lib.where(lib.equal(target, -1), lib.relu(cosine - margin), 0.0)
    return _reduce(near + far, reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """``eˣ - y x`` (or ``x - y ln(x + eps)``); ``full`` adds Stirling's ``ln y!`` where y > 1."""
    check_reduction(reduction, "poisson_nll_loss")
    input, target = _pair(input, target, "poisson_nll_loss")
    if log_input:
        losses = lib.exp(input) - target * input
    else:
        losses = input - target * lib.log(input + eps)
    if full:
        large = lib.greater(target, 1)
        safe = lib.where(large, target, 1.0)
        stirling = safe * lib.log(safe) - safe + 0.5 * lib.log(2.0 * math.pi * safe)
        losses = losses + lib.where(large, stirling, 0.0)
    return _reduce(losses, reduction)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """``(ln v + (x - y)²/v)/2`` with the variance ``v`` at least ``eps``."""
    check_reduction(reduction, "gaussian_nll_loss")
    input, target = _pair(input, target, "gaussian_nll_loss")
    var = lib.asarray(var)
    # the gradient passes through the bound, as in PyTorch: a variance below it can grow again
    var = var + lib.stop_gradient(lib.maximum(var, eps) - var)
    losses = 0.5 * (lib.log(var) + squared_error(input, target) / var)
    if full:
        losses = losses + 0.5 * math.log(2.0 * math.pi)
    return _reduce(losses, reduction)
