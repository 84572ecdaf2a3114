"""Identities of arithmetic that hold for every number, NaN and infinities included.

``x - x`` or ``0 * x`` are left alone: they are not 0 for NaN. Signed zeros may change.
"""

from __future__ import annotations

from ..program import Builder, Program, Value
from .rewriting import rewrite

__all__ = ["simplify"]


def _rule(b: Builder, v: Value, args: tuple[Value, ...]) -> Value | None:
    if v.kind != "map":
        return None
    name = v.data
    numbers = [a.scalar for a in args]
    if name == "mul":
        for x, n in ((args[0], numbers[1]), (args[1], numbers[0])):
            if n is not None and n == 1 and x.dtype == v.dtype:
                return x
            if n is not None and n == -1 and v.dtype.kind == "f":
                return b.map("neg", x)
        chained = _scaled(b, args, numbers, v)
        if chained is not None:
            return chained
    if name == "add":
        for x, n in ((args[0], numbers[1]), (args[1], numbers[0])):
            if n is not None and n == 0:
                return x
        for x, y in ((args[0], args[1]), (args[1], args[0])):
            if y.kind == "map" and y.data == "neg":
                return b.map("sub", x, y.args[0])
    if name == "sub" and numbers[1] is not None and numbers[1] == 0:
        return args[0]
    if name == "div" and numbers[1] is not None:
        if numbers[1] == 1:
            return args[0]
        if v.dtype.kind == "f" and _exact_reciprocal(float(numbers[1])):
            return b.map("mul", args[0], b.full(1 / numbers[1], v.shape, v.dtype))
    if name == "neg" and args[0].kind == "map" and args[0].data == "neg":
        return args[0].args[0]
    if name == "gt" and numbers[1] is not None and numbers[1] == 0:
        return _mask(b, args[0])
    if name == "copy" and args[0].kind == "map" and args[0].data == "copy":
        return None
    return None


def _scaled(b: Builder, args: tuple[Value, ...], numbers: list[object], v: Value) -> Value | None:
    """``(x * a) * b`` becomes ``x * (a b)`` where one of the numbers is a power of two: exact."""
    if v.dtype.kind != "f":
        return None
    for x, n in ((args[0], numbers[1]), (args[1], numbers[0])):
        if n is None or x.kind != "map" or x.data != "mul":
            continue
        for y, m in ((x.args[0], x.args[1].scalar), (x.args[1], x.args[0].scalar)):
            if m is not None and (_exact_reciprocal(float(m)) or _exact_reciprocal(float(n))):  # type: ignore[arg-type]
                return b.map("mul", y, b.full(m * n, v.shape, v.dtype))
    return None


def _exact_reciprocal(number: float) -> bool:
    """Tell whether dividing by a number equals multiplying by its reciprocal."""
    import math

    mantissa, exponent = math.frexp(number)
    return abs(mantissa) == 0.5 and abs(exponent) < 100


def _mask(b: Builder, x: Value) -> Value | None:
    """``z > 0`` where ``max(z, 0)`` exists: asked of the latter, so that z need not be kept."""
    zero = b.full(0, x.shape, x.dtype)
    relu = b.known("map", (x, zero), x.shape, x.dtype, "max")
    if relu is None:
        return None
    return b.map("gt", relu, zero, dtype="bool")


def simplify(program: Program) -> Program:
    """Return the program with identities applied."""
    return rewrite(program, _rule)
