"""Products of arrays: dot, inner, outer, tensordot, kron, cross, convolve, powers and chains.

All but the convolution are built from ``matmul`` and reshaping, so their derivatives are matmul's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.linalg import matmul
from chainrule.ops.shape import (
    broadcast_to,
    expand_dims,
    moveaxis,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
    stack,
    transpose,
)

__all__ = [
    "convolve",
    "correlate",
    "cross",
    "dot",
    "inner",
    "kron",
    "linalg_cross",
    "linalg_diagonal",
    "linalg_trace",
    "matrix_power",
    "matvec",
    "multi_dot",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]


def _no_out(name: str, out: Any) -> None:
    if out is not None:
        raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """``np.dot``: the last axis of ``a`` against the last but one of ``b``; a product for numbers."""
    _no_out("dot", out)
    a, b = lib.asarray(a), lib.asarray(b)
    na, nb = len(shape_of(a)), len(shape_of(b))
    if na == 0 or nb == 0:
        return lib.multiply(a, b)
    if nb <= 2:
        return matmul(a, b) if nb == 1 or na <= 2 else _last_with(a, b, nb - 2, "dot")
    return _last_with(a, b, nb - 2, "dot")


def _last_with(a: Any, b: Any, axis: int, name: str) -> Any:
    """Contract the last axis of ``a`` with one axis of ``b``."""
    sa, sb = shape_of(a), shape_of(b)
    if sa[-1] != sb[axis]:
        raise ShapeError(
            f"{name}: shapes {sa} and {sb} do not fit: {sa[-1]} (the last axis of the first) "
            f"against {sb[axis]} (axis {axis} of the second)"
        )
    return tensordot(a, b, axes=((-1,), (axis,)))


def vdot(a: Any, b: Any, /) -> Any:
    """``np.vdot``: Σ a b over the flattened arrays."""
    return matmul(ravel(lib.asarray(a)), ravel(lib.asarray(b)))


def inner(a: Any, b: Any, /) -> Any:
    """``np.inner``: the last axes against each other."""
    a, b = lib.asarray(a), lib.asarray(b)
    if not shape_of(a) or not shape_of(b):
        return lib.multiply(a, b)
    return _last_with(a, b, len(shape_of(b)) - 1, "inner")


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """``np.outer``: every element of ``a`` times every element of ``b`` (both flattened)."""
    _no_out("outer", out)
    return expand_dims(ravel(lib.asarray(a)), 1) * expand_dims(ravel(lib.asarray(b)), 0)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """``np.tensordot``: a sum over pairs of axes.

    Raises
    ------
    ShapeError
        If the axes of a pair have different lengths; the message names them.
    """
    a, b = lib.asarray(a), lib.asarray(b)
    sa, sb = shape_of(a), shape_of(b)
    if isinstance(axes, int | np.integer):
        first, second = tuple(range(-axes, 0)), tuple(range(axes))
    else:
        first, second = ((x,) if isinstance(x, int | np.integer) else tuple(x) for x in axes)
    if len(first) != len(second):
        raise ShapeError(f"tensordot: {len(first)} axes against {len(second)}; as many are needed")
    first = tuple(normalize_axis(i, len(sa)) for i in first)
    second = tuple(normalize_axis(i, len(sb)) for i in second)
    for i, j in zip(first, second):
        if sa[i] != sb[j]:
            raise ShapeError(
                f"tensordot: axis {i} of the first operand has length {sa[i]}, "
                f"axis {j} of the second {sb[j]}; shapes {sa} and {sb}"
            )
    free_a = tuple(i for i in range(len(sa)) if i not in first)
    free_b = tuple(j for j in range(len(sb)) if j not in second)
    shared = math.prod(sa[i] for i in first)
    rows, columns = math.prod(sa[i] for i in free_a), math.prod(sb[j] for j in free_b)
    left = reshape(_ordered(a, free_a + first), (rows, shared))
    right = reshape(_ordered(b, second + free_b), (shared, columns))
    return reshape(matmul(left, right), tuple(sa[i] for i in free_a) + tuple(sb[j] for j in free_b))


def _ordered(x: Any, axes: tuple[int, ...]) -> Any:
    return x if axes == tuple(range(len(axes))) else transpose(x, axes)


def kron(a: Any, b: Any) -> Any:
    """``np.kron``: every element of ``a`` times the whole of ``b``, as blocks."""
    a, b = lib.asarray(a), lib.asarray(b)
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    sa = (1,) * (ndim - len(shape_of(a))) + shape_of(a)
    sb = (1,) * (ndim - len(shape_of(b))) + shape_of(b)
    left = reshape(a, tuple(m for n in sa for m in (n, 1)))
    right = reshape(b, tuple(m for n in sb for m in (1, n)))
    return reshape(left * right, tuple(n * m for n, m in zip(sa, sb)))


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """``np.cross``: the vector product of vectors with three components (or two, taken as in a plane)."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = lib.asarray(a), lib.asarray(b)
    if not shape_of(a) or not shape_of(b):
        raise ShapeError("cross: at least one array has no axes")
    a = moveaxis(a, normalize_axis(axisa, len(shape_of(a))), -1)
    b = moveaxis(b, normalize_axis(axisb, len(shape_of(b))), -1)
    da, db = shape_of(a)[-1], shape_of(b)[-1]
    if da not in (2, 3) or db not in (2, 3):
        raise ShapeError(f"cross: vectors must have 2 or 3 components, got {da} and {db}")
    x = [lib.getitem(a, (Ellipsis, i)) for i in range(da)]
    y = [lib.getitem(b, (Ellipsis, i)) for i in range(db)]
    last = x[0] * y[1] - x[1] * y[0]
    if da == db == 2:
        return last
    if da == 2:
        parts = [x[1] * y[2], -x[0] * y[2], last]
    elif db == 2:
        parts = [-x[2] * y[1], x[2] * y[0], last]
    else:
        parts = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], last]
    return moveaxis(stack(parts, axis=-1), -1, normalize_axis(axisc, len(shape_of(last)) + 1))


