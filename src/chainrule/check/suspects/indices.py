"""Edits of indices, slices and loop bounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations
from typing import TypeGuard

import numpy as np

from ..expressions import fill, parts, replace, text
from ..scope import Scope
from .statement import Change, Statement
from .trees import number


def index_nodes(expr: ast.expr, whole: bool) -> set[int]:
    """Ids of the nodes inside subscripts and ranges, where arithmetic is about indices."""
    found: set[int] = set()
    for node in ast.walk(expr):
        inner: list[ast.AST] = []
        if isinstance(node, ast.Subscript):
            inner = [node.slice]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "range"
        ):
            inner = list(node.args)
        elif is_scatter(node):
            inner = [node.args[1]]
        for root in inner:
            found |= {id(n) for n in ast.walk(root)}
    if whole:
        found |= {id(n) for n in ast.walk(expr)}
    return found


def is_scatter(node: ast.AST) -> TypeGuard[ast.Call]:
    """True for ``np.add.at(array, index, value)`` and its kin."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "at"
        and len(node.args) > 1
    )


def subscripts(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if is_scatter(node):
        for index, words in indices(node.args[1], here.scope):
            new_call = ast.Call(node.func, [node.args[0], index, *node.args[2:]], node.keywords)
            yield Change(
                "index", here.with_node(node, new_call), 1.4, f"the index should be {words}"
            )
        return
    if not isinstance(node, ast.Subscript) or (
        isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    ):
        return
    holder = here.scope.value(node.value)
    slip = "wrong-layer" if isinstance(holder, (list, tuple)) else "index"
    for index, words in indices(node.slice, here.scope):
        new = ast.Subscript(node.value, index, ast.Load())
        yield Change(slip, here.with_node(node, new), 1.4, f"the index should be {words}")
    for other in other_slices(here, node.slice):
        new = ast.Subscript(node.value, other, ast.Load())
        words = f"the slice should be {text(other)}"
        yield Change("index", here.with_node(node, new), 1.55, words)
    if isinstance(holder, np.ndarray):
        yield Change("index", here.with_node(node, node.value), 1.7, "the index is too many")


def loops(here: Statement) -> Iterator[Change]:
    node = here.expr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "reversed" and node.args:
            yield Change(
                "index", here.whole(node.args[0]), 1.2, "the loop runs in the wrong direction"
            )
        if node.func.id in ("range", "zip", "enumerate"):
            new = fill("reversed(list(_))", node)
            yield Change("index", here.whole(new), 1.3, "the loop runs in the wrong direction")
    for inner, _ in parts(node):
        if (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Name)
            and inner.func.id == "range"
        ):
            for k, argument in enumerate(inner.args):
                for op in (ast.Add(), ast.Sub()):
                    args = list(inner.args)
                    args[k] = ast.BinOp(argument, op, ast.Constant(1))
                    yield Change(
                        "index",
                        here.with_node(inner, ast.Call(inner.func, args, [])),
                        1.3,
                        "a loop bound is off by one",
                    )
            if len(inner.args) > 1:
                yield Change(
                    "index",
                    here.with_node(inner, ast.Call(inner.func, [inner.args[1]], [])),
                    1.4,
                    "a loop bound is off",
                )


