"""Quantities at hand and the products of two of them: what a statement could have lost.

A product is written as a tree beside its value, so that thousands are tried as numbers and only
those that fit are ever spelled out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ..expressions import fill, parse, text
from ..scope import Scope, shape_of
from ..suspects import Statement

__all__ = ["Quantity", "broadcasts", "named_numbers", "pool", "products_of"]

_POOL = 80
#: Forms of a value of the forward pass that local derivatives are made of.
_FORMS = ("(1 - {0})", "{0} ** 2", "(1 - {0} ** 2)", "(1 / {0})", "{0} * (1 - {0})", "({0} > 0)")

Array = NDArray[np.float64]
Quantity = tuple[ast.expr, Array]


def pool(here: Statement, scope: Scope) -> list[Quantity]:
    """What could be a factor: variables, local derivatives made from them, code from elsewhere."""
    plain = [name for name, _ in here.atoms if name.isidentifier()]
    plain.sort(key=lambda name: name not in here.upstream)
    # Plain variables first: they are what is forgotten most.
    names = plain + [name for name, _ in here.elements]
    nodes = [parse(name) for name in names]
    forms = [parse(form.format(n)) for n in names if n not in here.upstream for form in _FORMS]
    others = [parse(name) for name, _ in here.atoms if not name.isidentifier()]
    # A long list of elements would leave no room for the rest.
    many = len(others) > _POOL // 2
    nodes += [*here.harvest, *forms, *others] if many else [*others, *here.harvest, *forms]
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
        if not np.isfinite(array).all() or array.size > _room(here):
            continue
        # What is the same in the first pass of a loop need not be later: dby and dy.
        later = here.scope.value(node)
        last = later.tobytes() if isinstance(later, np.ndarray) else repr(later).encode()
        key = (array.shape, array.tobytes(), last)
        if key not in met:
            met.add(key)
            found.append((node, array))
    return found[:_POOL]


def _room(here: Statement) -> int:
    """The size of what may still have a part in a product of the size of the statement."""
    return 64 * max(1, int(np.prod(here.shape or (), dtype=int)))


def products_of(quantities: list[Quantity], np_name: str) -> Iterator[Quantity]:
    """Every quantity, and every product of two, of whatever kind suits their shapes."""
    yield from quantities
    for (a, x), (b, y) in combinations_with_replacement(quantities, 2):
        if broadcasts(x.shape, y.shape):
            product = ast.BinOp(a, ast.Mult(), b)
            value = x * y
            yield product, value
            if value.ndim and x.shape == y.shape:
                yield from _sums(product, value, np_name)
        if x.ndim in (1, 2) and y.ndim in (1, 2):
            yield from _matrix_products(a, x, b, y)
            if x.ndim == y.ndim == 1:
                yield fill(f"{np_name}.outer(_, {text(b)})", a), np.outer(x, y)
                yield fill(f"{np_name}.outer(_, {text(a)})", b), np.outer(y, x)
        elif x.ndim > 2 and y.ndim == 2:
            yield from _batched_products(a, x, b, y)
        elif y.ndim > 2 and x.ndim == 2:
            yield from _batched_products(b, y, a, x)


def broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """True if two shapes go together."""
    return all(m == n or m == 1 or n == 1 for m, n in zip(a[::-1], b[::-1]))


def _sums(product: ast.expr, value: Array, np_name: str) -> Iterator[Quantity]:
    """The sums that couple what a product leaves apart: over everything, rows and columns."""
    yield fill(f"{np_name}.sum(_)", product), np.asarray(value.sum())
    if value.ndim > 1:
        yield fill(f"{np_name}.sum(_, axis=0)", product), value.sum(axis=0)
        yield (
            fill(f"{np_name}.sum(_, axis=-1, keepdims=True)", product),
            value.sum(axis=-1, keepdims=True),
        )


def _matrix_products(a: ast.expr, x: Array, b: ast.expr, y: Array) -> Iterator[Quantity]:
    """``a @ b`` in both orders, and with one of two matrices or the matrix of a pair transposed."""
    ways: list[tuple[Quantity, Quantity]] = [((a, x), (b, y)), ((b, y), (a, x))]
    turned_a = (ast.Attribute(a, "T", ast.Load()), x.T)
    turned_b = (ast.Attribute(b, "T", ast.Load()), y.T)
    if x.ndim == y.ndim == 2:
        ways += [
            (turned_a, (b, y)),
            ((a, x), turned_b),
            (turned_b, (a, x)),
            ((b, y), turned_a),
        ]
    elif x.ndim == 2:
        ways.append((turned_a, (b, y)))
    elif y.ndim == 2:
        ways.append((turned_b, (a, x)))
    for (p, left), (q, right) in ways:
        if left.shape[-1] == right.shape[0]:
            yield ast.BinOp(p, ast.MatMult(), q), np.asarray(left @ right)


def _batched_products(a: ast.expr, x: Array, b: ast.expr, y: Array) -> Iterator[Quantity]:
    """``a @ b`` and ``a @ b.T`` for a stack of matrices and a matrix."""
    if x.shape[-1] == y.shape[0]:
        yield ast.BinOp(a, ast.MatMult(), b), x @ y
    if x.shape[-1] == y.shape[1]:
        yield ast.BinOp(a, ast.MatMult(), ast.Attribute(b, "T", ast.Load())), x @ y.T


def named_numbers(here: Statement, scope: Scope) -> list[tuple[ast.expr | None, float]]:
    """Numbers that a quantity may be multiplied with, the plainest first; None stands for 1."""
    found: list[tuple[ast.expr | None, float]] = [(None, 1.0)]
    found += [(ast.Constant(c), float(c)) for c in (2, 0.5)]
    plain: list[tuple[ast.expr, float]] = []
    for node, value in _numbers(here, scope):
        if value not in (0.0, 1.0, -1.0) and all(v != value for _, v in plain):
            plain.append((node, value))
    plain = plain[:12]
    one = ast.Constant(1)
    for node, value in plain:
        found.append((node, value))
        found.append((ast.BinOp(one, ast.Div(), node), 1.0 / value))
        found.append((ast.BinOp(ast.Constant(2), ast.Mult(), node), 2.0 * value))
        found.append((ast.BinOp(ast.Constant(2), ast.Div(), node), 2.0 / value))
        square = ast.BinOp(node, ast.Pow(), ast.Constant(2))
        found.append((ast.BinOp(one, ast.Div(), square), value**-2.0))
    for k, (a, x) in enumerate(plain):
        for m, (b, y) in enumerate(plain):
            if k != m:
                found.append((ast.BinOp(a, ast.Div(), b), x / y))
            if k < m:
                found.append((ast.BinOp(a, ast.Mult(), b), x * y))
    return found


def _numbers(here: Statement, scope: Scope) -> Iterator[tuple[ast.expr, float]]:
    for name, value in here.atoms:
        if shape_of(value) == () and name != "_" and np.isfinite(value):
            yield parse(name), float(value)
    for name, value in here.atoms:
        if isinstance(value, np.ndarray) and value.ndim and "[" not in name:
            for axis, size in enumerate(value.shape):
                yield parse(f"{name}.shape[{axis}]"), float(size)