def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """``np.linalg.cross``: the vector product of vectors with three components."""
    x1, x2 = lib.asarray(x1), lib.asarray(x2)
    if shape_of(x1)[axis] != 3 or shape_of(x2)[axis] != 3:
        raise ShapeError(
            f"cross: vectors must have 3 components, got shapes {shape_of(x1)} and {shape_of(x2)}"
        )
    return cross(x1, x2, axis=axis)


def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """``np.linalg.diagonal``: of the matrices along the last two axes."""
    return lib.diagonal(x, offset, -2, -1)


def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """``np.linalg.trace``: of the matrices along the last two axes."""
    return lib.trace(x, offset, -2, -1, dtype)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """``np.vecdot``: Σ x1 x2 along an axis, the others broadcast."""
    x1, x2 = lib.asarray(x1), lib.asarray(x2)
    if not shape_of(x1) or not shape_of(x2):
        raise ShapeError("vecdot needs at least one axis in each operand")
    first = moveaxis(x1, normalize_axis(axis, len(shape_of(x1))), -1)
    second = moveaxis(x2, normalize_axis(axis, len(shape_of(x2))), -1)
    if shape_of(first)[-1] != shape_of(second)[-1]:
        raise ShapeError(
            f"vecdot: the vectors have {shape_of(first)[-1]} and {shape_of(second)[-1]} components"
        )
    product = matmul(expand_dims(first, -2), expand_dims(second, -1))
    return reshape(product, shape_of(product)[:-2])


def matvec(x1: Any, x2: Any, /) -> Any:
    """``np.matvec``: matrices times vectors, both possibly in batches."""
    x1, x2 = lib.asarray(x1), lib.asarray(x2)
    product = matmul(x1, expand_dims(x2, -1))
    return reshape(product, shape_of(product)[:-1])


def vecmat(x1: Any, x2: Any, /) -> Any:
    """``np.vecmat``: vectors times matrices, both possibly in batches."""
    x1, x2 = lib.asarray(x1), lib.asarray(x2)
    product = matmul(expand_dims(x1, -2), x2)
    return reshape(product, shape_of(product)[:-2] + shape_of(product)[-1:])


def matrix_power(a: Any, n: int) -> Any:
    """``np.linalg.matrix_power``: by repeated squaring; of the inverse for negative ``n``."""
    a = lib.asarray(a)
    shape = shape_of(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"matrix_power: the last two axes must be equal, shape {shape}")
    n = int(n.__index__())
    if n == 0:
        ones = broadcast_to(np.eye(shape[-1], dtype=a.dtype), shape)
        return lib.zeros_like(a) + ones
    if n < 0:
        a, n = lib.inv(a), -n
    if n == 3:  # in NumPy's order, which shows where an element is infinite
        return matmul(matmul(a, a), a)
    result, square = None, a
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    return result


