"""Why a neuron learns slowly, in figures and in words.

``∂C/∂w_jk = a_k δ_j`` is small where the input ``a_k`` is small, and where ``δ_j`` is: because the
neuron is saturated (``σ'(z_j) ≈ 0``), or because the layers above it are.
Source: M. Nielsen, *Neural Networks and Deep Learning* (2015), ch. 2, "What backpropagation tells",
and ch. 5, where ``‖δ^l‖`` is called the speed of learning of layer l.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chainrule.textbook._types import Array
from chainrule.textbook.activations import LayerActivation, VectorActivation

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["LayerSpeed", "LearningSpeed", "learning_speed"]

FLAT = 0.05  # σ'(z) below this share of the activation's steepest slope counts as saturated
SMALL = 0.05  # an input below this share of the layer's largest mean |a| counts as small
ALWAYS = 0.95  # share of the samples from which a neuron is called saturated
MOSTLY = 0.5  # share of neurons and samples from which a layer is called saturated
APART = 10.0  # ratio of speeds between layers worth a word


@dataclass(frozen=True, eq=False)
class LayerSpeed:
    """One layer's figures; arrays have one number per neuron, means are over the batch.

    Attributes
    ----------
    layer : int
        From 1.
    activation : str
    slope : ndarray, shape (n_l,)
        Mean ``|σ'(z)|``.
    steepest : float
        The largest ``|σ'|`` the activation has.
    saturated : ndarray, shape (n_l,)
        Share of the samples for which ``|σ'(z)|`` is below 5 % of the steepest.
    mean_z : ndarray, shape (n_l,)
        Mean ``|z|``.
    inputs : ndarray, shape (n_(l-1),)
        Mean ``|a|`` of what the layer reads.
    small_inputs : ndarray of int
        Inputs whose mean ``|a|`` is below 5 % of the largest: their weights learn slowly.
    delta : ndarray, shape (n_l,)
        Mean ``|δ|``, of per-sample errors.
    weight_speed : ndarray, shape (n_l,)
        Norm of ``∂C/∂w_j`` of each neuron, mean over the batch.
    speed : float
        ``‖∂C/∂b‖ = ‖mean δ‖`` of the layer.
    """

    layer: int
    activation: str
    slope: Array
    steepest: float
    saturated: Array
    mean_z: Array
    inputs: Array
    small_inputs: npt.NDArray[np.intp]
    delta: Array
    weight_speed: Array
    speed: float

    @property
    def saturated_share(self) -> float:
        """Share of neurons and samples that are saturated."""
        return float(self.saturated.mean())


@dataclass(frozen=True, eq=False)
class LearningSpeed:
    """The layers' figures, and what they mean.

    Attributes
    ----------
    layers : tuple of LayerSpeed
    findings : tuple of str
        Sentences; empty where nothing stands out.
    """

    layers: tuple[LayerSpeed, ...]
    findings: tuple[str, ...]

    def __str__(self) -> str:
        rows = [("layer", "activation", "speed ‖δ‖", "mean |σ'|", "saturated", "small inputs")]
        for part in self.layers:
            rows.append(
                (
                    str(part.layer),
                    part.activation if len(part.activation) <= 24 else "mixed",
                    f"{part.speed:.3e}",
                    f"{part.slope.mean():.3e}",
                    f"{part.saturated_share:.0%}",
                    f"{len(part.small_inputs)} of {len(part.inputs)}",
                )
            )
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *(self.findings or ("Nothing slows the learning.",))])


def learning_speed(network: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> LearningSpeed:
    """Speeds of learning by layer and neuron over a batch, and what slows them.

    Parameters
    ----------
    x, y : array_like
        As for :meth:`Network.backprop`; a batch tells more than a sample.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.textbook import Network
    >>> net = Network([1, 1], seed=0)
    >>> net.weights, net.biases = [np.array([[5.0]])], [np.array([[5.0]])]
    >>> print(learning_speed(net, np.array([[1.0]]), np.array([[0.0]])))
    layer  activation  speed ‖δ‖  mean |σ'|  saturated  small inputs
    1      sigmoid     4.539e-05  4.540e-05  100%       0 of 1
    Layer 1 is saturated: 100% of its σ'(z) are below 5% of the steepest slope 0.25 (mean |z| = 10). \
All its weights learn slowly: smaller initial weights, or a cross-entropy cost, whose δ^L has no σ'.
    """
    record = network.backprop(x, y).reduced("sum")
    row = record.layout == "row"

    def columns(array: Array) -> Array:
        return array[:, None] if array.ndim == 1 else (array.T if row else array)

    layers = []
    for part, activation in zip(record.layers, network.activations):
        z, a_in, delta = columns(part.z), columns(part.a_in), columns(part.delta)
        slope, steepest = np.abs(activation.diagonal(z)), _steepest(activation)
        inputs = np.abs(a_in).mean(axis=1)
        layers.append(
            LayerSpeed(
                part.layer,
                part.activation,
                slope.mean(axis=1),
                steepest,
                (slope < FLAT * steepest).mean(axis=1),
                np.abs(z).mean(axis=1),
                inputs,
                np.flatnonzero(inputs <= SMALL * inputs.max()),
                np.abs(delta).mean(axis=1),
                np.linalg.norm(part.nabla_w, axis=1) / record.m,
                float(np.linalg.norm(part.nabla_b)) / record.m,
            )
        )
    fused = network.cost.fused_with(network.activations[-1]) is not None
    return LearningSpeed(tuple(layers), tuple(_findings(layers, fused)))


def _steepest(activation: LayerActivation) -> float:
    """The largest slope over −10 … 10, which holds the maximum of every activation here."""
    if isinstance(activation, VectorActivation):
        return 0.25 if activation.name == "softmax" else 1.0
    grid = np.linspace(-10.0, 10.0, 2001)
    parts = getattr(activation, "parts", (activation,))
    return max(float(np.abs(part.prime(grid)).max()) for part in parts)


def _findings(layers: list[LayerSpeed], fused: bool) -> list[str]:
    said = []
    for part in layers:
        output = part is layers[-1]
        if output and fused:
            continue  # δ^L = a − y: the output's σ' is not in the gradient
        if part.saturated_share >= MOSTLY:
            said.append(_layer_saturated(part, output))
        else:
            said.extend(_neurons_saturated(part))
    for part in layers:
        if len(part.small_inputs):
            said.append(_small_inputs(part))
    if len(layers) > 1:
        said.extend(_speeds_apart(layers))
    return said


def _layer_saturated(part: LayerSpeed, output: bool) -> str:
    remedy = (
        "smaller initial weights, or a cross-entropy cost, whose δ^L has no σ'"
        if output
        else "smaller initial weights, inputs scaled to about 1, or ReLU neurons"
    )
    return (
        f"Layer {part.layer} is saturated: {part.saturated_share:.0%} of its σ'(z) are below "
        f"{FLAT:.0%} of the steepest slope {part.steepest:.3g} (mean |z| = "
        f"{part.mean_z.mean():.3g}). All its weights learn slowly: {remedy}."
    )


def _neurons_saturated(part: LayerSpeed) -> list[str]:
    stuck = np.flatnonzero(part.saturated >= ALWAYS)
    if not len(stuck):
        return []
    worst = stuck[np.argmin(part.slope[stuck])]
    return [
        f"Layer {part.layer}: {_some('neuron', stuck)} saturated for {ALWAYS:.0%} of the samples "
        f"or more; of neuron {worst} the mean |σ'(z)| is {part.slope[worst]:.2e} "
        f"(mean |z| = {part.mean_z[worst]:.3g}), so its weights hardly change."
    ]


def _small_inputs(part: LayerSpeed) -> str:
    source = "the network's inputs" if part.layer == 1 else f"layer {part.layer - 1}"
    if part.inputs.max() == 0:
        return (
            f"Layer {part.layer} reads nothing but zeros from {source}: ∂C/∂w = a_in δ is 0 for "
            "all its weights."
        )
    return (
        f"Layer {part.layer} reads small values from {source}: {_some('input', part.small_inputs)} "
        f"below {SMALL:.0%} of the largest mean |a| ({part.inputs.max():.3g}), and "
        "∂C/∂w = a_in δ is small with them."
    )


def _speeds_apart(layers: list[LayerSpeed]) -> list[str]:
    first, last = layers[0], layers[-1]
    if first.speed == 0 or last.speed == 0:
        return []
    ratio = last.speed / first.speed
    if ratio >= APART:
        return [
            f"Layer 1 learns {ratio:.3g} times slower than layer {last.layer} "
            f"(‖∂C/∂b‖ {first.speed:.2e} against {last.speed:.2e}): the gradient vanishes on its "
            "way back."
        ]
    if ratio <= 1 / APART:
        return [
            f"Layer 1 learns {1 / ratio:.3g} times faster than layer {last.layer} "
            f"(‖∂C/∂b‖ {first.speed:.2e} against {last.speed:.2e}): the gradient explodes on its "
            "way back."
        ]
    return []


def _some(what: str, indices: npt.NDArray[np.intp], most: int = 5) -> str:
    """``neuron 3 is``, ``neurons 3, 5 are``, ``12 neurons (3, 5, 7, 8, 9, …) are``."""
    shown = ", ".join(map(str, indices[:most]))
    if len(indices) == 1:
        return f"{what} {shown} is"
    if len(indices) <= most:
        return f"{what}s {shown} are"
    return f"{len(indices)} {what}s ({shown}, …) are"
