"""Cross-entropy over classes: from logits, from log-probabilities, against a distribution.

The fused output layer of the books: ``cross_entropy`` is one gate from logits to the reduced loss,
and its derivative is a gate too, ``cross_entropy_delta``, BP1: ``δ = ŷ - y``. Notation: ``x`` the
logits, classes on the last axis; ``p`` their softmax; ``q`` the target distribution, weighted and
smoothed, zero for ignored samples; ``C`` the number of classes; ``D`` what a mean divides by, the
sum of the weights of the samples that count.

    loss_i = -Σ_c q_ic ln p_ic        δ_ic = (p_ic Σ_c q_ic - q_ic) / D
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import DtypeError, ShapeError
from chainrule.ops.losses import check_reduction
from chainrule.ops.neural import (
    _log_softmax,
    _softmax,
    floating,
    log_softmax_values,
    softmax_values,
)
from chainrule.ops.reduction import _sum as sum_op
from chainrule.ops.shape import reshape, shape_of

__all__ = ["cross_entropy", "nll"]


class Targets(NamedTuple):
    """Class indices made ready: flat, with a class that exists in place of the ignored one.

    ``kept`` is ``None`` where none is ignored, ``weights`` where no class weights are given.
    """

    flat: Any
    kept: Any
    weights: Any
    divisor: Any


def checked_classes(target: Any, count: int, ignore: int) -> Any:
    """Class indices, each in ``0 … count - 1`` or the one to be ignored.

    Raises
    ------
    DtypeError
        If they are not integers.
    IndexError
        If one is outside.
    """
    target = np.asarray(target)
    if target.dtype.kind not in "iu":
        raise DtypeError(
            f"class indices must be integers, not {target.dtype}; probabilities must have the "
            "shape of the logits"
        )
    if target.size and not _all_below(target, count):
        outside = ((target < 0) | (target >= count)) & (target != ignore)
        if outside.any():
            wrong = int(target[outside].ravel()[0])
            raise IndexError(f"class {wrong} is outside 0 … {count - 1}: there are {count} classes")
    return target


def _all_below(target: Any, count: int) -> bool:
    """Whether all are in ``0 … count - 1``: one look, since negative numbers are large unsigned."""
    if target.dtype == np.int64:
        target = target.view(np.uint64)
    elif target.dtype.kind == "i":
        return bool(target.min() >= 0 and target.max() < count)
    return bool(np.maximum.reduce(target, None) < count)


def _targets(target: Any, weight: Any, count: int, ignore: int) -> Targets:
    target = checked_classes(target, count, ignore)
    flat = target if target.ndim == 1 else target.reshape(-1)
    kept = None
    if 0 <= ignore < count or not (flat.size == 0 or _all_below(flat, count)):
        ignored = flat == ignore
        if ignored.any():
            kept = ~ignored
            flat = np.where(kept, flat, 0)
    if weight is None:
        return Targets(flat, kept, None, flat.size if kept is None else kept.sum())
    weights = np.asarray(weight)[flat]
    if kept is not None:
        weights = weights * kept
    return Targets(flat, kept, weights, weights.sum())


def _distribution(target: Any, weight: Any, x: Any, ignore: int, smoothing: float) -> Any:
    """``q`` of class indices, as an array of the shape of ``x``."""
    count = x.shape[-1]
    q = np.full((target.flat.size, count), smoothing / count, x.dtype)
    q[np.arange(target.flat.size), target.flat] += 1.0 - smoothing
    if target.kept is not None:
        q *= target.kept[:, None]
    if weight is not None:
        q *= np.asarray(weight)
    return q.reshape(x.shape)


def _check_shapes(x: Any, target: Any, weight: Any = None) -> None:
    sx, st = shape_of(x), shape_of(target)
    if not sx or sx[:-1] != st:
        raise ShapeError(
            f"logits of shape {sx} (classes on the last axis) need class indices of shape "
            f"{sx[:-1]}, they have shape {st}"
        )
    if weight is not None and shape_of(weight) != sx[-1:]:
        raise ShapeError(f"{sx[-1]} classes need as many weights, they have {shape_of(weight)}")


def _forward(
    x: Any, target: Any, weight: Any = None, *, ignore: int, smoothing: float, reduction: str
) -> Any:
    x = floating(x)
    _check_shapes(x, target, weight)
    logp = log_softmax_values(x, x.ndim - 1)
    return _reduced(logp, target, weight, ignore, smoothing, reduction)


def _reduced(logp: Any, target: Any, weight: Any, ignore: int, smoothing: float, how: str) -> Any:
    count = logp.shape[-1]
    ready = _targets(target, weight, count, ignore)
    if smoothing:
        losses = -(_distribution(ready, weight, logp, ignore, smoothing) * logp).sum(axis=-1)
        losses = losses.reshape(-1)
    else:
        losses = -logp.reshape(-1, count)[np.arange(ready.flat.size), ready.flat]
        if ready.kept is not None:
            losses = np.where(ready.kept, losses, 0.0)  # no product: the loss may be infinite
        if ready.weights is not None:
            losses = losses * ready.weights
    if how == "none":
        return losses.astype(logp.dtype, copy=False).reshape(np.shape(target))
    total = np.add.reduce(losses)
    if how == "mean":
        # nothing to average: NaN, as in NumPy
        total = total / ready.divisor if ready.divisor else np.nan
    return np.asarray(total, logp.dtype)


def _scalar_or_rows(
    x: Any, target: Any, weight: Any = None, *, reduction: str, **_: Any
) -> Abstract:
    _check_shapes(x, target, weight)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    return Abstract(shape_of(target) if reduction == "none" else (), dtype)


def _rule(
    g: Any, out: Any, x: Any, target: Any, weight: Any = None, *, reduction: str, **options: Any
) -> Any:
    inputs = (target,) if weight is None else (target, weight)
    delta = _delta(x, *inputs, mean=reduction == "mean", **options)
    return delta * (reshape(g, (*shape_of(g), 1)) if reduction == "none" else g)


def _parts(
    x: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore: int,
    smoothing: float,
    reduction: str,
) -> Any:
    inputs = (target,) if weight is None else (target, weight)
    q = class_targets(x, *inputs, ignore=ignore, smoothing=smoothing)
    ndim = len(shape_of(x))
    terms = -(q * _log_softmax(x, axis=ndim - 1))
    if reduction == "none":
        return sum_op(terms, axis=(ndim - 1,), keepdims=False)
    total = sum_op(terms, axis=tuple(range(ndim)), keepdims=False)
    return total / mean_divisor(x, *inputs, ignore=ignore) if reduction == "mean" else total


_T = np.array([2, 0, 1, 3])
_W = np.array([1.0, 2.0, 0.5, 1.5])
_PLAIN = {"ignore": -100, "smoothing": 0.0, "reduction": "mean"}

_cross_entropy: Op = defop(
    "cross_entropy",
    _forward,
    _rule,
    infer=_scalar_or_rows,
    parts=_parts,
    refuses=(2,),
    samples=(
        Sample(((4, 4), _T), _PLAIN),
        Sample(((4, 4), _T, _W), {**_PLAIN, "smoothing": 0.1}),
        Sample(((4, 4), _T), {**_PLAIN, "ignore": 2, "reduction": "sum"}),
        Sample(((4, 4), _T, _W), {**_PLAIN, "ignore": 0}),
        Sample(((2, 2, 4), _T.reshape(2, 2)), {**_PLAIN, "reduction": "none"}),
        Sample(((4,), np.array(2)), _PLAIN),
    ),
    rejects=(
        (Sample(((4, 3), _T), _PLAIN), IndexError, "class 3 is outside"),
        (Sample(((4, 4), _T[:3]), _PLAIN), ValueError, "class indices of shape"),
        (Sample(((4, 4), _W), _PLAIN), TypeError, "integers"),
    ),
    doc="-Σ q ln softmax(x), reduced; (p Σq - q)/D: δ = ŷ - y",
)


def _delta_forward(
    x: Any, target: Any, weight: Any = None, *, ignore: int, smoothing: float, mean: bool
) -> Any:
    x = floating(x)
    count = x.shape[-1]
    ready = _targets(target, weight, count, ignore)
    delta = softmax_values(x, x.ndim - 1)
    delta = delta if x.ndim == 2 else delta.reshape(-1, count)
    if smoothing:
        q = _distribution(ready, weight, x, ignore, smoothing).reshape(-1, count)
        delta *= q.sum(axis=-1, keepdims=True)
        delta -= q
    else:
        delta[np.arange(ready.flat.size), ready.flat] -= 1.0
        if ready.kept is not None:
            delta[~ready.kept] = 0.0
        if ready.weights is not None:
            delta *= ready.weights[:, None]
    if mean:
        delta *= 1.0 / float(ready.divisor) if ready.divisor else np.nan
    return delta if x.ndim == 2 else delta.reshape(x.shape)


def _delta_rule(
    g: Any,
    out: Any,
    x: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore: int,
    smoothing: float,
    mean: bool,
) -> Any:
    inputs = (target,) if weight is None else (target, weight)
    axis = len(shape_of(x)) - 1
    q = class_targets(x, *inputs, ignore=ignore, smoothing=smoothing)
    mass = sum_op(q, axis=(axis,), keepdims=True)
    if mean:
        mass = mass / mean_divisor(x, *inputs, ignore=ignore)
    p = _softmax(x, axis=axis)
    return mass * (p * (g - sum_op(g * p, axis=(axis,), keepdims=True)))


def _delta_parts(
    x: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore: int,
    smoothing: float,
    mean: bool,
) -> Any:
    inputs = (target,) if weight is None else (target, weight)
    axis = len(shape_of(x)) - 1
    q = class_targets(x, *inputs, ignore=ignore, smoothing=smoothing)
    delta = _softmax(x, axis=axis) * sum_op(q, axis=(axis,), keepdims=True) - q
    return delta / mean_divisor(x, *inputs, ignore=ignore) if mean else delta


def _like_logits(x: Any, target: Any, weight: Any = None, **_: Any) -> Abstract:
    return Abstract(shape_of(x), x.dtype if x.dtype.kind == "f" else np.dtype(np.float64))


_DELTA = {"ignore": -100, "smoothing": 0.0, "mean": True}
_delta: Op = defop(
    "cross_entropy_delta",
    _delta_forward,
    _delta_rule,
    infer=_like_logits,
    parts=_delta_parts,
    refuses=(2,),
    samples=(
        Sample(((4, 4), _T), _DELTA),
        Sample(((4, 4), _T, _W), {**_DELTA, "smoothing": 0.1, "mean": False}),
        Sample(((4, 4), _T, _W), {**_DELTA, "ignore": 0}),
    ),
    doc="(p Σq - q)/D, the error of the output layer; Σq/D p (g - Σ g p)",
)


def _class_targets_forward(
    x: Any, target: Any, weight: Any = None, *, ignore: int, smoothing: float
) -> Any:
    x = floating(x)
    return _distribution(
        _targets(target, weight, x.shape[-1], ignore), weight, x, ignore, smoothing
    )


class_targets: Op = defop(
    "class_targets",
    _class_targets_forward,
    infer=_like_logits,
    refuses=(2,),
    samples=(
        Sample(((4, 4), _T), {"ignore": -100, "smoothing": 0.0}),
        Sample(((4, 4), _T, _W), {"ignore": 0, "smoothing": 0.1}),
    ),
    doc="q, the distribution that class indices stand for, in the shape of x; no derivative",
)


def _mean_divisor_forward(x: Any, target: Any, weight: Any = None, *, ignore: int) -> Any:
    x = floating(x)
    return np.asarray(_targets(target, weight, x.shape[-1], ignore).divisor, x.dtype)


mean_divisor: Op = defop(
    "mean_divisor",
    _mean_divisor_forward,
    infer=lambda x, target, weight=None, *, ignore: Abstract((), _like_logits(x, target).dtype),
    refuses=(2,),
    samples=(
        Sample(((4, 4), _T), {"ignore": 2}),
        Sample(((4, 4), _T, _W), {"ignore": 0}),
    ),
    doc="D, the summed weights of the samples that count; no derivative",
)


def cross_entropy(
    x: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Cross-entropy of softmax(x) and the target, classes on the last axis.

    Parameters
    ----------
    x : array_like, shape (…, C)
        Logits.
    target : array_like
        Class indices, shape (…); or probabilities, shape (…, C).
    weight : array_like, shape (C,), optional
        Class weights. A mean divides by the sum of the weights of the samples.
    ignore_index : int
        Samples of this class do not count.
    reduction : {'mean', 'sum', 'none'}
    label_smoothing : float
        This part of the target is spread evenly over the classes.

    Examples
    --------
    >>> float(cr.cross_entropy(np.zeros((2, 10)), np.array([3, 7])).round(4))
    2.3026
    """
    check_reduction(reduction, "cross_entropy")
    x, target = lib.asarray(x), lib.asarray(target)
    smoothing = float(label_smoothing)
    if shape_of(x) == shape_of(target) and target.dtype.kind == "f":
        return _soft(x, target, weight, smoothing, reduction)
    inputs = (x, target) if weight is None else (x, target, weight)
    return _cross_entropy(
        *inputs, ignore=int(ignore_index), smoothing=smoothing, reduction=reduction
    )