def indices(node: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """Indices near the one written: one more, one less, the other sign, other slices."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Slice):
        found += _slices(node) + _windows(node, scope)
    elif isinstance(node, ast.Tuple):
        for k, element in enumerate(node.elts):
            for new, _ in indices(element, scope):
                elements = list(node.elts)
                elements[k] = new
                found.append(ast.Tuple(elements, ast.Load()))
        if len(node.elts) == 2:
            found.append(ast.Tuple([node.elts[1], node.elts[0]], ast.Load()))
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int)
        and not isinstance(node.value, bool)
    ):
        found += [number(node.value + 1), number(node.value - 1), number(-node.value)]
    elif (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        if isinstance(value, int):
            found += [number(-value + 1), number(-value - 1), number(value)]
    elif _counts(scope.value(node)):
        found += [
            ast.BinOp(node, ast.Add(), ast.Constant(1)),
            ast.BinOp(node, ast.Sub(), ast.Constant(1)),
        ]
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            found.append(node.left)
        found.append(ast.UnaryOp(ast.USub(), node))
        if isinstance(node, ast.UnaryOp):
            found.append(node.operand)
        if isinstance(node, ast.Subscript):
            found += [
                ast.Subscript(node.value, new, ast.Load()) for new, _ in indices(node.slice, scope)
            ]
    elif isinstance(scope.value(node), str):
        # A key put together from a number: "W" + str(l), "W%d" % l.
        for inner, _ in parts(node):
            if not isinstance(inner, ast.Constant) and _is_int(scope.value(inner)):
                found += [replace(node, inner, new) for new, _ in indices(inner, scope)]
    for index in found:
        yield index, text(index) if not isinstance(index, ast.Tuple) else text(index)[1:-1]


def _counts(value: object) -> bool:
    """True for what can be an index that is one off: an integer or an array of such."""
    return _is_int(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")


def other_slices(here: Statement, index: ast.expr) -> Iterator[ast.expr]:
    """An index with one of its slices exchanged for one that the code has elsewhere."""
    elements = index.elts if isinstance(index, ast.Tuple) else [index]
    for k, element in enumerate(elements):
        if not isinstance(element, ast.Slice):
            continue
        for other in here.slices():
            if text(other) == text(element):
                continue
            if isinstance(index, ast.Tuple):
                changed: list[ast.expr] = [*elements[:k], other, *elements[k + 1 :]]
                yield ast.Tuple(changed, ast.Load())
            else:
                yield other


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def _windows(node: ast.Slice, scope: Scope) -> list[ast.expr]:
    """Slices of the same width that begin at a number in scope: ``r:r + k`` for ``:k``."""
    if node.lower is not None or node.upper is None or node.step is not None:
        return []
    if not _is_int(scope.value(node.upper)):
        return []
    numbers: list[ast.expr] = []
    for name, value in scope.local.items():
        if _is_int(value) and name.isidentifier() and name != "_":
            numbers.append(ast.Name(name, ast.Load()))
    starts = numbers[:12]
    starts = [*starts, *(ast.BinOp(a, ast.Mult(), b) for a, b in combinations(starts, 2))]
    return [ast.Slice(start, ast.BinOp(start, ast.Add(), node.upper), None) for start in starts]


def _slices(node: ast.Slice) -> list[ast.expr]:
    lower, upper, step = node.lower, node.upper, node.step
    found: list[ast.expr] = []
    one = ast.Constant(1)

    def moved(bound: ast.expr | None) -> list[ast.expr | None]:
        if bound is None:
            return [one, ast.UnaryOp(ast.USub(), one)]
        return [ast.BinOp(bound, ast.Add(), one), ast.BinOp(bound, ast.Sub(), one), None]

    for new in moved(lower):
        found.append(ast.Slice(new, upper, step))
    for new in moved(upper):
        found.append(ast.Slice(lower, new, step))
    if lower is not None and upper is None:
        found.append(
            ast.Slice(
                None,
                ast.UnaryOp(ast.USub(), lower)
                if not isinstance(lower, ast.UnaryOp)
                else lower.operand,
                step,
            )
        )
        found.append(ast.Slice(None, lower, step))
    if upper is not None and lower is None:
        found.append(
            ast.Slice(upper.operand if isinstance(upper, ast.UnaryOp) else upper, None, step)
        )
    if lower is not None and upper is not None:
        # The neighbouring block of the same width.
        width = ast.BinOp(upper, ast.Sub(), lower)
        found.append(ast.Slice(upper, ast.BinOp(upper, ast.Add(), width), step))
        found.append(ast.Slice(ast.BinOp(lower, ast.Sub(), width), lower, step))
    if step is not None:
        found.append(ast.Slice(lower, upper, None))
    else:
        found.append(ast.Slice(lower, upper, ast.UnaryOp(ast.USub(), one)))
    return found
