"""Tables: named columns, each with the kind that was read out of its values.

The rules, in the order they are tried on a column's values (missing ones aside):

==========  ============================================================================
kind        when
==========  ============================================================================
empty       no value at all
number      at least 90 % of the values are numbers; the others count as missing
date        every value is an ISO date (``2024-05-01``, ``2024-05-01 12:30``)
row number  whole numbers that rise by one from row to row
category    at most 50 different texts, and at most half as many as there are values
text        anything else
==========  ============================================================================

``007`` and the like are codes, not numbers: a column that holds one is a category or text.
Missing are empty fields, NaN, and the words of :data:`MISSING_WORDS` in any case.
Columns of kind row number, text and empty are of no use to a network as they are; the rules of
:mod:`.preprocess` leave them out and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["MISSING_WORDS", "Column", "Kind", "Table", "infer", "is_number", "parse_numbers"]

MISSING_WORDS = frozenset({"", "?", "-", "--", "na", "n/a", "#n/a", "nan", "null", "none"})

_NUMBER = re.compile(r"\s*[+-]?(?:0|[1-9]\d*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?\s*")
_CODE = re.compile(r"\s*0\d+\s*")
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\s*")

_SHARE_OF_NUMBERS = 0.9
_MOST_LEVELS = 50


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    DATE = "date"
    CATEGORY = "category"
    ROW_NUMBER = "row number"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its name, its kind, and its values.

    Attributes
    ----------
    name : str
    kind : Kind
    values : ndarray, shape (n,)
        float64 with NaN for missing (numbers; dates as days since 1970-01-01), or object: str with
        None for missing.
    words : tuple of str
        In a column of numbers: the texts that are none and count as missing.
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    words: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether ``values`` are float64."""
        return self.kind in (Kind.NUMBER, Kind.DATE, Kind.ROW_NUMBER)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no value, shape (n,)."""
        if self.values.dtype == object:
            return np.array([value is None for value in self.values], dtype=bool)
        return np.asarray(np.isnan(self.values), dtype=bool)

    def levels(self) -> list[str]:
        """Return the different values as texts, sorted; numbers by size."""
        present = self.values[~self.missing]
        if self.values.dtype == object:
            return sorted(set(present))
        return [number_text(value) for value in np.unique(present)]

    def texts(self) -> NDArray[Any]:
        """Return the values as texts with None for missing: numbers as they would be written."""
        if self.values.dtype == object:
            return self.values
        texts = np.empty(len(self.values), dtype=object)
        texts[:] = [None if np.isnan(value) else number_text(value) for value in self.values]
        return texts


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of equal length.

    Examples
    --------
    >>> table = Table.of({"height": ["1.7", "", "1.8"], "colour": ["red", "blue", "red"]})
    >>> [(column.name, str(column.kind)) for column in table.columns]
    [('height', 'number'), ('colour', 'text')]
    >>> table["height"].values
    array([1.7, nan, 1.8])
    """

    name: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, data: Mapping[str, Iterable[Any]] | Any, name: str = "table") -> Table:
        """Return the table of a mapping from names to values, or of a pandas DataFrame.

        Raises
        ------
        DataError
            The columns differ in length, or a name is given twice.
        """
        if isinstance(data, Table):
            return data
        names = list(data.keys())
        doubled = sorted({str(key) for key in names if names.count(key) > 1})
        if doubled:
            raise DataError(f"{name}: column names given twice: {', '.join(doubled)}.")
        columns = tuple(infer(str(key), _as_array(data[key])) for key in names)
        lengths = {column.name: len(column.values) for column in columns}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{name}: columns of different length: {lengths}.")
        return cls(name, columns)

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise DataError(f"{self.name} has no column {name!r}; it has {listing(self.names)}.")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def take(self, rows: NDArray[Any]) -> Table:
        """Return the table of some rows: indices or a boolean mask."""
        columns = (Column(c.name, c.kind, c.values[rows], c.words) for c in self.columns)
        return Table(self.name, tuple(columns))

    def without(self, names: Iterable[str]) -> Table:
        """Return the table without some columns."""
        left_out = set(names)
        return Table(self.name, tuple(c for c in self.columns if c.name not in left_out))


