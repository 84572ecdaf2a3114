"""sin and cos on vectors: three-part reduction by pi/2, fdlibm's kernels, libm for huge arguments.

float32 goes through float64: one rounding, and every float32 below 2**20 is reduced exactly enough.
"""

from __future__ import annotations

from ..ir import Function, Val
from .exponential import in_double, polynomial
from .libm import per_lane, unless_all

__all__ = ["cos", "sin"]

_SIN = (
    1.58969099521155010221e-10,
    -2.50507602534068634195e-08,
    2.75573137070700676789e-06,
    -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
    -1.66666666666666324348e-01,
)
_COS = (
    -1.13596475577881948265e-11,
    2.08757232129817482790e-09,
    -2.75573143513906633035e-07,
    2.48015872894767294178e-05,
    -1.38888888888741095749e-03,
    4.16666666666666019037e-02,
)
# pi/2 in three parts of 33 bits (fdlibm's pio2_1, pio2_2, pio2_3) and the tail.
_PI2 = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624871116645580e-21,
    8.47842766036889956997e-32,
)
_LIMIT = 2.0**19  # n * part stays exact


def _reduced(f: Function, x: Val) -> tuple[Val, Val, Val]:
    """Return (quadrant, y, low) with x = quadrant * pi/2 + y + low."""
    shift = f.like(6755399441055744.0, x)
    t = f.fma(x, f.like(0.6366197723675814, x), shift)
    n = f.sub(t, shift)
    quadrant = f.bitcast(t, x.type.as_int())
    a = f.fma(n, f.like(-_PI2[0], x), x)
    part = f.mul(n, f.like(_PI2[1], x))
    b = f.sub(a, part)
    low = f.sub(f.sub(a, b), part)
    part = f.mul(n, f.like(_PI2[2], x))
    low = f.sub(low, part)
    low = f.fma(n, f.like(-_PI2[3], x), low)
    y = f.add(b, low)
    return quadrant, y, f.add(f.sub(b, y), low)


def _turn(f: Function, x: Val, quarter: int) -> Val:
    quadrant, y, low = _reduced(f, x)
    if quarter:
        quadrant = f.add(quadrant, f.like(quarter, quadrant))
    z = f.mul(y, y)
    s = f.mul(polynomial(f, _SIN, z), f.mul(z, y))
    # sin(y + low) ~ sin y + low cos y
    s = f.add(y, f.add(s, f.mul(low, f.fma(z, f.like(-0.5, x), f.like(1.0, x)))))
    c = f.mul(f.mul(z, z), polynomial(f, _COS, z))
    half = f.mul(z, f.like(0.5, x))
    w = f.sub(f.like(1.0, x), half)
    c = f.add(w, f.add(f.sub(f.sub(f.like(1.0, x), w), half), f.sub(c, f.mul(y, low))))
    odd = f.compare("ne", f.binary("and", quadrant, f.like(1, quadrant)), f.like(0, quadrant))
    value = f.select(odd, c, s)
    flip = f.compare("ne", f.binary("and", quadrant, f.like(2, quadrant)), f.like(0, quadrant))
    return f.select(flip, f.neg(value), value)


def _circular(f: Function, name: str, x: Val, quarter: int) -> Val:
    size = f.intrinsic("fabs", x)
    fine = f.compare("ole", size, f.like(_LIMIT, x))
    y = _turn(f, x, quarter)
    if name == "sin":  # keeps the sign of zero
        y = f.select(f.compare("oeq", x, f.like(0.0, x)), x, y)
    return unless_all(f, fine, y, lambda: per_lane(f, name, x))


def sin(f: Function, x: Val) -> Val:
    """Return sin x."""
    if x.type.bits == 32:
        return in_double(f, sin, x)
    return _circular(f, "sin", x, 0)


def cos(f: Function, x: Val) -> Val:
    """Return cos x."""
    if x.type.bits == 32:
        return in_double(f, cos, x)
    return _circular(f, "cos", x, 1)
