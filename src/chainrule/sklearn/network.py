"""The network of an estimator: a module from its parameters, weights in scikit-learn's layout.

scikit-learn keeps weights as (in, out); modules keep (out, in). Weights are turned at this border.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.core.tensor import wrap
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module
from chainrule.ops.random import Generator

__all__ = ["ACTIVATIONS", "MultiLayer", "build"]

ACTIVATIONS: dict[str, type[Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "mish": nn.Mish,
}
"""By name; the first four are scikit-learn's."""


class MultiLayer(Module):
    """Affine layers, an activation and dropout after each but the last.

    The output is logits, or for regression the values themselves.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[str],
        dropout: Sequence[float],
        generator: Generator,
        dtype: Any,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, m, dtype=dtype) for n, m in pairwise(sizes)])
        self.activations = nn.ModuleList([ACTIVATIONS[name]() for name in activations])
        self.drops = nn.ModuleList([nn.Dropout(p, generator=generator) for p in dropout])

    def forward(self, input: Any) -> Any:
        """(n, features) to (n, outputs)."""
        *hidden, last = self.layers
        for layer, activation, drop in zip(hidden, self.activations, self.drops):
            input = activation(layer(input))
            if drop.p:  # type: ignore[attr-defined]
                input = drop(input)
        return last(input)

    def hidden(self, input: Any) -> list[Any]:
        """The activations of every hidden layer."""
        found = []
        for layer, activation in zip(list(self.layers)[:-1], self.activations):
            input = activation(layer(input))
            found.append(input)
        return found

    def affine(self) -> list[Any]:
        """The affine layers, first to last."""
        return list(self.layers)

    def coefs(self) -> list[Any]:
        """Weights (in, out) by layer."""
        return [np.ascontiguousarray(layer.weight._value.T) for layer in self.affine()]

    def intercepts(self) -> list[Any]:
        """Biases by layer."""
        return [layer.bias._value for layer in self.affine()]

    def set_weights(self, coefs: Sequence[Any], intercepts: Sequence[Any]) -> None:
        """Take over weights in scikit-learn's layout."""
        for layer, coef, intercept in zip(self.affine(), coefs, intercepts):
            layer.weight.assign(wrap(np.array(np.asarray(coef).T, order="C"), None))
            layer.bias.assign(wrap(np.array(intercept), None))


def per_layer(value: Any, count: int, name: str) -> list[Any]:
    """One entry per hidden layer, from one or as many."""
    values = [value] * count if isinstance(value, str | int | float) else list(value)
    if len(values) != count:
        raise ArgumentError(f"{name}: {len(values)} entries for {count} hidden layers")
    return values


def build(
    sizes: Sequence[int], activation: Any, dropout: Any, random: np.random.RandomState, dtype: Any
) -> MultiLayer:
    """A network with scikit-learn's initial weights, drawn as scikit-learn draws them.

    Glorot and Bengio (2010): weights and biases uniform in ±√(6/(fan_in + fan_out)), with 2 instead
    of 6 for the logistic function.
    """
    count = len(sizes) - 2
    names = per_layer(activation, count, "activation")
    drops = [float(p) for p in per_layer(dropout, count, "dropout")]
    generator = Generator(int(random.randint(2**31 - 1)) if any(drops) else 0)
    network = MultiLayer(sizes, names, drops, generator, dtype)
    coefs, intercepts = [], []
    for index, (n, m) in enumerate(pairwise(sizes)):
        into = names[min(index, count - 1)] if count else "relu"
        bound = math.sqrt((2.0 if into == "logistic" else 6.0) / (n + m))
        coefs.append(random.uniform(-bound, bound, (n, m)).astype(dtype, copy=False))
        intercepts.append(random.uniform(-bound, bound, m).astype(dtype, copy=False))
    network.set_weights(coefs, intercepts)
    return network
