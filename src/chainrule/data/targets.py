"""What a network learns to say: classes, or numbers, and how they are coded for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.arrays import MOST_CLASSES
from chainrule.data.dataset import Task
from chainrule.data.table import Column, Kind, listing
from chainrule.errors import CheckpointError, DataError

__all__ = ["Classes", "Numbers", "TargetCode", "code_for", "target_code_from_dict"]


@dataclass(frozen=True)
class Classes:
    """Classes as indices into their names.

    Examples
    --------
    >>> code = Classes("species", ("cat", "dog"))
    >>> code.encode(np.array(["dog", "cat"], dtype=object)).tolist()
    [1, 0]
    """

    name: str
    classes: tuple[str, ...]
    task: ClassVar[Task] = "classification"

    @property
    def outputs(self) -> int:
        """How many outputs the network has: one score per class."""
        return len(self.classes)

    def encode(self, texts: NDArray[Any]) -> NDArray[np.int64]:
        """Return the classes' indices, shape (n,).

        Raises
        ------
        DataError
            A value is none of the classes.
        """
        place = {name: index for index, name in enumerate(self.classes)}
        unknown = {text for text in texts if text not in place}
        if unknown:
            raise DataError(
                f"{self.name}: {listing(sorted(map(str, unknown)), 3)} is none of the classes "
                f"{listing(self.classes)}."
            )
        return np.array([place[text] for text in texts], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return the code with JSON's types only."""
        return {"task": self.task, "name": self.name, "classes": list(self.classes)}


@dataclass(frozen=True)
class Numbers:
    """Numbers, brought to mean 0 and standard deviation 1 over the training rows.

    Examples
    --------
    >>> code = Numbers.fit("price", np.array([[1.0], [3.0]]))
    >>> code.encode(np.array([[5.0]])).tolist(), code.decode(np.array([[3.0]])).tolist()
    ([[3.0]], [[5.0]])
    """

    name: str
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    task: ClassVar[Task] = "regression"

    @classmethod
    def fit(cls, name: str, values: NDArray[np.float64]) -> Numbers:
        """Return the code of training targets, shape (n, outputs)."""
        spread = values.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        return cls(name, tuple(values.mean(axis=0).tolist()), tuple(scale.tolist()))

    @property
    def outputs(self) -> int:
        """How many outputs the network has."""
        return len(self.shift)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return targets as the network learns them, shape (n, outputs)."""
        scaled = (values - np.array(self.shift)) / np.array(self.scale)
        return np.asarray(scaled, dtype=np.float32)

    def decode(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Return a network's outputs in the units of the data, shape (n, outputs)."""
        values = np.asarray(outputs, np.float64) * np.array(self.scale) + np.array(self.shift)
        return np.asarray(values, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return the code with JSON's types only."""
        fields = {"shift": list(self.shift), "scale": list(self.scale)}
        return {"task": self.task, "name": self.name, **fields}


TargetCode: TypeAlias = Classes | Numbers


def code_for(column: Column, train: NDArray[np.intp], task: Task | None = None) -> TargetCode:
    """Return the code of a table's target column.

    Parameters
    ----------
    column : Column
        The target, without missing values.
    train : ndarray of int
        The training rows, over which numbers are scaled. Classes are taken from all rows.
    task : {'classification', 'regression'}, optional
        When not given: classification for texts and for whole numbers of at most 20 different
        values (and at most half as many as rows), regression for other numbers and dates.

    Raises
    ------
    DataError
        Texts too many to be classes; regression asked of texts; a single value.
    """
    levels = column.levels()
    if len(levels) < 2:
        raise DataError(f"The target {column.name!r} has one value only: {listing(levels)}.")
    if task is None:
        task = "classification" if _looks_like_classes(column, len(levels)) else "regression"
    if task == "regression":
        if not column.is_numeric:
            raise DataError(
                f"The target {column.name!r} holds texts ({listing(levels, 3)}); regression needs "
                "numbers. Is it a classification?"
            )
        return Numbers.fit(column.name, column.values[train][:, None])
    if 2 * len(levels) > len(column.values):
        raise DataError(
            f"The target {column.name!r} has {len(levels)} different values in "
            f"{len(column.values)} rows ({listing(levels, 3)} …): too few rows of each for classes."
        )
    return Classes(column.name, tuple(levels))


def _looks_like_classes(column: Column, levels: int) -> bool:
    if not column.is_numeric:
        return True
    whole = bool(np.all(column.values == np.floor(column.values)))
    few = levels <= MOST_CLASSES and 2 * levels <= len(column.values)
    return column.kind is Kind.NUMBER and whole and few


def target_code_from_dict(record: Mapping[str, Any]) -> TargetCode:
    """Return the code of a record made by ``to_dict``.

    Raises
    ------
    CheckpointError
        The record is of another make.
    """
    try:
        if record["task"] == "classification":
            return Classes(str(record["name"]), tuple(map(str, record["classes"])))
        shift, scale = (tuple(float(x) for x in record[key]) for key in ("shift", "scale"))
        return Numbers(str(record["name"]), shift, scale)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"No code of targets: {error!r}.") from error
