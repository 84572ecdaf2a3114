"""The rule that turns two numbers into a verdict.

    wrong         |claimed - true| > bound + rtol · max(|claimed|, |true|) + atol · typical
    cannot tell   not wrong, but the bound is too wide to say right
    right         otherwise

`bound` is ten times the estimated error of the numerical derivative of that very entry, `typical`
the largest true entry of the argument: an entry that is rounding noise beside the others is not
held against the code. Nothing depends on the number of entries. At a kink any number between the
one-sided derivatives is accepted, and a number outside is not held to be wrong either: sums of
kinks leave derivatives that no one convention explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .report import CANNOT_TELL, RIGHT, WRONG, Worst

__all__ = ["SAFETY", "Comparison", "Tolerance", "Truth", "compare"]

#: How many times its own estimate the error of a numerical derivative is allowed to be.
SAFETY = 10.0


@dataclass(frozen=True)
class Tolerance:
    """Relative tolerance, and the fraction of the largest entry below which nothing is seen.

    Attributes
    ----------
    rtol, atol : float
        The constants of the rule.
    resolution : float
        The relative change of an entry that has to be visible for it to be called right.
    """

    rtol: float = 1e-6
    atol: float = 1e-8
    resolution: float = 1e-3

    def slack(
        self, claimed: NDArray[np.float64], true: NDArray[np.float64], typical: float
    ) -> NDArray[np.float64]:
        """By how much entries may differ that are known exactly."""
        magnitude = np.maximum(np.abs(claimed), np.abs(true))
        return np.asarray(self.rtol * magnitude + self.atol * typical)

    def rule(self) -> str:
        """The rule with its numbers."""
        return (
            f"wrong where |claimed − true| > {SAFETY:g}·error + {self.rtol:g}·max(|claimed|, |true|)"
            f" + {self.atol:g}·max|true|; error: estimated for each entry from several steps"
        )


@dataclass(frozen=True)
class Truth:
    """Numerical derivatives of one argument at chosen entries.

    Attributes
    ----------
    shape : tuple of int
        Shape of the argument.
    entries : ndarray of int, shape (n,)
        Flat indices at which the derivative was taken.
    value, error, left, right : ndarray, shape (n,)
        The derivatives, their error estimates and the one-sided derivatives.
    negligible : float
        A derivative this small moves the function by a millionth of its value over the whole
        length on which the argument varies.
    """

    shape: tuple[int, ...]
    entries: NDArray[np.intp]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    negligible: float = 0.0

    @classmethod
    def exact(
        cls, gradient: NDArray[np.float64], rounding: float = 0.0, negligible: float = 0.0
    ) -> Truth:
        """A derivative that is known in every entry, up to rounding."""
        value = np.array(gradient, dtype=np.float64).reshape(-1)
        least = max(2.0**-50 * float(np.max(np.abs(value), initial=0.0)), rounding)
        error = np.full(value.shape, least)
        return cls(gradient.shape, np.arange(value.size), value, error, value, value, negligible)

    @property
    def size(self) -> int:
        """Number of entries of the argument."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def is_complete(self) -> bool:
        """True if every entry was taken."""
        return len(self.entries) == self.size

    @property
    def kinks(self) -> NDArray[np.bool_]:
        """Entries at which the one-sided derivatives differ."""
        return np.asarray(self.left != self.right)

    def array(self) -> NDArray[np.float64]:
        """The gradient in the shape of the argument, NaN where it was not taken."""
        full = np.full(self.size, np.nan)
        full[self.entries] = self.value
        return full.reshape(self.shape)


@dataclass(frozen=True)
class Comparison:
    """Outcome of comparing a claimed gradient with the truth."""

    verdict: str
    reason: str = ""
    worst: Worst | None = None
    kinks: int = 0
    excess: float = 0.0


