"""Gates made of gates: grouping a function into one, and opening one into its parts (SPEC B2).

``cr.gate`` makes any function one node of the graph, with the derivative of the whole;
``graph.open(...)`` shows what is inside such a node, or inside a library op that has parts
(a sigmoid, a softmax, a convolution).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any

from chainrule.core.graph import CONSTANT, INPUT, SELECT, Node
from chainrule.core.modes import enable_grad
from chainrule.core.op import Op
from chainrule.core.staging import staging
from chainrule.core.tensor import wrap
from chainrule.core.trace import Graph
from chainrule.core.transforms import vjp
from chainrule.errors import ArgumentError

__all__ = ["gate", "open_gates"]


def gate(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as one gate: one node in the graph, which can be opened again.

    The function takes arrays and returns one array; keyword arguments are parameters. Its
    derivative is that of what it does, found by the library.

    Examples
    --------
    >>> @cr.gate
    ... def sigmoid(x):
    ...     return 1 / (1 + np.exp(-x))
    >>> graph = cr.trace(lambda x: sigmoid(2 * x), 0.0)
    >>> print(graph.to_text(source=False))
    <lambda>(x: float64[]) -> float64[]
      %1 = multiply(2, x)  float64[]
      %2 = sigmoid(%1)     float64[]
      return %2
    >>> print(graph.open("%2").to_text(source=False))
    <lambda>(x: float64[]) -> float64[]
      %1 = multiply(2, x)  float64[]
      %2 = negative(%1)    float64[]
      %3 = exp(%2)         float64[]
      %4 = add(1, %3)      float64[]
      %5 = divide(1, %4)   float64[]
      return %5
    """

    def forward(*values: Any, **params: Any) -> Any:
        return function(*values, **params)

    def rule(index: int, g: Any, out: Any, *inputs: Any, **params: Any) -> Any:
        def of_one(x: Any) -> Any:
            return function(*inputs[:index], x, *inputs[index + 1 :], **params)

        return vjp(of_one, inputs[index])[1](g)[0]

    name = getattr(function, "__name__", "gate")
    op = Op(name, forward, variadic=rule, parts=function, doc=(function.__doc__ or "").strip())

    def wrapped(*args: Any, **params: Any) -> Any:
        return op(*args, **params)

    update_wrapper(wrapped, function)
    return wrapped


def open_gates(graph: Graph, names: Iterable[str]) -> Graph:
    """``graph`` with some gates replaced by their parts; see :meth:`Graph.open`."""
    names = list(names)
    for name in names:
        if name not in graph:
            raise ArgumentError(f"no gate is called {name!r}; there are: {', '.join(graph):.400}")
        gate_op = graph[name].node.op
        if gate_op.parts is None:
            raise ArgumentError(
                f"{name} = {gate_op.name}(...) cannot be opened: it is not made of smaller gates"
            )
    chosen = {graph[name].node for name in names} if names else set(graph.nodes)
    return _replay(graph, {node for node in chosen if node.op.parts is not None})


def _replay(graph: Graph, opened: set[Node]) -> Graph:
    with staging(graph.abstract) as stage, enable_grad():
        known: dict[Node, Any] = {}
        for node in graph.nodes:
            before = len(stage.recorded)
            known[node] = _again(graph, node, known, node in opened)
            for made in stage.recorded[before:]:
                made.code, made.offset = node.code, node.offset
        inputs = [known[node]._node for node in graph.inputs]
        outputs = [known[node]._node for node in graph.outputs]
        return Graph(graph.name, stage, inputs, outputs, graph.in_structure, graph.out_structure)


def _again(graph: Graph, node: Node, known: dict[Node, Any], opened: bool) -> Any:
    if node.op is INPUT or node.op is CONSTANT:
        copy = Node(node.op, (), (), node.params, node.value, tracked=node.tracked)
        copy.label = graph.names[node] if node.op is INPUT else None
        return wrap(node.value, copy)
    if node.op is SELECT:
        parent = node.inputs[0]
        assert parent is not None
        return known[parent][node.params["index"]]
    args = [
        value if parent is None else known.get(parent, value)
        for parent, value in zip(node.inputs, node.values)
    ]
    if not opened:
        return node.op(*args, **node.params)
    assert node.op.parts is not None
    return node.op.parts(*args, **node.params)
