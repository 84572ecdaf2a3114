"""Slips in products, sums, powers and signs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.checker.operators import roles
from benchmarks.checker.source import Edit, Site


def _is_value(site: Site, node: ast.AST) -> bool:
    """Whether `node` is part of a computed value and not of an index, a shape or a loop bound."""
    while node is not site.statement:
        parent = site.parent(node)
        if parent is None:
            return False
        if isinstance(parent, ast.Subscript) and node is parent.slice:
            return False
        if isinstance(parent, ast.keyword) and parent.arg in ("axis", "axes", "shape"):
            return False
        if isinstance(parent, ast.Call) and node is not parent.func:
            name = site.text(parent.func).rsplit(".", 1)[-1]
            if name == "at" and node in parent.args[1:2]:
                return False  # where a scatter writes to
            if name in ("range", "reshape", "transpose", "zeros", "ones", "empty", "broadcast_to"):
                return False
        if isinstance(parent, ast.For):
            return False
        node = parent
    return True


def _binary(site: Site, *operators: type[ast.operator]) -> Iterator[ast.BinOp]:
    for node in site.expressions:
        if isinstance(node, ast.BinOp) and isinstance(node.op, operators) and _is_value(site, node):
            yield node


def dropped_factor(site: Site) -> Iterator[Edit]:
    """`a * b` becomes `a` or `b`; `a / b` becomes `a`; likewise np.multiply and np.divide."""
    for node in _binary(site, ast.Mult, ast.Div):
        left, right = node.left, node.right
        kind = roles.factor_kind(site, right)
        if roles.number(right) != 1:
            yield _without(site, kind, node, right, left)
        if isinstance(node.op, ast.Mult) and roles.number(left) != 1:
            kind = roles.factor_kind(site, left)
            yield _without(site, kind, node, left, right)
    for node in site.expressions:
        if isinstance(node, ast.Call) and site.text(node.func) == "np.multiply":
            left, right = node.args
            for lost, kept in ((left, right), (right, left)):
                kind = roles.factor_kind(site, lost)
                yield _without(site, kind, node, lost, kept)


def _without(site: Site, kind: str, node: ast.AST, lost: ast.AST, kept: ast.AST) -> Edit:
    edit = site.replace(kind, node, site.text(kept), "dropped factor")
    return replace(edit, of_a_variable=roles.number(lost) is None)


def doubled_count(site: Site) -> Iterator[Edit]:
    """A division by a count is done twice, or is a multiplication, or is by another count."""
    for node in _binary(site, ast.Div):
        if not roles.is_count(site, node.right):
            continue
        left, right = site.operand(node.left), site.text(node.right)
        yield site.replace("factor-m", node, f"{left} / {right} ** 2", "doubled count")
        for other in sorted(roles.counts(site) - {right}):
            yield site.replace("factor-m", node.right, other, "other count")
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div):
        kind = roles.factor_kind(site, statement.value)
        text = site.text(statement.value)
        if kind == "factor-m":
            yield site.replace(kind, statement.value, f"{text} ** 2", "doubled count")


def _right_hand_side(site: Site) -> ast.expr | None:
    """The value of a plain assignment of numbers, not of a copy, an unpacking or an empty array."""
    statement = site.statement
    if isinstance(statement, ast.AugAssign):
        return statement.value
    if not isinstance(statement, ast.Assign) or isinstance(statement.targets[0], ast.Tuple):
        return None
    value = statement.value
    if isinstance(value, ast.BinOp | ast.UnaryOp):
        return value
    if isinstance(value, ast.Call):
        name = site.text(value.func).rsplit(".", 1)[-1]
        if name in ("dot", "matmul", "sum", "einsum", "where", "outer", "multiply", "tensordot"):
            return value
    return None


def scaled_result(site: Site) -> Iterator[Edit]:
    """A whole right-hand side is doubled, negated, or divided by the batch size once more."""
    value = _right_hand_side(site)
    if value is None:
        return
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.FloorDiv | ast.Mod):
        return
    if any(isinstance(n, ast.List) for n in ast.walk(value)):
        return
    wrapped = site.operand(value)
    yield site.replace("factor-2", value, f"2 * {wrapped}", "doubled")
    yield site.replace("sign", value, f"-{wrapped}", "negated")
    count = roles.batch_count(site)
    if count and count not in {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}:
        yield site.replace("factor-m", value, f"{wrapped} / {count}", "divided by the count")


def changed_sign(site: Site) -> Iterator[Edit]:
    """`a + b` for `a - b` and the reverse; a minus dropped; `-=` for `+=`."""
    for node in _binary(site, ast.Add, ast.Sub):
        if isinstance(site.parent(node), ast.Subscript):
            continue
        left, right = site.text(node.left), site.operand(node.right)
        symbol = "-" if isinstance(node.op, ast.Add) else "+"
        yield site.replace("sign", node, f"{left} {symbol} {right}", "changed sign")
    for node in site.expressions:
        minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        if minus and _is_value(site, node):
            yield site.replace("sign", node, site.text(node.operand), "changed sign")
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        target, value = site.text(statement.target), site.text(statement.value)
        symbol = "-=" if isinstance(statement.op, ast.Add) else "+="
        start, end = site.source.span(statement)
        yield Edit("sign", site.line, ((start, end, f"{target} {symbol} {value}"),), "changed sign")


def dropped_term(site: Site) -> Iterator[Edit]:
    """`a + b` or `a - b` loses one of its terms."""
    for node in _binary(site, ast.Add, ast.Sub):
        minus = "-" if isinstance(node.op, ast.Sub) else ""
        left, right = site.text(node.left), site.text(node.right)
        if minus:
            right = site.operand(node.right)
        softmax = any(mark in site.text(site.statement) for mark in site.program.softmax)
        for lost, kept in ((node.right, left), (node.left, minus + right)):
            if roles.is_regularisation(site, lost):
                kind = "regularisation"
            elif softmax and lost is node.right and minus:
                kind = "softmax-jacobian"
            else:
                kind = "missing-term"
            yield site.replace(kind, node, kept, "dropped term")


def swapped_subtraction(site: Site) -> Iterator[Edit]:
    """`a - b` becomes `b - a`; `a / b` becomes `b / a`."""
    for node in _binary(site, ast.Sub, ast.Div):
        left, right = site.operand(node.left), site.text(node.right)
        symbol = "-" if isinstance(node.op, ast.Sub) else "/"
        yield site.replace("operand-order", node, f"{right} {symbol} {left}", "swapped operands")


def changed_power(site: Site) -> Iterator[Edit]:
    """An exponent one too small or too large; a square or a square root forgotten."""
    for node in site.expressions:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and _is_value(site, node):
            exponent = roles.number(node.right)
            base = site.text(node.left)
            yield site.replace("power", node, base, "power forgotten")
            if exponent is not None:
                for other in (exponent - 1, exponent + 1):
                    if other not in (0, 1):
                        yield site.replace("power", node.right, f"{other:g}", "changed power")
        elif isinstance(node, ast.Call) and site.text(node.func) in (
            "np.square",
            "np.sqrt",
            "np.power",
        ):
            if _is_value(site, node):
                yield site.replace("power", node, site.text(node.args[0]), "power forgotten")
        elif (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mult)
            and site.text(node.left) == site.text(node.right)
        ):
            yield site.replace("power", node, site.text(node.left), "power forgotten")


def doubled_regularisation(site: Site) -> Iterator[Edit]:
    """The regularisation term is counted twice."""
    for node in _binary(site, ast.Mult):
        parent = site.parent(node)
        inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
        if not inside and roles.is_regularisation(site, node.left):
            text = site.text(node)
            yield site.replace("regularisation", node, f"2 * {text}", "regularised twice")


def other_constant(site: Site) -> Iterator[Edit]:
    """A factor or divisor 2, ½ or another constant is off by a factor 2."""
    for node in _binary(site, ast.Mult, ast.Div):
        for operand in (node.left, node.right):
            value = roles.number(operand)
            if value is None or abs(value) in (0, 1):
                continue
            kind = "factor-2" if abs(value) in (2, 0.5) else "factor"
            factor = 3 if kind == "factor" else 2
            yield site.replace(kind, operand, f"{factor * value:g}", "other constant")


OPERATORS = (
    dropped_factor,
    doubled_count,
    scaled_result,
    changed_sign,
    dropped_term,
    swapped_subtraction,
    changed_power,
    doubled_regularisation,
    other_constant,
)
