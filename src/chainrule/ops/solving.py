"""Inverses, linear systems, determinants, least squares.

Rules follow M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008); the pseudo-inverse follows G. Golub and V. Pereyra, "The
differentiation of pseudo-inverses and nonlinear least squares problems" (1973).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import DtypeError, ShapeError
from chainrule.ops.along_axis import values_of
from chainrule.ops.linalg import matmul, mT
from chainrule.ops.shape import (
    astype,
    broadcast_to,
    expand_dims,
    moveaxis,
    normalize_axes,
    reshape,
    shape_of,
)

__all__ = [
    "cofactor",
    "det",
    "inv",
    "lstsq",
    "pinv",
    "slogdet",
    "solve",
    "tensorinv",
    "tensorsolve",
]


def real_matrix(x: Any, name: str, square: bool = False) -> Any:
    """``x`` as floating-point matrices, or an error that says what is wrong with its shape."""
    x = lib.asarray(x)
    shape = shape_of(x)
    if len(shape) < 2:
        raise ShapeError(f"{name} needs a matrix (at least two axes), not shape {shape}")
    if square and shape[-1] != shape[-2]:
        raise ShapeError(f"{name} needs square matrices, not shape {shape}")
    if x.dtype.kind in "iub":
        return astype(x, np.float64)
    if x.dtype == np.float16:
        raise DtypeError(f"{name}: float16 is not supported by LAPACK; convert to float32 first")
    return x


def _well_conditioned(x: Any, index: int) -> Any:
    if index == 0 and x.ndim >= 2 and x.shape[-1] == x.shape[-2]:
        return x + 2.0 * math.sqrt(x.shape[-1]) * np.eye(x.shape[-1])
    return x


_SQUARE = (Sample(((3, 3),)), Sample(((2, 2, 2),)), Sample(((1, 1),)), Sample(((0, 2, 2),)))
_NOT_SQUARE = ((Sample(((2, 3),)), ValueError, "square"),)


def _same(x: Any) -> Abstract:
    return Abstract(shape_of(x), x.dtype)


def _inv_rule(g: Any, out: Any, x: Any) -> Any:
    return -matmul(matmul(mT(out), g), mT(out))


_inv: Op = defop(
    "inv",
    np.linalg.inv,
    _inv_rule,
    infer=_same,
    samples=_SQUARE,
    rejects=_NOT_SQUARE,
    domain=_well_conditioned,
    doc="X⁻¹; -X⁻ᵀ g X⁻ᵀ",
)


def inv(a: Any) -> Any:
    """``np.linalg.inv``: the inverse of square matrices.

    Raises
    ------
    ShapeError
        If the last two axes differ.
    ArgumentError
        If a matrix is singular (it is a ``np.linalg.LinAlgError`` too).
    """
    return _inv(real_matrix(a, "inv", square=True))


def _solve_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    return -matmul(_solve(mT(a), g), mT(out))


_solve: Op = defop(
    "solve",
    np.linalg.solve,
    _solve_a,
    lambda g, out, a, b: _solve(mT(a), g),
    infer=lambda a, b: Abstract(shape_of(b), np.result_type(a.dtype, b.dtype)),
    samples=(
        Sample(((3, 3), (3, 2))),
        Sample(((2, 2, 2), (2, 2, 1))),
        Sample(((2, 2), (2, 0))),
    ),
    domain=_well_conditioned,
    doc="X⁻¹ Y; -(X⁻ᵀ g) outᵀ, X⁻ᵀ g",
)


def solve(a: Any, b: Any) -> Any:
    """``np.linalg.solve``: the solution of ``a x = b`` for square ``a``; ``b`` a vector or a matrix."""
    a, b = real_matrix(a, "solve", square=True), lib.asarray(b)
    if b.dtype.kind in "iub":
        b = astype(b, np.float64)
    if not shape_of(b):
        raise ShapeError("solve: b must have at least one axis")
    vector = len(shape_of(b)) == 1
    if vector:
        b = expand_dims(b, -1)
    if shape_of(b)[-2] != shape_of(a)[-1]:
        raise ShapeError(
            f"solve: a of shape {shape_of(a)} asks for right-hand sides of {shape_of(a)[-1]} rows, "
            f"b has {shape_of(b)[-2]}"
        )
    batch = np.broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2])
    x = _solve(broadcast_to(a, batch + shape_of(a)[-2:]), broadcast_to(b, batch + shape_of(b)[-2:]))
    return reshape(x, shape_of(x)[:-1]) if vector else x


# ---- determinants


def _times(g: Any, matrix: Any) -> Any:
    """A number for each matrix times that matrix."""
    return reshape(g, (*shape_of(g), 1, 1)) * matrix


def _cofactor_forward(x: Any) -> Any:
    """``det(X) X⁻ᵀ`` by the singular value decomposition: exact also where X is singular."""
    u, s, vh = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    n = s.shape[-1]
    others = (
        np.stack([np.prod(np.delete(s, i, axis=-1), axis=-1) for i in range(n)], axis=-1)
        if n
        else s
    )
    return (sign[..., None, None] * (u * others[..., None, :])) @ vh


def _cofactor_derivative_forward(x: Any, h: Any) -> Any:
    """The directional derivative of the cofactors, exact where X is singular.

    In the basis of the singular vectors X is diagonal, and the cofactors of ``Σ + tE`` are, to
    first order, ``-E_ji Π_{k≠i,j} σ_k`` off the diagonal and ``Σ_k E_kk Π_{l≠i,k} σ_l`` on it.
    """
    u, s, vh = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    n = s.shape[-1]
    pairs = np.zeros((*s.shape, n), s.dtype)
    for i in range(n):
        for j in range(n):
            if i != j:
                pairs[..., i, j] = np.prod(np.delete(s, (i, j), axis=-1), axis=-1)
    turned = np.swapaxes(u, -1, -2) @ h @ np.swapaxes(vh, -1, -2)
    moved = -np.swapaxes(turned, -1, -2) * pairs
    diagonal = (pairs @ np.diagonal(turned, axis1=-2, axis2=-1)[..., None])[..., 0]
    moved[..., np.arange(n), np.arange(n)] = diagonal
    return sign[..., None, None] * (u @ moved @ vh)


def _third_derivative(g: Any, out: Any, x: Any, h: Any) -> Any:
    """Gradient with respect to X of ``⟨g, D cofactor(X)[h]⟩``, for X that has an inverse."""
    inverse = _inv(x)
    left, right = matmul(inverse, h), matmul(inverse, g)
    p, q = lib.trace(left, 0, -2, -1), lib.trace(right, 0, -2, -1)
    both, back = matmul(left, right), matmul(right, left)
    total = (
        _times(p * q - lib.trace(both, 0, -2, -1), inverse)
        - _times(q, matmul(left, inverse))
        - _times(p, matmul(right, inverse))
        + matmul(both, inverse)
        + matmul(back, inverse)
    )
    return _times(_det(x), mT(total))


cofactor: Op = defop(
    "cofactor",
    _cofactor_forward,
    lambda g, out, x: _cofactor_derivative(x, g),
    infer=_same,
    samples=_SQUARE,
    domain=_well_conditioned,
    doc="the gradient of det: det(X) X⁻ᵀ; its own derivative is symmetric",
)
_cofactor_derivative: Op = defop(
    "cofactor_derivative",
    _cofactor_derivative_forward,
    _third_derivative,
    lambda g, out, x, h: _cofactor_derivative(x, g),
    infer=lambda x, h: _same(x),
    samples=(Sample(((3, 3), (3, 3))), Sample(((2, 2, 2), (2, 2, 2)))),
    domain=_well_conditioned,
    doc="second derivative of det along Y; Gᵀ-symmetric in Y",
)
_det: Op = defop(
    "det",
    np.linalg.det,
    lambda g, out, x: _times(g, cofactor(x)),
    infer=lambda x: Abstract(shape_of(x)[:-2], x.dtype),
    samples=_SQUARE,
    rejects=_NOT_SQUARE,
    domain=_well_conditioned,
    doc="det X; g cofactor(X)",
)


def det(a: Any) -> Any:
    """``np.linalg.det``; the derivative is exact also for singular matrices."""
    return _det(real_matrix(a, "det", square=True))


_slogdet: Op = defop(
    "slogdet",
    lambda x: tuple(np.asarray(part) for part in np.linalg.slogdet(x)),
    lambda g, out, x: _times(g[1], mT(_inv(x))),
    infer=lambda x: (
        Abstract(shape_of(x)[:-2], x.dtype),
        Abstract(shape_of(x)[:-2], x.dtype),
    ),
    samples=_SQUARE,
    rejects=_NOT_SQUARE,
    domain=_well_conditioned,
    doc="sign and ln |det X|; 0 and X⁻ᵀ",
)


def slogdet(a: Any) -> Any:
    """``np.linalg.slogdet``: ``(sign, logabsdet)``; the sign is piecewise constant."""
    sign, logabsdet = _slogdet(real_matrix(a, "slogdet", square=True))
    return SlogdetResult(lib.stop_gradient(sign), logabsdet)


SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))

# ---- pseudo-inverse and least squares


def _pinv_rule(g: Any, out: Any, x: Any, rcond: Any = None, hermitian: bool = False) -> Any:
    p = out
    pt, gt = mT(p), mT(g)
    left = matmul(gt, matmul(p, pt))
    right = matmul(matmul(pt, p), gt)
    return (
        -matmul(matmul(pt, g), pt)
        + (left - matmul(x, matmul(p, left)))
        + (right - matmul(matmul(right, p), x))
    )


def _pinv_forward(x: Any, rcond: Any = None, hermitian: bool = False) -> Any:
    if not np.isfinite(x).all():  # LAPACK's iteration may never end on an infinity
        raise np.linalg.LinAlgError("SVD did not converge: the matrix has NaN or infinite elements")
    if rcond is None:
        return np.linalg.pinv(x, hermitian=hermitian)
    return np.linalg.pinv(x, rcond, hermitian)


_pinv: Op = defop(
    "pinv",
    _pinv_forward,
    _pinv_rule,
    infer=lambda x, **_: Abstract((*shape_of(x)[:-2], *shape_of(x)[:-3:-1]), x.dtype),
    samples=(Sample(((4, 2),)), Sample(((2, 3),)), Sample(((2, 3, 3),))),
    domain=_well_conditioned,
    doc="X⁺; Golub and Pereyra's formula, for matrices of constant rank",
)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """``np.linalg.pinv``: the pseudo-inverse; the derivative holds where the rank is constant."""
    tolerance = rcond if rtol is None or rtol is np._NoValue else rtol
    return _pinv(real_matrix(a, "pinv"), rcond=tolerance, hermitian=bool(hermitian))


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """``np.linalg.lstsq``: solution, residuals, rank and singular values of a least-squares problem.

    The solution and the residuals are differentiable where the rank is constant.
    """
    a, b = real_matrix(a, "lstsq"), lib.asarray(b)
    if len(shape_of(a)) != 2 or len(shape_of(b)) not in (1, 2):
        raise ShapeError(
            f"lstsq: a must be a matrix and b a vector or matrix, got {shape_of(a)}, {shape_of(b)}"
        )
    rows, columns = shape_of(a)
    if shape_of(b)[0] != rows:
        raise ShapeError(f"lstsq: a has {rows} rows and b {shape_of(b)[0]}")
    cutoff = np.finfo(a.dtype).eps * max(rows, columns) if rcond is None else max(rcond, 0.0)
    x = matmul(pinv(a, rcond=cutoff), b)
    values = np.linalg.svd(values_of(a, "lstsq"), compute_uv=False)
    rank = int(np.sum(values > cutoff * values[:1].sum())) if values.size else 0
    if rank == columns and rows > columns:
        error = b - matmul(a, x)
        residuals = lib.atleast_1d(lib.sum(error * error, axis=0))
    else:
        residuals = lib.zeros_like(b, shape=(0,), dtype=x.dtype)
    return x, residuals, np.int32(rank), lib.constant(values)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """``np.linalg.tensorinv``: the inverse of an array seen as a matrix of its first ``ind`` axes."""
    a = lib.asarray(a)
    if ind <= 0:
        raise ShapeError(f"tensorinv: ind must be positive, not {ind}")
    shape = shape_of(a)
    rows = math.prod(shape[:ind])
    return reshape(inv(reshape(a, (rows, -1))), shape[ind:] + shape[:ind])


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """``np.linalg.tensorsolve``: ``x`` such that ``tensordot(a, x, x.ndim) = b``."""
    a, b = lib.asarray(a), lib.asarray(b)
    if axes is not None:
        moved = normalize_axes(axes, len(shape_of(a)))
        a = moveaxis(a, moved, tuple(range(len(shape_of(a)) - len(moved), len(shape_of(a)))))
    shape = shape_of(a)[len(shape_of(b)) :]
    size = math.prod(shape)
    if a.size != size * size:
        raise ShapeError(
            f"tensorsolve: a of shape {shape_of(a)} is not square for b of shape {shape_of(b)}"
        )
    return reshape(solve(reshape(a, (size, size)), reshape(b, (-1,))), shape)
