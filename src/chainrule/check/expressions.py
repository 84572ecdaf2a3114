"""Small tools on expressions: parts, replacement, text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["atoms", "numpy_name", "parse", "parts", "replace", "text"]


@lru_cache(maxsize=50_000)
def text(node: ast.AST) -> str:
    """Source text of a node, which is not changed afterwards: texts are kept."""
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


@lru_cache(maxsize=20_000)
def parse(source: str) -> ast.expr:
    """The expression that `source` spells; not to be changed, since trees are kept."""
    return ast.parse(source, mode="eval").body


def fill(template: str, node: ast.expr) -> ast.expr:
    """The expression that `template` spells, with `node` where it says ``_``."""
    tree = parse(template)
    hole = next(n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "_")
    return replace(tree, hole, node)


def numpy_name(namespace: dict[str, Any]) -> str:
    """The name by which the user's file knows NumPy."""
    return next((k for k, v in namespace.items() if v is np), "np")


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
