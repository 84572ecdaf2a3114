"""What a tensor is to Python and NumPy: operators, protocols, conversions, refusals."""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DtypeError, GradientError, UnsupportedError

X = np.array([[0.5, -1.5, 2.0], [1.0, 3.0, -0.25]])
BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize(
    "other", [2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2), X[0] + 3.0, (X + 3.0).tolist()]
)
def test_operators_on_both_sides_are_numpys(op: Any, other: Any) -> None:
    """Values, dtypes and shapes, with numbers, NumPy scalars, arrays and lists on either side."""
    x = np.abs(X) + 0.5
    for t in (cr.tensor(x), cr.tensor(x, requires_grad=True)):
        for found, expected in ((op(t, other), op(x, other)), (op(other, t), op(other, x))):
            assert isinstance(found, cr.Tensor), f"{op.__name__} gave {type(found).__name__}"
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.detach().numpy(), expected)


def test_unary_operators_and_integer_operators() -> None:
    t = cr.tensor(X)
    np.testing.assert_array_equal((-t).numpy(), -X)
    np.testing.assert_array_equal((+t).numpy(), X)
    np.testing.assert_array_equal(abs(t).numpy(), np.abs(X))
    n = np.array([1, 6, 3])
    m = cr.tensor(n)
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        np.testing.assert_array_equal(op(m, 2).numpy(), op(n, 2))
    for op in (operator.and_, operator.or_, operator.xor):
        np.testing.assert_array_equal(op(2, m).numpy(), op(2, n))
    np.testing.assert_array_equal((~(t > 0)).numpy(), ~(X > 0))
    quotient, rest = divmod(t, 0.75)
    np.testing.assert_array_equal(quotient.numpy(), X // 0.75)
    np.testing.assert_array_equal(rest.numpy(), X % 0.75)
    np.testing.assert_array_equal(divmod(2.0, cr.tensor(X))[1].numpy(), 2.0 % X)
    np.testing.assert_array_equal((t @ X.T).numpy(), X @ X.T)
    np.testing.assert_array_equal((X.T @ t).numpy(), X.T @ X)


def test_attributes() -> None:
    t = cr.tensor(X.astype(np.float32))
    assert (t.shape, t.ndim, t.size, t.dtype) == ((2, 3), 2, 6, np.float32)
    assert (t.itemsize, t.nbytes, len(t)) == (4, 24, 2)
    assert t.T.shape == (3, 2)
    assert (np.shape(t), np.ndim(t), np.size(t), np.size(t, 1)) == ((2, 3), 2, 6, 3)


def test_truth_and_numbers() -> None:
    assert cr.tensor(1.5)
    assert not cr.tensor([0.0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(cr.tensor([1.0, 2.0]))
    one = cr.tensor([[1.5]], requires_grad=True)
    assert float(one) == 1.5
    assert int(one) == 1
    assert one.item() == 1.5
    assert cr.tensor(X).tolist() == X.tolist()
    assert [10, 20, 30][cr.tensor(2)] == 30
    assert list(range(cr.tensor(3))) == [0, 1, 2]
    with pytest.raises(DtypeError, match=r"shape \(2, 3\)"):
        float(cr.tensor(X))
    with pytest.raises(TypeError):
        operator.index(cr.tensor(2.0))
    with pytest.raises(TypeError, match="complex"):
        complex(cr.tensor(2.0))
    assert 2.0 in cr.tensor(X)
    assert 7.0 not in cr.tensor(X)


def test_length_and_iteration() -> None:
    rows = list(cr.tensor(X))
    assert [r.shape for r in rows] == [(3,), (3,)]
    first, second = cr.tensor(X, requires_grad=True)
    assert first.requires_grad
    np.testing.assert_array_equal(second.detach().numpy(), X[1])
    for bad in (len, iter, list):
        with pytest.raises(TypeError, match="0-d"):
            bad(cr.tensor(1.0))


def test_tensors_are_hashable_by_identity() -> None:
    a, b = cr.tensor([1.0]), cr.tensor([1.0])
    table = {a: "a", b: "b"}
    assert table[a] == "a"
    assert table[b] == "b"
    assert len({a, b, a}) == 2


def test_formats() -> None:
    loss = cr.tensor(1.23456, requires_grad=True) * 1.0
    assert f"{loss:.2f}" == "1.23"
    assert f"{loss:8.3f}" == "   1.235"
    assert f"{cr.tensor([1.0])}" == repr(cr.tensor([1.0]))
    assert repr(cr.tensor([1.0, 2.0])) == "tensor([1., 2.])"
    assert repr(cr.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(cr.tensor([1.0], requires_grad=True)) == "tensor([1.], requires_grad=True)"
    assert repr(cr.tensor([1.0], dtype=np.float32)) == "tensor([1.], dtype=float32)"
    assert re.search("made_by='multiply'", repr(loss))
    assert "shape=(0, 3)" in repr(cr.tensor(np.zeros((0, 3))))
    assert len(repr(cr.tensor(np.zeros((1000, 1000))))) < 2000


# ---- construction


def test_what_a_tensor_can_be_made_of() -> None:
    assert cr.tensor(1).dtype == np.int64
    assert cr.tensor(1.0).dtype == np.float64
    assert cr.tensor([1, 2.0]).dtype == np.float64
    assert cr.tensor([True]).dtype == np.bool_
    assert cr.tensor([1, 2], dtype=float).dtype == np.float64
    assert cr.tensor(np.float32(1.0)).dtype == np.float32
    assert cr.tensor(cr.tensor([1.0]), dtype=np.float32).dtype == np.float32
    assert cr.tensor([[1.0, 2.0]], requires_grad=True).is_leaf
    for bad in (1j, np.array([1j]), "text", ["a"], None, object(), {"a": 1}):
        with pytest.raises(DtypeError):
            cr.tensor(bad)
    with pytest.raises(ValueError, match="inhomogeneous"):
        cr.tensor([[1.0], [1.0, 2.0]])


def test_a_tensor_of_tensors_stays_differentiable() -> None:
    t = cr.tensor(2.0, requires_grad=True)
    made = cr.tensor([[t, 1.0], [t * t, 0.0]])
    assert made.shape == (2, 2)
    made.sum().backward()
    assert t.grad.item() == 5.0


def test_a_copy_of_a_leaf_is_another_leaf() -> None:
    a = cr.tensor([1.0], requires_grad=True)
    b = cr.tensor(a, requires_grad=True)
    (b * 3.0).sum().backward()
    assert a.grad is None
    assert b.grad.item() == 3.0


# ---- conversions that would lose gradients


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.array,
        lambda t: t.numpy(),
        lambda t: np.asarray(t, dtype=np.float32),
        lambda t: np.array([t, t]),
        lambda t: np.array([[1.0, 2.0, 3.0], t]),
        lambda t: np.ones(3) * np.asarray([t]),
        lambda t: np.from_dlpack(t),
        lambda t: np.fromiter(t, float),
        lambda t: np.float64(t[0]),
        lambda t: np.full(3, t[0]),
    ],
    ids=range(11),
)
def test_conversion_of_a_tracked_tensor_is_refused(convert: Any) -> None:
    """FIELD: never detach silently."""
    t = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for tracked in (t, t * 2.0):
        with pytest.raises((GradientError, TypeError, ValueError)) as caught:
            convert(tracked)
        assert isinstance(caught.value, GradientError | UnsupportedError) or isinstance(
            caught.value.__cause__ or caught.value.__context__, GradientError
        ), repr(caught.value)


def test_the_refusal_says_what_to_do_and_where() -> None:
    t = cr.tensor([1.0], requires_grad=True)
    with pytest.raises(GradientError) as caught:
        np.asarray(t)
    message = str(caught.value)
    assert "t.detach().numpy()" in message
    assert "cr.stack" in message
    assert "test_tensor.py" in message
    assert "np.asarray(t)" in message


def test_conversion_of_an_untracked_tensor() -> None:
    t = cr.tensor(X)
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(t), t.numpy())
    with pytest.raises(ValueError, match="copy"):
        np.asarray(t, dtype=np.float32, copy=False)
    np.testing.assert_array_equal(np.from_dlpack(cr.tensor(X)), X)
    np.testing.assert_array_equal(np.array([cr.tensor(1.0), cr.tensor(2.0)]), [1.0, 2.0])
    tracked = cr.tensor(X, requires_grad=True)
    np.testing.assert_array_equal(tracked.detach().numpy(), X)
    with cr.no_grad():
        np.testing.assert_array_equal((tracked * 2.0).numpy(), 2 * X)


def test_casts_to_integers_are_refused_where_they_would_lose_gradients() -> None:
    t = cr.tensor(X, requires_grad=True)
    for dtype in (int, np.int32, bool):
        with pytest.raises(DtypeError, match="lose them silently"):
            t.astype(dtype)
        assert t.detach().astype(dtype).dtype == np.dtype(dtype)
    assert t.astype(np.float32).requires_grad
    with pytest.raises(DtypeError, match="complex"):
        t.astype(complex)


# ---- NumPy's protocols


def test_numpy_functions_and_ufuncs_dispatch() -> None:
    t = cr.tensor(X, requires_grad=True)
    for found in (np.sin(t), np.sum(t), np.add(t, X), np.add(X, t), np.mean(t, axis=0)):
        assert isinstance(found, cr.Tensor)
        assert found.requires_grad
    np.testing.assert_array_equal(np.add.reduce(t, axis=1).detach().numpy(), X.sum(1))
    np.testing.assert_array_equal(np.maximum.reduce(t).detach().numpy(), X.max(0))
    np.testing.assert_array_equal(
        np.multiply.outer(t, np.array([1.0, 2.0])).detach().numpy(),
        np.multiply.outer(X, [1.0, 2.0]),
    )
    np.testing.assert_array_equal(
        np.exp(t, dtype=np.float32).detach().numpy(), np.exp(X, dtype=np.float32)
    )


def test_what_is_missing_is_named() -> None:
    """Nothing falls back to NumPy silently."""
    t = cr.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(UnsupportedError, match=r"np\.fft\.fft|np\.fft"):
        np.fft.fft(t)
    with pytest.raises(UnsupportedError, match=r"np\.add\.at"):
        np.add.at(t, 0, 1.0)
    with pytest.raises(UnsupportedError, match="where="):
        np.add(t, 1.0, where=np.array([True, False]))


@pytest.mark.parametrize("bad", [1j, np.array([1j]), np.complex64(1), "a", None, object()])
def test_operands_that_are_not_real_numbers(bad: Any) -> None:
    for tracked in (False, True):
        t = cr.tensor([1.0, 2.0], requires_grad=tracked)
        for op in (operator.add, operator.mul):
            with pytest.raises(TypeError):
                op(t, bad)
            with pytest.raises(TypeError):
                op(bad, t)


def test_exact_rationals_are_floats() -> None:
    from fractions import Fraction

    t = cr.tensor([1.0, 2.0], requires_grad=True)
    assert (t * Fraction(1, 4)).dtype == np.float64
    np.testing.assert_array_equal((t * Fraction(1, 4)).detach().numpy(), [0.25, 0.5])


def test_comparison_with_none_and_other_things() -> None:
    """``t == None`` is elementwise False in NumPy; a tensor never equals a string by accident."""
    t = cr.tensor([1.0, 2.0])
    assert t is not None
    assert (t == t).numpy().all()
    assert not (t != t).numpy().any()


# ---- indexing


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        (1, 2),
        slice(None, None, -1),
        (slice(None), slice(0, 2)),
        (None, Ellipsis, 0),
        Ellipsis,
        (),
        [1, 0, 1],
        np.array([[0, 1], [1, 1]]),
        (np.array([0, 1]), np.array([2, 0])),
        (slice(None), [0, 2]),
        X > 0,
        (X > 0).tolist(),
        (slice(None), np.array([True, False, True])),
        np.int64(1),
        (np.array(1), slice(1, None)),
        slice(0, 0),
    ],
    ids=str,
)
def test_indexing_is_numpys_and_differentiated(index: Any) -> None:
    t = cr.tensor(X, requires_grad=True)
    found, expected = t[index], X[index]
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found.detach().numpy(), expected)
    u = np.arange(1.0, 1.0 + np.size(expected)).reshape(np.shape(expected))
    found.backward(u)
    scattered = np.zeros_like(X)
    np.add.at(scattered, index, u)
    np.testing.assert_array_equal(t.grad.numpy(), scattered)


def test_indexing_with_tensors() -> None:
    t = cr.tensor(X, requires_grad=True)
    np.testing.assert_array_equal(t[cr.tensor([1, 0])].detach().numpy(), X[[1, 0]])
    np.testing.assert_array_equal(t[t > 0.0].detach().numpy(), X[X > 0])
    np.testing.assert_array_equal(t[cr.tensor(1), 1:].detach().numpy(), X[1, 1:])
    with pytest.raises(DtypeError, match="integers or booleans"):
        t[cr.tensor([0.0, 1.0])]
    for bad in (5, (0, 3), [7], (0, 0, 0)):
        with pytest.raises(IndexError):
            t[bad]
    with pytest.raises(IndexError):
        t["a"]
    with pytest.raises(IndexError):
        t[1.0]
