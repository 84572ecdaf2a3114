"""Gates of neural networks: softmax and its relatives, the affine layer, embedding.

Each is one op with its derivative written out, and can be opened into smaller ops through
``parts`` (SPEC B2). Activation functions are in ``activations.py``, losses in ``losses.py``,
normalisation, convolution and pooling in files of those names.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.messages import ADVICE
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import AxisError, DtypeError
from chainrule.ops.elementwise import equal, exp, isfinite, log, where
from chainrule.ops.linalg import matmul, mT
from chainrule.ops.reduction import _sum as sum_op
from chainrule.ops.reduction import kept, reduced
from chainrule.ops.shape import broadcast_to, normalize_axes, normalize_axis, reshape, shape_of

__all__ = [
    "embedding",
    "linear",
    "log_softmax",
    "logsumexp",
    "one_hot",
    "softmax",
]


_FEW_CLASSES = 6


def floating(x: Any) -> Any:
    """An array as it is if floating, else as float64 (NumPy's rule for ``exp`` of integers)."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def same_shape(x: Any, **_: Any) -> Abstract:
    """Shape rule of ops that keep shape and dtype; integers become float64."""
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    return Abstract(shape_of(x), dtype)


def _total(x: Any, axis: int) -> Any:
    return sum_op(x, axis=(axis,), keepdims=True)


# ---- softmax

_AXIS_SAMPLES = (
    Sample(((3, 4),), {"axis": 1}),
    Sample(((2, 3, 4),), {"axis": 1}),
    Sample(((5,),), {"axis": 0}),
    Sample(((0, 3),), {"axis": 1}),
)


def softmax_values(x: Any, axis: int) -> Any:
    """Softmax of an array: the largest element is subtracted first, so nothing overflows."""
    x = floating(x)
    e = np.exp(x - _peak(x, axis))
    e /= np.add.reduce(e, axis, keepdims=True)
    return e


def log_softmax_values(x: Any, axis: int) -> Any:
    """Logarithm of the softmax of an array, without taking the logarithm of a small number."""
    x = floating(x)
    shifted = x - _peak(x, axis)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis, keepdims=True))


def _peak(x: Any, axis: int) -> Any:
    if x.shape[axis] == 0:
        return np.zeros(kept(x.shape, axis), x.dtype)
    if x.ndim == 2 and axis == 1 and x.shape[1] <= _FEW_CLASSES:
        return functools.reduce(np.maximum, x.T)[:, None]  # a reduction takes three times as long
    return np.maximum.reduce(x, axis, keepdims=True)


_softmax: Op = defop(
    "softmax",
    softmax_values,
    lambda g, out, x, axis: out * (g - _total(g * out, axis)),
    infer=same_shape,
    parts=lambda x, axis: exp(x) / _total(exp(x), axis),
    samples=_AXIS_SAMPLES,
    doc="eˣ/Σeˣ along an axis; s (g - Σ g s)",
)
_log_softmax: Op = defop(
    "log_softmax",
    log_softmax_values,
    lambda g, out, x, axis: g - exp(out) * _total(g, axis),
    infer=same_shape,
    parts=lambda x, axis: x - log(_total(exp(x), axis)),
    samples=_AXIS_SAMPLES,
    doc="x - ln Σeˣ along an axis; g - softmax(x) Σ g",
)


def _axis(x: Any, axis: int, name: str) -> int:
    ndim = len(shape_of(x))
    if not -ndim <= axis < ndim:
        raise AxisError(f"{name}: axis {axis} for an array of shape {shape_of(x)}")
    return normalize_axis(axis, ndim)


def softmax(x: Any, axis: int | None = -1) -> Any:
    """``exp(x) / exp(x).sum(axis)``: probabilities along ``axis``.

    Parameters
    ----------
    x : array_like
    axis : int or None
        ``None``: over all elements.

    Notes
    -----
    With ``s`` the output, the Jacobian along the axis is ``diag(s) - s sᵀ``.

    Examples
    --------
    >>> cr.softmax(np.array([0.0, np.log(3.0)]))
    array([0.25, 0.75])
    """
    x = lib.asarray(x)
    if axis is None:
        return reshape(_softmax(reshape(x, (-1,)), axis=0), shape_of(x))
    return _softmax(x, axis=_axis(x, axis, "softmax"))


