"""The define-by-run form: ``t.backward()`` leaves gradients in the tensors that want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Node, ancestors
from chainrule.core.lib import lib
from chainrule.core.messages import where
from chainrule.core.modes import enable_grad, no_grad
from chainrule.core.op import STATE
from chainrule.core.reverse import pullback, zeros
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.values import handle, own, plain, shape_of
from chainrule.errors import GradientError, ShapeError

__all__ = ["backward", "grad_of"]


def backward(root: Tensor, gradient: Any, create_graph: bool) -> None:
    """See :meth:`Tensor.backward`."""
    node = root._node
    if node is None or not node.tracked:
        raise GradientError(
            "backward(): the tensor does not require gradients: nothing it was computed from does, "
            f"or it was computed under cr.no_grad() or detached{where()}"
        )
    seed = _seed(root, gradient)
    create = create_graph or STATE.stage is not None
    seed = seed if create else plain(seed)
    if create and not isinstance(seed, Tensor):
        seed = lib.constant(np.asarray(seed))
    with enable_grad() if create_graph else no_grad():
        found = pullback(ancestors([node]), {node: seed}, None, create)
        handed: set[int] = {id(seed)}
        for reached, g in found.items():
            owner = reached.owner() if reached.owner is not None else None
            if owner is None:
                continue
            if owner.grad is None:
                owner.grad = handle(g) if create else wrap(own(g, handed), None)
            else:
                owner.grad = owner.grad + g


def _seed(root: Tensor, gradient: Any) -> Any:
    if gradient is None:
        if root.size != 1:
            raise GradientError(
                f"backward() needs a scalar, but the tensor has shape {root.shape}: reduce it first "
                "(t.sum(), t.mean()), or pass the cotangent: t.backward(gradient)" + where()
            )
        return np.ones(root.shape, root.dtype)
    shape = shape_of(gradient)
    if shape != root.shape:
        raise ShapeError(f"backward(gradient): the tensor has shape {root.shape}, gradient {shape}")
    if not isinstance(gradient, Tensor):
        gradient = np.asarray(gradient)
    return gradient if gradient.dtype == root.dtype else gradient.astype(root.dtype)


def grad_of(
    output: Tensor, inputs: Sequence[Tensor], since: int = 0, create_graph: bool = False
) -> list[Any]:
    """Gradients of a scalar tensor with respect to tensors of its graph; zeros where unreached."""
    targets = [x._node for x in inputs]
    found: dict[Node, Any] = {}
    if output._node is not None and output._node.tracked:
        seed: Any = np.ones(output.shape, output.dtype)
        if create_graph:
            seed = lib.constant(seed)
        nodes = ancestors([output._node], since)
        found = pullback(
            nodes, {output._node: seed}, [t for t in targets if t is not None], create_graph
        )
    return [
        found[node] if node in found else zeros(x._value, create_graph)
        for node, x in zip(targets, inputs)
    ]
