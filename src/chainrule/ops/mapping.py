"""Functions of functions: apply_along_axis, apply_over_axes; and trim_zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.ops.along_axis import values_of
from chainrule.ops.shape import moveaxis, normalize_axes, normalize_axis, reshape, shape_of, stack

__all__ = ["apply_along_axis", "apply_over_axes", "trim_zeros"]


def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """``np.apply_along_axis``: a function of vectors applied along an axis, slice by slice."""
    arr = lib.asarray(arr)
    axis = normalize_axis(axis, len(shape_of(arr)))
    moved = moveaxis(arr, axis, -1)
    lead = shape_of(moved)[:-1]
    results = [
        lib.asarray(func1d(lib.getitem(moved, place), *args, **kwargs))
        for place in np.ndindex(*lead)
    ]
    joined = reshape(stack(results), lead + shape_of(results[0]))
    extra = len(shape_of(results[0]))
    return moveaxis(
        joined, tuple(range(len(lead), len(lead) + extra)), tuple(range(axis, axis + extra))
    )


def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """``np.apply_over_axes``: a reduction applied over one axis after the other, axes kept."""
    a = lib.asarray(a)
    for axis in normalize_axes(axes, len(shape_of(a))):
        reduced = func(a, axis)
        if len(shape_of(reduced)) < len(shape_of(a)):
            reduced = lib.expand_dims(reduced, axis)
        a = reduced
    return a


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """``np.trim_zeros``: without the zeros at the ends."""
    filt = lib.asarray(filt)
    places = np.nonzero(values_of(filt, "trim_zeros"))
    axes = normalize_axes(axis, len(shape_of(filt)))
    index: list[Any] = [slice(None)] * len(shape_of(filt))
    for a in axes:
        n = shape_of(filt)[a]
        start = int(places[a].min()) if places[a].size and "f" in trim.lower() else 0
        stop = int(places[a].max()) + 1 if places[a].size and "b" in trim.lower() else n
        index[a] = slice(start, stop) if places[a].size else slice(0, 0)
    return lib.getitem(filt, tuple(index))
