"""``np.pad`` in all of its modes that have a meaning.

Constant padding is an op. The modes that repeat elements read them at the places NumPy would; the
others compute a border and join it on. Axes are padded one after the other, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.ops.quantiles import median
from chainrule.ops.scan import along
from chainrule.ops.shape import broadcast_to, concatenate, shape_of

__all__ = ["pad"]

Widths = tuple[tuple[int, int], ...]


def _inside(widths: Widths, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(before, before + n) for (before, _), n in zip(widths, shape))


_pad_zeros: Op = defop(
    "pad",
    lambda x, widths: np.pad(x, widths) if widths else np.array(x),
    lambda g, out, x, widths: lib.getitem(g, _inside(widths, shape_of(x))),
    linear=True,
    infer=lambda x, widths: Abstract(
        tuple(n + before + after for n, (before, after) in zip(shape_of(x), widths)), x.dtype
    ),
    samples=(
        Sample(((2, 3),), {"widths": ((1, 2), (0, 1))}),
        Sample(((0,),), {"widths": ((2, 0),)}),
    ),
    doc="x with zeros around it; cuts back",
)


def _as_pairs(value: Any, ndim: int, name: str, integer: bool = False) -> list[tuple[Any, Any]]:
    """NumPy's short forms: one number, one pair, or a pair for each axis."""
    if value is None:
        return [(None, None)] * ndim
    given = np.asarray(value)
    if integer:
        if given.dtype.kind not in "iu":
            raise UnsupportedError(f"pad: {name} must be integers, not {given.dtype}")
        if given.size and given.min() < 0:
            raise ArgumentError(f"pad: {name} cannot be negative")
    try:
        pairs = np.broadcast_to(given, (ndim, 2))
    except ValueError:
        raise ShapeError(
            f"pad: {name} of shape {given.shape} does not fit {ndim} axes: give a number, a pair, "
            "or a pair for each axis"
        ) from None
    return [(low.item(), high.item()) for low, high in pairs]


def _widths(pad_width: Any, ndim: int) -> Widths:
    if isinstance(pad_width, dict):
        table: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            table[axis] = width if isinstance(width, tuple) else (width, width)
        pad_width = table
    if ndim == 0:
        return ()
    return tuple(_as_pairs(pad_width, ndim, "pad_width", integer=True))


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """``np.pad``: a border around an array.

    Parameters
    ----------
    array : array_like
    pad_width : int, pair, sequence of pairs, or dict
        How many elements before and after, for each axis.
    mode : str
        ``'constant'`` (with ``constant_values``), ``'edge'``, ``'reflect'``, ``'symmetric'``,
        ``'wrap'``, ``'linear_ramp'`` (``end_values``), ``'mean'``, ``'median'``, ``'maximum'``,
        ``'minimum'`` (``stat_length``).

    Examples
    --------
    >>> cr.grad(lambda x: cr.pad(x, 1, "edge").sum())(np.array([1.0, 2.0, 3.0]))
    array([2., 1., 2.])
    """
    x = lib.asarray(array)
    ndim = len(shape_of(x))
    widths = _widths(pad_width, ndim)
    if callable(mode) or mode == "empty":
        raise UnsupportedError(
            f"pad: mode={mode!r} has no derivative; use one of the named modes, such as 'constant'"
        )
    allowed = {
        "constant": {"constant_values"},
        "linear_ramp": {"end_values"},
        "reflect": {"reflect_type"},
        "symmetric": {"reflect_type"},
        "edge": set(),
        "wrap": set(),
        **{key: {"stat_length"} for key in _STATISTICS},
    }
    if mode not in allowed:
        raise ArgumentError(f"pad: mode {mode!r} is not known; one of {', '.join(allowed)} is")
    unknown = set(kwargs) - allowed[mode]
    if unknown:
        raise ArgumentError(f"pad: mode {mode!r} does not take {', '.join(sorted(unknown))}")
    for axis, (n, width) in enumerate(zip(shape_of(x), widths)):
        if n == 0 and any(width) and mode != "constant":
            raise ArgumentError(
                f"pad: axis {axis} is empty, so mode {mode!r} has nothing to extend; "
                "only 'constant' can"
            )
    if mode == "constant":
        return _constant(x, widths, kwargs.get("constant_values", 0))
    if mode in _STATISTICS:
        lengths = _as_pairs(kwargs.get("stat_length"), ndim, "stat_length")
        return _each_axis(x, widths, _statistic, mode, lengths)
    if mode == "linear_ramp":
        ends = _as_pairs(kwargs.get("end_values", 0), ndim, "end_values")
        return _each_axis(x, widths, _ramp, ends)
    return _each_axis(x, widths, _repeating, mode, kwargs)


