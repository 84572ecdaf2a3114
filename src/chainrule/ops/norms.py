"""Norms of vectors and matrices, condition numbers. At 0 the gradient of a norm is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.along_axis import values_of
from chainrule.ops.decomposition import svdvals
from chainrule.ops.shape import (
    astype,
    moveaxis,
    normalize_axes,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
)
from chainrule.ops.solving import real_matrix

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "safe_sqrt", "vector_norm"]


def _safe_sqrt_rule(g: Any, out: Any, x: Any) -> Any:
    zero = lib.equal(out, 0.0)
    return lib.where(zero, 0.0, g * 0.5 / lib.where(zero, 1.0, out))


safe_sqrt: Op = elementwise(
    "safe_sqrt",
    np.sqrt,
    _safe_sqrt_rule,
    samples=(Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),))),
    domain=lambda x, _: np.abs(x) + 0.5,
    kinks=(Kink((0.0,), (0.0,), "the minimum-norm subgradient of a norm"),),
    doc="√x as in a norm; 1/(2√x), 0 at 0",
)


def _floating(x: Any) -> Any:
    x = lib.asarray(x)
    return astype(x, np.float64) if x.dtype.kind in "iub" else x


def _vector_norm(x: Any, order: Any, axis: Any, keepdims: bool) -> Any:
    if order is None or order == 2:
        return safe_sqrt(lib.sum(x * x, axis=axis, keepdims=keepdims))
    if isinstance(order, str):
        raise ArgumentError(f"norm: order {order!r} is for matrices (two axes)")
    size = lib.abs(x)
    if order == np.inf:
        return _largest(size, axis, keepdims)
    if order == -np.inf:
        return lib.min(size, axis=axis, keepdims=keepdims)
    if order == 0:
        return lib.sum(astype(lib.not_equal(x, 0), x.dtype), axis=axis, keepdims=keepdims)
    if order == 1:
        return lib.sum(size, axis=axis, keepdims=keepdims)
    total = lib.sum(_power_of_size(size, order), axis=axis, keepdims=keepdims)
    zero = lib.equal(total, 0.0)
    root = lib.power(lib.where(zero, 1.0, total), 1.0 / order)
    return lib.where(zero, np.zeros((), x.dtype), root)


def _largest(sizes: Any, axis: Any, keepdims: bool) -> Any:
    """The maximum of numbers that are not negative; 0 of none."""
    if sizes.size == 0:
        return lib.max(sizes, axis=axis, keepdims=keepdims, initial=0.0)
    return lib.max(sizes, axis=axis, keepdims=keepdims)


def _power_of_size(size: Any, order: float) -> Any:
    """``|x|**p``, whose derivative at 0 is 0 also for ``p < 2`` (where higher powers diverge)."""
    if order >= 2 or order < 0:
        return lib.power(size, order)
    zero = lib.equal(size, 0.0)
    return lib.where(zero, 0.0, lib.power(lib.where(zero, 1.0, size), order))


def _matrix_norm(x: Any, order: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    """Of the matrices along two axes; reduced to vector norms or to singular values."""
    row, column = axes
    if row == column:
        raise ArgumentError("norm: the two axes must differ")
    if order in (None, "fro"):
        return _vector_norm(x, 2, axes, keepdims)
    if order in ("nuc", 2, -2):
        # |s| = s, but the gradient of |s| at s = 0 is 0: the subgradient of least norm
        values = lib.abs(svdvals(moveaxis(x, axes, (-2, -1))))
        if order == 2:
            return _kept(_largest(values, -1, False), x, axes, keepdims)
        pick = lib.sum if order == "nuc" else lib.min
        return _kept(pick(values, axis=-1), x, axes, keepdims)
    if order not in (1, -1, np.inf, -np.inf):
        raise ArgumentError(
            f"norm: order {order!r} is not a norm of matrices (None, 'fro', 'nuc', ±1, ±2, ±inf are)"
        )
    summed, searched = axes if abs(order) == 1 else axes[::-1]
    if searched > summed:
        searched -= 1
    sums = lib.sum(lib.abs(x), axis=summed)
    best = _largest(sums, searched, False) if order > 0 else lib.min(sums, axis=searched)
    return _kept(best, x, axes, keepdims)


def _kept(value: Any, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if not keepdims:
        return value
    return reshape(value, tuple(1 if i in axes else n for i, n in enumerate(shape_of(x))))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.linalg.norm``: all of NumPy's orders, of vectors and of matrices.

    Notes
    -----
    At the zero vector the gradient is 0, the subgradient of least norm. Where several elements
    attain an extremum they share the gradient evenly.

    Examples
    --------
    >>> cr.grad(cr.norm)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    >>> cr.grad(cr.norm)(np.zeros(2))
    array([0., 0.])
    """
    x = _floating(x)
    ndim = len(shape_of(x))
    if axis is None:
        if ord is None or (ord in ("fro", "f") and ndim == 2) or (ord == 2 and ndim == 1):
            result = _vector_norm(ravel(x), 2, None, False)
            return reshape(result, (1,) * ndim) if keepdims else result
        axes = tuple(range(ndim))
    else:
        axes = normalize_axes(axis, ndim)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, "fro" if ord == "f" else ord, (axes[0], axes[1]), keepdims)
    raise ShapeError(f"norm: an order needs one axis or two, got {len(axes)}; give axis=")


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """``np.linalg.vector_norm``: of all elements by default, whatever the shape."""
    x = _floating(x)
    ndim = len(shape_of(x))
    axes = normalize_axes(axis, ndim)
    result = _vector_norm(x, ord, axes, False)
    return _kept(result, x, axes, keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """``np.linalg.matrix_norm``: of the matrices along the last two axes."""
    x = _floating(x)
    ndim = len(shape_of(x))
    axes = (normalize_axis(-2, ndim), normalize_axis(-1, ndim))
    return _matrix_norm(x, ord, axes, keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """``np.linalg.cond``: the condition number, in any order of ``norm``."""
    x = real_matrix(_floating(x), "cond")
    if 0 in shape_of(x)[-2:]:
        raise np.linalg.LinAlgError("cond: a matrix without elements has no condition number")
    if p in (None, 2, -2):
        values = svdvals(x)
        first, last = lib.getitem(values, (Ellipsis, 0)), lib.getitem(values, (Ellipsis, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            made = last / first if p == -2 else first / last
    else:
        try:
            inverse = lib.inv(x)
        except np.linalg.LinAlgError:
            if len(shape_of(x)) > 2:
                raise
            return lib.full_like(x, np.inf, shape=())
        made = norm(x, ord=p, axis=(-2, -1)) * norm(inverse, ord=p, axis=(-2, -1))
    # 0/0 of a matrix that holds no NaN: singular beyond measure
    singular = lib.isnan(made) & ~lib.any(lib.isnan(x), axis=(-2, -1))
    return lib.where(singular, np.array(np.inf, made.dtype), made)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """``np.linalg.matrix_rank``. No derivative: it is a whole number."""
    options = {} if rtol is None else {"rtol": rtol}
    ranks = np.linalg.matrix_rank(values_of(A, "matrix_rank"), tol, hermitian, **options)
    return lib.constant(ranks)
