"""The trainer: exact figures, native and eager alike, resume, callbacks, errors (SPEC C4, C5, C7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, CheckpointError, DtypeError, GradientError, ShapeError
from chainrule.train import EarlyStopping, History, JSONLWriter, LambdaCallback, Trainer
from chainrule.train.compiled import CompiledEpoch, add_steps
from chainrule.train.epoch import EagerEpoch, Totals
from chainrule.train.feed import Feed, epoch_order


def _data(n: int = 96, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6)).astype("f4")
    return x, (x[:, 0] + x[:, 1] > 0).astype(int)


def _trainer(**options: Any) -> Trainer:
    cr.manual_seed(4)
    model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Dropout(0.1), nn.Linear(12, 2))
    optimizer = cr.optim.Adam(model.parameters(), lr=0.02)
    return Trainer(model, "cross_entropy", optimizer, metrics=["accuracy"], **options)


def _weights(trainer: Trainer) -> Any:
    return np.concatenate([p.detach().numpy().ravel() for p in trainer.model.parameters()])


def test_training_learns_and_reports() -> None:
    trainer = _trainer(clip_norm=0.1)
    history = trainer.fit(_data(), epochs=15, validation=_data(40, 1))
    assert history["val_accuracy"][-1] > 0.85
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    names = {"epoch", "loss", "accuracy", "grad_norm", "clipped", "val_loss", "val_accuracy",
             "learning_rate", "seconds", "samples_per_second"}  # fmt: skip
    assert set(history.names()) == names
    assert sum(history["clipped"]) > 0
    assert trainer.predict(_data()[0]).shape == (96, 2)
    assert trainer.evaluate(_data())["accuracy"] > 0.85


def test_epoch_figures_are_those_of_the_samples() -> None:
    """With batches of unequal size and a learning rate of 0: exactly the evaluation's figures."""
    model = nn.Linear(6, 2)
    trainer = Trainer(model, "cross_entropy", lambda p: cr.optim.SGD(p, lr=0.0), ["accuracy"])
    history = trainer.fit(_data(50), epochs=1, batch_size=32)
    exact = trainer.evaluate(_data(50), batch_size=7)
    assert history["loss"][0] == pytest.approx(exact["loss"], rel=1e-6)
    assert history["accuracy"][0] == exact["accuracy"]


@pytest.mark.parametrize("clip", [None, 0.3])
def test_native_and_eager_epochs_agree(clip: float | None) -> None:
    """The same batches, dropout masks and updates; rounding differs."""
    runs = []
    for compiled in (False, True):
        trainer = _trainer(compiled=compiled, clip_norm=clip)
        history = trainer.fit(_data(), epochs=4, batch_size=20)
        runs.append((_weights(trainer), history))
        assert isinstance(trainer.runner, CompiledEpoch if compiled else EagerEpoch)
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(runs[0][1]["loss"], runs[1][1]["loss"], rtol=1e-5)
    assert runs[0][1]["accuracy"] == runs[1][1]["accuracy"]


def test_accumulated_batches_equal_one_large_batch() -> None:
    """SPEC C5."""
    results = []
    for batch, accumulate in ((32, 1), (8, 4)):
        cr.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)).double()
        trainer = Trainer(
            model,
            "cross_entropy",
            cr.optim.SGD(model.parameters(), lr=0.3),
            accumulate=accumulate,
            clip_norm=0.4,
        )
        trainer.fit(_data(70), epochs=3, batch_size=batch)
        results.append(_weights(trainer))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-10)


def test_sample_weights_repeat_samples() -> None:
    x, y = _data(24)
    counts = np.arange(24) % 3
    results = []
    for data in ((x, y, counts.astype("f8")), (np.repeat(x, counts, 0), np.repeat(y, counts, 0))):
        cr.manual_seed(1)
        model = nn.Linear(6, 2, dtype=np.float64)
        trainer = Trainer(model, nn.CrossEntropyLoss(), cr.optim.SGD(model.parameters(), lr=0.5))
        trainer.fit(data, epochs=5, batch_size=1000)
        results.append(_weights(trainer))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-10)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("every", [None, 2])
