"""Pictures of a watched training (extra ``plot``): norms by layer, over training, distributions."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.diagnose.histogram import BINS, DECADES, aligned
from chainrule.errors import ArgumentError, MissingExtraError

if TYPE_CHECKING:
    from chainrule.diagnose.training import TrainingWatch
    from chainrule.diagnose.watch import Watch

__all__ = ["WHAT", "plot"]

BLUE, ORANGE, GREY = "#3465a4", "#ce5c00", "#888a85"
LINES = 8
"""Layers that are drawn as lines with a name each; of more, the first and last and some between."""
PANELS = 24
"""Distributions that are drawn at most; the title says how many are left out."""


def plot(
    watch: Watch | TrainingWatch,
    path: str | os.PathLike[str] | None = None,
    what: str = "overview",
) -> Any:
    """Draw what a watch saw.

    Parameters
    ----------
    watch : Watch or TrainingWatch
    path : path, optional
        Where to save; the ending tells the format (``.png``, ``.svg``, ``.pdf``). Without it the
        figure is returned.
    what : str
        ``'overview'``; or one picture of it: ``'norms'`` (by layer), ``'training'`` (norms over
        training, as lines), ``'map'`` (layer by step), ``'ratios'`` (update to weight), ``'flat'``
        (flat and silent units); or distributions over training: ``'gradients'``, ``'weights'``,
        ``'activations'``, ``'updates'``.

    Returns
    -------
    Path or matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    ArgumentError
        Before the first look, or for another word than those.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "the picture needs matplotlib: pip install 'chainrule[plot]'"
        ) from error
    watching: Any = getattr(watch, "watch", watch)
    if what not in WHAT:
        raise ArgumentError(f"what is one of {', '.join(WHAT)}, not {what!r}")
    if watching is None or not watching.looks or not watching.looks[-1].layers:
        raise ArgumentError("nothing to draw: no look at a layer was taken yet")
    if what == "overview":
        figure = Figure(figsize=(14, 8), layout="constrained")
        for place, name in enumerate(("norms", "training", "map", "ratios", "flat", "loss"), 1):
            _PANELS[name](figure.add_subplot(2, 3, place), watching)
        findings = watching.diagnosis().findings
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in findings)) or "healthy"
        figure.suptitle(f"{kinds}: {watching.taken} looks, step {watching.looks[-1].step}")
    elif what in _PANELS:
        figure = Figure(figsize=(7, 4.4), layout="constrained")
        _PANELS[what](figure.add_subplot(), watching)
    else:
        figure = Figure(layout="constrained")
        _distributions(figure, watching, what)
    FigureCanvasAgg(figure)
    if path is None:
        return figure
    figure.savefig(path, dpi=120)
    return Path(path)


# ---- one panel each


def _norms(axes: Any, watch: Watch) -> None:
    """Gradient norms by layer, at the first and the last look."""
    first, last = watch.looks[0], watch.looks[-1]
    names = list(last.layers)
    places = np.arange(len(names))
    series = [(last, f"step {last.step}", BLUE)]
    if first is not last:
        series.insert(0, (first, f"step {first.step}", GREY))
    height = 0.8 / len(series)
    for index, (look, label, colour) in enumerate(series):
        values = [look.layers[n].gradient if n in look.layers else math.nan for n in names]
        axes.barh(places + index * height, values, height, label=label, color=colour)
    axes.set_yticks(places + 0.4 - height / 2, [_short(name) for name in names])
    if len(names) > 24:
        axes.set_yticks(axes.get_yticks()[:: math.ceil(len(names) / 24)])
        axes.set_yticklabels([_short(n) for n in names[:: math.ceil(len(names) / 24)]])
    axes.invert_yaxis()
    _scale(axes, "x", [layer.gradient for look, _, _ in series for layer in look.layers.values()])
    _finish(axes, "gradient norm by layer", "‖∂C/∂w‖", "")
    axes.legend(frameon=False, fontsize=8)


