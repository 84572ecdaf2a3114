"""Nodes: what was recorded, by which op, from what, and where.

A node never changes after it is made. Tensors are handles on nodes: writing to a tensor in place
gives the handle another node and leaves the recorded graph as it was (Note [Nothing recorded
changes], docs/decisions/0003). Nodes point at their inputs only, so a graph without a handle is
freed at once, without the cycle collector.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from types import CodeType
from typing import Any

from chainrule.core.op import IDS, Hooks, Op
from chainrule.core.source import Location, assigned_names, locate

__all__ = ["ALIAS", "CONSTANT", "INPUT", "SELECT", "Node", "ancestors"]


class Node:
    """One application of an op.

    Attributes
    ----------
    op : Op
    inputs : tuple of (Node or None)
        The nodes that made the operands; ``None`` for a constant operand.
    values : tuple
        The operands as the forward saw them: arrays, Python numbers, or Abstracts when staged.
    params : dict
        Keyword parameters of the op.
    value : ndarray, Abstract, or a tuple of these
    id : int
        Serial number; larger than that of every input.
    tracked : bool
        Whether a gradient can flow through this node.
    owner : weak reference to a Tensor, or None
        For leaves and retained tensors: where the backward pass leaves the gradient.
    label : str or None
        A name given on purpose; see :attr:`name` for the name found in the source.
    """

    __slots__ = (
        "__weakref__",
        "code",
        "id",
        "inputs",
        "label",
        "offset",
        "op",
        "owner",
        "params",
        "tracked",
        "value",
        "values",
    )

    def __init__(
        self,
        op: Op,
        inputs: tuple[Node | None, ...],
        values: tuple[Any, ...],
        params: dict[str, Any],
        value: Any,
        code: CodeType | None = None,
        offset: int = 0,
        tracked: bool = True,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.values = values
        self.params = params
        self.value = value
        self.code = code
        self.offset = offset
        self.tracked = tracked
        self.owner: weakref.ref[Any] | None = None
        self.label: str | None = None
        self.id = next(IDS)

    @property
    def location(self) -> Location | None:
        """The user's source line that made this node."""
        return locate(self.code, self.offset)

    @property
    def name(self) -> str | None:
        """The name given on purpose, else the one the result was assigned to in the source."""
        if self.label is not None:
            return self.label
        names = assigned_names(self.code, self.offset)
        if len(names) == 1:
            return names[0]
        if self.op is SELECT and self.params["index"] < len(names):
            return names[self.params["index"]]
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> Any:
        """Dtype of the output."""
        return self.value.dtype

    def __repr__(self) -> str:
        value = self.value
        if isinstance(value, tuple):
            shape = ", ".join(f"{part.dtype}{list(part.shape)}" for part in value)
        else:
            shape = f"{value.dtype}{list(value.shape)}"
        return f"<node {self.id} {self.op.name} {shape}>"


def _leaf_forward(*_: Any, **__: Any) -> Any:
    raise AssertionError("a leaf is not computed")


def _identity(value: Any) -> Any:
    return value


def _pass(g: Any, out: Any, x: Any) -> Any:
    return g


def _select(values: tuple[Any, ...], *, index: int) -> Any:
    return values[index]


INPUT = Op("input", _leaf_forward, doc="a value from outside")
CONSTANT = Op("constant", _leaf_forward, doc="a value fixed when the graph was made")
ALIAS = Op(
    "alias", _identity, (_pass,), linear=True, doc="x; the same value under another identity"
)
SELECT = Op("select", _select, (_pass,), linear=True, doc="one output of an op that has several")


def leaf(value: Any, op: Op = INPUT, tracked: bool = True) -> Node:
    """A node with no inputs."""
    return Node(op, (), (), {}, value, tracked=tracked)


def ancestors(roots: Iterable[Node | None], since: int = 0, tracked: bool = True) -> list[Node]:
    """Every node from which a root was computed, roots included, in order of their ids.

    Only nodes made after ``since`` are visited; with ``tracked``, only those through which a
    gradient flows.
    """
    seen: set[Node] = set()
    stack: list[Node] = [root for root in roots if root is not None]
    while stack:
        node = stack.pop()
        if node in seen or node.id <= since or (tracked and not node.tracked):
            continue
        seen.add(node)
        for parent in node.inputs:
            if parent is not None and parent not in seen:
                stack.append(parent)
    return sorted(seen, key=_id)


def _id(node: Node) -> int:
    return node.id


Hooks.node = Node
