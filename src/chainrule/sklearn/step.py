"""The training step of the estimators: scikit-learn's cost, ``loss + alpha/2 ‖W‖²/n`` (weights only)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import STATE
from chainrule.core.tensor import wrap
from chainrule.ops.losses import bce_with_logits, sum_squares
from chainrule.ops.shape import shape_of
from chainrule.optim.optimizer import Optimizer
from chainrule.sklearn.network import MultiLayer
from chainrule.train.step import TrainingStep

__all__ = ["EstimatorStep", "half_squared_error", "log_loss", "poisson_loss"]


def log_loss(prediction: Any, y: Any) -> Any:
    """Per sample: ``-ln softmax(x)_y`` of class indices, or binary costs summed over outputs."""
    if len(shape_of(y)) == 1:
        return lib.cross_entropy(prediction, y, reduction="none")
    return lib.sum(bce_with_logits(prediction, y), axis=-1)


def half_squared_error(prediction: Any, y: Any) -> Any:
    """Per sample: half the squared error, averaged over outputs."""
    difference = prediction - y
    return lib.mean(difference * difference, axis=-1) / 2.0


def poisson_loss(prediction: Any, y: Any) -> Any:
    """Per sample: ``y ln(y/μ) - y + μ`` with ``μ = eˣ``, averaged over outputs."""
    positive = lib.greater(y, 0)
    safe = lib.where(positive, y, 1.0)
    constant = lib.where(positive, y * lib.log(safe), 0.0) - y
    return lib.mean(constant - y * prediction + lib.exp(prediction), axis=-1)


class EstimatorStep(TrainingStep):
    """A training step whose loss is a cost per sample, averaged, with the penalty on the weights."""

    def __init__(
        self,
        model: MultiLayer,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        alpha: float,
    ) -> None:
        super().__init__(model, loss, optimizer)
        # a tensor, so that one compiled step serves every strength of the penalty but none
        self._half_alpha = wrap(np.asarray(0.5 * alpha), None)
        self.penalised = alpha != 0
        self.weights = [layer.weight for layer in model.affine()]

    def value(self, prediction: Any, y: Any, weight: Any) -> Any:
        """Weighted mean of the costs, and ``alpha/2 ‖W‖²`` divided by the same total weight."""
        each = self.loss(prediction, y)
        if len(shape_of(each)) == 0:  # a loss of the user's, averaged already
            total: Any = float(math.prod(shape_of(prediction)[:1]))
            cost = each
        elif weight is None:
            total = float(shape_of(prediction)[0])
            cost = lib.sum(each) / total
        else:
            weight = lib.astype(lib.asarray(weight), each.dtype)
            total = lib.sum(weight)
            cost = lib.sum(each * weight) / total
        if not self.penalised:
            return cost
        squares: Any = None
        for w in self.weights:
            part = sum_squares(w)
            squares = part if squares is None else squares + part
        half: Any = float(self._half_alpha._value)
        if STATE.stage is not None:
            half = lib.astype(self._half_alpha, squares.dtype)
        return cost + squares * half / total
