"""Training steps run eagerly, but recorded only once."""

from __future__ import annotations

from typing import Any

from chainrule.core.likeness import likeness
from chainrule.core.op import Abstract
from chainrule.core.replay import Replay
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.trace import stage
from chainrule.errors import StagingError
from chainrule.train.step import TrainingStep

__all__ = ["ReplayedStep", "worth_replaying"]

_STEPS = 30
"""Staging costs as much as a dozen steps gain."""


def worth_replaying(step: TrainingStep, steps: int) -> bool:
    """Whether a step may be replayed and is run often enough.

    Only steps made of the library's own parts are: code of the user's may do things besides
    computing, every time it runs.
    """
    return steps >= _STEPS and likeness(step) is not None


class ReplayedStep:
    """A training step whose forward and backward pass are replayed (``core/replay.py``).

    Gives what the step gives, to the bit. Gradients, clipping and the update of the optimiser are
    those of the step itself.

    Parameters
    ----------
    step : TrainingStep
        Made of the library's own parts; see :func:`worth_replaying`.
    """

    def __init__(self, step: TrainingStep) -> None:
        self.step = step
        self._known: dict[Any, Replay | None] = {}
        self._modes = [(module, module.training) for module in step.model.modules()]

    def __call__(self, x: Any, y: Any, weight: Any = None) -> tuple[Any, ...]:
        """Train on one batch."""
        loss, sums = self.gradients(x, y, weight)
        norm, clipped = self.step.clip()
        self.step.optimizer.step()
        return (loss, norm, clipped, *sums)

    def gradients(self, x: Any, y: Any, weight: Any = None) -> tuple[Any, list[Any]]:
        """Loss and sums of the metrics of a batch; gradients are left in the parameters."""
        given = (x, y) if weight is None else (x, y, weight)
        replay = None
        if all(isinstance(part, Tensor) for part in given) and self._same_modes():
            key = tuple([(part.shape, part.dtype) for part in given])
            if key not in self._known:
                self._known[key] = self._staged(given)
            replay = self._known[key]
        if replay is None:
            return self._eagerly(x, y, weight)
        try:
            loss, sums = replay([part._value for part in given])
        except (ValueError, TypeError, IndexError):
            return self._eagerly(x, y, weight)  # says where and what was expected
        return wrap(loss, None), sums

    def _eagerly(self, x: Any, y: Any, weight: Any = None) -> tuple[Any, list[Any]]:
        self.step.optimizer.zero_grad()
        loss, sums = self.step.forward(x, y, weight)
        loss.backward()
        return loss.detach(), sums

    def _same_modes(self) -> bool:
        return all(module.training is mode for module, mode in self._modes)

    def _staged(self, given: tuple[Any, ...]) -> Replay | None:
        """The replay for operands of these shapes, or None if values decide what is computed."""
        shapes = tuple(Abstract(part.shape, part.dtype) for part in given)
        try:
            return Replay(stage(self._eagerly, shapes, {}, abstract=True))
        except StagingError:
            return None
