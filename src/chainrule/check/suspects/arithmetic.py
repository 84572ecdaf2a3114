"""Edits of what is there: operators, signs, constants, comparisons."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from ..expressions import parse, text
from ..scope import shape_of
from .layouts import moved_transpose
from .statement import Change, Form, Statement
from .trees import ancestors, number
from .words import dropped_slip, extra_slip, inverted_slip, scale_slip


def operators(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and not isinstance(node.operand, ast.Constant)
    ):
        yield Change("sign", here.with_node(node, node.operand), 0.9, "a minus sign too many")
        one = ast.BinOp(ast.Constant(1), ast.Sub(), node.operand)
        yield Change("missing-term", here.with_node(node, one), 1.15, "the 1 of 1 − … is missing")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Invert, ast.Not)):
        yield Change("mask", here.with_node(node, node.operand), 1.0, "the mask is inverted")
    if not isinstance(node, ast.BinOp):
        return
    left, right, op = node.left, node.right, node.op

    def binary(a: ast.expr, operator: ast.operator, b: ast.expr) -> Form:
        return here.with_node(node, ast.BinOp(a, operator, b))

    if isinstance(op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        yield Change(
            "operand-order",
            binary(right, op, left),
            1.0,
            "the operands stand in the wrong order",
        )
    if isinstance(op, ast.Sub):
        yield Change("sign", binary(left, ast.Add(), right), 1.05, "− where + is needed")
    if isinstance(op, ast.Add):
        yield Change("sign", binary(left, ast.Sub(), right), 1.05, "+ where − is needed")
        yield Change("sign", binary(right, ast.Sub(), left), 1.3, "the sign of one term is wrong")
    if isinstance(op, ast.Mult):
        yield Change(
            inverted_slip(here, right), binary(left, ast.Div(), right), 1.2, "× where ÷ is needed"
        )
        yield Change(
            inverted_slip(here, left), binary(right, ast.Div(), left), 1.4, "× where ÷ is needed"
        )
        yield Change(
            "operand-order", binary(left, ast.MatMult(), right), 1.7, "* where @ is needed"
        )
    if isinstance(op, ast.Div):
        yield Change(
            inverted_slip(here, right), binary(left, ast.Mult(), right), 1.2, "÷ where × is needed"
        )
    if isinstance(op, ast.MatMult):
        yield Change("operand-order", binary(left, ast.Mult(), right), 1.9, "@ where * is needed")
        moved = moved_transpose(left, right)
        if moved:
            yield Change(
                "transpose",
                binary(moved[0], op, moved[1]),
                1.05,
                "the wrong operand is transposed",
            )
    if isinstance(op, (ast.Mult, ast.Div)):
        yield Change(
            dropped_slip(here, right),
            here.with_node(node, left),
            1.1,
            f"the factor {text(right)} is too many",
        )
    if isinstance(op, ast.Mult):
        yield Change(
            dropped_slip(here, left),
            here.with_node(node, right),
            1.1,
            f"the factor {text(left)} is too many",
        )
    if isinstance(op, ast.Div):
        inverse = ast.BinOp(ast.Constant(1.0), ast.Div(), right)
        yield Change(
            dropped_slip(here, left),
            here.with_node(node, inverse),
            1.5,
            f"the factor {text(left)} is too many",
        )
    if isinstance(op, (ast.Add, ast.Sub)):
        yield Change(
            extra_slip(here, right),
            here.with_node(node, left),
            _cost_of_leaving_out(here, right),
            f"the term {text(right)} is too many",
        )
        kept = right if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), right)
        yield Change(
            extra_slip(here, left),
            here.with_node(node, kept),
            _cost_of_leaving_out(here, left),
            f"the term {text(left)} is too many",
        )
    if isinstance(op, ast.Pow):
        slip = "factor-m" if isinstance(here.scope.value(left), (int, np.integer)) else "power"
        yield Change(slip, here.with_node(node, left), 1.15, "the power is too many")


def _cost_of_leaving_out(here: Statement, term: ast.expr) -> float:
    """How far-fetched it is that a term was added by mistake: the more so the more there is to it."""
    if extra_slip(here, term) == "regularisation":
        return 1.2
    read = [node.id for node in ast.walk(term) if isinstance(node, ast.Name)]
    product = any(isinstance(node, (ast.BinOp, ast.Call)) for node in ast.walk(term))
    if product and here.upstream.intersection(read):
        # A contribution that was worked out by the chain rule is rather wrong than too many.
        return 1.78
    return min(1.2 + 0.1 * max(len(read) - 1, 0), 1.6)


def constants(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield Change(
            "shape", here.with_node(node, ast.Constant(not value)), 1.2, "kept dimensions are wrong"
        )
        return
    if not isinstance(value, (int, float)):
        return
    base = _base_of_exponent(here, node)
    inside_index = isinstance(parent, (ast.Subscript, ast.Slice, ast.Tuple)) and isinstance(
        value, int
    )
    if base is not None:
        is_count = isinstance(here.scope.value(base), (int, np.integer))
        slip = "factor-m" if is_count else "power"
        for new in (
            value + 1,
            value - 1,
            -value,
            value * 2,
            value / 2,
            value + 0.5,
            value - 0.5,
        ):
            yield Change(
                slip, here.with_node(node, ast.Constant(new)), 1.2, f"the exponent should be {new}"
            )
        return
    slip = "index" if inside_index else "factor"
    for new, cost in ((value + 1, 1.3), (value - 1, 1.3), (-value, 1.25)):
        yield Change(
            "sign" if new == -value else slip,
            here.with_node(node, number(new)),
            cost,
            f"{value} where {new} is needed",
        )
    for new in (value * 2, value / 2, value * 3, value / 3):
        kind = "factor-2" if new in (value * 2, value / 2) else "factor"
        kind = "index" if inside_index else kind
        yield Change(
            kind, here.with_node(node, number(new)), 1.1, f"{value:g} where {new:g} is needed"
        )
    if value not in (1, -1):
        kind = "factor-2" if value in (2, 0.5) else slip
        yield Change(
            kind, here.with_node(node, ast.Constant(1)), 1.15, f"the factor {value} is too many"
        )
    if value:
        yield Change(
            "factor",
            here.with_node(node, ast.Constant(1 / value)),
            1.3,
            f"{value} where 1/{value} is needed",
        )
    if value == 1 and not inside_index:
        # Nobody multiplies with 1: that is what a share of the whole has become.
        lone = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
        for name, other in here.atoms:
            if isinstance(other, int) and other > 1 and name != "_":
                share = ast.BinOp(ast.Constant(1), ast.Div(), parse(name))
                yield Change(
                    "factor-m",
                    here.with_node(node, share),
                    1.15 if lone else 1.5,
                    f"the division by {name} is missing",
                )
    for name, other in here.atoms:
        if shape_of(other) == () and not isinstance(other, bool) and other != value:
            yield Change(
                scale_slip(other, parse(name)),
                here.with_node(node, parse(name)),
                1.9,
                f"{value} where {name} is needed",
            )


def _base_of_exponent(here: Statement, node: ast.expr) -> ast.expr | None:
    """What is raised to the power `node`, with or without a minus sign; None if it is no exponent."""
    inner: ast.AST = node
    for ancestor in ancestors(here.expr, node):
        if isinstance(ancestor, ast.BinOp):
            is_exponent = isinstance(ancestor.op, ast.Pow) and ancestor.right is inner
            return ancestor.left if is_exponent else None
        if not isinstance(ancestor, ast.UnaryOp):
            return None
        inner = ancestor
    return None


def comparisons(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        source = text(here.expr)
        slip = "wrong-winner" if "max" in source or "min" in source else "mask"
        for op in (ast.Gt, ast.Lt, ast.GtE, ast.LtE, ast.Eq, ast.NotEq):
            if isinstance(node.ops[0], op):
                continue
            new = ast.Compare(node.left, [op()], node.comparators)
            yield Change(
                slip, here.with_node(node, new), 1.1, f"the comparison should be {text(new)}"
            )
        for threshold in (-1, 0, 1):
            if (
                isinstance(node.comparators[0], ast.Constant)
                and node.comparators[0].value == threshold
            ):
                continue
            new = ast.Compare(node.left, node.ops, [number(threshold)])
            yield Change(
                slip, here.with_node(node, new), 1.6, f"the comparison should be {text(new)}"
            )
        return
    value = here.scope.value(node)
    if isinstance(value, np.ndarray) and value.dtype == bool and not isinstance(node, ast.UnaryOp):
        inverted = ast.UnaryOp(ast.Invert(), node)
        yield Change("mask", here.with_node(node, inverted), 1.2, "the mask is inverted")
    elif (
        isinstance(value, np.ndarray)
        and isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
        and value.size > 1
        and np.isin(value, (0.0, 1.0)).all()
    ):
        inverted2 = ast.BinOp(ast.Constant(1), ast.Sub(), node)
        yield Change("mask", here.with_node(node, inverted2), 1.3, "the mask is inverted")
