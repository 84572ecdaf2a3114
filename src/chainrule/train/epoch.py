"""The loop over the batches of an epoch: the one small function that a compiled form replaces.

A runner is called with the rows of a stretch of an epoch and adds what the steps return to the
totals; it sees nothing of callbacks, checkpoints or progress.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from chainrule.core.tensor import Tensor, wrap
from chainrule.core.tree import tree_map
from chainrule.train.feed import Batch, Feed
from chainrule.train.metrics import Metric

__all__ = ["EagerEpoch", "EpochRunner", "Totals"]


@dataclass
class Totals:
    """Sums over the samples of an epoch.

    They are added one step after the other in float64, so that an epoch interrupted and resumed
    gives the same bits.
    """

    loss: float = 0.0
    samples: int = 0
    steps: int = 0
    clipped: int = 0
    norm: float = 0.0
    last_loss: float = float("nan")
    sums: list[float] = field(default_factory=list)

    def add(self, size: int, results: tuple[Any, ...]) -> None:
        """Take in what one step returned."""
        loss, norm, clipped, *sums = (float(value) for value in results)
        self.loss += loss * size
        self.samples += size
        self.steps += 1
        self.clipped += int(clipped)
        self.norm = norm
        self.last_loss = loss
        if not self.sums:
            self.sums = [0.0] * len(sums)
        for index, value in enumerate(sums):
            self.sums[index] += value

    def values(self, metrics: list[Metric]) -> dict[str, float]:
        """Mean loss and the metrics by name."""
        found = {"loss": self.loss / self.samples if self.samples else float("nan")}
        start = 0
        for metric in metrics:
            part = self.sums[start : start + metric.count]
            found[metric.name] = float(metric.finish(*part)) if part else float("nan")
            start += metric.count
        return found

    def state(self) -> dict[str, Any]:
        """All fields, for a checkpoint."""
        return dict(vars(self))


class EpochRunner(Protocol):
    """Runs the steps of a stretch of an epoch."""

    def __call__(
        self,
        feed: Feed,
        rows: Any,
        batch_size: int,
        totals: Totals,
        after_step: Callable[[Totals], None],
    ) -> None:
        """Train on ``rows`` in batches, add to ``totals``, call ``after_step`` now and then."""


def as_tensors(tree: Any) -> Any:
    """Every array of a batch as a tensor that shares its memory."""
    return tree_map(_constant, tree)


def _constant(array: Any) -> Tensor:
    made: Tensor = wrap(array, None)
    return made


class EagerEpoch:
    """Steps run one by one as Python code.

    Parameters
    ----------
    step : TrainingStep or ReplayedStep
    accumulate : int
        Batches per update; more than one only for a TrainingStep.
    """

    def __init__(self, step: Any, accumulate: int = 1) -> None:
        self.step, self.accumulate = step, accumulate

    def __call__(
        self,
        feed: Feed,
        rows: Any,
        batch_size: int,
        totals: Totals,
        after_step: Callable[[Totals], None],
    ) -> None:
        """See :class:`EpochRunner`."""
        stride = batch_size * self.accumulate
        for start in range(0, len(rows), stride):
            chunk = rows[start : start + stride]
            parts = [chunk[i : i + batch_size] for i in range(0, len(chunk), batch_size)]
            batches = [feed.take(part) for part in parts]
            if self.accumulate == 1:
                results = [self.step(*_operands(batches[0]))]
            else:
                results = self.step.accumulate([(*_operands(b), b.size) for b in batches])
            for batch, result in zip(batches, results):
                totals.add(batch.size, result)
            after_step(totals)


def _operands(batch: Batch) -> tuple[Any, Any, Any]:
    weight = None if batch.weight is None else _constant(batch.weight)
    return as_tensors(batch.x), as_tensors(batch.y), weight
