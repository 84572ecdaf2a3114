"""What was compiled for one object serves another that is alike, and no other."""

from __future__ import annotations

import gc
import warnings
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.compiler import compiled, twins
from chainrule.compiler.compiled import Compiled
from chainrule.compiler.layout import contiguous
from chainrule.compiler.memory import make_home
from chainrule.core.likeness import Likeness, likeness
from chainrule.sklearn import MLPClassifier
from chainrule.sklearn.network import MultiLayer
from chainrule.sklearn.solvers import VelocityAdam, VelocitySGD
from chainrule.sklearn.step import EstimatorStep, half_squared_error, log_loss

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(70, 5))
Y = GENERATOR.integers(0, 3, 70)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(twins, "_known", type(twins._known)())


def step(
    sizes=(5, 4, 3),
    activation="relu",
    dropout=0.0,
    dtype="f8",
    seed=0,
    loss=log_loss,
    alpha=0.1,
    solver=VelocitySGD,
    options=(0.1, 0.9, True),
    training=True,
    frozen=False,
):
    drops = [dropout] * (len(sizes) - 2)
    generator = cr.Generator(seed)
    model = MultiLayer(sizes, [activation] * len(drops), drops, generator, np.dtype(dtype))
    for parameter in model.parameters():
        values = np.random.default_rng(seed).normal(size=parameter.shape)
        parameter.assign(cr.tensor(values.astype(dtype)))
    model.train(training)
    if frozen:
        next(model.parameters()).requires_grad = False
    made = EstimatorStep(model, loss, solver(model.parameters(), *options), alpha)
    made.optimizer.prepare()
    return made


def epoch(subject, shared=True):
    """Weights after an epoch with a smaller last batch, and the form of the last step."""
    run = Compiled(lambda x, y: subject(x, y), subject=subject if shared else None)
    run.epoch(X.astype(subject.model.layers[0].weight.dtype), Y, batch_size=32)
    return [p.detach().numpy().copy() for p in subject.model.parameters()], run.form


def never_stage(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a function that is known was staged again")

    monkeypatch.setattr(compiled, "stage", refuse)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"seed": 1}, {"seed": 2}),
        ({"alpha": 0.1, "seed": 1}, {"alpha": 3.0, "seed": 2}),
        ({"dropout": 0.5, "seed": 1}, {"dropout": 0.5, "seed": 2}),
        (
            {"solver": VelocityAdam, "options": (0.1, 0.9, 0.99, 1e-8), "dtype": "f4"},
            {"solver": VelocityAdam, "options": (0.1, 0.9, 0.99, 1e-8), "dtype": "f4", "seed": 7},
        ),
    ],
    ids=["weights", "penalty", "dropout", "adam"],
)
def test_what_is_alike_is_staged_once_and_does_the_same(monkeypatch, first, second):
    one = step(**first)
    kept, _ = epoch(one)
    alone, _ = epoch(step(**second), shared=False)
    never_stage(monkeypatch)
    found, _ = epoch(step(**second))
    for a, b in zip(found, alone, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, p in zip(kept, one.model.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.detach().numpy())


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": (5, 6, 3)},
        {"sizes": (5, 4, 4, 3)},
        {"activation": "tanh"},
        {"dropout": 0.25},
        {"dtype": "f4"},
        {"loss": half_squared_error},
        {"alpha": 0.0},
        {"solver": VelocityAdam, "options": (0.1, 0.9, 0.99, 1e-8)},
        {"options": (0.1, 0.9, False)},
        {"training": False},
        {"frozen": True},
    ],
    ids=[
        "width",
        "depth",
        "activation",
        "dropout",
        "dtype",
        "loss",
        "penalty",
        "adam",
        "nesterov",
        "mode",
        "frozen",
    ],
)
def test_whatever_changes_the_step_makes_it_another(change):
    one, other = likeness(step()), likeness(step(**change))
    assert one is not None
    assert other is not None
    assert one.words != other.words
    assert likeness(step()).words == one.words