def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """``np.linalg.multi_dot``: a chain of products in the order that needs the fewest operations."""
    _no_out("multi_dot", out)
    chain = [lib.asarray(a) for a in arrays]
    if len(chain) < 2:
        raise ArgumentError("multi_dot: at least two arrays are needed")
    vector_first, vector_last = len(shape_of(chain[0])) == 1, len(shape_of(chain[-1])) == 1
    if vector_first:
        chain[0] = expand_dims(chain[0], 0)
    if vector_last:
        chain[-1] = expand_dims(chain[-1], 1)
    sizes = [shape_of(a)[0] for a in chain] + [shape_of(chain[-1])[1]]
    product = _in_order(chain, _best_splits(sizes), 0, len(chain) - 1)
    kept = [n for n, drop in zip(shape_of(product), (vector_first, vector_last)) if not drop]
    return reshape(product, tuple(kept))


def _best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each part of a chain (Cormen et al., Introduction to Algorithms, §15.2)."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for width in range(1, count):
        for i in range(count - width):
            j = i + width
            options = [
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            ]
            cost[i, j], splits[i, j] = min(options)
    return splits


def _in_order(chain: list[Any], splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return chain[i]
    k = splits[i, j]
    return matmul(_in_order(chain, splits, i, k), _in_order(chain, splits, k + 1, j))


# ---- convolution of sequences


def _convolve_rule(g: Any, other: Any, length: int) -> Any:
    """Correlate the cotangent with the other sequence: the part that is as long as this one."""
    start = shape_of(other)[0] - 1
    return lib.getitem(_convolve(g, lib.flip(other)), slice(start, start + length))


_convolve: Op = defop(
    "convolve",
    lambda x, y: np.convolve(x, y),
    lambda g, out, x, y: _convolve_rule(g, y, shape_of(x)[0]),
    lambda g, out, x, y: _convolve_rule(g, x, shape_of(y)[0]),
    linear=True,
    infer=lambda x, y: Abstract(
        (shape_of(x)[0] + shape_of(y)[0] - 1,), np.result_type(x.dtype, y.dtype)
    ),
    samples=(Sample(((5,), (3,))), Sample(((1,), (4,)))),
    doc="Σ_j x_j y_{k-j}; correlates with the other",
)


def _sequence(x: Any, name: str) -> Any:
    x = lib.asarray(x)
    if len(shape_of(x)) > 1:
        raise ShapeError(f"{name}: the operands must have one axis, got shape {shape_of(x)}")
    if x.size == 0:
        raise ArgumentError(f"{name}: the operands cannot be empty")
    return reshape(x, (-1,))


def _mode(mode: Any, name: str) -> str:
    mode = {0: "valid", 1: "same", 2: "full"}.get(mode, mode)
    if mode not in ("valid", "same", "full"):
        raise ArgumentError(f"{name}: mode must be 'valid', 'same' or 'full', not {mode!r}")
    return str(mode)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """``np.convolve``: the discrete convolution of two sequences."""
    a, v = _sequence(a, "convolve"), _sequence(v, "convolve")
    mode = _mode(mode, "convolve")
    if shape_of(v)[0] > shape_of(a)[0]:
        a, v = v, a
    return _cut(_convolve(a, v), shape_of(a)[0], shape_of(v)[0], mode)


def _cut(full: Any, long: int, short: int, mode: str) -> Any:
    """The part of a full convolution that ``mode`` keeps."""
    if mode == "full":
        return full
    if mode == "valid":
        return lib.getitem(full, slice(short - 1, long))
    start = short - 1 - short // 2
    return lib.getitem(full, slice(start, start + long))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """``np.correlate``: ``c_k = Σ_n a_{n+k} v_n``."""
    a, v = _sequence(a, "correlate"), _sequence(v, "correlate")
    mode = _mode(mode, "correlate")
    if shape_of(v)[0] > shape_of(a)[0]:  # c_k of (a, v) is c_{-k} of (v, a)
        return lib.flip(correlate(v, a, mode))
    return _cut(_convolve(a, lib.flip(v)), shape_of(a)[0], shape_of(v)[0], mode)
