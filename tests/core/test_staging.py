"""Running code with shapes only, or to record all of it: state, updates, constants, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.op import STATE
from chainrule.errors import ShapeError, StagingError

A = cr.Abstract


def computed(graph: cr.Graph) -> list[str]:
    return [g.op for g in graph.values() if g.node.inputs]


def test_abstract_tracing_computes_shapes_and_dtypes_only() -> None:
    def f(x: Any, w: Any) -> Any:
        h = np.tanh(x @ w)
        return {"h": h, "loss": np.mean(h**2)}

    graph = cr.trace(f, A((32, 8), np.float32), A((8, 4), np.float32))
    assert graph["h"].value == A((32, 4), np.float32)
    assert [n.value for n in graph.outputs] == [A((32, 4), np.float32), A((), np.float32)]


def test_an_abstract_trace_has_the_ops_of_a_concrete_one() -> None:
    """Same code path: what you ran is what is compiled."""

    def f(x: Any) -> Any:
        y = x.reshape(-1)[1:] * 2.0
        y[0] = 3.0
        y += x[0, 0]
        return np.sum(np.concatenate([y, y])) + np.max(x)

    x = np.arange(6.0).reshape(2, 3)
    concrete, abstract = cr.trace(f, x), cr.trace(f, A((2, 3)))
    assert computed(concrete) == computed(abstract)
    for c, a in zip(concrete.nodes, abstract.nodes, strict=True):
        assert (c.shape, c.dtype) == (a.shape, a.dtype)
    grad_c = cr.trace(cr.grad(f), x)
    grad_a = cr.trace(cr.grad(f), A((2, 3)))
    assert computed(grad_c) == computed(grad_a)
    np.testing.assert_array_equal(grad_c.outputs[0].value, cr.grad(f)(x))


@pytest.mark.parametrize(
    "wish",
    [
        lambda x: x if x.sum() > 0 else -x,
        lambda x: x * float(x.sum()),
        lambda x: x * int(x.sum()),
        lambda x: x * x.sum().item(),
        lambda x: x * np.asarray(x.detach()).sum(),
        lambda x: x.tolist(),
        lambda x: [x for _ in range(x.sum().detach().astype(int))],
        lambda x: x[x > 0],
        lambda x: 1.0 in x,
        lambda x: f"{x.sum():.2f}",
        lambda x: sorted(x),
    ],
    ids=range(11),
)
def test_asking_for_a_value_is_an_error_that_names_the_line(wish: Any) -> None:
    with pytest.raises(StagingError) as caught:
        cr.trace(wish, A((3,)))
    message = str(caught.value)
    assert "test_staging.py" in message, message
    assert STATE.stage is None


def test_the_error_says_what_to_do() -> None:
    def f(x: Any) -> Any:
        if x > 0:
            return x
        return -x

    with pytest.raises(StagingError) as caught:
        cr.trace(f, A(()))
    message = str(caught.value)
    assert "cr.where" in message
    assert "if x > 0:" in message


def test_shapes_are_checked_while_staging() -> None:
    with pytest.raises(ShapeError, match="inner lengths differ"):
        cr.trace(lambda x: x @ x, A((2, 3)))


def test_a_tensor_from_outside_is_an_input_held_by_reference() -> None:
    """Never a constant: later values of the parameter are the ones the graph reads."""
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    graph = cr.trace(lambda x: (w * x).sum() + (w * w).sum(), np.ones(2))
    assert [(t is w, slot) for t, slot, _ in graph.state] == [(True, "value")]
    assert graph.updates == []
    abstract = cr.trace(lambda x: (w * x).sum(), A((2,)))
    ((tensor, slot, node),) = abstract.state
    assert tensor is w
    assert slot == "value"
    assert node.value == A((2,))


def test_plain_arrays_and_tensors_made_inside_are_constants() -> None:
    def f(x: Any) -> Any:
        return x * cr.tensor([1.0, 2.0]) + np.array([3.0, 4.0])

    graph = cr.trace(f, A((2,)))
    assert graph.state == []
    assert graph.outputs[0].value == A((2,))


def test_a_constant_array_changed_later_does_not_change_the_graph() -> None:
    c = np.array([1.0, 2.0])
    graph = cr.trace(lambda x: x * c, np.ones(2))
    c[:] = 9.0
    np.testing.assert_array_equal(graph.gradients(np.ones(2))["x"], [1.0, 2.0])


@pytest.mark.parametrize("abstract", [False, True])
def test_writes_to_outside_tensors_are_updates(abstract: bool) -> None:
    """``assign``, ``data``, in-place operators: the tensor stays, the graph lists what to write."""
    w = cr.tensor([1.0, 2.0])
    v = cr.tensor([0.0, 0.0])
    m = cr.tensor([3.0, 4.0])

    def step(x: Any) -> Any:
        w.assign(w * 2.0 + x)
        v.data = v + 1.0
        m[0] = x[1]
        return (w * v).sum() + m.sum()

    graph = cr.trace(step, A((2,)) if abstract else np.ones(2))
    for tensor, value in ((w, [1.0, 2.0]), (v, [0.0, 0.0]), (m, [3.0, 4.0])):
        np.testing.assert_array_equal(tensor.numpy(), value)
    assert [(u.tensor is t, u.slot) for u, t in zip(graph.updates, (w, v, m))] == [
        (True, "value")
    ] * 3
    if not abstract:
        written = [u.node.value for u in graph.updates]
        np.testing.assert_array_equal(written[0], [3.0, 5.0])
        np.testing.assert_array_equal(written[1], [1.0, 1.0])
        np.testing.assert_array_equal(written[2], [1.0, 4.0])
        assert float(graph.outputs[0].value) == 3.0 + 5.0 + 5.0


@pytest.mark.parametrize("abstract", [False, True])
def test_a_training_step_leaves_gradients_and_parameters_as_updates(abstract: bool) -> None:
    """Define-by-run code is staged as it stands: backward, step, zero_grad."""
    w = cr.tensor([1.0, -2.0], requires_grad=True)
    old = cr.tensor([0.5, 0.5])
    w.grad = old

    def step(x: Any) -> Any:
        w.grad = None
        loss = ((w * x) ** 2).sum()
        loss.backward()
        with cr.no_grad():
            w.assign(w - 0.1 * w.grad)
        return loss

    x = np.array([1.0, 3.0])
    graph = cr.trace(step, A((2,)) if abstract else x)
    np.testing.assert_array_equal(w.detach().numpy(), [1.0, -2.0])
    assert w.grad is old
    updates = {(u.slot): u for u in graph.updates}
    assert set(updates) == {"value", "grad"}
    assert all(u.tensor is w for u in graph.updates)
    if not abstract:
        gradient = 2 * np.array([1.0, -2.0]) * x**2
        np.testing.assert_allclose(updates["grad"].node.value, gradient)
        np.testing.assert_allclose(updates["value"].node.value, [1.0, -2.0] - 0.1 * gradient)


def test_accumulated_gradients_read_the_outside_slot() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    w.grad = np.array([10.0, 10.0])

    def accumulate(x: Any) -> None:
        (w * x).sum().backward()

    graph = cr.trace(accumulate, np.array([3.0, 4.0]))
    assert ("grad" in {slot for _, slot, _ in graph.state}) is True
    (update,) = [u for u in graph.updates if u.slot == "grad"]
    np.testing.assert_array_equal(update.node.value, [13.0, 14.0])
    np.testing.assert_array_equal(w.grad.numpy(), [10.0, 10.0])


def test_two_steps_in_one_trace_see_each_other() -> None:
    """The second step differentiates at the parameter the first one wrote."""
    w = cr.tensor([1.0], requires_grad=True)

    def two(x: Any) -> Any:
        for _ in range(2):
            w.grad = None
            (w**3 * x).sum().backward()
            with cr.no_grad():
                w.assign(w - 0.1 * w.grad)
        return w * 1.0

    graph = cr.trace(two, 1.0)
    expected = 1.0
    for _ in range(2):
        expected -= 0.1 * 3 * expected**2
    np.testing.assert_allclose(graph.outputs[0].value, [expected])
    np.testing.assert_array_equal(w.detach().numpy(), [1.0])


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: cr.grad(f),
        lambda f: cr.hessian(f),
        lambda f: lambda x: cr.jvp(f, (x,), (x,))[1],
        lambda f: lambda x: cr.hvp(f)(x, x),
    ],
)
def test_transforms_are_staged(transform: Any) -> None:
    """A traced derivative has the value of the eager one, and stages with shapes only."""

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x[::-1] ** 2)

    x = np.array([0.3, -0.7, 1.1])
    derived = transform(f)
    graph = cr.trace(derived, x)
    np.testing.assert_allclose(graph.outputs[0].value, derived(x), rtol=1e-14)
    abstract = cr.trace(derived, A((3,)))
    assert abstract.outputs[0].value == A(np.shape(derived(x)))


def test_an_error_inside_leaves_no_stage_behind() -> None:
    with pytest.raises(ZeroDivisionError):
        cr.trace(lambda x: 1 / 0, A(()))
    assert STATE.stage is None
    assert (cr.tensor(1.0) + 1.0).item() == 2.0


def test_no_grad_while_staging() -> None:
    def f(x: Any) -> Any:
        with cr.no_grad():
            frozen = x * x
        return (frozen * x).sum()

    graph = cr.trace(cr.grad(f), np.array([3.0]))
    np.testing.assert_array_equal(graph.outputs[0].value, [9.0])


def test_outputs_that_are_inputs_or_constants() -> None:
    graph = cr.trace(lambda x: (x, 2.0, np.ones(2), x), np.array([1.0]))
    assert [n.shape for n in graph.outputs] == [(1,), (), (2,), (1,)]
    w = cr.tensor([1.0])
    graph = cr.trace(lambda: w)
    np.testing.assert_array_equal(graph.outputs[0].value, [1.0])
