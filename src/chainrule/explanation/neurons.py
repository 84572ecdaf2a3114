"""A network as a picture: columns of neurons, weights on the edges.

Blue edges have positive weights, orange ones negative; the wider, the larger beside the largest of
the same layer. A layer with many neurons is drawn in part, and says how many are left out.
"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.explanation.figures import number
from chainrule.explanation.network import NeuronLayers, Pass, layers_of, one_pass

__all__ = ["network_svg"]

RADIUS, ROW, COLUMN, MARGIN, HEAD = 19, 58, 190, 46, 46
POSITIVE, NEGATIVE = "#3465a4", "#ce5c00"
MOST = 10
"""Layers of more neurons are drawn in part."""
FIRST, LAST = 6, 2
"""How many of them: the first and the last."""
WRITTEN = 12
"""Up to so many drawn edges between two layers have their weight written on them."""


class _Column(NamedTuple):
    """The drawn neurons of one layer: their numbers and heights, and what is left out."""

    x: float
    neurons: list[int]
    heights: list[float]
    more: int
    gap: float


def network_svg(
    model: Any, x: Any = None, y: Any = None, loss: Any = None, most: int = MOST
) -> str:
    """A network as layers of neurons with weights on the edges, as SVG source.

    Parameters
    ----------
    model : Network, or Sequential of Linear and activations
    x : array_like, shape (n,), optional
        One sample: every neuron then shows its activation.
    y : array_like, optional
        Its target: every neuron then shows its error δ in red. A module needs ``loss`` for it.
    loss : callable, optional
        ``loss(prediction, target)``.
    most : int
        A layer of more neurons is drawn in part, and says how many are left out.

    Raises
    ------
    ArgumentError
        For layers that are not made of neurons.

    Examples
    --------
    >>> svg = cr.explanation.network_svg(cr.Network([784, 30, 10]))
    >>> "… 776 more" in svg, "… 22 more" in svg
    (True, True)
    """
    if most < FIRST + LAST:
        raise ArgumentError(f"most is at least {FIRST + LAST}, it is {most}")
    layers = layers_of(model)
    passed = Pass([], []) if x is None else one_pass(model, x, y, loss)
    rows = [min(n, most) + (0.6 if n > most else 0) for n in layers.sizes]
    height = HEAD + MARGIN + max(rows) * ROW + 30
    columns = [_column(place, size, most, height - 30) for place, size in enumerate(layers.sizes)]
    width = 2 * MARGIN + (len(columns) - 1) * COLUMN + 2 * RADIUS + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
        f'viewBox="0 0 {width} {height:.0f}" font-family="Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    labels: list[str] = []
    for place, weights in enumerate(layers.weights):
        edges, written = _edges(place, weights, columns[place], columns[place + 1])
        parts += edges
        labels += written
    parts += labels
    for place, column in enumerate(columns):
        parts += _neurons(place, column, layers, passed)
    parts.append(_legend(width, height, bool(passed.errors)))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _column(place: int, size: int, most: int, height: float) -> _Column:
    x = MARGIN + RADIUS + 10 + place * COLUMN
    cut = size > most
    neurons = [*range(FIRST), *range(size - LAST, size)] if cut else list(range(size))
    heights = [float(index * ROW) for index in range(len(neurons))]
    if cut:
        heights[FIRST:] = [h + 0.6 * ROW for h in heights[FIRST:]]
    top = HEAD + (height - HEAD - heights[-1]) / 2
    gap = top + (heights[FIRST - 1] + heights[FIRST]) / 2 if cut else 0.0
    return _Column(x, neurons, [top + h for h in heights], size - len(neurons), gap)


def _edges(place: int, weights: Any, left: _Column, right: _Column) -> tuple[list[str], list[str]]:
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    count = len(left.neurons) * len(right.neurons)
    faint = 0.85 if count <= WRITTEN else 0.55
    drawn, written = [], []
    taken: list[tuple[float, float]] = []
    for j, y2 in zip(right.neurons, right.heights):
        for k, y1 in zip(left.neurons, left.heights):
            w = float(weights[j, k])
            colour = POSITIVE if w >= 0 else NEGATIVE
            x1, x2 = left.x + RADIUS, right.x - RADIUS
            name = f"w{place + 1}[{j + 1}, {k + 1}] = {number(w)}"
            drawn.append(
                f'<line class="weight" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" '
                f'stroke="{colour}" stroke-width="{0.4 + 3.2 * abs(w) / largest:.2f}" '
                f'stroke-opacity="{faint}"><title>{escape(name)}</title></line>'
            )
            if count <= WRITTEN:
                spot = _free_spot((x1, y1), (x2, y2), taken)
                taken.append(spot)
                written.append(_weight(*spot, w, colour))
    return drawn, written


def _free_spot(
    start: tuple[float, float], end: tuple[float, float], taken: list[tuple[float, float]]
) -> tuple[float, float]:
    """The place on an edge, not too near its ends, that is farthest from the labels already there."""
    spots = [
        (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        for part in (0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
    ]

    def room(spot: tuple[float, float]) -> float:
        # labels are about twice as wide as high; more room than a label needs is no better
        apart = [max(abs(spot[0] - x) / 40, abs(spot[1] - y) / 17) for x, y in taken]
        return min([*apart, 1.0])

    return max(spots, key=room)


def _weight(x: float, y: float, w: float, colour: str) -> str:
    text = f"{w:.3g}"
    half = 3.2 * len(text) + 2
    return (
        f'<rect x="{x - half:.0f}" y="{y - 7:.0f}" width="{2 * half:.0f}" height="14" fill="white" '
        f'fill-opacity="0.85"/><text class="weight-label" x="{x:.0f}" y="{y + 4:.0f}" '
        f'font-size="11" text-anchor="middle" fill="{colour}">{text}</text>'
    )


def _neurons(place: int, column: _Column, layers: NeuronLayers, passed: Pass) -> list[str]:
    parts = []
    size = layers.sizes[place]
    many = (
        f"{size} input{'s' * (size != 1)}"
        if place == 0
        else f"{size} × {layers.activations[place - 1]}"
    )
    title = "input" if place == 0 else f"layer {place}"
    parts.append(_text(column.x, 20, title, "#222", 13, bold=True))
    parts.append(_text(column.x, 36, many, "#777", 11))
    values = passed.activations[place] if passed.activations else None
    errors = passed.errors[place - 1] if passed.errors and place else None
    bias = None if place == 0 else layers.biases[place - 1]
    scale = float(np.abs(values).max(initial=0.0)) if values is not None else 0.0
    for j, y in zip(column.neurons, column.heights):
        share = abs(float(values[j])) / scale if values is not None and scale > 0 else 0.0
        told = [f"neuron {j + 1} of {title}"]
        told += [] if bias is None else [f"bias {number(bias[j])}"]
        told += [] if values is None else [f"a = {number(values[j])}"]
        told += [] if errors is None else [f"δ = {number(errors[j])}"]
        parts.append(
            f'<g class="neuron"><title>{escape(chr(10).join(told))}</title>'
            f'<circle cx="{column.x:.0f}" cy="{y:.0f}" r="{RADIUS}" fill="{_tint(share)}" stroke="#556"/>'
        )
        if values is not None:
            parts.append(_text(column.x, y + 4, f"{float(values[j]):.3g}", "#222", 11))
        if errors is not None:
            parts.append(_text(column.x, y + RADIUS + 11, f"{float(errors[j]):.3g}", "#c5221f", 10))
        parts.append("</g>")
    if column.more:
        parts.append(_text(column.x, column.gap + 4, f"… {column.more} more", "#222", 12))
    return parts


def _tint(share: float) -> str:
    """White for 0, yellow for the largest activation of the layer."""
    mixed = [round(a + (b - a) * share) for a, b in zip((255, 255, 255), (255, 224, 130))]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _legend(width: float, height: float, errors: bool) -> str:
    said = [("positive weight", POSITIVE), ("negative", NEGATIVE)]
    said += [("δ = ∂C/∂z", "#c5221f")] if errors else []
    spans = "".join(f'<tspan fill="{colour}" dx="8">{text}</tspan>' for text, colour in said)
    return (
        f'<text x="{width / 2:.0f}" y="{height - 10:.0f}" font-size="11" '
        f'text-anchor="middle">{spans}</text>'
    )


def _text(x: float, y: float, text: str, colour: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" font-size="{size}" '
        f'text-anchor="middle"{weight}>{escape(text)}</text>'
    )
