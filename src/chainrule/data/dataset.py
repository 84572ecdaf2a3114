"""The record of a data set: inputs, targets, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError

__all__ = ["Dataset", "Task"]

Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs and targets of equal length, one row per sample.

    Unpacks as ``X, y = dataset``.

    Attributes
    ----------
    name : str
        What the set is called.
    inputs : ndarray, shape (n, …)
        One row per sample; images keep their shape.
    targets : ndarray, shape (n,) or (n, outputs)
        Class indices (int64, into ``classes``) or numbers.
    task : 'classification' or 'regression'
    features : tuple of str
        Names of the columns of ``inputs``; empty where they have none.
    classes : tuple of str
        Names of the classes; empty for regression.
    bounds : (float, float) or None
        The range that every input lies in by its nature (pixels: 0 and 255), where there is one.
    parts : tuple of int
        Sizes of the parts (training, validation, test), in the order of the rows, where the set
        comes divided; empty where it does not.
    """

    name: str
    inputs: NDArray[Any]
    targets: NDArray[Any]
    task: Task
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    parts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise ShapeError(
                f"{self.name}: {len(self.inputs)} rows of inputs (shape {self.inputs.shape}) and "
                f"{len(self.targets)} of targets (shape {self.targets.shape}); one target per "
                "row is expected."
            )
        if len(self.inputs) == 0:
            raise DataError(f"{self.name}: no samples.")

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        yield self.inputs
        yield self.targets

    def __repr__(self) -> str:
        what = f"{len(self.classes)} classes" if self.task == "classification" else "regression"
        shape = " × ".join(str(size) for size in self.inputs.shape)
        return f"Dataset({self.name}: inputs {shape} {self.inputs.dtype}, {what})"

    def take(self, rows: NDArray[np.intp]) -> Dataset:
        """Return the data set of some rows, in the order given.

        Examples
        --------
        >>> from chainrule.data import xor
        >>> xor(8).take(np.array([0, 3])).inputs.shape
        (2, 2)
        """
        return replace(self, inputs=self.inputs[rows], targets=self.targets[rows], parts=())
