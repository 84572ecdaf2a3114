"""Costs and right answers over a whole data set, a block of samples at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.textbook import equations
from chainrule.textbook._types import Array
from chainrule.textbook.samples import Samples

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["correct", "mean_cost"]

# z and a of a block stay in the cache: 0.4 ms for 1797 digits through 64-30-10, against 0.9 ms in
# one piece; and a large data set needs no more memory than a small one.
BLOCK = 256

# Activations whose single output is read as a probability.
_PROBABILITIES = frozenset({"sigmoid", "hard_sigmoid"})


class _Block(NamedTuple):
    """Part of the data after the forward pass; column form."""

    z: Array
    a: Array
    y: Array
    rows: slice


def _blocks(network: Network, samples: Samples) -> Iterator[_Block]:
    for start in range(0, len(samples), BLOCK):
        rows = slice(start, start + BLOCK)
        x, y = samples.x[rows].T, samples.y[rows].T
        z, a = equations.forward(network.weights, network.biases, network.activations, x)
        yield _Block(z[-1], a[-1], y, rows)


def mean_cost(network: Network, samples: Samples) -> float:
    """``(1/n) Σ C_x``."""
    output = network.activations[-1]
    total = sum(
        float(network.cost.by_sample(output, part.z, part.a, part.y).sum(dtype=np.float64))
        for part in _blocks(network, samples)
    )
    return total / len(samples)


def correct(network: Network, samples: Samples) -> int:
    """Number of samples classified as their target says.

    Raises
    ------
    ArgumentError
        For a single output that is no probability: nothing says where its classes part.
    """
    single = network.sizes[-1] == 1
    activation = network.activations[-1].name
    if single and activation not in _PROBABILITIES:
        raise ArgumentError(
            f"accuracy of a single {activation} output has no meaning by itself; it is defined "
            "for two or more outputs, or one sigmoid output (read at ½)"
        )
    right = 0
    for part in _blocks(network, samples):
        if single:
            agree = (part.a >= 0.5) == (part.y >= 0.5)
        elif samples.labels is None:
            agree = part.a.argmax(axis=0) == part.y.argmax(axis=0)
        else:
            agree = part.a.argmax(axis=0) == samples.labels[part.rows]
        right += int(np.count_nonzero(agree))
    return right
