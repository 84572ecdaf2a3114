"""A graph as text, plain data, Graphviz and Mermaid source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.graph import CONSTANT, INPUT, Node

if TYPE_CHECKING:
    from chainrule.core.trace import Graph

__all__ = ["to_dict", "to_dot", "to_mermaid", "to_text"]


def show_type(value: Any) -> str:
    """``float64[3, 4]``."""
    if isinstance(value, tuple):
        return "(" + ", ".join(show_type(part) for part in value) + ")"
    return f"{value.dtype}[{', '.join(map(str, value.shape))}]"


def show_params(node: Node) -> str:
    """Parameters that say something: ``axis=(0,), keepdims=True``."""
    shown = []
    for key, value in node.params.items():
        if value is None or value is False or callable(value) or key in ("memo", "outs"):
            continue
        if isinstance(value, np.ndarray):
            value = show_type(value) if value.size > 6 else value.tolist()
        text = _slices(value)
        shown.append(f"{key}={text}" if len(text) <= 40 else f"{key}={text[:37]}...")
    return ", ".join(shown)


def _slices(value: Any) -> str:
    if isinstance(value, slice):
        parts = ["" if p is None else str(p) for p in (value.start, value.stop)]
        return ":".join(parts) + ("" if value.step is None else f":{value.step}")
    if isinstance(value, tuple) and any(isinstance(v, slice) for v in value):
        return "[" + ", ".join(_slices(v) for v in value) + "]"
    if value is Ellipsis:
        return "..."
    if isinstance(value, np.dtype):
        return str(value)
    if isinstance(value, np.ndarray):
        return show_type(value)
    return repr(value)


def call_text(graph: Graph, node: Node) -> str:
    """``add(x, y, axis=0)``."""
    operands = [graph.operand(node, i) for i in range(len(node.inputs))]
    params = show_params(node)
    return f"{node.op.name}({', '.join([*operands, *([params] if params else [])])})"


def to_text(graph: Graph, source: bool = True, width: int = 100) -> str:
    """See :meth:`Graph.to_text`."""
    names = graph.names
    header = ", ".join(f"{names[node]}: {show_type(node.value)}" for node in graph.inputs)
    outs = ", ".join(show_type(node.value) for node in graph.outputs)
    title = f"{graph.name}({header}) -> {outs}"
    if len(title) > width:
        inner = "".join(f"\n    {names[node]}: {show_type(node.value)}," for node in graph.inputs)
        title = f"{graph.name}({inner}\n) -> {outs}"
    rows: list[tuple[str, str, str] | str] = []
    for _, slot, node in graph.state:
        what = "held by reference" if slot == "value" else "its gradient"
        rows.append((names[node], f"<{what}>", show_type(node.value)))
    last = None
    for node in graph.nodes:
        if node.op is INPUT:
            continue
        if node.op is CONSTANT:
            value = node.params["value"]
            text = f"constant({value})" if np.size(value) == 1 else "constant"
            rows.append((names[node], text, show_type(node.value)))
            continue
        location = node.location
        if source and location is not None and location != last and location.text:
            rows.append(f"# {location}  {location.text}")
        last = location
        rows.append((names[node], call_text(graph, node), show_type(node.value)))
    cells = [row for row in rows if isinstance(row, tuple)]
    left = max((len(row[0]) for row in cells), default=0)
    middle = min(max((len(row[1]) for row in cells), default=0), 60)
    lines = [title]
    for row in rows:
        if isinstance(row, str):
            lines.append(f"  {row}"[:width])
        else:
            lines.append(f"  {row[0]:<{left}} = {row[1]:<{middle}}  {row[2]}")
    for update in graph.updates:
        target = update.tensor.__dict__.get("name") or "tensor"
        value = "None" if update.node is None else names.get(update.node, "?")
        suffix = "" if update.slot == "value" else ".grad"
        lines.append(f"  write {target}{suffix} <- {value}")
    lines.append("  return " + ", ".join(names.get(node, "?") for node in graph.outputs))
    return "\n".join(lines)


def to_dict(graph: Graph) -> dict[str, Any]:
    """Plain data: see :meth:`Graph.to_dict`."""
    nodes = []
    for node in graph.nodes:
        location = node.location
        entry: dict[str, Any] = {
            "name": graph.names[node],
            "op": node.op.name,
            "inputs": [graph.operand(node, i) for i in range(len(node.inputs))],
            "params": show_params(node),
            "type": show_type(node.value),
            "location": None if location is None else [location.file, location.line],
        }
        if isinstance(node.value, np.ndarray) and node.value.size <= 64:
            entry["value"] = node.value.tolist()
        nodes.append(entry)
    return {
        "name": graph.name,
        "inputs": [graph.names[node] for node in graph.inputs],
        "outputs": [graph.names[node] for node in graph.outputs],
        "nodes": nodes,
    }


def figure(value: Any) -> str:
    """A value in a word: the number, or the norm of an array."""
    value = np.asarray(value)
    if value.size == 1:
        return f"{float(value.ravel()[0]):.4g}"
    if value.dtype.kind != "f":
        return ""
    return f"‖·‖ {float(np.linalg.norm(value)):.3g}"


def scalar_gradients(graph: Graph) -> Mapping[str, Any]:
    """Gradients by name where they need no cotangent: of one number, with values known."""
    if graph.abstract or not graph.outputs or not isinstance(graph.outputs[0].value, np.ndarray):
        return {}
    return graph.gradients() if graph.outputs[0].value.size == 1 else {}


def _label(graph: Graph, node: Node, gradient: Any) -> list[str]:
    name = graph.names[node]
    lines = [name if node.op is INPUT else node.op.name]
    if node.op is not INPUT and not name.startswith("%"):
        lines = [f"{name} = {node.op.name}"]
    lines.append(show_type(node.value))
    if isinstance(node.value, np.ndarray) and figure(node.value):
        lines.append(f"value {figure(node.value)}")
    if gradient is not None:
        lines.append(f"gradient {figure(gradient)}")
    return lines


def _edges(graph: Graph) -> list[tuple[Node, Node]]:
    known = set(graph.nodes)
    return [
        (parent, node)
        for node in graph.nodes
        for parent in node.inputs
        if parent in known and parent
    ]


def to_dot(graph: Graph, gradients: Mapping[str, Any] | None = None) -> str:
    """Graphviz source: see :meth:`Graph.to_dot`."""
    if gradients is None:
        gradients = scalar_gradients(graph)
    ids = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = [f'digraph "{graph.name}" {{', "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for node in graph.nodes:
        shape = "ellipse" if node.op is INPUT else "box"
        text = "\\n".join(
            part.replace('"', "'") for part in _label(graph, node, gradients.get(graph.names[node]))
        )
        lines.append(f'  {ids[node]} [shape={shape}, label="{text}"];')
    lines += [f"  {ids[a]} -> {ids[b]};" for a, b in _edges(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(graph: Graph, gradients: Mapping[str, Any] | None = None) -> str:
    """Mermaid source: see :meth:`Graph.to_mermaid`."""
    if gradients is None:
        gradients = scalar_gradients(graph)
    ids = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        text = "<br/>".join(
            part.replace('"', "'") for part in _label(graph, node, gradients.get(graph.names[node]))
        )
        opening, closing = ("([", "])") if node.op is INPUT else ("[", "]")
        lines.append(f'  {ids[node]}{opening}"{text}"{closing}')
    lines += [f"  {ids[a]} --> {ids[b]}" for a, b in _edges(graph)]
    return "\n".join(lines) + "\n"
