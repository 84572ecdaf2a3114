"""What stands between a file and a network: learnt in training, saved with the model, used later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.data.preprocess import Preprocessor
from chainrule.data.scaling import Scaling
from chainrule.data.table import Table
from chainrule.data.targets import Classes, TargetCode, target_code_from_dict
from chainrule.errors import CheckpointError, DataError

__all__ = ["Pipeline"]

FORMAT = "chainrule preprocessing 1"


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The rules for inputs and targets of one model.

    Attributes
    ----------
    inputs : Preprocessor or Scaling
        For tables, or for arrays.
    target : Classes or Numbers
    """

    inputs: Preprocessor | Scaling
    target: TargetCode

    @property
    def width(self) -> int:
        """How many inputs the network has."""
        if isinstance(self.inputs, Scaling):
            return self.inputs.width
        return len(self.inputs.inputs)

    def transform(
        self, data: Table | Dataset | NDArray[Any]
    ) -> tuple[NDArray[np.float32], tuple[str, ...]]:
        """Return the network's inputs, shape (n, width), and remarks on unusual values.

        Raises
        ------
        DataError
            A table where the model was trained on arrays or the reverse, absent columns, samples
            of another shape, values of another kind.
        """
        if isinstance(self.inputs, Preprocessor):
            if not isinstance(data, Table):
                raise DataError(
                    "The model was trained on a table with the columns "
                    f"{', '.join(rule.name for rule in self.inputs.rules)}; a table (CSV, "
                    "Parquet, DataFrame) is expected."
                )
            done = self.inputs.transform(data)
            return done.inputs, done.remarks
        if isinstance(data, Table):
            return self.inputs.transform(self._matrix(data)), ()
        samples = data.inputs if isinstance(data, Dataset) else data
        return self.inputs.transform(samples), ()

    def _matrix(self, table: Table) -> NDArray[np.float64]:
        """Return a table of numbers as the samples of a model trained on arrays."""
        columns = [column for column in table.columns if column.name != self.target.name]
        odd = [column.name for column in columns if not column.is_numeric]
        if odd or len(columns) != self.width:
            raise DataError(
                f"{table.name} has {len(columns)} columns"
                + (f", of which {', '.join(odd)} hold no numbers" if odd else "")
                + f"; the model was trained on arrays of {self.width} numbers a sample."
            )
        return np.stack([column.values for column in columns], axis=1)

    def true_targets(self, data: Table | Dataset) -> NDArray[Any] | None:
        """Return the coded targets that new data bring along, or None where they bring none."""
        if isinstance(data, Dataset):
            if isinstance(self.target, Classes):
                texts = np.array([data.classes[index] for index in data.targets], dtype=object)
                return self.target.encode(texts)
            return self.target.encode(data.targets)
        if self.target.name not in data or data[self.target.name].missing.any():
            return None
        column = data[self.target.name]
        if isinstance(self.target, Classes):
            return self.target.encode(column.texts())
        return self.target.encode(column.values[:, None])

    def to_dict(self) -> dict[str, Any]:
        """Return the rules with JSON's types only."""
        kind = "table" if isinstance(self.inputs, Preprocessor) else "array"
        return {
            "format": FORMAT,
            "kind": kind,
            "inputs": self.inputs.to_dict(),
            "target": self.target.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Pipeline:
        """Return the rules of a record made by :meth:`to_dict`; CheckpointError for another."""
        if record.get("format") != FORMAT:
            raise CheckpointError(
                f"Format {record.get('format')!r}; this version reads {FORMAT!r} only."
            )
        inputs: Preprocessor | Scaling
        if record["kind"] == "table":
            inputs = Preprocessor.from_dict(record["inputs"])
        elif record["kind"] == "array":
            inputs = Scaling.from_dict(record["inputs"])
        else:
            raise CheckpointError(f"No preprocessing of kind {record['kind']!r}.")
        return cls(inputs, target_code_from_dict(record["target"]))

    def save(self, path: Path | str) -> None:
        """Write the rules as JSON."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Pipeline:
        """Read the rules that :meth:`save` wrote.

        Raises
        ------
        CheckpointError
            The file is damaged or of another make; the message names it.
        """
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
            if not isinstance(record, dict):
                raise CheckpointError("no JSON object")
            return cls.from_dict(record)
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, CheckpointError) as error:
            raise CheckpointError(
                f"{path}: no preprocessing rules of chainrule ({error})."
            ) from error
