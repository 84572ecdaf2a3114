"""Data in the book's form: lists of pairs of column vectors."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.data.builtin import load
from chainrule.data.dataset import Dataset
from chainrule.data.labels import one_hot
from chainrule.data.mnist_pickle import load_mnist_pkl
from chainrule.errors import ArgumentError

__all__ = ["BookData", "book_format", "digits", "load_data_wrapper", "vectorized_result"]

Pairs: TypeAlias = list[tuple[npt.NDArray[Any], Any]]


class BookData(NamedTuple):
    """What the book's ``load_data_wrapper`` returns."""

    training_data: Pairs
    validation_data: Pairs
    test_data: Pairs


def digits() -> Dataset:
    """The 1797 scanned digits that scikit-learn carries, pixels from 0 to 1.

    Returns
    -------
    Dataset
        Inputs (1797, 64) float64, the 8 × 8 pixels by rows; targets (1797,) int64.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.

    Notes
    -----
    43 writers; in the order of the file, which is by writer, so shuffle before dividing.
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998), test part.

    Examples
    --------
    >>> digits()
    Dataset(digits: inputs 1797 × 64 float64, 10 classes)
    """
    found = load("digits")
    return replace(found, inputs=found.inputs / 16.0, bounds=(0.0, 1.0))


def book_format(data: Dataset, *, vectors: bool = True) -> Pairs:
    """A list of ``(x, y)``, x a column ``(n, 1)``.

    Parameters
    ----------
    data : Dataset
        Images become one column each, row by row.
    vectors : bool
        y as a column: one-hot ``(classes, 1)`` for classes, ``(outputs, 1)`` for numbers. With
        False y is the label, as in the book's validation and test data.

    Raises
    ------
    ArgumentError
        For labels asked of a data set whose targets are numbers.

    Examples
    --------
    >>> x, y = book_format(digits())[3]
    >>> x.shape, y.ravel().tolist()
    ((64, 1), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """
    columns = np.asarray(data.inputs).reshape(len(data), -1, 1)
    if data.task == "regression":
        if not vectors:
            raise ArgumentError(f"{data.name}: its targets are numbers, there are no labels")
        return list(zip(columns, np.asarray(data.targets).reshape(len(data), -1, 1)))
    if not vectors:
        return list(zip(columns, data.targets))
    return list(zip(columns, one_hot(data.targets, len(data.classes))[:, :, None]))


def vectorized_result(j: int) -> npt.NDArray[np.float64]:
    """The unit vector ``(10, 1)`` with 1 in place j, the book's target for the digit j."""
    return one_hot([j], 10).T


def load_data_wrapper(path: str | os.PathLike[str] = "../data/mnist.pkl.gz") -> BookData:
    """The book's ``load_data_wrapper``: training, validation and test data as lists of pairs.

    Parameters
    ----------
    path : str or PathLike
        The book's ``mnist.pkl.gz``; by default where the book's code keeps it.

    Returns
    -------
    BookData
        Training pairs ``((784, 1), (10, 1))``; validation and test pairs ``((784, 1), label)``.

    Raises
    ------
    DataError
        See :func:`~chainrule.data.mnist_pickle.load_mnist_pkl`.
    """
    sets = load_mnist_pkl(path)
    return BookData(
        book_format(sets.training),
        book_format(sets.validation, vectors=False),
        book_format(sets.test, vectors=False),
    )
