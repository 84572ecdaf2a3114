"""Distributions in a fixed number of bins, so that a long training needs no more memory than a short one.

Two kinds. Gradients and updates spread over many powers of ten: their magnitudes are counted in
bins of a third of a decade. Weights and activations lie on both sides of 0: they are counted between
``-limit`` and ``limit``, a power of two, so that counts with different limits can be brought to the
same bins exactly, by joining neighbours. Of large arrays :data:`SAMPLE` elements are counted, the same
places every time: that shows a distribution, and keeps a look as cheap as a training step.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

__all__ = ["BINS", "Magnitudes", "Spread", "aligned", "magnitudes", "sampled", "spread"]

BINS = 60
DECADES = (-16.0, 4.0)
"""Magnitudes from 1e-16 to 1e4; what lies outside is counted in the outer bins."""
SAMPLE = 4096
"""Elements that are counted at most."""


class Magnitudes(NamedTuple):
    """How often each magnitude occurs.

    Attributes
    ----------
    counts : ndarray of int, shape (BINS,)
        In bins of equal width of ``log10 |v|``.
    zeros : int
        Values that are exactly 0, which have no logarithm.
    broken : int
        NaN and infinities.
    """

    counts: Any
    zeros: int
    broken: int


class Spread(NamedTuple):
    """How often each value occurs between ``-limit`` and ``limit``."""

    counts: Any
    limit: float
    broken: int


def sampled(values: Any) -> Any:
    """At most :data:`SAMPLE` elements, evenly spread."""
    flat = np.ravel(values)
    # an odd distance does not keep to one column of a matrix with an even number of them
    return flat[:: -(-flat.size // SAMPLE) | 1] if flat.size > SAMPLE else flat


def magnitudes(values: Any) -> Magnitudes:
    """Count magnitudes.

    Examples
    --------
    >>> from chainrule.diagnose.histogram import magnitudes
    >>> found = magnitudes(np.array([0.0, 1e-3, 2e-3, np.nan]))
    >>> int(found.counts.sum()), found.zeros, found.broken
    (2, 1, 1)
    """
    flat = np.abs(sampled(values)).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    positive = finite[finite > 0]
    low, high = DECADES
    places = ((np.log10(positive) - low) * (BINS / (high - low))).astype(np.int64)
    counts = np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)
    return Magnitudes(counts, int(finite.size - positive.size), int(flat.size - finite.size))


def spread(values: Any) -> Spread:
    """Count signed values; the limit is the smallest power of two that holds them all."""
    flat = sampled(values).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    largest = float(np.max(np.abs(finite), initial=0.0))
    limit = 2.0 ** math.ceil(math.log2(largest)) if largest > 1e-300 else 1.0
    places = ((finite + limit) * (BINS / (2 * limit))).astype(np.int64)
    counts = np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)
    return Spread(counts, limit, int(flat.size - finite.size))


def aligned(spreads: list[Spread]) -> tuple[Any, float]:
    """Counts of several distributions in the same bins: shape ``(len(spreads), BINS)``, and the limit.

    Doubling the limit joins neighbouring bins and moves them to the middle; nothing is lost or
    guessed. A limit that is more than ``BINS`` times another leaves that one in the middle bins.
    """
    limit = max((s.limit for s in spreads), default=1.0)
    rows = []
    for one in spreads:
        counts = one.counts
        for _ in range(round(math.log2(limit / one.limit))):
            joined = counts.reshape(BINS // 2, 2).sum(axis=1)
            counts = np.pad(joined, (BINS // 4, BINS // 4))
        rows.append(counts)
    return np.array(rows).reshape(len(rows), BINS), limit
