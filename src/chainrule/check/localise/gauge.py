"""Every known entry of every gradient in one vector, and how far off each may be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..compare import SAFETY
from ..examine import Examination
from ..leaves import Leaf
from ..match import fits
from ..program import Outcome

Vector = NDArray[np.float64]


class Gauge:
    """The rule of :mod:`..compare` for all gradients at once: is anything against them?

    Thousands of edited runs are judged, so this is kept to a handful of array operations.

    Attributes
    ----------
    truth : ndarray
        True derivatives, those of one gradient after the other.
    scale : ndarray
        The largest true entry of the gradient that each belongs to.
    weight : ndarray
        One over that.
    """

    def __init__(self, exam: Examination) -> None:
        self._exam = exam
        self._entries = [truth.entries for truth in exam.truths]
        self._shapes = [truth.shape for truth in exam.truths]
        self._owner = np.repeat(np.arange(len(exam.truths)), [len(e) for e in self._entries])
        self.truth = np.concatenate([t.value for t in exam.truths])
        error = np.concatenate([t.error for t in exam.truths])
        kinks = np.concatenate([t.kinks for t in exam.truths])
        known = np.isfinite(self.truth) & np.isfinite(error)
        self._smooth = known & ~kinks
        self.scale = np.empty_like(self.truth)
        for n in range(len(exam.truths)):
            mine = self._owner == n
            values = np.abs(self.truth[mine & known])
            self.scale[mine] = values.max(initial=0.0)
        self.weight = 1.0 / np.where(self.scale > 0, self.scale, 1.0)
        self._fixed = SAFETY * error + exam.tolerance.atol * self.scale

    def read(self, outcome: Outcome) -> tuple[Vector, NDArray[np.bool_]]:
        """The entries that a run claims, and for each gradient whether it is there in its shape."""
        claimed = self._exam.claimed(outcome)
        there = np.zeros(len(claimed), dtype=bool)
        parts = []
        for n, leaf in enumerate(claimed):
            there[n] = leaf is not None and self._has_shape(n, leaf)
            if there[n] and leaf is not None:
                flat = np.asarray(leaf.value, dtype=np.float64).reshape(-1)
                parts.append(flat[self._entries[n]])
            else:
                parts.append(np.full(len(self._entries[n]), np.nan))
        return np.concatenate(parts) if parts else np.empty(0), there

    def _has_shape(self, n: int, leaf: Leaf) -> bool:
        shape = self._shapes[n]
        size = int(np.prod(shape, dtype=int))
        return fits(leaf.value.shape, shape) or leaf.value.size == 1 == size

    def right(
        self, claimed: Vector, there: NDArray[np.bool_], slack: float = 1.0
    ) -> NDArray[np.bool_]:
        """For each gradient, whether nothing speaks against it; `slack` widens the bounds."""
        with np.errstate(invalid="ignore", over="ignore"):
            magnitude = np.maximum(np.abs(claimed), np.abs(self.truth))
            bound = self._fixed + self._exam.tolerance.rtol * magnitude
            near = np.abs(claimed - self.truth) <= np.maximum(slack * bound, np.finfo(float).tiny)
        # An infinite claim has an infinite bound.
        against = self._owner[self._smooth & ~(near & np.isfinite(claimed))]
        good = there.copy()
        good[against] = False
        return good

    def belong(self, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The entries of those gradients for which `there` is true."""
        return np.asarray(there[self._owner])

    def of(self, which: frozenset[int]) -> NDArray[np.bool_]:
        """The smooth entries that belong to the gradients numbered `which`."""
        return self._smooth & np.isin(self._owner, sorted(which))
