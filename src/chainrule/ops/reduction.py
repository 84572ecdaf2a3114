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
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
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

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "average",
    "count_nonzero",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "std",
    "sum",
    "var",
]

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


def _as_asked(result: Any, dtype: Any) -> Any:
    """NumPy widens short integers in sums unless a dtype is asked for."""
    return result if dtype is None or result.dtype == dtype else astype(result, dtype)


def _starting(initial: Any, dtype: Any) -> Any:
    """``initial`` in the dtype of the reduction, as NumPy casts it."""
    initial = lib.asarray(initial)
    return initial if initial.dtype == dtype else astype(initial, dtype)


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
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.sum``: the gradient of every element that takes part is the output's."""
    _no_out("sum", out)
    a = _checked_dtype(_masked(lib.asarray(a), where, 0), dtype)
    result = _as_asked(_sum(a, axis=_axes(a, axis), keepdims=bool(keepdims)), dtype)
    return result if initial is None else result + _starting(initial, result.dtype)


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
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    where: Any = True,
) -> Any:
    """``np.mean``: Σ a / n; each element gets 1/n."""
    _no_out("mean", out)
    a = lib.asarray(a)
    if dtype is None and a.dtype.kind in "iub":
        dtype = np.float64
    if dtype is None and a.dtype == np.float16:  # summed in float32, as NumPy does
        return astype(_mean(a, axis, np.float32, None, keepdims, where), np.float16)
    a = _checked_dtype(a, dtype)
    if where is True or where is None:
        return sum(a, axis=axis, keepdims=keepdims) / _count(a, axis, True)
    total = sum(a, axis=axis, keepdims=True, where=where)
    result = astype(total / _count(a, axis, where), a.dtype)
    return reshape(result, reduced(shape_of(a), axis, keepdims))


_mean = mean


def var(
    a: Any,
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
    """``np.var``: Σ (a - mean)² / (n - ddof); derivative 2 (a - mean) / (n - ddof)."""
    _no_out("var", out)
    if correction is not None:
        ddof = correction
    a = lib.asarray(a)
    if a.dtype.kind in "iub":
        a = astype(a, np.float64)
    a = _checked_dtype(a, dtype)
    centre = _mean(a, axis=axis, keepdims=True, where=where) if mean is None else mean
    deviation = a - centre
    total = sum(deviation * deviation, axis=axis, keepdims=True, where=where)
    count = _count(a, axis, where)
    result = total / lib.maximum(count - ddof, 0.0)
    if result.dtype != a.dtype:
        result = astype(result, a.dtype)
    return reshape(result, reduced(shape_of(a), axis, keepdims))


def std(
    a: Any,
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
    """``np.std``: √var; derivative (a - mean) / (n std), 0 where std is 0."""
    variance = var(
        a, axis, dtype, out, ddof, keepdims, where=where, correction=correction, mean=mean
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
    ones = np.ones((*shape_of(x)[:-1], 1), x.dtype)
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
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.prod``; the derivative is exact also where elements are zero."""
    _no_out("prod", out)
    a = _checked_dtype(_masked(lib.asarray(a), where, 1), dtype)
    result = _as_asked(_prod(a, axis=_axes(a, axis), keepdims=bool(keepdims)), dtype)
    return result if initial is None else result * _starting(initial, result.dtype)


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
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        _no_out(name, out)
        a = lib.asarray(a)
        if initial is not None:
            initial = _starting(initial, a.dtype)
        if where is not True and where is not None:
            if initial is None:
                raise ArgumentError(
                    f"{name}: where= needs initial=, the value of an empty selection"
                )
            a = _where(where, a, initial)
        if math.prod(shape_of(a)) == 0 and initial is not None:
            joined = reduced(shape_of(a), axis, bool(keepdims))
            return lib.asarray(np.full(joined, initial, a.dtype)) if 0 not in joined else a
        result = op(a, axis=_axes(a, axis), keepdims=bool(keepdims))
        return result if initial is None else getattr(lib, pick)(result, initial)

    extremum.__name__ = extremum.__qualname__ = name
    extremum.__doc__ = f"``np.{name}``: the gradient goes to the winner, shared evenly at a tie."
    return extremum


max = amax = _extremum("max", _max, "maximum")
min = amin = _extremum("min", _min, "minimum")


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """``np.ptp``: the largest minus the smallest element."""
    _no_out("ptp", out)
    return max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims)


class ZeroWeights(ArgumentError, ZeroDivisionError):
    """Weights that add up to zero."""


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    """``np.average``: the weighted mean, differentiable in the data and in the weights.

    Raises
    ------
    ZeroWeights
        If the weights add up to zero: an ArgumentError and a ZeroDivisionError.
    """
    a = lib.asarray(a)
    shape = shape_of(a)
    if weights is None:
        result = mean(a, axis=axis, keepdims=keepdims)
        total = lib.full_like(result, _count(a, axis, True))
        return (result, total) if returned else result
    weights = lib.asarray(weights)
    kind = np.result_type(a.dtype, weights.dtype, *(["f8"] if a.dtype.kind in "iub" else []))
    a, weights = (x if x.dtype == kind else astype(x, kind) for x in (a, weights))
    axes = normalize_axes(axis, len(shape))
    if shape_of(weights) != shape:
        if axis is None:
            raise ShapeError(
                f"average: without axis= the weights must have the shape of the data, {shape}, "
                f"not {shape_of(weights)}"
            )
        if shape_of(weights) != tuple(shape[i] for i in axes):
            raise ShapeError(
                f"average: weights of shape {shape_of(weights)} do not fit axis={axis} of {shape}"
            )
        order = sorted(range(len(axes)), key=lambda i: axes[i])
        weights = lib.transpose(weights, tuple(order)) if len(order) > 1 else weights
        weights = reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(shape)))
    scale = sum(broadcast_to(weights, shape), axis=axis, keepdims=keepdims)
    known = scale._value if isinstance(scale, Tensor) else scale
    if not isinstance(known, Abstract) and np.any(known == 0):
        raise ZeroWeights("average: the weights add up to zero, so there is no mean")
    result = sum(a * weights, axis=axis, keepdims=keepdims) / scale
    return (result, scale) if returned else result


# ---- truth values and counts: no derivative


def _truth(name: str, function: Any, doc: str) -> Any:
    op = defop(
        name,
        function,
        infer=lambda x, axis=None, keepdims=False: Abstract(
            reduced(shape_of(x), axis, keepdims), np.dtype(bool)
        ),
        samples=_AXES,
        doc=f"{doc}; no derivative",
    )

    def truth(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
    ) -> Any:
        _no_out(name, out)
        a = _masked(lib.asarray(a), where, name == "all")
        return op(a, axis=_axes(a, axis), keepdims=bool(keepdims))

    truth.__name__ = truth.__qualname__ = name
    truth.__doc__ = f"``np.{name}``: whether {doc}. No derivative."
    return truth


any = _truth("any", np.any, "an element is true")
all = _truth("all", np.all, "all elements are true")


def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """``np.count_nonzero``: how many elements are not zero. No derivative."""
    return sum(lib.not_equal(lib.asarray(a), 0), axis=axis, dtype=np.intp, keepdims=keepdims)
