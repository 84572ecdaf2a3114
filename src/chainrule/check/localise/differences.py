"""What differs between two values of a statement, as figures and as a slip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..report import Worst


def describe_difference(
    value: NDArray[Any],
    true: NDArray[np.float64],
    inputs: Sequence[NDArray[Any]] = (),
) -> tuple[str, str] | None:
    """The slip that turns `true` into `value`, read off the numbers alone; None if they do not tell.

    Parameters
    ----------
    value, true : ndarray
        What a statement computed, and what it should have.
    inputs : sequence of ndarray
        The inputs of the program: regularisation adds a multiple of one.

    Examples
    --------
    >>> describe_difference(np.array([2.0, 4.0]), np.array([1.0, 2.0]))[0]
    'factor-2'
    >>> describe_difference(np.array([-1.0, 2.0]), np.array([1.0, -2.0]))[0]
    'sign'
    >>> describe_difference(np.array([0.2, 0.7, 0.1]), np.array([0.2, -0.3, 0.1]))[0]
    'missing-term'
    """
    if value.shape == true.shape:
        weight = float(np.sum(true * true))
        ratio = float(np.sum(value * true)) / weight if weight else 0.0
        if ratio and np.allclose(value, ratio * true, rtol=1e-5, atol=1e-9 * abs(ratio)):
            if np.isclose(ratio, -1):
                return "sign", "the sign is wrong"
            if np.isclose(abs(ratio), 2) or np.isclose(abs(ratio), 0.5):
                return "factor-2", f"it is {ratio:g} times what it should be"
            for m in range(3, 1025):
                if np.isclose(abs(ratio), m) or np.isclose(abs(ratio), 1 / m):
                    return "factor-m", f"it is {ratio:g} times what it should be"
            if value.size > 1:
                return "factor", f"it is {ratio:g} times what it should be"
        if (
            true.ndim == 2
            and true.shape[0] == true.shape[1]
            and np.allclose(value, true.T, rtol=1e-5)
        ):
            return "transpose", "it is transposed"
        with np.errstate(all="ignore"):
            zero = np.isclose(true, 0) & ~np.isclose(value, 0)
            rest = np.isclose(value, true, rtol=1e-5)
        if zero.any() and (zero | rest).all():
            return "mask", "entries that should be zero are not"
        gap = true - value
        if any(_is_multiple(gap, entries) for entries in inputs):
            return "regularisation", "a multiple of the parameter itself is missing"
        if (rest & ~np.isclose(value, 0)).mean() > 0.25:
            # A factor that is 1 in so many entries would be a mask.
            return "missing-term", "something that belongs to some of the entries is not added"
        if np.isclose(value, 0).all() and not np.isclose(true, 0).all():
            return "missing-term", "nothing is added to what starts at zero"
    elif value.ndim == 2 and value.T.shape == true.shape and np.allclose(value.T, true, rtol=1e-5):
        return "transpose", "it is transposed"
    return None


def _is_multiple(gap: NDArray[np.float64], entries: NDArray[Any]) -> bool:
    """True if `gap` is a multiple of an input, in all of its entries or in a good part, zero elsewhere."""
    if gap.shape != entries.shape or entries.dtype.kind != "f" or gap.size < 3:
        return False
    size = float(np.abs(gap).max())
    there = np.abs(gap) > 1e-9 * size
    if not size or np.count_nonzero(there) < max(2, gap.size // 2) or not entries[there].all():
        return False
    ratios = gap[there] / entries[there]
    return bool(np.allclose(ratios, ratios[0], rtol=1e-4, atol=0))


def differ(a: list[Any], b: list[Any]) -> bool:
    if len(a) != len(b):
        return True
    for x, y in zip(a, b):
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
            if x.shape != y.shape or not np.allclose(x, y, rtol=1e-9, atol=0, equal_nan=True):
                return True
        elif isinstance(x, (float, np.floating)) and isinstance(y, (float, np.floating)) and x != y:
            return True
    return False


def worst_of(before: list[Any], after: list[Any]) -> Worst | None:
    for x, y in zip(before, after):
        if not all(isinstance(v, (np.ndarray, int, float, np.number)) for v in (x, y)):
            continue
        a, b = np.asarray(x), np.asarray(y)
        if a.shape != b.shape or a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
            continue
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
        if gap.size and np.nanmax(gap) > 0:
            k = int(np.nanargmax(gap))
            index = tuple(int(i) for i in np.unravel_index(k, a.shape)) if a.shape else ()
            return Worst(index, float(a.reshape(-1)[k]), float(b.reshape(-1)[k]))
    return None
