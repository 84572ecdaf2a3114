"""What happens to parameters and data between the calls of ``epoch`` is noticed, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim

X = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
Y = np.random.default_rng(1).standard_normal((12, 2)).astype(np.float32)


def make():
    """Return a model and the function of an epoch, compiled and run three times."""
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = cr.compile(step)
    for _ in range(3):
        run.epoch(X, Y, batch_size=4)
    return model, run


def values(model):
    return [np.array(p.detach().numpy()) for p in model.parameters()]


def undisturbed(epochs):
    model, run = make()
    for _ in range(epochs):
        run.epoch(X, Y, batch_size=4)
    return values(model)


def hold_value(model):
    return [model[0].weight.detach().numpy()]


def hold_slice(model):
    return [model[2].weight.detach().numpy()[1:]]


def hold_of_an_untracked_parameter(model):
    model[0].weight.requires_grad_(False)
    held = model[0].weight.detach().numpy()
    model[0].weight.requires_grad_(True)
    return [held]


def hold_in_a_graph(model):
    return [(model[0].weight * 2.0).sum()]


@pytest.mark.parametrize(
    "hold", [hold_value, hold_slice, hold_of_an_untracked_parameter, hold_in_a_graph]
)
def test_what_was_handed_out_does_not_change(hold):
    model, run = make()
    held = hold(model)
    before = [np.array(getattr(h, "_value", h)) for h in held]
    reference = undisturbed(2)
    for _ in range(2):
        run.epoch(X, Y, batch_size=4)
    for h, b in zip(held, before, strict=True):
        np.testing.assert_array_equal(getattr(h, "_value", h), b)
    for found, expected in zip(values(model), reference, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_parameter_held_without_its_leaf_does_not_change():
    model, run = make()
    model[0].weight.requires_grad_(False)
    held = model[0].weight._value  # in place of the reference that the leaf had
    before = held.copy()
    run.epoch(X, Y, batch_size=4)
    np.testing.assert_array_equal(held, before)


@pytest.mark.parametrize("holders", [1, 2, 3])
def test_another_array_is_taken_over_however_often_the_old_one_is_held(holders):
    total = cr.tensor(np.zeros(3, np.float32))

    def add(x):
        total.assign(total + x.sum(0))

    run = cr.compile(add)
    for _ in range(2):
        run.epoch(X, batch_size=4)
    held = [total.numpy() for _ in range(holders)]  # in place of what the tensor has of them
    before = held[0].copy()
    total.data = np.ones(3, np.float32)
    run.epoch(X, batch_size=4)
    for h in held:
        np.testing.assert_array_equal(h, before)
    np.testing.assert_allclose(total.numpy(), 1 + X.sum(0), rtol=1e-5)


def test_a_home_that_another_function_moved_is_found():
    model, run = make()
    halve = cr.compile(lambda: model[0].weight.assign(model[0].weight * 0.5))
    halve()
    run.epoch(X, Y, batch_size=4)
    held = model[0].weight.detach().numpy()
    halve()  # moves, as the value is held
    moved = values(model)
    del held
    other, run_other = make()
    other[0].weight.assign(other[0].weight * 0.5)
    run_other.epoch(X, Y, batch_size=4)
    other[0].weight.assign(other[0].weight * 0.5)
    for found, expected in zip(moved, values(other), strict=True):
        np.testing.assert_array_equal(found, expected)
    run.epoch(X, Y, batch_size=4)
    run_other.epoch(X, Y, batch_size=4)
    for found, expected in zip(values(model), values(other), strict=True):
        np.testing.assert_array_equal(found, expected)


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(lambda a: np.asfortranarray(a), id="by columns"),
        pytest.param(lambda a: np.repeat(a, 2, axis=0)[::2], id="every other row"),
        pytest.param(lambda a: a.astype(a.dtype.newbyteorder()), id="bytes swapped"),
        pytest.param(read_only, id="read-only"),
        pytest.param(lambda a: a.tolist(), id="lists"),
        pytest.param(lambda a: a[:8], id="fewer rows"),
        pytest.param(lambda a: np.ascontiguousarray(a[:, 1:]), id="fewer columns"),
        pytest.param(lambda a: a.astype(np.float64), id="float64"),
        pytest.param(cr.tensor, id="tensors"),
    ],
)
def test_data_of_another_kind_than_before_is_read_as_what_it_is(kind):
    run = cr.compile(lambda x, y: (x.sum(), (2.0 * y).sum()))
    run.epoch(X, Y, batch_size=4)
    run.epoch(X, Y, batch_size=4)
    x, y = kind(X), kind(Y)
    found = run.epoch(x, y, batch_size=4).outputs
    plain_x, plain_y = (np.asarray(getattr(a, "_value", a)) for a in (x, y))
    steps = len(plain_x) // 4
    np.testing.assert_allclose(found[0], plain_x.reshape(steps, -1).sum(1), rtol=1e-4)
    np.testing.assert_allclose(found[1], 2 * plain_y.reshape(steps, -1).sum(1), rtol=1e-4)


def test_other_data_must_have_equally_many_rows_too():
    run = cr.compile(lambda x, y: x.sum() + y.sum())
    run.epoch(X, Y, batch_size=4)
    with pytest.raises(cr.errors.ShapeError, match="as many rows"):
        run.epoch(X, Y[:8], batch_size=4)
