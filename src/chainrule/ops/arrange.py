"""Elements in another order or repeated: flip, roll, rotate, tile, repeat, diagonals, triangles.

Everything here is built from indexing, reshaping, joining and ``where``: the derivatives are theirs.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.scan import along
from chainrule.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    moveaxis,
    normalize_axes,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
    stack,
    transpose,
)

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "diag",
    "diagflat",
    "diagonal",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "meshgrid",
    "repeat",
    "resize",
    "roll",
    "rollaxis",
    "rot90",
    "sliding_window_view",
    "tile",
    "trace",
    "tril",
    "triu",
    "vander",
]


def flip(m: Any, axis: Any = None) -> Any:
    """``np.flip``: the order of elements reversed along ``axis`` (all axes by default)."""
    m = lib.asarray(m)
    axes = normalize_axes(axis, len(shape_of(m)))
    index = [slice(None)] * len(shape_of(m))
    for a in axes:
        index[a] = slice(None, None, -1)
    return lib.getitem(m, tuple(index))


def fliplr(m: Any) -> Any:
    """``np.fliplr``: the second axis reversed."""
    _at_least(m, 2, "fliplr")
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """``np.flipud``: the first axis reversed."""
    _at_least(m, 1, "flipud")
    return flip(m, 0)


def _at_least(x: Any, ndim: int, name: str) -> None:
    if len(shape_of(x)) < ndim:
        raise ShapeError(
            f"{name} needs an array with at least {ndim} axes; this one has shape {shape_of(x)}"
        )


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """``np.rot90``: turned by 90° ``k`` times, from the first of ``axes`` towards the second."""
    m = lib.asarray(m)
    if len(axes) != 2:
        raise ArgumentError(f"rot90: axes must be two, not {tuple(axes)}")
    ndim = len(shape_of(m))
    first, second = normalize_axis(axes[0], ndim), normalize_axis(axes[1], ndim)
    if first == second:
        raise ArgumentError(f"rot90: the two axes must differ, got {tuple(axes)}")
    k %= 4
    if k == 0:
        return lib.getitem(m, Ellipsis)
    if k == 2:
        return flip(m, (first, second))
    turned = lib.swapaxes(flip(m, second) if k == 1 else m, first, second)
    return turned if k == 1 else flip(turned, second)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """``np.roll``: elements moved along ``axis``; those that leave come in at the other end."""
    a = lib.asarray(a)
    if axis is None:
        return reshape(roll(ravel(a), int(np.sum(shift)), 0), shape_of(a))
    shifts, places = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    if shifts.ndim > 1:
        raise ArgumentError("roll: shift and axis must be numbers or 1-d sequences")
    total: dict[int, int] = {}
    for by, place in zip(shifts.tolist(), places.tolist()):
        place = normalize_axis(place, len(shape_of(a)))
        total[place] = total.get(place, 0) + int(by)
    for place, by in total.items():
        n = shape_of(a)[place]
        by = by % n if n else 0
        if by:
            head = lib.getitem(a, along(place, slice(n - by, None)))
            tail = lib.getitem(a, along(place, slice(None, n - by)))
            a = concatenate([head, tail], axis=place)
    return lib.copy(a) if not total else a


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """``np.rollaxis``: one axis moved so that it stands before ``start``."""
    ndim = len(shape_of(a))
    axis = normalize_axis(axis, ndim)
    if not -ndim <= start <= ndim:
        raise np.exceptions.AxisError(f"start {start} is out of bounds for {ndim} axes")
    start += ndim if start < 0 else 0
    return moveaxis(a, axis, start - 1 if axis < start else start)


def matrix_transpose(x: Any, /) -> Any:
    """``np.matrix_transpose``: the last two axes exchanged."""
    _at_least(x, 2, "matrix_transpose")
    return lib.swapaxes(x, -1, -2)


# ---- repeating


def tile(A: Any, reps: Any) -> Any:
    """``np.tile``: the array repeated as a block; the gradient sums over the copies."""
    A = lib.asarray(A)
    counts = tuple(
        int(n) for n in (reps if isinstance(reps, tuple | list | np.ndarray) else [reps])
    )
    shape = shape_of(A)
    width = builtins.max(len(counts), len(shape))
    shape = (1,) * (width - len(shape)) + shape
    counts = (1,) * (width - len(counts)) + counts
    if all(n == 1 for n in counts):
        return lib.copy(reshape(A, shape))
    spread = reshape(A, tuple(m for n in shape for m in (1, n)))
    spread = broadcast_to(spread, tuple(m for c, n in zip(counts, shape) for m in (c, n)))
    return reshape(spread, tuple(c * n for c, n in zip(counts, shape)))


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """``np.repeat``: each element ``repeats`` times, in its place; the gradient sums over the copies."""
    a = lib.asarray(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = normalize_axis(axis, len(shape_of(a)))
    n = shape_of(a)[axis]
    counts = np.asarray(repeats)
    if counts.size == 1:
        count = int(counts.reshape(()))
        if count < 0:
            raise ArgumentError(f"repeat: counts cannot be negative, got {count}")
        shape = shape_of(a)
        wide = broadcast_to(
            expand_dims(a, axis + 1), (*shape[: axis + 1], count, *shape[axis + 1 :])
        )
        return reshape(wide, (*shape[:axis], n * count, *shape[axis + 1 :]))
    if counts.shape != (n,):
        raise ShapeError(f"repeat: {counts.shape} counts for an axis of length {n}")
    return lib.getitem(a, along(axis, np.repeat(np.arange(n), counts)))


def resize(a: Any, new_shape: Any) -> Any:
    """``np.resize``: the elements in another shape, repeated as often as needed."""
    flat = ravel(lib.asarray(a))
    shape = (new_shape,) if isinstance(new_shape, int | np.integer) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ArgumentError("resize: all lengths must be at least 0")
    size, have = math.prod(shape), flat.size
    if have == 0:
        return lib.zeros_like(flat, shape=shape)
    return reshape(lib.getitem(flat, np.arange(size) % have), shape)


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """``np.lib.stride_tricks.sliding_window_view``: every window, along new last axes (a copy)."""
    x = lib.asarray(x)
    lengths = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = normalize_axes(axis, len(shape_of(x)))
    if len(lengths) != len(axes):
        raise ShapeError(f"sliding_window_view: {len(lengths)} lengths for {len(axes)} axes")
    for length, a in zip(lengths, axes):
        n = shape_of(x)[a]
        if not 0 <= length <= n:
            raise ArgumentError(f"sliding_window_view: a window of {length} on an axis of {n}")
        places = np.arange(n - length + 1)[:, None] + np.arange(length)
        x = moveaxis(lib.getitem(x, along(a, places)), a + 1, -1)
    return x


# ---- diagonals and triangles


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """``np.diagonal``: the elements ``a[i, i + offset]``, along a new last axis."""
    a = lib.asarray(a)
    _at_least(a, 2, "diagonal")
    ndim = len(shape_of(a))
    first, second = normalize_axis(axis1, ndim), normalize_axis(axis2, ndim)
    if first == second:
        raise ArgumentError("diagonal: axis1 and axis2 must differ")
    moved = moveaxis(a, (first, second), (-2, -1))
    rows, columns = _diagonal_places(shape_of(moved)[-2], shape_of(moved)[-1], offset)
    return lib.getitem(moved, (Ellipsis, rows, columns))


def _diagonal_places(rows: int, columns: int, k: int) -> tuple[Any, Any]:
    length = builtins.max(0, builtins.min(rows + builtins.min(k, 0), columns - builtins.max(k, 0)))
    places = np.arange(length)
    return places - builtins.min(k, 0), places + builtins.max(k, 0)


def diag(v: Any, k: int = 0) -> Any:
    """``np.diag``: the diagonal of a matrix, or the matrix with a given diagonal."""
    v = lib.asarray(v)
    shape = shape_of(v)
    if len(shape) == 2:
        return diagonal(v, k)
    if len(shape) != 1:
        raise ShapeError(f"diag: the input must have one axis or two, not {len(shape)}")
    n = shape[0] + builtins.abs(k)
    return lib.scatter_add(v, (n, n), _diagonal_places(n, n, k))


def diagflat(v: Any, k: int = 0) -> Any:
    """``np.diagflat``: the matrix whose ``k``-th diagonal holds the flattened input."""
    return diag(ravel(lib.asarray(v)), k)


def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    """``np.trace``: the sum of a diagonal."""
    return lib.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


def _triangle(m: Any, k: int, upper: bool) -> Any:
    m = lib.asarray(m)
    _at_least(m, 1, "triu" if upper else "tril")
    if len(shape_of(m)) == 1:
        m = broadcast_to(m, (shape_of(m)[0], shape_of(m)[0]))
    rows, columns = shape_of(m)[-2:]
    keep = np.tri(rows, columns, k=k - 1 if upper else k, dtype=bool)
    zero = np.zeros((), m.dtype)
    return lib.where(keep, zero, m) if upper else lib.where(keep, m, zero)


def tril(m: Any, k: int = 0) -> Any:
    """``np.tril``: zeros above the ``k``-th diagonal."""
    return _triangle(m, k, False)


def triu(m: Any, k: int = 0) -> Any:
    """``np.triu``: zeros below the ``k``-th diagonal."""
    return _triangle(m, k, True)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """``np.vander``: the columns are powers of ``x``, falling by default."""
    x = lib.asarray(x)
    if len(shape_of(x)) != 1:
        raise ShapeError(f"vander: x must have one axis, not shape {shape_of(x)}")
    count = shape_of(x)[0] if N is None else N
    kind = np.promote_types(x.dtype, int)  # as NumPy: float32 becomes float64
    x = x if x.dtype == kind else lib.astype(x, kind)
    if count == 0:
        return lib.zeros_like(x, shape=(shape_of(x)[0], 0))
    columns = [lib.ones_like(x)]
    for _ in range(count - 1):
        columns.append(columns[-1] * x)
    return stack(columns if increasing else columns[::-1], axis=1)


# ---- common shapes


def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """``np.broadcast_arrays``: every array in the shape they have together."""
    arrays = [lib.asarray(a) for a in args]
    shape = np.broadcast_shapes(*(shape_of(a) for a in arrays))
    return tuple(broadcast_to(a, shape) for a in arrays)


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """``np.meshgrid``: coordinate arrays of a grid."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', not {indexing!r}")
    ndim = len(xi)
    grids = [
        reshape(lib.asarray(x), (1,) * i + (-1,) + (1,) * (ndim - i - 1)) for i, x in enumerate(xi)
    ]
    if indexing == "xy" and ndim > 1:
        order = (1, 0, *range(2, ndim))
        grids = [transpose(grid, order) for grid in grids]
    if not sparse:
        grids = list(broadcast_arrays(*grids))
    return tuple(lib.copy(grid) for grid in grids) if copy else tuple(grids)


def _atleast(ndim: int) -> Any:
    def widen(x: Any) -> Any:
        x = lib.asarray(x)
        shape = shape_of(x)
        if len(shape) >= ndim:
            return x
        if ndim == 3 and len(shape) == 1:
            return reshape(x, (1, *shape, 1))
        if ndim == 3 and len(shape) == 2:
            return reshape(x, (*shape, 1))
        return reshape(x, (1,) * (ndim - len(shape)) + shape)

    def atleast(*arys: Any) -> Any:
        made = tuple(widen(x) for x in arys)
        return made[0] if len(made) == 1 else made

    atleast.__name__ = atleast.__qualname__ = f"atleast_{ndim}d"
    atleast.__doc__ = f"``np.atleast_{ndim}d``: arrays with at least {ndim} axes."
    return atleast


atleast_1d, atleast_2d, atleast_3d = _atleast(1), _atleast(2), _atleast(3)
