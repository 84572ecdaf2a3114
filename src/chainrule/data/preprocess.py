"""From a table to a network's inputs: one rule per column, learnt on the training rows and saved.

==============  =================================================================================
column          becomes
==============  =================================================================================
number, date    one input, ``(value − mean) / standard deviation``; a missing value takes the
                median, and where the training rows have any missing, a second input says so (1/0)
category        one input per level (1/0); where the training rows have any missing, "missing" is
                a level too; a level never seen in training gives 0 everywhere and is reported
one value only  nothing: it tells the network nothing
row number,     nothing, and that is said
text, empty
==============  =================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Column, Kind, Table, is_number, listing, parse_numbers
from chainrule.errors import ArgumentError, CheckpointError, DataError

__all__ = ["CategoryRule", "NumberRule", "Preprocessor", "Transformed"]

Block = NDArray[np.float32]


@dataclass(frozen=True)
class NumberRule:
    """How a column of numbers or dates becomes one input, or two when values may be missing."""

    name: str
    kind: Kind
    fill: float
    shift: float
    scale: float
    flags_missing: bool
    words: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs made."""
        return (self.name, f"{self.name} missing") if self.flags_missing else (self.name,)

    def apply(self, column: Column, remarks: list[str]) -> Block:
        """Return the inputs of a column, shape (n, len(self.inputs))."""
        values = self._numbers(column)
        missing = np.isnan(values)
        if missing.any() and not self.flags_missing:
            remarks.append(
                f"{self.name}: {int(missing.sum())} missing, none in training: {self.fill:g} taken"
            )
        scaled = (np.where(missing, self.fill, values) - self.shift) / self.scale
        both = [scaled, missing] if self.flags_missing else [scaled]
        return np.stack(both, axis=1).astype(np.float32)

    def _numbers(self, column: Column) -> NDArray[np.float64]:
        if column.kind is Kind.EMPTY:
            return np.full(len(column.values), np.nan)
        if (column.kind is Kind.DATE) != (self.kind is Kind.DATE):
            raise DataError(
                f"Column {self.name!r} holds {column.kind}s; it held {self.kind}s in training."
            )
        strays = [word for word in column.words if word not in self.words]
        if not column.is_numeric:
            strays = [text for text in column.values if text is not None and not is_number(text)]
            strays = [text for text in strays if text not in self.words]
        if strays:
            raise DataError(
                f"Column {self.name!r}: {listing(dict.fromkeys(strays), 3)} instead of a number. "
                f"It held numbers in training; leave a field empty where the value is missing."
            )
        return column.values if column.is_numeric else parse_numbers(column.values, self.words)


