"""Ops that move elements: reshape, transpose, broadcast, join, cast.

All are linear, so forward mode applies the op itself. ``reshape``, ``transpose`` and basic indexing
give views as in NumPy: writing through the result reaches the base (see ``core/tensor.py``).
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from chainrule.core.lib import lib
from chainrule.core.messages import where as source_line
from chainrule.core.op import STATE, Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import AxisError, DtypeError, ShapeError

__all__ = [
    "astype",
    "broadcast_to",
    "concatenate",
    "copy",
    "expand_dims",
    "moveaxis",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "stack",
    "stop_gradient",
    "sum_to",
    "swapaxes",
    "transpose",
]


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape of an array, tensor or number."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def normalize_axis(axis: Any, ndim: int) -> int:
    """``axis`` counted from the front; an AxisError with NumPy's meaning if there is none such."""
    try:
        return normalize_axis_index(axis, ndim)
    except np.exceptions.AxisError as error:
        raise AxisError(f"{error}{source_line()}") from None


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """A tuple of axes counted from the front; ``None`` means all."""
    if axis is None:
        return tuple(range(ndim))
    try:
        return normalize_axis_tuple(axis, ndim)
    except np.exceptions.AxisError as error:
        raise AxisError(f"{error}{source_line()}") from None


# ---- casting and copying


def _astype_rule(g: Any, out: Any, x: Any, dtype: Any) -> Any:
    return astype(g, x.dtype)


_astype: Op = defop(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype),
    _astype_rule,
    infer=lambda x, dtype: Abstract(tuple(np.shape(x)), np.dtype(dtype)),
    samples=(Sample(((2, 3),), {"dtype": np.dtype(np.float64)}),),
    doc="x in another dtype; 1 (cast back)",
)
_astype_constant: Op = defop(
    "astype_constant",
    lambda x, dtype: np.asarray(x).astype(dtype),
    infer=lambda x, dtype: Abstract(tuple(np.shape(x)), np.dtype(dtype)),
    samples=(Sample(((2, 3),), {"dtype": np.dtype(np.int64)}),),
    doc="x in an integer or boolean dtype; no derivative",
)


def astype(x: Any, dtype: Any, **_: Any) -> Any:
    """``x`` with another dtype; the gradient is cast back.

    Raises
    ------
    DtypeError
        For a cast of a tensor that requires gradients to integers or booleans, which would
        lose them silently: use ``t.detach().astype(int)``.
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return _astype(x, dtype=dtype)
    if dtype.kind not in "iub":
        raise DtypeError(f"a tensor holds real numbers or booleans, not {dtype}")
    if isinstance(x, Tensor) and x.requires_grad and STATE.grad_enabled:
        raise DtypeError(
            f"casting a tensor that requires gradients to {dtype} would lose them silently; "
            "write t.detach().astype(...) if that is meant"
        )
    return _astype_constant(x, dtype=dtype)


copy: Op = defop(
    "copy",
    lambda x: np.array(x),
    lambda g, out, x: g,
    linear=True,
    samples=(Sample(((2, 3),)),),
    doc="the same values in new memory; 1",
)
stop_gradient: Op = defop(
    "stop_gradient",
    lambda x: x,
    samples=(Sample(((2, 3),)),),
    doc="x; 0 on purpose",
)

# ---- shapes


def _broadcast_to_rule(g: Any, out: Any, x: Any, shape: Any) -> Any:
    return sum_to(g, shape_of(x))


_broadcast_to: Op = defop(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    _broadcast_to_rule,
    linear=True,
    infer=lambda x, shape: Abstract(_broadcastable(shape_of(x), shape), x.dtype),
    samples=(
        Sample(((3, 1),), {"shape": (2, 3, 4)}),
        Sample(((),), {"shape": (2,)}),
        Sample(((1, 3),), {"shape": (0, 3)}),
    ),
    doc="x repeated along new and unit axes; sums back",
)


def _broadcastable(source: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    if np.broadcast_shapes(source, target) != tuple(target):
        raise ValueError(f"shape {source} does not broadcast to {tuple(target)}")
    return tuple(target)


def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """``x`` broadcast to ``shape``: ``np.broadcast_to``. The gradient sums over what was repeated."""
    shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    if shape_of(array) == shape and hasattr(array, "shape"):
        return array
    return _broadcast_to(array, shape=shape)


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The transpose of broadcasting: sum over the axes along which ``shape`` was repeated."""
    have = shape_of(x)
    if have == shape:
        return x
    lead = len(have) - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, n in enumerate(shape) if n == 1 and have[lead + i] != 1
    )
    return reshape(lib.sum(x, axis=axes), shape)