def _soft(x: Any, q: Any, weight: Any, smoothing: float, reduction: str) -> Any:
    """Against probabilities: the mean divides by the number of samples, as in PyTorch."""
    shape = shape_of(x)
    if smoothing:
        q = q * (1.0 - smoothing) + smoothing / shape[-1]
    if weight is not None:
        q = q * weight
    losses = -sum_op(
        q * _log_softmax(x, axis=len(shape) - 1), axis=(len(shape) - 1,), keepdims=False
    )
    if reduction == "none":
        return losses
    total = lib.sum(losses)
    samples = int(np.prod(shape[:-1], dtype=np.int64))
    return total / max(samples, 1) if reduction == "mean" else total


def _nll_forward(logp: Any, target: Any, weight: Any = None, *, ignore: int, reduction: str) -> Any:
    logp = floating(logp)
    _check_shapes(logp, target, weight)
    return _reduced(logp, target, weight, ignore, 0.0, reduction)


def _nll_rule(
    g: Any,
    out: Any,
    logp: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore: int,
    reduction: str,
) -> Any:
    inputs = (target,) if weight is None else (target, weight)
    q = class_targets(logp, *inputs, ignore=ignore, smoothing=0.0)
    if reduction == "none":
        return -q * reshape(g, (*shape_of(g), 1))
    if reduction == "mean":
        g = g / mean_divisor(logp, *inputs, ignore=ignore)
    return -q * g


_nll: Op = defop(
    "nll",
    _nll_forward,
    _nll_rule,
    infer=_scalar_or_rows,
    refuses=(2,),
    samples=(
        Sample(((4, 4), _T), {"ignore": -100, "reduction": "mean"}),
        Sample(((4, 4), _T, _W), {"ignore": 0, "reduction": "mean"}),
        Sample(((2, 2, 4), _T.reshape(2, 2)), {"ignore": -100, "reduction": "none"}),
    ),
    rejects=(
        (
            Sample(((4, 3), _T), {"ignore": -100, "reduction": "sum"}),
            IndexError,
            "class 3 is outside",
        ),
    ),
    doc="-x at the target class, weighted, reduced; -q/D",
)


def nll(
    logp: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Negative log-likelihood of class indices, given log-probabilities on the last axis."""
    check_reduction(reduction, "nll")
    logp, target = lib.asarray(logp), lib.asarray(target)
    inputs = (logp, target) if weight is None else (logp, target, weight)
    return _nll(*inputs, ignore=int(ignore_index), reduction=reduction)
