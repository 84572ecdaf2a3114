"""exp, expm1, log, log1p, tanh, sigmoid, softplus on vectors.

float32 ``exp``, ``tanh``, ``sigmoid`` and ``log`` are evaluated in float32 (they stand in the hot
loops of networks); the other float32 functions are evaluated in float64 and rounded once.
Measured bounds are in ``__init__``; the tests check them against mpmath.

Notation: n is the integer nearest x / ln 2 (with tables 32 x / ln 2, in float64 16 x / ln 2), r the
remainder, q = e**r - 1.
NaN passes through every comparison by being on the side that keeps the operand.
"""

from __future__ import annotations

import math

from ..ir import F64, Function, Val
from .tables import EXP64_HIGH, EXP64_LOW, EXP_HIGH, EXP_LOW, TANH

__all__ = ["exp", "expm1", "log", "log1p", "sigmoid", "softplus", "tanh"]

_LOG2E = 1.4426950408889634
_SHIFT = {32: 12582912.0, 64: 6755399441055744.0}  # 1.5 * 2**(mantissa): adding it rounds
_MANTISSA = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
# ln 2 in two parts, the first with trailing zeros so that n * part is exact (Cody and Waite).
_LN2 = {
    32: (0.693359375, -2.12194440e-4),
    64: (6.93147180369123816490e-01, 1.90821492927058770002e-10),
}
# (e**r - 1 - r) / r**2: a minimax polynomial (Cephes) in float32, Taylor's to degree 13 in float64.
_EXP = {
    32: (
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    ),
    64: (
        1.6059043836821613e-10,
        2.08767569878681e-09,
        2.505210838544172e-08,
        2.755731922398589e-07,
        2.7557319223985893e-06,
        2.48015873015873e-05,
        1.984126984126984e-04,
        1.388888888888889e-03,
        8.333333333333333e-03,
        4.1666666666666664e-02,
        1.6666666666666666e-01,
        0.5,
    ),
}


def polynomial(f: Function, coefficients: tuple[float, ...], x: Val) -> Val:
    """Return a polynomial by Horner's rule, highest coefficient first."""
    p = f.like(coefficients[0], x)
    for c in coefficients[1:]:
        p = f.fma(p, x, f.like(c, x))
    return p


def at_most(f: Function, x: Val, bound: float) -> Val:
    """Return ``min(x, bound)``; NaN stays."""
    b = f.like(bound, x)
    return f.select(f.compare("ogt", x, b), b, x)


def at_least(f: Function, x: Val, bound: float) -> Val:
    """Return ``max(x, bound)``; NaN stays."""
    b = f.like(bound, x)
    return f.select(f.compare("olt", x, b), b, x)


def _wide(f: Function, x: Val) -> bool:
    """Tell whether ``x`` is a whole AVX-512 register of a module that may use its instructions."""
    return f.module.vector_bits == 512 and x.type.lanes * x.type.bits == 512


def _scale(f: Function, x: Val, n: Val) -> Val:
    """Return ``x * 2**floor(n)`` with correct overflow and gradual underflow; n is a float."""
    t = x.type
    if _wide(f, x):
        kind, mask = ("ps", "i16 -1") if t.bits == 32 else ("pd", "i8 -1")
        name = f"llvm.x86.avx512.mask.scalef.{kind}.512"
        f.module.declare(
            f"declare {t.text} @{name}({t.text}, {t.text}, {t.text}, {mask.split()[0]}, i32)"
        )
        return f.emit(
            t,
            f"call {t.text} @{name}({x.typed}, {n.typed}, {t.text} zeroinitializer, {mask}, i32 4)",
        )
    # In two steps of about n/2: neither power is outside the range of normal numbers.
    whole = f.convert(f.intrinsic("floor", n), t.as_int(), "fptosi")
    half = f.binary("ashr", whole, f.like(1, whole))
    rest = f.sub(whole, half)
    return f.mul(f.mul(x, power_of_two(f, half, x)), power_of_two(f, rest, x))


