"""Reductions: sum, mean, prod, extrema, variance, and the running forms.

``axis`` is ``None`` (all), an integer or a tuple; ``keepdims`` keeps reduced axes with length 1;
``where`` selects the elements that take part. Sums of float arrays are NumPy's pairwise sums.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Kink, Op, Sample, defop
from chainrule.errors import ArgumentError
from chainrule.ops.elementwise import equal
from chainrule.ops.elementwise import where as _where
from chainrule.ops.shape import (
    astype,
    broadcast_to,
    concatenate,
    normalize_axes,
    reshape,
    shape_of,
)

__all__ = ["amax", "amin", "max", "mean", "min", "prod", "std", "sum", "var"]

_AXES = (
    Sample(((3, 4),), {"axis": None, "keepdims": False}),
    Sample(((3, 4),), {"axis": (0,), "keepdims": False}),
    Sample(((2, 3, 4),), {"axis": (0, 2), "keepdims": True}),
    Sample(((),), {"axis": (), "keepdims": False}),
)


def kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """``shape`` with the reduced axes set to 1."""
    axes = normalize_axes(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def reduced(shape: tuple[int, ...], axis: Any, keepdims: bool) -> tuple[int, ...]:
    """Shape of a reduction over ``axis``."""
    axes = normalize_axes(axis, len(shape))
    if keepdims:
        return kept(shape, axes)
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _spread(g: Any, x: Any, axis: Any) -> Any:
    """A reduced array repeated along the reduced axes: the transpose of a sum."""
    shape = shape_of(x)
    return broadcast_to(reshape(g, kept(shape, axis)), shape)


def _infer(function: Any) -> Any:
    def infer(x: Any, axis: Any = None, keepdims: bool = False, **params: Any) -> Abstract:
        dtype = np.asarray(function(np.ones((1,), x.dtype), **params)).dtype
        return Abstract(reduced(shape_of(x), axis, keepdims), dtype)

    return infer


def _axes(x: Any, axis: Any) -> tuple[int, ...] | None:
    """``axis`` in one form, so that equal calls record equal parameters."""
    if axis is None:
        return None
    return normalize_axes(axis, len(shape_of(x)))


def _masked(x: Any, where: Any, fill: float) -> Any:
    return x if where is True or where is None else _where(where, x, fill)


def _checked_dtype(x: Any, dtype: Any) -> Any:
    return x if dtype is None else astype(x, dtype)


_sum: Op = defop(
    "sum",
    np.sum,
    lambda g, out, x, axis=None, keepdims=False: _spread(g, x, axis),
    linear=True,
    infer=_infer(np.sum),
    samples=_AXES,
    doc="Σ x; 1 to every element",
)


def sum(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.sum``: the gradient of every element that takes part is the output's."""
    _no_out("sum", out)
    x = _checked_dtype(_masked(lib.asarray(x), where, 0), dtype)
    result = _sum(x, axis=_axes(x, axis), keepdims=bool(keepdims))
    return result if initial is None else result + initial


def _no_out(name: str, out: Any) -> None:
    if out is not None:
        raise ArgumentError(
            f"{name}: out= is not supported with tensors, whose values never change under the "
            "graph; assign the result instead"
        )


def _count(x: Any, axis: Any, where: Any) -> Any:
    shape = shape_of(x)
    if where is True or where is None:
        axes = normalize_axes(axis, len(shape))
        return math.prod(shape[a] for a in axes)
    return sum(
        astype(broadcast_to(lib.asarray(where), shape), np.float64), axis=axis, keepdims=True
    )


def mean(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    where: Any = True,
) -> Any:
    """``np.mean``: Σ x / n; each element gets 1/n."""
    _no_out("mean", out)
    x = lib.asarray(x)
    if dtype is None and x.dtype.kind in "iub":
        dtype = np.float64
    x = _checked_dtype(x, dtype)
    if where is True or where is None:
        return sum(x, axis=axis, keepdims=keepdims) / _count(x, axis, True)
    total = sum(x, axis=axis, keepdims=True, where=where)
    result = astype(total / _count(x, axis, where), x.dtype)
    return reshape(result, reduced(shape_of(x), axis, keepdims))


_mean = mean


