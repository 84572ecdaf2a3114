"""Reading and writing along an axis by index arrays: take_along_axis, take, choose, select, compress.

An index array may be a Tensor of integers, also one of which only the shape is known.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, DtypeError, ShapeError
from chainrule.ops.scan import along
from chainrule.ops.shape import (
    broadcast_to,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
    stack,
)

__all__ = [
    "add_along_axis",
    "argwhere",
    "choose",
    "compress",
    "copyto",
    "extract",
    "fill_diagonal",
    "piecewise",
    "place",
    "put",
    "put_along_axis",
    "putmask",
    "select",
    "take",
    "take_along_axis",
]

_I = np.array([[2, 0], [0, 0], [1, 1]])


def _add_along_forward(x: Any, indices: Any, axis: int, length: int) -> Any:
    shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
    out = np.zeros(shape, x.dtype)
    grid = list(np.ogrid[tuple(slice(n) for n in x.shape)])
    if grid:
        grid[axis] = indices
    np.add.at(out, tuple(grid), x)
    return out


def _with_length(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    return (*shape[:axis], length, *shape[axis + 1 :])


_take_along: Op = defop(
    "take_along_axis",
    lambda x, indices, axis: np.take_along_axis(np.asarray(x), np.asarray(indices), axis),
    lambda g, out, x, indices, axis: _add_along(g, indices, axis=axis, length=shape_of(x)[axis]),
    linear=True,
    infer=lambda x, indices, axis: Abstract(shape_of(indices), x.dtype),
    samples=(
        Sample(((3, 4), _I), {"axis": 1}),
        Sample(((5,), np.array([4, 4, -1])), {"axis": 0}),
        Sample(((3, 2), np.zeros((0, 2), np.intp)), {"axis": 0}),
    ),
    rejects=(
        (Sample(((3, 4), np.array([[9], [0], [0]])), {"axis": 1}), IndexError, "out of bounds"),
    ),
    doc="x[indices] along an axis, the other axes in step; adds back",
)
_add_along: Op = defop(
    "add_along_axis",
    _add_along_forward,
    lambda g, out, x, indices, axis, length: _take_along(g, indices, axis=axis),
    linear=True,
    infer=lambda x, indices, axis, length: Abstract(
        _with_length(shape_of(x), axis, length), x.dtype
    ),
    samples=(Sample(((3, 2), _I), {"axis": 1, "length": 4}),),
    doc="zeros with x added at indices along an axis; reads back",
)


def _aligned(x: Any, indices: Any, axis: int | None, name: str) -> tuple[Any, Any, int]:
    x, indices = lib.asarray(x), lib.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{name}: indices must be integers, not {indices.dtype}")
    if axis is None:
        if len(shape_of(indices)) != 1:
            raise ShapeError(f"{name}: with axis=None the indices must be 1-d")
        x, axis = ravel(x), 0
    ndim = len(shape_of(x))
    if len(shape_of(indices)) != ndim:
        raise ShapeError(
            f"{name}: indices of shape {shape_of(indices)} for an array of shape {shape_of(x)}: "
            "they need as many axes"
        )
    axis = normalize_axis(axis, ndim)
    try:
        one = np.broadcast_shapes(
            _with_length(shape_of(x), axis, 1), _with_length(shape_of(indices), axis, 1)
        )
    except ValueError:
        raise IndexError(
            f"{name}: apart from axis {axis}, indices of shape {shape_of(indices)} do not broadcast "
            f"with an array of shape {shape_of(x)}"
        ) from None
    x = broadcast_to(x, _with_length(one, axis, shape_of(x)[axis]))
    indices = broadcast_to(indices, _with_length(one, axis, shape_of(indices)[axis]))
    return x, indices, axis


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """``np.take_along_axis``: elements picked along an axis; the gradient adds up where picked twice."""
    arr, indices, axis = _aligned(arr, indices, axis, "take_along_axis")
    return _take_along(arr, indices, axis=axis)


def add_along_axis(arr: Any, indices: Any, values: Any, axis: int | None = -1) -> Any:
    """``arr`` with ``values`` added at ``indices`` along an axis; repeated indices add up."""
    arr = lib.asarray(arr)
    shape = shape_of(arr)
    arr, indices, axis = _aligned(arr, indices, axis, "add_along_axis")
    values = broadcast_to(lib.asarray(values), shape_of(indices))
    if values.dtype != arr.dtype:
        values = lib.astype(values, arr.dtype)
    return reshape(arr + _add_along(values, indices, axis=axis, length=shape_of(arr)[axis]), shape)


def take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise"
) -> Any:
    """``np.take``: ``a[indices]`` along an axis (of the flattened array by default)."""
    if out is not None:
        raise ArgumentError("take: out= is not supported with tensors; assign the result instead")
    a = lib.asarray(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = normalize_axis(axis, len(shape_of(a)))
    indices = _moded(lib.asarray(indices), shape_of(a)[axis], mode, "take")
    return lib.getitem(a, along(axis, indices))


def _moded(indices: Any, n: int, mode: str, name: str) -> Any:
    if indices.size == 0 and not isinstance(indices, Tensor):
        return indices.astype(np.intp)
    if indices.dtype.kind not in "iub":
        raise DtypeError(f"{name}: indices must be integers, not {indices.dtype}")
    if indices.dtype.kind == "b":
        indices = lib.astype(indices, np.intp)
    if mode == "wrap":
        return lib.remainder(indices, n)
    if mode == "clip":
        return lib.minimum(lib.maximum(indices, 0), n - 1)
    if mode != "raise":
        raise ArgumentError(f"{name}: mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
    return indices


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """``np.choose``: element by element, the one of ``choices`` that ``a`` numbers."""
    if out is not None:
        raise ArgumentError("choose: out= is not supported with tensors; assign the result instead")
    arrays = [lib.asarray(c) for c in choices]
    which = _moded(lib.asarray(a), len(arrays), mode, "choose")
    known = which._value if isinstance(which, Tensor) else which
    if not isinstance(known, Abstract) and not np.all((known >= 0) & (known < len(arrays))):
        raise ArgumentError(f"choose: an entry of a is outside the {len(arrays)} choices")
    shape = np.broadcast_shapes(shape_of(which), *(shape_of(c) for c in arrays))
    stacked = stack([broadcast_to(c, shape) for c in arrays])
    picked = take_along_axis(stacked, reshape(broadcast_to(which, shape), (1, *shape)), axis=0)
    return reshape(picked, shape)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """``np.select``: element by element, the choice of the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ArgumentError(
            f"select: {len(condlist)} conditions for {len(choicelist)} choices; as many are needed"
        )
    if not condlist:
        raise ArgumentError("select: at least one condition is needed")
    choices = [lib.asarray(c) for c in choicelist]
    dtype = np.result_type(*(c.dtype for c in choices), getattr(default, "dtype", default))
    result = lib.asarray(default)
    for condition, choice in zip(reversed(list(condlist)), reversed(choices)):
        condition = lib.asarray(condition)
        if condition.dtype.kind != "b":
            raise DtypeError("select: the conditions must be boolean arrays")
        result = lib.where(condition, choice, result)
    return result if result.dtype == dtype else lib.astype(result, dtype)


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """``np.compress``: the slices along an axis where ``condition`` holds."""
    if out is not None:
        raise ArgumentError("compress: out= is not supported with tensors; assign the result")
    a = lib.asarray(a)
    if axis is None:
        a, axis = ravel(a), 0
    condition = values_of(condition, "compress")
    if condition.ndim != 1:
        raise ShapeError(f"compress: condition must have one axis, not shape {condition.shape}")
    return lib.getitem(a, along(normalize_axis(axis, len(shape_of(a))), np.flatnonzero(condition)))


