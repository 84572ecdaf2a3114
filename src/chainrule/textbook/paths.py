"""The path view: a gradient as a sum over paths.

A small change of the weight ``w^l_jk`` changes ``a^l_j``, that changes every activation of layer
l+1, and so on to the cost. Each way through the network contributes the product of its rates:

    ∂C/∂w^l_jk = Σ over paths  ∂C/∂a^L_m · ∂a^L_m/∂a^(L-1)_n · … · ∂a^(l+1)_q/∂a^l_j · ∂a^l_j/∂w^l_jk

with ``∂a^(l+1)_q/∂a^l_j = σ'(z^(l+1)_q) w^(l+1)_qj`` and ``∂a^l_j/∂w^l_jk = σ'(z^l_j) a^(l-1)_k``.
In a softmax layer a weight changes every neuron of its own layer, so there are paths through each.

The number of paths grows as the product of the layers' sizes; backpropagation is the way to add
them all without visiting them. :func:`all_paths` visits them, on small networks;
:func:`strongest_paths` finds the largest on any.

Source: M. Nielsen, *Neural Networks and Deep Learning* (2015), ch. 2, "Backpropagation: the big
picture".
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError
from chainrule.textbook._types import Array
from chainrule.textbook.activations import VectorActivation
from chainrule.textbook.one_sample import check_layer, one_sample

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["Path", "all_paths", "count_paths", "path_sum", "strongest_paths"]


class Path(NamedTuple):
    """One way from a weight to the cost.

    Attributes
    ----------
    layer : int
        The weight's layer; the first neuron of the path is in it.
    neurons : tuple of int
        One neuron in each layer, from `layer` to the output.
    rates : tuple of float
        ``∂a/∂w``, then ``∂a/∂a`` from layer to layer, then ``∂C/∂a``: one more than neurons.
    product : float
        What the path contributes to ``∂C/∂w``.
    """

    layer: int
    neurons: tuple[int, ...]
    rates: tuple[float, ...]
    product: float

    def __str__(self) -> str:
        steps = " → ".join(f"{q}" for q in self.neurons)
        rates = " · ".join(f"{rate:.4g}" for rate in self.rates)
        return f"{self.product:+.6g}  neurons {steps} → C  = {rates}"


class _Rates(NamedTuple):
    """The local rates: from the weight into its layer, between layers, and into the cost."""

    start: Array  # (n_l,), ∂a^l_q/∂w
    between: list[Array]  # (n_(l+1), n_l) each, ∂a^(l+1)/∂a^l
    end: Array  # (n_L,), ∂C/∂a^L


def _rates(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, layer: int, j: int, k: int | None
) -> _Rates:
    check_layer(network, layer)
    n_out, n_in = network.sizes[layer], network.sizes[layer - 1]
    if not (0 <= j < n_out and (k is None or 0 <= k < n_in)):
        raise ArgumentError(
            f"layer {layer} has neurons j = 0 … {n_out - 1} reading k = 0 … {n_in - 1}, got "
            f"j={j}, k={k}"
        )
    sample = one_sample(network, x, y)
    jacobians = [
        act.jacobian(z.astype(np.float64)) for act, z in zip(network.activations, sample.z)
    ]
    read = 1.0 if k is None else float(sample.a[layer - 1][k])
    between: list[Array] = [jacobians[i] @ network.weights[i] for i in range(layer, len(jacobians))]
    return _Rates(jacobians[layer - 1][:, j] * read, between, sample.nabla_a.astype(np.float64))


def count_paths(network: Network, layer: int) -> int:
    """Number of paths from one weight of `layer` to the cost."""
    check_layer(network, layer)
    first = network.sizes[layer] if _mixes(network, layer) else 1
    return first * math.prod(network.sizes[layer + 1 :])


def _mixes(network: Network, layer: int) -> bool:
    return isinstance(network.activations[layer - 1], VectorActivation)


def all_paths(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    layer: int,
    j: int,
    k: int | None = None,
    *,
    limit: int = 1_000_000,
) -> Iterator[Path]:
    """Every path from the weight ``w^layer_jk`` to the cost.

    Parameters
    ----------
    x, y : array_like
        One sample, in the network's layout or 1-D.
    layer : int
        From 1 (the first layer with weights) to L.
    j, k : int
        As in ``weights[layer - 1][j, k]``, from 0; without k, the bias of neuron j.
    limit : int
        Refuse to list more paths than this.

    Yields
    ------
    Path

    Raises
    ------
    ArgumentError
        If there are more than `limit` paths, or no such weight.
    """
    number = count_paths(network, layer)
    if number > limit:
        raise ArgumentError(
            f"{number} paths lead from a weight of layer {layer} to the cost, more than "
            f"limit={limit}; strongest_paths lists the largest without visiting all"
        )
    rates = _rates(network, x, y, layer, j, k)
    first: range | tuple[int] = range(network.sizes[layer]) if _mixes(network, layer) else (j,)
    for neurons in itertools.product(first, *(range(n) for n in network.sizes[layer + 1 :])):
        yield _path(rates, layer, neurons)


def path_sum(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    layer: int,
    j: int,
    k: int | None = None,
    *,
    limit: int = 1_000_000,
) -> float:
    """``∂C/∂w^layer_jk`` of one sample as the literal sum over all paths (``∂C/∂b`` without k)."""
    return math.fsum(path.product for path in all_paths(network, x, y, layer, j, k, limit=limit))


def strongest_paths(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    layer: int,
    j: int,
    k: int | None = None,
    *,
    count: int = 10,
) -> list[Path]:
    """The paths from ``w^layer_jk`` with the largest ``|product|``, the largest first.

    Parameters
    ----------
    x, y, layer, j, k
        As for :func:`all_paths`.
    count : int
        How many to list; fewer come back where fewer have a product other than 0.

    Notes
    -----
    Best-first search. Going backwards through the layers gives, for each neuron, the strongest
    way from it to the cost; with that exact bound complete paths leave the queue in order of
    strength, after ``count · L`` expansions of one layer each, however many paths there are.
    Works with logarithms, so products of many small rates do not underflow.
    """
    if count < 0:
        raise ArgumentError(f"count must not be negative, got {count}")
    rates = _rates(network, x, y, layer, j, k)
    with np.errstate(divide="ignore"):  # ln 0 = −∞ marks what no path of interest goes through
        start, end = np.log(np.abs(rates.start)), np.log(np.abs(rates.end))
        between = [np.log(np.abs(rate)) for rate in rates.between]
    to_cost = [end]  # by layer: ln of the strongest product from each neuron on
    for rate in reversed(between):
        to_cost.append((rate + to_cost[-1][:, None]).max(axis=0))
    to_cost.reverse()

    found: list[Path] = []
    queue: list[tuple[float, tuple[int, ...], float]] = []

    def push(neurons: tuple[int, ...], so_far: Array) -> None:
        """All ways to go on from `neurons` into the next layer."""
        bounds = so_far + to_cost[len(neurons)]
        for q in np.flatnonzero(bounds > -np.inf):
            heapq.heappush(queue, (-float(bounds[q]), (*neurons, int(q)), float(so_far[q])))

    push((), start)
    while queue and len(found) < count:
        _, neurons, so_far = heapq.heappop(queue)
        if len(neurons) == len(to_cost):
            found.append(_path(rates, layer, neurons))
        else:
            push(neurons, so_far + between[len(neurons) - 1][:, neurons[-1]])
    return found


def _path(rates: _Rates, layer: int, neurons: tuple[int, ...]) -> Path:
    steps = [float(rates.start[neurons[0]])]
    for rate, (q, onwards) in zip(rates.between, itertools.pairwise(neurons)):
        steps.append(float(rate[onwards, q]))
    steps.append(float(rates.end[neurons[-1]]))
    return Path(layer, neurons, tuple(steps), math.prod(steps))
