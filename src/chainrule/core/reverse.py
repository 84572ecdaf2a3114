"""The two walks over a graph that differentiate it: backwards (cotangents), forwards (tangents).

Both are loops over nodes sorted by id, so deep graphs need no recursion. Both run either on plain
arrays (nothing recorded, the first-order case) or on Tensors (``create_graph``: the result can be
differentiated again, or is being staged).

Note [Cotangents are never mutated]: one array may be the cotangent of several nodes (``add``
passes the same ``g`` to both operands), so accumulation at forks makes a new array: ``a + b``,
never ``a += b``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import SELECT, Node
from chainrule.core.lib import lib
from chainrule.core.op import IDS, Hooks

__all__ = ["pullback", "pushforward"]


def pullback(
    nodes: Sequence[Node],
    seeds: dict[Node, Any],
    targets: Iterable[Node] | None,
    create_graph: bool = False,
    keep_all: bool = False,
    linked: bool = True,
    through: bool = True,
) -> dict[Node, Any]:
    """Cotangents of ``targets`` given those of the roots.

    Parameters
    ----------
    nodes : sequence of Node
        All nodes on the way, sorted by id (see ``graph.ancestors``).
    seeds : dict
        Cotangent of each root: an array, or a Tensor with ``create_graph``.
    targets : iterable of Node, or None
        Nodes whose cotangents are wanted; paths that do not lead to one are not walked.
        ``None``: every leaf and every node somebody owns (a retained tensor).
    create_graph : bool
        Run the rules on Tensors, so that the result is a graph again.
    keep_all : bool
        Return the cotangent of every node that has one.
    linked : bool
        With ``create_graph``: whether the result depends differentiably on the nodes' values too,
        or only on the seeds (for which the values are constants).
    through : bool
        Whether the walk goes on behind a target, to targets from which it was computed.
    """
    wanted: set[Node] | None = None if targets is None else set(targets)
    needed = None if wanted is None else _reaching(nodes, wanted)
    cotangents: dict[Node, Any] = dict(seeds)
    found: dict[Node, Any] = {}
    for node in reversed(nodes):
        g = cotangents.pop(node, None)
        if g is None:
            continue
        if g.__class__ is dict:
            g = _complete(g, node, create_graph)
        if wanted is None:
            if node.owner is not None:
                found[node] = g
        elif node in wanted:
            found[node] = g
            if not through:
                continue
        if keep_all:
            found[node] = g
        op = node.op
        out = node.value
        values = node.values
        if op is SELECT:
            parent = node.inputs[0]
            assert parent is not None
            if needed is None or parent in needed:
                parts = cotangents.setdefault(parent, {})
                index = node.params["index"]
                parts[index] = parts[index] + g if index in parts else g
            continue
        if create_graph and linked:
            out = _wrapped(out, node)
            values = tuple(
                value if parent is None else Hooks.wrap(value, parent)
                for value, parent in zip(values, node.inputs)
            )
        rules = op.rules
        variadic = op.variadic
        params = node.params
        for index, parent in enumerate(node.inputs):
            if (
                parent is None
                or not parent.tracked
                or (needed is not None and parent not in needed)
            ):
                continue
            if variadic is not None:
                part = variadic(index, g, out, *values, **params)
            else:
                rule = rules[index] if index < len(rules) else None
                if rule is None:
                    continue
                part = rule(g, out, *values, **params)
            if part is None:
                continue
            operand = node.values[index]
            if part.shape != operand.shape:
                part = _sum_to(part, operand.shape, op.name, op.elementwise)
            if part.dtype != operand.dtype:
                part = lib.astype(part, operand.dtype)
            previous = cotangents.get(parent)
            cotangents[parent] = part if previous is None else previous + part
    return found


def _wrapped(value: Any, node: Node) -> Any:
    if isinstance(value, tuple):
        return tuple(
            Hooks.wrap(part, Node(SELECT, (node,), (value,), {"index": index}, part))
            for index, part in enumerate(value)
        )
    return Hooks.wrap(value, node)


def _sum_to(part: Any, shape: tuple[int, ...], name: str, elementwise: bool) -> Any:
    """Undo broadcasting: the only place where that is done."""
    if not elementwise:
        raise AssertionError(
            f"the derivative rule of {name!r} returned shape {part.shape} for an input of shape {shape}"
        )
    return lib.sum_to(part, shape) if part.size or not shape else lib.zeros_as(part, shape)


def _complete(parts: dict[int, Any], node: Node, create_graph: bool) -> tuple[Any, ...]:
    """The cotangents of an op with several outputs, zeros where nothing flowed."""
    return tuple(
        parts[index] if index in parts else zeros(value, create_graph)
        for index, value in enumerate(node.value)
    )


def zeros(value: Any, as_tensor: bool) -> Any:
    """Zeros of the shape and dtype of ``value``; floating where it is an integer."""
    dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
    array = np.zeros(value.shape, dtype)
    return lib.constant(array) if as_tensor else array


def _reaching(nodes: Sequence[Node], targets: set[Node]) -> set[Node]:
    """The nodes from which a target can be reached going backwards (targets included)."""
    reaching: set[Node] = set()
    for node in nodes:
        if node in targets:
            reaching.add(node)
            continue
        for parent in node.inputs:
            if parent in reaching:
                reaching.add(node)
                break
    return reaching


def pushforward(
    nodes: Sequence[Node],
    tangents: dict[Node, Any],
    create_graph: bool = False,
    linked: bool = True,
) -> dict[Node, Any]:
    """Tangents of every node that depends on one with a tangent.

    Parameters
    ----------
    nodes : sequence of Node
        All nodes on the way, sorted by id.
    tangents : dict
        Tangents of the leaves: arrays, or Tensors with ``create_graph``.
    create_graph, linked : bool
        As in :func:`pullback`.
    """
    known: dict[Node, Any] = dict(tangents)
    for node in nodes:
        if node in known:
            continue
        moving = [
            i for i, parent in enumerate(node.inputs) if parent is not None and parent in known
        ]
        if not moving or not node.op.differentiable:
            continue
        if node.op is SELECT:
            known[node] = known[node.inputs[0]][node.params["index"]]  # type: ignore[index]
            continue
        tangent = _node_tangent(node, moving, known, create_graph, linked)
        if tangent is not None:
            known[node] = tangent
    return known


def _node_tangent(
    node: Node, moving: list[int], known: dict[Node, Any], create_graph: bool, linked: bool
) -> Any:
    op, params = node.op, node.params
    values: Sequence[Any] = node.values
    out = node.value
    if create_graph and linked:
        values = [
            value if parent is None else Hooks.wrap(value, parent)
            for value, parent in zip(values, node.inputs)
        ]
        if not isinstance(out, tuple):
            out = Hooks.wrap(out, node)
    total = None
    if op.elementwise or op.linear:
        for index in moving:
            rule = op.rule(index)
            if rule is None:
                continue
            tangent = known[node.inputs[index]]  # type: ignore[index]
            if op.elementwise:
                part = rule(tangent, out, *values, **params)
                if part.shape != out.shape:
                    part = lib.broadcast_to(part, out.shape)
            else:
                part = op(*values[:index], tangent, *values[index + 1 :], **params)
            total = part if total is None else total + part
        if total is not None and total.dtype != out.dtype:
            total = lib.astype(total, out.dtype)
        return total
    return _transposed(node, moving, known, create_graph, linked)


def _transposed(
    node: Node, moving: list[int], known: dict[Node, Any], create_graph: bool, linked: bool
) -> Any:
    """Forward derivative from the backward rule.

    The rule is linear in ``g``: ``g ↦ Jᵀg``. The cotangent of ``g`` in ``⟨Jᵀg, t⟩`` is ``J t``.
    """
    from chainrule.core.backward import grad_of
    from chainrule.core.modes import enable_grad

    linked = linked and create_graph
    outs = node.value if isinstance(node.value, tuple) else (node.value,)
    since = next(IDS)
    with enable_grad():
        gs = [lib.variable(zeros(part, False)) for part in outs]
        g = tuple(gs) if isinstance(node.value, tuple) else gs[0]
        values = [
            value if parent is None or not linked else Hooks.wrap(value, parent)
            for value, parent in zip(node.values, node.inputs)
        ]
        out = _wrapped(node.value, node) if linked else node.value
        pairing: Any = None
        for index in moving:
            rule = node.op.rule(index)
            if rule is None:
                continue
            part = rule(g, out, *values, **node.params)
            if part is None:
                continue
            tangent = known[node.inputs[index]]  # type: ignore[index]
            term = lib.sum(part * tangent)
            pairing = term if pairing is None else pairing + term
    if pairing is None:
        return None
    result = grad_of(pairing, gs, since=since, create_graph=create_graph)
    return tuple(result) if isinstance(node.value, tuple) else result[0]