def _constant(x: Any, widths: Widths, values: Any) -> Any:
    if not isinstance(values, int | float) or values != 0:
        return _each_axis(x, widths, _constant_axis, _constant_pairs(values, widths))
    return _pad_zeros(x, widths=widths)


def _constant_pairs(values: Any, widths: Widths) -> list[tuple[Any, Any]]:
    if hasattr(values, "shape") and not values.shape:
        return [(values, values)] * len(widths)  # a number, which may be a tensor
    return _as_pairs(values, len(widths), "constant_values")


def _each_axis(x: Any, widths: Widths, pad_axis: Callable[..., Any], *options: Any) -> Any:
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = pad_axis(x, axis, before, after, *options)
    return x


def _border(x: Any, axis: int, width: int, value: Any) -> Any:
    """``value`` (one wide along ``axis``, or a number) repeated to a border."""
    shape = list(shape_of(x))
    shape[axis] = width
    value = lib.asarray(value)
    if value.dtype != x.dtype:
        value = lib.astype(value, x.dtype)
    return broadcast_to(value, tuple(shape))


def _constant_axis(x: Any, axis: int, before: int, after: int, values: Any) -> Any:
    low, high = values[axis]
    return concatenate([_border(x, axis, before, low), x, _border(x, axis, after, high)], axis=axis)


def _repeating(x: Any, axis: int, before: int, after: int, mode: Any, options: Any) -> Any:
    n = shape_of(x)[axis]
    if options.get("reflect_type", "even") == "odd":
        return _odd_reflection(x, axis, before, after, mode)
    places = np.pad(np.arange(n), (before, after), mode, **options)
    return lib.getitem(x, along(axis, places))


def _odd_reflection(x: Any, axis: int, before: int, after: int, mode: str) -> Any:
    """Twice the edge minus the reflection; a border wider than the array is made in steps."""
    period = shape_of(x)[axis]
    skip = 0 if mode == "symmetric" else 1  # 'reflect' does not repeat the edge
    if period == 1 and skip:
        return lib.getitem(x, along(axis, np.zeros(1 + before + after, np.intp)))
    while before or after:
        n = shape_of(x)[axis]
        whole = n // period * period if not skip else (n - 1) // (period - 1) * (period - 1)
        left, right = min(whole, before), min(whole, after)
        low = lib.getitem(x, along(axis, slice(skip, left + skip)))
        high = lib.getitem(x, along(axis, slice(n - skip - right, n - skip)))
        first = 2 * lib.getitem(x, along(axis, slice(0, 1))) - lib.flip(low, axis)
        last = 2 * lib.getitem(x, along(axis, slice(n - 1, n))) - lib.flip(high, axis)
        x = concatenate([first, x, last], axis=axis)
        before, after = before - left, after - right
    return x


def _ramp(x: Any, axis: int, before: int, after: int, ends: Any) -> Any:
    column = (-1,) + (1,) * (len(shape_of(x)) - axis - 1)

    def ramp(edge: Any, end: Any, width: int) -> Any:
        fraction = (np.arange(width) / width).reshape(column) if width else np.zeros(column)[:0]
        made = end + (edge - end) * fraction.astype(x.dtype if x.dtype.kind == "f" else np.float64)
        if x.dtype.kind in "iu":
            made = lib.floor(made)  # as NumPy's linspace
        return made if made.dtype == x.dtype else lib.astype(made, x.dtype)

    first = ramp(lib.getitem(x, along(axis, slice(0, 1))), ends[axis][0], before)
    last = ramp(lib.getitem(x, along(axis, slice(-1, None))), ends[axis][1], after)
    return concatenate([first, x, lib.flip(last, axis)], axis=axis)


_STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": lambda part, axis: lib.max(part, axis=axis, keepdims=True),
    "minimum": lambda part, axis: lib.min(part, axis=axis, keepdims=True),
    "mean": lambda part, axis: lib.mean(part, axis=axis, keepdims=True),
    "median": lambda part, axis: median(part, axis=axis, keepdims=True),
}


def _statistic(x: Any, axis: int, before: int, after: int, mode: str, lengths: Any) -> Any:
    n = shape_of(x)[axis]
    low, high = (n if length is None else min(length, n) for length in lengths[axis])
    if min(low, high) < 1:
        raise ArgumentError("pad: stat_length must be at least 1")

    def border(part: Any, width: int) -> Any:
        value = _STATISTICS[mode](part, axis)
        if x.dtype.kind in "iu" and value.dtype.kind == "f":
            value = lib.rint(value)
        return _border(x, axis, width, value)

    first = border(lib.getitem(x, along(axis, slice(0, low))), before)
    last = border(lib.getitem(x, along(axis, slice(n - high, None))), after)
    return concatenate([first, x, last], axis=axis)