@dataclass(frozen=True)
class CategoryRule:
    """How a column of categories becomes one input per level."""

    name: str
    levels: tuple[str, ...]
    flags_missing: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs made."""
        names = tuple(f"{self.name}={level}" for level in self.levels)
        return (*names, f"{self.name} missing") if self.flags_missing else names

    def apply(self, column: Column, remarks: list[str]) -> Block:
        """Return the inputs of a column, shape (n, len(self.inputs)): at most one 1 per row."""
        place = {level: index for index, level in enumerate(self.levels)}
        block = np.zeros((len(column.values), len(self.inputs)), dtype=np.float32)
        unseen: dict[str, int] = {}
        missing = 0
        for row, text in enumerate(column.texts()):
            if text in place:
                block[row, place[text]] = 1
            elif text is not None:
                unseen[text] = unseen.get(text, 0) + 1
            elif self.flags_missing:
                block[row, -1] = 1
            else:
                missing += 1
        if unseen:
            remarks.append(
                f"{self.name}: {sum(unseen.values())} with a level never seen in training "
                f"({listing(unseen, 3)}): taken as none of the known"
            )
        if missing:
            remarks.append(f"{self.name}: {missing} missing, none in training: no level set")
        return block


Rule: TypeAlias = NumberRule | CategoryRule


@dataclass(frozen=True)
class Transformed:
    """Inputs of a network, shape (n, inputs), float32, and remarks on values out of the usual."""

    inputs: Block
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Preprocessor:
    """The rules of a table's columns, and the columns left out with the reason.

    Examples
    --------
    >>> table = Table.of({"size": [1.0, None, 3.0, None], "kind": ["a", "b", "a", "b"]})
    >>> rules = Preprocessor.fit(table)
    >>> rules.inputs
    ('size', 'size missing', 'kind=a', 'kind=b')
    >>> rules.transform(table).inputs.tolist()[:2]
    [[-1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    >>> Preprocessor.from_dict(rules.to_dict()) == rules
    True
    """

    rules: tuple[Rule, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @classmethod
    def fit(
        cls, table: Table, *, categories: Iterable[str] = (), ignore: Iterable[str] = ()
    ) -> Preprocessor:
        """Return the rules learnt on a table of training rows.

        Parameters
        ----------
        table : Table
            The training rows without the target.
        categories : iterable of str
            Columns to take as categories whatever they hold.
        ignore : iterable of str
            Columns to leave out.

        Raises
        ------
        ArgumentError
            A name that the table does not have.
        DataError
            No column is left.
        """
        categories, ignore = list(categories), list(ignore)
        absent = [name for name in (*categories, *ignore) if name not in table]
        if absent:
            raise ArgumentError(
                f"{table.name} has no column {listing(absent)}; it has {listing(table.names)}."
            )
        rules: list[Rule] = []
        left_out: list[tuple[str, str]] = []
        for column in table.columns:
            reason = "as asked" if column.name in ignore else None
            if reason is None and column.name not in categories:
                reason = _useless(column)
            if reason is None and len(column.levels()) < 2 and not _tells_by_absence(column):
                reason = "one value only"
            if reason is not None:
                left_out.append((column.name, reason))
            elif column.is_numeric and column.name not in categories:
                rules.append(_number_rule(column))
            else:
                levels = tuple(column.levels())
                rules.append(CategoryRule(column.name, levels, bool(column.missing.any())))
        if not rules:
            said = "; ".join(f"{name}: {reason}" for name, reason in left_out)
            raise DataError(f"{table.name}: no column is left to learn from ({said}).")
        return cls(tuple(rules), tuple(left_out))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the network's inputs, in order."""
        return tuple(name for rule in self.rules for name in rule.inputs)

    def transform(self, table: Table) -> Transformed:
        """Return the network's inputs for the rows of a table; columns may be in any order.

        Raises
        ------
        DataError
            A column is absent, or holds what it cannot have held in training.
        """
        absent = [rule.name for rule in self.rules if rule.name not in table]
        if absent:
            raise DataError(
                f"{table.name} lacks {listing(absent)}, which the model was trained on; it has "
                f"{listing(table.names)}."
            )
        remarks: list[str] = []
        blocks = [rule.apply(table[rule.name], remarks) for rule in self.rules]
        return Transformed(np.concatenate(blocks, axis=1), tuple(remarks))

    def to_dict(self) -> dict[str, Any]:
        """Return the rules with JSON's types only."""
        return {
            "columns": [
                {"rule": "number" if isinstance(rule, NumberRule) else "category", **asdict(rule)}
                for rule in self.rules
            ],
            "left_out": [list(pair) for pair in self.left_out],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Preprocessor:
        """Return the rules of a record made by :meth:`to_dict`.

        Raises
        ------
        CheckpointError
            The record is of another make.
        """
        try:
            rules = tuple(_rule_from(entry) for entry in record["columns"])
            left_out = tuple((str(name), str(why)) for name, why in record["left_out"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"No preprocessing rules: {error!r}.") from error
        return cls(rules, left_out)


def _rule_from(entry: Mapping[str, Any]) -> Rule:
    fields = dict(entry)
    if fields.pop("rule") == "number":
        kind, words = Kind(fields.pop("kind")), tuple(fields.pop("words"))
        return NumberRule(kind=kind, words=words, **fields)
    return CategoryRule(levels=tuple(fields.pop("levels")), **fields)


def _useless(column: Column) -> str | None:
    """Return why a column is left out by its kind alone, or None."""
    if column.kind is Kind.EMPTY:
        return "no values"
    if column.kind is Kind.ROW_NUMBER:
        return "counts the rows"
    if column.kind is Kind.TEXT:
        return "free text"
    return None


def _tells_by_absence(column: Column) -> bool:
    # One value, sometimes missing: whether it is there may be what tells.
    return bool(column.missing.any()) and not column.missing.all()


def _number_rule(column: Column) -> NumberRule:
    present = column.values[~column.missing]
    spread = float(present.std())
    return NumberRule(
        column.name,
        Kind.DATE if column.kind is Kind.DATE else Kind.NUMBER,
        fill=float(np.median(present)),
        shift=float(present.mean()),
        scale=spread if spread > 0 else 1.0,
        flags_missing=bool(column.missing.any()),
        words=column.words,
    )
