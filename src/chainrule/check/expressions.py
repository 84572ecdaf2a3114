"""Small tools on expressions: parts, replacement, evaluation in a recorded scope, text."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["Scope", "atoms", "parts", "replace", "text"]


def text(node: ast.AST) -> str:
    """Source text of a node."""
    return ast.unparse(node)


def parts(expr: ast.expr) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    """Every sub-expression with its parent, the whole first; lambdas are not entered."""
    stack: list[tuple[ast.AST, ast.AST | None]] = [(expr, None)]
    while stack:
        node, parent = stack.pop()
        if isinstance(node, ast.expr) and not isinstance(node, ast.Slice):
            yield node, parent
        if isinstance(node, (ast.Lambda, ast.comprehension)):
            continue
        for child in reversed(list(ast.iter_child_nodes(node))):
            stack.append((child, node))


class _Swap(ast.NodeTransformer):
    def __init__(self, target: ast.AST, new: ast.AST) -> None:
        self.target = target
        self.new = new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.target else self._copy(node)

    def _copy(self, node: ast.AST) -> ast.AST:
        fields: dict[str, Any] = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                fields[name] = self.visit(value)
            elif isinstance(value, list):
                fields[name] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            else:
                fields[name] = value
        return type(node)(**fields)


def replace(expr: ast.expr, target: ast.AST, new: ast.expr) -> ast.expr:
    """A copy of `expr` in which the node `target` is `new`."""
    result = _Swap(target, new).visit(expr)
    assert isinstance(result, ast.expr)
    return result


def parse(source: str) -> ast.expr:
    """The expression that `source` spells."""
    return ast.parse(source, mode="eval").body


def compiled(expr: ast.expr) -> Any:
    """Code object of an expression built from pieces of others."""
    tree = ast.Expression(expr)
    ast.fix_missing_locations(tree)
    return compile(tree, "<edit>", "eval")


def numpy_name(namespace: dict[str, Any]) -> str:
    """The name by which the user's file knows NumPy."""
    return next((k for k, v in namespace.items() if v is np), "np")


class Scope:
    """The names that a statement could read, with the values they had when it last ran.

    Parameters
    ----------
    local : dict
        Local variables.
    namespace : dict
        The module's globals.
    """

    def __init__(self, local: dict[str, Any], namespace: dict[str, Any]) -> None:
        self.local = local
        self.namespace = namespace
        self.np = numpy_name(namespace)
        self._values: dict[str, Any] = {}

    def value(self, node: ast.expr) -> Any:
        """Value of a name, attribute, subscript or arithmetic on them; None where it has none.

        Calls of the user's functions are not made: they may have effects.
        """
        source = text(node)
        if source not in self._values:
            self._values[source] = self._evaluate(node)
        return self._values[source]

    def _evaluate(self, node: ast.expr) -> Any:
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and not self._harmless(part.func):
                return None
            if isinstance(part, (ast.Lambda, ast.Await, ast.Yield, ast.NamedExpr)):
                return None
        try:
            with np.errstate(all="ignore"):
                return eval(compiled(copy.deepcopy(node)), {**self.namespace, **self.local})
        except Exception:
            return None

    def _harmless(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Name):
            return function.id in ("len", "float", "int", "abs", "sum", "min", "max", "range")
        if not isinstance(function, ast.Attribute):
            return False
        if function.attr in ("pop", "append", "insert", "extend", "at", "sort", "shuffle", "fill"):
            return False
        root: ast.expr = function
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id == self.np:
            return "random" not in text(function)
        return isinstance(self.value(function.value), np.ndarray)

    def shape(self, node: ast.expr) -> tuple[int, ...] | None:
        """Shape of the value of a node, if it is an array or a number."""
        return shape_of(self.value(node))

    def atoms(self) -> list[tuple[str, Any]]:
        """Everything that can be named: variables, their keys, attributes and elements."""
        found: list[tuple[str, Any]] = []
        for name, value in self.local.items():
            found += _members(name, value)
        seen: set[str] = set()
        return [(n, v) for n, v in found if not (n in seen or seen.add(n))]  # type: ignore[func-returns-value]


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Shape of an array or number, None for anything else."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_)):
        return ()
    return None


def _members(name: str, value: Any, depth: int = 2) -> list[tuple[str, Any]]:
    if shape_of(value) is not None or isinstance(value, np.bool_):
        return [(name, value)]
    if depth == 0:
        return []
    found: list[tuple[str, Any]] = []
    if isinstance(value, dict) and len(value) <= 40:
        for k, v in value.items():
            if isinstance(k, str):
                found += _members(f"{name}[{k!r}]", v, depth - 1)
    elif isinstance(value, (list, tuple)) and len(value) <= 12:
        for i, v in enumerate(value):
            found += _members(f"{name}[{i}]", v, depth - 1)
    elif hasattr(value, "__dict__") and not callable(value) and not isinstance(value, type(np)):
        for k, v in list(vars(value).items())[:40]:
            if not k.startswith("__"):
                found += _members(f"{name}.{k}", v, depth - 1)
    return found


def atoms(expr: ast.expr) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    """Names, attributes and subscripts that are read, each with its parent; outermost only."""
    stack: list[tuple[ast.AST, ast.AST | None]] = [(expr, None)]
    while stack:
        node, parent = stack.pop()
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            called = isinstance(parent, ast.Call) and parent.func is node
            if not called:
                yield node, parent
            if isinstance(node, ast.Name):
                continue
        for child in reversed(list(ast.iter_child_nodes(node))):
            if isinstance(child, ast.expr):
                stack.append((child, node))
            elif isinstance(child, ast.keyword):
                stack.append((child.value, node))