def compare(claimed: NDArray[np.float64], truth: Truth, tolerance: Tolerance) -> Comparison:
    """Verdict on a claimed gradient, entry by entry.

    Parameters
    ----------
    claimed : ndarray
        Of the shape of the argument (checked by the caller).
    truth : Truth
        Numerical derivatives.
    tolerance : Tolerance
        The two constants of the rule.
    """
    got = np.asarray(claimed, dtype=np.float64).reshape(-1)[truth.entries]
    if got.size == 0:
        if truth.size == 0:
            return Comparison(RIGHT, "no entries")
        return Comparison(CANNOT_TELL, "none of its entries was looked at")
    known = np.isfinite(truth.value) & np.isfinite(truth.error)
    kinks = truth.kinks & known
    smooth = known & ~kinks
    count = int(kinks.sum())
    bad_claim = smooth & ~np.isfinite(got)
    if bad_claim.any():
        i = int(np.flatnonzero(bad_claim)[0])
        return Comparison(
            WRONG,
            "the gradient is not finite where the function is smooth",
            _worst(got, truth, i, 0.0),
            count,
            np.inf,
        )
    if not known.any():
        return Comparison(CANNOT_TELL, "the function is not finite around the point", None, count)
    typical = float(np.max(np.abs(truth.value[known])))
    magnitude = np.maximum(np.abs(got), np.abs(truth.value))
    slack = tolerance.slack(got, truth.value, typical)
    bound = SAFETY * truth.error + slack
    with np.errstate(invalid="ignore"):
        distance = np.abs(got - truth.value)
        excess = np.where(smooth, distance / np.where(bound > 0, bound, np.finfo(float).tiny), 0.0)
    i = int(np.argmax(excess))
    if excess[i] > 1.0:
        return Comparison(WRONG, "", _worst(got, truth, i, bound[i]), count, float(excess[i]))
    between = (got >= np.minimum(truth.left, truth.right) - slack) & (
        got <= np.maximum(truth.left, truth.right) + slack
    )
    if (kinks & ~between).any():
        j = int(np.flatnonzero(kinks & ~between)[0])
        return Comparison(
            CANNOT_TELL,
            f"kink crossed: at {count} of {got.size} entries the one-sided derivatives differ and the"
            " gradient is not between them; try another point",
            _worst(got, truth, j, bound[j]),
            count,
        )
    # An entry is resolved if a change of one per mille in it (or what else is asked for), or of one
    # millionth of the largest entry, would have been seen.
    # 1e-250: a function that is zero all around has a zero derivative.
    resolution = tolerance.resolution
    least = max(1e-3 * resolution * typical, truth.negligible, 1e-250)
    enough = np.maximum(resolution * magnitude, least)
    vague = smooth & (SAFETY * truth.error > enough)
    if vague.any() and (SAFETY * truth.error[vague]).max() > resolution * typical:
        j = int(np.flatnonzero(vague)[np.argmax(truth.error[vague])])
        return Comparison(
            CANNOT_TELL,
            f"precision exhausted: at {int(vague.sum())} of {got.size} entries the numerical derivative"
            f" is known to no better than {SAFETY * truth.error[j]:.1e}",
            _worst(got, truth, j, bound[j]),
            count,
        )
    reason = ""
    if count:
        reason = f"{count} of {got.size} entries lie at a kink: between the one-sided derivatives"
    if smooth.sum() < got.size / 2:
        missing = got.size - int(smooth.sum())
        if not smooth.any():
            return Comparison(
                CANNOT_TELL, f"every one of {missing} entries lies at a kink", None, count
            )
    return Comparison(RIGHT, reason, _worst(got, truth, i, bound[i]), count, float(excess[i]))


def _worst(got: NDArray[np.float64], truth: Truth, i: int, bound: float) -> Worst:
    index = np.unravel_index(int(truth.entries[i]), truth.shape) if truth.shape else ()
    return Worst(
        tuple(int(k) for k in index),
        float(got[i]),
        float(truth.value[i]),
        float(truth.error[i]),
        float(bound),
    )
