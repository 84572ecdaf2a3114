"""Two factors that are missing at once, or a missing term that is a product.

There are too many pairs of quantities to write each as an edit. But the response of the gradients
says what a value has to satisfy, so all of them are tried as numbers, each with the constant that
suits it best, and only what fits, with a constant that has a name, is written and run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..expressions import text
from ..instrument import as_load
from ..scope import shape_of
from ..suspects import Change, Statement, doubt
from ..suspects.trees import is_blank
from ..suspects.words import scale_slip
from .quantities import broadcasts, named_numbers, pool, products_of
from .response import Condition
from .trials import Fix, Trials

_COST = 2.0
#: Candidates that are judged at once, and runs for each place of a statement.
_BATCH = 2_000
_RUNS = 20

Array = NDArray[np.float64]


def products(trials: Trials, wrong: frozenset[int], right: list[bool]) -> Iterator[Fix]:
    """Fixes of a statement by one or two quantities, as factors or as summand, and a constant.

    Parameters
    ----------
    trials : Trials
        Of a statement that could explain everything.
    wrong, right
        As for :meth:`Trials.attempt`.
    """
    here, condition = trials.here, trials.condition()
    if condition is None or here.shape is None or not condition.tells or is_blank(here.expr):
        return
    with np.errstate(all="ignore"):
        for place in _terms(here.expr):
            for change in islice(_fitting(trials, condition, place), _RUNS):
                fix = trials.run(change, wrong, right)
                if fix is not None and fix.mended == wrong:
                    yield fix


def _fitting(trials: Trials, condition: Condition, place: ast.expr) -> Iterator[Change]:
    """Changes at one place that satisfy the condition."""
    here, scope = trials.here, trials.first_scope
    term = scope.value(place)
    if not isinstance(term, (np.ndarray, float, np.floating)):
        return
    term = np.asarray(term, dtype=np.float64)
    with_term, without = (_whole(trials, place, value) for value in (term, np.zeros_like(term)))
    if with_term is None or without is None:
        return
    numbers = named_numbers(here, scope)
    values = np.array([value for _, value in numbers])
    candidates = products_of(pool(here, scope), here.np)
    while batch := list(islice(candidates, _BATCH)):
        found: list[tuple[str, ast.expr]] = []
        directions: list[Array] = []
        for node, value in batch:
            if not broadcasts(term.shape, value.shape):
                continue
            whole = _whole(trials, place, term * value)
            if whole is not None:
                found.append(("*", node))
                directions.append(whole - without)
            whole = _whole(trials, place, term + value)
            if whole is not None:
                found.append(("+", node))
                directions.append(whole - with_term)
        if not found:
            continue
        for operator, rest in (("*", without), ("+", with_term)):
            some = [k for k, (symbol, _) in enumerate(found) if symbol == operator]
            if not some:
                continue
            scale, good = condition.scaled(rest, np.array([directions[k] for k in some]))
            for k, c in zip(np.array(some)[good], scale[good]):
                near = np.flatnonzero(np.isclose(np.abs(c), values, rtol=1e-5, atol=0))
                if near.size:
                    number = numbers[int(near[0])][0]
                    yield _change(here, place, operator, found[int(k)][1], number, bool(c < 0))


def _change(
    here: Statement,
    place: ast.expr,
    operator: str,
    product: ast.expr,
    number: ast.expr | None,
    negative: bool,
) -> Change:
    missing = product if number is None else ast.BinOp(number, ast.Mult(), product)
    dearer = 0.05 * (number is not None) + 0.1 * isinstance(product, ast.BinOp) + doubt(here)
    dearer += 1e-3 * len(text(missing))
    slip = _slip(here, product, number, operator)
    if operator == "*":
        kept = ast.UnaryOp(ast.USub(), place) if negative else place
        new = ast.BinOp(kept, ast.Mult(), missing)
        words = "factors" if isinstance(missing, ast.BinOp) else "factor"
        message = f"the {words} {text(missing)} {'are' if words == 'factors' else 'is'} missing"
        return Change(slip, here.with_node(place, new), _COST + dearer, message)
    symbol = ast.Sub() if negative else ast.Add()
    new = ast.BinOp(place, symbol, missing)
    message = f"the term {text(missing)} is missing"
    return Change(slip, here.with_node(place, new), _COST + 0.1 + dearer, message)


def _slip(here: Statement, product: ast.expr, number: ast.expr | None, operator: str) -> str:
    """What it is that is missing, by its parts."""
    nodes = [product] if number is None else [number, product]
    parts = [n for node in nodes for n in _factors(node)]
    kinds = [scale_slip(here.scope.value(n), n) for n in parts if not _is_one(n)]
    if "regularisation" in kinds:
        return "regularisation"
    if operator == "+":
        return "missing-term"
    scalars = [shape_of(here.scope.value(n)) == () for n in parts]
    if kinds and all(scalars) and set(kinds) <= {"factor-m", "factor-2"}:
        return "factor-m" if "factor-m" in kinds else "factor-2"
    return "missing-derivative"


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _terms(expr: ast.expr) -> list[ast.expr]:
    """The whole, its summands, and those of sums that are factors of it."""
    found, inside = [expr], [expr]
    for node in inside:
        if isinstance(node, ast.UnaryOp):
            inside.append(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            found += [node.left, node.right]
            inside += [node.left, node.right]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
            inside += [node.left, node.right]
    return found[:9]


def _whole(trials: Trials, place: ast.expr, changed: Array) -> Array | None:
    """The value of the statement, as a vector, with `changed` for one of its summands."""
    here, scope = trials.here, trials.first_scope
    if place is not here.expr:
        try:
            hole = ast.Name("__hole__", ast.Load())
            scope.local["__hole__"] = changed
            changed = scope.swapped(here.expr, place, hole)
        except Exception:
            return None
    if here.site.kind == "update":
        assert here.site.target is not None
        current = scope.value(as_load(here.site.target))
        if here.site.operator not in ("+", "-") or np.shape(current) != here.shape:
            return None
        if not broadcasts(np.shape(changed), np.shape(current)):
            return None
        changed = current + changed if here.site.operator == "+" else current - changed
    if np.shape(changed) != here.shape:
        return None
    return np.asarray(changed, dtype=np.float64).reshape(-1)
