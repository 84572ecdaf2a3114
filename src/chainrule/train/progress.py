"""Progress on a terminal: shown on stderr, and only if that is one."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from chainrule.train.callbacks import Callback

if TYPE_CHECKING:
    from chainrule.train.epoch import Totals
    from chainrule.train.trainer import Trainer

__all__ = ["Progress", "wants_progress"]

WIDE = 120
"""Columns from which all figures and the speed fit beside the bar."""


def wants_progress(choice: bool | None) -> bool:
    """Whether to show progress: as asked, else if stderr is a terminal."""
    if choice is not None:
        return choice
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress(Callback):
    """A bar for the epoch, the figures of the last one, samples per second and the time left.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to write; stderr by default.
    """

    def __init__(self, console: Any = None) -> None:
        self.console = console
        self._bar: Any = None
        self._task: Any = None
        self._shown = 0.0
        self._first = 0

    def on_fit_start(self, trainer: Trainer) -> None:
        """Open the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = self.console or Console(stderr=True)
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=24 if console.width >= WIDE else 8),
            TextColumn("{task.fields[figures]}"),
            *([TextColumn("[dim]{task.fields[speed]}[/dim]")] if console.width >= WIDE else []),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._first = trainer.epoch
        length = max(trainer.samples, 1)
        self._task = self._bar.add_task(
            "train",
            total=length * trainer.epochs,
            completed=length * trainer.epoch,
            epoch=trainer.epoch + 1,
            epochs=trainer.epochs,
            figures="",
            speed="",
        )
        self._bar.start()

    def on_step_end(self, trainer: Trainer, totals: Totals) -> None:
        """Move the bar, at most ten times a second."""
        now = time.monotonic()
        if now - self._shown < 0.1 or self._bar is None:
            return
        self._shown = now
        self._bar.update(self._task, completed=trainer.epoch * trainer.samples + totals.samples)

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Show the figures."""
        if self._bar is None:
            return
        hidden = ("epoch", "seconds", "samples_per_second", "learning_rate")
        shown = [n for n, v in row.items() if n not in hidden and isinstance(v, float)]
        if self._bar.console.width < WIDE:  # the three that matter most: what is held back tells
            shown = ["loss", *[n for n in shown if n.startswith("val_")][:2]]
        figures = "  ".join(f"{name} {row[name]:.4f}" for name in shown)
        self._bar.update(
            self._task,
            completed=row["epoch"] * trainer.samples,
            epoch=min(row["epoch"] + 1, trainer.epochs),
            figures=figures,
            speed=f"{row['samples_per_second']:,.0f} samples/s",
        )

    def on_fit_end(self, trainer: Trainer) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
