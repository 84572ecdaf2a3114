"""Dividing rows into training, validation and test parts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, DataError

__all__ = ["Split", "split"]

Rows = NDArray[np.intp]


class Split(NamedTuple):
    """Row indices of the three parts, each in rising order."""

    train: Rows
    validation: Rows
    test: Rows


def split(
    n: int,
    validation: float = 0.15,
    test: float = 0.15,
    *,
    labels: NDArray[Any] | None = None,
    seed: int = 0,
) -> Split:
    """Return a random division of n rows into training, validation and test parts.

    Parameters
    ----------
    n : int
        Number of rows.
    validation, test : float
        Shares of the rows, each from 0 to below 1, together below 1.
    labels : ndarray, shape (n,), optional
        Classes. When given, every class is divided in the same shares (stratified), rounded so
        that the parts of the whole come out right.
    seed : int

    Returns
    -------
    Split
        Disjoint; together all rows.

    Raises
    ------
    ArgumentError
        Shares outside their range, or labels of another length.
    DataError
        No row would be left for a part that was asked for.

    Examples
    --------
    >>> parts = split(10, validation=0.2, test=0.3, seed=1)
    >>> [len(part) for part in parts]
    [5, 2, 3]
    >>> labels = np.repeat([0, 1], [90, 10])
    >>> [int(labels[part].sum()) for part in split(100, 0.2, 0.2, labels=labels)]
    [6, 2, 2]
    """
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise ArgumentError(
            f"validation={validation}, test={test}: shares of the rows are expected, each at "
            "least 0, together below 1."
        )
    if labels is not None and len(labels) != n:
        raise ArgumentError(f"{len(labels)} labels for {n} rows; one label per row is expected.")
    shares = np.array([1 - validation - test, validation, test])
    rng = np.random.default_rng(seed)
    groups = [np.arange(n)] if labels is None else _by_class(labels)
    parts: list[list[Rows]] = [[], [], []]
    owed = np.zeros(3)
    for rows in groups:
        # What rounding withheld from a part in one class is owed to it in the next, so that the
        # whole comes out right however many small classes there are.
        owed += shares * len(rows)
        counts = _round_to(owed, len(rows))
        owed -= counts
        dealt = np.split(rng.permutation(rows), np.cumsum(counts)[:-1])
        for part, mine in zip(parts, dealt, strict=True):
            part.append(mine)
    found = Split(
        *(np.sort(np.concatenate(part)) if part else np.empty(0, np.intp) for part in parts)
    )
    for name, share, rows in zip(Split._fields, shares, found, strict=True):
        if share > 0 and len(rows) == 0:
            raise DataError(f"{n} rows are too few for a {name} part of {share:.0%}.")
    return found


def _by_class(labels: NDArray[Any]) -> list[Rows]:
    _, inverse = np.unique(labels, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    return np.split(order, np.cumsum(np.bincount(inverse))[:-1])


def _round_to(wanted: NDArray[np.float64], total: int) -> NDArray[np.intp]:
    """Return whole numbers near ``wanted`` whose sum is ``total``, by largest remainders."""
    counts = np.maximum(np.floor(wanted + 1e-9), 0).astype(np.intp)
    for _ in range(total - int(counts.sum())):
        counts[np.argmax(wanted - counts)] += 1
    while counts.sum() > total:
        behind = np.where(counts > 0, wanted - counts, np.inf)
        counts[np.argmin(behind)] -= 1
    return counts
