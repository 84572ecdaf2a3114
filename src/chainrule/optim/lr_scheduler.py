"""Learning-rate schedules, with PyTorch's names and formulas (SPEC C5).

A schedule states the learning rate of epoch ``t`` as a formula of the initial one. Where another
schedule or the user has changed the rate in between, it is multiplied by the ratio of two
successive values of the formula, so that schedules can be combined.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer, ParamGroup
from chainrule.optim.plateau import ReduceLROnPlateau

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class LRScheduler:
    """Base of the schedules that depend on the epoch alone.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        Where to continue; -1 starts.
    """

    _unsaved: tuple[str, ...] = ("optimizer",)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise ArgumentError(
                    "to continue a schedule (last_epoch >= 0) every group needs 'initial_lr'"
                )
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._set: list[float] = [float(group["lr"]) for group in optimizer.param_groups]
        self._alone = True
        self.step()

    def rate(self, base: float, epoch: int, index: int) -> float:
        """Learning rate of group ``index`` in an epoch."""
        raise NotImplementedError

    def step(self) -> None:
        """Go on to the next epoch."""
        self.last_epoch += 1
        groups = self.optimizer.param_groups
        if self.last_epoch == 0:
            self._alone = all(g["lr"] == g["initial_lr"] for g in groups)
        elif any(float(g["lr"]) != rate for g, rate in zip(groups, self._set)):
            self._alone = False
        for index, group in enumerate(groups):
            base = self.base_lrs[index]
            rate = self.rate(base, self.last_epoch, index)
            if not self._alone:
                before = self.rate(base, self.last_epoch - 1, index) if self.last_epoch else base
                rate = float(group["lr"]) * rate / before if before else rate
            group["lr"] = rate
        self._set = [float(group["lr"]) for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group."""
        return list(self._set)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser and functions."""
        return {
            key: value
            for key, value in vars(self).items()
            if key not in self._unsaved and not callable(value)
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """The initial rate times ``lr_lambda(epoch)`` (one function, or one for each group)."""

    _unsaved = ("optimizer", "lr_lambdas")

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        count = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * count if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != count:
            raise ArgumentError(f"{len(self.lr_lambdas)} functions for {count} parameter groups")
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return base * self.lr_lambdas[index](epoch)


class StepLR(LRScheduler):
    """The rate times ``gamma`` every ``step_size`` epochs."""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return float(base * self.gamma ** (epoch // self.step_size))


class MultiStepLR(LRScheduler):
    """The rate times ``gamma`` at each of the ``milestones``."""

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Sequence[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return float(base * self.gamma ** bisect_right(self.milestones, epoch))


class ExponentialLR(LRScheduler):
    """The rate times ``gamma`` every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return float(base * self.gamma**epoch)


class ConstantLR(LRScheduler):
    """The rate times ``factor`` during the first ``total_iters`` epochs."""

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return base * (self.factor if epoch < self.total_iters else 1.0)