def values_of(x: Any, wish: str) -> Any:
    """The values of something that has no derivative here; a StagingError where there are none."""
    return x._concrete(wish) if isinstance(x, Tensor) else np.asarray(x)


def extract(condition: Any, arr: Any) -> Any:
    """``np.extract``: the elements where ``condition`` holds, as one axis."""
    places = np.flatnonzero(values_of(condition, "extract"))
    return lib.getitem(ravel(lib.asarray(arr)), places)


def argwhere(a: Any) -> Any:
    """``np.argwhere``: the indices of the elements that are not zero, one per row."""
    found = lib.nonzero(lib.atleast_1d(a))
    return (
        stack(found, axis=1) if shape_of(a) else lib.zeros_like(found[0], shape=(found[0].size, 0))
    )


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """``np.piecewise``: functions applied where their condition holds; zero where none does."""
    x = lib.asarray(x)
    if isinstance(condlist, list | tuple) and condlist and not np.ndim(condlist[0]) and shape_of(x):
        condlist = [condlist]
    elif not isinstance(condlist, list | tuple):
        condlist = [condlist] if len(shape_of(condlist)) <= len(shape_of(x)) else list(condlist)
    masks = [values_of(c, "piecewise").astype(bool) for c in condlist]
    if len(funclist) == len(masks) + 1:
        masks.append(~np.any(masks, axis=0))
    elif len(funclist) != len(masks):
        raise ArgumentError(
            f"piecewise: {len(masks)} conditions for {len(funclist)} functions; "
            "as many are needed, or one more as the default"
        )
    result = lib.zeros_like(x)
    for mask, function in zip(masks, funclist):
        mask = np.broadcast_to(mask, shape_of(x))
        if not mask.any():
            continue
        part = function(lib.getitem(x, mask), *args, **kw) if callable(function) else function
        if lib.asarray(part).dtype != result.dtype:
            part = lib.astype(lib.asarray(part), result.dtype)
        result = lib.index_update(result, mask, part)
    return result


