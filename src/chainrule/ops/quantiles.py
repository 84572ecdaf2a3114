"""Medians, quantiles and percentiles: a sorted array read between two of its elements.

Hyndman and Fan, "Sample quantiles in statistical packages" (1996), number the methods.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.ops.shape import (
    astype,
    moveaxis,
    normalize_axes,
    reshape,
    shape_of,
    transpose,
)
from chainrule.ops.sorting import sort

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]

# (alpha, beta) of the virtual index n q + alpha + q (1 - alpha - beta) - 1
_CONTINUOUS = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1.0 / 3.0, 1.0 / 3.0),
    "normal_unbiased": (3.0 / 8.0, 3.0 / 8.0),
}
_DISCRETE = (
    "lower",
    "higher",
    "midpoint",
    "nearest",
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
)


def _place(n: Any, q: Any, method: str) -> tuple[Any, Any]:
    """The lower of the two elements to read and the weight of the upper one (NumPy's choices).

    The weight is ``None`` for methods that read one element only.
    """
    last = lib.maximum(n - 1.0, 0.0)
    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        if method == "linear":
            virtual = (n - 1) * q
        elif method == "interpolated_inverted_cdf":
            virtual = n * q - 1.0
        else:
            virtual = n * q + (alpha + q * (1.0 - alpha - beta)) - 1.0
        virtual = lib.minimum(lib.maximum(virtual, 0.0), last)
        lower = lib.floor(lib.stop_gradient(virtual) if isinstance(virtual, Tensor) else virtual)
        return lower, virtual - lower
    q = lib.stop_gradient(q) if isinstance(q, Tensor) else q
    position, count = (n - 1) * q, n * q - 1.0
    floor = lib.floor(position)
    match method:
        case "lower":
            return floor, None
        case "higher":
            return lib.ceil(position), None
        case "nearest":
            return lib.rint(position), None
        case "midpoint":
            return floor, 0.5 * astype(lib.greater(position, floor), np.float64)
        case "inverted_cdf":
            return _within(lib.ceil(count), last), None
        case "closest_observation":
            lower = lib.floor(count - 0.5)
            # halves go to the even one of the two, counted from one
            stay = lib.equal(count - 0.5, lower) & lib.equal(lib.remainder(lower, 2.0), 1.0)
            return _within(lib.where(stay, lower, lower + 1.0), last), None
    lower = lib.floor(count)  # averaged_inverted_cdf
    weight = lib.where(lib.equal(count, lower), 0.5, 1.0)
    return _within(lower, last), lib.where(lib.less(lower, 0.0), 0.0, weight)


def _within(place: Any, last: Any) -> Any:
    return lib.minimum(lib.maximum(place, 0.0), last)


def _quantile(
    a: Any, q: Any, axis: Any, method: Any, keepdims: bool, ignore_nan: bool, weights: Any
) -> Any:
    if weights is not None:
        raise UnsupportedError(
            "quantile: weights= has no differentiable form here; repeat the elements by their "
            "weights (np.repeat), or pass t.detach().numpy() if no gradient is wanted"
        )
    if method not in _CONTINUOUS and method not in (*_DISCRETE, "median"):
        raise ArgumentError(
            f"quantile: method {method!r} is not known; "
            f"one of {', '.join((*_CONTINUOUS, *_DISCRETE))} is expected"
        )
    a, q = lib.asarray(a), lib.asarray(q)
    if q.dtype.kind in "iub":
        q = astype(q, np.float64)
    elif a.dtype.kind == "f" and not shape_of(q) and not isinstance(q, Tensor):
        q = q.astype(a.dtype)  # a Python number is weak
    shape = shape_of(a)
    axes = normalize_axes(axis, len(shape))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    length = math.prod(shape[i] for i in axes)
    tail = tuple(shape[i] for i in rest)
    flat = reshape(transpose(a, rest + axes), (*tail, length))
    ordered = sort(flat, axis=-1)
    qs = reshape(q, (-1,))  # (number of q,)
    if length == 0:
        if method != "median" and not ignore_nan:
            raise IndexError("quantile: there is no element along the axis to take it from")
        filled = lib.full_like(a, np.nan, np.result_type(a.dtype, 0.0), shape=(*tail, q.size))
        return _shaped(moveaxis(filled, -1, 0), q, shape, axes, rest, keepdims)
    missing = lib.isnan(ordered)
    if ignore_nan:
        count = lib.sum(astype(~missing, np.float64), axis=-1, keepdims=True)
    else:
        count = float(length)
    result = _between(ordered, count, qs, method, tail)
    if not ignore_nan:
        if result.dtype.kind != "f":
            return _shaped(moveaxis(result, -1, 0), q, shape, axes, rest, keepdims)
        spoiled = lib.any(missing, axis=-1, keepdims=True)
        result = lib.where(spoiled, np.array(np.nan, result.dtype), result)
    return _shaped(moveaxis(result, -1, 0), q, shape, axes, rest, keepdims)


def _between(ordered: Any, count: Any, qs: Any, method: str, tail: tuple[int, ...]) -> Any:
    """The elements read, or the value between two of them."""
    if method == "median":
        lower, upper = lib.floor((count - 1.0) * 0.5), lib.floor(count * 0.5)
        lower, upper = lib.maximum(lower, 0.0), _within(upper, lib.maximum(count - 1.0, 0.0))
        low = _read(ordered, lower, tail)
        if not ignoring(count) and count % 2:
            return low if low.dtype.kind == "f" else astype(low, np.float64)
        return lib.mean(lib.stack([low, _read(ordered, upper, tail)]), axis=0)
    lower, weight = _place(count, qs, method)
    low = _read(ordered, lower, tail)
    if weight is None:
        return low
    upper = lib.minimum(lower + 1.0, lib.maximum(count - 1.0, 0.0))
    high = _read(ordered, upper, tail)
    if low.dtype.kind != "f":
        low, high = astype(low, np.float64), astype(high, np.float64)
    # as NumPy: from the nearer end, so that a weight of 1 gives the upper element exactly
    change = high - low
    made = lib.where(
        lib.greater_equal(weight, 0.5), high - change * (1.0 - weight), low + change * weight
    )
    # the weights of a Python number are weak, those of an array are float64
    wanted = np.result_type(low.dtype, qs.dtype)
    return made if made.dtype == wanted else astype(made, wanted)


def ignoring(count: Any) -> bool:
    """Whether the number of elements differs from slice to slice (NaN are passed over)."""
    return not isinstance(count, float)


def _read(ordered: Any, places: Any, tail: tuple[int, ...]) -> Any:
    places = astype(lib.asarray(places), np.intp)
    if not shape_of(places):
        places = reshape(places, (1,))
    wanted = np.broadcast_shapes((*tail, 1), shape_of(places))
    return lib.take_along_axis(ordered, lib.broadcast_to(places, wanted), axis=-1)


def _shaped(
    result: Any,
    q: Any,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    rest: tuple[int, ...],
    keepdims: bool,
) -> Any:
    tail = tuple(shape[i] for i in rest)
    if keepdims:
        tail = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return reshape(result, shape_of(q) + tail)


def _values(q: Any) -> Any:
    return q.detach()._value if isinstance(q, Tensor) else np.asarray(q)


def _checked(q: Any, most: float, name: str) -> Any:
    values = _values(q)
    if isinstance(values, np.ndarray) and not np.all((values >= 0) & (values <= most)):
        what = "Percentiles" if most == 100 else "Quantiles"
        raise ArgumentError(f"{name}: {what} must be in the range [0, {most:g}]")
    return q if isinstance(q, Tensor) else values


def _entry(name: str, most: float, ignore_nan: bool) -> Any:
    def entry(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        *,
        weights: Any = None,
    ) -> Any:
        if out is not None:
            raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")
        q = _checked(q, most, name)
        if most == 100:
            q = q / np.asarray(100.0, q.dtype) if q.dtype.kind == "f" else q / 100.0
        return _quantile(a, q, axis, method, bool(keepdims), ignore_nan, weights)

    entry.__name__ = entry.__qualname__ = name
    entry.__doc__ = (
        f"``np.{name}``: by any of NumPy's methods; differentiable in the data, and in ``q`` for the "
        "continuous methods. The gradient goes to the one or two elements read."
    )
    return entry


quantile = _entry("quantile", 1.0, False)
percentile = _entry("percentile", 100.0, False)
nanquantile = _entry("nanquantile", 1.0, True)
nanpercentile = _entry("nanpercentile", 100.0, True)


def _median(name: str, ignore_nan: bool) -> Any:
    def entry(
        a: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        keepdims: bool = False,
    ) -> Any:
        if out is not None:
            raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")
        a = lib.asarray(a)
        return _quantile(a, 0.5, axis, "median", bool(keepdims), ignore_nan, None)

    entry.__name__ = entry.__qualname__ = name
    entry.__doc__ = f"``np.{name}``: the middle element, or the mean of the two in the middle."
    return entry


median = _median("median", False)
nanmedian = _median("nanmedian", True)
