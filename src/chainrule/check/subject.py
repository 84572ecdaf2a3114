"""A function at a point, as the checks see it: values, cotangents, claimed gradients, noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends.base import Backend, is_unasked
from .budget import Budget
from .compare import Comparison, Tolerance
from .differences import spread, step_scale
from .numerical import guard, noise_level
from .report import RIGHT, WRONG, ArgumentResult, Worst

__all__ = ["Subject"]

Array = NDArray[Any]

#: Entries looked at of an argument that is too large, or too dear, for every one.
_SAMPLE = 50


#: Relative noise above which a function computes in less than float64.
_COARSE = 1e-11


class Subject:
    """The function under test at the point given.

    Parameters
    ----------
    backend : Backend
        The function, its arguments and the tool whose derivatives are checked.
    budget : Budget
        Evaluations that may be spent.
    tolerance : Tolerance or None
        The rule; settled by :meth:`measure` from what the function can show if None.
    seed : int
        For cotangents, directions and samples.

    Attributes
    ----------
    values, outs : list of ndarray
        The arguments and what the function returned.
    cotangents : list of ndarray
        What stands in for the cost: the checked number is ``Σ cotangents ⊙ outputs``.
    claimed : list
        The gradients under test, as the tool returns them.
    noise : float
        Rounding noise of that number.
    is_coarse : bool
        True if the function computes in less than float64.
    notes : list of str
        For the report.
    """

    def __init__(
        self, backend: Backend, budget: Budget, tolerance: Tolerance | None, seed: int
    ) -> None:
        self.backend = backend
        self.budget = budget
        self.rng = np.random.default_rng(seed)
        self.values = [np.array(v) for v in backend.parts.values]
        self.notes: list[str] = []
        self.outs: list[Array] = []
        self.cotangents: list[Array] = []
        self.claimed: list[Any] = []
        self.noise = self.centre = 0.0
        self.is_coarse = False
        self._given = tolerance
        self.tolerance = tolerance or Tolerance()

    def is_same_nearby(self) -> bool:
        """Two evaluations at a moved point: at the point itself zeros may hide the noise."""
        moved = [
            v + 0.01 * self.rng.standard_normal(v.shape) * step_scale(0.0, spread(v))
            for v in self.values
        ]
        try:
            first, second = self.evaluate(moved), self.evaluate(moved)
        except (ArithmeticError, ValueError):
            return True
        return equal(first, second)

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """What the function returns for these arguments."""
        self.budget.count()
        with np.errstate(all="ignore"):
            return [np.asarray(o) for o in self.backend.evaluate(values)]

    def cost(self, values: Sequence[Array]) -> float:
        """``Σ cotangents ⊙ outputs``, the number that is differentiated."""
        outs = self.evaluate(values)
        return float(sum(np.sum(u * o, dtype=np.float64) for u, o in zip(self.cotangents, outs)))

    def cost_of(self, i: int) -> Callable[[Array], float]:
        """That number as a function of one argument, NaN outside its domain."""

        def cost(value: Array) -> float:
            return self.cost([value if k == i else v for k, v in enumerate(self.values)])

        return guard(cost)

    def pull(self) -> None:
        """Choose cotangents, and ask for the gradients under test."""
        if len(self.outs) == 1 and self.outs[0].size == 1:
            self.cotangents = [np.ones(self.outs[0].shape)]
        else:
            self.cotangents = [self.rng.uniform(0.5, 1.5, o.shape) for o in self.outs]
        self.claimed = self.backend.pull(self.values, self.cotangents)

    @property
    def asked(self) -> list[int]:
        """The arguments whose gradient the tool was asked for."""
        return [i for i, claimed in enumerate(self.claimed) if not is_unasked(claimed)]

    @property
    def widest(self) -> int:
        """The argument with the most entries."""
        return int(np.argmax([v.size for v in self.values]))

    def settle(self) -> None:
        """Turn the budget into evaluations."""
        cost, value = self.cost_of(self.widest), self.values[self.widest]
        # An evaluation at a moved point: that is what the derivatives are made of.
        self.budget.settle(lambda: cost(value + 2.0**-40 * value))

    def measure(self) -> None:
        """Set the noise, and the tolerance to what can be seen above it."""
        self.centre = self.cost(self.values)
        widest = self.widest
        quick = self.budget.allowed < 300
        noise = noise_level(self.cost_of(widest), self.values[widest], self.rng, quick)
        magnitude = max(
            sum(float(np.sum(np.abs(u * o))) for u, o in zip(self.cotangents, self.outs)), 1e-300
        )
        floor = 2.0**-52 * magnitude * 0.5
        self.noise = max(noise, floor) if math.isfinite(noise) else 1e-14 * magnitude
        relative = self.noise / magnitude
        rtol, resolution = 1e-6, 1e-3
        self.is_coarse = relative > _COARSE
        if self.is_coarse:
            rtol = min(max(1e-6, 1e3 * relative), 1e-3)
            # What differences of so coarse a function resolve, with the safety that they are given.
            resolution = min(max(1e-3, 20 * relative**0.4), 0.1)
            self.notes.append(
                f"the function computes to about {relative:.0e} (float32 or less somewhere inside):"
                " it is judged by what that can show"
            )
        if self._given is None:
            self.tolerance = Tolerance(rtol, max(1e-9, rtol * 1e-2), resolution)

    def sample(self, size: int) -> NDArray[np.intp]:
        """Entries of a large argument, at random: the more the budget pays for, the more of them."""
        if size <= _SAMPLE:
            return np.arange(size)
        return self.rng.choice(size, _SAMPLE, replace=False)

    def too_little(self) -> str:
        """That the budget is too small, in words."""
        number = f"{self.budget.allowed} evaluations of this function"
        if self.budget.fixed is not None:
            return f"evaluations= allows {number}"
        return f"the budget of {self.budget.seconds:g} s pays for {number}; give more as budget="

    def shape_fault(self, i: int, claimed: Any) -> str:
        """What is wrong with the shape or dtype of a gradient, or nothing."""
        if claimed is None:
            return ""
        array = np.asarray(claimed)
        shape = self.values[i].shape
        if array.shape != shape:
            return f"the gradient has shape {array.shape}, the argument {shape}"
        if array.dtype.kind != "f":
            return f"the gradient has dtype {array.dtype}, the argument is a float array"
        return ""

    def result(
        self, i: int, comparison: Comparison, checked: int, directions: int
    ) -> ArgumentResult:
        """The verdict on an argument from a comparison, with the kinks near the point named."""
        reason = comparison.reason
        if comparison.verdict != RIGHT or comparison.kinks:
            from .kinks import explain_kinks

            where = explain_kinks(self.backend, self.values) if "kink" in reason else ""
            reason = f"{reason} ({where})" if where else reason
        return ArgumentResult(
            self.backend.parts.names[i],
            self.values[i].shape,
            str(self.backend.parts.dtypes[i]),
            comparison.verdict,
            reason,
            checked,
            self.values[i].size,
            directions,
            comparison.worst,
            comparison.kinks,
        )

    def property_result(
        self, i: int, reason: str, worst: Worst | None, mode: str, verdict: str = WRONG
    ) -> ArgumentResult:
        """The verdict on a property of the maps at an argument."""
        value = self.values[i]
        return ArgumentResult(
            self.backend.parts.names[i],
            value.shape,
            str(self.backend.parts.dtypes[i]),
            verdict,
            reason,
            value.size,
            value.size,
            0,
            worst,
            mode=mode,
        )


def equal(a: Sequence[Array], b: Sequence[Array]) -> bool:
    """True for outputs that are equal to the last bit."""
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b))
