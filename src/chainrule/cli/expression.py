"""A computation written on the command line: ``"q = x + y; q * z"`` with ``x=-2 y=5 z=-4``."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.errors import ArgumentError

__all__ = ["expression_function", "parse_values"]

_FILE = "<expression>"


def parse_values(pairs: Sequence[str]) -> dict[str, Any]:
    """Values of ``name=value`` words: numbers, and lists of them as float arrays.

    Raises
    ------
    ArgumentError
        Naming the word that is not of that form.

    Examples
    --------
    >>> parse_values(["x=-2", "w=[1, 2]"])
    {'x': -2, 'w': array([1., 2.])}
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name.strip().isidentifier():
            raise ArgumentError(f"{pair!r}: expected name=value, such as x=-2 or w=[0.1,0.2]")
        try:
            value = ast.literal_eval(text.strip())
            if isinstance(value, list | tuple):
                value = np.array(value, dtype=float)
        except (ValueError, SyntaxError, TypeError):
            raise ArgumentError(
                f"{pair!r}: {text!r} is no number and no list of numbers (rows of equal length)"
            ) from None
        values[name.strip()] = value
    return values


def _largest(*values: Any) -> Any:
    return _fold(cr.maximum, values) if len(values) > 1 else cr.max(values[0])


def _smallest(*values: Any) -> Any:
    return _fold(cr.minimum, values) if len(values) > 1 else cr.min(values[0])


def _fold(op: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = op(result, value)
    return result


def expression_function(
    text: str, first: Sequence[str] = ()
) -> tuple[Callable[..., Any], list[str]]:
    """A function of the names in some Python statements, and those names in their order.

    Names in ``first`` come first, in that order; the others as they occur.

    The last statement is the result. Functions are those of the library, by NumPy's names (``exp``
    or ``np.exp``), ``sigmoid``, ``relu``, ``max`` and ``min`` among them.

    Raises
    ------
    ArgumentError
        If the text is not Python, or ends in something without a value.
    """
    try:
        body = ast.parse(text.strip()).body
    except SyntaxError as error:
        raise ArgumentError(
            f"{text!r} is no expression ({error.msg}), nor FILE.py:function, nor a saved network"
        ) from None
    known: dict[str, Any] = {
        name: getattr(cr, name) for name in cr.__all__ if callable(getattr(cr, name, None))
    }
    known |= {"np": np, "cr": cr, "pi": np.pi, "max": _largest, "min": _smallest}
    if not body or not isinstance(body[-1], ast.Expr | ast.Assign):
        raise ArgumentError(f"{text!r}: the last part is the result; end with an expression")
    found = _free_names(body, known)
    variables = [*(n for n in first if n in found), *(n for n in found if n not in first)]
    last = body[-1]
    if isinstance(last, ast.Assign):
        target = last.targets[0]
        body = [*body, ast.Return(ast.Name(target.id if isinstance(target, ast.Name) else "_"))]
    else:
        body = [*body[:-1], ast.Return(last.value)]
    lines = [f"    {ast.unparse(statement)}" for statement in body]
    name = next(word for word in ("f", "expression", "computation") if word not in variables)
    source = "\n".join([f"def {name}({', '.join(variables)}):", *lines, ""])
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)
    namespace = dict(known)
    exec(compile(source, _FILE, "exec"), namespace)
    return namespace[name], variables


def _free_names(body: Sequence[ast.stmt], known: dict[str, Any]) -> list[str]:
    """Names that are read before anything is assigned to them, and are no functions."""
    assigned: set[str] = set()
    found: dict[str, None] = {}
    for statement in body:
        called = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)} | {
            id(node.value) for node in ast.walk(statement) if isinstance(node, ast.Attribute)
        }
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        for node in names:
            if not isinstance(node.ctx, ast.Load) or node.id in assigned or node.id == "pi":
                continue
            if id(node) in called and node.id in known:
                continue
            found[node.id] = None
        assigned |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return list(found)