def test_a_resumed_run_has_the_same_bits(tmp_path: Path, compiled: bool, every: int | None) -> None:
    """SPEC C7: stop after three epochs, go on to seven; dropout, order, slots, history."""
    whole = _trainer(compiled=compiled, clip_norm=1.0)
    complete = whole.fit(_data(), epochs=7, batch_size=20, checkpoint_every=every)
    path = tmp_path / "run"
    _trainer(compiled=compiled, clip_norm=1.0).fit(
        _data(), epochs=3, batch_size=20, checkpoint=path, checkpoint_every=every
    )
    again = _trainer(compiled=compiled, clip_norm=1.0)
    cr.manual_seed(99)  # what the process drew before does not matter
    history = again.fit(
        _data(), epochs=7, batch_size=20, checkpoint=path, checkpoint_every=every, resume=True
    )
    assert _weights(again).tobytes() == _weights(whole).tobytes()
    assert history["loss"] == complete["loss"]
    assert history["accuracy"] == complete["accuracy"]


def test_stretches_add_up_to_the_same_bits() -> None:
    steps = np.random.default_rng(0).normal(size=(4, 50))
    steps[2] = steps[2] > 0  # whether clipping acted
    whole, parts = Totals(), Totals()
    add_steps(whole, 7, tuple(steps))
    add_steps(parts, 7, tuple(steps[:, :13]))
    for column in steps[:, 13:].T:
        parts.add(7, tuple(column))
    assert whole == parts


def test_resuming_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    _trainer().fit(_data(), epochs=1, checkpoint=path)
    other = _trainer(clip_norm=0.1)
    before = _weights(other)
    with pytest.raises(CheckpointError, match=r"batch_size: saved 32, now 16"):
        other.fit(_data(), epochs=2, batch_size=16, checkpoint=path, resume=True)
    assert (_weights(other) == before).all()
    with pytest.raises(ArgumentError, match="needs checkpoint="):
        _trainer().fit(_data(), resume=True)


def test_early_stopping_keeps_the_best_weights() -> None:
    trainer = _trainer()
    x, y = _data(40)
    noise = np.random.default_rng(2).integers(0, 2, 40)
    history = trainer.fit(
        (x, noise), epochs=300, validation=(x, y), callbacks=[EarlyStopping(patience=4)]
    )
    best = history.best("val_loss")
    assert len(history) == best["epoch"] + 4
    assert "val_loss has not improved for 4 epochs" in history.stopped
    assert trainer.evaluate((x, y))["loss"] == pytest.approx(best["val_loss"], rel=1e-6)


def test_schedules_act_per_epoch_and_per_step() -> None:
    trainer = _trainer()
    trainer.scheduler = cr.optim.lr_scheduler.ExponentialLR(trainer.optimizer, gamma=0.5)
    history = trainer.fit(_data(), epochs=3)
    assert history["learning_rate"] == [0.02, 0.01, 0.005]
    trainer = _trainer(schedule="step", compiled=False)
    trainer.scheduler = cr.optim.lr_scheduler.StepLR(trainer.optimizer, step_size=1, gamma=0.5)
    trainer.fit(_data(), epochs=1, batch_size=32)
    assert trainer.optimizer.param_groups[0]["lr"] == 0.02 * 0.5**3


def test_a_schedule_acts_on_native_epochs() -> None:
    rates = []
    for compiled in (False, True):
        trainer = _trainer(compiled=compiled)
        trainer.scheduler = cr.optim.lr_scheduler.StepLR(trainer.optimizer, 1, gamma=0.1)
        trainer.fit(_data(), epochs=4)
        rates.append(_weights(trainer))
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-4, atol=1e-6)


def test_a_schedule_per_step_acts_on_native_epochs() -> None:
    """One cycle over all steps, the smaller last batch of each epoch included."""
    results = []
    for compiled in (False, True):
        trainer = _trainer(compiled=compiled, schedule="step")
        trainer.scheduler = cr.optim.lr_scheduler.OneCycleLR(
            trainer.optimizer, max_lr=0.1, total_steps=16, cycle_momentum=False
        )
        history = trainer.fit(_data(), epochs=3, batch_size=20)
        results.append((_weights(trainer), history["learning_rate"]))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-4, atol=1e-5)
    assert results[0][1] == results[1][1]


def test_callbacks_and_jsonl(tmp_path: Path) -> None:
    seen = []
    path = tmp_path / "history.jsonl"
    trainer = _trainer()
    history = trainer.fit(
        _data(),
        epochs=2,
        callbacks=[JSONLWriter(path), LambdaCallback(lambda t, row: seen.append(row["epoch"]))],
    )
    assert seen == [1, 2]
    assert History.from_jsonl(path)["loss"] == history["loss"]


