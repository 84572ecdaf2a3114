"""Networks as layers of neurons: which weights there are, and in :mod:`.neurons` their picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.nn.activations import Activation

__all__ = ["NeuronLayers", "Pass", "layers_of", "network_text", "one_pass"]


class NeuronLayers(NamedTuple):
    """Fully connected layers, from the input to the output.

    Attributes
    ----------
    weights : list of ndarray
        ``weights[l][j, k]``: from neuron k of a layer to neuron j of the next.
    biases : list of (ndarray or None)
    activations : list of str
    left_out : list of str
        Modules that have no neurons of their own: dropout, flatten.
    """

    weights: list[Any]
    biases: list[Any]
    activations: list[str]
    left_out: list[str]

    @property
    def sizes(self) -> list[int]:
        """Neurons per layer, the inputs first."""
        return [self.weights[0].shape[1], *(w.shape[0] for w in self.weights)]


class Pass(NamedTuple):
    """One sample's way through: activations with the input first, and errors δ (or none)."""

    activations: list[Any]
    errors: list[Any]


_WITHOUT_NEURONS = (nn.Identity, nn.Flatten, nn.Dropout)


def layers_of(model: Any) -> NeuronLayers:
    """The neurons of a textbook network, or of a sequence of linear layers and activations.

    Raises
    ------
    ArgumentError
        For a model with other layers, naming the first of them.
    """
    if isinstance(model, cr.Network):
        return NeuronLayers(
            [np.asarray(w) for w in model.weights],
            [np.asarray(b).ravel() for b in model.biases],
            [activation.name for activation in model.activations],
            [],
        )
    weights: list[Any] = []
    biases: list[Any] = []
    activations: list[str] = []
    left_out: list[str] = []
    for path, layer in _in_order(model, ""):
        if isinstance(layer, nn.Linear):
            weights.append(layer.weight.detach().numpy())
            biases.append(None if layer.bias is None else layer.bias.detach().numpy())
            activations.append("linear")
        elif isinstance(layer, Activation) and weights:
            before = activations[-1]
            name = type(layer).__name__.lower()
            activations[-1] = name if before == "linear" else f"{before}, {name}"
        elif isinstance(layer, _WITHOUT_NEURONS):
            left_out.append(type(layer).__name__)
        else:
            raise ArgumentError(
                f"layer {path!r} ({type(layer).__name__}) is not drawn as neurons: only Network, and "
                "Sequential of Linear and activations are. cr.explain(model, x).svg() draws any "
                "model as a graph of gates"
            )
    if not weights:
        raise ArgumentError("there is no Linear layer in the model: no neurons to draw")
    return NeuronLayers(weights, biases, activations, left_out)


def _in_order(model: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(model, nn.Module):
        raise ArgumentError(
            f"a Network or a Module is drawn as neurons, not {type(model).__name__}"
        )
    if not isinstance(model, nn.Sequential):
        yield path, model
        return
    for name, child in model.named_children():
        yield from _in_order(child, f"{path}.{name}" if path else name)


def one_pass(model: Any, x: Any, y: Any = None, loss: Any = None) -> Pass:
    """Activations of every layer for one sample, and the errors ``δ = ∂C/∂z`` where there is a target.

    Parameters
    ----------
    model : Network or Sequential
    x : array_like, shape (n,)
    y : array_like, optional
        The target; a Network has its cost, a module needs ``loss``.
    loss : callable, optional
        ``loss(prediction, target)`` of a batch of one.
    """
    if isinstance(model, cr.Network):
        if y is None:
            return Pass([np.ravel(a) for a in model.forward(x).a], [])
        record = model.backprop(x, y)
        return Pass([np.ravel(a) for a in record.a], [np.ravel(d) for d in record.delta])
    if y is not None and loss is None:
        raise ArgumentError("errors δ need a cost: give loss=, such as nn.MSELoss()")
    kind = next(model.parameters()).dtype
    a: Any = cr.tensor(np.asarray(x, kind)[None])
    activations: list[Any] = [np.ravel(np.asarray(x))]
    weighted: list[Any] = []
    for _, layer in _in_order(model, ""):
        if isinstance(layer, nn.Linear):
            a = layer(a)
            a.retain_grad()
            weighted.append(a)
            activations.append(a)
        elif isinstance(layer, Activation):
            a = activations[-1] = layer(a)
    shown = [activations[0], *(np.ravel(t.detach().numpy()) for t in activations[1:])]
    if y is None:
        return Pass(shown, [])
    kept = [(p, p.grad) for p in model.parameters()]
    loss(a, np.asarray(y)[None]).backward()
    for parameter, grad in kept:
        parameter.grad = grad
    return Pass(shown, [np.ravel(z.grad.numpy()) for z in weighted])


def network_text(layers: NeuronLayers) -> str:
    """A table of the layers: neurons, activation, and the size of the weights."""
    lines = [f"{'layer':<7}{'neurons':>9}  {'activation':<22}{'weights':>16}{'mean |w|':>12}"]
    lines.append(f"{'input':<7}{layers.sizes[0]:>9}")
    for number, (w, activation) in enumerate(zip(layers.weights, layers.activations), 1):
        shape = f"{w.shape[0]} × {w.shape[1]}"
        lines.append(
            f"{number:<7}{w.shape[0]:>9}  {activation[:20]:<22}{shape:>16}{np.abs(w).mean():>12.3g}"
        )
    return "\n".join(lines)
