"""What the source of a function says of its results.

``return loss, dW, db`` names them. What the code computes but does not return tells what was meant
where something else is returned.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .leaves import gradient_name

__all__ = ["Names", "result_names", "return_names", "unused_gradients"]

#: Names of the parts of a result: nested like the tuples and lists that a ``return`` displays.
Names = Sequence["str | Names"]


def return_names(function: Callable[..., Any]) -> list[str]:
    """Names of the elements that a function returns, read off its last ``return``; may be empty."""
    return [n if isinstance(n, str) else "" for n in result_names(function)]


def result_names(function: Callable[..., Any]) -> list[str | Names]:
    """As :func:`return_names`, with a list of names for each tuple or list that is displayed there.

    Examples
    --------
    >>> result_names(lambda: 0)
    []
    """
    tree = _definition(function)
    returns = [] if tree is None else [r for r in _returns(tree) if r.value is not None]
    if tree is None or not returns:
        return []
    value = max(returns, key=lambda r: r.lineno).value
    # dout.sum(axis=0) is made of an argument; that is no name for the result.
    arguments = {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    if isinstance(value, ast.Tuple):
        # Nor does ``pairs.max(axis=1), pairs`` return the pairs twice.
        plain = {_element_name(e) for e in value.elts if not isinstance(e, ast.Call)}
        return [_names(e, arguments | plain) for e in value.elts]
    name = _element_name(value)
    return ["" if isinstance(value, ast.Call) and name in arguments else name]


def unused_gradients(function: Callable[..., Any]) -> list[str]:
    """Names of gradients that a function computes and then neither reads nor returns.

    Of ``dx = dz @ w.T; dw = x.T @ dz; return dw, dw`` it is ``dx``.
    """
    tree = _definition(function)
    if tree is None:
        return []
    written: dict[str, None] = {}
    read: set[str] = set()
    bases: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            base = node.value
            while isinstance(base, ast.Subscript):
                base = base.value
            # dx[t] = … writes to dx.
            bases.add(id(base))
            if isinstance(base, ast.Name):
                written[base.id] = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or id(node) in bases:
            continue
        if isinstance(node.ctx, ast.Store):
            written[node.id] = None
        else:
            read.add(node.id)
    return [n for n in written if n not in read and gradient_name(n)]


def _definition(function: Callable[..., Any]) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    first = tree.body[0] if tree.body else None
    return first if isinstance(first, ast.FunctionDef) else None


def _returns(tree: ast.FunctionDef) -> Iterator[ast.Return]:
    """The return statements of a function, not those of functions in it."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


def _names(node: ast.expr, arguments: set[str]) -> str | Names:
    if isinstance(node, (ast.Tuple, ast.List)):
        return [_names(e, arguments) for e in node.elts]
    name = _element_name(node)
    return "" if isinstance(node, ast.Call) and name in arguments else name


def _element_name(node: ast.expr | None) -> str:
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Attribute):
                # float(loss) is still the loss.
                if isinstance(node.func, ast.Name) and node.func.id == "float" and node.args:
                    node = node.args[0]
                    continue
                return ""
            node = node.func.value
        elif isinstance(node, ast.Attribute):
            return node.attr if not isinstance(node.value, ast.Call) else ""
        else:
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                return node.slice.value
            node = node.value
    return node.id if isinstance(node, ast.Name) and node.id not in ("np", "numpy") else ""
