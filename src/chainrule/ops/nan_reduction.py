"""Reductions that pass over NaN: nansum, nanmean, nanmax and relatives. NaN gets no gradient."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops import reduction, scan
from chainrule.ops.reduction import reduced
from chainrule.ops.shape import astype, reshape, shape_of

__all__ = [
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


def _without_nan(a: Any, fill: float) -> tuple[Any, Any]:
    """The array with ``fill`` in place of NaN, and where it is not NaN."""
    a = lib.asarray(a)
    missing = lib.isnan(a)
    return lib.where(missing, np.array(fill, a.dtype), a), ~missing


def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.nansum``: the sum of what is not NaN."""
    return reduction.sum(_without_nan(a, 0)[0], axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``np.nanprod``: the product of what is not NaN."""
    return reduction.prod(_without_nan(a, 1)[0], axis, dtype, out, keepdims, initial, where)


def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """``np.nancumsum``: the running sum, NaN counted as 0."""
    return scan.cumsum(_without_nan(a, 0)[0], axis, dtype, out)


def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """``np.nancumprod``: the running product, NaN counted as 1."""
    return scan.cumprod(_without_nan(a, 1)[0], axis, dtype, out)


def _both(present: Any, where: Any) -> Any:
    return present if where is True or where is None else present & where


def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    """``np.nanmean``: the mean of what is not NaN; NaN (and a warning) where nothing is."""
    filled, present = _without_nan(a, 0)
    return reduction.mean(filled, axis, dtype, out, keepdims, where=_both(present, where))


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """``np.nanvar``: the variance of what is not NaN; NaN where too little is left."""
    if correction is not None and correction is not np._NoValue:
        ddof = correction
    filled, present = _without_nan(a, 0)
    taken = _both(present, where)
    variance = reduction.var(
        filled, axis, dtype, out, ddof, keepdims=True, where=taken, mean=_given(mean)
    )
    count = reduction.sum(
        astype(lib.broadcast_to(taken, shape_of(filled)), np.intp), axis, None, None, True
    )
    enough = lib.greater(count, ddof)
    result = lib.where(enough, variance, np.array(np.nan, variance.dtype))
    return reshape(result, reduced(shape_of(filled), axis, bool(keepdims)))


def _given(value: Any) -> Any:
    return None if value is np._NoValue else value


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """``np.nanstd``: the square root of ``nanvar``; derivative 0 where it is 0."""
    return lib.safe_sqrt(
        nanvar(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    )


def _nan_extremum(name: str, extremum: Any, worst: float) -> Any:
    def entry(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        if out is not None:
            raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")
        a = lib.asarray(a)
        if a.dtype.kind != "f":
            return extremum(a, axis, None, bool(keepdims), initial, where)
        filled, present = _without_nan(a, worst)
        best = extremum(filled, axis, None, bool(keepdims), initial, where)
        found = lib.any(_both(present, where), axis=axis, keepdims=bool(keepdims))
        _warn_if_none(found, initial)
        return best if initial is not None else lib.where(found, best, np.array(np.nan, a.dtype))

    entry.__name__ = entry.__qualname__ = name
    entry.__doc__ = f"``np.{name}``: of what is not NaN; the gradient goes to the winner."
    return entry


def _warn_if_none(found: Any, initial: Any) -> None:
    values = found.detach()._value if isinstance(found, Tensor) else found
    if initial is None and isinstance(values, np.ndarray | np.generic) and not np.all(values):
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=4)


nanmax = _nan_extremum("nanmax", reduction.max, -np.inf)
nanmin = _nan_extremum("nanmin", reduction.min, np.inf)
