"""The table of translation rules, and what a rule gets to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..program import Builder, Value
from .expression import Expr, Maths

__all__ = ["RULES", "Call", "rule"]


@dataclass
class Call:
    """One node of the user's graph, on its way into the program.

    Attributes
    ----------
    args : list of Value
        The operands; constants have become values.
    weak : list of bool
        Which operands are Python numbers, which take part in dtype promotion weakly.
    params : dict
        Keyword parameters of the op.
    shape, dtype
        Of the result (of the first one, for an op with several).
    """

    builder: Builder
    maths: Maths
    op: str
    args: list[Value]
    operands: tuple[Any, ...]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def expr(self, index: int) -> Expr:
        """Return an operand as an expression."""
        return Expr(self.maths, self.args[index])

    def exprs(self) -> list[Expr]:
        """Return all operands as expressions, broadcast, in the result's dtype where floating."""
        return [Expr(self.maths, self.lifted(i)) for i in range(len(self.args))]

    def lifted(self, index: int, dtype: Any = None) -> Value:
        """Return an operand converted to the result's dtype and broadcast to its shape."""
        v = self.builder.cast(self.args[index], np.dtype(dtype or self.dtype))
        return self.builder.broadcast(v, self.shape)

    def common_dtype(self) -> np.dtype[Any]:
        """Return the dtype the operands have in common (Python numbers count weakly)."""
        return np.result_type(*(o.dtype if hasattr(o, "dtype") else o for o in self.operands))


Rule = Callable[[Call], Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for ops of these names."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return enter