def power_of_two(f: Function, n: Val, like: Val) -> Val:
    """Return ``2**n`` for integers n in the range of normal numbers."""
    bits = like.type.bits
    biased = f.add(n, f.like(_BIAS[bits], n))
    return f.bitcast(f.binary("shl", biased, f.like(_MANTISSA[bits], n)), like.type)


def _reduce(f: Function, x: Val) -> tuple[Val, Val]:
    """Return (n, r) with x = n ln 2 + r, n an integer held as a float."""
    bits = x.type.bits
    shift = f.like(_SHIFT[bits], x)
    n = f.sub(f.fma(x, f.like(_LOG2E, x), shift), shift)
    high, low = _LN2[bits]
    r = f.fma(n, f.like(-high, x), x)
    return n, f.fma(n, f.like(-low, x), r)


def _exp_minus_one(f: Function, r: Val) -> Val:
    """Return e**r - 1 for |r| <= ln 2 / 2."""
    p = polynomial(f, _EXP[r.type.bits], r)
    return f.fma(p, f.mul(r, r), r)


def _lookup(f: Function, index: Val, table: tuple[float, ...], x: Val) -> Val:
    """Return ``table[index]`` per lane, modulo its length, from two registers."""
    half = len(table) // 2
    low, high = f.table(table[:half], x.type.scalar), f.table(table[half:], x.type.scalar)
    kind = "ps" if x.type.bits == 32 else "pd"
    return f.call(x.type, f"llvm.x86.avx512.vpermi2var.{kind}.512", [low, index, high])


def _has_tables(f: Function, x: Val) -> bool:
    return _wide(f, x) and x.type.bits == 32


def _parts(f: Function, x: Val) -> tuple[Val, Val, Val]:
    """Return (s, q, n) with e**x = s (1 + q) 2**floor(n), in float64 with tables.

    x = (16 n ln 2) / 16 + r with |r| <= ln 2 / 32; s is 2**(j/16) from a table. What is small beside
    r, the rest of the reduction and the rounding error of s, is added last, so that q is rounded
    twice only. The polynomial is Taylor's to r**7, in three pairs to be short in time.
    """
    shift = f.like(_SHIFT[64], x)
    t = f.fma(x, f.like(16 * _LOG2E, x), shift)
    k = f.sub(t, shift)
    high_part, low_part = _LN2[64]
    r = f.fma(k, f.like(-high_part / 16, x), x)
    index = f.bitcast(t, x.type.as_int())
    s = _lookup(f, index, EXP64_HIGH, x)
    rest = f.fma(k, f.like(-low_part / 16, x), _lookup(f, index, EXP64_LOW, x))
    y = f.add(r, rest)
    yy = f.mul(y, y)
    a, b, c = (
        f.fma(f.like(1 / math.factorial(n + 1), x), y, f.like(1 / math.factorial(n), x))
        for n in (2, 4, 6)
    )
    p = f.fma(f.fma(c, yy, b), yy, a)
    return s, f.add(r, f.fma(p, yy, rest)), f.mul(k, f.like(1 / 16, x))


def exp(f: Function, x: Val) -> Val:
    """Return e**x."""
    low, high = (-104.0, 89.0) if x.type.bits == 32 else (-746.0, 710.0)
    return _exp_inside(f, at_least(f, at_most(f, x, high), low))


def _exp_inside(f: Function, x: Val) -> Val:
    """Return e**x for x in the range where it neither overflows nor vanishes by far."""
    if _wide(f, x) and x.type.bits == 64:
        s, q, n = _parts(f, x)
        return _scale(f, f.fma(s, q, s), n)
    if not _has_tables(f, x):
        n, r = _reduce(f, x)
        return _scale(f, f.add(_exp_minus_one(f, r), f.like(1.0, x)), n)
    shift = f.like(_SHIFT[32], x)
    t = f.fma(x, f.like(32 * _LOG2E, x), shift)
    k = f.sub(t, shift)
    high_part, low_part = _LN2[32]
    r = f.fma(k, f.like(-high_part / 32, x), x)
    r = f.fma(k, f.like(-low_part / 32, x), r)
    index = f.bitcast(t, x.type.as_int())
    base, correction = _lookup(f, index, EXP_HIGH, x), _lookup(f, index, EXP_LOW, x)
    p = f.fma(f.like(1.6666667163e-1, x), r, f.like(0.5, x))
    p = f.add(f.fma(p, f.mul(r, r), correction), r)
    return _scale(f, f.fma(base, p, base), f.mul(k, f.like(1 / 32, x)))


