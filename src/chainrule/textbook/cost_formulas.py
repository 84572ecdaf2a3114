"""The formulas of the costs: one cost per sample, and ``∇_a C``.

All take column form: a and y of shape ``(n, m)``; values have shape ``(m,)``, gradients ``(n, m)``.
No formula hides an ε: where a probability is exactly 0 the cost may be infinite, which is what it
is; the limits that exist are taken (``0 ln 0 = 0``, ``0 / 0 = 0``).
At a kink (L1, hinge) the derivative is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.textbook._types import Array
from chainrule.textbook.activation_formulas import log_softmax

__all__ = [
    "complaint_if_not",
    "cross_entropy",
    "cross_entropy_gradient",
    "cross_entropy_of_logits",
    "entropy_of_targets",
    "hinge",
    "hinge_gradient",
    "huber",
    "log_likelihood",
    "log_likelihood_of_logits",
    "quadratic",
    "ratio",
    "softmax_delta",
    "squared",
    "times_log",
    "total",
]


def total(terms: Array) -> Array:
    """Sum over the output neurons: ``(n, m) -> (m,)``."""
    out: Array = terms.sum(axis=0)
    return out


def times_log(y: Array, a: Array) -> Array:
    """``y ln a`` with ``0 ln 0 = 0``."""
    positive = y > 0
    with np.errstate(divide="ignore"):  # ln 0 = −∞ is the value
        return np.where(positive, y * np.log(np.where(positive, a, 1.0)), 0.0)


def ratio(y: Array, a: Array) -> Array:
    """``y / a`` with ``0 / 0 = 0``."""
    nonzero = y != 0
    with np.errstate(divide="ignore"):  # y / 0 = ∞ is the value
        return np.where(nonzero, y / np.where(nonzero, a, 1.0), 0.0)


def squared(a: Array, y: Array) -> Array:
    """``‖y − a‖²``."""
    d = a - y
    return total(d * d)


def quadratic(a: Array, y: Array) -> Array:
    """``½‖y − a‖²``."""
    return 0.5 * squared(a, y)


def cross_entropy(a: Array, y: Array) -> Array:
    """``−Σ [y ln a + (1 − y) ln(1 − a)]``."""
    return -total(times_log(y, a) + times_log(1.0 - y, 1.0 - a))


def cross_entropy_gradient(a: Array, y: Array) -> Array:
    """``(a − y) / (a(1 − a))``, written so that a = y = 0 and a = y = 1 have their limits."""
    return ratio(1.0 - y, 1.0 - a) - ratio(y, a)


def cross_entropy_of_logits(z: Array, y: Array) -> Array:
    """The same cost from ``a = σ(z)``: ``Σ [max(z, 0) − y z + ln(1 + e^−|z|)]``."""
    return total(np.maximum(z, 0.0) - y * z + np.log1p(np.exp(-np.abs(z))))


def log_likelihood(a: Array, y: Array) -> Array:
    """``−Σ y ln a``."""
    return -total(times_log(y, a))


def log_likelihood_of_logits(z: Array, y: Array) -> Array:
    """The same cost from ``a = softmax(z)``: ``−Σ y (z − ln Σ e^z)``."""
    return -total(y * log_softmax(z))


def entropy_of_targets(y: Array) -> Array:
    """``Σ y ln y``: what KL adds to the cross-entropy, independent of a."""
    return total(times_log(y, y))


def softmax_delta(z: Array, a: Array, y: Array) -> Array:
    """``a Σy − y``, which is ``ŷ − y`` for targets that sum to 1."""
    out: Array = a * y.sum(axis=0, keepdims=True) - y
    return out


def huber(a: Array, y: Array, width: float) -> Array:
    """``½d²`` for ``|d| ≤ width``, ``width (|d| − ½ width)`` beyond; ``d = a − y``."""
    d = np.abs(a - y)
    inside = np.minimum(d, width)
    return total(inside * (d - 0.5 * inside))


def hinge(a: Array, y: Array) -> Array:
    """``Σ max(0, 1 − y a)``, targets −1 and +1."""
    return total(np.maximum(0.0, 1.0 - y * a))


def hinge_gradient(a: Array, y: Array) -> Array:
    """``−y`` where ``y a < 1``, else 0."""
    return np.where(y * a < 1.0, -y, 0.0)


def complaint_if_not(accepted: Any, y: Array, wanted: str) -> str | None:
    """What is wrong with the targets, or None: `accepted` is a boolean array, shape of y."""
    if np.all(accepted):
        return None
    where = np.argwhere(~np.asarray(accepted))[0]
    return f"expects targets {wanted}, got {y[tuple(where)]:g}"
