"""The derivative of a program's cost with respect to its inputs.

It comes from the forward code run on tensors where it can (:mod:`.tensor_run`): every entry, up to
rounding, and believed after differences have confirmed it. Elsewhere differences themselves are the
truth, in every entry or a sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .budget import DEAREST, Budget
from .compare import SAFETY, Tolerance, Truth, compare
from .differences import confirms, spread, step_scale
from .numerical import direction_truth, entry_truth, guard, noise_level
from .program import Program
from .report import WRONG
from .tensor_run import TensorRuns, TrueGradients

__all__ = ["Truths"]

#: Entries per argument below which every one is taken.
_ALL = 400
#: Entries looked at of a larger one.
_SAMPLE = 100
#: Entries by which differences confirm a derivative taken on tensors.
_CONFIRM = 3


class Truths:
    """True derivatives at the program's own point, and along directions elsewhere.

    Parameters
    ----------
    program : Program
        The code.
    tolerance : Tolerance
        What counts as a contradiction between tensors and differences.
    budget : float
        Seconds to spend on differences.
    seed : int
        For directions and samples of entries.
    tensors : TensorRuns or None
        Runs of the code on tensors.
    centre : float
        The cost at the point.

    Attributes
    ----------
    exact : TrueGradients or None
        What was taken on tensors; None once differences have contradicted it.
    disputed : TrueGradients or None
        What was taken there and contradicted.
    parts : int
        Over how many inputs the evaluations are shared out.
    runs : int
        Runs of the code so far.
    """

    def __init__(
        self,
        program: Program,
        tolerance: Tolerance,
        budget: float,
        seed: int,
        tensors: TensorRuns | None,
        centre: float,
    ) -> None:
        self.program = program
        self.tolerance = tolerance
        self.tensors = tensors
        self.centre = centre
        self.rng = np.random.default_rng(seed)
        self.parts = 4
        self.runs = 0
        self._evaluations = Budget(budget)
        self._evaluations.settle(lambda: self.program.cost(self._still()))
        self.exact: TrueGradients | None = None
        self.disputed: TrueGradients | None = None
        if tensors is not None:
            self.exact = tensors.prepare(centre)
        self._of: dict[int, Truth] = {}
        self._noise: float | None = None

    def _still(self) -> dict[int, NDArray[np.float64]]:
        """Every float input replaced by itself: a run with overrides, as derivatives take them."""
        leaves = self.program.leaves
        return {n: leaf.value for n, leaf in enumerate(leaves) if leaf.value.dtype.kind == "f"}

    def at(self, leaf: int) -> Truth:
        """Derivative with respect to one input: every entry, or a sample by differences."""
        if leaf not in self._of:
            exact = self._confirmed(leaf)
            self._of[leaf] = self._measured(leaf) if exact is None else self._taken(leaf, exact)
        return self._of[leaf]

    def _taken(self, leaf: int, gradient: NDArray[np.float64]) -> Truth:
        """The derivative taken on tensors as the truth."""
        assert self.exact is not None
        value = np.asarray(self.program.leaves[leaf].value, dtype=np.float64)
        scale = step_scale(0.0, spread(value))
        rounding = self.exact.rounding.get(leaf, 0.0)
        # Terms that cancel here, in the order in which tensors add them, may leave their rounding in
        # another order: it moves the cost no more than rounding does.
        unseen = self.exact.noise / scale
        if np.max(np.abs(gradient), initial=0.0) <= SAFETY * unseen:
            rounding = max(rounding, unseen)
        return Truth.exact(gradient, rounding, 1e-6 * abs(self.centre) / scale)

    def cost_of(
        self, leaf: int, overrides: dict[int, NDArray[np.float64]] | None = None
    ) -> Callable[..., float]:
        """The cost as a function of one input."""
        base = dict(overrides or {})

        def cost(value: NDArray[np.float64]) -> float:
            self.runs += 1
            self._evaluations.count()
            return self.program.cost({**base, leaf: value})

        return guard(cost)

    def noise(self, leaf: int) -> float:
        """Rounding noise of the cost."""
        if self._noise is None:
            value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
            self._noise = noise_level(self.cost_of(leaf), value, self.rng)
            if not math.isfinite(self._noise):
                self._noise = 1e-15 * max(abs(self.centre), 1.0)
            if self.exact is not None:
                self._noise = max(self._noise, self.exact.noise)
        return self._noise

    def _confirmed(self, leaf: int) -> NDArray[np.float64] | None:
        """The derivative taken on tensors, unless differences contradict it."""
        if self.exact is None or leaf not in self.exact.leaves:
            return None
        gradient = self.exact.leaves[leaf]
        if not gradient.size:
            return gradient
        largest = int(np.argmax(np.abs(gradient)))
        others = self.rng.integers(0, gradient.size, _CONFIRM - 1)
        if self.agrees_in(leaf, gradient, np.unique([largest, *others])):
            value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
            direction = self.direction(value)
            along = float(np.sum(gradient * direction))
            cost = self.cost_of(leaf)
            line = lambda t: cost(value + t * direction)  # noqa: E731
            noise = self.noise(leaf)
            if confirms(line, 1.0, along, noise):
                return gradient
            truth = direction_truth(line, 1.0, noise, self.centre)
            if compare(np.array([along]), truth, self.tolerance).verdict != WRONG:
                return gradient
        self.disputed, self.exact = self.exact, None
        assert self.tensors is not None
        self.tensors.why = "differences contradict the derivative taken there"
        return None

    def agrees_in(
        self, leaf: int, gradient: NDArray[np.float64], entries: NDArray[np.intp]
    ) -> bool:
        """True if differences agree with a gradient in some entries, and meet no kink there."""
        value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
        cost, typical = self.cost_of(leaf), spread(value)
        doubtful = []
        for entry in entries:

            def along(t: float, entry: int = int(entry)) -> float:
                moved = value.copy()
                moved.reshape(-1)[entry] += t
                return cost(moved)

            scale = step_scale(float(value.reshape(-1)[entry]), typical)
            expected = float(gradient.reshape(-1)[entry])
            if not confirms(along, scale, expected, self.noise(leaf)):
                doubtful.append(entry)
        if not doubtful:
            return True
        truth = self._differences(leaf, np.array(doubtful))
        return not truth.kinks.any() and compare(gradient, truth, self.tolerance).verdict != WRONG

    def on_tensors(self, leaf: int) -> NDArray[np.float64] | None:
        """The derivative taken on tensors, if there is one that is still believed."""
        return None if self.exact is None else self.exact.leaves.get(leaf)

    def by_differences(self, leaf: int) -> Truth:
        """Make differences the truth for one input."""
        self._of[leaf] = self._measured(leaf)
        return self._of[leaf]

    def again(self, leaf: int, entries: NDArray[np.intp]) -> Truth:
        """A second opinion on some entries: differences at other steps."""
        value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
        return entry_truth(
            self.cost_of(leaf), value, entries, self.noise(leaf), centre=self.centre, first=0.3
        )

    def departs(self, leaf: int, claimed: NDArray[np.float64]) -> bool:
        """True if differences show that a gradient departs along the direction in which it does.

        One entry may be too small for differences to see; all of them together are not.
        """
        truth = self.at(leaf)
        value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
        if not truth.is_complete or truth.kinks.any() or not np.isfinite(claimed).all():
            return False
        got, true = (np.reshape(a, value.shape) for a in (claimed, truth.array()))
        slack = self.tolerance.slack(got, true, float(np.max(np.abs(true), initial=0.0)))
        gap = np.where(np.abs(got - true) > slack, got - true, 0.0)
        if not gap.any():
            return False
        direction = gap * (step_scale(0.0, spread(value)) / np.max(np.abs(gap)))
        cost = self.cost_of(leaf)
        along = direction_truth(
            lambda t: cost(value + t * direction), 1.0, self.noise(leaf), self.centre
        )
        if not np.isfinite(along.error).all() or along.kinks.any():
            return False
        allowed = SAFETY * along.error[0] + float(np.sum(slack * np.abs(direction)))
        return bool(abs(np.sum(got * direction) - along.value[0]) > allowed)

    def _measured(self, leaf: int) -> Truth:
        """Derivative by differences, in every entry or as many as the budget pays for."""
        self.program.to_float(leaf)
        size = self.program.leaves[leaf].value.size
        share = self._share(size)
        if size <= _ALL and 8 * size <= share:
            return self._differences(leaf, np.arange(size))
        wanted = int(max(min(share // 8, _SAMPLE, size), _CONFIRM))
        entries = self.rng.permutation(size)[:wanted] if size else np.arange(0)
        return self._differences(leaf, entries, self._evaluations.spent + share)

    def _share(self, size: int) -> int:
        """Evaluations for one input: a quarter of what is left, or an even part of all."""
        left = max(self._evaluations.allowed - self._evaluations.spent, 0)
        return min(left // 4, self._evaluations.allowed // self.parts)

    def _differences(self, leaf: int, entries: NDArray[np.intp], until: int | None = None) -> Truth:
        value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
        counted = self._evaluations
        least = counted.spent + _CONFIRM * DEAREST
        return entry_truth(
            self.cost_of(leaf),
            value,
            entries,
            self.noise(leaf),
            centre=self.centre,
            go_on=lambda: until is None or counted.spent + DEAREST <= max(until, least),
        )

    def probe(
        self,
        leaf: int,
        value: NDArray[np.float64],
        overrides: dict[int, NDArray[np.float64]] | None = None,
    ) -> tuple[NDArray[np.float64], Truth]:
        """A random direction from a value of one input, and the derivative along it."""
        direction = self.direction(value)
        cost = self.cost_of(leaf, overrides)
        centre = cost(value)
        truth = direction_truth(
            lambda t: cost(value + t * direction), 1.0, self.noise(leaf), centre
        )
        return direction, truth

    def direction(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """A random direction, as long as the array varies."""
        direction = self.rng.uniform(0.5, 1.5, value.shape) * self.rng.choice(
            (-1.0, 1.0), value.shape
        )
        return direction * (step_scale(0.0, spread(value)))
