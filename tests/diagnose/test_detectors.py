"""Illnesses are found where they are, with their layer; healthy networks are left in peace (SPEC D5)."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from sick_networks import HEALTHY, Recurrent, layers, moons, trained

import chainrule as cr
from chainrule import nn


def kinds(watch: cr.diagnose.Watch) -> dict[str, cr.diagnose.Finding]:
    return {finding.kind: finding for finding in watch.diagnosis().findings}


@pytest.mark.parametrize("name", HEALTHY)
def test_no_alarm_at_any_time_of_a_healthy_training(name: str) -> None:
    """20 seeds, two optimisers, a verdict after every look."""
    for seed in range(20):
        cr.manual_seed(seed)
        model = HEALTHY[name]()
        optimizer = (
            cr.optim.Adam(model.parameters(), lr=1e-2)
            if seed % 2
            else cr.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        )
        watch = trained(model, seed, steps=16, every=4, optimizer=optimizer)
        looks = watch.looks
        for count in range(1, len(looks) + 1):
            watch.looks = looks[:count]
            assert not watch.diagnosis().findings, (seed, str(watch.diagnosis()))


def small(layer: nn.Linear) -> None:
    nn.init.normal_(layer.weight, std=0.05)


def large(layer: nn.Linear) -> None:
    nn.init.normal_(layer.weight, std=2.0)


def far_below(layer: nn.Linear) -> None:
    nn.init.constant_(layer.bias, -30.0)


def huge(layer: nn.Linear) -> None:
    nn.init.normal_(layer.weight, std=30.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("make", "cause", "remedy"),
    [
        (lambda: layers(nn.Sigmoid, 20, 16), "a sigmoid's is at most 0.25", "residual connections"),
        (lambda: layers(nn.Sigmoid, 20, 16, small), "a sigmoid's is at most 0.25", "ReLU or tanh"),
        (
            lambda: layers(nn.ReLU, 10, 16, small),
            "slope of the activations|weights are too small",
            "He's",
        ),
        (lambda: layers(nn.Tanh, 10, 16, small), "weights are too small", "Larger initial weights"),
    ],
    ids=["sigmoid", "sigmoid small", "relu small", "tanh small"],
)
def test_vanishing_gradients_are_found_with_their_cause(
    make: Callable[[], nn.Module], cause: str, remedy: str, seed: int
) -> None:
    cr.manual_seed(seed)
    found = kinds(trained(make(), seed, steps=1))["vanishing"]
    assert found.layers == ("0",)
    assert re.search(cause, found.words)
    assert "a factor of 0." in found.words
    assert re.search(f"{remedy}|Normalisation", found.remedy)
    assert found.since == 0


@pytest.mark.parametrize("seed", range(5))
def test_exploding_gradients_are_found_across_layers(seed: int) -> None:
    cr.manual_seed(seed)
    found = kinds(trained(layers(nn.ReLU, 12, 16, large), seed, steps=1))["exploding"]
    assert found.layers == ("0",)
    assert "clip_norm" in found.remedy
    assert "vanishing" not in kinds(trained(layers(nn.ReLU, 12, 16, large), seed, steps=1))


@pytest.mark.parametrize("seed", range(5))
def test_exploding_and_vanishing_gradients_are_found_across_time(seed: int) -> None:
    cr.manual_seed(seed)
    model = Recurrent(nn.RNN, 40)
    nn.init.orthogonal_(model.rnn.weight_hh_l0, gain=2.0)
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        nn.init.constant_(getattr(model.rnn, name), 0.0)
    found = kinds(trained(model, seed, steps=1))["exploding"]
    assert found.layers == ("rnn.weight_hh_l0",)
    assert "runs 40 steps in time" in found.words
    nn.init.orthogonal_(model.rnn.weight_hh_l0, gain=0.5)
    found = kinds(trained(model, seed, steps=1))["vanishing"]
    assert "LSTM or GRU" in found.remedy


@pytest.mark.parametrize("seed", range(5))
def test_dead_units_are_found_when_enough_samples_have_shown_it(seed: int) -> None:
    cr.manual_seed(seed)
    model = layers(nn.ReLU, 2, 16, far_below)
    few = trained(model, seed, steps=2, every=1)
    assert "dead" not in kinds(few)  # 64 samples are no proof
    found = kinds(trained(model, seed, steps=4, every=1))["dead"]
    assert found.layers == ("0", "2")
    assert "16 of 16, 16 of 16 units of the relu" in found.words
    assert "leaky ReLU" in found.remedy
    # the same said once: below dead layers nothing else is reported
    assert "vanishing" not in kinds(trained(model, seed, steps=4, every=1))


def test_units_that_die_in_training_are_found_with_the_step() -> None:
    cr.manual_seed(0)
    model = layers(nn.ReLU, 2, 32)
    optimizer = cr.optim.SGD(model.parameters(), lr=0.05)
    x, kind = moons(0)
    watch = cr.diagnose.watch(model, every=1)
    for step in range(14):
        if step == 5:  # as after one step that was far too long
            model[0].bias.assign(np.full(32, -50.0, np.float32))
        loss = nn.CrossEntropyLoss()(model(cr.tensor(x)), kind)
        optimizer.zero_grad()
        loss.backward()
        watch.step(loss)
        optimizer.step()
    found = kinds(watch)["dead"]
    assert found.layers == ("0",)
    assert found.since == 5


@pytest.mark.parametrize("seed", range(5))
def test_saturated_layers_are_found(seed: int) -> None:
    cr.manual_seed(seed)
    found = kinds(trained(layers(nn.Sigmoid, 2, 16, huge), seed, steps=1))["saturated"]
    assert "0" in found.layers
    assert "flat" in found.words
    assert "scaled" in found.remedy
    # inputs that were not scaled saturate ordinary weights
    unscaled = moons(seed)[0] * 200
    found = kinds(trained(layers(nn.Tanh, 2, 16), seed, steps=1, x=unscaled))["saturated"]
    assert found.layers[0] == "0"


def test_a_saturated_output_is_an_illness_until_the_network_has_learned() -> None:
    """Outputs near 0 and 1 are right for a classifier, and wrong for one that stands still."""

    def run(bias: float) -> cr.diagnose.Watch:
        cr.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
        nn.init.constant_(model[0].bias, bias)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(64, 2)).astype(np.float32)
        y = (x[:, :1] > 0).astype(np.float32)
        optimizer = cr.optim.Adam(model.parameters(), lr=0.3)
        watch = cr.diagnose.watch(model, every=10)
        for _ in range(300):
            optimizer.zero_grad()
            loss = nn.MSELoss()(model(cr.tensor(x)), y)
            loss.backward()
            watch.step(loss)
            optimizer.step()
        return watch

    assert "logits" in kinds(run(60.0))["saturated"].remedy
    learned = run(0.0)
    assert learned.looks[-1].activations["sigmoid after 0"].flat_share > 0.5
    assert learned.diagnosis().healthy


def test_a_loss_that_runs_away_is_found() -> None:
    model = nn.Linear(2, 1)
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    optimizer = cr.optim.SGD(model.parameters(), lr=3.0)
    watch = cr.diagnose.watch(model, every=1)
    for _ in range(12):
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(cr.tensor(x)), x[:, :1])
        loss.backward()
        watch.step(loss)
        optimizer.step()
    found = kinds(watch)["diverging"]
    assert "it began at" in found.words
    assert "smaller learning rate" in found.remedy


def test_parameters_that_the_loss_does_not_reach_are_named() -> None:
    class Detached(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.frozen = nn.Linear(2, 4), nn.Linear(4, 2), nn.Linear(4, 2)
            self.frozen.requires_grad_(False)

        def forward(self, x):
            return self.b(self.a(x).detach()) + self.frozen(self.a(x).detach())

    found = kinds(trained(Detached(), steps=1))["no gradient"]
    assert found.layers == ("a.weight", "a.bias")  # what is frozen on purpose is not named
    assert "detach()" in found.remedy


def test_an_illness_that_has_passed_is_not_reported() -> None:
    """The first look alone may tell; later ones must agree three times in a row."""
    cr.manual_seed(0)
    model = layers(nn.Tanh, 2, 16)
    x, kind = moons(0)
    watch = cr.diagnose.watch(model, every=1)
    scales = [200.0, 1.0, 200.0, 200.0, 1.0, 200.0, 200.0, 200.0]
    ill = []
    for scale in scales:
        watch.step(nn.CrossEntropyLoss()(model(cr.tensor(x * np.float32(scale))), kind))
        ill.append("saturated" in kinds(watch))
    assert ill == [True, False, False, False, False, False, False, True]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(2e-3, None), (5e-4, "vanishing"), (5e2, None), (2e3, "exploding")],
)
def test_vanishing_and_exploding_mean_a_thousandfold(factor: float, expected: str | None) -> None:
    """The thresholds themselves: the same two layers, scaled to either side."""
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight.assign(np.eye(2, dtype=np.float32) * np.float32(factor))
    x, kind = moons(0)
    watch = cr.diagnose.watch(model)
    watch.step(nn.CrossEntropyLoss()(model(cr.tensor(x)), kind))
    found = kinds(watch)
    assert ("vanishing" in found, "exploding" in found) == (
        expected == "vanishing",
        expected == "exploding",
    )


def test_units_that_are_silent_now_and_then_are_alive() -> None:
    model = layers(nn.ReLU, 1, 8)
    below, above = np.full(8, -50.0, np.float32), np.zeros(8, np.float32)
    x, kind = moons(0, 64)
    watch = cr.diagnose.watch(model, every=1)
    for step in range(9):
        model[0].bias.assign(above if step % 2 else below)
        watch.step(nn.CrossEntropyLoss()(model(cr.tensor(x)), kind))
        assert "dead" not in kinds(watch)


def test_outputs_of_a_classifier_that_is_right_may_be_flat_everywhere() -> None:
    """Inner layers that are flat everywhere stop all error below them; an output need not pass any."""
    x, _ = moons(0, 64)
    y = (x[:, :1] > 0).astype(np.float32)

    def watched(model: nn.Sequential) -> dict[str, cr.diagnose.Finding]:
        watch = cr.diagnose.watch(model, every=1)
        for step in range(6):
            if step == 2:
                model[-2].weight.assign(np.full(model[-2].weight.shape, 1e4, np.float32))
                model[0].weight.assign(np.array([[1e6, 0.0]], np.float32))
            watch.step(nn.MSELoss()(model(cr.tensor(x)), y))
        assert watch.looks[-1].loss < 0.5 * watch.looks[0].loss
        assert all(a.flat_share > 0.95 for a in watch.looks[-1].activations.values())
        return kinds(watch)

    assert "saturated" not in watched(nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()))
    deeper = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 1), nn.Sigmoid())
    assert watched(deeper)["saturated"].layers == ("0",)