def test_numbers_that_only_look_equal_are_not():
    class Holder:
        __module__ = "chainrule.holder"

        def __init__(self, value):
            self.value = value

    values = [1, 1.0, True, "1", np.float32(1), np.ones(()), 0.0, -0.0, float("nan"), [1], (1,)]
    values += [np.ones(2, "f4"), np.ones((2, 1), "f4"), np.zeros(2, "f4"), None, {"a": 1}, {1: "a"}]
    words = [likeness(Holder(v)).words for v in values]
    assert len(set(words)) == len(values)


def test_sharing_is_part_of_the_description():
    one, other = step(), step()
    other.loss = one.loss
    other.model.layers[1] = other.model.layers[1]
    assert likeness(one).words == likeness(other).words
    tied = step(sizes=(5, 5, 5))
    untied = likeness(step(sizes=(5, 5, 5))).words
    tied.model.layers[1].weight = tied.model.layers[0].weight
    assert likeness(tied).words != untied


def test_a_replaced_method_is_noticed(monkeypatch):
    before = likeness(step()).words
    monkeypatch.setattr(nn.ReLU, "forward", lambda self, x: x * 2.0)
    assert likeness(step()) is None or likeness(step()).words != before


class Mine(nn.ReLU):
    """A module of the user's."""


def test_what_is_not_known_is_not_described():
    for unknown in (Mine(), lambda p, y: p, open, Mine):
        subject = step()
        subject.loss = unknown
        assert likeness(subject) is None
    subject = step()
    subject.model.forward = lambda x: x
    assert likeness(subject) is None


def test_steps_with_code_of_the_users_are_staged_each_time():
    """Two losses that differ in a number of their closure."""
    found = []
    for factor in (1.0, 2.0):
        subject = step(loss=lambda p, y, factor=factor: log_loss(p, y) * factor)
        found.append(epoch(subject)[0])
        alone = step(loss=lambda p, y, factor=factor: log_loss(p, y) * factor)
        for a, b in zip(found[-1], epoch(alone, shared=False)[0], strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(found[0][0], found[1][0])
    assert not twins._known


def test_a_step_with_state_elsewhere_is_not_kept():
    subject = step()
    _, form = epoch(subject)
    kept = len(twins._known)
    assert kept == 2, "the whole mini-batch and the last one"
    twins.remember("other", Likeness(("other",), [subject]), form)
    assert len(twins._known) == kept


def test_what_is_kept_holds_no_tensors():
    subject = step()
    watched = [weakref.ref(p) for p in subject.model.parameters()]
    epoch(subject)
    del subject
    gc.collect()
    assert twins._known
    assert [w() for w in watched] == [None] * len(watched)


def test_a_weight_that_lies_differently_in_memory_is_staged_for():
    epoch(step(seed=1))
    subject = step(seed=2)
    weight = subject.model.layers[0].weight
    make_home(weight, "value", contiguous(weight.shape)._replace(strides=(1, 4)), weight.dtype)
    alone, _ = epoch(step(seed=2), shared=False)
    for a, b in zip(epoch(subject)[0], alone, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_explaining_a_twin_builds_what_it_runs():
    epoch(step(seed=1))
    _, form = epoch(step(seed=2))
    assert form.build.recipe().code == form.recipe.code


def test_a_grid_of_penalties_is_compiled_once(monkeypatch):
    X, y = np.tile(GENERATOR.normal(size=(60, 4)), (3, 1)), np.tile(Y[:60], 3)

    def fit(alpha, seed=3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MLPClassifier(
                (8,), alpha=alpha, max_iter=4, random_state=seed, compiled=True
            ).fit(X, y)

    first = fit(0.1)
    predicted = first.predict_proba(X)
    alone = {}
    for alpha in (0.5, 2.0):
        twins._known.clear()
        alone[alpha] = fit(alpha).predict_proba(X)
    twins._known.clear()
    fit(0.1)
    never_stage(monkeypatch)
    for alpha in (0.5, 2.0):
        np.testing.assert_array_equal(fit(alpha).predict_proba(X), alone[alpha])
    assert not np.array_equal(alone[0.5], alone[2.0])
    np.testing.assert_array_equal(first.predict_proba(X), predicted)
