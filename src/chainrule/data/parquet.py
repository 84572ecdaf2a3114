"""Parquet files as tables, through pyarrow (the ``data`` extra)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.errors import DataError, MissingExtraError

__all__ = ["read_parquet"]


def read_parquet(path: Path | str) -> Table:
    """Return a Parquet file as a table.

    Numbers, booleans, texts, dictionary-encoded texts, dates and timestamps are taken; the kinds
    of texts are read out of their values as in a CSV file.

    Raises
    ------
    DataError
        The file is no Parquet file, is damaged, or a column is nested or binary.
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: Parquet files are read with pyarrow: pip install 'chainrule[data]'."
        ) from error
    path = Path(path)
    try:
        with path.open("rb") as opened:
            found = parquet.read_table(opened)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{path}: not a whole Parquet file ({error}).") from error
    if not found.num_rows:
        raise DataError(f"{path}: {found.num_columns} columns and no rows.")
    columns = {name: _to_numpy(path, name, found[name]) for name in found.column_names}
    if len(columns) != found.num_columns:
        raise DataError(f"{path}: column names given twice.")
    return Table.of(columns, str(path))


def _to_numpy(path: Path, name: str, column: Any) -> NDArray[Any]:
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return np.asarray(column.cast("float64").to_numpy(zero_copy_only=False), np.float64)
    if types.is_timestamp(kind) or types.is_date(kind):
        return np.asarray(column.cast("timestamp[s]", safe=False).to_numpy())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind):
        return np.array([None if v is None else v for v in column.to_pylist()], dtype=object)
    if types.is_null(kind):
        return np.full(len(column), None, dtype=object)
    raise DataError(
        f"{path}: column {name!r} has type {column.type}; numbers, booleans, texts and dates are "
        "expected. Leave it out, or turn it into columns of those."
    )