def expm1(f: Function, x: Val) -> Val:
    """Return e**x - 1 without cancellation."""
    if x.type.bits == 32:
        return in_double(f, expm1, x)
    x = at_least(f, at_most(f, x, 710.0), -50.0)
    n, r = _reduce(f, x)
    # 2**n in two factors, as n may be 1024.
    s = _scale(f, f.like(0.5, x), n)
    half = f.fma(s, _exp_minus_one(f, r), f.sub(s, f.like(0.5, x)))
    return f.add(half, half)


def sigmoid(f: Function, x: Val) -> Val:
    """Return 1 / (1 + e**-x); below the smallest normal number, 0.

    The rounding of 1 + e is undone by one Newton step whose residual uses e itself.
    """
    limit = 87.0 if x.type.bits == 32 else 708.0
    tiny = f.compare("olt", x, f.like(-limit, x))
    c = at_least(f, at_most(f, x, limit), -limit)
    e = _exp_inside(f, f.neg(c))
    one = f.like(1.0, x)
    d = f.add(e, one)
    if _has_tables(f, x):
        t = x.type.text
        name = "llvm.x86.avx512.rcp14.ps.512"
        f.module.declare(f"declare {t} @{name}({t}, {t}, i16)")
        y = f.emit(x.type, f"call {t} @{name}({d.typed}, {t} zeroinitializer, i16 -1)")
    else:
        y = f.div(one, d)
    residual = f.sub(f.fma(f.neg(y), e, one), y)
    return f.select(tiny, f.like(0.0, x), f.fma(y, residual, y))


def tanh(f: Function, x: Val) -> Val:
    """Return tanh x."""
    t = x.type
    if _has_tables(f, x):
        bits = f.bitcast(x, t.as_int())
        size = f.bitcast(f.binary("and", bits, f.like(0x7FFFFFFF, bits)), t)
        a = at_most(f, size, 9.1)
        segment = f.bitcast(at_least(f, a, 0.0625), t.as_int())
        index = f.binary("lshr", segment, f.like(21, segment))
        d = f.sub(a, _lookup(f, index, TANH[0], x))
        p = _lookup(f, index, TANH[-1], x)
        for row in TANH[-2:0:-1]:
            p = f.fma(p, d, _lookup(f, index, row, x))
        sign = f.binary("and", bits, f.like(-(1 << 31), bits))
        return f.bitcast(f.binary("or", f.bitcast(p, t.as_int()), sign), t)
    if t.bits == 64:
        return _tanh64(f, x)
    c = at_least(f, at_most(f, x, 9.02), -9.02)
    # (e**2c - 1) / (e**2c + 1) in float32, the roundings of numerator, denominator and quotient undone.
    n, r = _reduce(f, f.add(c, c))
    q = _exp_minus_one(f, r)
    s = _scale(f, f.like(1.0, x), n)
    below, above = f.sub(s, f.like(1.0, x)), f.add(s, f.like(1.0, x))
    top, bottom = f.fma(s, q, below), f.fma(s, q, above)
    top_low = f.fma(s, q, f.sub(below, top))
    bottom_low = f.fma(s, q, f.sub(above, bottom))
    y = f.div(top, bottom)
    left = f.add(f.fma(f.neg(y), bottom, top), f.fma(f.neg(y), bottom_low, top_low))
    y = f.add(y, f.div(left, bottom))
    return f.intrinsic("copysign", y, x)


def _tanh64(f: Function, x: Val) -> Val:
    """Return tanh x as t / (t + 2) with t = e**2|x| - 1: two roundings of t do not matter."""
    a = at_most(f, f.intrinsic("fabs", x), 19.1)
    c = f.add(a, a)
    if _wide(f, x):
        s, q, n = _parts(f, c)
        s = _scale(f, s, n)
    else:
        n, r = _reduce(f, c)
        q, s = _exp_minus_one(f, r), _scale(f, f.like(1.0, x), n)
    t = f.fma(s, q, f.sub(s, f.like(1.0, x)))
    return f.intrinsic("copysign", f.div(t, f.add(t, f.like(2.0, x))), x)


