"""Interpolation, statistics of several variables, and polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.reduction import ZeroWeights
from chainrule.ops.shape import astype, concatenate, expand_dims, shape_of

__all__ = ["corrcoef", "cov", "interp"]


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """``np.interp``: linear interpolation, differentiable in ``x``, ``xp`` and ``fp``.

    Notes
    -----
    At a knot the slope is that of the interval to the right; outside it is 0.
    """
    x, xp, fp = (_floating(part) for part in (x, xp, fp))
    if len(shape_of(xp)) != 1 or shape_of(xp) != shape_of(fp):
        raise ShapeError(
            f"interp: xp and fp must be sequences of one length, got {shape_of(xp)}, {shape_of(fp)}"
        )
    if not shape_of(xp)[0]:
        raise ArgumentError("interp: xp and fp are empty")
    if period is not None:
        x, xp, fp, left, right = *_periodic(x, xp, fp, period), None, None
    n = shape_of(xp)[0]
    ends = (
        lib.getitem(fp, 0) if left is None else left,
        lib.getitem(fp, n - 1) if right is None else right,
    )
    if n == 1:
        inside = broadcast = lib.getitem(fp, 0) + lib.zeros_like(x)
    else:
        place = lib.searchsorted(lib.stop_gradient(xp), lib.stop_gradient(x), side="right") - 1
        place = lib.minimum(lib.maximum(place, 0), n - 2)
        x0, x1 = lib.take(xp, place), lib.take(xp, place + 1)
        f0, f1 = lib.take(fp, place), lib.take(fp, place + 1)
        width = x1 - x0
        empty = lib.equal(width, 0.0)
        slope = (f1 - f0) / lib.where(empty, 1.0, width)
        moving = lib.less_equal(x, lib.getitem(xp, n - 1)) & lib.greater_equal(
            x, lib.getitem(xp, 0)
        )
        # outside, the slope belongs to the ends: no step is taken there
        inside = lib.where(moving, slope * (x - x0) + f0, f0)
        broadcast = lib.where(lib.equal(x, lib.getitem(xp, n - 1)), lib.getitem(fp, n - 1), inside)
        # the last knot keeps the slope of the interval before it
        inside = inside + lib.stop_gradient(broadcast - inside)
    made = lib.where(lib.less(x, lib.getitem(xp, 0)), ends[0], inside)
    made = lib.where(lib.greater(x, lib.getitem(xp, n - 1)), ends[1], made)
    return lib.where(lib.isnan(x), x, made)


def _floating(x: Any) -> Any:
    x = lib.asarray(x)
    return x if x.dtype == np.float64 else astype(x, np.float64)


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    if period == 0:
        raise ArgumentError("interp: the period must not be 0")
    period = abs(period)
    x, xp = lib.remainder(x, period), lib.remainder(xp, period)
    order = lib.argsort(xp)
    xp, fp = lib.take(xp, order), lib.take(fp, order)
    xp = concatenate([xp[-1:] - period, xp, xp[0:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[0:1]])


# ---- statistics of several variables


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """``np.cov``: covariances of variables in rows (or columns), possibly weighted."""
    x = _rows(m, rowvar, dtype)
    if y is not None:
        x = concatenate([x, _rows(y, rowvar, dtype)], axis=0)
    if ddof is None:
        ddof = 0 if bias else 1
    elif int(ddof) != ddof:
        raise ArgumentError("cov: ddof must be an integer")
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            given = lib.asarray(given)
            if shape_of(given) != shape_of(x)[1:]:
                raise ShapeError(
                    f"cov: {shape_of(given)} weights for {shape_of(x)[1]} observations"
                )
            weights = given if weights is None else weights * given
    if weights is None:
        total, factor = float(shape_of(x)[1]), float(shape_of(x)[1]) - ddof
        centred = x - lib.mean(x, axis=1, keepdims=True)
        weighted = centred
    else:
        total = lib.sum(weights)
        known = total._value if isinstance(total, Tensor) else total
        if not isinstance(known, Abstract) and known == 0:
            raise ZeroWeights("cov: the weights add up to zero")
        correction = 0.0
        if ddof and aweights is None:
            correction = ddof
        elif ddof:
            correction = ddof * lib.sum(weights * lib.asarray(aweights)) / total
        factor = total - correction
        centred = x - lib.sum(x * weights, axis=1, keepdims=True) / total
        weighted = centred * weights
    product = lib.matmul(centred, lib.transpose(weighted))
    factor = lib.maximum(factor, 0.0) if not isinstance(factor, Tensor) else factor
    return lib.squeeze(product / factor)


def _rows(m: Any, rowvar: bool, dtype: Any) -> Any:
    m = lib.asarray(m)
    if len(shape_of(m)) > 2:
        raise ShapeError(f"cov: at most two axes, got shape {shape_of(m)}")
    one = len(shape_of(m)) < 2
    m = lib.atleast_2d(m)
    if dtype is None and m.dtype != np.float64:
        dtype = np.float64
    m = m if dtype is None else astype(m, dtype)
    return m if rowvar or one else lib.transpose(m)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """``np.corrcoef``: correlation coefficients, limited to [-1, 1] as in NumPy."""
    c = cov(x, y, rowvar, dtype=dtype)
    if not shape_of(c):
        return c / c
    deviations = lib.sqrt(lib.diag(c))
    c = c / expand_dims(deviations, 1) / expand_dims(deviations, 0)
    return lib.clip(c, -1.0, 1.0)