def _reshape_rule(g: Any, out: Any, x: Any, shape: Any) -> Any:
    return _reshape(g, shape=shape_of(x))


_reshape: Op = defop(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    _reshape_rule,
    linear=True,
    infer=lambda x, shape: Abstract(shape, x.dtype),
    samples=(
        Sample(((2, 6),), {"shape": (3, 4)}),
        Sample(((),), {"shape": (1, 1)}),
        Sample(((0, 3),), {"shape": (3, 0)}),
    ),
    doc="the same elements in another shape; reshapes back",
)


def _resolve_shape(old: tuple[int, ...], new: Any) -> tuple[int, ...]:
    wanted = [int(n) for n in ((new,) if isinstance(new, int | np.integer) else new)]
    size = math.prod(old)
    if wanted.count(-1) == 1:
        rest = math.prod(n for n in wanted if n != -1)
        if rest and size % rest == 0:
            wanted[wanted.index(-1)] = size // rest
    if builtins.any(n < 0 for n in wanted) or math.prod(wanted) != size:
        raise ShapeError(
            f"reshape: {size} elements (shape {old}) do not fit into shape {tuple(wanted)}"
            + source_line()
        )
    return tuple(wanted)


def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """``np.reshape``: the same elements in another shape. One length may be -1.

    Raises
    ------
    ShapeError
        If the numbers of elements differ.
    """
    if order == "F":
        resolved = _resolve_shape(shape_of(a), shape)
        return transpose(reshape(transpose(a), resolved[::-1]))
    if order not in ("C", "A", "K"):
        raise ShapeError(f"reshape: order must be 'C' or 'F', not {order!r}")
    old = shape_of(a)
    resolved = _resolve_shape(old, shape)
    made = _reshape(a, shape=resolved)
    return _view(
        a,
        made,
        lambda base: _reshape(base, shape=resolved),
        lambda base, new: _reshape(new, shape=old),
    )


def _view(base: Any, made: Any, read: Any, write: Any) -> Any:
    if isinstance(base, Tensor):
        base._add_view(made, read, write)
    return made


def ravel(a: Any, order: str = "C") -> Any:
    """``np.ravel``: one axis."""
    return reshape(a, (-1,) if math.prod(shape_of(a)) else (0,), order=order)


def _transpose_rule(g: Any, out: Any, x: Any, axes: Any) -> Any:
    return _transpose(g, axes=_inverse(axes))


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis] = position
    return tuple(inverse)


_transpose: Op = defop(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    _transpose_rule,
    linear=True,
    infer=lambda x, axes: Abstract(tuple(x.shape[a] for a in axes), x.dtype),
    samples=(
        Sample(((2, 3),), {"axes": (1, 0)}),
        Sample(((2, 3, 4),), {"axes": (2, 0, 1)}),
        Sample(((),), {"axes": ()}),
    ),
    doc="axes in another order; the inverse order",
)


def transpose(a: Any, axes: Any = None) -> Any:
    """``np.transpose``: axes in another order, reversed by default."""
    ndim = len(shape_of(a))
    if axes is None:
        axes = tuple(range(ndim))[::-1]
    else:
        axes = (axes,) if isinstance(axes, int) else tuple(axes)
        if len(axes) != ndim:
            raise ShapeError(f"transpose: axes {axes} for an array with {ndim} axes")
        axes = normalize_axes(axes, ndim)
    made = _transpose(a, axes=axes)
    inverse = _inverse(axes)
    return _view(
        a,
        made,
        lambda base: _transpose(base, axes=axes),
        lambda base, new: _transpose(new, axes=inverse),
    )


