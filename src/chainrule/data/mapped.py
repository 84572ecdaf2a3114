"""Rows of a file that is mapped, not read: only the rows asked for come into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chainrule.data.scaling import Scaling

__all__ = ["MappedRows"]


class MappedRows:
    """A network's inputs over an array on disk, made when rows are asked for.

    It has a matrix's ``shape``, ``dtype``, ``ndim`` and length, and is indexed by rows: with a
    slice, an array of integers or a boolean mask it gives the scaled float32 rows as an ordinary
    array. :meth:`subset` gives some of the rows, still on disk; ``np.asarray`` loads them all.

    Parameters
    ----------
    source : ndarray, shape (n, …)
        Usually an ``np.memmap``.
    scaling : Scaling
    rows : ndarray of int, shape (k,), optional
        The rows of ``source`` that this one has; all when not given.
    """

    on_disk = True
    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(
        self, source: NDArray[Any], scaling: Scaling, rows: NDArray[np.intp] | None = None
    ) -> None:
        self._source = source
        self._scaling = scaling
        self._rows = np.arange(len(source)) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of inputs."""
        return len(self._rows), self._scaling.width

    def __getitem__(self, index: slice | NDArray[Any] | list[int]) -> NDArray[np.float32]:
        rows = self._rows[index]
        if np.ndim(rows) == 0:
            return self._scaling.transform(self._source[rows : rows + 1])[0]
        # Ascending reads are kind to the disk; the result is put back in the order asked for.
        order = np.argsort(rows, kind="stable")
        scaled = np.empty((len(rows), self._scaling.width), dtype=np.float32)
        scaled[order] = self._scaling.transform(self._source[rows[order]])
        return scaled

    def subset(self, rows: NDArray[Any]) -> MappedRows:
        """Return some of the rows, still on disk."""
        return MappedRows(self._source, self._scaling, self._rows[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float32, copy=False)

    def __repr__(self) -> str:
        return f"MappedRows(shape={self.shape}, on disk)"
