"""A graph as a list of steps: each gate forwards, then each gate backwards.

Forwards a gate computes its value from its operands. Backwards it receives the gradient of the
output in its own value and sends each operand a share: that gradient times the gate's local
gradient. Shares of an operand that is used several times add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.graph import CONSTANT, INPUT, SELECT, Node
from chainrule.core.printing import call_text
from chainrule.explanation.patterns import GateCall, backward_words, fork_words

__all__ = ["Share", "Step", "steps_of"]

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "**",
    "matmul": "@",
}

WRITTEN = 64
"""Local gradients of more numbers are left to ``graph[name].local_gradients()``."""


@dataclass(frozen=True, eq=False)
class Share:
    """What a gate sends back to one operand.

    Attributes
    ----------
    name : str
        The operand.
    value : ndarray
        The gradient that arrives at the gate, times the local gradient.
    terms : tuple of ndarray
        All shares of the operand so far, this one the last.
    total : ndarray
        Their sum.
    count : int
        How many shares the operand gets in the end.
    """

    name: str
    value: Any
    terms: tuple[Any, ...]
    total: Any
    count: int

    @property
    def nth(self) -> int:
        """Which of the operand's shares this is, from 1."""
        return len(self.terms)


@dataclass(frozen=True, eq=False)
class Step:
    """One gate at work.

    Attributes
    ----------
    number : int
        From 1.
    direction : {'forward', 'backward'}
    name : str
        The gate's name: the one its result has in the source, else ``%1`` …
    op : str
    formula : str
        ``x + y``, ``sigmoid(z)``.
    operands : dict of str to ndarray
        Values of the operands that have a name.
    value : ndarray
        The gate's output.
    gradient : ndarray or None
        Backwards: the gradient of the explained output in ``value``.
    shares : tuple of Share
        Backwards: what each operand is sent.
    local : dict of str to ndarray
        Backwards: the gate's local gradient in each operand that gets a share, where it is at most
        :data:`WRITTEN` numbers: partial derivatives, or the Jacobian of a gate that is not
        elementwise.
    words : tuple of str
        Backwards: what happened, as sentences with the numbers in them.
    location : Location or None
        Line of the source.
    """

    number: int
    direction: str
    name: str
    op: str
    formula: str
    operands: dict[str, Any]
    value: Any
    gradient: Any = None
    shares: tuple[Share, ...] = ()
    local: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    location: Any = None

    def __str__(self) -> str:
        from chainrule.explanation.text import step_text

        return "\n".join(step_text(self))


def formula_of(graph: cr.Graph, node: Node) -> str:
    """A gate as it would be written: ``x + y``, ``sum(x, axis=(0,))``."""
    sign = _INFIX.get(node.op.name)
    if sign is None or len(node.inputs) != 2:
        return call_text(graph, node)
    left, right = (_bracketed(graph.operand(node, i)) for i in (0, 1))
    return f"{left} {sign} {right}"


def _bracketed(operand: str) -> str:
    return f"({operand})" if operand.startswith("-") else operand


def steps_of(graph: cr.Graph, gradients: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a graph with values, forwards and then backwards.

    Parameters
    ----------
    graph : Graph
    gradients : mapping of str to ndarray
        ``graph.gradients(…)``.
    """
    gates = [node for node in graph.nodes if node.op is not INPUT and node.op is not CONSTANT]
    steps = [_forward(graph, node, number) for number, node in enumerate(gates, 1)]
    backwards = [node for node in reversed(gates) if graph.names[node] in gradients]
    uses: Counter[str] = Counter()
    for node in backwards:
        uses.update(name for _, name in _receivers(graph, node, gradients))
    totals: dict[str, Any] = {}
    terms: dict[str, tuple[Any, ...]] = {}
    for node in backwards:
        gradient = gradients[graph.names[node]]
        shares = []
        for index, name in _receivers(graph, node, gradients):
            part = _share(node, index, gradient)
            totals[name] = totals[name] + part if name in totals else part
            terms[name] = (*terms.get(name, ()), part)
            shares.append(Share(name, part, terms[name], totals[name], uses[name]))
        places = [index for index, _ in _receivers(graph, node, gradients)]
        call = _gate_call(graph, node, gradient, dict(zip(places, shares)))
        steps.append(
            Step(
                len(steps) + 1,
                "backward",
                graph.names[node],
                node.op.name,
                formula_of(graph, node),
                _operands(graph, node),
                node.value,
                gradient,
                tuple(shares),
                _local(graph, node, shares),
                (*backward_words(call), *fork_words(shares)),
                node.location,
            )
        )
    return tuple(steps)


def _forward(graph: cr.Graph, node: Node, number: int) -> Step:
    return Step(
        number,
        "forward",
        graph.names[node],
        node.op.name,
        formula_of(graph, node),
        _operands(graph, node),
        node.value,
        location=node.location,
    )


def _operands(graph: cr.Graph, node: Node) -> dict[str, Any]:
    return {
        graph.names[parent]: value
        for parent, value in zip(node.inputs, node.values)
        if parent is not None and parent in graph.names
    }


def _receivers(graph: cr.Graph, node: Node, gradients: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Operands to which a gradient is sent: place and name."""
    return [
        (index, graph.names[parent])
        for index, parent in enumerate(node.inputs)
        if parent is not None
        and parent.tracked
        and graph.names.get(parent) in gradients
        and (node.op is SELECT or node.op.rule(index) is not None)
    ]


def _share(node: Node, index: int, gradient: Any) -> Any:
    """The share of operand ``index``: the gate's own pullback, broadcasting undone."""
    if node.op is SELECT:
        place = node.params["index"]
        parts = [np.zeros(np.shape(part)) for part in node.values[0]]
        parts[place] = np.asarray(gradient)
        return _Parts(parts)
    values = node.values

    def of_one(x: Any) -> Any:
        return node.op(*values[:index], x, *values[index + 1 :], **node.params)

    part = cr.vjp(of_one, values[index])[1](gradient)[0]
    return np.asarray(part)


def _local(graph: cr.Graph, node: Node, shares: list[Share]) -> dict[str, Any]:
    if node.op is SELECT or isinstance(node.value, tuple):
        return {}
    wide = np.size(node.value)
    sizes = [wide if node.op.elementwise else wide * np.size(share.value) for share in shares]
    if not sizes or max(sizes) > WRITTEN:
        return {}
    found = graph[graph.names[node]].local_gradients()
    return {share.name: found[share.name] for share in shares if share.name in found}


class _Parts(tuple):  # type: ignore[type-arg]
    """Gradients of the outputs of one gate; they add up place by place."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return _Parts(a + b for a, b in zip(self, other))


def _gate_call(graph: cr.Graph, node: Node, gradient: Any, shares: Mapping[int, Share]) -> GateCall:
    return GateCall(
        node.op.name,
        tuple(graph.operand(node, index) for index in range(len(node.inputs))),
        node.values,
        node.value,
        gradient,
        {index: share.value for index, share in shares.items()},
        node.params,
        node.op.elementwise,
        node.op.doc,
    )
