"""Arrays as sets: unique, union, intersection, difference. Each result remembers where it was read.

The values of the result are elements of the operands, so the gradient goes back to those: of
several equal ones to the first.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.ops.along_axis import values_of
from chainrule.ops.shape import concatenate, ravel, shape_of

__all__ = [
    "intersect1d",
    "isin",
    "setdiff1d",
    "setxor1d",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]

_isin: Op = defop(
    "isin",
    lambda x, y, assume_unique=False, invert=False: np.asarray(
        np.isin(x, y, assume_unique=assume_unique, invert=invert)
    ),
    infer=lambda x, y, **_: Abstract(shape_of(x), np.dtype(bool)),
    samples=(Sample((np.array([1.0, 2.0, 3.0]), np.array([2.0])), {}),),
    doc="x is among y; no derivative",
)


def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    """``np.isin``: whether each element is among others. No derivative."""
    return _isin(
        lib.asarray(element), lib.asarray(test_elements), assume_unique=assume_unique, invert=invert
    )


class UniqueAll(NamedTuple):
    """What ``np.unique_all`` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What ``np.unique_counts`` returns."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What ``np.unique_inverse`` returns."""

    values: Any
    inverse_indices: Any


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """``np.unique``: the distinct values in order; the gradient goes to the first of each."""
    found = _unique(ar, axis, equal_nan)
    extras = [
        extra
        for extra, wanted in zip(found[1:], (return_index, return_inverse, return_counts))
        if wanted
    ]
    return (found.values, *extras) if extras else found.values


def _unique(ar: Any, axis: int | None, equal_nan: bool) -> UniqueAll:
    ar = lib.asarray(ar)
    values = values_of(ar, "unique")
    _, index, inverse, counts = np.unique(values, True, True, True, axis, equal_nan=equal_nan)
    return UniqueAll(lib.take(ar, index, axis=axis), *map(lib.constant, (index, inverse, counts)))


def unique_all(x: Any) -> UniqueAll:
    """``np.unique_all``: the distinct values, where they are, and how often."""
    return _unique(x, None, False)


def unique_counts(x: Any) -> UniqueCounts:
    """``np.unique_counts``: the distinct values, and how often they occur."""
    found = _unique(x, None, False)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverse:
    """``np.unique_inverse``: the distinct values, and which of them each element is."""
    found = _unique(x, None, False)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any) -> Any:
    """``np.unique_values``: the distinct values; the gradient goes to the first of each."""
    return _unique(x, None, False).values


def union1d(ar1: Any, ar2: Any) -> Any:
    """``np.union1d``: the distinct values of both."""
    return unique(concatenate([ar1, ar2], axis=None))


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """``np.intersect1d``: the values in both; the gradient goes to the first operand."""
    ar1, ar2 = ravel(lib.asarray(ar1)), ravel(lib.asarray(ar2))
    ar1 = lib.astype(ar1, np.result_type(ar1.dtype, ar2.dtype))
    _, first, second = np.intersect1d(
        values_of(ar1, "intersect1d"), values_of(ar2, "intersect1d"), assume_unique, True
    )
    common = lib.take(ar1, first)
    return (common, lib.constant(first), lib.constant(second)) if return_indices else common


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """``np.setdiff1d``: the values of the first that are not in the second."""
    ar1 = ravel(lib.asarray(ar1)) if assume_unique else unique(ar1)
    outside = ~np.isin(values_of(ar1, "setdiff1d"), values_of(ar2, "setdiff1d"))
    return lib.take(ar1, np.flatnonzero(outside))


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """``np.setxor1d``: the values in one of the two."""
    if not assume_unique:
        ar1, ar2 = unique(ar1), unique(ar2)
    found = _unique(concatenate([ar1, ar2], axis=None), None, True)
    return lib.take(found.values, np.flatnonzero(values_of(found.counts, "setxor1d") == 1))
