"""How the columns of a table are shown: what was read out of them, and what they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from chainrule.data import Classes, Column, Kind, Pipeline, Preprocessor, Table
from chainrule.data.table import number_text

if TYPE_CHECKING:
    from rich.table import Table as View

__all__ = ["columns_view", "values_of"]

_SHOWN_LEVELS = 3


def columns_view(table: Table, pipeline: Pipeline, width: int = 80) -> View:
    """Return a view of a table's columns, one line each: kind, missing, values, use.

    Where ``width`` characters are too few, names and values are cut short and nothing else.
    """
    from rich.table import Table as View
    from rich.text import Text

    uses = _uses(pipeline)
    rows = [
        (c.name, str(c.kind), str(int(c.missing.sum()) or "–"), values_of(c), uses[c.name])
        for c in table.columns
    ]
    titles = ("column", "kind", "missing", "values", "becomes")
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    widths[0] = min(widths[0], 20)
    gaps = 2 * len(widths)
    widths[3] = max(8, min(widths[3], width - gaps - sum(widths) + widths[3]))
    view = View(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title, most in zip(titles, widths, strict=True):
        side: Literal["left", "right"] = "right" if title == "missing" else "left"
        view.add_column(title, width=most, justify=side, no_wrap=True, overflow="ellipsis")
    for row in rows:
        use = row[-1]
        style = "dim" if use.startswith("–") else "bold" if use.startswith("target") else None
        view.add_row(*map(Text, row), style=style)  # Text: square brackets are no markup
    return view


def values_of(column: Column) -> str:
    """Return a column's range or commonest levels in a few words.

    Examples
    --------
    >>> table = Table.of({"x": [0.5, 2.25, None, 1.0], "y": ["b", "a", "a", "b"]})
    >>> values_of(table["x"]), values_of(table["y"])
    ('0.5 … 2.25', 'a, b')
    """
    present = column.values[~column.missing]
    if len(present) == 0:
        return ""
    if column.kind is Kind.DATE:
        first, last = (np.datetime64(int(day), "D") for day in (present.min(), present.max()))
        return f"{first} … {last}"
    if column.is_numeric:
        return f"{_short(present.min())} … {_short(present.max())}"
    levels, counts = np.unique(present.astype(str), return_counts=True)
    if column.kind is Kind.TEXT:
        return f"{len(levels)} different texts"
    commonest = levels[np.argsort(-counts, kind="stable")[:_SHOWN_LEVELS]]
    more = f" … {len(levels)} in all" if len(levels) > _SHOWN_LEVELS else ""
    return ", ".join(commonest) + more


def _short(value: float) -> str:
    return number_text(value) if abs(value) < 1e6 and float(value).is_integer() else f"{value:.4g}"


def _uses(pipeline: Pipeline) -> dict[str, str]:
    rules = pipeline.inputs
    assert isinstance(rules, Preprocessor)
    uses = {name: f"– {reason}" for name, reason in rules.left_out}
    for rule in rules.rules:
        count = len(rule.inputs) - rule.flags_missing
        flag = " + missing" if rule.flags_missing else ""
        uses[rule.name] = f"{count} input{'s' if count > 1 else ''}{flag}"
    code = pipeline.target
    classes = f"target: {code.outputs} classes" if isinstance(code, Classes) else "target: number"
    return {**uses, code.name: classes}
