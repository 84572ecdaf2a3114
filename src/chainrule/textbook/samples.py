"""Training data as the book writes it, or as two arrays, turned into two matrices once.

A *pair list* is what the book's loaders give: any iterable of ``(x, y)`` with one sample each (a
``zip`` object will do). x is a column ``(n, 1)`` (a row ``(1, n)`` in row layout) or 1-D; y is the
target in the same form, or a class label, an integer. A *pair of arrays* is a tuple ``(X, Y)`` of
two NumPy arrays, X (and Y) in the network's layout, or Y a 1-D array of labels.
The two are told apart by their types, never by a shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.labels import one_hot
from chainrule.errors import DataError, ShapeError
from chainrule.textbook._types import Array, Layout
from chainrule.textbook.layout import as_columns, as_float

__all__ = ["Samples", "as_samples"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples in rows, ready to be gathered into mini-batches.

    Attributes
    ----------
    x : ndarray, shape (N, n_in), C-contiguous
    y : ndarray, shape (N, n_out), C-contiguous
        Targets; one-hot rows where labels were given.
    labels : ndarray of int, shape (N,), or None
        The labels, where y came as labels.
    """

    x: Array
    y: Array
    labels: npt.NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.x)


def as_samples(
    name: str,
    data: object,
    n_in: int,
    n_out: int,
    layout: Layout,
    dtype: np.dtype[Any],
    network: str,
    off: float = 0.0,
) -> Samples:
    """`data` as :class:`Samples`.

    Parameters
    ----------
    name : str
        What the data are, for the messages: ``"training_data"``.
    data : iterable of (x, y), or tuple of two arrays, or Samples
    off : float
        Target of the classes that are not the label's.

    Raises
    ------
    ShapeError, DtypeError
        For arrays of another shape or kind, with the index of the first sample concerned.
    DataError
        For no samples at all, labels out of range, NaN or infinite inputs.
    """
    if isinstance(data, Samples):
        return data
    if isinstance(data, tuple) and len(data) == 2 and all(isinstance(d, np.ndarray) for d in data):
        x = as_columns(f"{name} x", data[0], n_in, layout, dtype, network).T
        y, labels = _targets(name, data[1], n_out, layout, dtype, network, off)
    else:
        x, y, labels = _from_pairs(name, data, n_in, n_out, layout, dtype, network, off)
    if len(x) != len(y):
        raise ShapeError(f"{name} has {len(x)} samples x but {len(y)} targets y")
    if len(x) == 0:
        raise DataError(f"{name} has no samples (an iterator that was used up before?)")
    for part, values in (("x", x), ("y", y)):
        if not np.isfinite(values).all():
            bad = int(np.argwhere(~np.isfinite(values).all(axis=1))[0, 0])
            raise DataError(f"{name}: {part} of sample {bad} holds NaN or infinite values")
    return Samples(np.ascontiguousarray(x), np.ascontiguousarray(y), labels)


def _targets(
    name: str,
    given: npt.NDArray[Any],
    n_out: int,
    layout: Layout,
    dtype: np.dtype[Any],
    network: str,
    off: float,
) -> tuple[Array, npt.NDArray[np.int64] | None]:
    if given.ndim != 1:
        return as_columns(f"{name} y", given, n_out, layout, dtype, network).T, None
    if n_out == 1:  # one number per sample is the target itself
        return as_float(f"{name} y", given, dtype)[:, None], None
    return _one_hot(name, given, n_out, dtype, off)


def _one_hot(
    name: str, labels: npt.NDArray[Any], n_out: int, dtype: np.dtype[Any], off: float
) -> tuple[Array, npt.NDArray[np.int64]]:
    if labels.dtype.kind not in "iu":
        raise DataError(
            f"{name}: the targets are single numbers of dtype {labels.dtype}, but the network has "
            f"{n_out} outputs; give a vector of {n_out} per sample, or integer labels"
        )
    try:
        return one_hot(labels, n_out, dtype=dtype, off=off), labels.astype(np.int64)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def _from_pairs(
    name: str,
    data: object,
    n_in: int,
    n_out: int,
    layout: Layout,
    dtype: np.dtype[Any],
    network: str,
    off: float,
) -> tuple[Array, Array, npt.NDArray[np.int64] | None]:
    if isinstance(data, np.ndarray) or not isinstance(data, Iterable):
        raise DataError(
            f"{name} must be an iterable of pairs (x, y) or a tuple of two arrays (X, Y), got "
            f"{type(data).__name__}"
        )
    pairs = list(data)
    for index, pair in enumerate(pairs):
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise DataError(
                f"{name}: item {index} is not a pair (x, y) but {type(pair).__name__}; for two "
                "arrays give a tuple (X, Y) of NumPy arrays"
            )
    x = _stack(f"{name}: x", [pair[0] for pair in pairs], n_in, layout, dtype, network)
    ys = [pair[1] for pair in pairs]
    if ys and all(np.ndim(y) == 0 for y in ys):
        y, labels = _targets(name, np.array(ys), n_out, layout, dtype, network, off)
        return x, y, labels
    return x, _stack(f"{name}: y", ys, n_out, layout, dtype, network), None


def _stack(
    name: str, items: list[Any], features: int, layout: Layout, dtype: np.dtype[Any], network: str
) -> Array:
    """Single samples, one row each: one NumPy call where they all have the form they should."""
    one = (features, 1) if layout == "column" else (1, features)
    if all(isinstance(item, np.ndarray) and item.shape == one for item in items):
        return as_float(name, np.array(items), dtype).reshape(len(items), features)
    rows = np.empty((len(items), features), dtype)
    for index, item in enumerate(items):
        column = as_columns(f"{name} of sample {index}", item, features, layout, dtype, network)
        if column.shape[1] != 1:
            raise ShapeError(
                f"{name} of sample {index} has shape {np.shape(item)}, which is a batch of "
                f"{column.shape[1]}; a pair (x, y) is one sample"
            )
        rows[index] = column[:, 0]
    return rows
