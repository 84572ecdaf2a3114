"""Watching changes nothing, costs little memory, and measures what it says (SPEC A11, D5)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sick_networks import layers, moons, trained

import chainrule as cr
from chainrule import nn
from chainrule.diagnose.histogram import BINS, DECADES, aligned, magnitudes, sampled, spread
from chainrule.diagnose.measure import norm
from chainrule.errors import ArgumentError


def test_figures_are_those_of_the_backward_pass() -> None:
    """Against z, δ and gradients kept by hand."""
    cr.manual_seed(0)
    model = layers(nn.Tanh, 2, 5)
    x, kind = moons(0, 40)
    zs, a = [], cr.tensor(x)
    for layer in model:
        a = layer(a)
        if isinstance(layer, nn.Linear):
            a.retain_grad()
            zs.append(a)
    loss = nn.CrossEntropyLoss()(a, kind)
    loss.backward()
    watch = cr.diagnose.watch(model)
    watch.step(loss)
    look = watch.looks[0]
    assert list(look.layers) == ["0", "2", "4"]
    for z, layer in zip(zs, look.layers.values()):
        assert layer.delta == pytest.approx(np.linalg.norm(z.grad.numpy()), rel=1e-5)
    for name, parameter in model.named_parameters():
        assert look.parameters[name] == pytest.approx(
            np.linalg.norm(parameter.grad.numpy()), rel=1e-5
        )
    slopes = 1 - np.tanh(zs[0].detach().numpy()) ** 2
    found = look.activations["tanh after 0"]
    assert found.slope == pytest.approx(slopes.mean(), rel=1e-5)
    assert found.flat_share == pytest.approx((slopes < 0.05).mean())
    assert found.units.samples == 40
    assert look.loss == pytest.approx(loss.item())


def test_updates_are_the_change_of_a_step() -> None:
    model = nn.Linear(2, 1)
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    watch = cr.diagnose.watch(model, every=1)
    x, kind = moons(0)
    for _ in range(3):
        before = model.weight.detach().numpy().copy()
        loss = nn.MSELoss()(model(cr.tensor(x)), kind[:, None].astype(np.float32))
        optimizer.zero_grad()
        loss.backward()
        watch.step(loss)
        optimizer.step()
        expected = np.linalg.norm(model.weight.detach().numpy() - before) / np.linalg.norm(before)
        watch.settle(watch.count)
        assert watch.looks[-1].layers["weight"].update == pytest.approx(expected, rel=1e-4)


def test_units_are_found_in_every_layout() -> None:
    """Columns of samples have units in rows; images have them in channels."""

    class Columns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(np.ones((3, 2)))
            self.b = nn.Parameter(np.array([[-9.0], [0.0], [0.0]]))

        def forward(self, x):
            return np.maximum(self.w @ x + self.b, 0)

    model = Columns()
    watch = cr.diagnose.watch(model)
    watch.step(model(cr.tensor(np.abs(moons(0, 7)[0].T.astype(float)))).sum())
    units = watch.looks[0].activations["maximum after w"].units
    assert units.silent.tolist() == [True, False, False]
    assert units.samples == 7
    images = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU())
    nn.init.constant_(images[0].bias, 0.0)
    images[0].bias.assign(np.array([-99.0, 9.0, 9.0], np.float32))
    watch = cr.diagnose.watch(images)
    watch.step(images(cr.ones((4, 1, 5, 5))).sum())
    units = watch.looks[0].activations["relu after 0"].units
    assert units.silent.tolist() == [True, False, False]
    assert units.samples == 4 * 9


def test_looking_changes_neither_gradients_nor_weights_nor_random_numbers() -> None:
    def run(watched: bool) -> list[np.ndarray]:
        cr.manual_seed(3)
        model = nn.Sequential(
            nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
        )
        seen = [cr.diagnose.TrainingWatch()] if watched else []
        trainer = cr.Trainer(model, "cross_entropy", "adam", compiled=False)
        trainer.fit(moons(0), epochs=3, callbacks=seen)
        grads = [p.grad.numpy() for p in model.parameters()]
        return [
            *(np.array(t.numpy()) for t in model.state_dict().values()),
            *grads,
            cr.rand(3).numpy(),
        ]

    for plain, watched in zip(run(False), run(True)):
        np.testing.assert_array_equal(plain, watched)


def test_native_epochs_stay_native_and_keep_their_bits() -> None:
    def run(callbacks: list[cr.train.Callback]) -> list[np.ndarray]:
        cr.manual_seed(3)
        model = layers(nn.Tanh, 1, 8)
        trainer = cr.Trainer(model, "cross_entropy", "adam", compiled=True)
        trainer.fit(moons(0), epochs=3, callbacks=callbacks)
        return [np.array(t.numpy()) for t in model.state_dict().values()]

    seen = cr.diagnose.TrainingWatch()
    for plain, watched in zip(run([]), run([seen])):
        np.testing.assert_array_equal(plain, watched)
    steps = [look.step for look in seen.watch.looks]
    assert steps == [0, 8, 16, 24]
    updates = [look.layers["0"].update for look in seen.watch.looks[:-1]]
    assert all(1e-5 < update < 1 for update in updates)
    assert str(seen).startswith("Step 24, 4 looks")


def test_each_illness_is_said_once_and_at_once() -> None:
    cr.manual_seed(0)
    said: list[str] = []
    seen = cr.diagnose.TrainingWatch(say=said.append)
    trainer = cr.Trainer(layers(nn.Sigmoid, 15, 8), "cross_entropy", "sgd", compiled=False)
    trainer.fit(moons(0), epochs=3, callbacks=[seen])
    assert len(said) == 1
    assert said[0].startswith("epoch 0: vanishing: the error")


@pytest.mark.parametrize("capacity", [16, 17])
def test_memory_is_bounded_and_the_first_and_last_looks_stay(capacity: int) -> None:
    model = nn.Linear(2, 2)
    x, kind = moons(0, 8)
    watch = cr.diagnose.watch(model, every=1, capacity=capacity)
    for _ in range(400):
        watch.step(nn.CrossEntropyLoss()(model(cr.tensor(x)), kind))
        assert watch.looks[0].step == 0
        assert watch.looks[-1].step > watch.count - 1 - watch.every
    assert len(watch.looks) <= capacity
    assert watch.every >= 16
    steps = [look.step for look in watch.looks]
    assert steps == sorted(set(steps))
    assert max(np.diff(steps)) <= 4 * watch.every
    kept = sum(one.units is not None for look in watch.looks for one in look.activations.values())
    assert kept <= 1  # per-unit counts of the last look only


def test_a_bad_loss_between_two_looks_is_looked_at() -> None:
    model = nn.Linear(1, 1)
    watch = cr.diagnose.watch(model, every=100)
    for value in (1.0, 1.0, 0.0):
        with np.errstate(all="ignore"):
            watch.step(np.log(model(cr.ones((1, 1))) * 0.0 + value).sum())
    (finding,) = watch.diagnosis().findings
    assert finding.kind == "not finite"
    assert finding.since == 2
    assert "log" in finding.words


def test_histograms_count_every_value_once() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=500), [0.0, 0.0, np.nan, np.inf, 1e30, 1e-30]])
    found = magnitudes(values)
    assert found.counts.sum() + found.zeros + found.broken == values.size
    assert (found.zeros, found.broken) == (2, 2)
    expected, _ = np.histogram(np.log10(np.abs(values[:500])), bins=BINS, range=DECADES)
    assert found.counts[1:-1].tolist() == expected[1:-1].tolist()


def test_of_large_arrays_an_even_sample_is_counted() -> None:
    values = np.random.default_rng(0).normal(size=(300, 128))
    values[:, ::2] *= 100.0  # every second column: the sample must see both
    found = spread(values)
    assert 3000 < found.counts.sum() <= 4096
    inner = np.abs(sampled(values)) < 5
    assert 0.4 < inner.mean() < 0.6


@pytest.mark.parametrize("size", [1, 4096, 4097, 100_000])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_norms_neither_overflow_nor_underflow(size: int, scale: float) -> None:
    values = (np.random.default_rng(0).normal(size=size) * scale).astype(np.float32)
    assert norm(values) == pytest.approx(np.linalg.norm(values.astype(np.float64)), rel=1e-5)


def test_norms_of_what_is_not_finite_are_not_finite() -> None:
    assert math.isnan(norm(np.array([1.0, np.nan])))
    assert norm(np.array([1.0, -np.inf])) == math.inf
    assert norm(np.zeros(0)) == 0.0


@pytest.mark.parametrize("scale", [1e-3, 0.9, 1.0, 7.0, 1e5])
def test_spreads_are_histograms_between_powers_of_two(scale: float) -> None:
    values = np.random.default_rng(1).normal(size=400) * scale
    found = spread(values)
    assert math.log2(found.limit).is_integer()
    assert found.limit / 2 < np.abs(values).max() <= found.limit
    expected, _ = np.histogram(values, bins=BINS, range=(-found.limit, found.limit))
    assert found.counts.tolist() == expected.tolist()


def test_aligning_is_exact() -> None:
    """Joining bins gives the histogram that the wider limit would have given at once."""
    small, large = np.random.default_rng(2).uniform(-0.9, 0.9, 300), np.array([7.5])
    counts, limit = aligned([spread(small), spread(large)])
    expected, _ = np.histogram(small, bins=BINS, range=(-limit, limit))
    assert limit == 8.0
    assert counts[0].tolist() == expected.tolist()
    assert counts[1].sum() == 1


def test_gradient_noise_is_that_of_known_noise() -> None:
    """A linear model in one weight: per-sample gradients have a known mean and variance."""
    rng = np.random.default_rng(0)
    model = nn.Linear(1, 1, bias=False).double()
    model.weight.assign(np.zeros((1, 1)))
    x = np.ones((4096, 1))
    y = -1.0 + rng.normal(size=(4096, 1)) * 3.0  # gradient of a sample: -2 y, mean 2, variance 36
    found = cr.diagnose.gradient_noise(model, nn.MSELoss(), x, y, parts=256)
    assert found.signal == pytest.approx(4.0, rel=0.15)
    assert found.noise == pytest.approx(36.0, rel=0.2)
    assert found.scale == pytest.approx(9.0, rel=0.3)
    assert "Noise scale" in str(found)
    with pytest.raises(ArgumentError, match="cannot be divided"):
        cr.diagnose.gradient_noise(model, nn.MSELoss(), x[:4], y[:4])


def test_the_estimate_of_the_signal_is_not_raised_by_the_noise() -> None:
    """Pure noise: the estimates of a signal of 0 average to 0, not to the variance of the mean."""
    model = nn.Linear(1, 1, bias=False).double()
    model.weight.assign(np.zeros((1, 1)))
    found = []
    for seed in range(100):
        y = np.random.default_rng(seed).normal(size=(64, 1)) * 3.0
        found.append(cr.diagnose.gradient_noise(model, nn.MSELoss(), np.ones((64, 1)), y).signal)
    assert abs(np.mean(found)) < 0.3  # 36 / 64 = 0.56 is what the batch's own gradient would give
    assert any(signal <= 0 for signal in found)


def test_words_and_data_say_the_same() -> None:
    cr.manual_seed(0)
    watch = trained(layers(nn.Sigmoid, 20, 16), steps=1)
    diagnosis = watch.diagnosis()
    data = diagnosis.to_dict()
    assert data["healthy"] is False
    assert [f["kind"] for f in data["findings"]] == ["vanishing"]
    assert len(data["layers"]) == 21
    text = str(watch)
    assert "VANISHING: the error" in text
    assert "Remedy: ReLU or tanh" in text
    assert max(map(len, text.splitlines())) <= 80
    assert max(map(len, diagnosis.text(60).splitlines())) <= 60
    assert diagnosis.findings[0].words in " ".join(str(diagnosis.findings[0]).split())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.diagnose.watch(3), "not int"),
        (lambda: cr.diagnose.watch(cr.Network([2, 2])), "learning_speed"),
        (lambda: cr.diagnose.watch(nn.Linear(1, 1), every=0), "every is at least 1"),
        (lambda: cr.diagnose.TrainingWatch().diagnosis(), "nothing was trained yet"),
    ],
)
def test_wrong_calls_say_what_is_expected(call, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


def test_a_watched_run_is_resumed_with_or_without_its_watch(tmp_path: Path) -> None:
    """A watch only looks: it is no part of the checkpoint."""

    def run(epochs: int, resume: bool, callbacks: list[cr.train.Callback]) -> nn.Module:
        cr.manual_seed(0)
        model = layers(nn.Tanh, 1, 8)
        trainer = cr.Trainer(model, "cross_entropy", "adam", compiled=False)
        trainer.fit(moons(0), epochs=epochs, callbacks=callbacks, resume=resume,
                    checkpoint=tmp_path / "state.safetensors")  # fmt: skip
        return model

    run(2, False, [cr.diagnose.TrainingWatch()])
    run(3, True, [])
    seen = cr.diagnose.TrainingWatch(tmp_path / "said")
    model = run(4, True, [seen])
    assert [look.step for look in seen.watch.looks] == [24, 32]
    assert (tmp_path / "said" / "diagnosis.txt").read_text(encoding="utf-8") == f"{seen}\n"
    cr.manual_seed(0)
    whole = layers(nn.Tanh, 1, 8)
    cr.Trainer(whole, "cross_entropy", "adam", compiled=False).fit(moons(0), epochs=4)
    for a, b in zip(model.parameters(), whole.parameters()):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
