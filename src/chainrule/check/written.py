"""What a file says of how its own code is called, where it does not call it here.

Literal arguments of the calls in it, ``Network([784, 30, 10])``, and the keys that are read from a
dictionary of settings, ``conv_param["stride"]``.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ArgumentError
from .loading import parse

__all__ = ["literal_calls", "settings"]

_UNKNOWN: Any = object()


def literal_calls(kind: type) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Arguments of those calls of a class in its own file that are written out in full."""
    codes = [f.__code__ for f in vars(kind).values() if inspect.isfunction(f)]
    for node in ast.walk(_tree(codes[0].co_filename if codes else "")):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != kind.__name__:
            continue
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            continue
        args = [_literal(a) for a in node.args]
        kwargs = {k.arg or "": _literal(k.value) for k in node.keywords}
        if _UNKNOWN not in args and _UNKNOWN not in kwargs.values():
            yield args, kwargs


def settings(name: str, path: str, made_up: Callable[[str], Any]) -> dict[str, Any]:
    """A dictionary of settings with the keys that a file reads from the parameter `name`.

    Parameters
    ----------
    name : str
        The parameter.
    path : str
        The file.
    made_up : callable
        ``made_up(key)`` gives a value for a key, or raises KeyError. Keys that are read with a
        default, ``.get(key, default)``, are left to it.

    Raises
    ------
    KeyError
        If nothing is read from it, or the name of a key says nothing.
    """
    tree = _tree(path)
    keys: dict[str, ast.AST] = {}
    optional: set[str] = set()
    for node in ast.walk(tree):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            holder, key = node.value, node.slice
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("get", "setdefault", "pop")
            and node.args
        ):
            holder, key = node.func.value, node.args[0]
            if len(node.args) > 1 and isinstance(key, ast.Constant):
                optional.add(str(key.value))
        if (
            isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and isinstance(holder, ast.Name)
            and holder.id == name
        ):
            keys.setdefault(key.value, node)
    if not keys:
        raise KeyError(name)
    found = {}
    for word, node in keys.items():
        if word in optional:
            continue
        choices = _compared(tree, word, node)
        if choices:
            found[word] = next((c for c in choices if "train" in c), choices[0])
        else:
            found[word] = made_up(word)
    return found


def _tree(path: str) -> ast.Module:
    try:
        return parse(path)
    except ArgumentError:
        return ast.Module([], [])


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _UNKNOWN


def _compared(tree: ast.Module, key: str, read: ast.AST) -> list[str]:
    """The texts with which the value of a key is compared: it is one of them."""
    names = {key}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is read:
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or len(node.comparators) != 1:
            continue
        sides = [node.left, node.comparators[0]]
        texts = [s.value for s in sides if isinstance(s, ast.Constant) and isinstance(s.value, str)]
        others = [s.id for s in sides if isinstance(s, ast.Name)]
        if texts and any(o in names for o in others):
            found += texts
    return found
