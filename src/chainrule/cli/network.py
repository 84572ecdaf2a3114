"""The network, loss and optimiser that a run's settings describe."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from chainrule import nn, optim
from chainrule.cli.settings import ACTIVATIONS, LOSSES, OPTIMIZERS, Settings
from chainrule.data import Pipeline, TargetCode
from chainrule.errors import ArgumentError
from chainrule.ops.random import Generator

__all__ = ["build_loss", "build_network", "build_optimizer", "chosen_loss", "sizes"]

_RELU_FAMILY = {"relu": "relu", "leaky_relu": "leaky_relu", "elu": "relu", "gelu": "relu",
                "silu": "relu", "softplus": "relu"}  # fmt: skip
# The two variants of gradient descent that have momentum take the customary 0.9.
_MOMENTUM: dict[str, dict[str, Any]] = {
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
}


def sizes(settings: Settings, pipeline: Pipeline) -> tuple[int, ...]:
    """Return the widths of the network's layers, from the inputs to the outputs."""
    return (pipeline.width, *settings.hidden, pipeline.target.outputs)


def build_network(settings: Settings, pipeline: Pipeline) -> nn.Sequential:
    """Return the network: Linear, activation and dropout for each hidden layer, Linear last.

    The weights are drawn with the settings' seed, by He's rule before the ReLU family, LeCun's
    before SELU and Glorot's elsewhere; biases are 0.
    """
    widths = sizes(settings, pipeline)
    layers: list[nn.Module] = []
    for site, (fan_in, fan_out) in enumerate(pairwise(widths)):
        last = site == len(settings.hidden)
        layer = nn.Linear(fan_in, fan_out)
        _initialise(
            layer, "linear" if last else settings.activation, Generator(settings.seed, site)
        )
        layers.append(layer)
        if not last:
            layers.append(getattr(nn, ACTIVATIONS[settings.activation])())
            if settings.dropout:
                layers.append(
                    nn.Dropout(settings.dropout, generator=Generator(settings.seed, ~site))
                )
    return nn.Sequential(*layers)


def _initialise(layer: nn.Linear, activation: str, generator: Generator) -> None:
    if activation in _RELU_FAMILY:
        nonlinearity = _RELU_FAMILY[activation]
        nn.init.kaiming_normal_(layer.weight, nonlinearity=nonlinearity, generator=generator)
    elif activation == "selu":
        nn.init.lecun_normal_(layer.weight, generator=generator)
    else:
        nn.init.xavier_normal_(layer.weight, generator=generator)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


def chosen_loss(settings: Settings, code: TargetCode) -> str:
    """Return the loss's name, 'auto' replaced by what fits the task.

    Raises
    ------
    ArgumentError
        A loss for the other task.
    """
    if settings.loss == "auto":
        return "cross_entropy" if code.task == "classification" else "mse"
    if (settings.loss == "cross_entropy") != (code.task == "classification"):
        fitting = [n for n in LOSSES if (n == "cross_entropy") == (code.task == "classification")]
        raise ArgumentError(
            f"loss = {settings.loss!r} does not fit a {code.task}; expected {' or '.join(fitting)}."
        )
    return settings.loss


def build_loss(name: str) -> nn.Module:
    """Return the loss of a name of the settings."""
    loss: nn.Module = getattr(nn, LOSSES[name])()
    return loss


def build_optimizer(settings: Settings, model: nn.Module, lr: float) -> optim.Optimizer:
    """Return the optimiser of the settings over a model's parameters."""
    make = getattr(optim, OPTIMIZERS[settings.optimizer])
    optimizer: optim.Optimizer = make(
        model.parameters(),
        lr=lr,
        weight_decay=settings.weight_decay,
        **_MOMENTUM.get(settings.optimizer, {}),
    )
    return optimizer
