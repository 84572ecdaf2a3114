"""Sanity checks before a long run: the loss at chance, and a few samples learnt by heart.

Both are those of the cs231n notes: with small random weights the loss is that of guessing; and a
network that cannot overfit a handful of samples has a defect, or too small a learning rate.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.train.feed import Feed

if TYPE_CHECKING:
    from chainrule.train.trainer import Trainer

__all__ = ["SanityReport", "chance_level", "overfit"]


class SanityReport(NamedTuple):
    """Outcome of a check: what was found, what was expected, and the verdict in words."""

    passed: bool
    found: float
    expected: float
    verdict: str


def chance_level(trainer: Trainer, data: Any, tolerance: float = 0.5) -> SanityReport:
    """Compare the loss of the untrained model with that of guessing.

    Guessing is a uniform distribution over classes (``ln C``) for class indices, and the mean of the
    targets (their variance) for numbers under a squared error.

    Parameters
    ----------
    trainer : Trainer
        Not trained yet.
    data : as for ``Trainer.fit``
    tolerance : float
        Relative deviation that passes; more than guessing's loss by this factor fails.
    """
    feed = Feed(data, trainer.dtype)
    found = trainer.evaluate(data)["loss"]
    batch = feed.take(slice(0, len(feed)))
    y = np.asarray(batch.y)
    if y.dtype.kind in "iu":
        classes = trainer.predict(batch.x).shape[-1]
        expected, guess = math.log(classes), f"ln {classes}, guessing among {classes} classes"
    else:
        expected, guess = float(np.var(y, axis=0).mean()), "the variance of the targets"
    passed = abs(found - expected) <= tolerance * max(expected, 1e-12)
    verdict = f"the loss before training is {found:.4g}; {guess}, would give {expected:.4g}"
    if not passed:
        verdict += (
            ". Larger: the initial weights are too large or the inputs not scaled"
            if found > expected
            else ". Smaller: the targets leak into the inputs, or the loss is divided twice"
        )
    return SanityReport(passed, found, expected, verdict)


def overfit(
    trainer: Trainer, data: Any, samples: int = 20, steps: int = 300, drop: float = 0.1
) -> SanityReport:
    """Train a copy of the model on a few samples; its loss must fall to a fraction ``drop``.

    Parameters
    ----------
    trainer : Trainer
        Its model, optimiser and callbacks are left as they are.
    data : as for ``Trainer.fit``
    samples, steps : int
    drop : float
    """
    from chainrule.train.trainer import Trainer

    feed = Feed(data, trainer.dtype)
    batch = feed.take(slice(0, min(samples, len(feed))))
    model, optimizer = copy.deepcopy((trainer.model, trainer.optimizer))
    twin = Trainer(model, trainer.loss, optimizer, compiled=False)
    model.train()
    before = twin.evaluate((batch.x, batch.y))["loss"]
    twin.fit((batch.x, batch.y), epochs=steps, batch_size=batch.size, progress=False)
    found = twin.evaluate((batch.x, batch.y))["loss"]
    passed = found <= drop * before
    verdict = (
        f"{batch.size} samples: the loss fell from {before:.4g} to {found:.4g} in {steps} steps"
    )
    if not passed:
        verdict += (
            ". A network that cannot learn a few samples by heart has a wrong gradient (see "
            "cr.check), a learning rate that does not fit, or too few weights"
        )
    return SanityReport(passed, found, drop * before, verdict)
