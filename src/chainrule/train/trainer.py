"""Training with everything around it: data, schedules, validation, checkpoints, progress."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.modes import no_grad
from chainrule.core.tensor import Tensor
from chainrule.core.tree import flatten, tree_map
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.plateau import ReduceLROnPlateau
from chainrule.train.callbacks import Callback
from chainrule.train.checkpoint import read_checkpoint, restore, save_checkpoint
from chainrule.train.choices import make_loss, make_optimizer
from chainrule.train.compiled import CompiledEpoch, worth_compiling
from chainrule.train.epoch import EagerEpoch, EpochRunner, Totals, as_tensors
from chainrule.train.feed import Feed, epoch_order
from chainrule.train.history import History
from chainrule.train.metrics import resolve_metrics
from chainrule.train.progress import Progress, wants_progress
from chainrule.train.step import TrainingStep, require_finite

__all__ = ["Trainer"]


class Trainer:
    """Fits a model to data, repeatably.

    Parameters
    ----------
    model : Module
    loss : callable or str
        ``loss(prediction, target)``, such as ``nn.MSELoss()``; or ``'cross_entropy'``, ``'mse'``,
        ``'bce_with_logits'``, ``'l1'``, ``'huber'`` …
    optimizer : Optimizer, str or callable
        An optimiser of the model's parameters; ``'sgd'``, ``'adam'`` …; or a function that makes one
        from the parameters.
    metrics : sequence of str, Metric or callable, or dict of these
        ``'accuracy'``, ``'mse'``, ``'rmse'``, ``'mae'``, ``'r2'``, or ``f(prediction, target)``,
        averaged over samples.
    seed : int
        Determines the order of the data.
    scheduler : schedule, optional
        ``ReduceLROnPlateau`` is given the validation loss (the loss, without validation data).
    schedule : {'epoch', 'step'}
        When the scheduler steps.
    clip_norm, clip_value : float, optional
        Bounds of the global gradient norm and of each gradient element; the history counts how
        often the norm was clipped.
    accumulate : int
        Batches per update; gradients are those of their samples taken together.
    compiled : {'auto', True, False}
        Whether epochs run as native code. ``'auto'``: where compiling takes less time than it
        saves and the step can be compiled; ``True`` raises where it cannot.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> model = cr.nn.Sequential(cr.nn.Linear(1, 16), cr.nn.Tanh(), cr.nn.Linear(16, 1))
    >>> trainer = cr.Trainer(model, "mse", cr.optim.Adam(model.parameters(), lr=0.01))
    >>> history = trainer.fit((X, X**2), epochs=100, batch_size=16)
    >>> bool(history["loss"][-1] < 0.01)
    True
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any] | str,
        optimizer: Optimizer | str | Callable[[Any], Optimizer] = "adam",
        metrics: Any = None,
        seed: int = 0,
        scheduler: Any = None,
        schedule: str = "epoch",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        compiled: bool | str = "auto",
    ) -> None:
        if schedule not in ("epoch", "step"):
            raise ArgumentError(f"schedule is 'epoch' or 'step', not {schedule!r}")
        if accumulate < 1:
            raise ArgumentError(f"accumulate must be at least 1, it is {accumulate}")
        self.model = model
        self.loss = make_loss(loss)
        self.optimizer = make_optimizer(optimizer, model)
        self.metrics = resolve_metrics(metrics)
        self.seed = int(seed)
        self.scheduler, self.schedule = scheduler, schedule
        self.accumulate = accumulate
        self.step = TrainingStep(
            model, self.loss, self.optimizer, self.metrics, clip_norm, clip_value
        )
        if compiled not in ("auto", True, False):
            raise ArgumentError(f"compiled is 'auto', True or False, not {compiled!r}")
        if compiled is True and accumulate > 1:
            raise ArgumentError(
                "compiled=True goes with one batch per update; leave accumulate, or say "
                "compiled=False"
            )
        self.compiled = compiled
        self.runner: EpochRunner = EagerEpoch(self.step, accumulate)
        self._native = False
        self.dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
        self.callbacks: list[Callback] = []
        self.data: Feed | None = None  # what is trained on, for callbacks that look at a batch
        self._observers: list[Callback] = []
        self.history = History()
        self.epoch = 0
        self.epochs = 0
        self.row = 0
        self.samples = 0
        self.totals = Totals()
        self._batch_size = 0
        self._shuffle = True
        self._checkpoint_seconds, self._saved_at = 0.0, 0.0

    # ---- fitting

    def fit(
        self,
        data: Any,
        epochs: int = 1,
        batch_size: int = 32,
        validation: Any = None,
        callbacks: Sequence[Callback] = (),
        shuffle: bool = True,
        progress: bool | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        checkpoint_seconds: float = 0.0,
        resume: bool = False,
    ) -> History:
        """Train for a number of epochs.

        Parameters
        ----------
        data : pair, triple or mapping of arrays
            ``(X, y)``, ``(X, y, sample_weight)`` or ``{"x": …, "y": …}``; see :class:`Feed`.
        epochs : int
            In all, those before a resume included.
        batch_size : int
        validation : as ``data``, or a fraction
            Evaluated after every epoch. A fraction holds that part of the rows back, drawn by the
            seed.
        callbacks : sequence of Callback
        shuffle : bool
            Whether each epoch has an order of its own.
        progress : bool, optional
            Show progress on stderr; by default if that is a terminal.
        checkpoint : path, optional
            Write the state here after every epoch.
        checkpoint_every : int, optional
            Also after every so many batches within an epoch.
        checkpoint_seconds : float, optional
            Leave out what would follow the last one sooner, but for the one at the end: writing
            safely takes some 20 ms, which is more than an epoch of a small network.
        resume : bool
            Continue from ``checkpoint`` if it exists. A run that was killed and resumed ends with
            the same bits as one that was not.

        Returns
        -------
        History

        Raises
        ------
        CheckpointError
            If the checkpoint is damaged, or belongs to a run with other settings.
        GradientError
            If the loss becomes NaN or infinite.
        """
        if batch_size < 1 or epochs < 0:
            raise ArgumentError(f"batch_size {batch_size} and epochs {epochs} must be positive")
        train, held = self._feeds(data, validation)
        self.data = train
        self.callbacks = [callback for callback in callbacks if not callback.only_looks]
        # apart from the callbacks: a run may be resumed on a terminal or in a pipe
        self._observers = [*callbacks, *([Progress()] if wants_progress(progress) else [])]
        self.samples, self.epochs = len(train), epochs
        self._batch_size, self._shuffle = batch_size, shuffle
        self.history, self.epoch, self.row, self.totals = History(), 0, 0, Totals()
        self._checkpoint_seconds, self._saved_at = checkpoint_seconds, 0.0
        self._choose_runner(train)
        if resume:
            self._resume(checkpoint)
        self.model.train()
        for callback in self._observers:
            callback.on_fit_start(self)
        try:
            while self.epoch < epochs and not self.history.stopped:
                self._run_epoch(train, held, checkpoint, checkpoint_every)
        finally:
            for callback in self._observers:
                callback.on_fit_end(self)
        return self.history

    def _feeds(self, data: Any, validation: Any) -> tuple[Feed, Feed | None]:
        train = Feed(data, self.dtype)
        if validation is None:
            return train, None
        if not isinstance(validation, float):
            return train, Feed(validation, self.dtype)
        if not 0.0 < validation < 1.0:
            raise ArgumentError(f"a validation fraction is between 0 and 1, not {validation}")
        order = epoch_order(len(train), self.seed, 2**32 - 1, True)
        count = min(max(round(validation * len(train)), 1), len(train) - 1)
        held, kept = np.sort(order[:count]), np.sort(order[count:])
        return _rows(train, kept, self.dtype), _rows(train, held, self.dtype)

    def _choose_runner(self, train: Feed) -> None:
        """Native or eager epochs; a resumed run goes on as it began."""
        possible = (
            self.accumulate == 1
            and not (self._steps_schedule() and getattr(self.scheduler, "cycle_momentum", False))
            and train.in_memory
        )
        worth = worth_compiling(self.step, len(train), self._batch_size, self.epochs)
        if self.compiled is True and not possible:
            raise ArgumentError(
                "compiled=True needs data in memory, a schedule that leaves the momentum alone and "
                "no accumulation; memory-mapped arrays, cycled momentum and accumulate= train with "
                "compiled=False"
            )
        self._use_native(
            possible and (self.compiled is True or (self.compiled == "auto" and worth))
        )

    def _use_native(self, native: bool) -> None:
        if native and not isinstance(self.runner, CompiledEpoch):
            scheduler = self.scheduler if self._steps_schedule() else None
            self.runner = CompiledEpoch(self.step, self.compiled is True, scheduler=scheduler)
        elif not native and not isinstance(self.runner, EagerEpoch):
            self.runner = EagerEpoch(self.step, self.accumulate)
        self._native = native

    def _resume(self, checkpoint: Any) -> None:
        if checkpoint is None:
            raise ArgumentError("resume=True needs checkpoint=, the file to continue from")
        if Path(checkpoint).exists():
            state = read_checkpoint(checkpoint)
            if self.compiled == "auto":
                self._use_native(bool(state["run"].get("native")))
            restore(self, state, checkpoint)

    def resume_from(self, state: dict[str, Any]) -> None:
        """Take over history, place and sums from a checkpoint."""
        self.history = History(state["history"], state["stopped"])
        self.epoch, self.row = int(state["epoch"]), int(state["row"])
        self.totals = Totals(**state["totals"])

    def _run_epoch(
        self, train: Feed, held: Feed | None, checkpoint: Any, every: int | None
    ) -> None:
        started = time.perf_counter()
        before = self.totals.samples
        order = epoch_order(len(train), self.seed, self.epoch, self._shuffle)
        stride = self._batch_size * self.accumulate
        stretch = len(order) if every is None else max(every // self.accumulate, 1) * stride
        while self.row < len(order):
            stop = min(self.row + stretch, len(order))
            self.runner(train, order[self.row : stop], self._batch_size, self.totals, self._stepped)
            self.row = stop
            require_finite(self.totals.last_loss, self.epoch, self.totals.steps)
            if checkpoint is not None and self.row < len(order):
                self._save(checkpoint)
        seconds = time.perf_counter() - started
        row = self._figures(held, seconds, self.totals.samples - before)
        self.history.append(row)
        self.epoch, self.row, self.totals = self.epoch + 1, 0, Totals()
        self._schedule_epoch(row)
        for callback in self._observers:
            callback.on_epoch_end(self, row)
        if self.epoch == self.epochs and not self.history.stopped:
            self.history.stopped = ""
        if checkpoint is not None:
            self._save(checkpoint, last=self.epoch == self.epochs or bool(self.history.stopped))

    def _save(self, checkpoint: Any, last: bool = False) -> None:
        if last or time.perf_counter() - self._saved_at >= self._checkpoint_seconds:
            save_checkpoint(self, checkpoint)
            self._saved_at = time.perf_counter()

    def _steps_schedule(self) -> bool:
        return self.scheduler is not None and self.schedule == "step"

    def _stepped(self, totals: Totals) -> None:
        if self._steps_schedule() and not getattr(self.runner, "moves_schedule", False):
            self.scheduler.step()
        for callback in self._observers:
            callback.on_step_end(self, totals)

    def _figures(self, held: Feed | None, seconds: float, samples: int) -> dict[str, Any]:
        row: dict[str, Any] = {"epoch": self.epoch + 1, **self.totals.values(self.metrics)}
        row["grad_norm"] = self.totals.norm or self.step.gradient_norm()
        if self.step.clip_norm is not None:
            row["clipped"] = self.totals.clipped
        if held is not None:
            row.update({f"val_{k}": v for k, v in self._evaluate(held).items()})
        row["learning_rate"] = float(self.optimizer.param_groups[0]["lr"])
        row["seconds"] = seconds
        row["samples_per_second"] = samples / seconds if seconds > 0 else float("inf")
        return row

    def _schedule_epoch(self, row: dict[str, Any]) -> None:
        if self.scheduler is None or self.schedule != "epoch":
            return
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(row.get("val_loss", row["loss"]))
        else:
            self.scheduler.step()

    def stop(self, reason: str) -> None:
        """End training after the present epoch."""
        self.history.stopped = reason

    def description(self) -> dict[str, Any]:
        """What must be equal for a checkpoint to continue this run."""
        return {
            "parameters": [
                [n, list(p.shape), str(p.dtype)] for n, p in self.model.named_parameters()
            ],
            "optimizer": type(self.optimizer).__name__,
            "scheduler": None if self.scheduler is None else type(self.scheduler).__name__,
            "schedule": self.schedule,
            "metrics": [metric.name for metric in self.metrics],
            "clip_norm": self.step.clip_norm,
            "clip_value": self.step.clip_value,
            "accumulate": self.accumulate,
            "seed": self.seed,
            "samples": self.samples,
            "batch_size": self._batch_size,
            "shuffle": self._shuffle,
            "native": self._native,
        }

    # ---- using

    def evaluate(self, data: Any, batch_size: int = 256) -> dict[str, float]:
        """Loss and metrics on data, in evaluation mode; the model's mode is left as it was."""
        return self._evaluate(Feed(data, self.dtype), batch_size)

    def _evaluate(self, feed: Feed, batch_size: int = 256) -> dict[str, float]:
        totals = Totals()
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            with no_grad():
                for start in range(0, len(feed), batch_size):
                    batch = feed.take(slice(start, start + batch_size))
                    weight = None if batch.weight is None else as_tensors(batch.weight)
                    loss, sums = self.step.forward(as_tensors(batch.x), as_tensors(batch.y), weight)
                    totals.add(batch.size, (loss, 0.0, 0.0, *sums))
        finally:
            for module, mode in modes:
                object.__setattr__(module, "training", mode)
        return totals.values(self.metrics)

    def predict(self, X: Any, batch_size: int = 256) -> Any:
        """The model's output on inputs, in evaluation mode, as an array."""
        return predict(self.model, X, batch_size, self.dtype)


def _rows(feed: Feed, rows: Any, dtype: Any) -> Feed:
    """Some rows of data in memory as data of their own."""
    if not feed.in_memory:
        raise ArgumentError(
            "a validation fraction would copy memory-mapped data; split the rows and pass "
            "validation=(X, y)"
        )
    batch = feed.take(rows)
    parts = (batch.x, batch.y) if batch.weight is None else (batch.x, batch.y, batch.weight)
    return Feed(parts, dtype)


def predict(model: Module, X: Any, batch_size: int = 256, dtype: Any = None) -> Any:
    """Outputs of a model on rows of inputs, batch by batch, in evaluation mode."""
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
    inputs = tree_map(lambda a: a.detach().numpy() if isinstance(a, Tensor) else np.asarray(a), X)
    length = len(flatten(inputs)[0][0])

    def part(array: Any, start: int) -> Any:
        rows = np.asarray(array[start : start + batch_size])
        return rows.astype(dtype) if rows.dtype.kind == "f" and rows.dtype != dtype else rows

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            outputs = [
                model(as_tensors(tree_map(lambda a, s=start: part(a, s), inputs)))
                for start in range(0, max(length, 1), batch_size)
            ]
    finally:
        for module, mode in modes:
            object.__setattr__(module, "training", mode)
    return np.concatenate([out._value for out in outputs])
