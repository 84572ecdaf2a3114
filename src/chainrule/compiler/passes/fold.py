"""Compute now what does not depend on inputs or state."""

from __future__ import annotations

from ..program import Builder, Program, Value
from ..reference import evaluate
from .rewriting import rewrite

__all__ = ["fold"]

_LIMIT = 1 << 16  # elements; larger constants stay formulas


def _rule(b: Builder, v: Value, args: tuple[Value, ...]) -> Value | None:
    if v.kind in ("const", "view", "iota", "reshape") or not args:
        return None
    numbers = [a.scalar for a in args]
    if v.kind == "map" and all(n is not None for n in numbers):
        return b.full(evaluate(_unit(v), numbers), v.shape, v.dtype)
    if v.size <= _LIMIT and all(a.kind == "const" for a in args):
        return b.const(evaluate(v, [a.data for a in args]), v.dtype)
    return None


def _unit(v: Value) -> Value:
    return Value("map", (), (), v.dtype, v.data)


def fold(program: Program) -> Program:
    """Return the program with constant parts computed."""
    return rewrite(program, _rule)
