"""A watch for :class:`cr.Trainer`: a look after every epoch, and the origin of a NaN when one came."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.tree import tree_map
from chainrule.diagnose.origin import Origin, origin_in
from chainrule.diagnose.verdict import Diagnosis
from chainrule.diagnose.watch import CAPACITY, Watch
from chainrule.errors import ArgumentError, GradientError
from chainrule.train import Callback
from chainrule.train.feed import epoch_order

__all__ = ["TrainingWatch"]


class TrainingWatch(Callback):
    """Watch a training from its start: vanishing, exploding, saturated, dead, not finite.

    Parameters
    ----------
    directory : path, optional
        Where ``diagnosis.txt`` and, with matplotlib, ``diagnosis.png`` are written at the end.
    every : int
        Look after every so many epochs.
    say : callable, optional
        Called with a sentence for each illness as soon as it is found, such as ``print``; each kind is
        said once.

    Attributes
    ----------
    watch : Watch
        What was seen; ``print(callback)`` prints the verdict.

    Notes
    -----
    A look traces the step that comes next, on its batch: running statistics, random numbers, weights
    and gradients stay as they are, and a watched training ends with the same bits as one that is not
    watched. Epochs stay native. If the loss stops being finite, the epoch is replayed from its
    beginning, step by step, to the first value that is not, and the error's message tells it.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> model = cr.nn.Sequential(cr.nn.Linear(1, 16), cr.nn.Tanh(), cr.nn.Linear(16, 1))
    >>> seen = cr.diagnose.TrainingWatch()
    >>> history = cr.Trainer(model, "mse", "adam").fit((X, X**2), epochs=5, callbacks=[seen])
    >>> seen.diagnosis().healthy
    True
    """

    only_looks = True

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        every: int = 1,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.directory = None if directory is None else Path(directory)
        self.every, self.say = every, say
        self.watch: Watch | None = None
        self._steps = 0
        self._row = 0
        self._kept: dict[str, Any] = {}
        self._said: set[str] = set()

    def on_fit_start(self, trainer: Any) -> None:
        """Look at the network as it begins."""
        self._steps, self._row = trainer.epoch * self._steps_per_epoch(trainer), trainer.row
        self._kept = _state_of(trainer)
        self.watch, self._said = Watch(trainer.model, self.every, CAPACITY), set()
        self._look(trainer)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        """Look at the network after an epoch."""
        assert self.watch is not None
        self._steps += self._steps_per_epoch(trainer)
        self.watch.settle(self._steps)
        if trainer.epoch % self.watch.every == 0:
            self._look(trainer)
        self._kept, self._row = _state_of(trainer), 0

    def on_fit_end(self, trainer: Any) -> None:
        """Write the verdict; after a loss that is not finite, find where it began."""
        assert self.watch is not None
        failed = trainer.totals.steps > 0 and not math.isfinite(trainer.totals.last_loss)
        if failed and self.watch.origin is None:
            self._find_origin(trainer)
        error = sys.exc_info()[1]
        if self.watch.origin is not None and isinstance(error, GradientError) and error.args:
            error.args = (f"{error.args[0]}\nIt began here: {self.watch.origin}",)
        if self.directory is not None:
            self._write(self.directory)

    def diagnosis(self) -> Diagnosis:
        """What was found so far."""
        if self.watch is None:
            raise ArgumentError("nothing was trained yet: give this callback to Trainer.fit")
        return self.watch.diagnosis()

    def plot(self, path: str | os.PathLike[str] | None = None, what: str = "overview") -> Any:
        """Draw what was seen; see :func:`chainrule.diagnose.plot`."""
        from chainrule.diagnose.plots import plot

        return plot(self, path, what)

    def __str__(self) -> str:
        return "Nothing was trained yet." if self.watch is None else str(self.watch)

    # ---- looking

    def _steps_per_epoch(self, trainer: Any) -> int:
        run = trainer.description()
        return -(-run["samples"] // (run["batch_size"] * run["accumulate"]))

    def _graph(self, trainer: Any, rows: Any) -> cr.Graph:
        """The loss of the samples in ``rows``, traced: nothing is changed by it."""
        batch = trainer.data.take(rows)
        x, y = tree_map(cr.tensor, batch.x), tree_map(cr.tensor, batch.y)
        weight = None if batch.weight is None else cr.tensor(batch.weight)
        with np.errstate(all="ignore"):
            return cr.trace(lambda: trainer.step.forward(x, y, weight)[0])

    def _order(self, trainer: Any) -> Any:
        run = trainer.description()
        return epoch_order(run["samples"], run["seed"], trainer.epoch, run["shuffle"])

    def _look(self, trainer: Any) -> None:
        assert self.watch is not None
        rows = self._order(trainer)[: trainer.description()["batch_size"]]
        self.watch.observe(self._graph(trainer, rows), self._steps)
        self.watch.count = self._steps
        if self.say is not None:
            for finding in self.watch.diagnosis().findings:
                if finding.kind not in self._said:
                    self._said.add(finding.kind)
                    self.say(f"epoch {trainer.epoch}: {finding}")

    # ---- finding where a NaN began

    def _find_origin(self, trainer: Any) -> None:
        assert self.watch is not None
        broken = _state_of(trainer)
        try:
            found = self._replay(trainer)
        finally:
            _set_state(trainer, broken)
        if found is not None:
            step, origin = found
            self.watch.note_origin(origin, self._steps + step)

    def _replay(self, trainer: Any) -> tuple[int, Origin] | None:
        """The epoch again, step by step, from the state it began with."""
        run = trainer.description()
        if run["accumulate"] > 1 or run["schedule"] == "step":
            return None  # these steps are not those of a plain epoch
        _set_state(trainer, self._kept)
        order, size = self._order(trainer), run["batch_size"]
        trainer.model.train()
        for step, start in enumerate(range(self._row, len(order), size)):
            rows = order[start : start + size]
            before = _state_of(trainer)
            batch = trainer.data.take(rows)
            weight = None if batch.weight is None else cr.tensor(batch.weight)
            with np.errstate(all="ignore"):
                result = trainer.step(
                    tree_map(cr.tensor, batch.x), tree_map(cr.tensor, batch.y), weight
                )
            finite = math.isfinite(float(result[0])) and all(
                bool(np.isfinite(p.detach().numpy()).all()) for p in trainer.model.parameters()
            )
            if not finite:
                _set_state(trainer, before)
                origin = origin_in(self._graph(trainer, rows))
                return None if origin is None else (step, origin)
        return None

    # ---- writing

    def _write(self, directory: Path) -> None:
        assert self.watch is not None
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "diagnosis.txt").write_text(f"{self.watch}\n", encoding="utf-8")
        try:
            self.watch.plot(directory / "diagnosis.png")
        except ImportError:
            return  # the words do not need matplotlib


def _state_of(trainer: Any) -> dict[str, Any]:
    """Copies of everything a step changes: native epochs write in their own memory."""
    copied: dict[str, Any] = tree_map(
        lambda leaf: np.array(leaf.detach().numpy()) if isinstance(leaf, cr.Tensor) else leaf,
        {"model": trainer.model.state_dict(), "optimizer": trainer.optimizer.state_dict()},
    )
    return copied


def _set_state(trainer: Any, state: dict[str, Any]) -> None:
    trainer.model.load_state_dict(state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