permute = transpose


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """``np.swapaxes``: two axes exchanged."""
    ndim = len(shape_of(a))
    axes = list(range(ndim))
    first, second = normalize_axis(axis1, ndim), normalize_axis(axis2, ndim)
    axes[first], axes[second] = axes[second], axes[first]
    return transpose(a, axes)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """``np.moveaxis``: axes moved to new places, the others keep their order."""
    ndim = len(shape_of(a))
    sources = normalize_axes(source, ndim)
    places = normalize_axes(destination, ndim)
    if len(sources) != len(places):
        raise ShapeError("moveaxis: source and destination must have as many axes")
    order = [n for n in range(ndim) if n not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return transpose(a, order)


def expand_dims(a: Any, axis: int | Sequence[int]) -> Any:
    """``np.expand_dims``: new axes of length 1."""
    axes = (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    ndim = len(shape_of(a)) + len(axes)
    places = normalize_axes(axes, ndim)
    lengths = iter(shape_of(a))
    return reshape(a, tuple(1 if i in places else next(lengths) for i in range(ndim)))


def squeeze(a: Any, axis: int | Sequence[int] | None = None) -> Any:
    """``np.squeeze``: axes of length 1 removed."""
    shape = shape_of(a)
    if axis is None:
        return reshape(a, tuple(n for n in shape if n != 1))
    axes = normalize_axes(axis, len(shape))
    wrong = [a for a in axes if shape[a] != 1]
    if wrong:
        raise ShapeError(
            f"squeeze: axis {wrong[0]} of shape {shape} has length {shape[wrong[0]]}, not 1"
        )
    return reshape(a, tuple(n for i, n in enumerate(shape) if i not in axes))


# ---- joining


def _concatenate_rule(index: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    start = builtins.sum(shape_of(x)[axis] for x in xs[:index])
    stop = start + shape_of(xs[index])[axis]
    return lib.getitem(g, (slice(None),) * axis + (slice(start, stop),))


def _concatenate_infer(*xs: Any, axis: int) -> Abstract:
    shapes = [shape_of(x) for x in xs]
    first = shapes[0]
    for other in shapes[1:]:
        if (
            len(other) != len(first)
            or other[:axis] + other[axis + 1 :] != first[:axis] + first[axis + 1 :]
        ):
            raise ValueError(f"all shapes must agree except along axis {axis}")
    length = builtins.sum(s[axis] for s in shapes)
    return Abstract(
        (*first[:axis], length, *first[axis + 1 :]), np.result_type(*(x.dtype for x in xs))
    )


def _concatenate_jvp_forward(*xs: Any, axis: int) -> Any:
    return np.concatenate(xs, axis=axis)


_concatenate: Op = defop(
    "concatenate",
    _concatenate_jvp_forward,
    variadic=_concatenate_rule,
    infer=_concatenate_infer,
    samples=(
        Sample(((2, 3), (1, 3)), {"axis": 0}),
        Sample(((2, 3), (2, 2), (2, 0)), {"axis": 1}),
    ),
    doc="arrays joined along an axis; each gets its slice",
)


def concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None, **_: Any) -> Any:
    """``np.concatenate``: arrays joined along an existing axis (``None``: flattened first)."""
    arrays = [lib.asarray(a) for a in arrays]
    if not arrays:
        raise ShapeError("concatenate: need at least one array")
    if axis is None:
        arrays, axis = [ravel(a) for a in arrays], 0
    axis = normalize_axis(axis, len(shape_of(arrays[0])))
    made = _concatenate(*arrays, axis=axis)
    return made if dtype is None else astype(made, dtype)


def stack(arrays: Any, axis: int = 0, dtype: Any = None, **_: Any) -> Any:
    """``np.stack``: arrays of one shape joined along a new axis."""
    arrays = [lib.asarray(a) for a in arrays]
    if not arrays:
        raise ShapeError("stack: need at least one array")
    if len({shape_of(a) for a in arrays}) != 1:
        raise ShapeError(f"stack: all shapes must be equal, got {[shape_of(a) for a in arrays]}")
    axis = normalize_axis(axis, len(shape_of(arrays[0])) + 1)
    return concatenate([expand_dims(a, axis) for a in arrays], axis=axis, dtype=dtype)
