"""The picture of a run: loss and score over the epochs, and gradient norms by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["learning_curves"]

BLUE, ORANGE, GREY = "#3465a4", "#ce5c00", "#888a85"


def learning_curves(
    path: Path,
    history: Mapping[str, Sequence[float]],
    gradients: Mapping[str, float],
    *,
    title: str,
    score: str,
    best: int | None,
) -> bool:
    """Save a PNG of a run's learning curves; return False where matplotlib is absent.

    Parameters
    ----------
    path : Path
    history : mapping
        One value per epoch: ``loss``, and where there is a validation part ``val_loss`` and
        ``val_<score>``.
    gradients : mapping
        Gradient norm of each parameter at the end.
    title, score : str
        What the run is, and the name of its metric ('accuracy', 'mae').
    best : int or None
        Epoch (from 1) whose weights were kept.
    """
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (losses, scores, norms) = pyplot.subplots(
        1, 3, figsize=(12, 3.8), layout="constrained", width_ratios=(1, 1, 0.9)
    )
    figure.suptitle(title)
    _curves(losses, history, "loss")
    losses.set_yscale("log")
    _curves(scores, history, score)
    for axes in (losses, scores):
        axes.set_xlabel("epoch")
        if best is not None:
            axes.axvline(best, color=GREY, linestyle=":", linewidth=1)
    if best is not None:
        losses.annotate(
            "weights kept", (best, 0), xycoords=("data", "axes fraction"), xytext=(-4, 4),
            textcoords="offset points", ha="right", va="bottom", color=GREY, fontsize=8, rotation=90,
        )  # fmt: skip
    _norms(norms, gradients)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
    return True


def _curves(axes: Axes, history: Mapping[str, Sequence[float]], name: str) -> None:
    for key, label, colour in ((name, "training", BLUE), (f"val_{name}", "validation", ORANGE)):
        values: Sequence[Any] = history.get(key, ())
        if len(values):
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, label=label, color=colour, linewidth=1.5)
    axes.set_title(name, loc="left", fontsize=10)
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
