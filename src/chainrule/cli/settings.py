"""The settings of a training run: from options and a TOML file, and back into one.

A run's directory holds the settings it was made with, every ``auto`` replaced by what was chosen;
``chainrule train --config DIR/config.toml`` does the same run again, to the bit.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, CheckpointError

__all__ = ["ACTIVATIONS", "LOSSES", "OPTIMIZERS", "SCHEDULES", "Settings"]

# Names on the command line → names in cr.nn and cr.optim.
ACTIVATIONS = {
    "relu": "ReLU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "softplus": "Softplus",
}
LOSSES = {
    "cross_entropy": "CrossEntropyLoss",
    "mse": "MSELoss",
    "l1": "L1Loss",
    "huber": "HuberLoss",
}
OPTIMIZERS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "momentum": "SGD",
    "nesterov": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
}
SCHEDULES = ("constant", "step", "cosine", "warmup", "one_cycle", "plateau")


@dataclass(frozen=True)
class Settings:
    """All that decides a run: the same settings and data give the same model.

    Attributes
    ----------
    data : str
        Name of a built-in set, or path of a file or folder.
    target : str or None
        Column to learn, array of an ``.npz``, or column index of an ``.npy``.
    task : 'auto', 'classification' or 'regression'
    category, ignore : tuple of str
        Columns to take as categories, or to leave out.
    hidden : tuple of int
        Widths of the hidden layers.
    activation, loss, optimizer : str
        Keys of the tables above; ``loss`` may be 'auto'.
    dropout : float
        Share of each hidden layer's outputs set to 0 in training.
    epochs, batch_size, seed : int
    lr : float or 'auto'
        'auto' finds one by a short range test.
    schedule : str
        How the learning rate changes; see ``schedule.py``.
    weight_decay : float
    clip_norm : float
        Largest norm of the whole gradient; 0 leaves it as it is.
    validation, test : float
        Shares of the rows.
    patience : int
        Epochs without a better validation loss after which training stops; 0 goes on to the end.
    encoding : str
        Of delimited text.
    image_size : tuple of int
        Height and width that images are brought to; empty leaves them as they are.
    """

    data: str = "digits"
    target: str | None = None
    task: str = "auto"
    category: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    hidden: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    dropout: float = 0.0
    loss: str = "auto"
    optimizer: str = "adam"
    lr: float | str = "auto"
    schedule: str = "constant"
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    epochs: int = 100
    batch_size: int = 32
    validation: float = 0.15
    test: float = 0.15
    patience: int = 20
    seed: int = 0
    encoding: str = "utf-8-sig"
    image_size: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _one_of("task", self.task, ("auto", "classification", "regression"))
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("loss", self.loss, ("auto", *LOSSES))
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("schedule", self.schedule, SCHEDULES)
        for name in ("epochs", "batch_size"):
            _at_least(name, getattr(self, name), 1)
        for name in ("patience", "seed", "weight_decay", "clip_norm"):
            _at_least(name, getattr(self, name), 0)
        for width in self.hidden:
            _at_least("hidden", width, 1)
        if not 0 <= self.dropout < 1:
            raise ArgumentError(f"dropout = {self.dropout}; a share from 0 to below 1 is expected.")
        if self.lr != "auto" and not (isinstance(self.lr, float) and self.lr > 0):
            raise ArgumentError(f"lr = {self.lr!r}; 'auto' or a number above 0 is expected.")
        if len(self.image_size) not in (0, 2):
            raise ArgumentError(f"image_size = {self.image_size}; height and width are expected.")

    @classmethod
    def from_mapping(cls, record: Mapping[str, Any], where: str) -> Settings:
        """Return the settings of a mapping, each value checked for its type.

        Raises
        ------
        ArgumentError
            An unknown name, or a value of another type or out of its range.
        """
        known = {field.name: field.default for field in fields(cls)}
        unknown = sorted(set(record) - set(known))
        if unknown:
            raise ArgumentError(
                f"{where}: unknown setting {', '.join(unknown)}; known are {', '.join(known)}."
            )
        try:
            return cls(**{name: _typed(name, value, known[name]) for name, value in record.items()})
        except ArgumentError as error:
            raise ArgumentError(f"{where}: {error}") from error

    @classmethod
    def read(cls, path: Path | str) -> Settings:
        """Return the settings of a TOML file."""
        return cls.from_mapping(read_toml(path), str(path))

    def changed(self, record: Mapping[str, Any]) -> Settings:
        """Return these settings with some changed."""
        given = {
            name: _typed(name, value, getattr(Settings, name)) for name, value in record.items()
        }
        return replace(self, **given)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings with JSON's types only, without those that are None."""
        record = {name: value for name, value in asdict(self).items() if value is not None}
        return {key: list(v) if isinstance(v, tuple) else v for key, v in record.items()}

    def to_toml(self) -> str:
        """Return the settings as TOML."""
        # JSON's strings, numbers, booleans and flat lists are TOML's too.
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.to_dict().items()]
        return "\n".join(lines) + "\n"


def read_toml(path: Path | str) -> dict[str, Any]:
    """Return the table of a TOML file; ArgumentError with the place where it is none."""
    try:
        with Path(path).open("rb") as opened:
            return tomllib.load(opened)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: no TOML file: {error}.") from error


def _typed(name: str, value: Any, default: Any) -> Any:
    """Return a value in the type its setting has, where that loses nothing."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(default, tuple):
        item = int if name in ("hidden", "image_size") else str
        if isinstance(value, (list, tuple)) and all(type(entry) is item for entry in value):
            return tuple(value)
        expected = "list of whole numbers" if item is int else "list of texts"
    elif isinstance(default, float) or (name == "lr" and value != "auto"):
        if whole or isinstance(value, float):
            return float(value)
        expected = "number"
    elif isinstance(default, int):
        if whole:
            return value
        expected = "whole number"
    else:
        if isinstance(value, str) or value is default is None:
            return value
        expected = "text"
    raise ArgumentError(f"{name} = {value!r}; a {expected} is expected.")


def _one_of(name: str, value: str, allowed: Any) -> None:
    if value not in allowed:
        raise ArgumentError(f"{name} = {value!r}; expected one of {', '.join(allowed)}.")


def _at_least(name: str, value: float, least: int) -> None:
    if value < least:
        raise ArgumentError(f"{name} = {value}; at least {least} is expected.")
