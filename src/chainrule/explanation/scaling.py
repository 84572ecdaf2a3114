"""What scaling an input does to every gradient (SPEC B5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr
from chainrule.core.graph import CONSTANT, INPUT, SELECT, Node
from chainrule.errors import ArgumentError
from chainrule.explanation.figures import compact

if TYPE_CHECKING:
    from chainrule.explanation.explain import Explanation

__all__ = ["scaling_text"]


def scaling_text(explanation: Explanation, name: str, times: float) -> str:
    """See :meth:`Explanation.scaling`."""
    if name not in explanation.given:
        raise ArgumentError(
            f"{name!r} is no input of {explanation.title}; those are "
            f"{', '.join(explanation.given) or 'none'}"
        )
    after = _gradients(explanation, name, times)
    lines = [f"{name} multiplied by {times:g}:"]
    width = max(map(len, after))
    for other, gradient in after.items():
        before = explanation.gradients[other]
        ratio = _norm(gradient) / _norm(before) if _norm(before) else np.nan
        lines.append(
            f"  gradient of {other:<{width}}  {compact(before)} -> {compact(gradient)}"
            f"  ({ratio:.4g} times)"
        )
    return "\n".join(lines)


def _norm(value: Any) -> float:
    return float(np.linalg.norm(np.asarray(value)))


def _gradients(explanation: Explanation, name: str, times: float) -> dict[str, Any]:
    """Gradients of all inputs that had one, with one input multiplied."""
    graph = explanation.graph
    leaves = [node for node in graph.nodes if node.op is INPUT or node.op is CONSTANT]
    names = [graph.names[node] for node in leaves]
    values = [
        np.asarray(node.value) * (times if n == name else 1) for node, n in zip(leaves, names)
    ]
    moving = [i for i, n in enumerate(names) if n in explanation.gradients]

    def replay(*variables: Any) -> Any:
        known: dict[Node, Any] = dict(zip(leaves, values))
        known.update((leaves[i], variable) for i, variable in zip(moving, variables))
        for node in graph.nodes:
            if node in known:
                continue
            operands = [
                value if parent is None else known.get(parent, value)
                for parent, value in zip(node.inputs, node.values)
            ]
            if node.op is SELECT:
                known[node] = operands[0][node.params["index"]]
            else:
                known[node] = node.op(*operands, **node.params)
        return known[graph.outputs[0]]

    _, pull = cr.vjp(replay, *[values[i] for i in moving])
    return {names[i]: np.asarray(g) for i, g in zip(moving, pull(explanation.seed))}
