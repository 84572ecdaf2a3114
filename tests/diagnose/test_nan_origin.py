"""The first NaN or infinity is named with its gate, line, place and remedy (SPEC D5)."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, GradientError

first = cr.diagnose.first_nonfinite


def test_the_logarithm_of_zero_is_named_with_its_line_and_place() -> None:
    def cost(z):
        p = cr.softmax(z)
        q = p * np.array([1.0, 0.0, 1.0])
        entropy = np.log(q)  # the line
        return (entropy * p).sum()

    origin = first(cost, np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
    assert origin is not None
    assert (origin.phase, origin.op, origin.name, origin.place) == (
        "forward",
        "log",
        "entropy",
        (0, 1),
    )
    assert (origin.count, origin.size) == (2, 6)
    assert origin.source == "entropy = np.log(q)  # the line"
    assert origin.line.startswith("test_nan_origin.py:")
    assert "log(q) is -inf in 2 of 6 elements, the first at [0, 1], where q = 0" in origin.words
    assert "log_softmax" in origin.remedy


FORWARD = {
    "divide": (lambda x, y: (x / y).sum(), (np.ones(3), np.array([1.0, 0.0, 2.0])), "divide", (1,)),
    "exp": (lambda x: np.exp(x), (1000.0,), "exp", ()),
    "sqrt": (lambda x: np.sqrt(x).sum(), (np.array([1.0, -1.0]),), "sqrt", (1,)),
    "matmul": (lambda x: (x @ x).sum(), (np.full((2, 2), 1e200),), "matmul", (0, 0)),
    "later": (lambda x: np.log(np.exp(x) - 1.0) * 2.0, (0.0,), "log", ()),
}


@pytest.mark.parametrize("case", FORWARD.values(), ids=FORWARD)
def test_the_first_gate_is_named_not_its_consequences(case) -> None:
    function, args, op, place = case
    origin = first(function, *args)
    assert origin is not None
    assert (origin.phase, origin.op, origin.place) == ("forward", op, place)
    assert origin.remedy


def test_a_gradient_that_is_not_finite_behind_finite_values_is_found() -> None:
    origin = first(lambda x: np.sqrt(x).sum(), np.array([4.0, 0.0]))
    assert origin is not None
    assert (origin.phase, origin.op, origin.name, origin.place) == ("backward", "sqrt", "x", (1,))
    assert "where x = 0" in origin.words
    assert "sqrt(x + 1e-12)" in origin.remedy


def test_backwards_the_first_gate_is_named_not_its_consequences() -> None:
    def cost(x):
        inner = x * 2.0
        return np.sqrt(inner).sum() + x.sum()

    origin = first(cost, np.array([4.0, 0.0]))
    assert origin is not None
    assert (origin.phase, origin.op, origin.name) == ("backward", "sqrt", "inner")


def test_the_trap_of_where_is_explained() -> None:
    def safe(x):
        return cr.where(x > 0, np.sqrt(x), 0.0).sum()

    origin = first(safe, np.array([4.0, 0.0]))
    assert origin is not None
    assert origin.phase == "backward"
    assert "put a safe number into that branch's input" in origin.remedy


def test_broken_data_and_parameters_are_told_apart_from_computation() -> None:
    origin = first(lambda x: (x * 2.0).sum(), np.array([1.0, np.nan]))
    assert origin is not None
    assert origin.phase == "input"
    assert "the input x already holds nan in 1 of 2 elements" in origin.words
    model = nn.Linear(2, 1)
    broken = np.array([[1.0, np.nan]], np.float32)
    origin = first((model(cr.tensor(broken))).sum())
    assert origin is not None
    assert "takes data that already hold nan" in origin.words
    model.weight.assign(broken)
    origin = first((model(cr.ones((3, 2), dtype=np.float32))).sum())
    assert origin is not None
    assert "the parameter weight already holds nan" in origin.words
    assert "earlier step" in origin.remedy


def test_nothing_is_found_where_all_is_finite() -> None:
    assert first(lambda x: np.log(x).sum(), np.ones(3)) is None
    assert first(lambda x: np.floor(x), 1.5) is None
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert first(model(cr.ones((4, 2))).sum()) is None
    with pytest.raises(ArgumentError, match="no arguments go with it"):
        first(model(cr.ones((4, 2))).sum(), 1)


class Entropy(nn.Module):
    """A cross-entropy written with a logarithm of probabilities, which may be 0."""

    def forward(self, logits, target):
        p = cr.softmax(logits, axis=1)
        return -np.log((p * cr.one_hot(target, 2)).sum(axis=1)).mean()


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_failed_training_is_replayed_to_where_it_began(compiled: bool) -> None:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = cr.optim.SGD(model.parameters(), lr=300.0)
    trainer = cr.Trainer(model, Entropy(), optimizer, compiled=compiled)
    seen = cr.diagnose.TrainingWatch()
    with (
        np.errstate(all="ignore"),
        pytest.raises(GradientError, match="It began here: log") as caught,
    ):
        trainer.fit(data(), epochs=3, batch_size=20, callbacks=[seen])
    assert "log_softmax" in str(caught.value)
    finding = seen.diagnosis().findings[0]
    assert finding.kind == "not finite"
    assert 0 < finding.since < 30
    # the step named is the first whose loss is not finite
    cr.manual_seed(1)
    again = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    other = cr.Trainer(again, Entropy(), cr.optim.SGD(again.parameters(), lr=300.0), compiled=False)
    losses: list[float] = []

    class Losses(cr.train.Callback):
        def on_step_end(self, trainer, totals):
            losses.append(totals.last_loss)

    with np.errstate(all="ignore"), pytest.raises(GradientError):
        other.fit(data(), epochs=3, batch_size=20, callbacks=[Losses()])
    assert finding.since == int(np.argmax(~np.isfinite(losses)))


def test_the_model_is_left_as_training_left_it() -> None:
    def run(callbacks: list[cr.train.Callback]) -> dict[str, np.ndarray]:
        cr.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
        trainer = cr.Trainer(
            model, Entropy(), cr.optim.SGD(model.parameters(), lr=300.0), compiled=False
        )
        with np.errstate(all="ignore"), pytest.raises(GradientError):
            trainer.fit(data(), epochs=3, batch_size=20, callbacks=callbacks)
        return {name: p.detach().numpy() for name, p in model.named_parameters()}

    plain, watched = run([]), run([cr.diagnose.TrainingWatch()])
    for name, values in plain.items():
        np.testing.assert_array_equal(values, watched[name])
