"""Running code to record all of it: with values (tracing) or with shapes only (staging).

While a :class:`Stage` is active every op on tensors is recorded, differentiable or not.

* A tensor from outside the traced code is an **input held by reference**, never a constant: the
  graph lists it in ``state``.
* Writing to such a tensor (``p.assign``, ``p.data = …``, optimiser slots, ``p.grad``) does not
  touch it: the new value becomes an **update**, an output of the graph that whoever runs the graph
  applies afterwards.
* Tensors made inside (``cr.tensor``, ``cr.zeros``) and plain arrays are constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.graph import CONSTANT, INPUT, Node, leaf
from chainrule.core.op import IDS, STATE, Abstract, Hooks, Op, as_operand, infer, refuse
from chainrule.core.source import caller
from chainrule.core.tensor import Tensor, wrap

__all__ = ["Stage", "Update", "staging"]


class Update(NamedTuple):
    """A write to a tensor from outside: ``slot`` is ``'value'`` or ``'grad'``.

    ``node`` is ``None`` where the slot was cleared (``p.grad = None``).
    """

    tensor: Tensor
    slot: str
    node: Node | None


class Stage:
    """What is recorded while code runs.

    Parameters
    ----------
    abstract : bool
        Keep shapes and dtypes only; asking a tensor for its value is then an error.
    """

    def __init__(self, abstract: bool) -> None:
        self.abstract = abstract
        self.start = next(IDS)
        self.recorded: list[Node] = []
        self.absent: list[Tensor] = []  # whose gradient was asked for and was None
        self.modes: dict[int, tuple[Any, bool]] = {}  # modules called, and whether in training
        self._inputs: dict[tuple[int, str], tuple[Tensor, Tensor]] = {}
        self._written: dict[tuple[int, str], tuple[Tensor, Tensor | None]] = {}

    # ---- recording

    def record(self, op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Record one call of ``op``; the counterpart of ``op.record`` while staging."""
        values: list[Any] = []
        inputs: list[Node | None] = []
        for argument in args:
            if isinstance(argument, Tensor):
                held = self.resolve(argument)
                values.append(held._value)
                inputs.append(held._node)
            else:
                value = as_operand(argument)
                # the graph keeps what the array holds now, whatever its owner does later
                values.append(value.copy("K") if isinstance(value, np.ndarray) else value)
                inputs.append(None)
        try:
            if self.abstract:
                out = infer(op, values, params)
            else:
                out = op.forward(*values, **params)
        except (ValueError, TypeError, IndexError) as error:
            raise Hooks.explain(op, args, params, error) from error
        if not isinstance(out, Abstract | tuple | np.ndarray):
            out = np.asarray(out)
            out.setflags(write=False)  # Note [Scalars do not change], tensor.py
        tracked = STATE.grad_enabled and any(node is not None and node.tracked for node in inputs)
        if tracked and op.refuses:
            refuse(op, inputs)
        tracked = tracked and op.differentiable
        code, offset = caller()
        node = Node(op, tuple(inputs), tuple(values), params, out, code, offset, tracked)
        self.recorded.append(node)
        return wrap(out, node)

    def resolve(self, held: Tensor) -> Tensor:
        """The tensor that stands for ``held`` in the recorded graph."""
        key = (id(held), "value")
        if key in self._written:
            written = self._written[key][1]
            assert written is not None
            return written
        node = held._node
        if node is not None and node.id > self.start:
            if node.inputs or node.op is not INPUT or node.owner is None:
                return held
            # a leaf made to require gradients inside the traced code
            return (
                held if isinstance(held._value, Abstract) or not self.abstract else self._lift(held)
            )
        return self._lift(held)

    def _lift(self, held: Tensor) -> Tensor:
        key = (id(held), "value")
        if key not in self._inputs:
            value = held._value
            if not self.abstract and held._node is not None:
                node = held._node
            else:
                node = leaf(self._shown(value), tracked=held.requires_grad)
                node.owner = held._node.owner if held._node is not None else None
                node.label = held.__dict__.get("name")
            self._inputs[key] = (held, wrap(self._shown(value), node))
        return self._inputs[key][1]

    def _shown(self, value: Any) -> Any:
        if self.abstract and not isinstance(value, Abstract):
            return Abstract(value.shape, value.dtype)
        return value

    def constant(self, value: Any) -> Tensor:
        """A value fixed inside the traced code."""
        node = Node(CONSTANT, (), (), {"value": value}, self._shown(value), *caller(), False)
        made: Tensor = wrap(self._shown(value), node)
        return made

    def variable(self, value: Any) -> Tensor:
        """A fresh leaf inside the graph, through which gradients flow."""
        made: Tensor = wrap(self._shown(value), leaf(self._shown(value)))
        return made

    # ---- state

    def holds(self, tensor: Tensor) -> bool:
        """Whether the tensor came from outside (its writes are updates)."""
        return tensor._node is None or tensor._node.id <= self.start

    def write(self, tensor: Tensor, value: Tensor) -> None:
        """Note a new value of a tensor."""
        staged = self.resolve(value)
        if self.holds(tensor):
            if staged._node is not None and tensor.requires_grad and not staged._node.tracked:
                fresh = Hooks.wrap(staged._value, _tracked_alias(staged._node, tensor))
                staged = fresh
            self._written[id(tensor), "value"] = (tensor, staged)
        else:
            tensor._value, tensor._node = staged._value, staged._node

    def read_grad(self, tensor: Tensor) -> Tensor | None:
        """The gradient a tensor has at this point of the traced code."""
        key = (id(tensor), "grad")
        if key in self._written:
            return self._written[key][1]
        grad = tensor._grad
        if not self.holds(tensor):
            return grad
        if grad is None:
            self.absent.append(tensor)
            return None
        if key not in self._inputs:
            node = leaf(self._shown(grad._value), tracked=False)
            self._inputs[key] = (tensor, wrap(self._shown(grad._value), node))
        return self._inputs[key][1]

    def write_grad(self, tensor: Tensor, value: Tensor | None) -> None:
        """Note a new gradient of a tensor."""
        if self.holds(tensor):
            staged = None if value is None else self.resolve(value)
            self._written[id(tensor), "grad"] = (tensor, staged)
        else:
            tensor._grad = value

    @property
    def state(self) -> list[tuple[Tensor, str, Node]]:
        """Tensors from outside that were read: ``(tensor, 'value' or 'grad', input node)``."""
        return [
            (tensor, slot, staged._node)
            for (_, slot), (tensor, staged) in self._inputs.items()
            if staged._node is not None
        ]

    @property
    def updates(self) -> list[Update]:
        """Writes to tensors from outside, the last one of each slot."""
        return [
            Update(tensor, slot, None if staged is None else staged._node)
            for (_, slot), (tensor, staged) in self._written.items()
        ]


def _tracked_alias(node: Node, tensor: Tensor) -> Node:
    """After ``p.assign(v)`` the parameter is a leaf again, whose value is ``v``."""
    from chainrule.core.graph import ALIAS

    alias = Node(ALIAS, (node,), (node.value,), {}, node.value, node.code, node.offset, True)
    alias.owner = tensor._node.owner if tensor._node is not None else None
    return alias


@contextmanager
def staging(abstract: bool) -> Iterator[Stage]:
    """Record everything that runs inside."""
    outer = STATE.stage
    stage = STATE.stage = Stage(abstract)
    try:
        yield stage
    finally:
        STATE.stage = outer
