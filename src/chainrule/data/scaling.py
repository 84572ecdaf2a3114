"""From an array to a network's inputs: shifted, scaled, one flat float32 row per sample.

Statistics are taken in chunks and rows are scaled when they are asked for, so an array that is
mapped from a file and larger than the memory is never loaded whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.data.mapped import MappedRows
from chainrule.errors import CheckpointError, DataError

__all__ = ["Scaling"]

# A mapped array is left on disk from this size on; below it, loading is the faster way.
_MAPPED_BYTES = 256 * 2**20

# Rows at a time are chosen so that a chunk takes about this many bytes as float64.
_CHUNK_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class Scaling:
    """How each sample of an array becomes a row of inputs: ``(value − shift) / scale``.

    Attributes
    ----------
    shape : tuple of int
        Shape of one sample as it comes.
    shift, scale : ndarray, shape (features,) or (1,), float64
        One pair for each feature, or one for all where the range is known (pixels: 0 and 255).

    Examples
    --------
    >>> from chainrule.data import load
    >>> digits = load("digits")
    >>> scaling = Scaling.fit(digits, np.arange(1000))
    >>> rows = scaling.transform(digits.inputs[:5])
    >>> rows.shape, rows.dtype, float(rows.max())
    ((5, 64), dtype('float32'), 1.0)
    """

    shape: tuple[int, ...]
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, data: Dataset, train: NDArray[np.intp]) -> Scaling:
        """Return the scaling of a data set, learnt on its training rows.

        Where the inputs have bounds by nature these are brought to 0 and 1; elsewhere each feature
        is brought to mean 0 and standard deviation 1 (0 throughout, where it never varies).

        Raises
        ------
        DataError
            A training row holds NaN or infinity.
        """
        shape = data.inputs.shape[1:]
        if data.bounds is not None:
            low, high = data.bounds
            return cls(shape, np.array([low]), np.array([high - low]))
        count, mean = 0, np.zeros(int(np.prod(shape)))
        squares = np.zeros_like(mean)
        for rows in _chunks(train, mean.size):
            chunk = data.inputs[rows].reshape(len(rows), -1).astype(np.float64)
            _check_finite(data.name, chunk, rows)
            # Chan's update: exact for a mean far from 0, where sums of squares cancel.
            chunk_mean = chunk.mean(axis=0)
            away = chunk_mean - mean
            total = count + len(rows)
            mean += away * (len(rows) / total)
            squares += ((chunk - chunk_mean) ** 2).sum(axis=0) + away**2 * (
                count * len(rows) / total
            )
            count = total
        deviation = np.sqrt(squares / count)
        # A constant feature has a deviation of rounding's size, not always of 0.
        constant = deviation <= 1e-12 * np.abs(mean)
        return cls(shape, mean, np.where(constant | (deviation == 0), 1.0, deviation))

    @property
    def width(self) -> int:
        """How many inputs the network has."""
        return int(np.prod(self.shape))

    def transform(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Return the inputs of some samples, shape (n, width).

        Raises
        ------
        DataError
            Samples of another shape than in training, or values that are not finite.
        """
        if samples.shape[1:] != self.shape and samples[:1].size != self.width:
            raise DataError(
                f"Samples of shape {samples.shape[1:]}; the model was trained on {self.shape}."
            )
        flat = samples.reshape(len(samples), -1)
        scaled = np.empty(flat.shape, dtype=np.float32)
        for rows in _chunks(np.arange(len(flat)), self.width):
            chunk = flat[rows].astype(np.float64)
            _check_finite("data", chunk, rows)
            scaled[rows] = (chunk - self.shift) / self.scale
        return scaled

    def rows(self, samples: NDArray[Any]) -> NDArray[np.float32] | MappedRows:
        """Return the inputs of all samples; of a large mapped array, rows that stay on disk."""
        if isinstance(samples, np.memmap) and samples.nbytes >= _MAPPED_BYTES:
            return MappedRows(samples, self)
        return self.transform(samples)

    def to_dict(self) -> dict[str, Any]:
        """Return the scaling with JSON's types only."""
        return {
            "shape": list(self.shape),
            "shift": self.shift.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Scaling:
        """Return the scaling of a record made by :meth:`to_dict`.

        Raises
        ------
        CheckpointError
            The record is of another make.
        """
        try:
            shape = tuple(int(size) for size in record["shape"])
            shift, scale = (np.array(record[key], dtype=np.float64) for key in ("shift", "scale"))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"No scaling: {error!r}.") from error
        if shift.shape != scale.shape or shift.size not in (1, int(np.prod(shape))):
            raise CheckpointError(
                f"No scaling: {shift.size} shifts and {scale.size} scales for samples of {shape}."
            )
        return cls(shape, shift, scale)


def _chunks(rows: NDArray[np.intp], width: int) -> Iterator[NDArray[np.intp]]:
    size = max(1, _CHUNK_BYTES // (8 * max(1, width)))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _check_finite(name: str, chunk: NDArray[np.float64], rows: NDArray[np.intp]) -> None:
    bad = ~np.isfinite(chunk).all(axis=1)
    if bad.any():
        raise DataError(
            f"{name}: row {int(rows[np.argmax(bad)])} holds NaN or infinity; arrays must be "
            "finite. Missing values are handled in tables (CSV, Parquet), not in arrays."
        )
