"""From a table or data set to the three parts a network is trained, watched and tested on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Task
from chainrule.data.mapped import MappedRows
from chainrule.data.pipeline import Pipeline
from chainrule.data.preprocess import Preprocessor
from chainrule.data.scaling import Scaling
from chainrule.data.split import Split, split
from chainrule.data.table import Table, listing
from chainrule.data.targets import Classes, Numbers, TargetCode, code_for
from chainrule.errors import ArgumentError, DataError

__all__ = ["Part", "Prepared", "prepare"]


class Part(NamedTuple):
    """Inputs, shape (n, inputs), float32; targets, int64 (n,) or float32 (n, outputs).

    The inputs of a large mapped file stay on disk (:class:`MappedRows`).
    """

    inputs: NDArray[Any] | MappedRows
    targets: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The parts of a data set as a network takes them, and the rules that made them.

    Attributes
    ----------
    train, validation, test : Part
        Validation and test may be empty.
    pipeline : Pipeline
        Learnt on the training rows; to be saved with the model.
    remarks : tuple of str
        What was decided on the way and should be said.
    """

    train: Part
    validation: Part
    test: Part
    pipeline: Pipeline
    remarks: tuple[str, ...] = ()


def prepare(
    data: Table | Dataset,
    target: str | None = None,
    *,
    task: Task | None = None,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
    categories: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Prepared:
    """Return the training, validation and test parts of data, coded for a network.

    Rows without a target are left out. Classes are divided in equal shares among the parts.
    Everything that is learnt from the data (medians, levels, means) is learnt on the training rows.

    Parameters
    ----------
    data : Table or Dataset
    target : str
        The column to learn; needed for tables.
    task : {'classification', 'regression'}, optional
        Read out of the target when not given.
    validation, test : float
        Shares of the rows. A set that comes in three parts keeps them.
    seed : int
        Of the division.
    categories, ignore : iterable of str
        Columns of a table to take as categories, or to leave out.

    Raises
    ------
    ArgumentError
        A column that the table does not have, or shares that are none.
    DataError
        The data cannot be learnt from as asked.

    Examples
    --------
    >>> from chainrule.data import load
    >>> parts = prepare(load("iris"))
    >>> parts.train.inputs.shape, parts.test.targets.shape, parts.pipeline.target.classes
    ((105, 4), (22,), ('setosa', 'versicolor', 'virginica'))
    """
    if isinstance(data, Dataset):
        if list(categories) or list(ignore):
            raise ArgumentError(f"{data.name} holds arrays: columns cannot be chosen by name.")
        return _prepare_arrays(data, validation, test, seed)
    return _prepare_table(data, target, task, validation, test, seed, categories, ignore)


def _prepare_table(
    table: Table,
    target: str | None,
    task: Task | None,
    validation: float,
    test: float,
    seed: int,
    categories: Iterable[str],
    ignore: Iterable[str],
) -> Prepared:
    if target is None:
        raise ArgumentError(
            f"{table.name}: which column is to be learnt? It has {listing(table.names)}; "
            "name one as target (on the command line: --target)."
        )
    if target not in table:
        raise ArgumentError(
            f"{table.name} has no column {target!r}; it has {listing(table.names)}."
        )
    remarks: list[str] = []
    missing = table[target].missing
    if missing.all():
        raise DataError(f"{table.name}: the target {target!r} has no values.")
    if missing.any():
        lost = int(missing.sum())
        rows_are = (
            "row without a value of {!r} is" if lost == 1 else "rows without a value of {!r} are"
        )
        remarks.append(f"{lost} {rows_are.format(target)} left out")
        table = table.take(~missing)
    column = table[target]
    # Which code it is does not depend on the division; a regression's scale does.
    first = code_for(column, np.arange(len(table)), task)
    labels = first.encode(column.texts()) if isinstance(first, Classes) else None
    rows = split(len(table), validation, test, labels=labels, seed=seed)
    code = code_for(column, rows.train, first.task)
    rules = Preprocessor.fit(
        table.take(rows.train).without([target]), categories=categories, ignore=ignore
    )
    inputs = rules.transform(table)
    targets = (
        code.encode(column.texts())
        if isinstance(code, Classes)
        else code.encode(column.values[:, None])
    )
    return _parts(inputs.inputs, targets, rows, Pipeline(rules, code), (*remarks, *inputs.remarks))


def _prepare_arrays(data: Dataset, validation: float, test: float, seed: int) -> Prepared:
    code: TargetCode
    if data.task == "classification":
        code = Classes("target", data.classes)
        targets: NDArray[Any] = data.targets.astype(np.int64)
        labels: NDArray[Any] | None = targets
    else:
        labels = None
    rows = _given_parts(data) or split(len(data), validation, test, labels=labels, seed=seed)
    if data.task == "regression":
        code = Numbers.fit("target", data.targets[rows.train])
        targets = code.encode(data.targets)
    rules = Scaling.fit(data, rows.train)
    return _parts(rules.rows(data.inputs), targets, rows, Pipeline(rules, code), ())


def _given_parts(data: Dataset) -> Split | None:
    if len(data.parts) != 3:
        return None
    order = np.arange(len(data))
    return Split(*np.split(order, np.cumsum(data.parts)[:-1]))


def _parts(
    inputs: NDArray[Any] | MappedRows,
    targets: NDArray[Any],
    rows: Split,
    pipeline: Pipeline,
    remarks: tuple[str, ...],
) -> Prepared:
    train, validation, test = (
        Part(inputs.subset(part) if isinstance(inputs, MappedRows) else inputs[part], targets[part])
        for part in rows
    )
    return Prepared(train, validation, test, pipeline, remarks)
