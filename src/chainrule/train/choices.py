"""Losses and optimisers by short names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import nn, optim
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer

__all__ = ["LOSSES", "OPTIMIZERS", "make_loss", "make_optimizer"]

LOSSES: dict[str, Callable[[], Any]] = {
    "bce": nn.BCELoss,
    "bce_with_logits": nn.BCEWithLogitsLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "hinge": nn.HingeLoss,
    "huber": nn.HuberLoss,
    "kl": nn.KLDivLoss,
    "l1": nn.L1Loss,
    "mse": nn.MSELoss,
    "nll": nn.NLLLoss,
    "smooth_l1": nn.SmoothL1Loss,
}
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "adagrad": optim.Adagrad,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "rmsprop": optim.RMSprop,
    "sgd": optim.SGD,
}


def make_loss(given: Any) -> Callable[[Any, Any], Any]:
    """A loss from its name, or the function itself."""
    if isinstance(given, str):
        if given not in LOSSES:
            raise ArgumentError(f"no loss is called {given!r}; there are {sorted(LOSSES)}")
        return LOSSES[given]()
    if not callable(given):
        raise ArgumentError(f"a loss is a name or a function, not {type(given).__name__}")
    return given


def make_optimizer(given: Any, model: Module) -> Optimizer:
    """An optimiser from its name, from a function of the parameters, or itself."""
    if isinstance(given, Optimizer):
        own = {id(p) for p in model.parameters()}
        held = {id(p) for group in given.param_groups for p in group["params"]}
        if own and not own & held:
            raise ArgumentError(
                "the optimiser was made for parameters of another model; make it from "
                "model.parameters() of this one"
            )
        return given
    if isinstance(given, str):
        if given not in OPTIMIZERS:
            raise ArgumentError(f"no optimiser is called {given!r}; there are {sorted(OPTIMIZERS)}")
        return OPTIMIZERS[given](model.parameters())
    made = given(model.parameters())
    if not isinstance(made, Optimizer):
        raise ArgumentError(f"the function must return an optimiser, not {type(made).__name__}")
    return made
