"""Tensor's methods: NumPy's by NumPy's meaning, PyTorch's by PyTorch's, and where they meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([[3.0, 1.0, 2.0], [0.5, 6.0, 4.0]])
I = np.array([[0, 2], [1, 1]])  # noqa: E741  (an index)

# an expression in the tensor t, and the same in NumPy with x
SAME: list[tuple[str, str]] = [
    ("t.sum(dim=1, keepdim=True)", "x.sum(axis=1, keepdims=True)"),
    ("t.sum((0, 1))", "x.sum((0, 1))"),
    ("t.mean(dim=0)", "x.mean(axis=0)"),
    ("t.prod(dim=1)", "x.prod(axis=1)"),
    ("t.var()", "x.var()"),
    ("t.var(axis=1)", "x.var(axis=1)"),
    ("t.var(dim=1)", "x.var(axis=1, ddof=1)"),
    ("t.std(dim=1, unbiased=False)", "x.std(axis=1)"),
    ("t.std(dim=1, correction=0)", "x.std(axis=1)"),
    ("t.max()", "x.max()"),
    ("t.max(1)", "x.max(1)"),
    ("t.max(dim=1)[0]", "x.max(axis=1)"),
    ("t.max(dim=1).indices", "x.argmax(axis=1)"),
    ("t.min(dim=0, keepdim=True).values", "x.min(axis=0, keepdims=True)"),
    ("t.max(t.flip(0))", "np.maximum(x, x[::-1])"),
    ("t.argmax(dim=1)", "x.argmax(axis=1)"),
    ("t.argmin()", "x.argmin()"),
    ("t.any(dim=0)", "x.any(axis=0)"),
    ("t.all()", "x.all()"),
    ("t.cumsum(dim=1)", "x.cumsum(axis=1)"),
    ("t.cumprod(0)", "x.cumprod(0)"),
    ("t.argsort()", "x.argsort()"),
    ("t.argsort(dim=0, descending=True)", "(-x).argsort(axis=0)"),
    ("t.sort(dim=1).values", "np.sort(x, axis=1)"),
    ("t.sort(descending=True).indices", "(-x).argsort()"),
    ("t.topk(2).values", "-np.sort(-x)[:, :2]"),
    ("t.topk(1, dim=0, largest=False).indices", "x.argsort(axis=0)[:1]"),
    ("t.view(3, 2)", "x.reshape(3, 2)"),
    ("t.view((-1,))", "x.ravel()"),
    ("t.reshape(6, 1)", "x.reshape(6, 1)"),
    ("t.flatten()", "x.flatten()"),
    ("t.flatten('F')", "x.flatten('F')"),
    ("t.view(1, 2, 3).flatten(start_dim=1)", "x.reshape(1, 6)"),
    ("t.view(1, 2, 3).flatten(0, 1)", "x"),
    ("t.unsqueeze(-1)", "x[..., None]"),
    ("t.unsqueeze(0).squeeze(dim=0)", "x"),
    ("t.squeeze(dim=0)", "x"),
    ("t.permute(1, 0)", "x.T"),
    ("t.t()", "x.T"),
    ("t.T + t.mT", "2 * x.T"),
    ("t.view(1, 2, 3).transpose(1, 2)", "x.T[None]"),
    ("t.transpose(1, 0)", "x.T"),
    ("t.expand(4, -1, 3)", "np.broadcast_to(x, (4, 2, 3))"),
    ("t.expand_as(np.ones((2, 2, 3)))", "np.broadcast_to(x, (2, 2, 3))"),
    ("t.repeat(2)", "x.repeat(2)"),
    ("t.tile((2, 1))", "np.tile(x, (2, 1))"),
    ("t.flip(1)", "x[:, ::-1]"),
    ("t.roll(1)", "np.roll(x, 1)"),
    ("t.chunk(2, dim=1)[1]", "x[:, 2:]"),
    ("t.split(2, dim=1)[0]", "x[:, :2]"),
    ("t.split([1, 2], dim=1)[1]", "x[:, 1:]"),
    ("t.unbind(1)[2]", "x[:, 2]"),
    ("t.narrow(1, 1, 2)", "x[:, 1:]"),
    ("t.select(1, -1)", "x[:, -1]"),
    ("t.gather(1, I)", "np.take_along_axis(x, I, 1)"),
    ("t.gather(0, np.array([[1, 0]]))", "x[[[1, 0]], [[0, 1]]]"),
    ("t.index_select(1, np.array([2, 0]))", "x[:, [2, 0]]"),
    ("t.masked_fill(t > 2, -1)", "np.where(x > 2, -1.0, x)"),
    ("t.masked_select(t > 2)", "x[x > 2]"),
    ("t.where(t > 2, 0.0)", "np.where(x > 2, x, 0.0)"),
    ("t.scatter(1, I, 9.0)", "np.array([[9.0, 1, 9], [0.5, 9, 4]])"),
    ("t.scatter_add(1, I, t)", "np.array([[6.0, 1, 3], [0.5, 12.5, 4]])"),
    ("t.index_add(1, np.array([0, 0]), t[:, :2], alpha=2)", "x + [[8, 0, 0], [13, 0, 0]]"),
    ("t.clamp(1, 3)", "x.clip(1, 3)"),
    ("t.clamp(min=1)", "x.clip(1, None)"),
    ("t.clamp_max(3.0)", "x.clip(None, 3)"),
    ("t.add(t, alpha=2)", "3 * x"),
    ("t.sub(1.0)", "x - 1"),
    ("t.div(2, rounding_mode='floor')", "x // 2"),
    ("(-t).div(2, rounding_mode='trunc')", "np.trunc(-x / 2)"),
    ("t.mul(t).pow(2).neg()", "-(x**4)"),
    ("t.rsqrt()", "1 / np.sqrt(x)"),
    ("t.sigmoid()", "1 / (1 + np.exp(-x))"),
    ("(t - 2).relu()", "np.maximum(x - 2, 0)"),
    ("t.softmax(dim=1)", "np.exp(x) / np.exp(x).sum(1, keepdims=True)"),
    ("t.log_softmax(-1)", "x - np.log(np.exp(x).sum(1, keepdims=True))"),
    ("t.logsumexp(dim=0)", "np.log(np.exp(x).sum(0))"),
    ("t.norm()", "np.sqrt((x**2).sum())"),
    ("t.norm(1, dim=1)", "np.abs(x).sum(1)"),
    ("t.norm(dim=(0, 1), keepdim=True)", "np.sqrt((x**2).sum()).reshape(1, 1)"),
    ("t.mm(t.t())", "x @ x.T"),
    ("t.mv(t[0])", "x @ x[0]"),
    ("t.unsqueeze(0).bmm(t.t().unsqueeze(0))", "(x @ x.T)[None]"),
    ("t.matmul(t.T).dot(t)", "x @ x.T @ x"),
    ("t.eq(1.0)", "x == 1"),
    ("t.ge(t.T.T)", "x >= x"),
    ("t.float()", "x.astype(np.float32)"),
    ("t.half()", "x.astype(np.float16)"),
    ("t.double()", "x"),
    ("t.detach().long()", "x.astype(np.int64)"),
    ("t.detach().bool()", "x.astype(bool)"),
    ("t.to('cpu', dtype=np.float32)", "x.astype(np.float32)"),
    ("t.type_as(np.ones(1, np.float32))", "x.astype(np.float32)"),
    ("t.clone().contiguous().cpu()", "x"),
    ("t.new_zeros(2, 2)", "np.zeros((2, 2))"),
    ("t.float().new_ones((3,))", "np.ones(3, np.float32)"),
    ("t.new_full((2,), 7)", "np.full(2, 7.0)"),
    ("t.new_tensor([1, 2])", "np.array([1.0, 2.0])"),
    ("t.diff(dim=1)", "np.diff(x, axis=1)"),
    ("t.round()", "x.round()"),
    ("t.take([1, 5])", "x.take([1, 5])"),
    ("t.diagonal()", "x.diagonal()"),
    ("t.trace()", "x.trace()"),
    ("t.nonzero()[1]", "x.nonzero()[1]"),
    ("t.ptp(axis=1)", "np.ptp(x, axis=1)"),
    ("t.flat", "x.ravel()"),
    ("t.real", "x"),
]


@pytest.mark.parametrize(("method", "numpy"), SAME, ids=[m for m, _ in SAME])
def test_methods_give_what_numpy_gives(method: str, numpy: str) -> None:
    t = cr.tensor(X, requires_grad=True)
    found = eval(method, {"t": t, "I": I, "np": np})
    expected = np.asarray(eval(numpy, {"x": X, "I": I, "np": np}))
    value = found.detach().numpy()
    assert value.dtype == expected.dtype
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-6 if value.dtype != X.dtype else 1e-13)
    if found.requires_grad:
        found.sum().backward()
        assert t.grad.shape == X.shape


def test_max_along_dim_routes_the_gradient_to_the_index_it_returns() -> None:
    """The reduction shares a tie; with ``dim=`` the winner named by the index takes all."""
    t = cr.tensor([[1.0, 1.0]], requires_grad=True)
    t.max(dim=1).values.sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [[1.0, 0.0]])
    s = cr.tensor([[1.0, 1.0]], requires_grad=True)
    s.max(1).sum().backward()
    np.testing.assert_array_equal(s.grad.numpy(), [[0.5, 0.5]])


IN_PLACE: list[tuple[str, Any, float]] = [
    ("v.zero_()", 0 * X, 0.0),
    ("v.fill_(7)", 0 * X + 7, 0.0),
    ("v.copy_(np.ones(3))", np.ones((2, 3)), 0.0),
    ("v.add_(1, alpha=2)", X + 2, 1.0),
    ("v.sub_(1)", X - 1, 1.0),
    ("v.mul_(3)", 3 * X, 3.0),
    ("v.div_(2)", X / 2, 0.5),
    ("v.neg_()", -X, -1.0),
    ("v.clamp_(max=100)", X, 1.0),
    ("v.masked_fill_(v > 100, 0.0)", X, 1.0),
]


@pytest.mark.parametrize(("call", "expected", "slope"), IN_PLACE, ids=[c for c, *_ in IN_PLACE])
def test_methods_in_place_change_the_tensor_and_its_gradient(
    call: str, expected: Any, slope: float
) -> None:
    """SPEC B4: gradients belong to what was computed."""
    t = cr.tensor(X, requires_grad=True)
    v = t * 1.0
    assert eval(call, {"v": v, "np": np}) is v
    np.testing.assert_array_equal(v.detach().numpy(), expected)
    if v.requires_grad:
        v.sum().backward()
        np.testing.assert_allclose(t.grad.numpy(), np.full_like(X, slope))
    else:
        assert slope == 0.0


def test_in_place_methods_on_a_leaf_are_refused_while_gradients_are_recorded() -> None:
    t = cr.tensor(X, requires_grad=True)
    with pytest.raises(RuntimeError, match="no_grad"):
        t.add_(1.0)
    with cr.no_grad():
        t.add_(1.0)
    np.testing.assert_array_equal(t.detach().numpy(), X + 1)


def test_sort_is_in_place_as_numpys() -> None:
    t = cr.tensor(X)
    assert t.sort() is None
    np.testing.assert_array_equal(t.numpy(), np.sort(X))


def test_sizes() -> None:
    t = cr.tensor(X)
    assert (t.size, t.numel(), t.nelement(), t.dim(), t.ndimension()) == (6, 6, 6, 2, 2)
    assert t.element_size() == 8
    assert t.device == "cpu"
    assert t.strides == (24, 8)
    assert t.equal(cr.tensor(X))
    assert not t.equal(t + 1)
    assert t.tobytes() == X.tobytes()


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("t.transpose(0, 1)", ValueError, "t.T or t.swapaxes"),
    ("t.view(np.float32)", TypeError, "astype"),
    ("t.resize(3)", TypeError, "reshape"),
    ("t.mm(t[0])", ValueError, "mm multiplies tensors with 2 and 2 axes"),
    ("t.clamp()", ValueError, "min, max, or both"),
    ("t.split([1, 1], dim=1)", ValueError, "do not add up to 3"),
    ("t.to('cuda')", TypeError, "CPU"),
    ("t.long()", TypeError, "lose them silently"),
    ("t.softmax()", ValueError, "dim="),
    ("t.div(2, rounding_mode='up')", ValueError, "floor"),
    ("t.unsqueeze(0).t()", ValueError, "mT"),
    ("t.expand(3)", ValueError, "expand"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED, ids=[c for c, *_ in REFUSED])
def test_what_is_refused_says_what_to_do(call: str, error: type[Exception], words: str) -> None:
    t = cr.tensor(X, requires_grad=True)
    with pytest.raises(error, match=words):
        eval(call, {"t": t, "np": np})


def test_every_method_knows_its_name() -> None:
    from chainrule.ops.methods import METHODS, SAME
    from chainrule.ops.torch_methods import TORCH_METHODS

    for name in (*METHODS, *TORCH_METHODS, *SAME):
        assert getattr(cr.Tensor, name).__name__ == name
