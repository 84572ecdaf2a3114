"""A graph as a picture: gates in columns from left to right, values and gradients on them.

Columns are the longest path from an input; within a column, gates stand near those they use
(barycentre passes), and edges that skip columns have a place of their own in each (Sugiyama,
Tagawa & Toda, 1981). Green: the value of the forward pass. Red: the
gradient of the output, of the backward pass. Each gate is a group of class ``gate`` with its name in
``data-name`` and a title that viewers show on hovering; each edge tells its ends in ``data-from``
and ``data-to``, so that a page around the picture can find them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.graph import INPUT, Node
from chainrule.core.printing import call_text, figure, scalar_gradients, show_type

if TYPE_CHECKING:
    from chainrule.core.trace import Graph

__all__ = ["to_svg"]

COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 190, 84, 136, 40, 30


def to_svg(graph: Graph, gradients: Mapping[str, Any] | None = None) -> str:
    """SVG source: see :meth:`Graph.to_svg`."""
    layout = _Layout(graph.nodes)
    if gradients is None:
        gradients = scalar_gradients(graph)
    right = max((x for x, _ in layout.places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in layout.places.values()), default=0) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right:.0f}" height="{bottom:.0f}" '
        f'viewBox="0 0 {right:.0f} {bottom:.0f}" font-family="Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#888"/></marker></defs>',
    ]
    parts += [_edge(graph, layout.places, route) for route in layout.routes]
    for node in graph.nodes:
        parts.append(_gate(graph, node, layout.places[node], gradients.get(graph.names[node])))
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Bend:
    """A place in a column through which a long edge passes."""


class _Layout:
    """Places for nodes, and for the bends of edges that skip columns.

    Attributes
    ----------
    places : dict
        Upper left corner of each node and bend.
    routes : list of list
        For each edge: source, bends, target.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        edges = _distinct_edges(nodes)
        column = _columns(nodes, edges)
        self.routes: list[list[Any]] = []
        columns: dict[int, list[Any]] = {}
        before: dict[Any, list[Any]] = {}
        after: dict[Any, list[Any]] = {}
        for node in nodes:
            columns.setdefault(column[node], []).append(node)
        for source, target in edges:
            bends: list[Any] = [_Bend() for _ in range(column[target] - column[source] - 1)]
            for step, bend in enumerate(bends):
                columns[column[source] + 1 + step].append(bend)
            route = [source, *bends, target]
            self.routes.append(route)
            for left, right in pairwise(route):
                before.setdefault(right, []).append(left)
                after.setdefault(left, []).append(right)
        self.places: dict[Any, tuple[float, float]] = {}
        height: dict[Any, float] = {}
        for sweep in range(4):
            neighbours, order = (before, sorted(columns)) if sweep % 2 == 0 else (after, None)
            for index in order or sorted(columns, reverse=True):
                _sort_column(columns[index], neighbours, height)
        tallest = max((_extent(members) for members in columns.values()), default=0)
        for index, members in columns.items():
            shift = (tallest - _extent(members)) / 2
            for member in members:
                self.places[member] = (MARGIN + index * COLUMN, MARGIN + shift + height[member])


def _size(member: Any) -> float:
    return ROW / 3 if isinstance(member, _Bend) else ROW


def _extent(members: list[Any]) -> float:
    return sum(map(_size, members))


def _sort_column(
    members: list[Any], neighbours: dict[Any, list[Any]], height: dict[Any, float]
) -> None:
    """Order by the mean height of the neighbours (barycentre), and stack."""

    def centre(member: Any) -> float:
        known = [height[n] for n in neighbours.get(member, ()) if n in height]
        return sum(known) / len(known) if known else height.get(member, 0.0)

    members.sort(key=centre)
    top = 0.0
    for member in members:
        height[member] = top
        top += _size(member)


def _distinct_edges(nodes: Sequence[Node]) -> list[tuple[Node, Node]]:
    known = set(nodes)
    return list(
        dict.fromkeys(
            (p, node) for node in nodes for p in node.inputs if p is not None and p in known
        )
    )


def _columns(nodes: Sequence[Node], edges: list[tuple[Node, Node]]) -> dict[Node, int]:
    """Longest path from an input; inputs move right, to just before their first use."""
    column = dict.fromkeys(nodes, 0)
    first_use: dict[Node, int] = {}
    incoming: dict[Node, list[Node]] = {}
    for source, target in edges:
        incoming.setdefault(target, []).append(source)
    for node in nodes:
        column[node] = max((column[p] + 1 for p in incoming.get(node, ())), default=0)
    for source, target in edges:
        first_use[source] = min(first_use.get(source, column[target]), column[target])
    for node in nodes:
        if not node.inputs and node in first_use:
            column[node] = first_use[node] - 1
    return column


def _edge(graph: Graph, places: dict[Any, tuple[float, float]], route: list[Any]) -> str:
    points = []
    for member in route:
        x, y = places[member]
        if isinstance(member, _Bend):
            points += [(x, y), (x + WIDTH, y)]
        elif member is route[0]:
            points.append((x + WIDTH, y + HEIGHT / 2))
        else:
            points.append((x, y + HEIGHT / 2))
    path = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        path.append(f"C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}")
    return (
        f'<path class="edge" data-from="{escape(graph.names[route[0]])}" '
        f'data-to="{escape(graph.names[route[-1]])}" d="{" ".join(path)}" fill="none" '
        'stroke="#888" stroke-width="1.3" marker-end="url(#arrow)"/>'
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
        f'<g class="gate" data-name="{escape(name)}">',
        f"<title>{escape(_title(graph, node, gradient))}</title>",
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="{corner}" '
        f'fill="{fill}" stroke="#556"/>',
        _text(middle, y + 17, title[:22], "#222", 13),
        _text(middle, y + 33, show_type(node.value), "#777", 10),
    ]
    if isinstance(node.value, np.ndarray):
        lines.append(_text(middle, y - 5, figure(node.value), "#137333", 11, "value"))
    if gradient is not None:
        lines.append(_text(middle, y + HEIGHT + 12, figure(gradient), "#c5221f", 11, "gradient"))
    return "\n".join([*lines, "</g>"])


def _title(graph: Graph, node: Node, gradient: Any) -> str:
    """What hovering shows: the call, the line of the source, value and gradient."""
    name = graph.names[node]
    made = "input" if node.op is INPUT else call_text(graph, node)
    lines = [f"{name} = {made}", show_type(node.value)]
    if node.location is not None:
        lines.append(f"{node.location}  {node.location.text}".rstrip())
    if isinstance(node.value, np.ndarray):
        lines.append(f"value {_few(node.value)}")
    if gradient is not None:
        lines.append(f"gradient {_few(gradient)}")
    return "\n".join(lines)


def _few(value: Any) -> str:
    """An array in a line or a few; long ones with dots."""
    return np.array2string(np.asarray(value), precision=5, threshold=24, edgeitems=3)


def _text(x: float, y: float, text: str, colour: str, size: int, kind: str = "label") -> str:
    return (
        f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" fill="{colour}" font-size="{size}" '
        f'text-anchor="middle">{escape(text)}</text>'
    )
