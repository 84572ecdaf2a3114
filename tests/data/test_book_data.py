"""Data in the book's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data import load, sine
from chainrule.data.book import book_format, digits, load_data_wrapper, vectorized_result
from chainrule.data.labels import one_hot
from chainrule.errors import ArgumentError, DataError, MissingExtraError

GOLDEN = Path(__file__).parent / "golden"


def test_digits_are_the_1797_scans_from_0_to_1() -> None:
    data = digits()
    assert data.inputs.shape == (1797, 64)
    assert data.inputs.min() == 0
    assert data.inputs.max() == 1
    np.testing.assert_array_equal(data.inputs * 16, load("digits").inputs)
    assert np.bincount(data.targets).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_without_scikit_learn_name_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[data\]'"):
        digits()


def test_book_format_gives_pairs_of_columns() -> None:
    data = digits()
    pairs = book_format(data)
    assert len(pairs) == 1797
    x, y = pairs[7]
    np.testing.assert_array_equal(x, data.inputs[7][:, None])
    np.testing.assert_array_equal(y, vectorized_result(data.targets[7]))
    _, label = book_format(data, vectors=False)[7]
    assert label == data.targets[7]


def test_book_format_of_numbers_has_no_labels() -> None:
    curve = sine(5)
    x, y = book_format(curve)[0]
    assert x.shape == y.shape == (1, 1)
    with pytest.raises(ArgumentError, match="there are no labels"):
        book_format(curve, vectors=False)


def test_load_data_wrapper_is_the_books() -> None:
    training, validation, test = load_data_wrapper(GOLDEN / "mnist_python2_protocol2.pkl")
    assert [len(part) for part in (training, validation, test)] == [5, 3, 2]
    x, y = training[1]
    assert x.shape == (6, 1)
    assert y.ravel().tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [label for _, label in validation] == [0, 7, 4]


def test_one_hot_refuses_what_is_no_label() -> None:
    np.testing.assert_array_equal(one_hot([1, 0], 2, off=-1.0), [[-1, 1], [1, -1]])
    assert one_hot(np.array([], dtype=int), 3).shape == (0, 3)
    with pytest.raises(DataError, match="label 3 of sample 1 is outside 0 … 2"):
        one_hot([0, 3], 3)
    with pytest.raises(DataError, match="label -1 of sample 0"):
        one_hot([-1], 3)
    with pytest.raises(DataError, match="integers"):
        one_hot([0.5], 3)
    with pytest.raises(DataError, match="1-D"):
        one_hot([[1]], 3)
