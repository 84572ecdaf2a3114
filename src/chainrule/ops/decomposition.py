"""Matrix decompositions: Cholesky, QR, eigenvalues, singular values.

Rules follow M. Giles (2008); S. Walter and L. Lehmann, "Algorithmic differentiation of linear
algebra functions" (2010) for QR; I. Murray, "Differentiation of the Cholesky decomposition" (2016).

``cholesky`` and ``eigh`` are functions of a symmetric matrix. NumPy reads one triangle and believes
in the other; here the matrix is checked, and the two triangles count half each. The gradient is
then symmetric, and it is the derivative of the function that is computed, entry by entry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from chainrule.ops.along_axis import values_of
from chainrule.ops.linalg import matmul, mT
from chainrule.ops.shape import concatenate, expand_dims, shape_of
from chainrule.ops.solving import real_matrix

__all__ = ["cholesky", "eig", "eigh", "eigvals", "eigvalsh", "qr", "svd", "svdvals"]

# How far from symmetric a matrix may be, relative to its largest entry: wide enough for rounding
# and for the steps of a difference quotient, far too narrow for one triangle left empty.
_ASYMMETRY = 1e-4


def _symmetric(x: Any, name: str) -> Any:
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name} needs square matrices, not shape {x.shape}")
    transposed = np.swapaxes(x, -1, -2)
    scale = np.max(np.abs(x), initial=0.0)
    if np.max(np.abs(x - transposed), initial=0.0) > _ASYMMETRY * scale:
        raise ArgumentError(
            f"{name} needs symmetric matrices, this one is not. NumPy would read the lower triangle "
            "and ignore the other; if that is meant, say so: "
            f"{name}(np.tril(a) + np.tril(a, -1).swapaxes(-1, -2))"
        )
    return (x + transposed) / 2


def _symmetrise(x: Any) -> Any:
    return (x + mT(x)) * 0.5


def _is_square(x: Any) -> bool:
    return bool(x.shape[-1] == x.shape[-2])


def _positive_definite(x: Any, _: int) -> Any:
    if not _is_square(x):
        return x
    return x @ np.swapaxes(x, -1, -2) + 2.0 * np.eye(x.shape[-1])


def _symmetric_domain(x: Any, _: int) -> Any:
    if not _is_square(x):
        return x
    return x + np.swapaxes(x, -1, -2) + np.diag(2.0 * np.arange(x.shape[-1]))


def _distinct_domain(x: Any, _: int) -> Any:
    return 0.3 * x + np.diag(2.0 * np.arange(x.shape[-1])) if _is_square(x) else x


def _diagonal_matrix(v: Any) -> Any:
    return expand_dims(v, -1) * np.eye(shape_of(v)[-1], dtype=v.dtype)


def _same(x: Any) -> Abstract:
    return Abstract(shape_of(x), x.dtype)


_SQUARE = (Sample(((3, 3),)), Sample(((2, 2, 2),)), Sample(((1, 1),)))
_NOT_SQUARE = ((Sample(((2, 3),)), ValueError, "square"),)


def _cholesky_rule(g: Any, out: Any, x: Any) -> Any:
    lower = out
    inner = lib.tril(matmul(mT(lower), g))
    inner = inner - _diagonal_matrix(lib.diagonal(inner, 0, -2, -1)) * 0.5
    left = lib.solve(mT(lower), inner)  # L⁻ᵀ Φ
    return _symmetrise(mT(lib.solve(mT(lower), mT(left))))


_cholesky: Op = defop(
    "cholesky",
    lambda x: np.linalg.cholesky(_symmetric(x, "cholesky")),
    _cholesky_rule,
    infer=_same,
    samples=_SQUARE,
    rejects=(
        *_NOT_SQUARE,
        (Sample((np.array([[2.0, 1.0], [0.0, 2.0]]),)), ValueError, "symmetric"),
    ),
    domain=_positive_definite,
    doc="L with L Lᵀ = X; sym(L⁻ᵀ Φ(Lᵀ g) L⁻¹), Φ the lower triangle with half the diagonal",
)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """``np.linalg.cholesky``: the lower factor ``L`` of ``L Lᵀ = a`` (``upper``: ``Lᵀ``).

    Raises
    ------
    ArgumentError
        If the matrix is not symmetric, or not positive definite.
    """
    lower = _cholesky(real_matrix(a, "cholesky", square=True))
    return mT(lower) if upper else lower


# ---- QR


def _qr_rule(g: Any, out: Any, x: Any) -> Any:
    q, r = out
    gq, gr = g
    inner = matmul(r, mT(gr)) - matmul(mT(gq), q)
    copied = lib.tril(inner) + mT(lib.tril(inner, -1))
    return mT(lib.solve(r, mT(gq + matmul(q, copied))))


_qr: Op = defop(
    "qr",
    lambda x: tuple(np.linalg.qr(x)),
    _qr_rule,
    infer=lambda x: (
        _same(x),
        Abstract((*shape_of(x)[:-2], shape_of(x)[-1], shape_of(x)[-1]), x.dtype),
    ),
    samples=(Sample(((4, 3),)), Sample(((2, 2, 2),))),
    doc="Q R = X for tall X; Walter and Lehmann's formula",
)


class QRResult(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    Q: Any
    R: Any


def qr(a: Any, mode: str = "reduced") -> Any:
    """``np.linalg.qr`` in the modes ``'reduced'``, ``'r'`` and, for square matrices, ``'complete'``.

    Raises
    ------
    UnsupportedError
        For ``'complete'`` with a tall matrix, whose last columns are not determined by it.
    """
    a = real_matrix(a, "qr")
    rows, columns = shape_of(a)[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedError(f"qr: mode={mode!r}; the modes 'reduced', 'complete', 'r' are known")
    if mode == "complete" and rows > columns:
        if isinstance(a, Tensor) and a.requires_grad:
            raise UnsupportedError(
                "qr: mode='complete' adds columns to Q that the matrix does not determine, so they "
                "have no derivative; use mode='reduced'"
            )
        return QRResult(*_constants(np.linalg.qr(values_of(a, "qr"), "complete"), a))
    if rows >= columns:
        q, r = _qr(a)
    else:  # the first columns determine Q, the others follow
        q, first = _qr(lib.getitem(a, (Ellipsis, slice(None, rows))))
        rest = matmul(mT(q), lib.getitem(a, (Ellipsis, slice(rows, None))))
        r = concatenate([first, rest], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# ---- eigenvalues


def _over_gaps(skew: Any, gaps: Any) -> Any:
    """``skew / gaps`` off the diagonal. Equal values with a wish to tell their vectors apart: ±inf."""
    equal = lib.equal(gaps, 0.0)
    ratio = skew / lib.where(equal, 1.0, gaps)
    return lib.where(equal & lib.not_equal(skew, 0.0), np.inf, ratio)


def _eigh_rule(g: Any, out: Any, x: Any) -> Any:
    w, v = out
    gw, gv = g
    inner = matmul(mT(v), gv)
    gaps = expand_dims(w, -2) - expand_dims(w, -1)
    mixed = _over_gaps((inner - mT(inner)) * 0.5, gaps)
    return _symmetrise(matmul(matmul(v, mixed + _diagonal_matrix(gw)), mT(v)))


_eigh: Op = defop(
    "eigh",
    lambda x: tuple(np.linalg.eigh(_symmetric(x, "eigh"))),
    _eigh_rule,
    infer=lambda x: (Abstract(shape_of(x)[:-1], x.dtype), _same(x)),
    samples=_SQUARE,
    rejects=_NOT_SQUARE,
    domain=_symmetric_domain,
    doc="X = V diag(w) Vᵀ; V (diag(g_w) + skew(Vᵀ g_V) / (w_j - w_i)) Vᵀ",
)


class EighResult(NamedTuple):
    """Eigenvalues in rising order and the eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(a: Any, UPLO: str = "L") -> Any:
    """``np.linalg.eigh``: eigenvalues and eigenvectors of symmetric matrices.

    Where eigenvalues are equal their eigenvectors have no derivative: a gradient that asks for one
    is infinite, one that does not (of the eigenvalues alone) is right.
    """
    if UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"eigh: UPLO must be 'L' or 'U', not {UPLO!r}")
    return EighResult(*_eigh(real_matrix(a, "eigh", square=True)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """``np.linalg.eigvalsh``: eigenvalues of symmetric matrices, rising."""
    return eigh(a, UPLO).eigenvalues


def _real_eig(x: Any) -> Any:
    w, v = np.linalg.eig(x)
    if w.dtype.kind == "c":
        raise DtypeError(
            "eig: the matrix has complex eigenvalues, and complex numbers are outside the "
            "library's scope (eigh is for symmetric matrices, svd for any)"
        )
    return w, v


def _eig_rule(g: Any, out: Any, x: Any) -> Any:
    w, v = out
    gw, gv = g
    inner = matmul(mT(v), gv)
    # the columns of v have length 1: the part of their change along themselves is taken out
    along = matmul(mT(v), v) * expand_dims(lib.diagonal(inner, 0, -2, -1), -2)
    gaps = expand_dims(w, -2) - expand_dims(w, -1)
    middle = _over_gaps(_off_diagonal(inner - along), gaps) + _diagonal_matrix(gw)
    return lib.solve(mT(v), matmul(middle, mT(v)))


def _off_diagonal(x: Any) -> Any:
    return lib.where(np.eye(shape_of(x)[-1], dtype=bool), 0.0, x)


_eig: Op = defop(
    "eig",
    _real_eig,
    _eig_rule,
    infer=lambda x: (Abstract(shape_of(x)[:-1], x.dtype), _same(x)),
    samples=_SQUARE,
    rejects=(
        *_NOT_SQUARE,
        (Sample((np.array([[0.0, 1.0], [-1.0, 0.0]]),)), TypeError, "complex"),
    ),
    domain=_distinct_domain,
    doc="X V = V diag(w), real eigenvalues only; V⁻ᵀ (diag(g_w) + …) Vᵀ",
)


class EigResult(NamedTuple):
    """Eigenvalues and the eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


def eig(a: Any) -> Any:
    """``np.linalg.eig`` for matrices whose eigenvalues are real.

    Raises
    ------
    DtypeError
        If an eigenvalue is complex.
    """
    return EigResult(*_eig(real_matrix(a, "eig", square=True)))


def eigvals(a: Any) -> Any:
    """``np.linalg.eigvals`` for matrices whose eigenvalues are real."""
    return eig(a).eigenvalues


# ---- singular values


def _svd_rule(g: Any, out: Any, x: Any) -> Any:
    u, s, vh = out
    gu, gs, gvh = g
    v, gv = mT(vh), mT(gvh)
    squares = s * s
    gaps = expand_dims(squares, -2) - expand_dims(squares, -1)
    left, right = matmul(mT(u), gu), matmul(vh, gv)
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    middle = (
        _over_gaps(left - mT(left), gaps) * row
        + column * _over_gaps(right - mT(right), gaps)
        + _diagonal_matrix(gs)
    )
    total = matmul(matmul(u, middle), vh)
    k = shape_of(s)[-1]
    if shape_of(x)[-2] > k:
        total = total + matmul(_over_gaps(gu - matmul(u, left), row), vh)
    if shape_of(x)[-1] > k:
        total = total + matmul(u, mT(_over_gaps(gv - matmul(v, right), row)))
    return total


def _svd_infer(x: Any) -> tuple[Abstract, ...]:
    *batch, m, n = shape_of(x)
    k = min(m, n)
    return tuple(Abstract((*batch, *tail), x.dtype) for tail in ((m, k), (k,), (k, n)))


def _svd_forward(x: Any) -> tuple[Any, ...]:
    if np.isfinite(x).all():
        return tuple(np.linalg.svd(x, full_matrices=False))
    # LAPACK's iteration for the vectors may never end on an infinity; that for the values does
    values = np.linalg.svd(x, compute_uv=False)
    left, _, right = _svd_infer(x)
    return np.full(left.shape, np.nan, x.dtype), values, np.full(right.shape, np.nan, x.dtype)


_svd: Op = defop(
    "svd",
    _svd_forward,
    _svd_rule,
    infer=_svd_infer,
    samples=(Sample(((3, 2),)), Sample(((2, 3),)), Sample(((2, 2, 2),))),
    doc="X = U diag(s) Vᵀ, thin; U (skew(Uᵀg_U)/E S + S skew(Vᵀg_V)/E + diag(g_s)) Vᵀ + …",
)


class SVDResult(NamedTuple):
    """Left singular vectors as columns, singular values falling, right ones as rows."""

    U: Any
    S: Any
    Vh: Any


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """``np.linalg.svd``: the singular value decomposition.

    Raises
    ------
    UnsupportedError
        With ``full_matrices`` (NumPy's default) for a matrix that is not square and requires
        gradients: the additional singular vectors are not determined by it.
    """
    a = real_matrix(a, "svd")
    if not compute_uv:
        return _svd(a)[1]
    rows, columns = shape_of(a)[-2:]
    if not full_matrices or rows == columns:
        return SVDResult(*_svd(a))
    if isinstance(a, Tensor) and a.requires_grad:
        raise UnsupportedError(
            "svd: full_matrices=True adds singular vectors that the matrix does not determine, "
            "so they have no derivative; pass full_matrices=False"
        )
    return SVDResult(*_constants(np.linalg.svd(values_of(a, "svd")), a))


def _constants(parts: Any, like: Any) -> Any:
    """Parts that have no derivative, as tensors if the matrix was one."""
    return map(lib.constant, parts) if isinstance(like, Tensor) else parts


def svdvals(x: Any, /) -> Any:
    """``np.linalg.svdvals``: the singular values, falling."""
    return svd(x, compute_uv=False)
