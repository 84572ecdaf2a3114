"""What can be hung into training: early stopping, files, any function.

A callback sees the trainer and the figures of the epoch. Its own state goes into the checkpoint
through ``state_dict``, so that a resumed run continues it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.train.history import json_line

if TYPE_CHECKING:
    from chainrule.train.epoch import Totals
    from chainrule.train.trainer import Trainer

__all__ = ["Callback", "EarlyStopping", "JSONLWriter", "LambdaCallback"]


class Callback:
    """Base of the callbacks: override what is needed.

    ``trainer.stop(reason)`` ends training after the present epoch.

    Attributes
    ----------
    only_looks : bool
        Whether it has no influence on the training. Such a callback is not part of a checkpoint: a run
        may be resumed with or without it.
    """

    only_looks = False

    def on_fit_start(self, trainer: Trainer) -> None:
        """Before the first epoch, or the first one after a resume."""

    def on_step_end(self, trainer: Trainer, totals: Totals) -> None:
        """After a step (after a stretch of steps where epochs are compiled)."""

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """After an epoch, its figures in ``row``; before the checkpoint is written."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """After the last epoch."""

    def state_dict(self) -> dict[str, Any]:
        """What must survive a resume: numbers, text, arrays and containers of these."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""


class LambdaCallback(Callback):
    """A function called with the trainer and the figures of each epoch."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Call the function."""
        self.function(trainer, row)


class EarlyStopping(Callback):
    """Stop when a figure has not improved for ``patience`` epochs; keep the best weights.

    Parameters
    ----------
    monitor : str
        Name of the figure: ``val_loss``, ``val_accuracy``, ``loss`` …
    patience : int
    min_delta : float
        A smaller improvement does not count.
    mode : {'auto', 'min', 'max'}
        ``auto``: up for accuracy and r2, down for the rest.
    restore_best : bool
        Whether the model gets its best weights back at the end.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = True,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"mode is 'auto', 'min' or 'max', not {mode!r}")
        if mode == "auto":
            mode = "max" if monitor.endswith(("accuracy", "r2")) else "min"
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.mode, self.restore_best = mode, restore_best
        self.best = math.inf if mode == "min" else -math.inf
        self.best_epoch = 0
        self.best_weights: dict[str, Any] | None = None

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Compare with the best epoch so far."""
        if self.monitor not in row:
            raise ArgumentError(
                f"EarlyStopping watches {self.monitor!r}, but the epoch has {sorted(row)}"
                + ("; give validation=" * self.monitor.startswith("val_"))
            )
        value = float(row[self.monitor])
        gain = self.best - value if self.mode == "min" else value - self.best
        if gain > self.min_delta or (self.best_epoch == 0 and not math.isnan(value)):
            self.best, self.best_epoch = value, int(row["epoch"])
            # Copies: native epochs write the values in their own memory, epoch after epoch.
            state = trainer.model.state_dict()
            self.best_weights = {k: np.array(v.numpy()) for k, v in state.items()}
        elif int(row["epoch"]) - self.best_epoch >= self.patience:
            trainer.stop(
                f"{self.monitor} has not improved for {self.patience} epochs "
                f"(best {self.best:.4g} in epoch {self.best_epoch})"
            )

    def on_fit_end(self, trainer: Trainer) -> None:
        """Give the model its best weights."""
        if self.restore_best and self.best_weights is not None:
            trainer.model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        """Best value, its epoch and weights."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        self.best_weights = state["best_weights"]


class JSONLWriter(Callback):
    """Append the figures of every epoch to a file, one JSON object per line.

    After a resume, lines of epochs that were done again are replaced.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_fit_start(self, trainer: Trainer) -> None:
        """Write the epochs that are already in the history."""
        trainer.history.to_jsonl(self.path)

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Append a line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json_line(row))
