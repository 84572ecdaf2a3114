"""A graph as a picture: gates in columns from left to right, values and gradients on them.

Columns are the longest path from an input; within a column, gates stand near those they use
(one downward and one upward barycentre pass). Green: the value of the forward pass. Red: the
gradient of the output, of the backward pass.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.graph import INPUT, Node
from chainrule.core.printing import show_type

if TYPE_CHECKING:
    from chainrule.core.trace import Graph

__all__ = ["to_svg"]

COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 190, 84, 136, 40, 30


def to_svg(graph: Graph) -> str:
    """SVG source: see :meth:`Graph.to_svg`."""
    places = _layout(graph)
    gradients = _gradients(graph)
    right = max((x for x, _ in places.values()), default=0) + WIDTH + 2 * MARGIN
    bottom = max((y for _, y in places.values()), default=0) + HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right:.0f}" height="{bottom:.0f}" '
        f'viewBox="0 0 {right:.0f} {bottom:.0f}" font-family="Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#888"/></marker></defs>',
    ]
    for node in graph.nodes:
        for parent in node.inputs:
            if parent is not None and parent in places:
                parts.append(_edge(places[parent], places[node]))
    for node in graph.nodes:
        parts.append(_gate(graph, node, places[node], gradients.get(graph.names[node])))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _gradients(graph: Graph) -> dict[str, Any]:
    if graph.abstract or not graph.outputs or not isinstance(graph.outputs[0].value, np.ndarray):
        return {}
    return graph.gradients() if graph.outputs[0].value.size == 1 else {}


def _layout(graph: Graph) -> dict[Node, tuple[float, float]]:
    known = set(graph.nodes)
    column: dict[Node, int] = {}
    for node in graph.nodes:
        column[node] = max((column[p] + 1 for p in node.inputs if p in known and p), default=0)
    users: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        for parent in node.inputs:
            if parent in known and parent is not None:
                users[parent].append(node)
    for node in graph.nodes:  # inputs stand just before their first use
        if not node.inputs and users[node]:
            column[node] = min(column[u] for u in users[node]) - 1
    columns: dict[int, list[Node]] = {}
    for node in graph.nodes:
        columns.setdefault(column[node], []).append(node)
    height: dict[Node, float] = {}
    for index in sorted(columns):
        columns[index].sort(key=lambda n: _mean([height[p] for p in n.inputs if p in height]))
        for row, node in enumerate(columns[index]):
            height[node] = float(row)
    for index in sorted(columns, reverse=True):
        columns[index].sort(key=lambda n: _mean([height[u] for u in users[n]]))
        for row, node in enumerate(columns[index]):
            height[node] = float(row)
    tallest = max((len(nodes) for nodes in columns.values()), default=1)
    places: dict[Node, tuple[float, float]] = {}
    for index, nodes in columns.items():
        offset = (tallest - len(nodes)) * ROW / 2
        for row, node in enumerate(nodes):
            places[node] = (MARGIN + index * COLUMN, MARGIN + offset + row * ROW)
    return places


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _edge(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT / 2
    x2, y2 = end[0], end[1] + HEIGHT / 2
    bend = max(20.0, (x2 - x1) / 2)
    return (
        f'<path d="M{x1:.0f} {y1:.0f} C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} '
        f'{x2:.0f} {y2:.0f}" fill="none" stroke="#888" stroke-width="1.3" marker-end="url(#arrow)"/>'
    )


def _gate(graph: Graph, node: Node, place: tuple[float, float], gradient: Any) -> str:
    x, y = place
    name = graph.names[node]
    title = name if node.op is INPUT else node.op.name
    if node.op is not INPUT and not name.startswith("%"):
        title = f"{name} = {node.op.name}"
    fill = "#eef3fb" if node.op is INPUT else "#fff7e6"
    corner = 18 if node.op is INPUT else 5
    middle = x + WIDTH / 2
    lines = [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="{corner}" '
        f'fill="{fill}" stroke="#556"/>',
        _text(middle, y + 17, title[:22], "#222", 13),
        _text(middle, y + 33, show_type(node.value), "#777", 10),
    ]
    if isinstance(node.value, np.ndarray):
        lines.append(_text(middle, y - 5, _figure(node.value), "#137333", 11))
    if gradient is not None:
        lines.append(_text(middle, y + HEIGHT + 12, _figure(gradient), "#c5221f", 11))
    return "\n".join(lines)


def _figure(value: Any) -> str:
    value = np.asarray(value)
    if value.size == 1:
        return f"{float(value.ravel()[0]):.4g}"
    if value.dtype.kind != "f":
        return ""
    return f"‖·‖ {float(np.linalg.norm(value)):.3g}"


def _text(x: float, y: float, text: str, colour: str, size: int) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" font-size="{size}" '
        f'text-anchor="middle">{escape(text)}</text>'
    )
