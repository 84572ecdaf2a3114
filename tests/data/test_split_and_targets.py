"""Rows are divided in the shares asked for, class by class; targets are coded and decoded."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import Classes, Numbers, Table, code_for, split
from chainrule.data.targets import target_code_from_dict
from chainrule.errors import ArgumentError, CheckpointError, DataError


@settings(max_examples=60, deadline=None)
@given(
    st.integers(40, 400),
    st.integers(1, 12),
    st.integers(0, 5),
    st.sampled_from([(0.15, 0.15), (0.2, 0.0), (0.1, 0.3)]),
)
def test_split_is_a_partition_in_shares_class_by_class(
    n: int, classes: int, seed: int, shares: tuple[float, float]
) -> None:
    labels = np.random.default_rng(seed).integers(0, classes, n)
    parts = split(n, *shares, labels=labels, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    for part, share in zip(parts, (1 - sum(shares), *shares), strict=True):
        assert abs(len(part) - share * n) <= 1
        counts = np.bincount(labels[part], minlength=classes)
        assert np.all(np.abs(counts - share * np.bincount(labels, minlength=classes)) <= 2)


def test_split_does_not_follow_the_order_of_the_rows() -> None:
    """Alternating classes and equal shares: a rule by position would separate them."""
    labels = np.arange(200) % 2
    parts = split(200, 0.5, 0.0, labels=labels)
    assert [int(labels[part].sum()) for part in parts] == [50, 50, 0]


def test_split_repeats_for_a_seed_and_differs_for_another() -> None:
    first, again, other = (split(100, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


@pytest.mark.parametrize(("validation", "test"), [(-0.1, 0.1), (0.6, 0.4), (1.0, 0.0)])
def test_impossible_shares_are_refused(validation: float, test: float) -> None:
    with pytest.raises(ArgumentError, match="shares of the rows"):
        split(10, validation, test)


def test_too_few_rows_are_refused_with_the_part() -> None:
    with pytest.raises(DataError, match="too few for a test part of 15%"):
        split(3)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", "a", "b"], "classification"),
        ([True, False, True, False], "classification"),
        ([0, 1, 2] * 10, "classification"),
        (list(range(21)) * 3, "regression"),
        ([3, 1, 7, 12], "regression"),
        ([0.5, 1.0, 0.5, 1.0], "regression"),
    ],
)
def test_task_is_read_out_of_the_target(values: list[object], task: str) -> None:
    column = Table.of({"y": values})["y"]
    assert code_for(column, np.arange(len(values))).task == task


def test_task_can_be_set() -> None:
    column = Table.of({"y": [1, 2, 3] * 4})["y"]
    assert code_for(column, np.arange(12), "regression").task == "regression"


def test_classes_are_sorted_by_size_when_they_are_numbers() -> None:
    column = Table.of({"y": [10, 9, 100] * 4})["y"]
    code = code_for(column, np.arange(12))
    assert code == Classes("y", ("9", "10", "100"))


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["a"] * 4, None, "one value only"),
        (["a", "b", "c", "a"], None, "too few rows of each"),
        (["a", "b", "a", "b"], "regression", "regression needs numbers"),
    ],
)
def test_unfit_targets_are_refused(values: list[str], task: None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        code_for(Table.of({"y": values})["y"], np.arange(len(values)), task)


def test_numbers_are_scaled_over_the_training_rows_and_come_back() -> None:
    column = Table.of({"y": [1.0, 3.0, 100.5, 7.25]})["y"]
    code = code_for(column, np.array([0, 1]))
    assert isinstance(code, Numbers)
    values = column.values[:, None]
    np.testing.assert_array_equal(code.encode(values)[:2], [[-1], [1]])
    np.testing.assert_allclose(code.decode(code.encode(values)), values, rtol=1e-6)


def test_constant_number_does_not_divide_by_zero() -> None:
    code = Numbers.fit("y", np.ones((3, 1)))
    np.testing.assert_array_equal(code.encode(np.ones((3, 1))), np.zeros((3, 1)))


def test_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="'owl' is none of the classes 'cat', 'dog'"):
        Classes("y", ("cat", "dog")).encode(np.array(["cat", "owl"], dtype=object))


@pytest.mark.parametrize("code", [Classes("y", ("a", "b")), Numbers("y", (1.5,), (0.1,))])
def test_codes_survive_json_exactly(code: Classes | Numbers) -> None:
    assert target_code_from_dict(json.loads(json.dumps(code.to_dict()))) == code


def test_foreign_code_is_refused() -> None:
    with pytest.raises(CheckpointError, match="No code of targets"):
        target_code_from_dict({"task": "regression"})