# ---- NumPy's functions that write into their first argument


def _write(target: Any, new: Any, name: str) -> None:
    if isinstance(target, Tensor):
        target._replace(new if isinstance(new, Tensor) else lib.constant(new), name)
    elif isinstance(new, Tensor):
        raise DtypeError(
            f"{name}: a NumPy array cannot hold a tensor's graph; make it a tensor first"
        )
    else:
        target[...] = new


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None, mode: str = "") -> None:
    """``np.put_along_axis``: writes ``values`` into ``arr``, which is changed in place."""
    places = np.arange(math.prod(shape_of(arr))).reshape(shape_of(arr))
    indices = values_of(indices, "put_along_axis")
    read = np.take_along_axis(places, indices, axis)
    flat = lib.index_update(
        ravel(arr), read.ravel(), ravel(broadcast_to(lib.asarray(values), read.shape))
    )
    _write(arr, reshape(flat, shape_of(arr)), "put_along_axis")


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """``np.put``: writes ``v`` (repeated as needed) at places of the flattened array, in place."""
    places = np.atleast_1d(_moded(values_of(ind, "put"), a.size, mode, "put")).ravel()
    if places.size and lib.asarray(v).size:
        flat = lib.index_update(ravel(a), places, lib.resize(lib.asarray(v), places.shape))
        _write(a, reshape(flat, shape_of(a)), "put")


def place(arr: Any, mask: Any, vals: Any) -> None:
    """``np.place``: writes the first values (repeated as needed) where ``mask`` holds, in place."""
    places = np.flatnonzero(values_of(mask, "place"))
    if places.size:
        if not lib.asarray(vals).size:
            raise ArgumentError("place: no values to write")
        put(arr, places, vals)


def putmask(a: Any, mask: Any, values: Any) -> None:
    """``np.putmask``: writes the values of the same places (repeated as needed), in place."""
    mask = values_of(mask, "putmask")
    if mask.shape != shape_of(a):
        raise ShapeError(f"putmask: mask {mask.shape} and array {shape_of(a)} must have one shape")
    if lib.asarray(values).size:
        whole = lib.resize(lib.asarray(values), shape_of(a))
        _write(a, lib.where(mask, whole, a), "putmask")


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """``np.copyto``: writes ``src`` into ``dst``, in place."""
    src = broadcast_to(lib.asarray(src), shape_of(dst))
    if not np.can_cast(src.dtype, dst.dtype, casting):  # type: ignore[arg-type]
        raise DtypeError(f"copyto: cannot cast {src.dtype} to {dst.dtype} under {casting!r}")
    if src.dtype != dst.dtype:
        src = lib.astype(src, dst.dtype)
    _write(dst, lib.copy(src) if where is True else lib.where(where, src, dst), "copyto")


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """``np.fill_diagonal``: writes the main diagonal, in place."""
    shape = shape_of(a)
    places = np.zeros(shape, np.intp)
    np.fill_diagonal(places, 1, wrap=wrap)
    put(a, np.flatnonzero(places), val)
