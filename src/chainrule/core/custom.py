"""Derivatives by hand, and recomputation: ``custom_vjp`` and ``checkpoint``.

Both put one *boundary* node around a function: its inputs are the function's arguments, and its
rule asks a Python function for their cotangents. Under higher order and staging the rule runs on
Tensors, so what it computes is part of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from chainrule.core import tree
from chainrule.core.graph import Node, ancestors
from chainrule.core.lib import lib
from chainrule.core.modes import enable_grad, no_grad
from chainrule.core.op import IDS, STATE, Op
from chainrule.core.reverse import pullback, zeros
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, GradientError

__all__ = ["checkpoint", "custom_vjp"]


def _boundary_forward(*values: Any, outs: int, **_: Any) -> Any:
    results = values[len(values) - outs :]
    return results[0] if outs == 1 else tuple(results)


def _boundary_rule(
    index: int, g: Any, out: Any, *values: Any, outs: int, pull: Any, memo: list[Any]
) -> Any:
    if index >= len(values) - outs:
        return None
    if not memo or memo[0] is not g:
        cotangents = g if isinstance(g, tuple) else (g,)
        memo[:] = [g, pull(cotangents, values[: len(values) - outs])]
    return memo[1][index]


BOUNDARY = Op(
    "boundary",
    _boundary_forward,
    variadic=_boundary_rule,
    doc="a function whose derivative is computed by another function",
)


def _enclose(inputs: Sequence[Any], result: Any, pull: Callable[..., Any]) -> Any:
    """``result`` behind a boundary node whose derivative in ``inputs`` is ``pull``.

    ``pull(cotangents, values)`` gives one cotangent (or ``None``) for each of ``inputs``; it gets
    plain arrays in the first-order sweep and Tensors otherwise.
    """
    flat, structure = tree.flatten(result)
    places = [i for i, value in enumerate(flat) if isinstance(value, Tensor | np.ndarray)]
    outs = [_detached(flat[i]) for i in places]
    if not outs or not any(isinstance(value, Tensor) for value in inputs):
        return result
    made = BOUNDARY(*inputs, *outs, outs=len(outs), pull=pull, memo=[])
    for place, value in zip(places, made if isinstance(made, tuple) else (made,)):
        flat[place] = value
    return tree.unflatten(structure, flat)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


def _checked(cotangents: Any, primals: Sequence[Any], name: str) -> list[Any]:
    if isinstance(cotangents, list):
        cotangents = tuple(cotangents)
    if not isinstance(cotangents, tuple):
        cotangents = (cotangents,)
    if len(cotangents) != len(primals):
        raise GradientError(
            f"the backward function of {name} must return one cotangent for each of its "
            f"{len(primals)} arguments (None where there is none), it returned {len(cotangents)}"
        )
    checked: list[Any] = []
    for position, (cotangent, primal) in enumerate(zip(cotangents, primals)):
        leaves, structure = tree.flatten(primal)
        if cotangent is None:
            checked.extend([None] * len(leaves))
            continue
        for g, x in zip(tree.flatten_up_to(structure, cotangent, "cotangent"), leaves):
            if isinstance(g, int | float):
                g = np.asarray(float(g))
            if isinstance(x, Tensor | np.ndarray) and tuple(g.shape) != tuple(x.shape):
                raise GradientError(
                    f"the backward function of {name} returned a cotangent of shape "
                    f"{tuple(g.shape)} for argument {position}, which has shape {tuple(x.shape)}"
                )
            checked.append(g)
    return checked


class custom_vjp:
    """A function whose derivative is given by hand.

    Examples
    --------
    >>> @cr.custom_vjp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> def forward(x):
    ...     return log1pexp(x), np.exp(x)
    >>> def backward(e, g):
    ...     return (g * (1 - 1 / (1 + e)),)
    >>> log1pexp.defvjp(forward, backward)
    >>> cr.grad(log1pexp)(0.0)
    0.5

    Notes
    -----
    ``forward(*args)`` returns ``(output, residuals)``; ``backward(residuals, g)`` returns a tuple
    with one cotangent per argument, ``None`` for none. For higher order, ``forward`` is run again
    on tracked tensors, so the derivative of ``backward`` is taken by the library.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._forward: Callable[..., Any] | None = None
        self._backward: Callable[..., Any] | None = None
        update_wrapper(self, function)

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Give the two functions; see the class."""
        self._forward, self._backward = forward, backward

    def __call__(self, *args: Any) -> Any:
        forward, backward = self._forward, self._backward
        name = getattr(self._function, "__name__", "the function")
        if forward is None or backward is None:
            raise ArgumentError(f"{name}: call {name}.defvjp(forward, backward) before using it")
        leaves, structure = tree.flatten(args)
        if not STATE.grad_enabled or not any(
            isinstance(leaf, Tensor) and leaf.requires_grad for leaf in leaves
        ):
            return self._function(*args)
        with enable_grad():
            result, residuals = forward(*tree.tree_map(_detached, args))
        if any(isinstance(out, Tensor) and out.requires_grad for out in tree.leaves(result)):
            raise GradientError(
                f"{name} uses a tensor that requires gradients without taking it as an argument: "
                "its backward function cannot give that tensor's gradient. Make it an argument, or "
                "detach it"
            )
        residuals = tree.tree_map(lambda r: r._value if _is_concrete(r) else r, residuals)

        def pull(cotangents: tuple[Any, ...], values: Sequence[Any]) -> list[Any]:
            recorded = any(isinstance(value, Tensor) for value in (*cotangents, *values))
            kept = residuals
            if recorded:
                with enable_grad():
                    kept = forward(*tree.unflatten(structure, values))[1]
            g = tree.unflatten(out_structure, cotangents)
            given = backward(kept, g)
            checked = _checked(given, tree.unflatten(structure, values), name)
            if not recorded:
                checked = [_value(c) for c in checked]
            return checked

        out_structure = tree.flatten(result)[1]
        return _enclose(leaves, result, pull)


def _is_concrete(value: Any) -> bool:
    return isinstance(value, Tensor) and isinstance(value._value, np.ndarray)


def _value(value: Any) -> Any:
    return value._value if isinstance(value, Tensor) else value


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, whose intermediates are not kept but computed again in the backward pass.

    Memory for the function's arguments and results only, at the price of a second forward pass.
    Gradients also reach tensors that the function uses without taking them as arguments, such as
    the parameters of a module.

    Examples
    --------
    >>> block = cr.checkpoint(lambda x: np.tanh(np.tanh(x)))
    >>> cr.grad(block)(0.0)
    1.0
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten(args)
        before = [leaf._node for leaf in leaves if isinstance(leaf, Tensor)]
        since = next(IDS)
        with enable_grad() if STATE.grad_enabled else no_grad():
            result = function(*args, **kwargs)
        if before != [leaf._node for leaf in leaves if isinstance(leaf, Tensor)]:
            raise GradientError(
                f"checkpoint: {_name(function)} writes to its argument in place, so it cannot be "
                "run again from the same values; let it write to a copy"
            )
        outs = [out for out in tree.leaves(result) if isinstance(out, Tensor)]
        mine = {leaf._node for leaf in leaves if isinstance(leaf, Tensor)}
        outside = _outside([out._node for out in outs], since, mine)
        if not outs or not any(out.requires_grad for out in outs):
            return result
        handles = [lib.wrap(node.value, node) for node in outside]
        kept = [_value(out) for out in outs]

        def pull(cotangents: tuple[Any, ...], values: Sequence[Any]) -> list[Any]:
            recorded = any(isinstance(value, Tensor) for value in (*cotangents, *values))
            since = next(IDS)
            inputs = [
                value if not isinstance(leaf, Tensor) else lib.tracked(value)
                for value, leaf in zip(values, leaves)
            ]
            with enable_grad():
                again = function(*tree.unflatten(structure, inputs), **kwargs)
            roots = [out for out in tree.leaves(again) if isinstance(out, Tensor)]
            _check_repeated(function, [_value(r) for r in roots], kept)
            targets = [x._node if isinstance(x, Tensor) else None for x in inputs] + outside
            wanted = [node for node in targets if node is not None]
            nodes = sorted(
                {*ancestors([r._node for r in roots], since), *wanted}, key=lambda node: node.id
            )
            seeds: dict[Node, Any] = {}
            for root, g in zip(roots, cotangents):
                if root._node is not None and root._node.tracked:
                    seeds[root._node] = seeds[root._node] + g if root._node in seeds else g
            with enable_grad() if recorded else no_grad():
                # what lies behind a tensor from outside gets its gradient from the outer sweep
                found = pullback(nodes, seeds, wanted, recorded, through=False)
            return [
                None
                if node is None
                else found[node]
                if node in found
                else zeros(node.value, recorded)
                for node in targets
            ]

        return _enclose([*leaves, *handles], result, pull)

    update_wrapper(wrapped, function)
    return wrapped


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")


def _check_repeated(function: Callable[..., Any], again: list[Any], before: list[Any]) -> None:
    """The second run must give what the first gave: else the gradient belongs to another value."""
    for new, old in zip(again, before, strict=True):
        if not (isinstance(new, np.ndarray) and isinstance(old, np.ndarray)):
            continue
        room = 1e4 * np.finfo(old.dtype).eps if old.dtype.kind == "f" else 0.0
        scale = (
            np.max(np.abs(old), initial=0.0, where=np.isfinite(old)) if old.dtype.kind == "f" else 0
        )
        if not np.allclose(new, old, rtol=room, atol=room * scale, equal_nan=True):
            raise GradientError(
                f"checkpoint: run again in the backward pass, {_name(function)} gave another result. "
                "It draws random numbers, or a tensor it uses was changed after the forward pass; "
                "take these as arguments, or call backward() first"
            )


def _outside(roots: list[Node | None], since: int, mine: set[Node | None]) -> list[Node]:
    """Tracked nodes made before ``since`` that the roots use directly, the arguments excepted."""
    found: dict[Node, None] = {}
    for node in ancestors(roots, since):
        for parent in node.inputs:
            if parent is not None and parent.tracked and parent.id <= since and parent not in mine:
                found[parent] = None
    return list(found)
