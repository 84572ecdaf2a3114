"""One training step as a function of a batch: what an epoch repeats, eagerly or compiled.

``step(x, y, weight)`` runs forward, backward, clipping and the optimiser's update, and returns
``(loss, grad_norm, clipped, *sums of the metrics)``. It is written in the library's ops and changes
parameters, slots and running statistics only through ``assign``, so that it can be staged as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.modes import no_grad
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor
from chainrule.core.tree import tree_map
from chainrule.errors import ArgumentError, GradientError
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.utils.clip import clip_grad_norm_, clip_grad_value_
from chainrule.optim.optimizer import Optimizer
from chainrule.train.metrics import Metric

__all__ = ["TrainingStep"]


class TrainingStep:
    """See the module's docstring.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(prediction, target)``, a scalar.
    optimizer : Optimizer
    metrics : sequence of Metric
    clip_norm, clip_value : float, optional
        Bounds of the global gradient norm and of each gradient element.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        metrics: Sequence[Metric] = (),
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.metrics = list(metrics)
        self.clip_norm, self.clip_value = clip_norm, clip_value
        self.parameters = [p for group in optimizer.param_groups for p in group["params"]]

    def __call__(self, x: Any, y: Any, weight: Any = None) -> tuple[Any, ...]:
        """Train on one batch."""
        self.optimizer.zero_grad()
        loss, sums = self.forward(x, y, weight)
        loss.backward()
        norm, clipped = self.clip()
        self.optimizer.step()
        return (loss.detach(), norm, clipped, *sums)

    def forward(self, x: Any, y: Any, weight: Any = None) -> tuple[Any, list[Any]]:
        """Loss and sums of the metrics of a batch; nothing is changed but running statistics."""
        prediction = self.model(x)
        loss = self.value(prediction, y, weight)
        if not isinstance(loss, Tensor) or loss.size != 1:
            shape = getattr(loss, "shape", None)
            raise ArgumentError(
                f"the loss must be a scalar tensor, it is {type(loss).__name__} of shape {shape}; "
                "use reduction='mean'"
            )
        return loss, self.measure(prediction, y)

    def value(self, prediction: Any, y: Any, weight: Any) -> Any:
        """The loss; with sample weights ``Σ w loss / Σ w``."""
        if weight is None:
            return self.loss(prediction, y)
        each = self._each(prediction, y)
        axes = tuple(range(1, len(each.shape)))
        if axes:
            each = lib.mean(each, axis=axes)
        weight = lib.astype(lib.asarray(weight), each.dtype)
        return lib.sum(each * weight) / lib.sum(weight)

    def _each(self, prediction: Any, y: Any) -> Any:
        loss = self.loss
        if isinstance(loss, Loss):
            kept, loss.reduction = loss.reduction, "none"
            try:
                return loss(prediction, y)
            finally:
                loss.reduction = kept
        try:
            return loss(prediction, y, reduction="none")  # type: ignore[call-arg]
        except TypeError:
            raise ArgumentError(
                "sample weights need a loss that takes reduction='none' (those of chainrule.nn do)"
            ) from None

    def measure(self, prediction: Any, y: Any) -> list[Any]:
        """Sums of the metrics, one after the other."""
        if not self.metrics:
            return []
        with no_grad():
            if STATE.stage is None:
                prediction, y = tree_map(_plain, prediction), tree_map(_plain, y)
            elif isinstance(prediction, Tensor):
                prediction = prediction.detach()
            return [part for metric in self.metrics for part in metric.sums(prediction, y)]

    def clip(self) -> tuple[Any, Any]:
        """Clip as asked; the norm before and whether clipping acted (0 or 1)."""
        if self.clip_value is not None:
            clip_grad_value_(self.parameters, self.clip_value)
        if self.clip_norm is None:
            return 0.0, 0.0
        norm = clip_grad_norm_(self.parameters, self.clip_norm)
        return norm, lib.astype(lib.greater(norm, self.clip_norm), "f8")

    def accumulate(self, batches: Sequence[tuple[Any, Any, Any, int]]) -> list[tuple[Any, ...]]:
        """One update from several batches: the gradient of their samples taken together."""
        self.optimizer.zero_grad()
        total = sum(size for *_, size in batches)
        found = []
        for x, y, weight, size in batches:
            loss, sums = self.forward(x, y, weight)
            (loss * (size / total)).backward()
            found.append((loss.detach(), sums))
        norm, clipped = self.clip()
        self.optimizer.step()
        return [
            (loss, norm, clipped if index == 0 else 0.0, *sums)
            for index, (loss, sums) in enumerate(found)
        ]

    def gradient_norm(self) -> float:
        """Global norm of the gradients of the last step."""
        grads = [p.grad for p in self.parameters if p.grad is not None]
        total = sum(float(np.vdot(g._value, g._value)) for g in grads)
        return float(total) ** 0.5


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Tensor) else value


def require_finite(loss: float, epoch: int, step: int) -> None:
    """Raise where the loss is NaN or infinite: every later step would be lost."""
    if not np.isfinite(loss):
        raise GradientError(
            f"the loss became {loss} in epoch {epoch + 1}, step {step + 1}. Try a smaller learning "
            "rate, clip_norm=1.0, or scaled inputs; the callback cr.diagnose.TrainingWatch() tells "
            "where it began"
        )