def infer(name: str, raw: NDArray[Any]) -> Column:
    """Return a column of raw values with its kind read out of them (the rules are above).

    Parameters
    ----------
    name : str
    raw : ndarray, shape (n,)
        Numbers, booleans, dates (datetime64), or texts; None and NaN are missing.

    Raises
    ------
    DataError
        More than one dimension, or values that are neither numbers nor texts nor dates.
    """
    if raw.ndim != 1:
        raise DataError(f"Column {name!r} has shape {raw.shape}; one value per row is expected.")
    if raw.dtype.kind == "M":
        return Column(name, Kind.DATE, days(raw))
    if raw.dtype.kind in "iuf":
        numbers = raw.astype(np.float64)
        check_finite(name, numbers)
        return Column(name, _kind_of_numbers(numbers), numbers)
    texts = to_texts(name, raw)
    present = [text for text in texts if text is not None]
    if not present:
        return Column(name, Kind.EMPTY, texts)
    strays = {text for text in set(present) if not is_number(text)}
    share = 1 - sum(text in strays for text in present) / len(present) if strays else 1.0
    if share >= _SHARE_OF_NUMBERS and not any(_CODE.fullmatch(text) for text in strays):
        numbers = parse_numbers(texts, strays)
        check_finite(name, numbers)
        kind = Kind.NUMBER if strays else _kind_of_numbers(numbers)
        return Column(name, kind, numbers, tuple(sorted(strays)))
    if all(_DATE.fullmatch(text) for text in strays) and len(strays) == len(set(present)):
        return Column(name, Kind.DATE, parse_dates(name, texts))
    levels = len(set(present))
    few = levels <= _MOST_LEVELS and 2 * levels <= len(present)
    return Column(name, Kind.CATEGORY if few else Kind.TEXT, texts)


def _as_array(values: Any) -> NDArray[Any]:
    if isinstance(values, list) and all(type(value) is str for value in values):
        return np.array(values, dtype=object)  # NumPy's own texts are all as long as the longest
    return np.asarray(values)


def to_texts(name: str, raw: NDArray[Any]) -> NDArray[Any]:
    """Return values as texts, stripped, with None for missing ones; shape (n,), object."""
    texts = np.empty(len(raw), dtype=object)
    values = raw.tolist()
    if all(type(value) is str for value in values):
        stripped = (value.strip() for value in values)
        texts[:] = [None if text.lower() in MISSING_WORDS else text for text in stripped]
        return texts
    for row, value in enumerate(values):
        if value is None or type(value).__name__ == "NAType":  # pandas' own mark for missing
            continue
        if isinstance(value, float) and np.isnan(value):
            continue
        if isinstance(value, str):
            text = value.strip()
            texts[row] = None if text.lower() in MISSING_WORDS else text
        elif isinstance(value, (bool, int, float)):
            texts[row] = str(value) if isinstance(value, bool) else number_text(value)
        else:
            raise DataError(
                f"Column {name!r}, row {row + 1}: a {type(value).__name__}; expected numbers, "
                "texts or dates."
            )
    return texts


def is_number(text: str) -> bool:
    """Return whether a text is a number; ``007`` and ``1_000`` are none."""
    return _NUMBER.fullmatch(text) is not None


def parse_numbers(texts: NDArray[Any], strays: Iterable[str] = ()) -> NDArray[np.float64]:
    """Return texts as float64, NaN for None and for the texts of ``strays``."""
    missing = {None, *strays}
    return np.array([np.nan if text in missing else float(text) for text in texts], np.float64)


def parse_dates(name: str, texts: NDArray[Any]) -> NDArray[np.float64]:
    """Return ISO dates as days since 1970-01-01, NaN for None."""
    try:
        dates = [np.datetime64("NaT") if t is None else np.datetime64(t) for t in texts]
    except ValueError as error:
        raise DataError(f"Column {name!r}: {error}.") from error
    return days(np.array(dates, dtype="datetime64[s]"))


def days(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Return dates as days since 1970-01-01, NaN for missing ones."""
    seconds = dates.astype("datetime64[s]")
    numbers = seconds.astype(np.int64) / 86400.0
    numbers[np.isnat(seconds)] = np.nan
    return numbers


def check_finite(name: str, numbers: NDArray[np.float64]) -> None:
    """Raise DataError where a number is infinite; NaN is a missing value and passes."""
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        raise DataError(
            f"Column {name!r}, row {infinite[0] + 1}: an infinite value ({len(infinite)} in all); "
            "a finite number, or nothing for a missing one, is expected."
        )


def _kind_of_numbers(numbers: NDArray[np.float64]) -> Kind:
    rises = len(numbers) > 2 and bool(np.all(np.diff(numbers) == 1))
    if rises and float(numbers[0]).is_integer():
        return Kind.ROW_NUMBER
    return Kind.EMPTY if np.isnan(numbers).all() else Kind.NUMBER


def number_text(value: float) -> str:
    """Return a number as it would be written: whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def listing(names: Iterable[str], most: int = 12) -> str:
    """Return names for a message, shortened where there are many."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"
