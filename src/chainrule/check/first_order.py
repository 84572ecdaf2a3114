"""The gradient with respect to each argument against numerical differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analytic import analytic_truth
from .budget import DEAREST
from .compare import Comparison, Truth, compare
from .differences import spread, step_scale
from .numerical import direction_truth, entry_truth, guard
from .report import CANNOT_TELL, RIGHT, WRONG, ArgumentResult
from .subject import Subject

__all__ = ["FirstOrder"]

Array = NDArray[Any]

#: Entries per argument up to which every one is compared, if the budget allows.
_ALL = 2000
#: Random directions per argument.
_DIRECTIONS = 3


class FirstOrder:
    """Comparison of the claimed gradients with differences, within the budget.

    Attributes
    ----------
    joint : Comparison or None
        Along one direction through all arguments at once, if they are too many for one each.
    by_complex_steps : int
        Entries confirmed by complex steps.
    """

    def __init__(self, at: Subject) -> None:
        self.at = at
        self.joint: Comparison | None = None
        self.by_complex_steps = 0

    def results(self) -> list[ArgumentResult]:
        """The verdict on the gradient of each argument."""
        asked, budget = self.at.asked, self.at.budget
        self._take_joint(asked)
        begun = budget.spent / budget.allowed
        return [
            self.gradient(i, begun + (1 - begun) * (k + 1) / len(asked))
            for k, i in enumerate(asked)
        ]

    def gradient(self, i: int, share: float) -> ArgumentResult:
        """The gradient of one argument; evaluations may be spent up to a share of the budget."""
        value, claimed = self.at.values[i], self.at.claimed[i]
        shape_fault = self.at.shape_fault(i, claimed)
        if shape_fault:
            return self.at.result(i, Comparison(WRONG, shape_fault), 0, 0)
        gradient = (
            np.zeros(value.shape) if claimed is None else np.asarray(claimed, dtype=np.float64)
        )
        cost = self.at.cost_of(i)
        go_on = lambda: self.at.budget.affords(DEAREST, share)  # noqa: E731
        everything = value.size <= _ALL and self.at.budget.affords(8 * value.size, share)
        # Directions first: they see every entry, though none of them sharply.
        along = [] if everything else self._along(i, gradient, go_on)
        if self.at.is_coarse and np.any(gradient):
            along += self._steepest(i, gradient, go_on)
        entries = np.arange(value.size) if everything else self.at.sample(value.size)
        truth = analytic_truth(self.at, i, entries) if everything else None
        if truth is not None and compare(gradient, truth, self.at.tolerance).verdict == RIGHT:
            self.by_complex_steps += len(truth.entries)
        else:
            truth = entry_truth(
                cost, value, entries, self.at.noise, centre=self.at.centre, go_on=go_on
            )
        comparison = compare(gradient, truth, self.at.tolerance)
        if not len(truth.entries) and value.size:
            comparison = self._by_directions(along)
        if comparison.verdict == WRONG and not self._stands(i, gradient, truth):
            comparison = replace(
                comparison, verdict=CANNOT_TELL, reason="differences at two sets of steps disagree"
            )
        elif comparison.verdict == RIGHT:
            wrong = [c for c in along if c.verdict == WRONG]
            if wrong:
                words = "wrong along a direction, though nothing is seen in single entries"
                comparison = replace(wrong[0], reason=words, kinks=comparison.kinks)
        if claimed is None and comparison.verdict != CANNOT_TELL:
            depends = "and" if comparison.verdict == RIGHT else "though"
            does = "does not depend" if comparison.verdict == RIGHT else "depends"
            reason = f"no gradient, {depends} the function {does} on it here"
            comparison = replace(comparison, reason=reason)
        return self.at.result(i, comparison, len(truth.entries), len(along))

    def _stands(self, i: int, gradient: Array, truth: Truth) -> bool:
        """Repeat the worst differences with other steps: is it still wrong?"""
        got = gradient.reshape(-1)[truth.entries]
        distance = np.nan_to_num(np.abs(got - truth.value), nan=np.inf)
        worst = truth.entries[np.argsort(-distance)[:3]]
        if not self.at.budget.affords(DEAREST * len(worst)):
            return True
        again = entry_truth(
            self.at.cost_of(i),
            self.at.values[i],
            worst,
            self.at.noise,
            centre=self.at.centre,
            first=0.3,
        )
        return compare(gradient, again, self.at.tolerance).verdict == WRONG

    def _along(self, i: int, gradient: Array, go_on: Callable[[], bool]) -> list[Comparison]:
        """Comparisons along random directions."""
        value = self.at.values[i]
        cost = self.at.cost_of(i)
        found = []
        for _ in range(_DIRECTIONS):
            direction = self.at.rng.uniform(0.5, 1.5, value.shape) * self.at.rng.choice(
                (-1.0, 1.0), value.shape
            )
            direction *= step_scale(0.0, spread(value)) / math.sqrt(value.size)
            if not go_on():
                break
            truth = direction_truth(
                _line(cost, value, direction), 1.0, self.at.noise, self.at.centre
            )
            terms = gradient * direction
            along = float(np.sum(terms))
            # What rounding and a relative error of rtol in every entry can do to the sum.
            slack = self.at.tolerance.rtol * float(np.sqrt(np.sum(terms * terms)))
            comparison = compare(np.array([along]), truth, self.at.tolerance)
            if comparison.verdict == WRONG and abs(along - truth.value[0]) <= slack:
                comparison = Comparison(RIGHT)
            found.append(_without_index(comparison))
        return found

    def _steepest(self, i: int, gradient: Array, go_on: Callable[[], bool]) -> list[Comparison]:
        """The comparison along the gradient itself, where all entries add up above the noise."""
        value = self.at.values[i]
        if not go_on() or not np.isfinite(gradient).all():
            return []
        direction = gradient * (step_scale(0.0, spread(value)) / np.max(np.abs(gradient)))
        line = _line(self.at.cost_of(i), value, direction)
        truth = direction_truth(line, 1.0, self.at.noise, self.at.centre)
        claimed = np.array([np.sum(gradient * direction)])
        return [_without_index(compare(claimed, truth, self.at.tolerance))]

    def _by_directions(self, along: list[Comparison]) -> Comparison:
        """The verdict where the budget paid for no entries."""
        for verdict in (WRONG, CANNOT_TELL):
            for comparison in along:
                if comparison.verdict == verdict:
                    return comparison
        if along:
            return along[0]
        if self.joint is not None and self.joint.verdict == RIGHT:
            return replace(
                self.joint,
                reason="only along one direction through all arguments at once:"
                f" {self.at.too_little()}",
            )
        return Comparison(CANNOT_TELL, f"not reached: {self.at.too_little()}")

    def _take_joint(self, asked: list[int]) -> None:
        """One direction through all arguments, if they are too many for one each."""
        if self.at.budget.affords(2 * DEAREST * len(asked)):
            return
        directions = {}
        along = 0.0
        for i in asked:
            value, claimed = self.at.values[i], self.at.claimed[i]
            if claimed is None or self.at.shape_fault(i, claimed):
                continue
            direction = self.at.rng.uniform(0.5, 1.5, value.shape)
            direction *= self.at.rng.choice((-1.0, 1.0), value.shape)
            direction *= step_scale(0.0, spread(value)) / math.sqrt(max(value.size, 1))
            directions[i] = direction
            along += float(np.sum(direction * np.asarray(claimed, dtype=np.float64)))

        def cost(t: float) -> float:
            return self.at.cost(
                [
                    v + t * directions[i] if i in directions else v
                    for i, v in enumerate(self.at.values)
                ]
            )

        truth = direction_truth(guard(cost), 1.0, self.at.noise, self.at.centre)
        self.joint = _without_index(compare(np.array([along]), truth, self.at.tolerance))


def _without_index(comparison: Comparison) -> Comparison:
    """A comparison of one number: along a direction there is no entry to name."""
    if comparison.worst is None:
        return comparison
    return replace(comparison, worst=replace(comparison.worst, index=()))


def _line(
    cost: Callable[[Array], float], value: Array, direction: Array
) -> Callable[[float], float]:
    return lambda t: cost(value + t * direction)
