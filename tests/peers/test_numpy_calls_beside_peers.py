"""NumPy code on tensors beside JAX and autograd: value, gradient, second derivative.

SPEC B1, B7, D7. The calls stand in ``numpy_calls``; JAX answers nearly all, autograd many.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy_calls import CALLS, Call

import chainrule as cr
import chainrule.numpy as crn

jax = pytest.importorskip("jax")
autograd = pytest.importorskip("autograd")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jnp = jax.numpy

import autograd.numpy as anp  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


def inputs_of(name: str, call: Call) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng([len(name), *name.encode()])
    made = [rng.normal(size=shape) for shape in call.shapes]
    return [np.abs(x) + 0.5 for x in made] if call.positive else made


def generic(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.asarray(rng.uniform(0.5, 1.5, shape) * np.where(rng.random(shape) < 0.5, -1, 1))


def derivatives_by(grad: Any, function: Any, xs: list[Any], u: Any, vs: list[Any]) -> Any:
    """Gradient of ⟨u, f⟩ and of ⟨v, that⟩, by a library's ``grad``."""
    numbers = tuple(range(len(xs)))
    cost = lambda *at: (function(*at) * u).sum()  # noqa: E731
    first = grad(cost, numbers)

    def along(*at: Any) -> Any:
        return sum((g * v).sum() for g, v in zip(first(*at), vs))

    return first(*xs), grad(along, numbers)(*xs)


def mine(name: str) -> tuple[Any, ...]:
    call = CALLS[name]
    xs = inputs_of(name, call)
    f = lambda *at: call.function(np, *at)  # noqa: E731
    plain = np.asarray(f(*xs))
    rng = np.random.default_rng(len(name))
    u, vs = generic(rng, plain.shape), [generic(rng, x.shape) for x in xs]
    first, second = derivatives_by(cr.grad, f, xs, u, vs)
    return xs, u, vs, plain, first, second


@pytest.mark.parametrize("name", CALLS)
def test_value_equals_numpys(name: str) -> None:
    """The same call on arrays and on tensors; also through the ``cr.numpy`` namespace."""
    call = CALLS[name]
    xs = inputs_of(name, call)
    expected = np.asarray(call.function(np, *xs))
    for module in (np, crn):
        for tracked in (False, True):
            found = call.function(module, *(cr.tensor(x, requires_grad=tracked) for x in xs))
            assert isinstance(found, cr.Tensor)
            assert found.requires_grad == tracked
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(
                found.detach().numpy(), expected, rtol=1e-12, atol=1e-13, err_msg=name
            )
            assert found.shape == expected.shape


def equal(found: Any, expected: Any, name: str, what: str, rtol: float) -> None:
    for position, (f, e) in enumerate(zip(found, expected, strict=True)):
        e = np.asarray(e)
        scale = max(1.0, float(np.max(np.abs(e), initial=0)))
        np.testing.assert_allclose(
            f, e, rtol=rtol, atol=rtol * scale, err_msg=f"{what} of {name}, input {position}"
        )


NOT_IN_JAX = {
    "norm inf": "its gradient is NaN in JAX",
}
SHAPE_BY_VALUE = {"compress"}
"""Calls that JAX cannot compile."""


@pytest.mark.parametrize("name", [n for n in CALLS if n not in NOT_IN_JAX])
def test_derivatives_equal_jaxs(name: str) -> None:
    """SPEC D7."""
    xs, u, vs, plain, first, second = mine(name)
    call = CALLS[name]
    f = lambda *at: call.function(jnp, *at)  # noqa: E731
    arrays = [jnp.asarray(x) for x in xs]

    def all_at_once(*at: Any) -> Any:
        return f(*at), derivatives_by(jax.grad, f, list(at), u, vs)

    # one compilation instead of one per operation: three times faster
    run = all_at_once if name in SHAPE_BY_VALUE else jax.jit(all_at_once)
    value, theirs = run(*arrays)
    np.testing.assert_allclose(plain, np.asarray(value), rtol=1e-10, atol=1e-12)
    equal(first, theirs[0], name, "gradient", 1e-9)
    equal(second, theirs[1], name, "second derivative", 1e-7)


NOT_IN_AUTOGRAD = {
    "ptp",
    "median odd",
    "median even",
    "quantile",
    "percentile",
    "average weights",
    "nansum",
    "nanmean",
    "cumprod axis",
    "trapezoid",
    "outer",
    "vdot",
    "einsum trace",
    "einsum diagonal",
    "convolve full",
    "convolve same",
    "convolve valid",
    "broadcast_to",
    "repeat each",
    "flip",
    "roll axes",
    "pad edge",
    "pad reflect",
    "pad wrap",
    "concatenate none",
    "where broadcast",
    "take",
    "take flat",
    "take_along_axis",
    "sort",
    "sort flat",
    "diagonal",
    "diagonal batch",
    "compress",
    "delete",
    "insert",
    "interp",
    "unwrap",
    "vander",
    "polyval",
    "i0",
    "meshgrid",
    "apply_along_axis",
    "cov",
    "corrcoef",
    "eigvalsh",
    "qr invariant",
    "lstsq",
    "norm 1",
    "norm inf",
    "norm fro keepdims",
    "norm matrix 2",
    "matrix_power",
    "matrix_power negative",
    "remainders",
    "power both",
}
"""No derivative there, or none for the form, or (``norm inf``) a derivative that is not right."""


def test_most_calls_are_compared_with_both() -> None:
    assert set(CALLS) >= NOT_IN_AUTOGRAD | set(NOT_IN_JAX)
    assert len(CALLS) - len(NOT_IN_AUTOGRAD) > 110
    assert len(CALLS) - len(NOT_IN_JAX) > 160


@pytest.mark.parametrize("name", [n for n in CALLS if n not in NOT_IN_AUTOGRAD])
def test_derivatives_equal_autograds(name: str) -> None:
    """SPEC D7."""
    call = CALLS[name]
    xs, u, vs, _, first, second = mine(name)
    theirs = derivatives_by(autograd.grad, lambda *at: call.function(anp, *at), xs, u, vs)
    equal(first, theirs[0], name, "gradient", 1e-9)
    equal(second, theirs[1], name, "second derivative", 1e-7)
