"""Questions about syntax trees and shapes that several kinds of edit ask."""

from __future__ import annotations

import ast

import numpy as np

from ..expressions import parts, text


def fits_into(part: tuple[int, ...] | None, whole: tuple[int, ...] | None) -> bool:
    """True if an array of shape `part` broadcasts to `whole`; a plain number does not count."""
    if part is None or whole is None or (part == () and whole != ()):
        return False
    try:
        return np.broadcast_shapes(part, whole) == whole
    except ValueError:
        return False


def ancestors(root: ast.expr, node: ast.AST) -> list[ast.AST]:
    parents = {id(n): p for n, p in parts(root)}
    chain = []
    current = parents.get(id(node))
    while current is not None:
        chain.append(current)
        current = parents.get(id(current))
    return chain


def number(value: float) -> ast.expr:
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def pairs(ndim: int) -> list[tuple[int, ...]]:
    return [(a, b) for a in range(ndim) for b in range(a + 1, ndim)]


_BLANKS = ("zeros", "zeros_like", "empty", "empty_like", "full", "full_like", "ones", "ones_like")


def is_blank(expr: ast.expr) -> bool:
    """True for an array made to be filled: what is wrong with it is rather how it is filled."""
    return isinstance(expr, ast.Call) and text(expr.func).rpartition(".")[2] in _BLANKS
