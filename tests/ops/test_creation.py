"""Arrays made from nothing, from other arrays, and from lists of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: cr.zeros(2, 3), np.zeros((2, 3))),
        (lambda: cr.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)),
        (lambda: cr.ones([2], dtype=int), np.ones(2, int)),
        (lambda: cr.zeros(()), np.zeros(())),
        (lambda: cr.empty(2), np.zeros(2)),
        (lambda: cr.full((2,), 7), np.full(2, 7)),
        (lambda: cr.full(2, 1.5, np.float32), np.full(2, 1.5, np.float32)),
        (lambda: cr.arange(5), np.arange(5)),
        (lambda: cr.arange(1.0, 2.0, 0.25), np.arange(1.0, 2.0, 0.25)),
        (lambda: cr.linspace(0, 1, 5), np.linspace(0, 1, 5)),
        (lambda: cr.eye(2, 3, k=1), np.eye(2, 3, 1)),
        (lambda: cr.identity(2), np.identity(2)),
        (lambda: cr.tri(3, k=-1), np.tri(3, k=-1)),
        (lambda: cr.indices((2, 2)), np.indices((2, 2))),
        (lambda: cnp.zeros(3), np.zeros(3)),
    ],
)
def test_creation_gives_tensors_with_numpys_values(made: Any, expected: Any) -> None:
    tensor = made()
    assert isinstance(tensor, cr.Tensor)
    assert not tensor.requires_grad
    assert tensor.dtype == expected.dtype
    np.testing.assert_array_equal(tensor.numpy(), expected)


def test_creation_with_requires_grad() -> None:
    t = cr.ones(2, 2, requires_grad=True)
    (t * t).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), 2 * np.ones((2, 2)))


def test_zeros_hold_what_is_written_into_them() -> None:
    """SPEC B4: a tensor of zeros filled element by element carries the gradients."""
    t = cr.tensor(3.0, requires_grad=True)
    held = cr.zeros(3)
    held[0] = t
    held[2] = t * t
    held.sum().backward()
    assert t.grad.item() == 7.0


def test_array_of_tensors_is_differentiable() -> None:
    t = cr.tensor(2.0, requires_grad=True)
    made = cnp.array([[t, 1.0], [0.0, t * t]])
    assert made.shape == (2, 2)
    made.sum().backward()
    assert t.grad.item() == 5.0
    assert cnp.asarray(t) is t


def test_full_is_differentiable_in_its_value() -> None:
    t = cr.tensor(2.0, requires_grad=True)
    (cr.full((2, 3), t).sum() + cr.full_like(np.zeros(4), t).sum()).backward()
    assert t.grad.item() == 10.0


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like"])
def test_like_gives_a_tensor_for_a_tensor_and_an_array_for_an_array(name: str) -> None:
    t = cr.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    made = getattr(np, name)(t)
    assert isinstance(made, cr.Tensor)
    assert not made.requires_grad
    assert (made.shape, made.dtype) == ((2, 3), np.float32)
    assert getattr(np, name)(t, dtype=int, shape=(4,)).shape == (4,)
    assert isinstance(getattr(cr, name)(np.ones(2)), np.ndarray)


def test_row_stack_is_vstack() -> None:
    assert cr.row_stack is cr.vstack


def test_the_numpy_namespace_has_numpys_constants_and_dtypes() -> None:
    assert cnp.pi == np.pi
    assert cnp.float32 is np.float32
    assert cnp.newaxis is None
    assert cnp.linalg.norm(cr.tensor([3.0, 4.0])).item() == 5.0
    assert not hasattr(cnp, "fft")


def test_complex_data_is_refused() -> None:
    with pytest.raises(TypeError, match="real numbers"):
        cr.full((2,), 1j)
