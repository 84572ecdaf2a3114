"""Functions taken from the C library one lane at a time: exact enough, not fast.

For functions that do not stand in hot loops, and for arguments that the vector code leaves out.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import BOOL, F64, Function, Type, Val

__all__ = ["LIBM", "per_lane", "unless_all"]

#: Functions of one float64 that every C library has.
LIBM = frozenset(
    [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cbrt",
        "cos",
        "cosh",
        "erfc",
        "exp2",
        "lgamma",
        "log10",
        "log2",
        "sin",
        "sinh",
        "tan",
        "tgamma",
        "pow",
        "atan2",
        "hypot",
        "fmod",
    ]
)


def per_lane(f: Function, name: str, *args: Val) -> Val:
    """Return ``name(*args)`` by a call per lane, in float64."""
    t = args[0].type
    out = []
    for i in range(t.lanes):
        lanes = [f.convert(f.lane(a, i), F64, "fpext") for a in args]
        out.append(f.convert(f.call(F64, name, lanes), Type("f", t.bits), "fptrunc"))
    return f.join(out)


def unless_all(f: Function, fine: Val, value: Val, otherwise: Callable[[], Val]) -> Val:
    """Return ``value`` if ``fine`` holds in every lane, else what ``otherwise`` computes."""
    if fine.type.lanes == 1:
        every = fine
    else:
        name = f"llvm.vector.reduce.and.v{fine.type.lanes}i1"
        every = f.call(BOOL, name, [fine])
    slow, done, before = f.label(), f.label(), f.block
    f.do(f"br i1 {every.text}, label %{done}, label %{slow}")
    f.start(slow)
    other = otherwise()
    end = f.block
    f.do(f"br label %{done}")
    f.start(done)
    t = value.type
    return f.emit(t, f"phi {t.text} [ {value.text}, %{before} ], [ {other.text}, %{end} ]")
