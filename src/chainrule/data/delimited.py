"""Delimited text (CSV, TSV), plain or gzipped, as a table.

Read with Python's own csv module: no optional package, and an error can name the line. Found out
from the file, and stated in the errors when it does not hold: the delimiter (comma, semicolon,
tab or bar), whether there is a header (there is none when every field of the first line is a
number), and decimal commas (in files that semicolons delimit).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from chainrule.data.table import Table
from chainrule.errors import DataError

__all__ = ["read_delimited"]

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*")


def read_delimited(
    path: Path | str, *, delimiter: str | None = None, encoding: str = "utf-8-sig"
) -> Table:
    """Return a delimited text file as a table, the kinds of its columns read out of the values.

    Parameters
    ----------
    path : Path or str
        ``….csv``, ``….tsv``, ``….txt``, and each with ``.gz`` behind it.
    delimiter : str, optional
        One character; found out from the first lines when not given.
    encoding : str
        Of the text. UTF-8 by default, with or without a byte-order mark.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        The file is empty, no text in that encoding, cut off, or has a line with another number of
        fields than the first; the message names the line.
    """
    path = Path(path)
    lines = _read_lines(path, encoding)
    delimiter = delimiter or _find_delimiter(lines)
    rows = list(_parse(path, lines, delimiter))
    if not rows:
        raise DataError(f"{path}: the file is empty.")
    header = [field.strip() for field in rows[0][1]]
    if all(_is_number(field) for field in header):
        names = [f"column {index + 1}" for index in range(len(header))]
    else:
        names = [name or f"column {index + 1}" for index, name in enumerate(header)]
        rows = rows[1:]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DataError(f"{path}, line 1: column names given twice: {', '.join(doubled)}.")
    if not rows:
        raise DataError(f"{path}: only a header ({len(names)} columns) and no rows.")
    for line, fields in rows:
        if len(fields) != len(names):
            raise DataError(
                f"{path}, line {line}: {len(fields)} fields, where the first line has "
                f"{len(names)} (delimited by {_DELIMITERS.get(delimiter, repr(delimiter))}s). "
                "A field that holds the delimiter must stand in double quotes."
            )
    columns = zip(*(fields for _, fields in rows), strict=True)
    texts = {name: list(column) for name, column in zip(names, columns, strict=True)}
    if delimiter == ";":
        texts = {name: _without_decimal_commas(column) for name, column in texts.items()}
    return Table.of(texts, str(path))


def _read_lines(path: Path, encoding: str) -> list[str]:
    open_text = gzip.open if path.suffix == ".gz" else open
    try:
        with open_text(path, "rt", encoding=encoding, newline="") as opened:
            text = opened.read()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start + 1} is no {encoding.removesuffix('-sig').upper()}. A text "
            "file is expected; if it is one in another encoding, give encoding= (for example "
            "'cp1252')."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a whole gzip file ({error}).") from error
    if "\0" in text:
        raise DataError(f"{path}: holds NUL bytes: not a text file.")
    return list(io.StringIO(text, newline=""))


def _find_delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts the first two rows into the most fields, alike in both."""
    sample = [line for line in lines if line.strip()][:20]

    def fields(delimiter: str) -> tuple[int, int]:
        rows = islice(csv.reader(sample, delimiter=delimiter, skipinitialspace=True), 2)
        counts = [len(row) for row in rows]
        alike = counts[0] if len(set(counts)) == 1 else 1
        return alike, max(
            counts, default=1
        )  # where no delimiter cuts alike: the one that cuts most

    return max(_DELIMITERS, key=fields)  # the first, the comma, where none cuts


def _parse(path: Path, lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the number of the line it ends on."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: {error}. Each double quote inside a quoted field "
            "must be doubled, and each quoted field closed."
        ) from error


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _without_decimal_commas(column: list[str]) -> list[str]:
    """Return a column with points for decimal commas, when all its commas can be such."""
    with_comma = [field for field in column if "," in field]
    if with_comma and all(_DECIMAL_COMMA.fullmatch(field) for field in with_comma):
        return [field.replace(",", ".") for field in column]
    return column
