"""Joining arrays and cutting them up: hstack, block, append, insert, delete, split and relatives."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.arrange import atleast_1d, atleast_2d, atleast_3d
from chainrule.ops.scan import along
from chainrule.ops.shape import (
    astype,
    broadcast_to,
    concatenate,
    moveaxis,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
)

__all__ = [
    "append",
    "array_split",
    "block",
    "column_stack",
    "concat",
    "delete",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "insert",
    "row_stack",
    "split",
    "unstack",
    "vsplit",
    "vstack",
]

concat = concatenate


def _each(widen: Any, tup: Any) -> list[Any]:
    if isinstance(tup, Tensor):
        tup = list(tup)
    return [widen(a) for a in tup]


def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """``np.hstack``: joined along the second axis (the first, for 1-d arrays)."""
    arrays = _each(atleast_1d, tup)
    axis = 0 if arrays and len(shape_of(arrays[0])) == 1 else 1
    return concatenate(arrays, axis, dtype=dtype)


def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """``np.vstack``: joined along the first axis, 1-d arrays as rows."""
    return concatenate(_each(atleast_2d, tup), 0, dtype=dtype)


row_stack = vstack


def dstack(tup: Any) -> Any:
    """``np.dstack``: joined along the third axis."""
    return concatenate(_each(atleast_3d, tup), 2)


def column_stack(tup: Any) -> Any:
    """``np.column_stack``: 1-d arrays as the columns of a matrix."""
    return concatenate(_each(_as_column, tup), 1)


def _as_column(a: Any) -> Any:
    a = lib.asarray(a)
    return reshape(a, (-1, 1)) if len(shape_of(a)) < 2 else a


def block(arrays: Any) -> Any:
    """``np.block``: an array from nested lists of blocks; the innermost lists run along the last axis."""
    depth = _depth(arrays)
    ndim = max([depth, *(len(shape_of(leaf)) for leaf in _leaves(arrays))])
    return _assemble(arrays, depth, ndim)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ArgumentError("block: lists cannot be empty")
    depths = {_depth(item) for item in arrays}
    if len(depths) > 1:
        raise ArgumentError("block: all blocks must be nested equally deep")
    return 1 + depths.pop()


def _leaves(arrays: Any) -> list[Any]:
    if not isinstance(arrays, list):
        return [lib.asarray(arrays)]
    return [leaf for item in arrays for leaf in _leaves(item)]


def _assemble(arrays: Any, depth: int, ndim: int) -> Any:
    if not isinstance(arrays, list):
        leaf = lib.asarray(arrays)
        return lib.copy(reshape(leaf, (1,) * (ndim - len(shape_of(leaf))) + shape_of(leaf)))
    return concatenate([_assemble(item, depth - 1, ndim) for item in arrays], axis=-depth)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """``np.append``: ``values`` joined to the end (both flattened without ``axis``)."""
    if axis is None:
        return concatenate([ravel(lib.asarray(arr)), ravel(lib.asarray(values))])
    return concatenate([arr, values], axis=axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """``np.insert``: ``values`` put in before the places ``obj`` of ``arr``.

    NumPy itself says where the elements go: it inserts places into places.
    """
    arr, values = lib.asarray(arr), lib.asarray(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axis(axis, len(shape_of(arr)))
    n = shape_of(arr)[axis]
    obj = _plain_index(obj)
    scalar = not isinstance(obj, slice) and np.ndim(obj) == 0
    shape = shape_of(values)
    if scalar:
        # as NumPy: one place takes a whole block, the axis of which is the first of `values`
        values = reshape(values, (1,) * (len(shape_of(arr)) - len(shape)) + shape)
        values = moveaxis(values, 0, axis) if len(shape_of(values)) else values
        count = shape_of(values)[axis]
    else:
        taken = np.arange(n + 1)[obj] if isinstance(obj, slice) else np.asarray(obj)
        count = int(taken.sum()) if taken.dtype == bool else taken.size
    block_shape = (*shape_of(arr)[:axis], count, *shape_of(arr)[axis + 1 :])
    places = np.insert(np.arange(n), obj, n + np.arange(count))
    joined = concatenate(
        [arr, astype(broadcast_to(values, block_shape), arr.dtype)],
        axis=axis,
    )
    return lib.getitem(joined, along(axis, places))


def _plain_index(obj: Any) -> Any:
    if isinstance(obj, Tensor):
        return obj.detach().numpy()
    return obj


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """``np.delete``: what is left without the elements ``obj`` along ``axis``."""
    arr = lib.asarray(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axis(axis, len(shape_of(arr)))
    kept = np.delete(np.arange(shape_of(arr)[axis]), _plain_index(obj))
    return lib.getitem(arr, along(axis, kept))


# ---- cutting up


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """``np.array_split``: parts along an axis, of nearly equal lengths or cut at given places."""
    ary = lib.asarray(ary)
    axis = normalize_axis(axis, len(shape_of(ary)))
    n = shape_of(ary)[axis]
    if np.ndim(indices_or_sections) == 0:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ArgumentError(
                f"array_split: the number of parts must be positive, not {sections}"
            )
        each, extra = divmod(n, sections)
        bounds = np.cumsum([0] + [each + 1] * extra + [each] * (sections - extra)).tolist()
    else:
        bounds = [0, *(int(i) for i in indices_or_sections), n]
    return [
        lib.getitem(ary, along(axis, slice(start, stop)))
        for start, stop in itertools.pairwise(bounds)
    ]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """``np.split``: parts along an axis, of equal lengths or cut at given places.

    Raises
    ------
    ArgumentError
        If the axis does not divide into that many equal parts.
    """
    ary = lib.asarray(ary)
    axis = normalize_axis(axis, len(shape_of(ary)))
    if np.ndim(indices_or_sections) == 0:
        n = shape_of(ary)[axis]
        if int(indices_or_sections) <= 0 or n % int(indices_or_sections):
            raise ArgumentError(
                f"split: {n} elements along axis {axis} do not divide into "
                f"{indices_or_sections} equal parts (array_split allows unequal ones)"
            )
    return array_split(ary, indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``np.hsplit``: split along the second axis (the first, for a 1-d array)."""
    _at_least(ary, 1, "hsplit")
    return split(ary, indices_or_sections, 0 if len(shape_of(ary)) == 1 else 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``np.vsplit``: split along the first axis."""
    _at_least(ary, 2, "vsplit")
    return split(ary, indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``np.dsplit``: split along the third axis."""
    _at_least(ary, 3, "dsplit")
    return split(ary, indices_or_sections, 2)


def _at_least(x: Any, ndim: int, name: str) -> None:
    if len(shape_of(x)) < ndim:
        raise ShapeError(f"{name} needs an array with at least {ndim} axes, not {shape_of(x)}")


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """``np.unstack``: the slices along an axis, as a tuple."""
    x = lib.asarray(x)
    if not shape_of(x):
        raise ShapeError("unstack: the input must have at least one axis")
    axis = normalize_axis(axis, len(shape_of(x)))
    return tuple(lib.getitem(x, along(axis, i)) for i in range(shape_of(x)[axis]))
