"""NumPy's polynomial functions, the coefficients falling: polyval, polyfit, polyadd, polymul, poly …"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.ops.along_axis import values_of
from chainrule.ops.shape import astype, concatenate, expand_dims, reshape, shape_of

__all__ = [
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
]


def polyval(p: Any, x: Any) -> Any:
    """``np.polyval`` by Horner's rule: differentiable in the coefficients and in ``x``."""
    p, x = lib.asarray(p), lib.asarray(x)
    value = lib.zeros_like(x)
    for i in range(shape_of(p)[0]):
        value = value * x + lib.getitem(p, i)
    return value


def _coefficients(p: Any) -> Any:
    return lib.atleast_1d(lib.asarray(p))


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    a1, a2 = _coefficients(a1), _coefficients(a2)
    more = shape_of(a1)[0] - shape_of(a2)[0]
    if more > 0:
        a2 = concatenate([np.zeros(more, a2.dtype), a2])
    elif more < 0:
        a1 = concatenate([np.zeros(-more, a1.dtype), a1])
    return a1, a2


def polyadd(a1: Any, a2: Any) -> Any:
    """``np.polyadd``: the sum of two polynomials."""
    a1, a2 = _aligned(a1, a2)
    return a1 + a2


def polysub(a1: Any, a2: Any) -> Any:
    """``np.polysub``: the difference of two polynomials."""
    a1, a2 = _aligned(a1, a2)
    return a1 - a2


def polymul(a1: Any, a2: Any) -> Any:
    """``np.polymul``: the product of two polynomials."""
    return lib.convolve(_trimmed(a1), _trimmed(a2))


def _trimmed(p: Any) -> Any:
    """Without leading zeros, as NumPy's poly1d (where the values are known)."""
    p = _coefficients(p)
    known = p._value if isinstance(p, Tensor) else p
    if isinstance(known, Abstract):
        return p
    places = np.flatnonzero(known)
    if not places.size:
        return lib.zeros_like(p, shape=(1,))
    return lib.getitem(p, slice(int(places[0]), None)) if places[0] else p


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """``np.polydiv``: quotient and remainder of two polynomials."""
    u, v = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    m, n = shape_of(u)[0] - 1, shape_of(v)[0] - 1
    scale = 1.0 / lib.getitem(v, 0)
    quotient = []
    rest = u
    for k in range(m - n + 1):
        q = scale * lib.getitem(rest, k)
        quotient.append(q)
        rest = lib.index_add(rest, slice(k, k + n + 1), -q * v)
    made = lib.stack(quotient) if quotient else lib.zeros_like(v, shape=(1,))
    # as NumPy: leading coefficients that came out as zero are no part of the remainder
    values = values_of(rest, "polydiv")
    start = 0
    while start < len(values) - 1 and np.allclose(values[start], 0, rtol=1e-14):
        start += 1
    return made, lib.getitem(rest, slice(start, None))


def polyder(p: Any, m: int = 1) -> Any:
    """``np.polyder``: the coefficients of the ``m``-th derivative."""
    if m < 0:
        raise ArgumentError(f"polyder: the order must be at least 0, not {m}")
    p = lib.asarray(p)
    for _ in range(int(m)):
        n = shape_of(p)[0] - 1
        p = lib.getitem(p, slice(None, -1)) * np.arange(n, 0, -1)
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """``np.polyint``: the coefficients of an ``m``-fold integral, with constants ``k``."""
    if m < 0:
        raise ArgumentError(f"polyint: the order must be at least 0, not {m}")
    constants = lib.atleast_1d(lib.asarray(0.0 if k is None else k))
    if shape_of(constants)[0] == 1 and m > 1:
        constants = lib.broadcast_to(constants, (m,))
    if shape_of(constants)[0] < m:
        raise ArgumentError(f"polyint: k must be one number or at least {m} of them")
    p = lib.asarray(p)
    for i in range(int(m)):
        n = shape_of(p)[0]
        p = concatenate([p / np.arange(n, 0, -1), reshape(lib.getitem(constants, i), (1,))])
    return p


def poly(seq_of_zeros: Any) -> Any:
    """``np.poly``: the polynomial with given zeros, or the characteristic one of a matrix."""
    zeros = lib.atleast_1d(lib.asarray(seq_of_zeros))
    if len(shape_of(zeros)) == 2 and shape_of(zeros)[0] == shape_of(zeros)[1] != 0:
        zeros = lib.eigvals(zeros)
    elif len(shape_of(zeros)) != 1:
        raise ShapeError("poly: zeros must be a sequence, or a square matrix")
    if zeros.dtype.kind in "iub" or zeros.dtype == np.float16:
        zeros = astype(zeros, np.float64)
    made: Any = np.ones(1, zeros.dtype)
    for i in range(shape_of(zeros)[0]):
        made = lib.convolve(made, lib.stack([np.ones((), zeros.dtype), -lib.getitem(zeros, i)]))
    return made


def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: Any = None,
    full: bool = False,
    w: Any = None,
    cov: Any = False,
) -> Any:
    """``np.polyfit``: least-squares polynomial, differentiable in ``x``, ``y`` and the weights."""
    if full or cov:
        raise UnsupportedError("polyfit: full= and cov= have no differentiable form here")
    x, y = lib.asarray(x) + 0.0, lib.asarray(y) + 0.0
    if deg < 0:
        raise ArgumentError(f"polyfit: the degree must be at least 0, not {deg}")
    if len(shape_of(x)) != 1 or shape_of(x)[:1] != shape_of(y)[:1] or not shape_of(x)[0]:
        raise ShapeError(
            f"polyfit: x must be a sequence and y as long, got {shape_of(x)} and {shape_of(y)}"
        )
    left = lib.vander(x, int(deg) + 1)
    if w is not None:
        w = lib.asarray(w) + 0.0
        left = left * expand_dims(w, 1)
        y = y * (w if len(shape_of(y)) == 1 else expand_dims(w, 1))
    # columns of length 1: the condition of the problem, not of the units of x
    scale = lib.sqrt(lib.sum(left * left, axis=0))
    cutoff = shape_of(x)[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    solution = lib.matmul(lib.pinv(left / scale, rcond=cutoff), y)
    return solution / (scale if len(shape_of(y)) == 1 else expand_dims(scale, 1))
