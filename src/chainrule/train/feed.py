"""Batches: rows of arrays in an order that seed and epoch determine.

The order of an epoch is a counter-based permutation (``ops/philox.py``), so that a resumed run sees
the batches that an uninterrupted one would have seen. Arrays are only indexed: memory-mapped ones
are read batch by batch and never loaded whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.core.tree import flatten, tree_map
from chainrule.errors import ArgumentError, DataError, DtypeError, ShapeError
from chainrule.ops.philox import words

__all__ = ["Batch", "Feed", "epoch_order"]

ORDER_SITE = 0x0DA7A
"""The site of the random numbers that shuffle data: no other consumer uses it."""


class Batch(NamedTuple):
    """Inputs, targets and, where given, weights of some samples."""

    x: Any
    y: Any
    weight: Any
    size: int


class Feed:
    """Arrays of equal length, in the dtype of the model.

    Parameters
    ----------
    data : pair or triple of arrays, mapping, or object that unpacks as ``X, y``
        ``(X, y)``, ``(X, y, sample_weight)``, or a mapping with keys ``x`` and ``y`` (or ``inputs``
        and ``targets``) and maybe ``weight``. ``X`` may itself be a dictionary or tuple of arrays.
    dtype : dtype
        Floating arrays are converted to it; those in memory once, memory-mapped ones batch by batch.
    """

    def __init__(self, data: Any, dtype: Any) -> None:
        x, y, weight = _parts(data)
        self.dtype = np.dtype(dtype)
        self.x = tree_map(self._prepared, x)
        self.y = tree_map(self._prepared, y)
        self.weight = None if weight is None else self._prepared(weight)
        lengths = {len(a) for a in (*flatten(self.x)[0], *flatten(self.y)[0])}
        if self.weight is not None:
            lengths.add(len(self.weight))
        if len(lengths) != 1:
            raise ShapeError(
                f"inputs, targets and weights must have the same number of rows, not {lengths}"
            )
        (self.length,) = lengths
        if self.length == 0:
            raise DataError("the data have no samples")
        self.in_memory = all(not _mapped(a) for a in (*flatten(self.x)[0], *flatten(self.y)[0]))

    def _prepared(self, array: Any) -> Any:
        if getattr(array, "on_disk", False):
            return array
        if isinstance(array, Tensor):
            array = array.detach().numpy()
        if hasattr(array, "to_numpy"):  # a data frame or column
            array = array.to_numpy()
        if not isinstance(array, np.ndarray):
            array = np.asarray(array)
        if array.dtype.kind not in "fiub":
            raise DtypeError(
                f"training data are numbers, not {array.dtype}; turn categories into numbers first "
                "(chainrule.data does that for tables)"
            )
        if array.ndim == 0:
            raise ShapeError("training data have one row per sample; a single number was given")
        return array if _mapped(array) else self._cast(array)

    def _cast(self, array: Any) -> Any:
        if array.dtype.kind == "f" and array.dtype != self.dtype:
            return array.astype(self.dtype)
        return array

    def take(self, rows: Any) -> Batch:
        """The samples of these rows (an index array, or a slice), in the model's dtype."""
        x = tree_map(lambda a: self._cast(np.asarray(a[rows])), self.x)
        y = tree_map(lambda a: self._cast(np.asarray(a[rows])), self.y)
        weight = None if self.weight is None else np.asarray(self.weight[rows])
        size = len(range(self.length)[rows]) if isinstance(rows, slice) else len(rows)
        return Batch(x, y, weight, size)

    def __len__(self) -> int:
        return self.length


def _mapped(array: Any) -> bool:
    if getattr(array, "on_disk", False):  # rows that are made when asked for: data.MappedRows
        return True
    return isinstance(array, np.memmap) or isinstance(getattr(array, "base", None), np.memmap)


def _parts(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, Feed):
        return data.x, data.y, data.weight
    if isinstance(data, Mapping):
        for first, second in (("x", "y"), ("X", "y"), ("inputs", "targets")):
            if first in data and second in data:
                return data[first], data[second], data.get("weight", data.get("sample_weight"))
        raise ArgumentError(
            f"data as a mapping need keys 'x' and 'y' (and maybe 'weight'), not {sorted(data)}"
        )
    try:
        found = tuple(data)
    except TypeError:
        found = ()
    if len(found) not in (2, 3) or isinstance(data, np.ndarray):
        raise ArgumentError(
            "data are (X, y), (X, y, sample_weight) or a mapping with 'x' and 'y', "
            f"not {type(data).__name__}"
        )
    return found[0], found[1], found[2] if len(found) == 3 else None


def epoch_order(length: int, seed: int, epoch: int, shuffle: bool) -> Any:
    """Row numbers in the order of an epoch.

    Examples
    --------
    >>> from chainrule.train.feed import epoch_order
    >>> bool((epoch_order(100, 1, 5, True) == epoch_order(100, 1, 5, True)).all())
    True
    """
    if not shuffle:
        return np.arange(length)
    bits = words(seed, epoch, ORDER_SITE, 2 * length).astype(np.uint64)
    return np.argsort((bits[:length] << np.uint64(32)) | bits[length:], kind="stable")
