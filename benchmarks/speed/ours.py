"""This library through its public names: modules, an optimiser, ``cr.compile``, arrays in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.speed.cases import Case, Data, weights
from chainrule import nn, optim

__all__ = ["build", "variants"]


def build(case: Case) -> nn.Sequential:
    """The case's network with the parameters every peer starts from."""
    made: list[nn.Module] = []
    parameters = iter(weights(case))
    for layer in case.layers:
        match layer:
            case ("linear", int(n_in), int(n_out)):
                module: nn.Module = nn.Linear(n_in, n_out, dtype=case.dtype)
            case ("conv", int(c_in), int(c_out), int(k), int(padding)):
                module = nn.Conv2d(c_in, c_out, k, padding=padding, dtype=case.dtype)
            case ("batchnorm", int(n)):
                module = nn.BatchNorm1d(n, dtype=case.dtype)
            case ("maxpool", int(size)):
                module = nn.MaxPool2d(size)
            case ("dropout", float(p)):
                module = nn.Dropout(p)
            case _:
                kinds = {
                    "relu": nn.ReLU,
                    "tanh": nn.Tanh,
                    "sigmoid": nn.Sigmoid,
                    "flatten": nn.Flatten,
                }
                module = kinds[str(layer[0])]()
        if getattr(module, "weight", None) is not None:
            w, b = next(parameters)
            module.weight.assign(w)
            module.bias.assign(b)
        made.append(module)
    return nn.Sequential(*made)


def make_optimizer(case: Case, module: nn.Module) -> Any:
    """The case's optimiser."""
    parameters, rate = module.parameters(), case.rate
    match case.optimizer:
        case "adam":
            return optim.Adam(parameters, lr=rate)
        case "momentum":
            return optim.SGD(parameters, lr=rate, momentum=0.9)
        case "decay":
            return optim.SGD(parameters, lr=rate, weight_decay=1e-4)
    return optim.SGD(parameters, lr=rate)


def make_step(case: Case) -> Callable[[Any, Any], Any]:
    """One training step as anyone would write it: forward, backward, update."""
    module = build(case)
    optimizer = make_optimizer(case, module)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        out = module(x)
        if case.loss == "cross_entropy":
            loss = nn.functional.cross_entropy(out, y)
        elif case.loss == "mse":
            loss = nn.functional.mse_loss(out, y)
        else:
            loss = 0.5 * ((out - y) ** 2).sum() / case.batch
        loss.backward()
        if case.optimizer == "sgd+clip":
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        return loss

    return step


def variants(case: Case, data: Data, shuffled: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """The epoch as one native call."""
    compiled = cr.compile(make_step(case))
    order = np.asarray(data.order, np.int64) if shuffled else None

    def epoch() -> object:
        return compiled.epoch(data.x, data.y, batch_size=case.batch, order=order)

    yield "chainrule", epoch
