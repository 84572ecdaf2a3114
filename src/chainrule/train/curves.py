"""Learning curves as a picture (extra ``plot``)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import MissingExtraError
from chainrule.train.callbacks import Callback
from chainrule.train.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LearningCurves", "plot_history"]

HIDDEN = ("epoch", "seconds", "samples_per_second", "learning_rate", "grad_norm", "clipped")
BLUE, ORANGE, GREY = "#3465a4", "#ce5c00", "#888a85"


def plot_history(
    history: History,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    kept: int | None = None,
    gradients: Mapping[str, float] | None = None,
) -> Path:
    """Save a picture of a history: one panel per figure, training and validation together.

    Parameters
    ----------
    history : History
    path : path
        Its ending decides the format.
    names : sequence of str, optional
        Figures to show, such as ``loss``; all by default.
    title : str
    kept : int, optional
        Epoch (from 1) whose weights were kept; a dotted line stands there. Without it the line
        stands at the least validation loss.
    gradients : mapping, optional
        Gradient norm of each parameter at the end, for one more panel.

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
    if names is None:
        names = [n for n in history.names() if n not in HIDDEN and not n.startswith("val_")]
    marked = kept
    if kept is None and "val_loss" in history:
        marked = history.best("val_loss")["epoch"]
    panels = len(names) + bool(gradients)
    figure = Figure(figsize=(4.2 * max(panels, 1), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(1, panels, place)
        _curves(axes, history, name)
        if marked is not None:
            axes.axvline(marked, color=GREY, linestyle=":", linewidth=1)
        if kept is not None and place == 1:
            axes.annotate(
                "weights kept", (kept, 0), xycoords=("data", "axes fraction"), xytext=(-4, 4),
                textcoords="offset points", ha="right", va="bottom", color=GREY, fontsize=8,
                rotation=90,
            )  # fmt: skip
    if gradients:
        _norms(figure.add_subplot(1, panels, panels), gradients)
    figure.savefig(path, dpi=150)
    return Path(path)


def _curves(axes: Axes, history: History, name: str) -> None:
    shown: list[float] = []
    for key, label, colour in ((name, "training", BLUE), (f"val_{name}", "validation", ORANGE)):
        if key in history:
            axes.plot(history["epoch"], history[key], label=label, color=colour, linewidth=1.5)
            shown += history[key]
    if name == "loss" and shown and min(shown) > 0:
        axes.set_yscale("log")
    axes.set_title(name, loc="left", fontsize=10)
    axes.set_xlabel("epoch")
    if shown:
        axes.legend(frameon=False)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _norms(axes: Axes, gradients: Mapping[str, float]) -> None:
    names = list(gradients)[::-1]
    bars = axes.barh(names, [gradients[name] for name in names], color=BLUE, height=0.6)
    axes.bar_label(bars, fmt="{:.1e}", padding=3, fontsize=8)
    axes.margins(x=0.18)
    axes.set_xticks([])
    axes.set_title("gradient norms at the end", loc="left", fontsize=10)
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


class LearningCurves(Callback):
    """Save the learning curves when training ends."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_fit_end(self, trainer: Any) -> None:
        """Write the picture, if there is anything to show."""
        if len(trainer.history):
            plot_history(trainer.history, self.path)
