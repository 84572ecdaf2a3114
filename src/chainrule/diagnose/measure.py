"""One look at a training step: figures by layer and by activation, from the graph that ran.

A *layer* is wherever a weight (a parameter of two or more axes) meets data; its weighted input is
``z`` and its error ``δ = ∂C/∂z``. An *activation* is a gate of :data:`SLOPES` behind a layer. Both are
found in the graph, not in the list of modules: ``cr.relu(x)`` counts as ``nn.ReLU()`` does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.core.graph import INPUT, Node
from chainrule.diagnose.histogram import Magnitudes, Spread, magnitudes, spread

__all__ = ["ActivationLook", "LayerLook", "Look", "look_at", "norm"]

SLOPES = {
    "sigmoid": 0.25,
    "tanh": 1.0,
    "softsign": 1.0,
    "hardtanh": 1.0,
    "hardsigmoid": 1.0 / 6.0,
    "relu": 1.0,
    "maximum": 1.0,
    "leaky_relu": 1.0,
    "elu": 1.0,
    "gelu": 1.13,
    "gelu_tanh": 1.13,
    "silu": 1.1,
    "mish": 1.09,
    "hardswish": 1.5,
    "softplus": 1.0,
}
"""Gates that count as activations, and their steepest slope."""

FLAT = 0.05
"""A slope below this share of the steepest is flat (the textbook network's ``learning_speed`` too)."""


class UnitCounts(NamedTuple):
    """What the units of an activation did, each over all samples of the look.

    Attributes
    ----------
    flat : ndarray, shape (units,)
        Share of the samples with a flat slope.
    silent : ndarray of bool, shape (units,)
        Whether the slope was exactly 0 for every sample.
    samples : int
    """

    flat: Any
    silent: Any
    samples: int


@dataclass(eq=False)
class LayerLook:
    """One layer in one look.

    Attributes
    ----------
    name : str
        Path of its module, or the name of its weight.
    delta : float
        ``‖∂C/∂z‖``, over all samples and calls.
    calls : tuple of float
        The same for each call, where the layer feeds itself (a recurrent one); else empty.
    gradient, weight : float
        Norms of ``∂C/∂w`` and of ``w``.
    update : float
        ``‖Δw‖ / ‖w‖`` of a step; NaN until the next step has been seen.
    """

    name: str
    delta: float
    calls: tuple[float, ...]
    gradient: float
    weight: float
    gradients: Magnitudes
    weights: Spread
    update: float = math.nan
    updates: Magnitudes | None = None


@dataclass(eq=False)
class ActivationLook:
    """One activation in one look.

    Attributes
    ----------
    name : str
        ``relu after 0``: the gate and the layer before it.
    op, layer : str
    slope : float
        Mean ``|σ'(z)|``.
    is_output : bool
        Whether no layer follows.
    units : UnitCounts
        Dropped when the next look comes; :attr:`flat_share` stays.
    """

    name: str
    op: str
    layer: str
    slope: float
    flat_share: float
    silent_share: float
    is_output: bool
    values: Spread
    units: UnitCounts | None = None


@dataclass(eq=False)
class Look:
    """Figures of one training step.

    Attributes
    ----------
    step : int
    loss : float
    layers : dict of str to LayerLook
        In the order of the forward pass.
    activations : dict of str to ActivationLook
    parameters : dict of str to (float or None)
        Norm of the gradient of every parameter; ``None`` where there is none.
    """

    step: int
    loss: float
    layers: dict[str, LayerLook] = field(default_factory=dict)
    activations: dict[str, ActivationLook] = field(default_factory=dict)
    parameters: dict[str, float | None] = field(default_factory=dict)


def norm(value: Any) -> float:
    """Euclidean norm; NaN or infinite where the values are, never where only their squares are."""
    flat = np.ravel(np.asarray(value))
    with np.errstate(all="ignore"):
        squares = float(np.dot(flat, flat))
    if 1e-30 < squares < 1e30:  # nothing overflowed, and no digits were lost
        return math.sqrt(squares)
    flat = flat.astype(np.float64)
    largest = float(np.max(np.abs(flat), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(flat / largest))


def look_at(
    graph: cr.Graph, gradients: Mapping[str, Any], parameters: Mapping[str, Any], step: int = 0
) -> Look:
    """The figures of a graph whose output is the loss.

    Parameters
    ----------
    graph : Graph
    gradients : mapping
        ``graph.gradients()``.
    parameters : mapping of str to Tensor
    step : int
    """
    by_tensor = {id(tensor): name for name, tensor in parameters.items()}
    leaves = {
        node: by_tensor[id(owner)]
        for node in graph.nodes
        if node.op is INPUT
        and node.owner is not None
        and (owner := node.owner()) is not None
        and id(owner) in by_tensor
    }
    walk = _Walk(graph, gradients, leaves)
    look = Look(step, float(np.asarray(graph.outputs[0].value).ravel()[0]))
    for node in graph.nodes:
        walk.visit(node)
    values = {name: tensor.detach().numpy() for name, tensor in parameters.items()}
    grads = {name: gradients.get(graph.names[node]) for node, name in leaves.items()}
    for name in parameters:
        grad = grads.get(name)
        look.parameters[name] = None if grad is None else norm(grad)
    for name, calls in walk.layers.items():
        weight = walk.weights[name]
        deltas = [gradients.get(graph.names[node]) for node in calls]
        known = [d for d in deltas if d is not None]
        if not known or grads.get(weight) is None:
            continue
        norms = [norm(d) for d in known]
        chained = len(calls) > 1 and len(known) == len(calls) and name in walk.recurrent
        look.layers[name] = LayerLook(
            name,
            norm(norms),
            tuple(norms) if chained else (),
            look.parameters[weight] or 0.0,
            norm(values[weight]),
            magnitudes(grads[weight]),
            spread(values[weight]),
        )
    last = max((walk.order[name] for name in look.layers), default=-1)
    for (op, layer), nodes in walk.activations.items():
        if layer not in look.layers:
            continue
        name = f"{op} after {layer}"
        look.activations[name] = _activation(
            name, op, layer, nodes, walk.axis[layer], walk.order[layer] == last
        )
    return look


class _Walk:
    """What each node of a graph is, found in one pass from the inputs to the output."""

    def __init__(
        self, graph: cr.Graph, gradients: Mapping[str, Any], leaves: Mapping[Node, str]
    ) -> None:
        self.graph, self.gradients = graph, gradients
        self.weight_of = dict(leaves)  # nodes made of one parameter alone: w, w.T, w[0]
        self.matrices = {name for node, name in leaves.items() if np.ndim(node.value) >= 2}
        self.layer_of: dict[Node, str] = {}  # the last layer on the way to a node
        self.layers: dict[str, list[Node]] = {}
        self.weights: dict[str, str] = {}
        self.order: dict[str, int] = {}
        self.axis: dict[str, int] = {}
        self.recurrent: set[str] = set()
        self.activations: dict[tuple[str, str], list[Node]] = {}

    def visit(self, node: Node) -> None:
        if node in self.weight_of or not node.inputs:
            return
        parents = [p for p in node.inputs if p is not None]
        made_of = {self.weight_of.get(p) for p in parents}
        if len(parents) == 1 and len(node.inputs) == 1 and None not in made_of:
            self.weight_of[node] = self.weight_of[parents[0]]
            return
        before = [self.layer_of[p] for p in parents if p in self.layer_of]
        if before:
            self.layer_of[node] = max(before, key=self.order.__getitem__)
        weight = self._weight(node)
        if weight is not None:
            self._layer(node, weight)
        elif self._is_activation(node) and node in self.layer_of:
            self.activations.setdefault((node.op.name, self.layer_of[node]), []).append(node)

    def _weight(self, node: Node) -> int | None:
        """Place of the operand that is a weight, where data meets one."""
        if isinstance(node.value, tuple) or node.op.elementwise or node.value.dtype.kind != "f":
            return None
        for index, parent in enumerate(node.inputs):
            if parent in self.weight_of and self.weight_of[parent] in self.matrices:
                return index
        return None

    def _layer(self, node: Node, index: int) -> None:
        parent = node.inputs[index]
        assert parent is not None
        weight = self.weight_of[parent]
        name = weight.removesuffix(".weight")
        if name in self.layers and self.layer_of.get(node) == name:
            self.recurrent.add(name)
        self.layers.setdefault(name, []).append(node)
        self.weights[name] = weight
        self.order.setdefault(name, len(self.order))
        self.layer_of[node] = name
        if node.op.name == "convolution":
            self.axis[name] = 1
        else:
            # columns of samples, as in w @ x, have their units in the rows
            self.axis[name] = -2 if index == 0 and node.op.name == "matmul" else -1

    def _is_activation(self, node: Node) -> bool:
        if node.op.name not in SLOPES or not node.tracked:
            return False
        if node.op.name == "maximum":  # a rectifier, if it compares with one number
            return any(p is None and np.size(v) == 1 for p, v in zip(node.inputs, node.values))
        return True


def _activation(
    name: str, op: str, layer: str, nodes: list[Node], axis: int, is_output: bool
) -> ActivationLook:
    slopes, values = [], []
    for node in nodes:
        index = next(i for i, p in enumerate(node.inputs) if p is not None)
        rule = node.op.rule(index)
        assert rule is not None
        value = node.value
        ones = np.ones(value.shape, value.dtype)
        slope = np.broadcast_to(rule(ones, value, *node.values, **node.params), value.shape)
        slopes.append(np.abs(_by_unit(slope, axis)))
        values.append(np.ravel(value))
    same = len({s.shape[1] for s in slopes}) == 1
    slope = np.concatenate(slopes) if same else np.concatenate([s.reshape(-1, 1) for s in slopes])
    flat = slope < FLAT * SLOPES[op]
    units = UnitCounts(flat.mean(axis=0), (slope == 0).all(axis=0), slope.shape[0])
    return ActivationLook(
        name,
        op,
        layer,
        float(slope.mean()) if slope.size else math.nan,
        float(flat.mean()) if slope.size else 0.0,
        float(units.silent.mean()) if slope.size else 0.0,
        is_output,
        spread(np.concatenate(values)),
        units,
    )


def _by_unit(values: Any, axis: int) -> Any:
    """Shape ``(samples, units)``."""
    if values.ndim < 2:
        return values.reshape(1, -1)
    if values.ndim < -axis or values.ndim <= axis:
        axis = -1
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
