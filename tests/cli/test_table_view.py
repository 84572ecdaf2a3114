"""A table's columns are shown whole at 80 columns, and text is never taken for markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from chainrule.cli.table_view import columns_view, values_of
from chainrule.data import Table, prepare

TABLE = Table.of(
    {
        "id": [str(k + 1) for k in range(20)],
        "energy [kWh/m2] of the last year": ["1.5", "", "1200000", "4"] * 5,
        "kind [bold]": ["one [red]", "another rather long level", "third", "fourth"] * 5,
        "since": ["2020-01-01", "1999-12-31"] * 10,
        "note": [f"free {k}" for k in range(20)],
        "bought": ["yes", "no"] * 10,
    }
)


def shown(width: int) -> list[str]:
    stream = io.StringIO()
    view = columns_view(TABLE, prepare(TABLE, "bought").pipeline, width)
    Console(file=stream, width=width).print(view)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_each_column_is_one_line_within_the_width(width: int) -> None:
    lines = shown(width)
    assert len(lines) == 1 + len(TABLE.columns)
    assert max(map(len, lines)) <= width
    assert [line.split("  ")[-1].strip() for line in lines[1:]] == [
        "– counts the rows",
        "1 input + missing",
        "4 inputs",
        "1 input",
        "– free text",
        "target: 2 classes",
    ]


def test_only_names_and_values_are_cut_short() -> None:
    narrow, wide = shown(80), shown(160)
    assert narrow[2].startswith("energy [kWh/m2] of …")
    assert "kind [bold]" in narrow[3]
    assert "one [red]" in wide[3]
    assert all(
        row.split()[-1] == other.split()[-1] for row, other in zip(narrow, wide, strict=True)
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["1", "2.5"], "1 … 2.5"),
        (["0.000123456", "1234567.8"], "0.0001235 … 1.235e+06"),
        (["1999-12-31", "2020-01-01 12:00"], "1999-12-31 … 2020-01-01"),
        (["b", "a", "b", "a"], "a, b"),
        (["b", "a", "b"] * 2, "b, a"),
        (list("abcd") * 2, "a, b, c … 4 in all"),
        (["", "NA"], ""),
    ],
)
def test_values_are_told_in_a_few_words(values: list[str], text: str) -> None:
    column = Table.of({"c": values})["c"]
    assert values_of(column) == text