class LinearLR(LRScheduler):
    """A warm-up: the factor goes in a line from ``start_factor`` to ``end_factor``."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0.0 < start_factor <= 1.0 or not 0.0 <= end_factor <= 1.0:
            raise ArgumentError("LinearLR: start_factor is in (0, 1], end_factor in [0, 1]")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        done = min(epoch, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class PolynomialLR(LRScheduler):
    """``(1 - t/total_iters)^power``, then 0."""

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return float(base * (1.0 - min(epoch, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """``eta_min + (base - eta_min)(1 + cos(πt/T_max))/2`` (Loshchilov and Hutter 2017)."""

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        return _cosine(base, self.eta_min, epoch / self.T_max)


def _cosine(start: float, end: float, done: float) -> float:
    """From ``start`` to ``end`` along half a cosine."""
    return end + (start - end) * (1.0 + math.cos(math.pi * done)) / 2.0


def _line(start: float, end: float, done: float) -> float:
    return start + (end - start) * done


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that starts again after ``T_0``, ``T_0 T_mult``, … epochs."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        length = self.T_0
        while epoch >= length:
            epoch -= length
            length *= self.T_mult
        return _cosine(base, self.eta_min, epoch / length)


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down again within ``total_steps`` steps (Smith and Topin 2019).

    Call ``step`` after every batch. With ``cycle_momentum`` the momentum (Adam's β₁) goes the other
    way, between ``max_momentum`` and ``base_momentum``. Arguments and defaults are PyTorch's.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy is 'cos' or 'linear', not {anneal_strategy!r}")
        self.total_steps = total_steps
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        self.base_momentum, self.max_momentum = base_momentum, max_momentum
        self.final_div_factor, self.div_factor = final_div_factor, div_factor
        count = len(optimizer.param_groups)
        self.max_lrs = [float(max_lr)] * count if isinstance(max_lr, int | float) else list(max_lr)
        rise = float(pct_start * total_steps) - 1.0
        # each phase: its last step, and the ends it goes between
        if three_phase:
            self.phases = [
                (rise, "initial", "max"),
                (2.0 * rise, "max", "initial"),
                (total_steps - 1.0, "initial", "min"),
            ]
        else:
            self.phases = [(rise, "initial", "max"), (total_steps - 1.0, "max", "min")]
        if cycle_momentum:
            group = optimizer.param_groups[0]
            if "momentum" not in group and "betas" not in group:
                raise ArgumentError("cycle_momentum=True needs an optimiser with momentum or betas")
        super().__init__(optimizer, last_epoch)

    def _place(self, step: int) -> tuple[str, str, float]:
        if step > self.total_steps:  # the step after the last batch is allowed, as in PyTorch
            raise ArgumentError(
                f"OneCycleLR was made for {self.total_steps} steps; this would be step {step}"
            )
        begin = 0.0
        for number, (end, first, second) in enumerate(self.phases):
            if step <= end or number == len(self.phases) - 1:
                width = end - begin
                return first, second, (step - begin) / width if width else 1.0
            begin = end
        raise AssertionError("a schedule has a last phase")

    def _between(self, start: float, end: float, done: float) -> float:
        blend = _cosine if self.anneal_strategy == "cos" else _line
        return blend(start, end, done)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        first, second, done = self._place(epoch)
        high = self.max_lrs[index]
        initial = high / self.div_factor
        ends = {"initial": initial, "max": high, "min": initial / self.final_div_factor}
        return self._between(ends[first], ends[second], done)

    def step(self) -> None:
        """Go on to the next step."""
        following = self.last_epoch + 1
        first, second, done = self._place(following)
        # set outright: the initial rate of the optimiser plays no part in this schedule
        self.last_epoch = following
        for index, group in enumerate(self.optimizer.param_groups):
            group["lr"] = self.rate(0.0, following, index)
            if self.cycle_momentum:
                ends = {"initial": self.max_momentum, "max": self.base_momentum}
                ends["min"] = self.max_momentum
                self._set_momentum(group, self._between(ends[first], ends[second], done))
        self._set = [float(group["lr"]) for group in self.optimizer.param_groups]

    @staticmethod
    def _set_momentum(group: ParamGroup, momentum: float) -> None:
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum


class SequentialLR(LRScheduler):
    """One schedule after the other; each counts from its own start.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
        Made for the same optimiser.
    milestones : sequence of int
        Epochs at which the next schedule takes over; one fewer than schedules.
    """

    _unsaved = ("optimizer", "schedulers")

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, "
                f"there are {len(milestones)}"
            )
        if any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ArgumentError("every schedule must be made for the same optimiser")
        self.schedulers = list(schedulers)
        self.milestones = list(milestones)
        for group in optimizer.param_groups:  # undo the first values the schedules have set
            group["lr"] = group["initial_lr"]
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, epoch: int, index: int) -> float:
        """See the class."""
        number = bisect_right(self.milestones, epoch)
        start = self.milestones[number - 1] if number else 0
        return self.schedulers[number].rate(base, epoch - start, index)
