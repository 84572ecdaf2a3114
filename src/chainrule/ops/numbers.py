"""Cleaning and rounding numbers: clip, round, nan_to_num, unwrap; real and imaginary parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.errors import ArgumentError
from chainrule.ops.conventions import CLIP_AT_BOUND
from chainrule.ops.shape import astype, normalize_axis, shape_of

__all__ = [
    "allclose",
    "angle",
    "around",
    "array_equal",
    "array_equiv",
    "clip",
    "conj",
    "conjugate",
    "divmod",
    "fix",
    "frexp",
    "imag",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "modf",
    "nan_to_num",
    "real",
    "real_if_close",
    "round",
    "unwrap",
]

_X = (Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),)))


def _inside(x: Any, low: Any, high: Any) -> Any:
    return lib.greater(x, low) & lib.less(x, high)


_clip: Op = elementwise(
    "clip",
    np.clip,
    lambda g, out, x, low, high: lib.where(
        _inside(x, low, high), g, g * lib.where(lib.isnan(x), 1.0, CLIP_AT_BOUND)
    ),
    lambda g, out, x, low, high: lib.where(lib.less_equal(x, low) & lib.less(low, high), g, 0.0),
    lambda g, out, x, low, high: lib.where(
        lib.greater_equal(x, high) | lib.greater_equal(low, high), g, 0.0
    ),
    samples=(
        Sample(((3, 4), np.array(-0.5), np.array(0.7))),
        Sample(((2, 3), np.array([-1.0, 0.0, 1.0]), np.array([1.5, 0.5, 2.0]))),
        Sample(((0,), np.array(0.0), np.array(1.0))),
    ),
    kinks=(
        Kink((1.0, 0.0, 1.0), (0.0, 0.0, 1.0), "at a bound the value is the bound's"),
        Kink((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), "at a bound the value is the bound's"),
    ),
    doc="min(max(x, low), high); 1 strictly inside, the bounds get the rest",
)


def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **_: Any,
) -> Any:
    """``np.clip``: limited to an interval; either bound may be ``None`` and may be differentiated.

    Notes
    -----
    At a bound the value is the bound's: the derivative in ``a`` is 0 there.

    Examples
    --------
    >>> cr.grad(lambda x: cr.clip(x, 0.0, 1.0).sum())(np.array([-1.0, 0.5, 1.0]))
    array([0., 1., 0.])
    """
    if out is not None:
        raise ArgumentError("clip: out= is not supported with tensors; assign the result instead")
    low = min if _absent(a_min) else a_min
    high = max if _absent(a_max) else a_max
    a = lib.asarray(a)
    if _absent(low) and _absent(high):
        return lib.copy(a)
    kind = np.result_type(a.dtype, *(_weak(b) for b in (low, high) if not _absent(b)))
    made = _clip(
        a,
        _bound(-np.inf if _absent(low) else low, kind, np.iinfo, "min"),
        _bound(np.inf if _absent(high) else high, kind, np.iinfo, "max"),
    )
    return made if made.dtype == kind else astype(made, kind)


def _absent(value: Any) -> bool:
    return value is None or value is np._NoValue


def _weak(value: Any) -> Any:
    return value.dtype if hasattr(value, "dtype") else value


def _bound(value: Any, kind: Any, limits: Any, which: str) -> Any:
    """An absent bound as a number of the array's own kind."""
    if isinstance(value, float) and np.isinf(value) and kind.kind in "iu":
        return getattr(limits(kind), which)
    return (
        value if hasattr(value, "dtype") or isinstance(value, int | float) else lib.asarray(value)
    )


_round: Op = elementwise(
    "round",
    lambda x, decimals=0: np.round(x, decimals),
    samples=(*_X, Sample(((3,),), {"decimals": 2})),
    doc="x to so many decimals, halves to even; no derivative (piecewise constant)",
)


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """``np.round``: to so many decimals, halves to even. No derivative."""
    if out is not None:
        raise ArgumentError("round: out= is not supported with tensors; assign the result instead")
    return _round(lib.asarray(a), decimals=int(decimals))


around = round


def fix(x: Any, out: Any = None) -> Any:
    """``np.fix``: towards zero. No derivative."""
    return lib.trunc(x)


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """``np.nan_to_num``: NaN and infinities replaced by numbers, which get no gradient."""
    x = lib.asarray(x)
    if x.dtype.kind != "f":
        return lib.copy(x)
    limits = np.finfo(x.dtype)
    x = lib.where(lib.isnan(x), np.asarray(nan, x.dtype), x)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    x = lib.where(isposinf(x), np.asarray(high, x.dtype), x)
    return lib.where(isneginf(x), np.asarray(low, x.dtype), x)


def isposinf(x: Any, out: Any = None) -> Any:
    """``np.isposinf``: is +inf."""
    return lib.isinf(x) & ~lib.signbit(x)


def isneginf(x: Any, out: Any = None) -> Any:
    """``np.isneginf``: is -inf."""
    return lib.isinf(x) & lib.signbit(x)


