"""A summand, sum or copy that is not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..expressions import fill, parse, parts, text
from ..scope import shape_of
from .missing_factors import places, scalars
from .statement import Change, Statement
from .trees import fits_into, pairs
from .words import REGULARISATION, is_for_bias, is_softmax


def terms(here: Statement, upper: float) -> Iterator[Change]:
    """A missing summand: a variable at hand, code from elsewhere, or regularisation."""
    shape = here.shape
    if shape is None:
        return
    scalars = [n for n, v in here.atoms if shape_of(v) == () and v not in (0, 1)]
    whole = here.expr
    inner = [
        n
        for n, p in parts(whole)
        if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Add, ast.Sub)) and n is not whole
    ]
    for place, extra in [(whole, 0.0), *[(n, 0.15) for n in inner]]:
        candidates: list[tuple[ast.expr, str, float]] = []
        for name, value in here.atoms:
            known = shape_of(value)
            if place is whole and not _suits(known, shape):
                continue
            if isinstance(value, np.ndarray) and value.dtype == bool:
                continue
            candidates.append((parse(name), "missing-term", 1.6))
            candidates.append((parse(f"{name} ** 2"), "missing-term", 1.75))
            if isinstance(value, np.ndarray) and value.ndim >= 1 and place is whole:
                for scalar in scalars:
                    regular = bool(REGULARISATION.search(scalar.split(".")[-1]))
                    cost = (1.7 if scalar in text(whole) else 1.57) if regular else 1.95
                    for form in (
                        "{0} * {1}",
                        "2 * {0} * {1}",
                        "{0} * {1} / {2}",
                        "{0} / {2} * {1}",
                    ):
                        if "{2}" in form and not regular:
                            continue
                        for count in _counts(here) if "{2}" in form else [""]:
                            candidates.append(
                                (
                                    parse(form.format(scalar, name, count)),
                                    "regularisation",
                                    cost,
                                )
                            )
        candidates += [(node, "missing-term", 1.75) for node in _series(here)]
        for node in here.harvest:
            value = here.scope.value(node)
            if _suits(shape_of(value), shape):
                candidates.append((node, "missing-term", 1.7))
        for candidate, slip, cost in candidates:
            if cost + extra >= upper:
                continue
            for op in (ast.Add(), ast.Sub()):
                new = ast.BinOp(place, op, candidate)
                price = cost + extra + (0.05 if isinstance(op, ast.Sub) else 0)
                yield Change(
                    slip,
                    here.with_node(place, new),
                    price,
                    f"the term {text(candidate)} is missing",
                )


def _series(here: Statement) -> list[ast.expr]:
    """Sums of two or more variables of one series that the statement does not read: ``dk1 + dk2``."""
    read = {n.id for n in ast.walk(here.expr) if isinstance(n, ast.Name)}
    series: dict[tuple[str, tuple[int, ...] | None], list[str]] = {}
    for name, value in here.atoms:
        if name.isidentifier() and name not in read and name[-1:].isdigit():
            key = (name.rstrip("0123456789"), shape_of(value))
            series.setdefault(key, []).append(name)
    sums = []
    for names in series.values():
        chosen = names[:6]
        for size in range(2, len(chosen) + 1):
            sums += [parse(" + ".join(some)) for some in combinations(chosen, size)]
    return sums


def _suits(term: tuple[int, ...] | None, shape: tuple[int, ...]) -> bool:
    """True if a term broadcasts with a value of this shape: it may be what gives the sum its own."""
    if term is None:
        return False
    return term == shape or fits_into(term, shape) or (bool(shape) and fits_into(shape, term))


def inner_terms(here: Statement) -> Iterator[Change]:
    """A summand missing inside a product or an argument: ``s * (1)`` for ``s * (1 - s)``."""
    candidates = [(parse(name), value, 0.0) for name, value in here.atoms]
    candidates += [(node, here.scope.value(node), 0.1) for node in here.harvest]
    for node, parent in parts(here.expr):
        if node is here.expr or not _is_operand(node, parent):
            continue
        one = isinstance(node, ast.Constant) and node.value == 1
        shape = here.scope.shape(node)
        negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        if isinstance(node, ast.Constant) and not one:
            continue
        for candidate, value, dearer in candidates:
            known = shape_of(value)
            if known is None or (isinstance(value, np.ndarray) and value.dtype == bool):
                continue
            forms: list[ast.expr] = [candidate]
            if negated and isinstance(node, ast.UnaryOp) and (shape in ((), known)):
                # What is left of a difference in brackets: (-y) for (a - y).
                for form in (candidate, ast.BinOp(candidate, ast.Pow(), ast.Constant(2))):
                    yield Change(
                        "missing-term",
                        here.with_node(node, ast.BinOp(form, ast.Sub(), node.operand)),
                        1.45 + dearer,
                        f"the term {text(form)} is missing",
                    )
            if one and (here.shape in ((), known) or fits_into(known, here.shape)):
                forms += [
                    ast.BinOp(candidate, ast.Pow(), ast.Constant(2)),
                    fill(f"{here.np}.exp(-_)", candidate),
                    fill(f"{here.np}.exp(_)", candidate),
                ]
            elif known != shape:
                continue
            elif isinstance(candidate, ast.Name):
                forms.append(fill(f"{here.np}.exp(_)", candidate))
            message = "the term {} is missing"
            for form in forms:
                for left, op, right in (
                    (node, ast.Sub(), form),
                    (node, ast.Add(), form),
                ):
                    yield Change(
                        "missing-term",
                        here.with_node(node, ast.BinOp(left, op, right)),
                        (1.55 if one else 1.8) + dearer,
                        message.format(text(form)),
                    )


def _is_operand(node: ast.expr, parent: ast.AST | None) -> bool:
    """True for a factor of a product and for the first argument of a call."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Slice, ast.Compare)):
        return False
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, (ast.Mult, ast.Div, ast.MatMult))
    if isinstance(parent, ast.Call):
        return any(argument is node for argument in parent.args)
    return isinstance(parent, ast.UnaryOp)