def _training(axes: Any, watch: Watch) -> None:
    """Gradient norms over training, a line per layer."""
    _lines(axes, watch, lambda look, name: look.layers[name].gradient)
    _finish(axes, "gradient norm over training", "step", "‖∂C/∂w‖")


def _ratios(axes: Any, watch: Watch) -> None:
    """What a step changes of the weights, with the customary range."""
    _lines(axes, watch, lambda look, name: look.layers[name].update)
    axes.axhspan(1e-4, 1e-2, color="#73d216", alpha=0.12, linewidth=0)
    axes.axhline(1e-3, color=GREY, linestyle=":", linewidth=1)
    _finish(axes, "update / weight (about 1e-3 is usual)", "step", "‖Δw‖ / ‖w‖ per step")


def _map(axes: Any, watch: Watch) -> None:
    """Gradient norms, layer by step."""
    names = list(watch.looks[-1].layers)
    values = np.array([
        [look.layers[n].gradient if n in look.layers else math.nan for look in watch.looks]
        for n in names
    ])  # fmt: skip
    with np.errstate(all="ignore"):
        shown = np.where((values > 0) & np.isfinite(values), np.log10(np.abs(values)), np.nan)
    image = axes.imshow(
        shown,
        aspect="auto",
        cmap="viridis",
        interpolation="nearest",
        extent=_extent(watch, len(names)),
    )
    every = math.ceil(len(names) / 24)
    axes.set_yticks(np.arange(len(names))[::every] + 0.5, [_short(n) for n in names[::every]])
    axes.figure.colorbar(image, ax=axes).set_label("log10 ‖∂C/∂w‖", fontsize=8)
    _finish(axes, "gradient norm, layer by step", "step", "")


def _flat(axes: Any, watch: Watch) -> None:
    """Shares of flat slopes and silent units of every activation."""
    names = list(watch.looks[-1].activations)
    steps = [look.step for look in watch.looks]
    for place, name in enumerate(_some(names)):
        found = [look.activations.get(name) for look in watch.looks]
        colour = f"C{place % 10}"
        flat = [math.nan if one is None else one.flat_share for one in found]
        silent = [math.nan if one is None else one.silent_share for one in found]
        marker = "o" if len(steps) == 1 else None
        axes.plot(steps, flat, color=colour, label=_short(name), linewidth=1.3, marker=marker)
        axes.plot(steps, silent, color=colour, linestyle="--", linewidth=1, marker=marker)
    axes.set_ylim(-0.02, 1.02)
    if names:
        _legend(axes)
    _finish(axes, "flat slopes (lines), silent units (dashed)", "step", "share")


def _loss(axes: Any, watch: Watch) -> None:
    """The loss at the looks."""
    steps, values = [look.step for look in watch.looks], [look.loss for look in watch.looks]
    axes.plot(steps, values, color=ORANGE, linewidth=1.5, marker="o" if len(steps) == 1 else None)
    _scale(axes, "y", values)
    _finish(axes, "loss of the batches looked at", "step", "")


_PANELS: dict[str, Callable[[Any, Any], None]] = {
    "norms": _norms,
    "training": _training,
    "map": _map,
    "ratios": _ratios,
    "flat": _flat,
    "loss": _loss,
}
WHAT = ("overview", *_PANELS, "gradients", "weights", "activations", "updates")
"""What can be drawn."""


# ---- distributions