def modf(x: Any) -> tuple[Any, Any]:
    """``np.modf``: the fraction (derivative 1) and the whole part (derivative 0)."""
    x = lib.asarray(x)
    if x.dtype.kind in "iub":
        x = astype(x, np.float64)
    whole = lib.trunc(x)
    infinite = lib.isinf(x)
    return lib.where(infinite, lib.copysign(0.0, x), x - lib.where(infinite, 0.0, whole)), whole


def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    """``np.divmod``: ``(x1 // x2, x1 % x2)``."""
    return lib.floor_divide(x1, x2), lib.remainder(x1, x2)


_exponent: Op = elementwise(
    "exponent",
    lambda x: np.frexp(x)[1],
    samples=_X,
    doc="the power of two in frexp; no derivative",
)


def frexp(x: Any) -> tuple[Any, Any]:
    """``np.frexp``: ``x = m 2ⁿ`` with ½ ≤ |m| < 1; the mantissa's derivative is 2⁻ⁿ."""
    x = lib.asarray(x)
    n = _exponent(x)
    return lib.ldexp(x, -n), n


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Any:
    """``np.unwrap``: jumps larger than half a period removed; derivative 1 (the jumps are constant)."""
    p = lib.asarray(p)
    if p.dtype.kind in "iub" and not isinstance(period, int):
        p = astype(p, np.float64)
    axis = normalize_axis(axis, len(shape_of(p)))
    steps = lib.diff(lib.stop_gradient(p), axis=axis)
    half = period // 2 if p.dtype.kind in "iu" else period / 2
    wrapped = lib.remainder(steps + half, period) - half
    wrapped = lib.where(lib.equal(wrapped, -half) & lib.greater(steps, 0), half, wrapped)
    correction = wrapped - steps
    limit = half if discont is None else discont
    correction = lib.where(lib.less(lib.abs(steps), limit), np.zeros((), p.dtype), correction)
    total = lib.cumsum(correction, axis=axis)
    shape = list(shape_of(p))
    shape[axis] = min(1, shape[axis])
    return p + astype(lib.concatenate([np.zeros(shape, p.dtype), total], axis=axis), p.dtype)


# ---- real numbers seen as complex ones


def real(val: Any) -> Any:
    """``np.real``: the array itself."""
    return lib.asarray(val)


def real_if_close(a: Any, tol: float = 100) -> Any:
    """``np.real_if_close``: the array itself."""
    return lib.asarray(a)


def conj(x: Any, /) -> Any:
    """``np.conj``: a real number is its own conjugate."""
    x = lib.asarray(x)
    return x if x.dtype.kind == "b" else lib.positive(x)


conjugate = conj


def imag(val: Any) -> Any:
    """``np.imag``: zeros, for the numbers are real."""
    return lib.zeros_like(val)


def angle(z: Any, deg: bool = False) -> Any:
    """``np.angle``: 0 for positive numbers, π for negative ones. No derivative."""
    z = lib.asarray(z)
    kind = z.dtype if z.dtype.kind == "f" else np.dtype(np.float64)
    half_turn = np.array(180.0 if deg else np.pi, kind)
    made = lib.where(lib.signbit(z) if z.dtype.kind == "f" else lib.less(z, 0), half_turn, 0.0)
    return lib.where(lib.isnan(z), np.array(np.nan, kind), astype(made, kind))


def iscomplex(x: Any) -> Any:
    """``np.iscomplex``: nowhere."""
    return lib.zeros_like(x, dtype=bool)


def isreal(x: Any) -> Any:
    """``np.isreal``: everywhere."""
    return lib.ones_like(x, dtype=bool)


def iscomplexobj(x: Any) -> bool:
    """``np.iscomplexobj``: no."""
    return False


def isrealobj(x: Any) -> bool:
    """``np.isrealobj``: yes."""
    return True


# ---- comparing arrays


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """``np.isclose``: equal within a tolerance, element by element. No derivative."""
    a, b = lib.asarray(a), lib.asarray(b)
    with np.errstate(invalid="ignore"):
        near = lib.less_equal(lib.abs(a - b), atol + rtol * lib.abs(b))
    result = (near & lib.isfinite(b)) | lib.equal(a, b)
    return result | (lib.isnan(a) & lib.isnan(b)) if equal_nan else result


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> bool:
    """``np.allclose``: whether all elements are equal within a tolerance."""
    return bool(lib.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """``np.array_equal``: one shape and the same elements."""
    a1, a2 = lib.asarray(a1), lib.asarray(a2)
    if shape_of(a1) != shape_of(a2):
        return False
    same = lib.equal(a1, a2)
    return bool(lib.all(same | (lib.isnan(a1) & lib.isnan(a2)) if equal_nan else same))


def array_equiv(a1: Any, a2: Any) -> bool:
    """``np.array_equiv``: the same elements after broadcasting."""
    try:
        np.broadcast_shapes(shape_of(a1), shape_of(a2))
    except ValueError:
        return False
    return bool(lib.all(lib.equal(a1, a2)))
