"""Kinds are read out of values by the stated rules, and rules learnt in training hold later.

SPEC C7: missing values and categories are handled by a stated rule that is saved with the model.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from chainrule.data import Kind, Preprocessor, Table
from chainrule.data.table import infer
from chainrule.errors import ArgumentError, CheckpointError, DataError


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "-3e4", ".5", "0", "0.25"], Kind.NUMBER),
        (["1", "", "NA", "4"], Kind.NUMBER),
        (["1"] * 9 + ["unknown"], Kind.NUMBER),
        (["1"] * 8 + ["unknown"] * 2, Kind.CATEGORY),
        (["007", "012", "007", "012"], Kind.CATEGORY),
        (["1"] * 50 + ["007"] * 2, Kind.CATEGORY),
        (["1_000", "2_000", "1_000", "2_000"], Kind.CATEGORY),
        (["2024-05-01", "", "2024-05-02 12:00"], Kind.DATE),
        (["2024-05-01", "yesterday", "2024-05-01", "yesterday"], Kind.CATEGORY),
        (["1", "2", "3", "4"], Kind.ROW_NUMBER),
        (["1", "2", "4", "3"], Kind.NUMBER),
        (["a", "b", "a", "b"], Kind.CATEGORY),
        (["a", "b", "c", "a"], Kind.TEXT),
        (["", "NaN", "null"], Kind.EMPTY),
        ([True, False, True, True], Kind.CATEGORY),
        ([1.0, np.nan, 2.0, 2.0], Kind.NUMBER),
        ([np.nan, np.nan], Kind.EMPTY),
        (np.array(["2024-05-01", "NaT"], dtype="datetime64[D]"), Kind.DATE),
        ([f"name {k % 60}" for k in range(600)], Kind.TEXT),
        ([f"name {k % 50}" for k in range(600)], Kind.CATEGORY),
    ],
)
def test_kind_follows_the_stated_rule(values: list[object], kind: Kind) -> None:
    dtype = object if isinstance(values, list) and isinstance(values[0], str) else None
    assert infer("c", np.asarray(values, dtype=dtype)).kind is kind


def test_numbers_and_dates_become_float64_with_nan_for_missing() -> None:
    numbers = infer("c", np.array(["1.5", "?", "-2"], dtype=object))
    np.testing.assert_array_equal(numbers.values, [1.5, np.nan, -2])
    dates = infer("c", np.array(["1970-01-02", "NA", "1970-01-03T12:00"], dtype=object))
    np.testing.assert_array_equal(dates.values, [1, np.nan, 2.5])


def test_text_among_numbers_is_missing_and_named() -> None:
    column = infer("c", np.array(["1"] * 19 + ["n.a."], dtype=object))
    assert column.words == ("n.a.",)
    assert np.isnan(column.values[-1])


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_refused_with_its_row(value: float) -> None:
    with pytest.raises(DataError, match="'c', row 2: an infinite value"):
        infer("c", np.array([1.0, value, 3.0]))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="different length"):
        Table.of({"a": [1, 2], "b": [1]})


def test_pandas_frame_is_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "number": [1.5, None, 3.0, 1.5],
            "text": ["a", None, "a", "b"],
            "flag": pandas.array([True, False, None, True], dtype="boolean"),
            "day": pandas.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-04"]),
            "kind": pandas.Categorical(["x", "y", "x", "y"]),
        }
    )
    table = Table.of(frame)
    assert [str(c.kind) for c in table.columns] == ["number", "text", "text", "date", "category"]
    assert [int(c.missing.sum()) for c in table.columns] == [1, 1, 1, 1, 0]


TRAINING = Table.of(
    {
        "age": ["20", "30", "", "40", "50", "20"],
        "size": ["1", "2", "2", "1", "2", "1"],
        "colour": ["red", "blue", "red", "", "blue", "red"],
        "id": ["1", "2", "3", "4", "5", "6"],
        "name": ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay"],
        "unit": ["cm"] * 6,
        "note": ["", "", "", "", "", ""],
        "on": ["2024-01-01", "2024-01-03"] * 3,
    },
    "training.csv",
)
RULES = Preprocessor.fit(TRAINING)


def test_inputs_and_left_out_columns_are_stated() -> None:
    assert RULES.inputs == (
        "age",
        "age missing",
        "size",
        "colour=blue",
        "colour=red",
        "colour missing",
        "on",
    )
    assert dict(RULES.left_out) == {
        "id": "counts the rows",
        "name": "free text",
        "unit": "one value only",
        "note": "no values",
    }


def test_missing_number_takes_the_median_and_is_flagged() -> None:
    inputs = RULES.transform(TRAINING).inputs
    ages = np.array([20, 30, 40, 50, 20.0])
    expected = (np.array([20, 30, np.median(ages), 40, 50, 20]) - ages.mean()) / ages.std()
    np.testing.assert_allclose(inputs[:, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(inputs[:, 1], [0, 0, 1, 0, 0, 0])


def test_category_sets_one_input_and_missing_is_a_level() -> None:
    inputs = RULES.transform(TRAINING).inputs
    colours = [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(inputs[:, 3:6], colours)


def test_scaling_is_learnt_on_the_training_rows_only() -> None:
    """Rules fitted on some rows are not changed by what is transformed later."""
    rules = Preprocessor.fit(TRAINING.take(np.array([0, 1, 3, 5])))
    before = rules.to_dict()
    rules.transform(TRAINING)
    assert rules.to_dict() == before


def table_with(**columns: list[str]) -> Table:
    base = {
        "age": ["20", "30"],
        "size": ["1", "2"],
        "colour": ["red", "blue"],
        "on": ["2024-01-01", "2024-01-03"],
    }
    return Table.of(base | columns, "new.csv")


def test_columns_in_another_order_give_the_same_inputs() -> None:
    table = table_with()
    reverse = Table("new.csv", table.columns[::-1])
    np.testing.assert_array_equal(RULES.transform(table).inputs, RULES.transform(reverse).inputs)


def test_absent_column_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"new.csv lacks 'colour'.*it has 'age', 'size', 'on'"):
        RULES.transform(table_with().without(["colour"]))


def test_text_in_a_column_of_numbers_is_refused_by_its_value() -> None:
    with pytest.raises(DataError, match=r"'size': 'large' instead of a number"):
        RULES.transform(table_with(size=["large", "2"]))


def test_dates_where_numbers_were_are_refused() -> None:
    with pytest.raises(DataError, match=r"'size' holds dates; it held numbers"):
        RULES.transform(table_with(size=["2024-01-01", "2024-01-02"]))
    with pytest.raises(DataError, match=r"'on' holds numbers; it held dates"):
        RULES.transform(table_with(on=["1", "3"]))


def test_word_that_meant_missing_in_training_still_does() -> None:
    training = Table.of({"x": ["1"] * 9 + ["2"] * 10 + ["lost"], "y": ["a", "b"] * 10})
    rules = Preprocessor.fit(training)
    new = Table.of({"x": ["lost", "lost"], "y": ["a", "b"]})
    np.testing.assert_array_equal(rules.transform(new).inputs[:, 1], [1, 1])
    with pytest.raises(DataError, match="'gone'"):
        rules.transform(Table.of({"x": ["gone", "1"], "y": ["a", "b"]}))


def test_unseen_level_gives_no_level_and_a_remark() -> None:
    done = RULES.transform(table_with(colour=["green", "red"]))
    np.testing.assert_array_equal(done.inputs[:, 3:6], [[0, 0, 0], [0, 1, 0]])
    assert "colour: 1 with a level never seen in training ('green')" in done.remarks[0]


def test_missing_where_training_had_none_takes_the_median_and_a_remark() -> None:
    done = RULES.transform(table_with(size=["", "2"]))
    assert done.remarks == ("size: 1 missing, none in training: 1.5 taken",)
    assert np.isfinite(done.inputs).all()


def test_a_whole_column_missing_is_no_error_where_training_had_missing() -> None:
    done = RULES.transform(table_with(age=["", ""], colour=["", ""]))
    np.testing.assert_array_equal(done.inputs[:, [1, 5]], [[1, 1], [1, 1]])
    assert done.remarks == ()


def test_category_of_numbers_matches_however_they_are_read() -> None:
    training = Table.of({"floor": [1.0, 2.0, 1.0, 2.0], "z": [0.5, 1.0, 2.0, 2.5]})
    rules = Preprocessor.fit(training, categories=["floor"])
    assert rules.inputs == ("floor=1", "floor=2", "z")
    new = Table.of({"floor": ["2", "1"], "z": ["1", "1.5"]})
    np.testing.assert_array_equal(rules.transform(new).inputs[:, :2], [[0, 1], [1, 0]])


def test_ignored_and_forced_columns_must_exist() -> None:
    with pytest.raises(ArgumentError, match="no column 'aeg'"):
        Preprocessor.fit(TRAINING, ignore=["aeg"])
    assert dict(Preprocessor.fit(TRAINING, ignore=["age"]).left_out)["age"] == "as asked"


def test_table_without_a_useful_column_is_refused_with_the_reasons() -> None:
    with pytest.raises(DataError, match="id: counts the rows; unit: one value only"):
        Preprocessor.fit(Table("t", (TRAINING["id"], TRAINING["unit"])))


def test_rules_survive_json_exactly() -> None:
    again = Preprocessor.from_dict(json.loads(json.dumps(RULES.to_dict())))
    assert again == RULES
    np.testing.assert_array_equal(
        again.transform(TRAINING).inputs, RULES.transform(TRAINING).inputs
    )


@pytest.mark.parametrize(
    "record", [{}, {"columns": [{"rule": "number"}], "left_out": []}, {"columns": 3}]
)
def test_foreign_rules_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="No preprocessing rules"):
        Preprocessor.from_dict(record)
