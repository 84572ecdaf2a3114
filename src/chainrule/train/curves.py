"""Learning curves as a picture (extra ``plot``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chainrule.errors import MissingExtraError
from chainrule.train.callbacks import Callback
from chainrule.train.history import History

__all__ = ["LearningCurves", "plot_history"]

HIDDEN = ("epoch", "seconds", "samples_per_second", "learning_rate", "grad_norm", "clipped")


def plot_history(history: History, path: str | os.PathLike[str]) -> Path:
    """Save a picture of a history: one panel per figure, training and validation together.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "the picture needs matplotlib: pip install 'chainrule[plot]'"
        ) from error
    names = [n for n in history.names() if n not in HIDDEN and not n.startswith("val_")]
    figure = Figure(figsize=(4.2 * max(len(names), 1), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for place, name in enumerate(names):
        axes: Any = figure.add_subplot(1, len(names), place + 1)
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            if column in history:
                axes.plot(history["epoch"], history[column], label=label)
        if "val_loss" in history:
            best = history.best("val_loss")["epoch"]
            axes.axvline(best, color="0.6", linestyle=":", linewidth=1)
        axes.set(title=name, xlabel="epoch")
        axes.legend(frameon=False)
    figure.savefig(path)
    return Path(path)


class LearningCurves(Callback):
    """Save the learning curves when training ends."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_fit_end(self, trainer: Any) -> None:
        """Write the picture, if there is anything to show."""
        if len(trainer.history):
            plot_history(trainer.history, self.path)
