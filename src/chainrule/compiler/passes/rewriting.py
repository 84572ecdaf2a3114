"""Rebuild a program with some values replaced."""

from __future__ import annotations

from collections.abc import Callable

from ..program import Builder, Program, Value

__all__ = ["NOT_RESULTS", "rewrite"]

# Kinds of values that are not computed by themselves.
NOT_RESULTS = ("view", "reshape", "iota", "const", "input", "state")

Rule = Callable[[Builder, Value, tuple[Value, ...]], Value | None]


def rewrite(program: Program, rule: Rule) -> Program:
    """Return the program rebuilt from its leaves.

    Parameters
    ----------
    rule : callable
        ``rule(builder, value, new_operands)`` returns a replacement or None for "as it was".
    """
    b = Builder()
    table: dict[int, Value] = {v.id: v for v in (*program.inputs, *program.states)}
    roots = {v.id for v in program.roots}
    for v in program.values():
        if v.id in table:
            continue
        args = tuple(table[a.id] for a in v.args)
        b.origin = v.origin
        made = rule(b, v, args)
        if made is None:
            made = _same(b, v, args)
        if v.id in roots and (made.kind in NOT_RESULTS or made in table.values()):
            made = Value("map", (made,), v.shape, v.dtype, "copy", v.origin)
        table[v.id] = made
    return program.replace(table)


def _same(b: Builder, v: Value, args: tuple[Value, ...]) -> Value:
    """Return the value as it was, on new operands."""
    if v.kind == "view":
        return b.view(args[0], v.data, v.shape)
    if v.kind == "reshape":
        return b.reshape(args[0], v.shape)
    if v.kind == "map" and v.data == "copy":
        # Copies made for results stay separate values.
        return Value("map", args, v.shape, v.dtype, "copy", v.origin)
    return b.make(v.kind, args, v.shape, v.dtype, v.data)
