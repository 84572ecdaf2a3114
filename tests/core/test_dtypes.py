"""Dtype rules: NumPy's promotion, weak Python scalars, gradients in the operand's own dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DtypeError

FLOATS = [np.float16, np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(), (3,)])
def test_python_scalars_are_weak(dtype: Any, shape: Any) -> None:
    """FIELD: float32 stays float32 beside Python numbers, also without axes."""
    t = cr.tensor(np.ones(shape, dtype), requires_grad=True)
    for f in (
        lambda x: x + 1,
        lambda x: 2.0 * x,
        lambda x: x / 3,
        lambda x: x**2,
        lambda x: 2**x,
        lambda x: 1 - x,
        lambda x: np.maximum(x, 0.0),
        lambda x: np.where(x > 0, x, 0.0),
        lambda x: np.sum(x),
        lambda x: np.mean(x),
        lambda x: np.tanh(x) * 0.5,
    ):
        out = f(t)
        assert out.dtype == dtype
        t.grad = None
        out.sum().backward()
        assert t.grad.dtype == dtype
        assert t.grad.shape == shape


@pytest.mark.parametrize("dtype", FLOATS)
def test_numpy_scalars_and_arrays_are_strong(dtype: Any) -> None:
    """Promotion as NumPy's; the gradient of the narrow operand is narrow again."""
    x = np.ones(3, dtype)
    t = cr.tensor(x, requires_grad=True)
    for other in (np.float64(2.0), np.full(3, 2.0), np.float32(2.0), np.int64(2), np.arange(3)):
        out = t * other
        assert out.dtype == (x * other).dtype
        t.grad = None
        out.sum().backward()
        assert t.grad.dtype == dtype
        np.testing.assert_array_equal(t.grad.numpy(), np.broadcast_to(other, 3))


def test_mixed_precision_paths_meet_in_the_leafs_dtype() -> None:
    """SPEC B4 with casts: a float32 leaf used in float32 and in float64."""
    t = cr.tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    (t.astype(np.float64) * np.pi).sum().backward()
    (t * t).sum().backward()
    assert t.grad.dtype == np.float32
    np.testing.assert_allclose(t.grad.numpy(), np.float32(np.pi) + 2 * np.array([1.0, 2.0]), 1e-6)
    wide = cr.tensor([1.0, 2.0], requires_grad=True)
    (wide.astype(np.float32) ** 2).sum().backward()
    assert wide.grad.dtype == np.float64


def test_second_derivatives_keep_the_dtype() -> None:
    x = np.array([1.0, 2.0], np.float32)
    assert cr.hessian(lambda x: np.sum(np.exp(x) * x))(x).dtype == np.float32
    out, moved = cr.jvp(cr.grad(lambda x: np.sum(x**3)), (x,), (x,))
    assert out.dtype == moved.dtype == np.float32


def test_integers_carry_no_gradient_but_compute() -> None:
    n = cr.tensor([1, 2, 3])
    assert (n + 1).dtype == np.int64
    assert (n / 2).dtype == np.float64
    assert not (n / 2).requires_grad
    t = cr.tensor([0.5, 1.5, 2.5], requires_grad=True)
    (t * n).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [1.0, 2.0, 3.0])
    with pytest.raises(DtypeError, match="floating-point"):
        n.requires_grad = True


def test_booleans_and_comparisons_carry_no_gradient() -> None:
    t = cr.tensor([0.5, -1.5], requires_grad=True)
    mask = t > 0
    assert mask.dtype == np.bool_
    assert not mask.requires_grad
    (t * mask).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [1.0, 0.0])
    np.testing.assert_array_equal(np.sign(t).detach().numpy(), [1.0, -1.0])


def test_gradients_of_piecewise_constant_functions_are_zero() -> None:
    for f in (np.floor, np.ceil, np.sign, np.rint, np.trunc):
        assert cr.grad(lambda x, f=f: f(x) * x)(2.5) == f(2.5)


def test_integer_powers_of_integers_follow_numpy() -> None:
    with pytest.raises(ValueError, match="negative integer powers"):
        cr.tensor([2]) ** -1
    assert (cr.tensor([2.0]) ** -1).item() == 0.5
