"""Errors in words: which operands, their names and shapes, where, and what would fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core import op as _op
from chainrule.core.op import Hooks, Op
from chainrule.core.source import Location, caller, locate, user_frame
from chainrule.errors import ArgumentError, AxisError, ChainruleError, DtypeError, ShapeError

__all__ = ["ADVICE", "describe_operand", "explain", "where"]

ADVICE: dict[str, Callable[..., str]] = {}
"""By op name: ``advice(*operands, **params) -> str``, what would fit; filled in by the ops.

The text calls the operands X and Y; where their names are known, they take the letters' places.
"""


def operand_name(operand: Any) -> str | None:
    """What the user calls an operand: its own name, or that of a variable that holds it."""
    name = getattr(operand, "name", None)
    if isinstance(name, str):
        return name
    frame = user_frame()
    if frame is not None and isinstance(operand, (*_op.TENSOR, np.ndarray)):
        for variables in (frame.f_locals, frame.f_globals):
            for variable, value in variables.items():
                if value is operand and not variable.startswith("_"):
                    return variable
    node = getattr(operand, "_node", None)
    return None if node is None else node.name


def describe_operand(operand: Any, index: int, name: str | None) -> str:
    """``'W: float64[3, 4]'``: name where one is known, dtype and shape."""
    value = operand._value if hasattr(operand, "_value") else operand
    name = name or f"operand {index + 1}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{name}: {value.dtype}[{', '.join(map(str, value.shape))}]"
    return f"{name}: {type(value).__name__} {value!r:.40}"


def where() -> str:
    """``'in f, model.py:12: z = W @ x'`` for the innermost line outside the library."""
    location = locate(*caller())
    if location is None:
        return ""
    return f"\n  at {_place(location)}"


def _place(location: Location) -> str:
    text = location.text if len(location.text) <= 90 else f"{location.text[:87]}..."
    return f"{location}, in {location.function}" + (f": {text}" if text else "")


def explain(op: Op, args: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception:
    """The error to raise instead of what NumPy raised inside an op."""
    location = locate(*caller())
    if isinstance(error, ChainruleError):
        if location is None or "\n  at " in str(error):
            return error
        return type(error)(f"{error}\n  at {_place(location)}")
    names = [operand_name(argument) for argument in args]
    headline = _first_line(error).removeprefix(f"{op.name}: ")
    if "gufunc signature" in headline:
        headline = "the shapes do not fit"
    lines = [f"{op.name}: {headline}"]
    lines += [
        f"  {describe_operand(a, i, name)}"
        for i, (a, name) in enumerate(zip(args, names))
        if _has_shape(a)
    ]
    shown = {k: v for k, v in params.items() if v is not None and not callable(v)}
    if shown:
        lines.append("  with " + ", ".join(f"{k}={v!r:.60}" for k, v in shown.items()))
    advice = ADVICE.get(op.name)
    if advice is not None:
        try:
            hint = advice(*args, **params)
        except Exception:  # an error in advice must not hide the error it is about
            hint = ""
        if hint:
            lines.append(f"  {_with_names(hint, names)}")
    elif op.elementwise and isinstance(error, ValueError):
        shapes = [np.shape(getattr(a, "_value", a)) for a in args]
        hint = _broadcast_hint(shapes, [n or f"operand {i + 1}" for i, n in enumerate(names)])
        if hint:
            lines.append(f"  {hint}")
    if location is not None:
        lines.append(f"  at {_place(location)}")
    message = "\n".join(lines)
    if isinstance(error, np.exceptions.AxisError):
        return AxisError(message)
    if isinstance(error, IndexError):
        return type("IndexError", (ChainruleError, IndexError), {"__module__": __name__})(message)
    if isinstance(error, np.linalg.LinAlgError):
        return type("LinAlgError", (ArgumentError, np.linalg.LinAlgError), {})(message)
    if isinstance(error, TypeError):
        return DtypeError(message)
    return ShapeError(message)


def _with_names(hint: str, names: Sequence[str | None]) -> str:
    """``hint`` with the letters X and Y replaced by the operands' names, if all are known."""
    known = [name for name in names[:2] if name is not None]
    if len(known) == 2 and len(set(known)) == 2:
        letters = dict(zip("XY", known))
        hint = hint.replace(", with X, Y the operands", "")
        hint = re.sub(r"\b[XY]\b", lambda match: letters[match.group()], hint)
    return hint


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _has_shape(argument: Any) -> bool:
    return isinstance(argument, (*_op.TENSOR, np.ndarray, np.generic, int, float))


def _broadcast_hint(shapes: list[tuple[int, ...]], names: list[str]) -> str:
    """Which axes disagree, and the reshape that would make the shapes broadcast."""
    if len(shapes) != 2:
        return ""
    first, second = shapes
    width = max(len(first), len(second))
    padded = [(1,) * (width - len(s)) + tuple(s) for s in shapes]
    bad = [
        i - width
        for i in range(width)
        if padded[0][i] != padded[1][i] and 1 not in (padded[0][i], padded[1][i])
    ]
    if not bad:
        return ""
    axis = bad[-1]
    hint = f"axis {axis}: {padded[0][axis]} against {padded[1][axis]} (broadcasting aligns the last axes)"
    for short, long, name in ((first, second, names[0]), (second, first, names[1])):
        if len(short) == 1 and short[0] in long:
            place = len(long) - 1 - long[::-1].index(short[0])
            trailing = len(long) - 1 - place
            if trailing:
                index = ", ".join([":"] + ["None"] * trailing)
                hint += f"; {name}[{index}] would fit"
    return hint


Hooks.explain = explain
