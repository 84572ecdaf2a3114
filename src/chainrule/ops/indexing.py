"""Indexing: reading ``x[index]`` and the functional writes behind ``x[index] = v``.

An index is anything NumPy takes: integers, slices, ``None``, ``...``, boolean masks, integer
arrays, and mixtures. Reading is linear; its transpose scatters: elements read twice add up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import STATE, Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import DtypeError, StagingError
from chainrule.ops.shape import shape_of, sum_to

__all__ = ["getitem", "index_add", "index_update", "scatter_add"]


def is_basic(index: Any) -> bool:
    """Whether the index gives a view in NumPy: integers, slices, ``None`` and ``...`` only."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or (isinstance(part, slice | int | np.integer) and not isinstance(part, bool | np.bool_))
        for part in parts
    )


def _freeze(index: Any) -> Any:
    """Tensors in an index become arrays (an index has no derivative)."""
    if isinstance(index, tuple):
        return tuple(_freeze(part) for part in index)
    if isinstance(index, list):
        return _freeze(np.asarray([_freeze(i) for i in index])) if index else np.zeros(0, np.intp)
    if isinstance(index, Tensor):
        value = index.detach()
        if value.dtype.kind == "f":
            raise DtypeError(f"an index must be integers or booleans, not {value.dtype}")
        return value._concrete("indexing")
    if isinstance(index, slice):
        return slice(_bound(index.start), _bound(index.stop), _bound(index.step))
    if isinstance(index, np.ndarray):
        return index.copy() if index.dtype.kind in "iub" else index
    return index


def _bound(part: Any) -> Any:
    return None if part is None else part.__index__()


def _infer_getitem(x: Any, index: Any) -> Abstract:
    dummy = np.broadcast_to(np.zeros((), x.dtype), shape_of(x))
    return Abstract(dummy[index].shape, x.dtype)


_I = np.array([2, 0, 0])

_getitem: Op = defop(
    "getitem",
    lambda x, index: np.asarray(x)[index],
    lambda g, out, x, index: _scatter(g, shape=shape_of(x), index=index),
    linear=True,
    infer=_infer_getitem,
    samples=(
        Sample(((3, 4),), {"index": 1}),
        Sample(((3, 4),), {"index": (slice(None, None, -1), slice(1, 3))}),
        Sample(((3, 4),), {"index": (None, Ellipsis, -1)}),
        Sample(((3, 4),), {"index": _I}),
        Sample(((3, 4),), {"index": (_I, slice(None), None)}),
        Sample(((3, 4),), {"index": np.arange(12).reshape(3, 4) % 2 == 0}),
        Sample(((3, 4),), {"index": (slice(0, 0),)}),
    ),
    rejects=((Sample(((3, 4),), {"index": 7}), IndexError, "out of bounds"),),
    doc="x[index]; scatters back, adding where an element was read twice",
)


def _scatter_forward(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    g = np.asarray(g)
    zeros = np.zeros(shape, g.dtype)
    if is_basic(index):
        zeros[index] = g
    else:
        np.add.at(zeros, index, g)
    return zeros


_scatter: Op = defop(
    "scatter_add",
    _scatter_forward,
    lambda g, out, x, shape, index: _getitem(g, index=index),
    linear=True,
    infer=lambda x, shape, index: Abstract(shape, x.dtype),
    samples=(
        Sample(((3,),), {"shape": (3, 4), "index": (slice(None), 1)}),
        Sample(((3, 4),), {"shape": (3, 4), "index": _I}),
    ),
    doc="zeros with x added at index; reads back",
)


def getitem(x: Any, index: Any) -> Any:
    """``x[index]`` with any of NumPy's indices."""
    if STATE.stage is not None and _has_tensor(index):
        template, arrays = _split(index)
        return _gather(x, *arrays, template=template)
    index = _freeze(index)
    made = _getitem(x, index=index)
    if isinstance(x, Tensor) and is_basic(index) and (made.ndim or _has_ellipsis(index)):
        x._add_view(
            made,
            lambda base: _getitem(base, index=index),
            lambda base, new: index_update(base, index, new),
        )
    return made


def _has_ellipsis(index: Any) -> bool:
    """``x[0, ...]`` is an array of no axes that shares memory; ``x[0]`` of a vector is a scalar."""
    return index is Ellipsis or (isinstance(index, tuple) and any(p is Ellipsis for p in index))


def _has_tensor(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, Tensor) for p in parts)


# ---- indices that are themselves tensors of a graph


class Slot(int):
    """The place of an index tensor in an index: its number among the operands."""


def _split(index: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """An index as a template with :class:`Slot` places, and the tensors that go there."""
    template: list[Any] = []
    arrays: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, Tensor):
            if part.dtype.kind == "f":
                raise DtypeError(f"an index must be integers or booleans, not {part.dtype}")
            template.append(Slot(len(arrays)))
            arrays.append(part)
        else:
            template.append(_freeze(part))
    return tuple(template), arrays


def _filled(template: tuple[Any, ...], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.asarray(arrays[p]) if isinstance(p, Slot) else p for p in template)