def test_memory_mapped_data_are_read_in_batches(tmp_path: Path) -> None:
    x, y = _data()
    np.save(tmp_path / "x.npy", x.astype("f8"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    feed = Feed((mapped, y), np.float32)
    assert feed.x is mapped
    assert not feed.in_memory
    results = []
    for data in ((mapped, y), (x, y)):
        trainer = _trainer()
        trainer.fit(data, epochs=2)
        results.append(_weights(trainer))
    np.testing.assert_array_equal(results[0], results[1])


def test_the_order_is_a_permutation_that_seed_and_epoch_decide() -> None:
    order = epoch_order(1000, 5, 3, True)
    assert sorted(order) == list(range(1000))
    assert (order == epoch_order(1000, 5, 3, True)).all()
    assert not (order == epoch_order(1000, 5, 4, True)).all()
    assert not (order == epoch_order(1000, 6, 3, True)).all()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    epoch_order(1000, 5, 3, True)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_the_mode_of_the_model_is_left_as_it_was() -> None:
    trainer = _trainer()
    trainer.model.train()
    trainer.model[2].eval()
    trainer.evaluate(_data())
    assert [module.training for module in trainer.model] == [True, True, False, True]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: _trainer().fit(_data()[0]), ArgumentError, r"data are \(X, y\)"),
        (lambda: _trainer().fit({"a": 1}), ArgumentError, "keys 'x' and 'y'"),
        (lambda: _trainer().fit((_data()[0], np.zeros(3))), ShapeError, "same number of rows"),
        (lambda: _trainer().fit((np.array([["a"]]), [1])), DtypeError, "training data are numbers"),
        (lambda: _trainer(compiled="maybe"), ArgumentError, "compiled is 'auto'"),
        (lambda: _trainer(accumulate=0), ArgumentError, "accumulate must be at least 1"),
        (lambda: Trainer(nn.Linear(2, 1), "mes"), ArgumentError, "no loss is called"),
        (lambda: Trainer(nn.Linear(2, 1), "mse", "adamm"), ArgumentError, "no optimiser is called"),
        (
            lambda: Trainer(nn.Linear(2, 1), "mse", cr.optim.SGD(nn.Linear(2, 1).parameters())),
            ArgumentError,
            "parameters of another model",
        ),
        (
            lambda: _trainer().fit(_data(), callbacks=[EarlyStopping()]),
            ArgumentError,
            "give validation=",
        ),
        (
            lambda: Trainer(nn.Linear(6, 2), lambda p, y: p).fit(_data()),
            ArgumentError,
            "the loss must be a scalar",
        ),
    ],
)
def test_mistakes_are_explained(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_diverging_run_is_stopped() -> None:
    trainer = Trainer(nn.Linear(6, 1), "mse", lambda p: cr.optim.SGD(p, lr=1e9), compiled=False)
    x, y = _data()
    with np.errstate(all="ignore"), pytest.raises(GradientError, match="smaller learning rate"):
        trainer.fit((x, y[:, None].astype("f4")), epochs=20)


def test_metrics_of_regression() -> None:
    model = nn.Linear(6, 1)
    trainer = Trainer(model, "mse", "sgd", metrics=["mse", "rmse", "mae", "r2"])
    x, y = _data()
    target = y[:, None].astype("f4")
    found = trainer.evaluate((x, target))
    error = trainer.predict(x) - target
    assert found["mse"] == pytest.approx((error**2).mean(), rel=1e-5)
    assert found["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
    assert found["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert found["r2"] == pytest.approx(
        1 - (error**2).sum() / ((target - target.mean()) ** 2).sum(), rel=1e-5
    )


def test_saved_models_predict_the_same(tmp_path: Path) -> None:
    trainer = _trainer()
    trainer.fit(_data(), epochs=1)
    cr.save(tmp_path / "m", trainer.model)
    loaded = cr.load(tmp_path / "m").eval()
    np.testing.assert_array_equal(loaded(_data()[0]).detach().numpy(), trainer.predict(_data()[0]))


def test_a_model_of_the_users_class_is_loaded_into_one(tmp_path: Path) -> None:
    class Mine(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

    mine = Mine()
    cr.save(tmp_path / "m", mine)
    with pytest.raises(CheckpointError, match=r"cr.load\(path, model\)"):
        cr.load(tmp_path / "m")
    other = cr.load(tmp_path / "m", Mine())
    np.testing.assert_array_equal(other.layer.weight.detach(), mine.layer.weight.detach())
