"""cr.special against SciPy: values, gradients by central differences, second order."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import special
from chainrule.errors import GradientError

scipy_special = pytest.importorskip("scipy.special")

RNG = np.random.default_rng(5)
REAL = RNG.standard_normal((3, 4))
POSITIVE = np.abs(RNG.standard_normal((3, 4))) + 0.5
OTHER = np.abs(RNG.standard_normal(4)) + 0.6
UNIT = RNG.uniform(0.1, 0.9, (3, 4))
WEIGHTS = RNG.uniform(0.5, 1.5, (3, 4))

ON_REAL = """dawsn erf erfc erfcx erfi exprel expit expm1 exp2 exp10 cosm1 i0 i0e i1 i1e j0 j1
    log_expit log_ndtr ndtr sinc cbrt"""
ON_POSITIVE = """digamma entr exp1 expi gamma gammaln k0 k0e k1 k1e log1p psi rgamma spence y0 y1"""
UNARY: dict[str, Any] = {
    **dict.fromkeys(ON_REAL.split(), REAL),
    **dict.fromkeys(ON_POSITIVE.split(), POSITIVE),
    **dict.fromkeys(["erfinv", "erfcinv", "logit", "ndtri"], UNIT),
}
# name, operands, and which of them are differentiated
SEVERAL: list[tuple[str, tuple[Any, ...], tuple[int, ...]]] = [
    ("beta", (POSITIVE, OTHER), (0, 1)),
    ("betaln", (POSITIVE, OTHER), (0, 1)),
    ("betainc", (OTHER, OTHER[::-1] + 0.5, UNIT), (2,)),
    ("boxcox", (POSITIVE, np.array([0.0, 1e-9, 0.5, 2.0])), (0,)),
    ("boxcox", (POSITIVE, OTHER), (0, 1)),
    ("boxcox1p", (POSITIVE, OTHER), (0, 1)),
    ("inv_boxcox", (POSITIVE, OTHER), (0, 1)),
    ("gammainc", (OTHER, POSITIVE), (1,)),
    ("gammaincc", (OTHER, POSITIVE), (1,)),
    ("huber", (OTHER, REAL), (0, 1)),
    ("pseudo_huber", (OTHER, REAL), (0, 1)),
    ("iv", (np.array([0.0, 1.0, 2.0, 3.5]), POSITIVE), (1,)),
    ("jn", (np.array([0, 1, 2, 3]), POSITIVE), (1,)),
    ("jv", (np.array([0.0, 1.0, 2.0, 3.5]), POSITIVE), (1,)),
    ("kv", (np.array([0.0, 1.0, 2.0, 3.5]), POSITIVE), (1,)),
    ("yn", (np.array([0, 1, 2, 3]), POSITIVE), (1,)),
    ("yv", (np.array([0.0, 1.0, 2.0, 3.5]), POSITIVE), (1,)),
    ("kl_div", (POSITIVE, OTHER), (0, 1)),
    ("rel_entr", (POSITIVE, OTHER), (0, 1)),
    ("polygamma", (np.array([0, 1, 2, 3]), POSITIVE), (1,)),
    ("zeta", (np.array([2.0, 3.0, 4.0, 5.5]), POSITIVE), (1,)),
    ("xlog1py", (REAL, OTHER), (0, 1)),
    ("xlogy", (REAL, OTHER), (0, 1)),
]
CASES = [(name, (x,), (0,)) for name, x in UNARY.items()] + SEVERAL


def differences(function: Any, x: Any) -> Any:
    g = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = 6e-6 * max(1.0, abs(x[place]))
        moved = [x.copy(), x.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        g[place] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return g


@pytest.mark.parametrize(("name", "args", "differentiated"), CASES, ids=lambda c: str(c)[:12])
def test_equals_scipy_and_differences(
    name: str, args: tuple[Any, ...], differentiated: tuple[int, ...]
) -> None:
    """SPEC B1: value equals SciPy's, first and second derivative equal differences."""
    ours, theirs = getattr(special, name), getattr(scipy_special, name)
    value = ours(*map(cr.tensor, args)).numpy()
    expected = theirs(*args)
    np.testing.assert_allclose(value, expected, rtol=2e-13, atol=1e-14)
    assert value.dtype == expected.dtype
    for index in differentiated:

        def total(x: Any, index: int = index, call: Any = ours) -> Any:
            return (WEIGHTS * call(*args[:index], x, *args[index + 1 :])).sum()

        def slope(x: Any, total: Any = total) -> Any:
            return (cr.grad(total)(x) ** 2).sum()

        x = np.asarray(args[index], float)
        np.testing.assert_allclose(
            cr.grad(total)(x), differences(lambda y: total(y, call=theirs), x), rtol=1e-7, atol=1e-8
        )
        np.testing.assert_allclose(cr.grad(slope)(x), differences(slope, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_softmax_and_logsumexp_take_scipys_axes(axis: Any) -> None:
    t = cr.tensor(REAL)
    for name in ("softmax", "log_softmax", "logsumexp"):
        expected = getattr(scipy_special, name)(REAL, axis=axis)
        np.testing.assert_allclose(getattr(special, name)(t, axis=axis).numpy(), expected)


def test_logsumexp_with_signs() -> None:
    b = np.array([1.0, -2.0, 0.0, 0.5])
    log, sign = special.logsumexp(cr.tensor(REAL), axis=1, b=b, return_sign=True)
    expected = scipy_special.logsumexp(REAL, axis=1, b=b, return_sign=True)
    np.testing.assert_allclose(log.numpy(), expected[0])
    np.testing.assert_allclose(sign.numpy(), expected[1])

    def total(x: Any) -> Any:
        return special.logsumexp(x, axis=1, b=b, return_sign=True)[0].sum()

    np.testing.assert_allclose(cr.grad(total)(REAL), differences(total, REAL), rtol=1e-6)


def test_multigammaln_and_softplus() -> None:
    np.testing.assert_allclose(
        special.multigammaln(cr.tensor(POSITIVE + 2), 3).numpy(),
        [[scipy_special.multigammaln(x, 3) for x in row] for row in POSITIVE + 2],
    )
    np.testing.assert_allclose(
        special.softplus(np.array([-800.0, 0.0, 800.0])), [0, np.log(2), 800]
    )


@pytest.mark.parametrize("name", ["polygamma", "jv", "zeta", "gammainc", "gammaincc", "kv", "iv"])
def test_derivatives_in_the_order_are_refused_by_name(name: str) -> None:
    with pytest.raises(GradientError, match=f"{name} has no derivative in operand 1"):
        cr.grad(lambda order: getattr(special, name)(order, 2.5))(1.5)


def test_limits_at_zero_probability() -> None:
    """xlogy(0, 0) = 0 with gradient 0; kl_div and rel_entr have no NaN at 0."""
    zero = np.zeros(1)
    for name in ("xlogy", "rel_entr", "kl_div"):
        function = getattr(special, name)
        both = cr.grad(lambda x, y, f=function: f(x, y).sum(), (0, 1))(zero, zero)
        assert np.isfinite(both).all(), name


def test_without_scipy_the_error_names_the_extra_and_erf_still_works() -> None:
    code = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None
import math
import numpy as np, chainrule as cr
from chainrule import special
from chainrule.errors import MissingExtraError
x = np.array([-1.5, 0.0, 0.3])
assert np.allclose(special.erf(x), [math.erf(v) for v in x], rtol=1e-15)
assert np.allclose(special.gammaln(x + 2), [math.lgamma(v + 2) for v in x], rtol=1e-15)
assert special.erf(x.astype(np.float32)).dtype == np.float32
try:
    special.digamma(x)
except MissingExtraError as error:
    assert "chainrule[special]" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_warns_in_the_domain() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, x in UNARY.items():
            function = getattr(special, name)
            cr.grad(lambda t, f=function: f(t).sum())(x)
