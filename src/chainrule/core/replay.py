"""Running a staged graph again on other arrays: the same NumPy calls, without Python's part in them.

An eager step of a small network spends more time on making tensors, recording nodes and walking
them backwards than on numbers. Staged once, the step is a list of forwards of ops; running that
list gives the same bits, since each forward is given the same operands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.graph import CONSTANT, Node
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.trace import Graph
from chainrule.core.tree import unflatten

__all__ = ["Replay"]


_NUMBERS = (bool, int, float)
_PLAIN = (*_NUMBERS, str, tuple, type(None), np.dtype)


class _Call(NamedTuple):
    """One op: where its operands and its result stand among the values."""

    forward: Callable[..., Any]
    operands: tuple[int, ...]
    result: int

    def run(self, values: list[Any]) -> None:
        """Compute the result."""
        out = self.forward(*[values[place] for place in self.operands])
        if out.__class__ is not np.ndarray and out.__class__ is not tuple:
            out = np.asarray(out)  # as the op itself does: NumPy's scalars follow other rules
        values[self.result] = out


class _Recorder:
    """Gives every value a place; what is computed twice, or from constants only, is done once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.place: dict[Node, int] = {}
        self.calls: list[_Call] = []
        self.fixed: set[int] = set()  # places of what is the same in every run
        self._numbers: dict[Any, int] = {}
        self._made: dict[Any, int] = {}

    def enter(self, value: Any = None) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def leaf(self, node: Node) -> int:
        place = self.place[node] = self.enter()
        return place

    def constant(self, value: Any) -> int:
        key = (type(value), repr(value)) if type(value) in _NUMBERS else (len(self.values),)
        if key not in self._numbers:
            self._numbers[key] = self.enter(value)
            self.fixed.add(self._numbers[key])
        return self._numbers[key]

    def record(self, node: Node) -> None:
        if node.op is CONSTANT:
            self.place[node] = self.constant(np.asarray(node.params["value"]))
            return
        operands = tuple(
            self.constant(value) if parent is None else self.place[parent]
            for parent, value in zip(node.inputs, node.values)
        )
        plain = all(isinstance(value, _PLAIN) for value in node.params.values())
        key = (node.op, operands, repr(node.params)) if plain else (node,)
        if key in self._made:
            self.place[node] = self._made[key]
            return
        forward = node.op.forward
        if node.params:
            forward = functools.partial(forward, **node.params)
        call = _Call(forward, operands, self.leaf(node))
        self._made[key] = call.result
        if self.fixed.issuperset(operands):
            call.run(self.values)
            self.fixed.add(call.result)
        else:
            self.calls.append(call)


class Replay:
    """A staged graph that can be run.

    Parameters
    ----------
    graph : Graph
        Staged with shapes only. Its state is read when it is run, and updated afterwards.

    Examples
    --------
    >>> from chainrule.core.trace import stage
    >>> graph = stage(lambda x: (x ** 2).sum(), (cr.Abstract((3,)),), {}, abstract=True)
    >>> Replay(graph)([np.array([1.0, 2.0, 3.0])])
    array(14.)
    """

    def __init__(self, graph: Graph) -> None:
        recorder = _Recorder()
        self._structure = graph.out_structure
        self._inputs = [recorder.leaf(node) for node in graph.inputs]
        self._state = [(recorder.leaf(node), tensor, slot) for tensor, slot, node in graph.state]
        for node in graph.nodes:
            if node not in recorder.place:
                recorder.record(node)
        place = recorder.place
        self._values, self._calls = recorder.values, recorder.calls
        self._outputs = [place[node] for node in graph.outputs]
        self._updates = [
            (update.tensor, update.slot, None if update.node is None else place[update.node])
            for update in graph.updates
        ]
        handed = [*self._outputs, *(new for _, _, new in self._updates if new is not None)]
        own = {call.result for call in self._calls}
        # what is handed out twice, or kept here or outside, is copied: results share no memory
        self._copied = [n for n in dict.fromkeys(handed) if handed.count(n) > 1 or n not in own]

    def __call__(self, arrays: Sequence[Any]) -> Any:
        """Run on arrays of the shapes and dtypes that were staged; return what the function does."""
        values = self._values.copy()
        for place, array in zip(self._inputs, arrays, strict=True):
            values[place] = array
        for place, tensor, slot in self._state:
            values[place] = tensor._value if slot == "value" else tensor._grad._value  # type: ignore[union-attr]
        for call in self._calls:
            call.run(values)
        for tensor, slot, new in self._updates:
            _write(tensor, slot, None if new is None else self._own(values, new))
        return unflatten(self._structure, [self._own(values, place) for place in self._outputs])

    def _own(self, values: list[Any], place: int) -> Any:
        return values[place].copy() if place in self._copied else values[place]


def _write(tensor: Tensor, slot: str, value: Any) -> None:
    if slot == "value":
        tensor.assign(wrap(value, None))
    else:
        tensor._grad = None if value is None else wrap(value, None)
