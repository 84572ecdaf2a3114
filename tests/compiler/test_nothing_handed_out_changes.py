"""Compiled programs write to their state in place, and nobody who holds an old value sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def make() -> tuple[cr.Tensor, Callable[..., Any]]:
    w = cr.tensor(np.arange(4.0), requires_grad=True)

    def step(x: Any) -> Any:
        w.grad = None
        loss = ((w * x) ** 2).sum()
        loss.backward()
        w.assign(w - 0.1 * w.grad)
        return loss

    return w, cr.compile(step, keep_gradients=True)


X = np.full((6, 4), 0.5)
RUNS: dict[str, Callable[[Any], object]] = {
    "step": lambda step: step(X[0]),
    "epoch": lambda step: step.epoch(X, batch_size=2),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize(
    "hold",
    [
        lambda w: w.detach().numpy(),
        lambda w: w.detach().numpy()[1:],
        lambda w: w.data,
        lambda w: w.grad.numpy(),
        lambda w: w.grad,
        lambda w: memoryview(w.detach().numpy()),
    ],
    ids=["array", "slice", "data", "gradient array", "gradient", "buffer"],
)
def test_what_was_handed_out_stays(run: Callable[[Any], object], hold: Callable[..., Any]) -> None:
    w, step = make()
    run(step)
    held = hold(w)
    before = np.array(held)
    run(step)
    assert np.array_equal(np.array(held), before)
    assert not np.array_equal(np.array(hold(w)), before)


def test_a_recorded_graph_keeps_its_values() -> None:
    """Backward after a native step gives the gradient at the old parameters."""
    w, step = make()
    step(X[0])
    at = w.detach().numpy().copy()
    cost = (w**3).sum()
    step(X[0])
    w.grad = None
    cost.backward()
    assert w.grad is not None
    assert np.array_equal(w.grad.numpy(), 3 * at**2)
    assert not np.array_equal(w.detach().numpy(), at)


def test_nothing_moves_when_nobody_holds_it() -> None:
    w, step = make()
    step(X[0])
    addresses = set()
    for _ in range(5):
        step(X[0])
        addresses.add(w._value.__array_interface__["data"][0])
    assert len(addresses) == 1


def test_two_programs_follow_a_state_that_moved() -> None:
    w, step = make()
    total = cr.compile(lambda: w.sum())
    step(X[0])
    assert np.allclose(total().numpy(), w.detach().numpy().sum())
    held = w.detach().numpy()
    step(X[0])
    assert np.allclose(total().numpy(), w.detach().numpy().sum())
    assert not np.allclose(held.sum(), w.detach().numpy().sum())


def test_state_dict_is_a_snapshot() -> None:
    """Also after native epochs."""
    model = cr.nn.Linear(4, 1)
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x: Any) -> Any:
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    compiled = cr.compile(step)
    data = np.ones((6, 4), np.float32)
    compiled.epoch(data, batch_size=2)
    kept = model.state_dict()
    before = {name: np.array(value.detach().numpy()) for name, value in kept.items()}
    compiled.epoch(data, batch_size=2)
    for name, value in kept.items():
        assert np.array_equal(value.detach().numpy(), before[name]), name
    assert not np.array_equal(model.weight.detach().numpy(), before["weight"])