def log_softmax(x: Any, axis: int | None = -1) -> Any:
    """``log(softmax(x, axis))``, accurate where the softmax underflows.

    Examples
    --------
    >>> cr.log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    x = lib.asarray(x)
    if axis is None:
        return reshape(_log_softmax(reshape(x, (-1,)), axis=0), shape_of(x))
    return _log_softmax(x, axis=_axis(x, axis, "log_softmax"))


def _logsumexp_forward(x: Any, axis: Any, keepdims: bool) -> Any:
    x = floating(x)
    axes = normalize_axes(axis, x.ndim)
    if any(x.shape[a] == 0 for a in axes):
        return np.full(reduced(x.shape, axes, keepdims), -np.inf, x.dtype)
    peak = x.max(axis=axes, keepdims=True)
    finite = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.exp(x - finite).sum(axis=axes, keepdims=True)) + finite
    return total if keepdims else np.asarray(total).reshape(reduced(x.shape, axes, False))


def _logsumexp_rule(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    shape = kept(shape_of(x), axis)
    out, g = reshape(out, shape), reshape(g, shape)
    # x = out = ±inf: the winner of an infinite sum takes all, instead of inf - inf
    infinite = equal(x, out) & ~isfinite(x)
    return g * where(infinite, 1.0, exp(where(infinite, 0.0, x - where(infinite, 0.0, out))))


_logsumexp: Op = defop(
    "logsumexp",
    _logsumexp_forward,
    _logsumexp_rule,
    infer=lambda x, axis, keepdims: Abstract(
        reduced(shape_of(x), axis, keepdims), same_shape(x).dtype
    ),
    parts=lambda x, axis, keepdims: log(sum_op(exp(x), axis=axis, keepdims=keepdims)),
    samples=(
        Sample(((3, 4),), {"axis": (0, 1), "keepdims": False}),
        Sample(((3, 4),), {"axis": (1,), "keepdims": True}),
        Sample(((2, 3, 4),), {"axis": (0, 2), "keepdims": False}),
        Sample(((),), {"axis": (), "keepdims": False}),
    ),
    doc="ln Σeˣ; softmax(x)",
)


def logsumexp(
    x: Any, axis: int | tuple[int, ...] | None = None, b: Any = None, keepdims: bool = False
) -> Any:
    """``log(sum(b * exp(x)))`` over ``axis``, without overflow.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
    b : array_like, optional
        Positive factors of the exponentials.
    keepdims : bool

    Examples
    --------
    >>> float(cr.logsumexp(np.array([1000.0, 1000.0])).round(4))
    1000.6931
    """
    x = lib.asarray(x)
    if b is not None:
        x = x + log(lib.asarray(b))
    axes = normalize_axes(axis, len(shape_of(x)))
    return _logsumexp(x, axis=axes, keepdims=bool(keepdims))


# ---- affine


def _linear_forward(x: Any, weight: Any, bias: Any = None) -> Any:
    out = np.matmul(x, weight.T)
    if bias is None:
        return out
    if out.dtype == bias.dtype and out.ndim:
        out += bias  # the product is ours: adding in place saves an array
        return out
    return out + bias


def _rows(x: Any) -> Any:
    """All leading axes as one: (…, n) to (m, n)."""
    shape = shape_of(x)
    return x if len(shape) == 2 else reshape(x, (math.prod(shape[:-1]), shape[-1]))


def _linear_bias(g: Any, out: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    return sum_rows(g) if len(shape_of(g)) > 1 else g


def _flat(x: Any) -> Any:
    """:func:`_rows` of an array."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1]) if x.size else x.reshape(0, x.shape[-1])


