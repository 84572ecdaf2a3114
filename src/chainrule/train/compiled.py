"""Epochs as native code: the training step staged once, then run in a native loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.core.tree import flatten, unflatten
from chainrule.errors import CompileError, StagingError, UnsupportedError
from chainrule.train.epoch import EagerEpoch, Totals
from chainrule.train.feed import Feed
from chainrule.train.step import TrainingStep

__all__ = ["CompiledEpoch", "worth_compiling"]

COMPILING_SECONDS = 0.2
"""About what staging and compiling a small network costs: 0.05 s from the cache, 0.1 to 0.5 s anew."""


def worth_compiling(step: TrainingStep, samples: int, batch_size: int, epochs: int) -> bool:
    """Whether running the steps one by one would take longer than compiling them.

    An eager step costs about 100 µs, and 6 flops per weight and sample at 20 GFLOP/s.
    """
    weights = sum(p.size for p in step.parameters)
    steps = epochs * -(-samples // batch_size)
    seconds = steps * (1e-4 + 6.0 * weights * batch_size / 20e9)
    return seconds > COMPILING_SECONDS


class CompiledEpoch:
    """A runner (see ``epoch.py``) whose steps are one native loop.

    Parameters
    ----------
    step : TrainingStep
    required : bool
        Raise where the step cannot be compiled, instead of running it eagerly.
    threads : int, optional
        Chosen by timing if left out.
    scheduler : LRScheduler, optional
        Steps after every batch; its learning rates are worked out before a stretch and handed to
        the loop.
    """

    def __init__(
        self,
        step: TrainingStep,
        required: bool = False,
        threads: int | None = None,
        scheduler: Any = None,
    ) -> None:
        from chainrule.compiler import Compiled

        self.step, self.required, self.scheduler = step, required, scheduler
        self.eager: EagerEpoch | None = None
        self._threads = threads
        self._nested: dict[Any, Any] = {}  # by structure of the operands
        self._plain = Compiled(
            lambda x, y, rate=None: self._run(rate, x, y), threads=threads, subject=step
        )
        self._weighted = Compiled(
            lambda x, y, weight, rate=None: self._run(rate, x, y, weight),
            threads=threads,
            subject=step,
        )

    def _function(self, feed: Feed) -> tuple[Any, list[Any]]:
        """The compiled step for data of this structure, and the data's arrays."""
        operands = (feed.x, feed.y) if feed.weight is None else (feed.x, feed.y, feed.weight)
        arrays, structure = flatten(operands)
        if isinstance(feed.x, np.ndarray) and isinstance(feed.y, np.ndarray):
            return self._plain if feed.weight is None else self._weighted, arrays
        if structure not in self._nested:
            from chainrule.compiler import Compiled

            def nested(*arrays: Any, rate: Any = None) -> tuple[Any, ...]:
                return self._run(rate, *unflatten(structure, arrays))

            self._nested[structure] = Compiled(nested, threads=self._threads)
        return self._nested[structure], arrays

    def _run(self, rate: Any, *operands: Any) -> tuple[Any, ...]:
        """A step; with ``rate``, a tensor, in place of the learning rate of each group."""
        if rate is None:
            return self.step(*operands)
        groups = self.step.optimizer.param_groups
        kept = [group["lr"] for group in groups]
        try:
            for index, group in enumerate(groups):
                dict.__setitem__(group, "lr", rate[index])
            return self.step(*operands)
        finally:
            for group, value in zip(groups, kept):
                dict.__setitem__(group, "lr", value)

    @property
    def moves_schedule(self) -> bool:
        """Whether the schedule is stepped here, and not after each batch by the trainer."""
        return self.scheduler is not None and self.eager is None

    def _rates(self, steps: int) -> dict[str, Any] | None:
        """The learning rates of the coming steps, by which the schedule moves on."""
        if self.scheduler is None:
            return None
        groups = self.step.optimizer.param_groups
        rates = np.empty((steps, len(groups)))
        for row in rates:
            row[:] = [float(group["lr"]) for group in groups]
            self.scheduler.step()
        return {"rate": rates}

    def __call__(
        self,
        feed: Feed,
        rows: Any,
        batch_size: int,
        totals: Totals,
        after_step: Callable[[Totals], None],
    ) -> None:
        """See :class:`chainrule.train.epoch.EpochRunner`."""
        if self.eager is not None:
            self.eager(feed, rows, batch_size, totals, after_step)
            return

        def report(done: int, total: int, _: Any) -> None:
            after_step(replace(totals, samples=totals.samples + done * batch_size))

        function, data = self._function(feed)
        before = None if self.scheduler is None else dict(self.scheduler.state_dict())
        rates = self._rates(-(-len(rows) // batch_size))
        try:
            result = function.epoch(
                *data, batch_size=batch_size, order=rows, per_step=rates, progress=report
            )
        except (StagingError, CompileError, UnsupportedError) as error:
            if self.required or totals.steps:
                raise
            warnings.warn(
                f"the training step runs eagerly, since it cannot be compiled: {error}",
                stacklevel=4,
            )
            self.eager = EagerEpoch(self.step)
            if rates is not None:  # nothing has run: the schedule starts again
                self.scheduler.load_state_dict(before)
                for group, rate in zip(self.step.optimizer.param_groups, rates["rate"][0]):
                    group["lr"] = float(rate)
            self.eager(feed, rows, batch_size, totals, after_step)
            return
        if result.outputs is not None:
            add_steps(totals, batch_size, result.outputs)
        if result.partial is not None:
            totals.add(len(rows) % batch_size, result.partial)
        after_step(totals)


def add_steps(totals: Totals, size: int, outputs: Any) -> None:
    """Take in the results of many steps, in the order and precision of ``Totals.add``."""
    columns = [np.asarray(column, np.float64) for column in outputs]
    if not columns or not len(columns[0]):
        return
    loss, norm, clipped, *sums = columns
    totals.loss = _running(totals.loss, loss * size)
    totals.samples += size * len(loss)
    totals.steps += len(loss)
    totals.clipped += int(clipped.sum())
    totals.norm, totals.last_loss = float(norm[-1]), float(loss[-1])
    if not totals.sums:
        totals.sums = [0.0] * len(sums)
    totals.sums = [_running(before, column) for before, column in zip(totals.sums, sums)]


def _running(start: float, terms: Any) -> float:
    """Terms added one after the other: a cumulative sum is, a plain sum is not."""
    return float(np.cumsum(np.concatenate([[start], terms]))[-1])