def var(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    correction: float | None = None,
    mean: Any = None,
) -> Any:
    """``np.var``: Σ (x - mean)² / (n - ddof); derivative 2 (x - mean) / (n - ddof)."""
    _no_out("var", out)
    if correction is not None:
        ddof = correction
    x = lib.asarray(x)
    if x.dtype.kind in "iub":
        x = astype(x, np.float64)
    x = _checked_dtype(x, dtype)
    centre = _mean(x, axis=axis, keepdims=True, where=where) if mean is None else mean
    deviation = x - centre
    total = sum(deviation * deviation, axis=axis, keepdims=True, where=where)
    count = _count(x, axis, where)
    result = total / lib.maximum(count - ddof, 0.0)
    if result.dtype != x.dtype:
        result = astype(result, x.dtype)
    return reshape(result, reduced(shape_of(x), axis, keepdims))


def std(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    correction: float | None = None,
    mean: Any = None,
) -> Any:
    """``np.std``: √var; derivative (x - mean) / (n std), 0 where std is 0."""
    variance = var(
        x, axis, dtype, out, ddof, keepdims, where=where, correction=correction, mean=mean
    )
    return lib.safe_sqrt(variance)


# ---- products


def _prod_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of the others, without dividing: exact also where elements are zero.

    The others are those before and those after: exclusive running products from both ends.
    """
    shape = shape_of(x)
    axes = normalize_axes(axis, len(shape))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    order = rest + axes
    moved = lib.transpose(x, order)
    count = math.prod(shape[a] for a in axes)
    flat = reshape(moved, (*(shape[a] for a in rest), count))
    others = _exclusive(flat, False) * _exclusive(flat, True)
    back = [0] * len(order)
    for place, a in enumerate(order):
        back[a] = place
    others = lib.transpose(reshape(others, shape_of(moved)), back)
    return _spread(g, x, axis) * others


def _exclusive(x: Any, reverse: bool) -> Any:
    """Running product along the last axis of what comes before (after, if reversed) each element."""
    if shape_of(x)[-1] == 0:
        return x
    ones = lib.getitem(x, (Ellipsis, slice(0, 1))) * 0.0 + 1.0
    if reverse:
        shifted = concatenate([lib.getitem(x, (Ellipsis, slice(1, None))), ones], axis=-1)
        return lib.flip(lib.cumprod(lib.flip(shifted, -1), axis=-1), -1)
    shifted = concatenate([ones, lib.getitem(x, (Ellipsis, slice(None, -1)))], axis=-1)
    return lib.cumprod(shifted, axis=-1)


_prod: Op = defop(
    "prod",
    np.prod,
    _prod_rule,
    infer=_infer(np.prod),
    samples=_AXES,
    doc="Π x; product of the others",
)


def prod(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.prod``; the derivative is exact also where elements are zero."""
    _no_out("prod", out)
    x = _checked_dtype(_masked(lib.asarray(x), where, 1), dtype)
    result = _prod(x, axis=_axes(x, axis), keepdims=bool(keepdims))
    return result if initial is None else result * initial


# ---- extrema


def _extremum_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    winners = equal(x, _spread(out, x, axis)) | (lib.isnan(x))
    winners = astype(winners, x.dtype)
    share = winners / sum(winners, axis=axis, keepdims=True)
    return _spread(g, x, axis) * share


_TIES = (Kink((np.array([1.0, 1.0, 0.0]),), (np.array([0.5, 0.5, 0.0]),), "ties share evenly"),)
_max: Op = defop(
    "max",
    np.max,
    _extremum_rule,
    infer=_infer(np.max),
    samples=_AXES,
    kinks=_TIES,
    doc="max x; routes to the winners",
)
_min: Op = defop(
    "min",
    np.min,
    _extremum_rule,
    infer=_infer(np.min),
    samples=_AXES,
    kinks=(Kink((np.array([1.0, 1.0, 2.0]),), (np.array([0.5, 0.5, 0.0]),), "ties share evenly"),),
    doc="min x; routes to the winners",
)


def _extremum(name: str, op: Any, pick: str) -> Any:
    def extremum(
        x: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        _no_out(name, out)
        x = lib.asarray(x)
        if where is not True and where is not None:
            if initial is None:
                raise ArgumentError(
                    f"{name}: where= needs initial=, the value of an empty selection"
                )
            x = _where(where, x, initial)
        if math.prod(shape_of(x)) == 0 and initial is not None:
            joined = reduced(shape_of(x), axis, bool(keepdims))
            return lib.asarray(np.full(joined, initial, x.dtype)) if 0 not in joined else x
        result = op(x, axis=_axes(x, axis), keepdims=bool(keepdims))
        return result if initial is None else getattr(lib, pick)(result, initial)

    extremum.__name__ = extremum.__qualname__ = name
    extremum.__doc__ = f"``np.{name}``: the gradient goes to the winner, shared evenly at a tie."
    return extremum


max = amax = _extremum("max", _max, "maximum")
min = amin = _extremum("min", _min, "minimum")