def _distributions(figure: Any, watch: Watch, what: str) -> None:
    """A panel per layer: steps to the right, values upwards, the darker the more."""
    part = "activations" if what == "activations" else "layers"
    names = list(getattr(watch.looks[-1], part))
    shown = names[:PANELS]
    columns = min(len(shown), 4) or 1
    rows = math.ceil(len(shown) / columns) or 1
    figure.set_size_inches(3.6 * columns, 2.7 * rows + 0.5)
    more = f" ({len(names) - len(shown)} more)" if len(names) > len(shown) else ""
    titles = {
        "gradients": "magnitudes of the gradients",
        "weights": "weights",
        "activations": "activations",
        "updates": "change of each weight in a step, as a share of it",
    }
    figure.suptitle(f"{titles[what]} over training{more}")
    for place, name in enumerate(shown, 1):
        axes = figure.add_subplot(rows, columns, place)
        counts, low, high, unit = _counts(watch, part, what, name)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(
            # the square root makes the tails visible
            np.sqrt(share.T), aspect="auto", origin="lower", cmap="Blues", interpolation="nearest",
            extent=(*_extent(watch, 1)[:2], low, high),
        )  # fmt: skip
        filled = np.flatnonzero(counts.sum(axis=0))
        if filled.size:
            width = (high - low) / counts.shape[1]
            axes.set_ylim(low + (filled[0] - 1) * width, low + (filled[-1] + 2) * width)
        _finish(axes, _short(name), "step" if place > len(shown) - columns else "", unit)


def _counts(watch: Watch, part: str, what: str, name: str) -> tuple[Any, float, float, str]:
    """Counts by look and bin, the range of the bins, and what they are of."""
    ones = [getattr(look, part).get(name) for look in watch.looks]
    field = {"gradients": "gradients", "updates": "updates", "weights": "weights"}.get(
        what, "values"
    )
    found = [None if one is None else getattr(one, field) for one in ones]
    if what in ("gradients", "updates"):
        empty = np.zeros(BINS, np.int64)
        counts = np.array([empty if one is None else one.counts for one in found])
        return counts, *DECADES, "log10 of the magnitude"
    kept, limit = aligned([one for one in found if one is not None])
    counts = np.zeros((len(found), BINS), np.int64)
    counts[[i for i, one in enumerate(found) if one is not None]] = kept
    return counts, -limit, limit, ""


# ---- parts


def _lines(axes: Any, watch: Watch, figure_of: Callable[[Any, str], float]) -> None:
    steps = [look.step for look in watch.looks]
    names = list(watch.looks[-1].layers)
    everything: list[float] = []
    shades = max(len(_some(names)) - 1, 1)
    from matplotlib import colormaps

    for place, name in enumerate(_some(names)):
        values = [
            figure_of(look, name) if name in look.layers else math.nan for look in watch.looks
        ]
        everything += values
        # from the first layer to the last the colour goes through one scale
        axes.plot(
            steps, values, label=_short(name), linewidth=1.3,
            color=colormaps["viridis"](0.9 * place / shades), marker="o" if len(steps) == 1 else None,
        )  # fmt: skip
    _scale(axes, "y", everything)
    _legend(axes)


def _some(names: Sequence[str]) -> list[str]:
    """All names, or the first, the last and some between."""
    if len(names) <= LINES:
        return list(names)
    return [names[round(i * (len(names) - 1) / (LINES - 1))] for i in range(LINES)]


def _extent(watch: Watch, rows: int) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a picture with a column per look."""
    first, last = watch.looks[0].step, watch.looks[-1].step
    half = (last - first) / max(2 * (len(watch.looks) - 1), 1) or 0.5
    return first - half, last + half, float(rows), 0.0


def _legend(axes: Any) -> None:
    """Beside the picture: lines of many layers leave no room in it."""
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _scale(axes: Any, axis: str, values: Sequence[float]) -> None:
    """A logarithmic scale where figures differ by more than a factor of a hundred."""
    positive = [v for v in values if math.isfinite(v) and v > 0]
    if positive and max(positive) > 100 * min(positive):
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        axes.tick_params(axis=axis, which="minor", labelleft=False, labelbottom=False)


def _short(name: str) -> str:
    return name if len(name) <= 22 else f"…{name[-21:]}"


def _finish(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(y, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
