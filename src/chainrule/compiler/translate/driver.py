"""Walks a staged graph and builds the program; see the package's documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Node, ancestors
from chainrule.core.op import Abstract
from chainrule.core.staging import staging
from chainrule.core.tensor import Tensor

from ...errors import ChainruleError, CompileError
from ..program import Builder, Origin, Program, Value
from .expression import Maths
from .movement import MOVEMENT, movement_rule
from .rules import RULES, Call

__all__ = ["Translation", "translate"]


class Translation:
    """Values of a program by the nodes they stand for."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.maths = Maths(self.builder)
        self.values: dict[Node, Any] = {}

    def constant(self, value: Any, dtype: Any = None) -> Value:
        """Return a constant operand."""
        return self.builder.const(np.asarray(value, dtype))

    def walk(self, roots: Sequence[Node]) -> None:
        """Translate everything the roots depend on that is not known yet."""
        for node in ancestors(roots, tracked=False):
            if node not in self.values:
                self.values[node] = self._node(node)

    def _node(self, node: Node) -> Any:
        name = node.op.name
        self.builder.origin = Origin(name, str(node.location) if node.location else None)
        if name == "constant":
            return self.constant(node.params["value"], node.value.dtype)
        if name == "input":
            raise CompileError(
                f"a tensor of shape {node.shape} made outside the compiled function reached it "
                "without being read there; pass it as an argument"
            )
        if name == "select":
            parent = node.inputs[0]
            assert parent is not None
            return self.values[parent][node.params["index"]]
        args = [
            self.constant(v) if n is None else self.values[n]
            for n, v in zip(node.inputs, node.values, strict=True)
        ]
        first = node.value[0] if isinstance(node.value, tuple) else node.value
        call = Call(
            self.builder,
            self.maths,
            name,
            args,
            node.values,
            node.params,
            tuple(first.shape),
            np.dtype(first.dtype),
        )
        return self._apply(node, call)

    def _apply(self, node: Node, call: Call) -> Any:
        rule = RULES.get(call.op)
        if rule is None and call.op in MOVEMENT:
            rule = movement_rule(node.op)
        try:
            if rule is not None:
                made = rule(call)
            elif node.op.parts is not None:
                made = self._open(node, call)
            else:
                raise TypeError("there is no rule for it")
        except ChainruleError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise CompileError(
                f"{self.builder.origin}: this op cannot be compiled ({error}). Call the function "
                "without cr.compile, or move the op out of it."
            ) from error
        if isinstance(made, Value) and (made.shape, made.dtype) != (call.shape, call.dtype):
            raise CompileError(
                f"{self.builder.origin}: translated to {made.dtype}{list(made.shape)} instead of "
                f"{call.dtype}{list(call.shape)}: a defect of the compiler"
            )
        return made

    def _open(self, node: Node, call: Call) -> Any:
        """Translate the parts of a gate in its place."""
        assert node.op.parts is not None
        with staging(abstract=True) as stage:
            held = [stage.variable(Abstract(tuple(a.shape), np.dtype(a.dtype))) for a in call.args]
            for tensor, value in zip(held, call.args, strict=True):
                assert tensor._node is not None
                self.values[tensor._node] = value
            out = node.op.parts(*held, **call.params)
        outputs = out if isinstance(out, tuple) else (out,)
        nodes = [o._node for o in outputs if isinstance(o, Tensor)]
        self.walk([n for n in nodes if n is not None])
        made = tuple(self.values[n] for n in nodes if n is not None)
        return made if isinstance(out, tuple) else self.builder.cast(made[0], call.dtype)


def translate(
    inputs: Sequence[Node],
    states: Sequence[Node],
    outputs: Sequence[Node],
    updates: Sequence[tuple[int, Node]],
) -> Program:
    """Return the program of a staged graph.

    Parameters
    ----------
    inputs, states : sequence of Node
        Leaves: the arguments, and tensors held by reference.
    outputs : sequence of Node
        What is returned.
    updates : sequence of (int, Node)
        New value of a state, by its place in ``states``.

    Raises
    ------
    CompileError
        For an op that cannot be compiled, naming it and the user's line.
    """
    t = Translation()
    b = t.builder
    leaves: dict[str, list[Value]] = {"input": [], "state": []}
    for kind, nodes in (("input", inputs), ("state", states)):
        for index, node in enumerate(nodes):
            value = b.make(kind, (), tuple(node.value.shape), node.value.dtype, index)
            leaves[kind].append(value)
            t.values[node] = value
    t.walk([*outputs, *(n for _, n in updates)])
    taken: set[int] = set()

    def result(node: Node) -> Value:
        """Return a value that can be stored: results are computed, each by itself."""
        v: Value = t.values[node]
        if v.kind in ("view", "reshape", "iota", "const", "input", "state") or v.id in taken:
            v = Value("map", (v,), v.shape, v.dtype, "copy", v.origin)
        taken.add(v.id)
        return v

    changed = [(i, result(n)) for i, n in updates]
    results = [result(n) for n in outputs]
    return Program(leaves["input"], leaves["state"], results, changed, b.checks)
