"""A progress bar on stderr, where stderr is a terminal; silence elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Progress"]


class Progress:
    """Epochs done, the last figures, and the time left.

    Parameters
    ----------
    epochs : int
    shown : bool, optional
        Whether to show a bar; by default only if stderr is a terminal.
    """

    def __init__(self, epochs: int, shown: bool | None = None) -> None:
        self.epochs = epochs
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console  # a quarter of the import time; only where it is seen
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("epoch"),
                MofNCompleteColumn(),
                BarColumn(bar_width=24),
                TimeRemainingColumn(compact=True),
                TextColumn("{task.fields[figures]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=self.epochs, figures="")
        return self

    def epoch_done(self, figures: str) -> None:
        """Advance the bar by one epoch and show `figures` beside it."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, figures=figures)

    def say(self, line: str) -> None:
        """One line on stderr, with or without a bar."""
        print(line, file=sys.stderr)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
