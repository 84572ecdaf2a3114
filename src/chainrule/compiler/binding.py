"""The tensors and modules that a compiled form is bound to, apart from what it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from chainrule.core.graph import INPUT, Node
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor
from chainrule.core.trace import Graph

__all__ = ["Binding", "Leaves", "bind"]


@dataclass(frozen=True)
class Binding:
    """What lies outside the function.

    Attributes
    ----------
    states : list of (Tensor, str)
        Read or written: its value or its gradient (``'value'`` or ``'grad'``).
    changed : list of int
        Which of them are written, in order.
    cleared : list of Tensor
        Those whose gradient is None afterwards.
    guards : list of (Tensor, bool)
        Those whose gradient the function asked for, and whether there was one.
    modes : list of (Module, bool)
        Modules that were called, and whether in training.
    """

    states: list[tuple[Tensor, str]]
    changed: list[int]
    cleared: list[Tensor]
    guards: list[tuple[Tensor, bool]]
    modes: list[tuple[Any, bool]]

    def holds(self) -> bool:
        """Tell whether the function would be staged to the same graph now.

        A gradient that was absent (present) when the function asked for it must be so again, and
        modules must be in the same mode (training or evaluation).
        """
        for tensor, there in self.guards:
            if (tensor._grad is not None) != there:
                return False
        for module, mode in self.modes:  # noqa: SIM110 - a loop takes half the time of all(…)
            if module.training is not mode:
                return False
        return True

    def renamed(self, rename: Callable[[Any], Any]) -> Binding:
        """Return the same with every tensor and module replaced."""
        return Binding(
            [(rename(t), slot) for t, slot in self.states],
            self.changed,
            [rename(t) for t in self.cleared],
            [(rename(t), there) for t, there in self.guards],
            [(rename(m), mode) for m, mode in self.modes],
        )


class Leaves(NamedTuple):
    """Nodes of the states, and the new value of those that change, by index."""

    states: list[Node]
    updates: list[tuple[int, Node]]


def bind(graph: Graph, keep_gradients: bool) -> tuple[Binding, Leaves]:
    """List the state of a staged graph: tensors read or written, with their nodes and updates."""
    states: list[tuple[Tensor, str]] = []
    nodes: list[Node] = []
    place: dict[tuple[int, str], int] = {}

    def enter(tensor: Tensor, slot: str, node: Node) -> int:
        place[id(tensor), slot] = len(states)
        states.append((tensor, slot))
        nodes.append(node)
        return len(states) - 1

    for tensor, slot, node in graph.state:
        enter(tensor, slot, node)
    updates: list[tuple[int, Node]] = []
    cleared: list[Tensor] = []
    for update in graph.updates:
        key = (id(update.tensor), update.slot)
        if update.node is None:
            cleared.append(update.tensor)
            continue
        if update.slot == "grad" and key not in place and not keep_gradients:
            cleared.append(update.tensor)
            continue
        index = place.get(key)
        if index is None:
            value = update.node.value
            leaf = Node(INPUT, (), (), {}, Abstract(tuple(value.shape), value.dtype))
            index = enter(update.tensor, update.slot, leaf)
        updates.append((index, update.node))
    guards = [(t, True) for t, slot, _ in graph.state if slot == "grad"]
    guards += [(t, False) for t in graph.absent]
    changed = sorted({i for i, _ in updates})
    return Binding(states, changed, cleared, guards, list(graph.modes)), Leaves(nodes, updates)