# Two gates of their own, where matmul and sum over reshaped arrays would do, because they are half
# of the cost of a small eager step: together they save about 20 µs of 100 (64-32-10, batch 32).
linear_weight: Op = defop(
    "linear_weight",
    lambda g, x: np.matmul(_flat(g).T, _flat(x)),
    lambda g, out, y, x: linear(x, g),
    lambda g, out, y, x: matmul(y, g),
    linear=True,
    infer=lambda g, x: Abstract(
        (shape_of(g)[-1], shape_of(x)[-1]), np.result_type(g.dtype, x.dtype)
    ),
    parts=lambda g, x: matmul(mT(_rows(g)), _rows(x)),
    samples=(Sample(((5, 2), (5, 3))), Sample(((2, 5, 4), (2, 5, 3))), Sample(((0, 2), (0, 3)))),
    doc="Σ over samples of g xᵀ, the weight gradient of the affine layer (BP4)",
)
sum_rows: Op = defop(
    "sum_rows",
    lambda g: np.add.reduce(_flat(g), 0),
    lambda g, out, x: broadcast_to(g, shape_of(x)),
    linear=True,
    infer=lambda g: Abstract(shape_of(g)[-1:], g.dtype),
    parts=lambda g: sum_op(g, axis=tuple(range(len(shape_of(g)) - 1)), keepdims=False),
    samples=(Sample(((5, 2),)), Sample(((2, 5, 4),)), Sample(((0, 3),))),
    doc="Σ over samples, the bias gradient of the affine layer (BP3)",
)


def _linear_weight_rule(g: Any, x: Any) -> Any:
    if len(shape_of(x)) == 1:
        g, x = reshape(g, (1, -1)), reshape(x, (1, -1))
    return linear_weight(g, x)


def _linear_infer(x: Any, weight: Any, bias: Any = None) -> Abstract:
    sx, sw = shape_of(x), shape_of(weight)
    if not sx or len(sw) != 2 or sx[-1] != sw[1]:
        raise ValueError(f"x of shape {sx} does not fit a weight of shape {sw}")
    dtypes = [x.dtype, weight.dtype]
    if bias is not None:
        if shape_of(bias) != (sw[0],):
            raise ValueError(f"a bias of shape {shape_of(bias)} does not fit a weight {sw}")
        dtypes.append(bias.dtype)
    return Abstract((*sx[:-1], sw[0]), np.result_type(*dtypes))


def _linear_parts(x: Any, weight: Any, bias: Any = None) -> Any:
    product = matmul(x, mT(weight))
    return product if bias is None else product + bias


linear: Op = defop(
    "linear",
    _linear_forward,
    lambda g, out, x, weight, bias=None: matmul(g, weight),
    lambda g, out, x, weight, bias=None: _linear_weight_rule(g, x),
    _linear_bias,
    infer=_linear_infer,
    parts=_linear_parts,
    samples=(
        Sample(((5, 3), (2, 3), (2,))),
        Sample(((5, 3), (2, 3))),
        Sample(((3,), (2, 3), (2,))),
        Sample(((2, 5, 3), (4, 3), (4,))),
        Sample(((0, 3), (2, 3), (2,))),
    ),
    rejects=(
        (Sample(((5, 4), (2, 3), (2,))), ValueError, "linear"),
        (Sample(((5, 3), (2, 3), (3,))), ValueError, "linear"),
    ),
    doc="x Wᵀ + b; g W, gᵀ x, Σ g",
)


def _linear_advice(x: Any, weight: Any, bias: Any = None) -> str:
    sx, sw = shape_of(x), shape_of(weight)
    if len(sw) != 2:
        return f"the weight must have shape (out_features, in_features), it has {sw}"
    if not sx or sx[-1] != sw[1]:
        last = sx[-1] if sx else "none"
        text = f"x must have {sw[1]} features on its last axis (weight (out, in) = {sw}), it has {last}"
        if sx and sx[-1] == sw[0]:
            text += "; the transposed weight, W.T, would fit"
        elif len(sx) == 2 and sx[0] == sw[1]:
            text += "; the transposed input, x.T, would fit (samples are rows)"
        return text
    if bias is not None and shape_of(bias) != (sw[0],):
        return f"the bias must have shape ({sw[0]},), one per output, it has {shape_of(bias)}"
    return ""


ADVICE["linear"] = _linear_advice

# ---- embedding


def _integers(indices: Any, what: str) -> Any:
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{what} must be integers, not {indices.dtype}")
    return indices


def _embedding_forward(weight: Any, indices: Any, padding_idx: int | None) -> Any:
    indices = _integers(indices, "the indices of an embedding")
    count = weight.shape[0]
    if indices.size and (indices.min() < 0 or indices.max() >= count):
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise IndexError(f"index {wrong} is outside the table of {count} rows (0 … {count - 1})")
    return np.take(weight, indices, axis=0)


def _embedding_back_forward(g: Any, indices: Any, rows: int, padding_idx: int | None) -> Any:
    table = np.zeros((rows, *g.shape[indices.ndim :]), g.dtype)
    np.add.at(table, indices, g)
    if padding_idx is not None:
        table[padding_idx] = 0.0
    return table


