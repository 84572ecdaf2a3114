"""How the learning rate of a run changes: the schedules by their names on the command line."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.cli.settings import Settings
from chainrule.optim import Optimizer, lr_scheduler

__all__ = ["Scheduled", "build_schedule"]

WARM_UP = 0.05
"""Share of the steps over which ``warmup`` rises."""


class Scheduled(NamedTuple):
    """A schedule and when it steps: after every ``epoch`` or ``step``."""

    scheduler: Any
    every: str


def build_schedule(settings: Settings, optimizer: Optimizer, rows: int) -> Scheduled:
    """Return the schedule of the settings for an optimiser and a number of training rows.

    ========== =====================================================================
    constant   none
    step       divided by 10 after each third of the epochs
    cosine     half a cosine down to 0 over the epochs
    warmup     up from a hundredth over the first twentieth of the steps, then as cosine
    one_cycle  up and down again over all steps (Smith and Topin, 2019)
    plateau    divided by 10 when the loss that decides has not improved for a while
    ========== =====================================================================

    ``plateau`` waits half as long as early stopping does, so that it gets its turn first.
    """
    epochs, name = settings.epochs, settings.schedule
    steps = epochs * -(-rows // settings.batch_size)
    if name == "constant":
        return Scheduled(None, "epoch")
    if name == "step":
        return Scheduled(lr_scheduler.StepLR(optimizer, max(1, -(-epochs // 3))), "epoch")
    if name == "cosine":
        return Scheduled(lr_scheduler.CosineAnnealingLR(optimizer, epochs), "epoch")
    if name == "plateau":
        patience = settings.patience // 2 if settings.patience else 10
        return Scheduled(lr_scheduler.ReduceLROnPlateau(optimizer, patience=patience), "epoch")
    if name == "one_cycle":
        rate = optimizer.param_groups[0]["lr"]
        cycle = lr_scheduler.OneCycleLR(optimizer, rate, steps, cycle_momentum=False)
        return Scheduled(cycle, "step")
    rise = max(1, round(WARM_UP * steps))
    warm = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=rise)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps - rise))
    return Scheduled(lr_scheduler.SequentialLR(optimizer, [warm, fall], [rise]), "step")
