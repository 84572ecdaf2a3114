"""What happened in training: one row of figures per epoch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainrule.errors import DataError

__all__ = ["History"]


class History:
    """Lists of figures by name: ``history["loss"][-1]``.

    Attributes
    ----------
    rows : list of dict
        One per epoch; ``epoch`` counts from 1.
    stopped : str
        Why training ended.

    Examples
    --------
    >>> from chainrule.train import History
    >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    >>> history["loss"]
    [0.5, 0.25]
    """

    def __init__(self, rows: list[dict[str, Any]] | None = None, stopped: str = "") -> None:
        self.rows: list[dict[str, Any]] = list(rows or [])
        self.stopped = stopped

    def append(self, row: dict[str, Any]) -> None:
        """Add the figures of an epoch."""
        self.rows.append(row)

    def names(self) -> list[str]:
        """Names of the figures, in the order in which they came."""
        found: dict[str, None] = {}
        for row in self.rows:
            found.update(dict.fromkeys(row))
        return list(found)

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self.names():
            raise KeyError(f"{name!r}; there are {self.names()}")
        return [row.get(name, math.nan) for row in self.rows]

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.rows)

    def best(self, name: str = "val_loss", mode: str = "min") -> dict[str, Any]:
        """The row in which a figure is best."""
        values = [(row[name], index) for index, row in enumerate(self.rows) if name in row]
        if not values:
            raise KeyError(f"{name!r}; there are {self.names()}")
        _, index = (min if mode == "min" else max)(values)
        return self.rows[index]

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write one JSON object per epoch and line."""
        from chainrule.train.files import write_bytes

        write_bytes(path, "".join(json_line(row) for row in self.rows).encode())

    @classmethod
    def from_jsonl(cls, path: str | os.PathLike[str]) -> History:
        """Read what :meth:`to_jsonl` or a :class:`JSONLWriter` wrote; a cut-off last line is left out."""
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        rows = []
        for number, line in enumerate(lines, 1):
            try:
                rows.append({k: _number(v) for k, v in json.loads(line).items()})
            except (json.JSONDecodeError, AttributeError) as error:
                if number == len(lines):
                    break
                raise DataError(f"{path}, line {number}: not a JSON object ({error})") from error
        return cls(rows)

    def __repr__(self) -> str:
        if not self.rows:
            return "History(no epochs)"
        last = ", ".join(f"{k} {v:.4g}" for k, v in self.rows[-1].items() if isinstance(v, float))
        return f"History({len(self.rows)} epochs; last: {last})"


def json_line(row: dict[str, Any]) -> str:
    """A row as one line of JSON; NaN and infinities as text, which JSON has no numbers for."""
    shown = {
        k: repr(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()
    }
    return json.dumps(shown) + "\n"


def _number(value: Any) -> Any:
    return float(value) if value in ("nan", "inf", "-inf") else value