def _counts(here: Statement) -> list[str]:
    return [n for n, slip, _ in scalars(here) if slip == "factor-m" and "sqrt" not in n][:4]


def sums(here: Statement, root: ast.expr | None) -> Iterator[Change]:
    slip = "bias-sum" if is_for_bias(here) else "broadcast"
    for place, extra in places(here, root):
        shape = here.shape if place is here.expr else here.scope.shape(place)
        ndim = len(shape) if shape is not None else 2
        if ndim == 0:
            continue
        axes = [str(a) for a in range(ndim)] + ["None"]
        if ndim > 2:
            axes += [str(p) for p in pairs(ndim)]
        if ndim == 4:
            axes.append("(0, 2, 3)")
        for function, dearer in (("sum", 0.0), ("mean", 0.15)):
            for axis in axes:
                for keep in ("", ", keepdims=True"):
                    new = fill(f"{here.np}.{function}(_, axis={axis}{keep})", place)
                    cost = 1.4 + extra + dearer
                    yield Change(
                        slip,
                        here.with_node(place, new),
                        cost,
                        f"the {function} that undoes a broadcast is missing",
                    )
    if here.shape is not None and len(here.shape) == 1:
        for new_text in ("_[:, None]", "_[None, :]"):
            node = parse(new_text)
            assert isinstance(node, ast.Subscript)
            whole = root if root is not None else here.expr
            yield Change(
                "shape",
                here.with_node(whole, ast.Subscript(whole, node.slice, ast.Load())),
                1.6,
                "a dimension is missing",
            )


def softmax(here: Statement) -> Iterator[Change]:
    """``s * (g - sum(g * s))`` for what keeps only the diagonal: ``s * g`` and ``s * (1 - s) * g``."""
    names = [
        (n, v)
        for n, v in here.atoms
        if isinstance(v, np.ndarray) and v.ndim and v.shape == here.shape and v.dtype != bool
    ]
    probable = [(n, v) for n, v in names if is_softmax(v)]
    for s, p in probable:
        for g, v in names:
            if g == s or not any(np.allclose(d * v, here.value) for d in (p, p * (1 - p))):
                continue
            for axis in (-1, 0):
                keep = ", keepdims=True" if here.shape is not None and len(here.shape) > 1 else ""
                source = f"{s} * ({g} - {here.np}.sum({g} * {s}, axis={axis}{keep}))"
                yield Change(
                    "softmax-jacobian",
                    here.whole(parse(source)),
                    1.5,
                    "the term that couples the classes is missing",
                )
    for place, _ in places(here):
        if isinstance(place, ast.BinOp) and isinstance(place.op, ast.Mult):
            for s, _ in probable:
                for axis in (-1, 0):
                    keep = (
                        ", keepdims=True" if here.shape is not None and len(here.shape) > 1 else ""
                    )
                    total = fill(f"{s} * {here.np}.sum(_, axis={axis}{keep})", place)
                    new = ast.BinOp(place, ast.Sub(), total)
                    yield Change(
                        "softmax-jacobian",
                        here.with_node(place, new),
                        1.7,
                        "the term that couples the classes is missing",
                    )


def copies(here: Statement, root: ast.expr | None) -> Iterator[Change]:
    node = root if root is not None else here.expr
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        value = here.scope.value(node)
        if isinstance(value, np.ndarray):
            new = ast.Call(ast.Attribute(node, "copy", ast.Load()), [], [])
            yield Change(
                "overwritten",
                here.with_node(node, new),
                1.05,
                f"{text(node)} is shared and changed in place later: it needs a copy",
            )


def new_axes(here: Statement) -> Iterator[Change]:
    """A column where a row is broadcast: ``a[t][:, None] + b`` for ``a[t] + b``."""
    for node, parent in parts(here.expr):
        if not isinstance(parent, ast.BinOp) or isinstance(parent.op, (ast.MatMult, ast.Pow)):
            continue
        shape = here.scope.shape(node)
        if shape is not None and len(shape) == 1 and shape[0] > 1:
            column = fill("_[:, None]", node)
            yield Change("shape", here.with_node(node, column), 1.6, "a dimension is missing")
