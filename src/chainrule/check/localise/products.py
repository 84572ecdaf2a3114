"""Two factors that are missing at once, or a missing term that is a product.

There are too many pairs of quantities to write each as an edit. But the response of the gradients
says what a value has to satisfy, so all pairs are tried as numbers, and only what fits is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ..expressions import parse, text
from ..scope import Scope
from ..suspects import Change, Statement
from ..suspects.trees import is_blank
from .response import Condition
from .trials import Fix, Trials

_POOL = 70
_COST = 2.0
#: Forms of a value of the forward pass that local derivatives are made of.
_FORMS = ("(1 - {0})", "{0} ** 2", "(1 - {0} ** 2)", "(1 / {0})", "{0} * (1 - {0})", "({0} > 0)")

Quantity = tuple[ast.expr, NDArray[np.float64]]


def products(trials: Trials, wrong: frozenset[int], right: list[bool]) -> Iterator[Fix]:
    """Fixes of a statement by a product of two quantities, as factor or as summand.

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
    scope = trials.first_scope
    pool = _pool(here, scope)
    with np.errstate(all="ignore"):
        yield from _by_place(trials, condition, pool, wrong, right)


def _by_place(
    trials: Trials,
    condition: Condition,
    pool: list[Quantity],
    wrong: frozenset[int],
    right: list[bool],
) -> Iterator[Fix]:
    here, scope = trials.here, trials.first_scope
    for place in _terms(here.expr):
        term = scope.value(place)
        if not isinstance(term, (np.ndarray, float, np.floating)):
            continue
        term = np.asarray(term, dtype=np.float64)
        found: list[tuple[str, ast.expr]] = []
        candidates: list[NDArray[np.float64]] = []
        for product, value in _pairs(pool):
            if not _broadcast(term.shape, value.shape):
                continue
            for operator, changed in (
                ("*", term * value),
                ("-*", -term * value),
                ("+", term + value),
                ("-", term - value),
            ):
                whole = _whole(trials, place, changed)
                if whole is not None:
                    found.append((operator, product))
                    candidates.append(whole)
        if not candidates:
            continue
        good = condition.met_by(np.array(candidates))
        for k in np.flatnonzero(good)[:20]:
            fix = trials.run(_change(here, place, *found[k]), wrong, right)
            if fix is not None and fix.mended == wrong:
                yield fix


def _change(here: Statement, place: ast.expr, operator: str, product: ast.expr) -> Change:
    symbols: dict[str, ast.operator] = {"*": ast.Mult(), "+": ast.Add(), "-": ast.Sub()}
    if operator == "-*":
        new = ast.BinOp(ast.UnaryOp(ast.USub(), place), ast.Mult(), product)
    else:
        new = ast.BinOp(place, symbols[operator], product)
    if operator.endswith("*"):
        message = f"the factors {text(product)} are missing"
        return Change("missing-derivative", here.with_node(place, new), _COST, message)
    message = f"the term {text(product)} is missing"
    return Change("missing-term", here.with_node(place, new), _COST + 0.1, message)


def _terms(expr: ast.expr) -> list[ast.expr]:
    """The whole and its summands."""
    found = [expr]
    for node in found:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            found += [node.left, node.right]
    return found[:7]


def _whole(
    trials: Trials, place: ast.expr, changed: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """The value of the statement, as a vector, with `changed` for one of its summands."""
    here = trials.here
    if here.site.kind == "update":
        return None
    if place is not here.expr:
        scope = trials.first_scope
        try:
            hole = ast.Name("__hole__", ast.Load())
            scope.local["__hole__"] = changed
            changed = scope.swapped(here.expr, place, hole)
        except Exception:
            return None
    if np.shape(changed) != here.shape:
        return None
    return np.asarray(changed, dtype=np.float64).reshape(-1)


def _pool(here: Statement, scope: Scope) -> list[Quantity]:
    """What could be a factor: variables, local derivatives made from them, code from elsewhere."""
    nodes = [parse(name) for name, _ in here.atoms]
    nodes += [parse(form.format(name)) for name, _ in here.atoms for form in _FORMS]
    nodes += here.harvest
    found: list[Quantity] = []
    met = set()
    for node in nodes:
        value = scope.value(node)
        if isinstance(value, np.ndarray) and value.dtype.kind in "bf" and value.size:
            array = value.astype(np.float64)
        elif isinstance(value, (float, np.floating)) or (
            isinstance(value, int) and value not in (0, 1)
        ):
            array = np.asarray(float(value))
        else:
            continue
        if not np.isfinite(array).all() or array.size > 4 * max(1, _size(here)):
            continue
        key = (array.shape, array.tobytes())
        if key not in met:
            met.add(key)
            found.append((node, array))
    # Plain variables first: they are what is forgotten most.
    return found[:_POOL]


def _size(here: Statement) -> int:
    return int(np.prod(here.shape or (), dtype=int))


def _pairs(pool: list[Quantity]) -> Iterator[tuple[ast.expr, NDArray[np.float64]]]:
    for (a, x), (b, y) in combinations_with_replacement(pool, 2):
        if _broadcast(x.shape, y.shape):
            yield ast.BinOp(a, ast.Mult(), b), x * y
        if x.ndim == 2 and y.ndim == 2:
            yield from _matrix_products(a, x, b, y)
        elif x.ndim > 2 and y.ndim == 2:
            yield from _batched_products(a, x, b, y)
        elif y.ndim > 2 and x.ndim == 2:
            yield from _batched_products(b, y, a, x)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or m == 1 or n == 1 for m, n in zip(a[::-1], b[::-1]))


def _matrix_products(
    a: ast.expr, x: NDArray[np.float64], b: ast.expr, y: NDArray[np.float64]
) -> Iterator[tuple[ast.expr, NDArray[np.float64]]]:
    turned = [(ast.Attribute(n, "T", ast.Load()), v.T) for n, v in ((a, x), (b, y))]
    for (p, left), (q, right) in (
        ((a, x), (b, y)),
        ((b, y), (a, x)),
        (turned[0], (b, y)),
        ((a, x), turned[1]),
        (turned[1], (a, x)),
        ((b, y), turned[0]),
    ):
        if left.shape[1] == right.shape[0]:
            yield ast.BinOp(p, ast.MatMult(), q), left @ right


def _batched_products(
    a: ast.expr, x: NDArray[np.float64], b: ast.expr, y: NDArray[np.float64]
) -> Iterator[tuple[ast.expr, NDArray[np.float64]]]:
    """``a @ b`` and ``a @ b.T`` for a stack of matrices and a matrix."""
    if x.shape[-1] == y.shape[0]:
        yield ast.BinOp(a, ast.MatMult(), b), x @ y
    if x.shape[-1] == y.shape[1]:
        yield ast.BinOp(a, ast.MatMult(), ast.Attribute(b, "T", ast.Load())), x @ y.T
