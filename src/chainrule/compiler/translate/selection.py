"""Rules of sorting, searching and picking along an axis."""

from __future__ import annotations

import numpy as np

from ..program import Builder, Value
from .expression import Expr
from .movement import wrapped
from .rules import Call, rule

__all__: list[str] = []


def _last(b: Builder, x: Value, axis: int) -> tuple[Value, list[int]]:
    """Return ``x`` with an axis moved to the end, and the permutation back."""
    order = [a for a in range(len(x.shape)) if a != axis] + [axis]
    return b.transpose(x, order), [order.index(a) for a in range(len(order))]


@rule("argsort", "argpartition")
def _argsort(c: Call) -> Value:
    """A stable order; it is a valid answer of ``argpartition`` too."""
    b, axis = c.builder, c.params["axis"] % max(1, len(c.shape))
    moved, back = _last(b, c.args[0], axis)
    order = b.make("sort", (moved,), moved.shape, np.int64, "order")
    return b.cast(b.transpose(order, back), c.dtype)


def _grid(c: Call, indices: Value, axis: int, length: int) -> list[Value]:
    """Return index arrays for every axis: positions, and along ``axis`` the given indices."""
    b = c.builder
    return [
        wrapped(b, indices, length) if a == axis else b.iota(indices.shape, a)
        for a in range(len(indices.shape))
    ]


@rule("take_along_axis")
def _take_along(c: Call) -> Value:
    x, indices = c.args
    axis = c.params["axis"] % len(x.shape)
    b = c.builder
    shape = tuple(
        indices.shape[a] if a == axis else max(n, indices.shape[a]) for a, n in enumerate(x.shape)
    )
    wide = tuple(x.shape[a] if a == axis else shape[a] for a in range(len(shape)))
    return b.gather(
        b.broadcast(x, wide), _grid(c, b.broadcast(indices, shape), axis, x.shape[axis])
    )


@rule("add_along_axis")
def _add_along(c: Call) -> Value:
    x, indices = c.args
    axis = c.params["axis"] % len(x.shape)
    indices = c.builder.broadcast(indices, x.shape)
    return c.builder.scatter(c.shape, _grid(c, indices, axis, c.params["length"]), x)


def _nan_place(c: Call, kind: str) -> Value:
    b, x, axis = c.builder, c.args[0], c.params["axis"]
    if axis is None:
        x, axis = b.reshape(x, (x.size,)), 0
    axis %= len(x.shape)
    m, e = c.maths, Expr(c.maths, x)
    worst = -np.inf if kind == "max" else np.inf
    known = m.where(e.eq(e), e, float(worst))
    best = known.reduce(kind, [axis], keepdims=True)
    place = Expr(m, b.iota(x.shape, axis))
    hit = known.eq(best) & e.eq(e)
    first = m.where(hit, place, x.shape[axis]).reduce("min", [axis])
    return b.cast(b.reshape(first.v, c.shape), c.dtype)


@rule("nanargmax")
def _nanargmax(c: Call) -> Value:
    return _nan_place(c, "max")


@rule("nanargmin")
def _nanargmin(c: Call) -> Value:
    return _nan_place(c, "min")


def _count_before(c: Call, sorted_array: Value, values: Value, inclusive: bool) -> Value:
    """Return, per value, how many entries of an ascending array come before it."""
    b, m = c.builder, c.maths
    n = sorted_array.shape[0]
    wide = (*values.shape, n)
    v = Expr(m, b.broadcast(b.reshape(values, (*values.shape, 1)), wide))
    a = Expr(m, b.broadcast(sorted_array, wide))
    before = a <= v if inclusive else a < v
    return before.cast(np.int64).reduce("sum", [len(wide) - 1]).v


@rule("searchsorted")
def _searchsorted(c: Call) -> Value:
    return c.builder.cast(
        _count_before(c, c.args[0], c.args[1], c.params["side"] == "right"), c.dtype
    )


@rule("isin")
def _isin(c: Call) -> Value:
    b, m = c.builder, c.maths
    x, among = c.args
    among = b.reshape(among, (among.size,))
    wide = (*x.shape, among.size)
    left = Expr(m, b.broadcast(b.reshape(x, (*x.shape, 1)), wide))
    return left.eq(Expr(m, b.broadcast(among, wide))).reduce("any", [len(wide) - 1]).v
