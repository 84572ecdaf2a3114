"""NumPy's files: ``.npy`` and ``.npz``, as data sets. Nothing pickled is ever loaded.

A large ``.npy`` is mapped, not read: ``inputs`` is then a view of the file, and only the rows
that are asked for come into memory.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Task
from chainrule.data.table import Table, listing
from chainrule.errors import ArgumentError, DataError

__all__ = ["column_index", "dataset_of", "load_npy", "npz_inputs", "read_npy", "read_npz"]

# Names under which inputs and targets are commonly stored, in the order they are looked for.
INPUT_NAMES = ("X", "x", "inputs", "data", "features", "images")
TARGET_NAMES = ("y", "Y", "targets", "target", "labels", "label")

# Whole-number targets with at most this many values are classes; more are a quantity.
MOST_CLASSES = 20


def read_npz(path: Path | str, target: str | None = None, task: Task | None = None) -> Dataset:
    """Return the data set of an ``.npz`` archive.

    Parameters
    ----------
    path : Path or str
    target : str, optional
        Name of the array of targets; when not given, one of ``y, targets, target, labels, label``.
        The inputs are ``X, x, inputs, data, features`` or ``images``, or the only other array.
    task : {'classification', 'regression'}, optional
        When not given: classification for texts, booleans and whole numbers of at most 20
        different values, and at most half as many as rows.

    Raises
    ------
    DataError
        The file is no archive or damaged, or which arrays are meant cannot be told.
    """
    path = Path(path)
    arrays = _load_npz(path)
    target_name = _choose(path, list(arrays), target, TARGET_NAMES, "targets")
    targets = arrays.pop(target_name)
    return dataset_of(str(path), arrays[_input_name(path, list(arrays))], targets, task)


def npz_inputs(path: Path, target: str | None = None) -> NDArray[Any]:
    """Return the inputs of an ``.npz`` archive, which may hold targets or not."""
    arrays = _load_npz(path)
    for name in (target, *TARGET_NAMES):
        if len(arrays) > 1 and name in arrays:
            del arrays[name]
            break
    return arrays[_input_name(path, list(arrays))]


def _load_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DataError(f"{path}: not a whole .npz archive of plain arrays ({error}).") from error
    except AttributeError as error:  # np.load found a single array, which is no archive
        raise DataError(f"{path}: a single array; an .npz archive is expected.") from error


def _input_name(path: Path, names: list[str]) -> str:
    return _choose(path, names, names[0] if len(names) == 1 else None, INPUT_NAMES, "inputs")


def read_npy(
    path: Path | str, target: str | None = None, task: Task | None = None
) -> Dataset | Table:
    """Return the data set of an ``.npy`` file: a matrix of which one column is the target.

    The matrix is mapped from the file, not read. An array with named fields becomes a table.

    Parameters
    ----------
    path : Path or str
    target : str, optional
        Index of the target's column; negative ones count from the end. The last by default.
    task : {'classification', 'regression'}, optional
        As for :func:`read_npz`.

    Raises
    ------
    DataError
        Not an ``.npy`` file, cut off, or not a matrix of numbers.
    """
    path = Path(path)
    array = load_npy(path)
    if array.dtype.names:
        return Table.of({name: np.asarray(array[name]) for name in array.dtype.names}, str(path))
    if array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "iufb":
        raise DataError(
            f"{path}: an array of shape {array.shape} and dtype {array.dtype}; a matrix of numbers "
            "with one row per sample and the target in one column is expected. Store inputs and "
            "targets of other shapes as X and y in an .npz archive."
        )
    column = column_index(path, target, array.shape[1])
    targets = np.array(array[:, column])
    if column == array.shape[1] - 1:
        return dataset_of(str(path), array[:, :-1], targets, task)  # a view: nothing is read
    if column == 0:
        return dataset_of(str(path), array[:, 1:], targets, task)
    return dataset_of(str(path), np.delete(array, column, axis=1), targets, task)


def load_npy(path: Path) -> NDArray[Any]:
    """Return the array of an ``.npy`` file, mapped; DataError where it is none."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a whole .npy file of plain numbers ({error}).") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise DataError(f"{path}: an archive of arrays; name it .npz.")
    return array


def dataset_of(
    name: str, inputs: NDArray[Any], targets: NDArray[Any], task: Task | None = None
) -> Dataset:
    """Return the data set of two arrays, finding out whether the targets are classes.

    Raises
    ------
    DataError
        Inputs that are not numbers or not finite, targets that fit no task.

    Examples
    --------
    >>> dataset_of("mine", np.eye(4), np.array(["a", "b", "a", "b"]))
    Dataset(mine: inputs 4 × 4 float64, 2 classes)
    >>> dataset_of("mine", np.eye(4), np.array([0.5, 1.5, 2.0, 1.0])).targets.shape
    (4, 1)
    """
    if inputs.ndim < 2 or inputs.dtype.kind not in "iufb":
        raise DataError(
            f"{name}: inputs of shape {inputs.shape} and dtype {inputs.dtype}; numbers with one "
            "row per sample are expected."
        )
    flat = targets.reshape(-1) if targets.ndim == 2 and targets.shape[1] == 1 else targets
    kind = flat.dtype.kind
    if kind == "f" and np.isnan(flat).any():
        raise DataError(f"{name}: {int(np.isnan(flat).sum())} targets are NaN; leave them out.")
    whole = kind in "iub" or (kind == "f" and bool(np.all(flat == np.floor(flat))))
    few = flat.ndim == 1 and len(np.unique(flat)) <= min(MOST_CLASSES, len(flat) // 2)
    if task is None:
        task = "classification" if kind in "USb" or (whole and few) else "regression"
    bounds = (0.0, 255.0) if inputs.dtype == np.uint8 else None
    if task == "regression":
        if kind not in "iuf":
            raise DataError(f"{name}: targets of dtype {flat.dtype}; regression needs numbers.")
        columns = flat.reshape(len(flat), -1).astype(np.float64)
        return Dataset(name, inputs, columns, "regression", bounds=bounds)
    if flat.ndim != 1:
        raise DataError(
            f"{name}: targets of shape {targets.shape}; for classification one class per row is "
            "expected. From one-hot rows: y.argmax(axis=1)."
        )
    classes, indices = np.unique(flat, return_inverse=True)
    names = tuple(class_name(value) for value in classes.tolist())
    return Dataset(name, inputs, indices, "classification", classes=names, bounds=bounds)


def class_name(value: Any) -> str:
    """Return a class as text: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode() if isinstance(value, bytes) else str(value)


def _choose(
    path: Path, names: list[str], wanted: str | None, usual: tuple[str, ...], role: str
) -> str:
    if wanted is not None:
        if wanted not in names:
            raise DataError(f"{path} has no array {wanted!r}; it has {listing(names)}.")
        return wanted
    for name in usual:
        if name in names:
            return name
    raise DataError(
        f"{path}: which array holds the {role}? It has {listing(names)}; expected is one of "
        f"{', '.join(usual)}" + (", or its name as target." if role == "targets" else ".")
    )


def column_index(path: Path, target: str | None, columns: int) -> int:
    """Return the place of the target's column: the last where none is given."""
    try:
        index = -1 if target is None else int(target)
    except ValueError as error:
        raise ArgumentError(
            f"{path} has no column names; give the target's index, not {target!r}."
        ) from error
    if not -columns <= index < columns:
        raise ArgumentError(f"{path} has {columns} columns; there is no column {index}.")
    return index % columns
