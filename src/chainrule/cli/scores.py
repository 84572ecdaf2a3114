"""How good a network is on a part of the data, and how strong its gradients are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule import nn
from chainrule.data import Numbers, Part, Prepared, TargetCode

__all__ = ["baseline", "gradient_norms", "judged", "outputs_of", "scores"]

_ROWS = 4096  # at a time: large enough to be fast, small enough for inputs that stay on disk
_ROWS_FOR_GRADIENTS = 8192


def _chunks(rows: int, most: int = _ROWS) -> Iterator[slice]:
    for start in range(0, rows, most):
        yield slice(start, min(start + most, rows))


def outputs_of(model: nn.Module, inputs: Any) -> NDArray[np.float32]:
    """Return a network's outputs in evaluation mode, shape (n, outputs)."""
    was_training = model.training
    model.eval()
    with cr.no_grad():
        parts = [model(cr.tensor(inputs[rows])).numpy() for rows in _chunks(len(inputs))]
    model.train(was_training)
    return np.concatenate(parts)


def scores(model: nn.Module, loss: nn.Module, part: Part, code: TargetCode) -> dict[str, float]:
    """Return the mean loss of a part and what a person asks for.

    Returns
    -------
    dict
        ``loss``; for classes ``accuracy`` (share of rows whose largest output is the right one);
        for numbers, in the unit of the data, ``mae`` (mean absolute error), ``rmse`` (root of the
        mean squared error) and ``r2`` (share of the variance explained: 1 − MSE/variance).
    """
    outputs = outputs_of(model, part.inputs)
    with cr.no_grad():
        total = sum(
            float(loss(cr.tensor(outputs[rows]), cr.tensor(part.targets[rows])))
            * (rows.stop - rows.start)
            for rows in _chunks(len(outputs))
        )
    return {"loss": total / len(outputs), **judged(outputs, part.targets, code)}


def judged(outputs: NDArray[Any], targets: NDArray[Any], code: TargetCode) -> dict[str, float]:
    """Return the scores of :func:`scores` but for the loss, from a network's outputs."""
    if not isinstance(code, Numbers):
        return {"accuracy": float(np.mean(outputs.argmax(axis=1) == targets))}
    truth = code.decode(targets)
    error = code.decode(outputs) - truth
    squared = float(np.mean(error**2))
    variance = float(np.mean((truth - truth.mean(axis=0)) ** 2))
    return {
        "mae": float(np.mean(np.abs(error))),
        "rmse": squared**0.5,
        "r2": 1 - squared / variance if variance > 0 else float("nan"),
    }


def baseline(data: Prepared) -> dict[str, float]:
    """Return the scores of saying the same of every sample: what a network must beat.

    It is the commonest class, or the mean, of the training rows, judged on the test rows
    (validation or training rows where there are none).
    """
    part = next(p for p in (data.test, data.validation, data.train) if len(p.targets))
    train, code = data.train.targets, data.pipeline.target
    if isinstance(code, Numbers):
        said = np.broadcast_to(train.mean(axis=0), part.targets.shape)
    else:
        said = np.zeros((len(part.targets), code.outputs))
        said[:, np.bincount(train).argmax()] = 1
    return judged(said, part.targets, code)


def gradient_norms(model: nn.Module, loss: nn.Module, part: Part) -> dict[str, float]:
    """Return the Euclidean norm of ∂loss/∂parameter over the first rows of a part, by name."""
    rows = slice(0, _ROWS_FOR_GRADIENTS)
    was_training = model.training
    model.eval()
    for parameter in model.parameters():
        parameter.grad = None
    loss(model(cr.tensor(part.inputs[rows])), cr.tensor(part.targets[rows])).backward()
    norms = {
        name: 0.0 if p.grad is None else float(np.linalg.norm(p.grad.numpy()))
        for name, p in model.named_parameters()
    }
    for parameter in model.parameters():
        parameter.grad = None
    model.train(was_training)
    return norms
