"""Bessel functions. Derivatives in the order are refused; those in the argument are recurrences."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, Sample, elementwise
from chainrule.ops.comparison import equal, sign
from chainrule.ops.domains import X, positive_numbers
from chainrule.ops.routing import where
from chainrule.ops.scipy_forward import scipy_forward

__all__ = [
    "i0",
    "i0e",
    "i1",
    "i1e",
    "iv",
    "j0",
    "j1",
    "jn",
    "jv",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kv",
    "y0",
    "y1",
    "yn",
    "yv",
]

_HALF_AT_ZERO = (Kink((0.0,), (0.5,), "the limit of J₁(x)/x and I₁(x)/x"),)


def _over(out: Any, x: Any) -> Any:
    """``out / x`` for an odd function of slope ½ at 0."""
    zero = equal(x, 0.0)
    return where(zero, 0.5, out / where(zero, 1.0, x))


i0: Op = elementwise(
    "i0",
    lambda x: np.i0(x).reshape(np.shape(x)),
    lambda g, out, x: g * i1(x),
    samples=X,
    doc="I₀(x), modified; I₁(x)",
)


i1: Op = elementwise(
    "i1",
    scipy_forward("i1"),
    lambda g, out, x: g * (0.5 * (i0(x) + iv(2.0, x))),
    samples=X,
    kinks=_HALF_AT_ZERO,
    doc="I₁(x), modified; (I₀(x) + I₂(x))/2",
)
i0e: Op = elementwise(
    "i0e",
    scipy_forward("i0e"),
    lambda g, out, x: g * (i1e(x) - sign(x) * out),
    samples=X,
    doc="e^(-|x|) I₀(x); i1e(x) - sign(x) out",
)
i1e: Op = elementwise(
    "i1e",
    scipy_forward("i1e"),
    lambda g, out, x: g * (i0e(x) - _over(out, x) - sign(x) * out),
    samples=X,
    kinks=_HALF_AT_ZERO,
    doc="e^(-|x|) I₁(x); i0e(x) - out/x - sign(x) out",
)
j0: Op = elementwise(
    "j0", scipy_forward("j0"), lambda g, out, x: -g * j1(x), samples=X, doc="J₀(x); -J₁(x)"
)
j1: Op = elementwise(
    "j1",
    scipy_forward("j1"),
    lambda g, out, x: g * (0.5 * (j0(x) - jv(2.0, x))),
    samples=X,
    kinks=_HALF_AT_ZERO,
    doc="J₁(x); (J₀(x) - J₂(x))/2",
)
y0: Op = elementwise(
    "y0",
    scipy_forward("y0"),
    lambda g, out, x: -g * y1(x),
    samples=X,
    domain=positive_numbers,
    doc="Y₀(x); -Y₁(x)",
)
y1: Op = elementwise(
    "y1",
    scipy_forward("y1"),
    lambda g, out, x: g * (y0(x) - out / x),
    samples=X,
    domain=positive_numbers,
    doc="Y₁(x); Y₀(x) - Y₁(x)/x",
)
k0: Op = elementwise(
    "k0",
    scipy_forward("k0"),
    lambda g, out, x: -g * k1(x),
    samples=X,
    domain=positive_numbers,
    doc="K₀(x); -K₁(x)",
)
k1: Op = elementwise(
    "k1",
    scipy_forward("k1"),
    lambda g, out, x: -g * (k0(x) + out / x),
    samples=X,
    domain=positive_numbers,
    doc="K₁(x); -K₀(x) - K₁(x)/x",
)
k0e: Op = elementwise(
    "k0e",
    scipy_forward("k0e"),
    lambda g, out, x: g * (out - k1e(x)),
    samples=X,
    domain=positive_numbers,
    doc="eˣ K₀(x); out - k1e(x)",
)
k1e: Op = elementwise(
    "k1e",
    scipy_forward("k1e"),
    lambda g, out, x: g * (out - k0e(x) - out / x),
    samples=X,
    domain=positive_numbers,
    doc="eˣ K₁(x); out - k0e(x) - out/x",
)

# ---- any order

_ORDER = (
    Sample((np.array(2.0), ())),
    Sample((np.array([[1.0], [3.0]]), (4,))),
    Sample((np.array([2.0]), (0,))),
)


def _of_order(name: str, symbol: str, before: float, after: float) -> Op:
    """``f_v' = before f_{v-1} + after f_{v+1}`` (Abramowitz and Stegun 9.1.27, 9.6.26)."""

    def rule(g: Any, out: Any, v: Any, x: Any) -> Any:
        return g * (before * op(v - 1, x) + after * op(v + 1, x))

    op = elementwise(
        name,
        scipy_forward(name),
        None,
        rule,
        refuses=(0,),
        samples=_ORDER,
        domain=positive_numbers,
        doc=f"{symbol}_v(x); refused in v, {before:g} {symbol}_(v-1) {after:+g} {symbol}_(v+1)",
    )
    return op


jv: Op = _of_order("jv", "J", 0.5, -0.5)
yv = _of_order("yv", "Y", 0.5, -0.5)
iv: Op = _of_order("iv", "I", 0.5, 0.5)
kv = _of_order("kv", "K", -0.5, -0.5)
jn = jv
yn = yv
