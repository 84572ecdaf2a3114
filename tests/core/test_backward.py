"""The define-by-run form: accumulation, retained gradients, repeated passes, given cotangents."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DtypeError, GradientError, ShapeError


def leaf(*values: float) -> cr.Tensor:
    return cr.tensor(list(values), requires_grad=True)


def test_gradients_add_up_at_forks() -> None:
    """SPEC B4: nothing is overwritten where a value is used more than once."""
    x = leaf(1.0, 2.0)
    y = x * x
    (y + y * x + x + np.sin(y)).sum().backward()
    v = np.array([1.0, 2.0])
    np.testing.assert_allclose(x.grad.numpy(), 2 * v + 3 * v**2 + 1 + 2 * v * np.cos(v**2))


def test_the_same_operand_twice() -> None:
    """SPEC B4: x·x, x+x, x@x, maximum(x, x), where(c, x, x), concatenate([x, x])."""
    x = leaf(3.0, -2.0)
    for f, expected in (
        (lambda: (x * x).sum(), [6.0, -4.0]),
        (lambda: (x + x).sum(), [2.0, 2.0]),
        (lambda: x @ x, [6.0, -4.0]),
        (lambda: (x / x).sum(), [0.0, 0.0]),
        (lambda: np.maximum(x, x).sum(), [1.0, 1.0]),
        (lambda: np.where([True, False], x, x).sum(), [1.0, 1.0]),
        (lambda: np.concatenate([x, x]).sum(), [2.0, 2.0]),
        (lambda: np.stack([x, x, x]).sum(), [3.0, 3.0]),
    ):
        x.grad = None
        f().backward()
        np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-15)


def test_backward_adds_to_what_is_there() -> None:
    x = leaf(2.0)
    (x * x).sum().backward()
    before = x.grad
    (x * 3.0).sum().backward()
    assert x.grad.item() == 7.0
    assert before.item() == 4.0, "a gradient that was handed out changed"
    x.grad = None
    (x * 3.0).sum().backward()
    assert x.grad.item() == 3.0


def test_repeated_backward_through_one_graph() -> None:
    x = leaf(2.0)
    y = (x**3).sum()
    y.backward()
    y.backward(retain_graph=True)
    y.backward(retain_graph=False)
    assert x.grad.item() == 36.0


def test_two_roots_over_one_graph() -> None:
    x = leaf(2.0)
    shared = np.exp(x)
    shared.sum().backward()
    (shared * 2.0).sum().backward()
    assert x.grad.item() == pytest.approx(3 * np.exp(2.0))


def test_given_cotangent() -> None:
    x = leaf(1.0, 2.0, 3.0)
    (x * x).backward(np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 40.0, 600.0])
    x.grad = None
    (x * x).backward([1, 1, 1])
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 4.0, 6.0])
    x.grad = None
    (x * x).backward(cr.tensor([1.0, 1.0, 1.0]))
    with pytest.raises(ShapeError, match=r"\(3,\), gradient \(2,\)"):
        (x * x).backward(np.ones(2))
    with pytest.raises(ShapeError):
        (x * x).backward(1.0)


def test_the_callers_cotangent_is_his() -> None:
    x = leaf(1.0, 2.0)
    u = np.array([1.0, 2.0])
    x.backward(u)
    u[:] = 100.0
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 2.0])


def test_refusals() -> None:
    with pytest.raises(GradientError, match=r"does not require gradients"):
        cr.tensor([1.0]).backward()
    with pytest.raises(GradientError, match=r"scalar.*\(2,\)"):
        leaf(1.0, 2.0).backward()
    with cr.no_grad():
        y = leaf(1.0) * 2.0
    with pytest.raises(GradientError):
        y.backward()
    with pytest.raises(GradientError, match="retain_grad"):
        y.retain_grad()
    with pytest.raises(DtypeError, match="int64"):
        cr.tensor([1, 2], requires_grad=True)
    x = leaf(1.0, 2.0)
    with pytest.raises(ArgumentError, match="shape"):
        x.grad = np.ones(3)
    with pytest.raises(GradientError, match="detach"):
        (x * 2.0).requires_grad = False


def test_retain_grad() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3.0
    z = np.sin(y)
    y.retain_grad()
    z.sum().backward()
    np.testing.assert_allclose(y.grad.numpy(), np.cos([3.0, 6.0]))
    assert z.grad is None
    z.sum().backward()
    np.testing.assert_allclose(y.grad.numpy(), 2 * np.cos([3.0, 6.0]))


def test_gradients_of_two_leaves_do_not_share_memory() -> None:
    """``a + b`` hands both the same cotangent; an update of one must not move the other."""
    for create_graph in (False, True):
        a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
        (a + b).sum().backward(create_graph=create_graph)
        assert not np.shares_memory(a.grad.detach().numpy(), b.grad.detach().numpy()) or (
            create_graph
        )
        a.grad *= 5.0
        np.testing.assert_array_equal(a.grad.detach().numpy(), [5.0, 5.0])
        np.testing.assert_array_equal(b.grad.detach().numpy(), [1.0, 1.0])


def test_gradients_can_be_scaled_in_place_by_a_loop() -> None:
    """What gradient clipping does: ``for g in grads: g *= scale``, also for 0-d parameters."""
    a, s = leaf(3.0, 4.0), cr.tensor(2.0, requires_grad=True)
    ((a * a).sum() * s).backward()
    for g in (a.grad, s.grad):
        g *= 0.5
    np.testing.assert_array_equal(a.grad.numpy(), [6.0, 8.0])
    assert s.grad.item() == 12.5


def test_a_leaf_with_a_view_an_alias_and_a_copy() -> None:
    x = leaf(1.0, 2.0, 3.0)
    (x[1:].sum() + x.T.sum() + x.copy()[0] * 5.0 + x.reshape(3, 1)[2, 0]).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [6.0, 2.0, 3.0])


def test_paths_that_do_not_require_gradients_are_constants() -> None:
    x, c = leaf(2.0), cr.tensor([5.0])
    (x * c + c.detach() * x.detach()).sum().backward()
    assert x.grad.item() == 5.0
    assert c.grad is None


def test_create_graph_gives_a_differentiable_gradient() -> None:
    x = leaf(2.0)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    assert g.requires_grad
    x.grad = None
    g.sum().backward()
    assert x.grad.item() == 12.0
    assert not x.grad.requires_grad


def test_an_array_changed_after_it_was_used_does_not_change_the_gradient() -> None:
    """Plain arrays are kept as they were when they were used."""
    w = leaf(1.0, 2.0)
    state = np.array([1.0, 1.0])
    cost = 0.0
    for _ in range(3):
        cost = cost + (w * state).sum() + np.maximum(w, state).sum() * 0.0
        state += 1.0
    cost.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [6.0, 6.0])
    mask = np.array([True, False])
    kept = np.where(mask, w, 0.0).sum()
    mask[:] = True
    index = np.array([0])
    picked = w[index].sum()
    index[0] = 1
    w.grad = None
    (kept + 10.0 * picked).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [11.0, 0.0])


def test_the_array_a_tensor_was_made_from_is_copied() -> None:
    data = np.array([1.0, 2.0])
    x = cr.tensor(data, requires_grad=True)
    y = (x * x).sum()
    data[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 4.0])


def test_values_cannot_be_written_behind_the_graphs_back() -> None:
    x = cr.tensor([1.0, 2.0])
    w = leaf(3.0, 4.0)
    y = (w * x).sum()
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 9.0
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 9.0
    np.array(x)[0] = 9.0
    x.numpy().copy()[0] = 9.0
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [1.0, 2.0])


# ---- copies and life time


def test_pickle_and_deepcopy() -> None:
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    for twin in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert twin.requires_grad
        assert twin.is_leaf
        np.testing.assert_array_equal(twin.grad.numpy(), [2.0, 4.0])
        (twin * 3.0).sum().backward()
        np.testing.assert_array_equal(twin.grad.numpy(), [5.0, 7.0])
        twin.grad *= 0.0
        np.testing.assert_array_equal(x.grad.numpy(), [2.0, 4.0])
    with pytest.raises(GradientError, match="detach"):
        copy.deepcopy(x * 2.0)
    with pytest.raises(GradientError, match="detach"):
        pickle.dumps(x * 2.0)
    pair = copy.deepcopy([x, x])
    assert pair[0] is pair[1]


class Array(np.ndarray):
    """An array that can be watched."""


def test_a_graph_nobody_holds_is_freed_at_once() -> None:
    """Without the cycle collector: nodes point at their inputs only."""
    x = leaf(1.0, 2.0)
    gc.disable()
    try:
        y = np.exp(x * 2.0)
        node = weakref.ref(y._node)
        inner = weakref.ref(y._node.inputs[0])
        view = y[1:]
        handle = weakref.ref(y)
        total = view.sum()
        total.backward()
        del total, view, y
        assert handle() is None
        assert node() is None
        assert inner() is None
        grad_node = []
        cr.grad(lambda z: grad_node.append(weakref.ref((z * z)._node)) or (z * z).sum())(np.ones(2))
        assert grad_node[0]() is None
    finally:
        gc.enable()


def test_hooks_of_views_do_not_keep_views_alive() -> None:
    """A tensor remembers its views weakly: thousands of temporary ones do not pile up."""
    x = cr.tensor(np.zeros(10))
    for i in range(5000):
        x[i % 10 : i % 10 + 1]
    assert len(x._views) <= 64


def test_grad_mode_decorator_and_nesting() -> None:
    x = leaf(2.0)

    @cr.no_grad()
    def frozen(v: Any) -> Any:
        return v * v

    assert not frozen(x).requires_grad
    assert (x * x).requires_grad
    guard = cr.no_grad()
    with guard, guard:
        assert not (x * x).requires_grad
    assert (x * x).requires_grad
    with cr.no_grad():
        fresh = cr.tensor([1.0], requires_grad=True)
    assert fresh.requires_grad
    (fresh * 2.0).sum().backward()
    assert fresh.grad.item() == 2.0