def _embedding_rule(g: Any, out: Any, weight: Any, indices: Any, padding_idx: int | None) -> Any:
    rows = shape_of(weight)[0]
    return _embedding_back(g, indices, rows=rows, padding_idx=padding_idx)


def _embedding_back_rule(
    g: Any, out: Any, x: Any, indices: Any, rows: int, padding_idx: int | None
) -> Any:
    read = _embedding(g, indices, padding_idx=padding_idx)
    if padding_idx is None:
        return read
    shape = shape_of(indices)
    padded = reshape(equal(indices, padding_idx), shape + (1,) * (len(shape_of(g)) - 1))
    return where(padded, 0.0, read)


_INDICES = np.array([[0, 2, 2], [1, 0, 3]])
_embedding: Op = defop(
    "embedding",
    _embedding_forward,
    _embedding_rule,
    infer=lambda weight, indices, padding_idx: Abstract(
        (*shape_of(indices), *shape_of(weight)[1:]), weight.dtype
    ),
    samples=(
        Sample(((4, 3), _INDICES), {"padding_idx": None}),
        Sample(((4, 3), np.array(1)), {"padding_idx": None}),
        Sample(((4, 3), np.zeros(0, np.int64)), {"padding_idx": None}),
    ),
    rejects=(
        (Sample(((4, 3), np.array([4])), {"padding_idx": None}), IndexError, "outside the table"),
        (Sample(((4, 3), np.array([-1])), {"padding_idx": None}), IndexError, "outside the table"),
        (Sample(((4, 3), np.array([0.5])), {"padding_idx": None}), TypeError, "integers"),
    ),
    doc="row i of the table for each index; scatters back, adding",
)
_embedding_back: Op = defop(
    "embedding_back",
    _embedding_back_forward,
    _embedding_back_rule,
    infer=lambda g, indices, rows, padding_idx: Abstract(
        (rows, *shape_of(g)[len(shape_of(indices)) :]), g.dtype
    ),
    samples=(
        Sample(((2, 3, 5), _INDICES), {"rows": 4, "padding_idx": None}),
        Sample(((2, 3, 5), _INDICES), {"rows": 4, "padding_idx": 2}),
    ),
    doc="a table with g added at the rows of the indices; reads back",
)


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Rows of ``weight``, one for each index; an index read twice gets both gradients.

    Parameters
    ----------
    indices : array_like of int, any shape
    weight : array_like, shape (rows, …)
    padding_idx : int, optional
        This row receives no gradient.

    Raises
    ------
    IndexError
        For an index outside ``0 … rows - 1``.
    """
    weight = lib.asarray(weight)
    if padding_idx is not None:
        padding_idx = normalize_axis(padding_idx, shape_of(weight)[0])
    return _embedding(weight, lib.asarray(indices), padding_idx=padding_idx)


def _one_hot_forward(indices: Any, count: int, dtype: Any) -> Any:
    indices = _integers(indices, "classes")
    if indices.size and (indices.min() < 0 or indices.max() >= count):
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise IndexError(f"class {wrong} is outside 0 … {count - 1}")
    return (indices[..., None] == np.arange(count)).astype(dtype)


one_hot_op: Op = defop(
    "one_hot",
    _one_hot_forward,
    infer=lambda indices, count, dtype: Abstract((*shape_of(indices), count), np.dtype(dtype)),
    samples=(Sample((np.array([2, 0, 1]),), {"count": 3, "dtype": np.dtype(np.float64)}),),
    rejects=(
        (
            Sample((np.array([3]),), {"count": 3, "dtype": np.dtype(np.float64)}),
            IndexError,
            "outside",
        ),
    ),
    doc="1 at the class, 0 elsewhere; no derivative (piecewise constant)",
)


def one_hot(indices: Any, num_classes: int = -1, dtype: Any = np.int64) -> Any:
    """For each class index a row with 1 at that place; ``num_classes=-1``: the largest plus one."""
    indices = lib.asarray(indices)
    if num_classes == -1:
        values = np.asarray(indices)
        num_classes = int(values.max()) + 1 if values.size else 0
    return one_hot_op(indices, count=int(num_classes), dtype=np.dtype(dtype))
