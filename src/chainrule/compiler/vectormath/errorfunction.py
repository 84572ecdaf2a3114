"""The error function on vectors.

|x| < 1: x times a polynomial in x**2. Otherwise 1 - exp(-x**2) erfcx(x), with erfcx(x) (1 + 2x)
a polynomial in (x - 3.75)/(x + 3.75) (Shepherd and Laframboise 1981). float32 goes through float64.
"""

from __future__ import annotations

from ..ir import Function, Val
from .exponential import at_most, exp, in_double, polynomial
from .tables import ERF_SMALL, ERFCX

__all__ = ["erf"]


def erf(f: Function, x: Val) -> Val:
    """Return 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    if x.type.bits == 32:
        return in_double(f, erf, x)
    one = f.like(1.0, x)
    size = f.intrinsic("fabs", x)
    small = f.mul(x, polynomial(f, tuple(reversed(ERF_SMALL)), f.mul(x, x)))
    a = at_most(f, size, 6.5)
    k = f.like(3.75, x)
    t = f.div(f.sub(a, k), f.add(a, k))
    g = f.div(polynomial(f, tuple(reversed(ERFCX)), t), f.fma(a, f.like(2.0, x), one))
    tail = f.mul(exp(f, f.neg(f.mul(a, a))), g)
    large = f.intrinsic("copysign", f.sub(one, tail), x)
    return f.select(f.compare("olt", size, one), small, large)
