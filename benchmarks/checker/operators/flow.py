"""Slips in what is done when: lost contributions, overwriting, order, loops, masks and winners.

A deleted statement leaves no line to name. What it should have changed is then wrong at two places
that are equally good answers: the statement that wrote the variable last before, and the one that
reads it first afterwards; the deleted line itself is the third. A forgotten copy does its harm where
the value is changed in place, so those lines are accepted too.

Gradients returned in another order are not planted: the order of a tuple is its author's convention,
and nothing in the program could say that it is wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.checker.operators import roles
from benchmarks.checker.source import Edit, Site, is_method

_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr)
_COMPARISONS = {
    ast.Gt: "<",
    ast.GtE: "<",
    ast.Lt: ">",
    ast.LtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
}


def _reads(node: ast.AST) -> set[str]:
    found = {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
    if isinstance(node, ast.AugAssign):
        found |= _base(node.target)
    return found


def _base(target: ast.AST) -> set[str]:
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*(_base(t) for t in target.elts))
    return {target.id} if isinstance(target, ast.Name) else set()


def _writes(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign):
        return set().union(*(_base(t) for t in node.targets))
    if isinstance(node, ast.AugAssign):
        return _base(node.target)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
        return _base(node.value.args[0])
    return set()


def lost_contribution(site: Site) -> Iterator[Edit]:
    """`=` where `+=` is needed, or `+=` where `=` is meant."""
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        minus = "-" if isinstance(statement.op, ast.Sub) else ""
        value = site.operand(statement.value) if minus else site.text(statement.value)
        new = f"{site.text(statement.target)} = {minus}{value}"
        yield Edit("accumulate", site.line, ((*site.source.span(statement), new),), "= for +=")
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        before = [
            n
            for n in ast.walk(site.function)
            if isinstance(n, ast.Assign) and n.lineno < site.line and _writes(n) & _base(target)
        ]
        if isinstance(target, ast.Name) and (before or site.loops):
            new = f"{site.text(target)} += {site.text(statement.value)}"
            yield Edit("accumulate", site.line, ((*site.source.span(statement), new),), "+= for =")


def deleted_statement(site: Site) -> Iterator[Edit]:
    """A statement that changes an existing value is forgotten."""
    statement = site.statement
    if not isinstance(statement, _SIMPLE):
        return
    written = _writes(statement)
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if not isinstance(target, ast.Subscript) and not written & _reads(statement.value):
            return
        if isinstance(target, ast.Subscript) and not site.shapes.keys() & written:
            return
    if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call):
        return
    if not written:
        return
    span = (*site.source.span(statement), "pass")
    yield Edit(_deleted_kind(site), site.line, (span,), "deleted", _neighbours(site, written))


def _deleted_kind(site: Site) -> str:
    statement = site.statement
    if isinstance(statement, ast.AugAssign):
        if isinstance(statement.op, ast.Mult | ast.Div):
            return roles.factor_kind(site, statement.value)
        if roles.is_regularisation(site, statement.value):
            return "regularisation"
        return "missing-term"
    if isinstance(statement, ast.Assign):
        value, target = statement.value, statement.targets[0]
        if isinstance(target, ast.Subscript) and roles.number(value) is not None:
            return "mask"
        if roles.is_regularisation(site, value):
            return "regularisation"
        rescaled = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div)
        if rescaled and _writes(statement) & _reads(value.left):
            return roles.factor_kind(site, value.right)
    return "missing-term"


def _neighbours(site: Site, written: set[str]) -> tuple[int, ...]:
    """Lines of the last writer before and the first reader after the site, in the function."""
    statements = sorted(
        (n for n in ast.walk(site.function) if isinstance(n, (*_SIMPLE, ast.Return))),
        key=lambda n: n.lineno,
    )
    before = [n.lineno for n in statements if n.lineno < site.line and _writes(n) & written]
    after = [n.lineno for n in statements if n.lineno > site.line and _reads(n) & written]
    return tuple(before[-1:] + after[:1])


def swapped_statements(site: Site) -> Iterator[Edit]:
    """Two neighbouring statements in the wrong order, where one reads what the other writes."""
    place = site.block.index(site.statement)
    if place + 1 >= len(site.block):
        return
    first, second = site.statement, site.block[place + 1]
    if not isinstance(first, _SIMPLE) or not isinstance(second, _SIMPLE):
        return
    overwritten = _reads(first) & _writes(second)
    stale = _reads(second) & _writes(first)
    if not overwritten and not stale:
        return
    spans = (
        (*site.source.span(first), site.text(second)),
        (*site.source.span(second), site.text(first)),
    )
    if site.text(first).count("\n") or site.text(second).count("\n"):
        return
    if overwritten:
        yield Edit("overwritten", second.lineno, spans, "statements swapped", (first.lineno,))
    else:
        yield Edit("stale-variable", first.lineno, spans, "statements swapped", (second.lineno,))


def forgotten_copy(site: Site) -> Iterator[Edit]:
    """A copy that protects a value from later changes in place is forgotten."""
    for node in site.expressions:
        if not isinstance(node, ast.Call):
            continue
        name = site.text(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
            new = site.text(node.func.value)
        elif name == "np.copy" or (name == "np.array" and "copy" in site.text(node)):
            new = site.text(node.args[0])
        else:
            continue
        changed = _changes_in_place(site, _base(_target(site)))
        yield site.replace("overwritten", node, new, "copy forgotten", changed)


def _target(site: Site) -> ast.AST:
    statement = site.statement
    return statement.targets[0] if isinstance(statement, ast.Assign) else statement


def _changes_in_place(site: Site, names: set[str]) -> tuple[int, ...]:
    """Lines after the site that change one of `names` in place: each does the overwriting."""
    found = []
    for node in ast.walk(site.function):
        in_place = isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        )
        if in_place and node.lineno > site.line and _writes(node) & names:
            found.append(node.lineno)
    return tuple(sorted(found))


def updated_in_place(site: Site) -> Iterator[Edit]:
    """`b = a * c` is written as a change of `a` in place, though `a` is still needed."""
    statement = site.statement
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        return
    target, value = statement.targets[0], statement.value
    if not isinstance(target, ast.Name) or not isinstance(value, ast.BinOp):
        return
    if not isinstance(value.op, ast.Mult | ast.Sub | ast.Add):
        return
    left, right = value.left, value.right
    if not isinstance(left, ast.Name) or left.id == target.id or not site.shapes.get(left.id):
        return
    ufunc = {ast.Mult: "multiply", ast.Sub: "subtract", ast.Add: "add"}[type(value.op)]
    new = f"np.{ufunc}({left.id}, {site.text(right)}, out={left.id})"
    yield site.replace("overwritten", value, new, "changed in place")


def inverted_mask(site: Site) -> Iterator[Edit]:
    """A comparison the wrong way round; the branches of np.where exchanged, or where dropped."""
    for node in site.expressions:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            symbol = _COMPARISONS.get(type(node.ops[0]))
            if symbol is None:
                continue
            left, right = site.text(node.left), site.text(node.comparators[0])
            yield site.replace("mask", node, f"{left} {symbol} {right}", "comparison inverted")
        elif isinstance(node, ast.Call) and site.text(node.func) == "np.where":
            condition, yes, no = (site.text(a) for a in node.args)
            new = f"np.where({condition}, {no}, {yes})"
            yield site.replace("mask", node, new, "branches exchanged")
            yield site.replace("mask", node, yes, "mask forgotten")


def wrong_winner(site: Site) -> Iterator[Edit]:
    """The smallest instead of the largest."""
    for node in site.expressions:
        if isinstance(node, ast.Attribute) and node.attr == "argmax":
            new = site.text(node.value) + ".argmin"
            yield site.replace("wrong-winner", node, new, "argmin for argmax")


def loop_bounds(site: Site) -> Iterator[Edit]:
    """A backward loop that starts or stops one pass off, or runs forwards."""
    if not isinstance(site.statement, ast.For):
        return
    whole = site.statement.iter
    if isinstance(whole, ast.Call) and site.text(whole.func) == "reversed":
        yield site.replace("index", whole, site.text(whole.args[0]), "loop runs forwards")
    if isinstance(whole, ast.Subscript) and site.text(whole.slice) == "::-1":
        yield site.replace("index", whole, site.text(whole.value), "loop runs forwards")
    for node in site.expressions:
        if not (isinstance(node, ast.Call) and site.text(node.func) == "range"):
            continue
        args = [site.text(a) for a in node.args]
        if len(args) == 3 and args[2] == "-1":
            last = {"-1": "0", "0": "1"}.get(args[1])
            variants = [[f"{args[0]} - 1", *args[1:]]]
            if last:
                variants.append([args[0], last, args[2]])
            if args[1] == "-1" and args[0].endswith("- 1"):
                variants.append([args[0][: -len("- 1")].strip()])
        elif len(args) == 2:
            variants = [[f"{args[0]} + 1", args[1]], [args[0], f"{args[1]} - 1"]]
        else:
            variants = [[f"{args[0]} - 1"], ["1", args[0]]]
        for changed in variants:
            new = f"range({', '.join(changed)})"
            yield site.replace("index", node, new, "loop bounds")


def changed_shape(site: Site) -> Iterator[Edit]:
    """A new axis in the wrong place, a reshape with two lengths exchanged."""
    for node in site.expressions:
        if isinstance(node, ast.Subscript):
            text = site.text(node.slice)
            for new_axis in ("None", "np.newaxis"):
                if text == f":, {new_axis}":
                    base = site.operand(node.value)
                    yield site.replace("shape", node, f"{base}[{new_axis}, :]", "other new axis")
                    yield site.replace("shape", node, base, "new axis lost")
        elif is_method(node, "reshape") and len(node.args) > 1:
            base = site.text(node.func.value)
            for i in range(len(node.args) - 1):
                lengths = [site.text(a) for a in node.args]
                lengths[i], lengths[i + 1] = lengths[i + 1], lengths[i]
                new = f"{base}.reshape({', '.join(lengths)})"
                yield site.replace("shape", node, new, "lengths exchanged")


OPERATORS = (
    lost_contribution,
    deleted_statement,
    swapped_statements,
    forgotten_copy,
    updated_in_place,
    inverted_mask,
    wrong_winner,
    loop_bounds,
    changed_shape,
)