_LOG32 = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_LOG64 = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)


def log(f: Function, x: Val) -> Val:
    """Return the natural logarithm (Cephes in float32, fdlibm in float64)."""
    bits, t = x.type.bits, x.type
    smallest, up = (2.0**-126, 23) if bits == 32 else (2.0**-1022, 52)
    small = f.compare("olt", x, f.like(smallest, x))
    y = f.select(small, f.mul(x, f.like(2.0**up, x)), x)
    whole = f.bitcast(y, t.as_int())
    mantissa = _MANTISSA[bits]
    exponent = f.sub(
        f.binary("lshr", whole, f.like(mantissa, whole)), f.like(_BIAS[bits] - 1, whole)
    )
    half = (_BIAS[bits] - 1) << mantissa
    m_bits = f.binary(
        "or", f.binary("and", whole, f.like((1 << mantissa) - 1, whole)), f.like(half, whole)
    )
    m = f.bitcast(m_bits, t)  # in [1/2, 1)
    e = f.convert(exponent, t, "sitofp")
    e = f.sub(e, f.select(small, f.like(float(up), x), f.like(0.0, x)))
    below = f.compare("olt", m, f.like(0.7071067811865476, x))
    e = f.sub(e, f.select(below, f.like(1.0, x), f.like(0.0, x)))
    m = f.sub(f.add(m, f.select(below, m, f.like(0.0, x))), f.like(1.0, x))
    z = f.mul(m, m)
    if bits == 32:
        y = f.mul(f.mul(polynomial(f, _LOG32, m), m), z)
        y = f.fma(e, f.like(_LN2[32][1], x), y)
        y = f.fma(z, f.like(-0.5, x), y)
        y = f.fma(e, f.like(_LN2[32][0], x), f.add(m, y))
    else:
        s = f.div(m, f.add(m, f.like(2.0, x)))
        w = f.mul(s, s)
        rest = f.mul(polynomial(f, _LOG64, w), w)
        hfsq = f.mul(f.like(0.5, x), z)
        inner = f.fma(s, f.add(hfsq, rest), f.mul(e, f.like(_LN2[64][1], x)))
        y = f.fma(e, f.like(_LN2[64][0], x), f.sub(m, f.sub(hfsq, inner)))
    inf = f.like(float("inf"), x)
    y = f.select(f.compare("oeq", x, f.like(0.0, x)), f.like(float("-inf"), x), y)
    y = f.select(f.compare("oeq", x, inf), inf, y)
    bad = f.compare("ult", x, f.like(0.0, x))
    return f.select(bad, f.like(float("nan"), x), y)


def log1p(f: Function, x: Val) -> Val:
    """Return log(1 + x) without cancellation."""
    if x.type.bits == 32:
        return in_double(f, log1p, x)
    one = f.like(1.0, x)
    u = f.add(x, one)
    lost = f.sub(x, f.sub(u, one))
    y = f.add(log(f, u), f.div(lost, u))
    # Where u is infinite or 0 the correction is NaN and the logarithm already right.
    y = f.select(f.compare("ord", y, y), y, log(f, u))
    tiny = f.compare("oeq", u, one)
    return f.select(tiny, x, y)


def softplus(f: Function, x: Val) -> Val:
    """Return log(1 + e**x) = max(x, 0) + log1p(e**-|x|)."""
    if x.type.bits == 32:
        return in_double(f, softplus, x)
    size = f.intrinsic("fabs", x)
    return f.add(at_least(f, x, 0.0), log1p(f, exp(f, f.neg(size))))


def in_double(f: Function, function: object, x: Val) -> Val:
    """Return a float32 function by way of float64: one rounding."""
    wide = f.convert(x, F64.vec(x.type.lanes), "fpext")
    return f.convert(function(f, wide), x.type, "fptrunc")  # type: ignore[operator]
