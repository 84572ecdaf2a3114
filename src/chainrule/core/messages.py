"""Errors in words: which operands, their names and shapes, where, and what would fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core import op as _op
from chainrule.core.op import Hooks, Op
from chainrule.core.source import caller, locate
from chainrule.errors import ArgumentError, AxisError, ChainruleError, DtypeError, ShapeError

__all__ = ["ADVICE", "describe_operand", "explain", "where"]

ADVICE: dict[str, Callable[..., str]] = {}
"""By op name: ``advice(*operands, **params) -> str``, what would fit; filled in by the ops."""


def describe_operand(operand: Any, index: int) -> str:
    """``'W float64[3, 4]'``: name where one is known, dtype and shape."""
    value = operand._value if hasattr(operand, "_value") else operand
    name = None
    node = getattr(operand, "_node", None)
    if node is not None:
        name = node.name
    name = name or getattr(operand, "name", None) or f"operand {index + 1}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{name}: {value.dtype}[{', '.join(map(str, value.shape))}]"
    return f"{name}: {type(value).__name__} {value!r:.40}"


def where() -> str:
    """``'in f, model.py:12: z = W @ x'`` for the innermost line outside the library."""
    location = locate(*caller())
    if location is None:
        return ""
    text = f": {location.text}" if location.text else ""
    return f"\n  at {location}, in {location.function}{text}"


def explain(op: Op, args: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception:
    """The error to raise instead of what NumPy raised inside an op."""
    location = locate(*caller())
    if isinstance(error, ChainruleError):
        if location is None or "\n  at " in str(error):
            return error
        text = f": {location.text}" if location.text else ""
        return type(error)(f"{error}\n  at {location}, in {location.function}{text}")
    lines = [f"{op.name}: {_first_line(error).removeprefix(f'{op.name}: ')}"]
    lines += [f"  {describe_operand(a, i)}" for i, a in enumerate(args) if _has_shape(a)]
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
            lines.append(f"  {hint}")
    elif op.elementwise and isinstance(error, ValueError):
        hint = _broadcast_hint([np.shape(getattr(a, "_value", a)) for a in args])
        if hint:
            lines.append(f"  {hint}")
    if location is not None:
        text = f": {location.text}" if location.text else ""
        lines.append(f"  at {location}, in {location.function}{text}")
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


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _has_shape(argument: Any) -> bool:
    return isinstance(argument, (*_op.TENSOR, np.ndarray, np.generic, int, float))


def _broadcast_hint(shapes: list[tuple[int, ...]]) -> str:
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
    for short, long, label in ((first, second, 1), (second, first, 2)):
        if len(short) == 1 and short[0] in long:
            place = len(long) - 1 - long[::-1].index(short[0])
            trailing = len(long) - 1 - place
            if trailing:
                index = ", ".join([":"] + ["None"] * trailing)
                hint += f"; operand {label}[{index}] would fit"
    return hint


Hooks.explain = explain
