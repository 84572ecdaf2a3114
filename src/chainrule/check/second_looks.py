"""What is looked at again before the gradient of a program is called wrong."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .compare import Comparison, Tolerance, Truth, compare
from .leaves import Leaf
from .match import fits
from .program import Program
from .report import RIGHT, WRONG
from .truths import Truths

__all__ = ["SecondLooks"]

#: Entries that are differentiated again, at other steps.
_WORST = 3


class SecondLooks:
    """Grounds on which *wrong* is not upheld.

    Parameters
    ----------
    program : Program
        The code.
    known : Truths
        The derivatives it was compared with.
    tolerance : Tolerance
        The rule.
    """

    def __init__(self, program: Program, known: Truths, tolerance: Tolerance) -> None:
        self.program = program
        self.known = known
        self.tolerance = tolerance

    def doubt(self, number: int, claim: Leaf | None, truth: Truth, comparison: Comparison) -> str:
        """Why a gradient that seems wrong is not called so; empty if it is.

        Parameters
        ----------
        number : int
            The input that it is the gradient of.
        claim : Leaf or None
            The gradient.
        truth : Truth
            What it was compared with.
        comparison : Comparison
            What came of it.
        """
        if claim is None or not fits(claim.value.shape, truth.shape):
            return ""
        claimed = np.asarray(claim.value, dtype=np.float64).reshape(truth.shape)
        worst = comparison.worst
        if worst is not None and not math.isfinite(worst.claimed):
            overflow = self._overflow()
            if overflow:
                return f"{comparison.reason}, but {overflow}"
        if self._is_as_disputed(number, claimed):
            return "differences contradict it and the derivative on tensors, which agree"
        if not self._stands(number, claimed, truth):
            return "differences at two sets of steps disagree"
        return ""

    def _overflow(self) -> str:
        """What is not finite before any gradient is: then the point is to blame, not a rule."""
        for leaf in self.program.leaves:
            if leaf.value.dtype.kind == "f" and not np.isfinite(leaf.value).all():
                return f"neither is the argument {leaf.name}"
        return self.known.tensors.overflow() if self.known.tensors is not None else ""

    def _is_as_disputed(self, number: int, claimed: NDArray[np.float64]) -> bool:
        """True if a gradient is what tensors said and differences contradicted.

        Two that were found in different ways and agree in every entry are not both wrong: rather the
        cost varies on lengths that the steps of the differences do not resolve.
        """
        disputed = self.known.disputed
        exact = None if disputed is None else disputed.leaves.get(number)
        if exact is None or not np.any(exact) or exact.shape != claimed.shape:
            return False
        return compare(claimed, Truth.exact(exact), self.tolerance).verdict == RIGHT

    def _stands(self, number: int, claimed: NDArray[np.float64], truth: Truth) -> bool:
        """Repeat the differences of the worst entries with other steps: does *wrong* stand?"""
        distance = np.abs(claimed.reshape(-1)[truth.entries] - truth.value)
        worst = truth.entries[np.argsort(-np.nan_to_num(distance, nan=np.inf))[:_WORST]]
        again = self.known.again(number, worst)
        if compare(claimed, again, self.tolerance).verdict == WRONG:
            return True
        return self.known.departs(number, claimed)
