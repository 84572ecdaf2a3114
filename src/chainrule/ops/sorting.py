"""Order: sort, argsort, partition, the places of extrema, medians and quantiles, searching, counting.

A sorted array is the array read at places that do not change under a small step, so each of these
is ``take_along_axis`` at places that have no derivative. Where values tie the places are NumPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops.along_axis import values_of
from chainrule.ops.reduction import reduced
from chainrule.ops.shape import normalize_axis, ravel, shape_of

__all__ = [
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "flatnonzero",
    "histogram",
    "lexsort",
    "nanargmax",
    "nanargmin",
    "nonzero",
    "partition",
    "searchsorted",
    "sort",
]

_INTP = np.dtype(np.intp)
_SAMPLES = (
    Sample(((3, 4),), {"axis": 1}),
    Sample(((2, 3, 2),), {"axis": 0}),
    Sample(((0,),), {"axis": 0}),
)


def _infer_places(x: Any, axis: int, **_: Any) -> Abstract:
    return Abstract(shape_of(x), _INTP)


_argsort: Op = defop(
    "argsort",
    lambda x, axis, kind=None: np.argsort(x, axis=axis, kind=kind),
    infer=_infer_places,
    samples=_SAMPLES,
    doc="places in rising order; no derivative",
)
_argpartition: Op = defop(
    "argpartition",
    lambda x, kth, axis: np.argpartition(x, kth, axis=axis),
    infer=_infer_places,
    samples=(Sample(((5,),), {"kth": 2, "axis": 0}), Sample(((3, 4),), {"kth": (0, 2), "axis": 1})),
    doc="places such that the kth element stands where it would if sorted; no derivative",
)


def _axis_first(a: Any, axis: int | None) -> tuple[Any, int]:
    a = lib.asarray(a)
    if axis is None:
        return ravel(a), 0
    return a, normalize_axis(axis, len(shape_of(a)))


def argsort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """``np.argsort``: the places of the elements in rising order. No derivative."""
    a, axis = _axis_first(a, axis)
    return _argsort(a, axis=axis, kind="stable" if stable else kind)


def sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """``np.sort``: rising order; the gradient goes back to where each element came from."""
    a, axis = _axis_first(a, axis)
    return lib.take_along_axis(a, argsort(a, axis, kind, stable=stable), axis=axis)


def argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """``np.argpartition``. No derivative."""
    a, axis = _axis_first(a, axis)
    kth = int(kth) if np.ndim(kth) == 0 else tuple(int(k) for k in kth)
    return _argpartition(a, kth=kth, axis=axis)


def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """``np.partition``: the kth element in its sorted place, smaller ones before it."""
    a, axis = _axis_first(a, axis)
    return lib.take_along_axis(a, argpartition(a, kth, axis), axis=axis)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """``np.lexsort``: the order by several keys, the last one first. No derivative."""
    return lib.constant(np.lexsort([values_of(k, "lexsort") for k in keys], axis))


# ---- places of extrema


def _arg_extremum(name: str, function: Any, doc: str) -> Any:
    op = defop(
        name,
        lambda x, axis=None, keepdims=False: function(x, axis=axis, keepdims=keepdims),
        infer=lambda x, axis=None, keepdims=False: Abstract(
            reduced(shape_of(x), axis, keepdims), _INTP
        ),
        samples=(
            Sample(((3, 4),), {"axis": None, "keepdims": False}),
            Sample(((3, 4),), {"axis": 1, "keepdims": True}),
        ),
        doc=f"{doc}; no derivative",
    )

    def places(a: Any, axis: int | None = None, out: Any = None, *, keepdims: Any = False) -> Any:
        if out is not None:
            raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")
        a = lib.asarray(a)
        if axis is not None:
            axis = normalize_axis(axis, len(shape_of(a)))
        return op(a, axis=axis, keepdims=bool(keepdims))

    places.__name__ = places.__qualname__ = name
    places.__doc__ = f"``np.{name}``: {doc}. No derivative."
    return places


argmax = _arg_extremum("argmax", np.argmax, "the place of the first maximum")
argmin = _arg_extremum("argmin", np.argmin, "the place of the first minimum")
nanargmax = _arg_extremum("nanargmax", np.nanargmax, "the place of the maximum, ignoring NaN")
nanargmin = _arg_extremum("nanargmin", np.nanargmin, "the place of the minimum, ignoring NaN")


# ---- searching and counting


def nonzero(a: Any) -> tuple[Any, ...]:
    """``np.nonzero``: for each axis, the indices of the elements that are not zero. No derivative."""
    a = lib.asarray(a)
    if not shape_of(a):
        raise ArgumentError("nonzero: a 0-d array has no axes; use atleast_1d(x) first")
    return tuple(lib.constant(places) for places in np.nonzero(values_of(a, "nonzero")))


def flatnonzero(a: Any) -> Any:
    """``np.flatnonzero``: the places in the flattened array that are not zero. No derivative."""
    return nonzero(ravel(lib.asarray(a)))[0]


_searchsorted: Op = defop(
    "searchsorted",
    lambda a, v, side="left": np.asarray(np.searchsorted(a, v, side=side)),
    infer=lambda a, v, side="left": Abstract(shape_of(v), _INTP),
    samples=(Sample((np.arange(5.0), (3,)), {"side": "left"}),),
    doc="where v would go into the sorted a; no derivative",
)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """``np.searchsorted``: the places at which ``v`` would keep ``a`` sorted. No derivative."""
    a = lib.asarray(a)
    return _searchsorted(a if sorter is None else lib.take(a, sorter), lib.asarray(v), side=side)


_digitize: Op = defop(
    "digitize",
    lambda x, bins, right=False: np.asarray(np.digitize(x, bins, right)),
    infer=lambda x, bins, right=False: Abstract(shape_of(x), _INTP),
    samples=(Sample(((3,), np.array([-1.0, 0.0, 1.0])), {"right": False}),),
    doc="the bin of each element; no derivative",
)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """``np.digitize``: the number of the bin each element falls into. No derivative."""
    return _digitize(lib.asarray(x), lib.asarray(bins), right=right)


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """``np.bincount``: how often each integer occurs, or the sum of its weights (differentiable)."""
    numbers = values_of(x, "bincount")
    if weights is None:
        return lib.constant(np.bincount(numbers, minlength=minlength))
    counts = np.bincount(numbers, minlength=minlength)  # checks the integers, finds the length
    weights = lib.asarray(weights)
    if shape_of(weights) != numbers.shape:
        raise ArgumentError(
            f"bincount: {shape_of(weights)} weights for integers of shape {numbers.shape}"
        )
    return lib.scatter_add(lib.astype(weights, np.float64), counts.shape, numbers)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any]:
    """``np.histogram``: differentiable in the ``weights``; the data and the edges have no derivative."""
    data = values_of(a, "histogram").ravel()
    if isinstance(weights, Tensor) and weights.size != data.size:
        raise ArgumentError(f"histogram: {weights.size} weights for {data.size} numbers")
    edges = np.histogram_bin_edges(
        data, bins if isinstance(bins, str) else values_of(bins, "histogram")[()], range
    )
    if not isinstance(weights, Tensor):
        counts, edges = np.histogram(data, edges, density=density, weights=weights)
        return lib.constant(counts), lib.constant(edges)
    places = np.searchsorted(edges, data, side="right") - 1
    places[data == edges[-1]] -= 1
    inside = np.flatnonzero((places >= 0) & (places < len(edges) - 1))
    kept = lib.getitem(ravel(weights), inside)
    sums = lib.scatter_add(kept, (len(edges) - 1,), places[inside])
    if density:
        sums = sums / np.diff(edges) / lib.sum(sums)
    return sums, lib.constant(edges)