def _gather_infer(x: Any, *arrays: Any, template: tuple[Any, ...]) -> Abstract:
    if any(a.dtype.kind == "b" for a in arrays):
        raise StagingError(
            "indexing with a boolean tensor gives a shape that depends on values, which is not "
            "known while a function is traced for compilation; use cr.where(mask, x, 0) instead"
        )
    dummies = tuple(np.zeros(shape_of(a), np.intp) for a in arrays)
    return _infer_getitem(x, _filled(template, dummies))


_gather: Op = defop(
    "gather",
    lambda x, *arrays, template: np.asarray(x)[_filled(template, arrays)],
    lambda g, out, x, *arrays, template: _scatter_tensor(
        g, *arrays, shape=shape_of(x), template=template
    ),
    infer=_gather_infer,
    samples=(Sample(((3, 4), _I), {"template": (Slot(0),)}),),
    doc="x[index] with integer tensors in the index; scatters back, adding",
)
_scatter_tensor: Op = defop(
    "scatter_tensor_add",
    lambda g, *arrays, shape, template: _scatter_forward(g, shape, _filled(template, arrays)),
    lambda g, out, x, *arrays, shape, template: _gather(g, *arrays, template=template),
    infer=lambda g, *arrays, shape, template: Abstract(shape, g.dtype),
    samples=(Sample(((3, 4), _I), {"shape": (3, 4), "template": (Slot(0),)}),),
    doc="zeros with x added at an index of integer tensors; reads back",
)


def _clear_forward(x: Any, index: Any) -> Any:
    result = np.array(x)
    result[index] = 0
    return result


_clear: Op = defop(
    "index_clear",
    _clear_forward,
    lambda g, out, x, index: _clear(g, index=index),
    linear=True,
    infer=lambda x, index: Abstract(shape_of(x), x.dtype),
    samples=(Sample(((3, 4),), {"index": (slice(None), 1)}),),
    doc="x with zeros at index; the same",
)


def _update_forward(x: Any, value: Any, index: Any) -> Any:
    result = np.array(x)
    result[index] = value
    return result


def _update_value_rule(g: Any, out: Any, x: Any, value: Any, index: Any) -> Any:
    return _assigned(g, value_shape=shape_of(value), index=index, shape=shape_of(x))


def _assigned(g: Any, value_shape: tuple[int, ...], index: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of an assigned value: where an element is written twice the last write counts."""
    read = _getitem(g, index=index)
    if not is_basic(index):
        read = read * _last_writer(shape, index).astype(read.dtype)
    extra = len(value_shape) - len(shape_of(read))
    if extra > 0:  # NumPy lets a value have leading axes of length 1
        return lib.reshape(sum_to(read, value_shape[extra:]), value_shape)
    return sum_to(read, value_shape)


def _last_writer(shape: tuple[int, ...], index: Any) -> Any:
    """For each place of ``x[index]``: whether its write is the one that stays."""
    places = np.arange(int(np.prod(shape))).reshape(shape)[index]
    order = np.arange(places.size).reshape(places.shape)
    last = np.full(int(np.prod(shape)), -1)
    last[places.ravel()] = order.ravel()
    return last[places] == order


_update: Op = defop(
    "index_update",
    _update_forward,
    lambda g, out, x, value, index: _clear(g, index=index),
    _update_value_rule,
    infer=lambda x, value, index: Abstract(shape_of(x), x.dtype),
    samples=(
        Sample(((3, 4), (3,)), {"index": (slice(None), 1)}),
        Sample(((3, 4), ()), {"index": (slice(1, 3),)}),
        Sample(((3, 4), (3, 4)), {"index": _I}),
    ),
    rejects=((Sample(((3, 4), (5,)), {"index": 0}), ValueError, "broadcast"),),
    doc="x with value written at index; x keeps the rest, value what was written",
)
_add_at: Op = defop(
    "index_add",
    lambda x, value, index: _add_forward(x, value, index),
    lambda g, out, x, value, index: g,
    lambda g, out, x, value, index: sum_to(_getitem(g, index=index), shape_of(value)),
    infer=lambda x, value, index: Abstract(shape_of(x), x.dtype),
    samples=(Sample(((3, 4), (3, 4)), {"index": _I}),),
    doc="x with value added at index; 1, reads back",
)


def _add_forward(x: Any, value: Any, index: Any) -> Any:
    result = np.array(x)
    np.add.at(result, index, value)
    return result


def index_update(x: Any, index: Any, value: Any) -> Any:
    """``x`` with ``x[index] = value``, as a new array; where written twice, the last write counts."""
    value = lib.asarray(value)
    if isinstance(value, Tensor) and value.requires_grad and x.dtype.kind != "f":
        raise DtypeError(
            f"writing a tensor that requires gradients into a {x.dtype} tensor would lose them"
        )
    return _update(x, value, index=_freeze(index))


def index_add(x: Any, index: Any, value: Any) -> Any:
    """``x`` with ``value`` added at ``index``, repeated indices adding up: ``np.add.at`` as a function."""
    return _add_at(x, lib.asarray(value), index=_freeze(index))


def scatter_add(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of ``shape`` with ``x`` added at ``index``: the transpose of reading ``[index]``.

    Examples
    --------
    >>> cr.scatter_add(np.array([1.0, 2.0, 4.0]), (3,), np.array([0, 2, 2]))
    array([1., 0., 6.])
    """
    return _scatter(lib.asarray(x), shape=tuple(shape), index=_freeze(index))
