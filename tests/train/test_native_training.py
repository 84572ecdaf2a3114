"""Networks of every kind train natively as they do eagerly: losses and scores, step by step."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

RNG = np.random.default_rng(0)


class LastStep(nn.Module):
    """The output of a recurrent layer at the last time step."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0][:, -1]


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "convolution": (
        lambda: nn.Sequential(
            # no bias: before batch normalisation its gradient is rounding, which AdamW would scale up
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64, 3),
        ),
        RNG.normal(size=(48, 1, 8, 8)),
    ),
    "recurrent": (
        lambda: nn.Sequential(LastStep(nn.LSTM(3, 6, batch_first=True)), nn.Linear(6, 3)),
        RNG.normal(size=(48, 4, 3)),
    ),
    "embedding": (
        lambda: nn.Sequential(
            nn.Embedding(10, 6), nn.LayerNorm(6), nn.Flatten(), nn.Dropout(0.1), nn.Linear(24, 3)
        ),
        RNG.integers(0, 10, (48, 4)),
    ),
    "attention": (
        lambda: nn.Sequential(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(40, 3)
        ),
        RNG.normal(size=(48, 5, 8)),
    ),
    "residual": (
        lambda: nn.Sequential(
            nn.Linear(6, 16),
            nn.Residual(nn.RMSNorm(16), nn.Linear(16, 16), nn.Mish()),
            nn.Linear(16, 3),
        ),
        RNG.normal(size=(48, 6)),
    ),
}
Y = RNG.integers(0, 3, 48)


@pytest.mark.parametrize("name", NETWORKS)
def test_native_epochs_equal_eager_ones(name: str) -> None:
    make, x = NETWORKS[name]
    found = []
    for compiled in (False, True):
        cr.manual_seed(1)
        trainer = cr.Trainer(
            make(),
            nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 0.5], "f4"), label_smoothing=0.1),
            "adamw",
            metrics=["accuracy"],
            clip_norm=1.0,
            compiled=compiled,
        )
        history = trainer.fit((x, Y), epochs=2, batch_size=20, progress=False)
        found.append((history["loss"], history["accuracy"], trainer.predict(x)))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-4)
    np.testing.assert_allclose(found[1][2], found[0][2], rtol=1e-2, atol=2e-3)
    # rounding may tip one sample that stands on the border of two classes
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1.01 / len(Y))


class Both(nn.Module):
    """Two inputs, from a dictionary or a tuple; two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.out = nn.Linear(6, 5), nn.Linear(2, 5), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        left, right = (x["left"], x["right"]) if isinstance(x, dict) else x
        return self.out(np.tanh(self.left(left) + self.right(right)))


class Alone(nn.Module):
    """One input, in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.out(x["left"])


LEFT, RIGHT = RNG.normal(size=(48, 6)), RNG.normal(size=(48, 2))


@pytest.mark.parametrize(
    ("make", "x", "weight"),
    [
        (Both, {"left": LEFT, "right": RIGHT}, None),
        (Both, (LEFT, RIGHT), None),
        (Both, {"right": RIGHT, "left": LEFT}, RNG.uniform(0.5, 2.0, 48)),
        (Alone, {"left": LEFT}, None),
    ],
    ids=["dict", "tuple", "weighted", "one"],
)
def test_dictionaries_and_tuples_train_natively(make: Any, x: Any, weight: Any) -> None:
    found = []
    for compiled in (False, True):
        cr.manual_seed(1)
        trainer = cr.Trainer(
            make(), "cross_entropy", "adam", metrics=["accuracy"], compiled=compiled
        )
        data = (x, Y) if weight is None else (x, Y, weight)
        history = trainer.fit(data, epochs=3, batch_size=20, progress=False)
        assert type(trainer.runner).__name__ == ("CompiledEpoch" if compiled else "EagerEpoch")
        assert getattr(trainer.runner, "eager", None) is None
        found.append(history["loss"])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_what_cannot_be_compiled_runs_eagerly_and_says_so() -> None:
    """A branch on values: a warning with the default, an error with ``compiled=True``."""

    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            out = self.layer(x)
            return out if float(out.sum().detach()) > 0 else -out

    x = NETWORKS["residual"][1]
    trainer = cr.Trainer(Branching(), "cross_entropy", "sgd", compiled=True)
    with pytest.raises(cr.errors.StagingError, match=r"float\(\)"):
        trainer.fit((x, Y), epochs=1)
    automatic = cr.Trainer(Branching(), "cross_entropy", "sgd")
    with pytest.warns(UserWarning, match="runs eagerly, since it cannot be compiled"):
        history = automatic.fit((np.tile(x, (50, 1)), np.tile(Y, 50)), epochs=30, batch_size=20)
    assert len(history) == 30


def test_falling_back_leaves_the_schedule_right() -> None:
    """What the native loop had planned is undone before the eager one begins."""

    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            return self.layer(x) * (1.0 if float(x.sum()) > 0 else 2.0)

    x = np.tile(NETWORKS["residual"][1], (50, 1))
    rates = []
    for compiled in (False, "auto"):
        model = Branching()
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        schedule = cr.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9999)
        trainer = cr.Trainer(
            model,
            "cross_entropy",
            optimizer,
            scheduler=schedule,
            schedule="step",
            compiled=compiled,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = trainer.fit((x, np.tile(Y, 50)), epochs=30, batch_size=20)
        rates.append(history["learning_rate"])
    assert rates[0] == rates[1]
