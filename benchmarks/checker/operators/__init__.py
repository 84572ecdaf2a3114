"""What slips are planted: one module per family, each a list of functions from a site to edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.checker.operators import arithmetic, contractions, flow, names
from benchmarks.checker.source import Edit, Site

Operator = Callable[[Site], Iterator[Edit]]

OPERATORS: tuple[Operator, ...] = (
    *arithmetic.OPERATORS,
    *contractions.OPERATORS,
    *names.OPERATORS,
    *flow.OPERATORS,
)

__all__ = ["OPERATORS", "Operator"]
