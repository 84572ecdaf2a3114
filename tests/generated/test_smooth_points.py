"""Derivatives up to the third of smooth functions at and near removable singularities.

A limit put in by hand has no slope, and a quotient cancels near its singularity: both give right
first derivatives and wrong second ones. The reference is mpmath's, in forty digits. SPEC B7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import chainrule as cr
import chainrule.special as special

AT_ZERO = [0.0, 1e-9, 1e-5, 1e-3, 0.1, 0.9, 3.0, -3.0]
FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[float]]] = {
    "sinc": (np.sinc, mp.sincpi, AT_ZERO),
    "exprel": (special.exprel, lambda x: mp.expm1(x) / x if x else mp.mpf(1), AT_ZERO),
    "spence": (special.spence, lambda x: mp.polylog(2, 1 - x), [1.0, 1.00001, 1.05, 0.5, 2.0]),
    "j0": (special.j0, lambda x: mp.besselj(0, x), AT_ZERO),
    "j1": (special.j1, lambda x: mp.besselj(1, x), AT_ZERO),
    "i0": (special.i0, lambda x: mp.besseli(0, x), AT_ZERO),
    "i1": (special.i1, lambda x: mp.besseli(1, x), AT_ZERO),
    "erf": (special.erf, mp.erf, AT_ZERO),
    "erfcx": (special.erfcx, lambda x: mp.exp(x * x) * mp.erfc(x), AT_ZERO),
    "erfinv": (special.erfinv, mp.erfinv, [0.0, 1e-6, 0.9]),
    "dawsn": (
        special.dawsn,
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        AT_ZERO,
    ),
    "ndtr": (special.ndtr, mp.ncdf, AT_ZERO),
    "log_ndtr": (special.log_ndtr, lambda x: mp.log(mp.ncdf(x)), AT_ZERO),
    "gammaln": (special.gammaln, mp.loggamma, [1.0, 2.0, 1e-3, 30.0]),
    "digamma": (special.digamma, mp.digamma, [1.0, 1.4616321449683622, 30.0]),
    "log1p": (np.log1p, mp.log1p, [0.0, 1e-9, 2.0]),
    "arcsinh": (np.arcsinh, mp.asinh, AT_ZERO),
    "tanh": (np.tanh, mp.tanh, AT_ZERO),
    "hypot": (lambda x: np.hypot(x, 1.0), lambda x: mp.sqrt(x * x + 1), AT_ZERO),
    "logaddexp": (lambda x: np.logaddexp(x, 0.0), lambda x: mp.log(mp.exp(x) + 1), AT_ZERO),
    "sigmoid": (cr.sigmoid, lambda x: 1 / (1 + mp.exp(-x)), AT_ZERO),
    "softplus": (cr.softplus, lambda x: mp.log1p(mp.exp(x)), AT_ZERO),
    "log_sigmoid": (cr.log_sigmoid, lambda x: -mp.log1p(mp.exp(-x)), AT_ZERO),
    "silu": (cr.silu, lambda x: x / (1 + mp.exp(-x)), AT_ZERO),
    "gelu": (cr.gelu, lambda x: x * mp.ncdf(x), AT_ZERO),
    "mish": (cr.mish, lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), AT_ZERO),
    "tanhshrink": (cr.tanhshrink, lambda x: x - mp.tanh(x), AT_ZERO),
    "square as a power": (lambda x: x**2.0, lambda x: x * x, [0.0, -1.5]),
    "cube as an array power": (lambda x: x ** np.array(3.0), lambda x: x**3, [0.0, -1.5]),
    "product with a zero": (
        lambda x: np.prod(np.stack([x, x, 2.0 + x])),
        lambda x: x * x * (2 + x),
        [0.0, 1.0],
    ),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_up_to_the_third(name: str) -> None:
    f, reference, points = FUNCTIONS[name]
    with mp.workdps(40):
        for x in points:
            derivative = f
            for order in range(4):
                found = float(derivative(x))
                expected = float(mp.re(mp.diff(reference, mp.mpf(x), order)))
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), (x, order)
                derivative = cr.grad(derivative)


def test_kinks_have_the_declared_slope_in_all_orders() -> None:
    """At kinks the chosen subgradient is a constant: second derivatives are 0, never infinite."""
    assert cr.grad(cr.grad(abs))(0.0) == 0.0
    assert cr.grad(cr.grad(lambda x: np.hypot(x, 0.0)))(0.0) == 0.0
    np.testing.assert_array_equal(cr.hessian(np.linalg.norm)(np.zeros(2)), np.zeros((2, 2)))
    assert cr.grad(cr.grad(cr.relu))(0.0) == 0.0
    np.testing.assert_array_equal(cr.hessian(np.max)(np.array([1.0, 1.0])), np.zeros((2, 2)))
