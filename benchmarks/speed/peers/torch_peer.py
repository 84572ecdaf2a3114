"""PyTorch: eager and ``torch.compile``, manual slicing, fused optimisers, channels_last for images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from benchmarks.speed.cases import Case, Data, weights

torch.set_num_threads(1)


def _module(case: Case) -> nn.Sequential:
    made: list[nn.Module] = []
    dtype = getattr(torch, case.dtype)
    parameters = iter(weights(case))
    for layer in case.layers:
        match layer:
            case ("linear", int(n_in), int(n_out)):
                module: nn.Module = nn.Linear(n_in, n_out, dtype=dtype)
            case ("conv", int(c_in), int(c_out), int(k), int(padding)):
                module = nn.Conv2d(c_in, c_out, k, padding=padding, dtype=dtype)
            case ("batchnorm", int(n)):
                module = nn.BatchNorm1d(n, dtype=dtype)
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
        if hasattr(module, "weight"):
            w, b = next(parameters)
            with torch.no_grad():
                module.weight.copy_(torch.from_numpy(w))
                module.bias.copy_(torch.from_numpy(b))
        made.append(module)
    return nn.Sequential(*made)


def _optimizer(case: Case, module: nn.Module) -> torch.optim.Optimizer:
    rate, parameters = case.rate, module.parameters()
    match case.optimizer:
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, fused=True)
        case "momentum":
            return torch.optim.SGD(parameters, lr=rate, momentum=0.9, fused=True)
        case "decay":
            return torch.optim.SGD(parameters, lr=rate, weight_decay=1e-4, fused=True)
    return torch.optim.SGD(parameters, lr=rate, fused=True)


def _loss(case: Case) -> Callable[[Any, Any], Any]:
    if case.loss == "cross_entropy":
        return nn.functional.cross_entropy
    if case.loss == "mse":
        return nn.functional.mse_loss
    batch = case.batch
    return lambda a, y: 0.5 * ((a - y) ** 2).sum() / batch


def _epoch(case: Case, data: Data, shuffled: bool, compiled: bool) -> Callable[[], object]:
    torch.manual_seed(0)
    module = _module(case)
    x, y, order = torch.from_numpy(data.x), torch.from_numpy(data.y), torch.from_numpy(data.order)
    if len(case.inputs) == 3:
        module = module.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer, loss = _optimizer(case, module), _loss(case)
    clip = case.optimizer == "sgd+clip"

    def forward(xb: Any, yb: Any) -> Any:
        return loss(module(xb), yb)

    cost = torch.compile(forward) if compiled else forward

    def epoch() -> object:
        for start in range(0, case.samples, case.batch):
            rows: Any = slice(start, start + case.batch)
            if shuffled:
                rows = order[rows]
            optimizer.zero_grad()
            value = cost(x[rows], y[rows])
            value.backward()
            if clip:
                nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
        return value

    return epoch


def variants(case: Case, data: Data, shuffled: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """Eager, then compiled."""
    yield "torch eager", _epoch(case, data, shuffled, compiled=False)
    yield "torch.compile", _epoch(case, data, shuffled, compiled=True)
