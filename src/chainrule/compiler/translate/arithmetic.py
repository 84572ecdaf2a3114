"""Rules of reductions, running reductions and products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..program import Builder, Value
from .expression import Expr
from .rules import RULES, Call, rule

__all__ = ["multiply"]


def _axes(c: Call) -> list[int]:
    axis, ndim = c.params.get("axis"), len(c.args[0].shape)
    if axis is None:
        return list(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return [a % ndim for a in axes]


def _reduction(kind: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        x = c.builder.cast(c.args[0], c.dtype)
        return c.builder.reshape(c.builder.reduce(kind, x, _axes(c)), c.shape)

    return translate


for _name in ("sum", "prod", "max", "min", "any", "all"):
    RULES[_name] = _reduction(_name)


def _place_of(kind: str) -> Callable[[Call], Value]:
    """argmax and argmin: the first place of the extremum; a NaN counts as one, as in NumPy."""

    def translate(c: Call) -> Value:
        b, x = c.builder, c.args[0]
        axis = c.params.get("axis")
        if axis is None:
            x, axis = b.reshape(x, (x.size,)), 0
        axis %= len(x.shape)
        m = c.maths
        e = Expr(m, x)
        best = e.reduce(kind, [axis], keepdims=True)
        hit = e.eq(best)
        if x.dtype.kind == "f":
            hit = hit | (e.ne(e) & best.ne(best).broadcast(x.shape))
        place = Expr(m, b.iota(x.shape, axis))
        first = m.where(hit, place, x.shape[axis]).reduce("min", [axis])
        return b.cast(b.reshape(first.v, c.shape), c.dtype)

    return translate


RULES["argmax"] = _place_of("max")
RULES["argmin"] = _place_of("min")


def _running(kind: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        b, axis = c.builder, c.params["axis"] % len(c.shape)
        x = b.cast(c.args[0], c.dtype)
        order = [a for a in range(len(c.shape)) if a != axis] + [axis]
        moved = b.transpose(x, order)
        made = b.make("scan", (moved,), moved.shape, c.dtype, (kind, False))
        back = [order.index(a) for a in range(len(c.shape))]
        return b.transpose(made, back)

    return translate


RULES["cumsum"] = _running("sum")
RULES["cumprod"] = _running("prod")
RULES["cummax"] = _running("max")
RULES["cummin"] = _running("min")


# ---- products


def multiply(b: Builder, x: Value, y: Value, batch: int) -> Value:
    """Multiply ``x[batch…, rows…, k]`` by ``y[batch…, k, columns…]`` in the cheapest form.

    Products of integers, of two vectors, and of a matrix whose rows meet one vector, are sums of
    elementwise products along the inner axis, where that lies contiguously in memory.
    """
    rows, columns = len(x.shape) - batch - 1, len(y.shape) - batch - 1
    few = y.size == 0 or int(np.prod(y.shape[batch + 1 :], dtype=np.int64)) == 1
    if x.dtype.kind == "f" and (rows or columns) and not (few and rows):
        return b.contract(x, y, batch, rows, columns)
    shape = x.shape[: batch + rows] + y.shape[batch + 1 :]
    k = x.shape[-1]
    wide = (*shape, k)
    left = b.reshape(x, (*x.shape[:-1], *(1,) * columns, k))
    order = [*range(batch), *range(batch + 1, len(y.shape)), batch]
    right = b.transpose(y, order)
    right = b.reshape(right, (*right.shape[:batch], *(1,) * rows, *right.shape[batch:]))
    product = b.map("mul", b.broadcast(left, wide), b.broadcast(right, wide))
    if x.dtype.kind == "b":
        product = b.map("and", b.broadcast(left, wide), b.broadcast(right, wide))
        return b.reduce("any", product, [len(wide) - 1])
    return b.reduce("sum", product, [len(wide) - 1])


def _matmul(b: Builder, x: Value, y: Value) -> Value:
    """NumPy's matmul: leading axes broadcast, vectors get an axis that is dropped again."""
    if len(x.shape) == 1 or len(y.shape) <= 2:
        # The leading axes of x are rows; a vector y has no columns.
        if len(x.shape) == 1 and len(y.shape) > 2:
            batch = y.shape[:-2]
            wide = b.broadcast(x, (*batch, *x.shape))
            return multiply(b, wide, y, len(batch))
        return multiply(b, x, y, 0)
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x = b.broadcast(x, (*batch, *x.shape[-2:]))
    y = b.broadcast(y, (*batch, *y.shape[-2:]))
    return multiply(b, x, y, len(batch))


@rule("matmul")
def _matmul_rule(c: Call) -> Value:
    x, y = (c.builder.cast(a, c.dtype) for a in c.args)
    return _matmul(c.builder, x, y)


@rule("linear")
def _linear(c: Call) -> Value:
    b = c.builder
    x, weight = (b.cast(a, c.dtype) for a in c.args[:2])
    out = multiply(b, x, b.transpose(weight, (1, 0)), 0)
    if len(c.args) == 2:
        return out
    bias = b.broadcast(b.cast(c.args[2], c.dtype), c.shape)
    return b.map("add", out, bias)


@rule("einsum")
def _einsum(c: Call) -> Value:
    """Two operands at a time, from the left; repeated letters are diagonals."""
    b = c.builder
    spec = c.params.get("subscripts", c.params.get("spec"))
    if not isinstance(spec, str) or "." in spec:
        raise TypeError(f"einsum {spec!r}")
    inputs, _, output = spec.replace(" ", "").partition("->")
    terms = inputs.split(",")
    work = [_diagonal(b, t, b.cast(a, c.dtype)) for t, a in zip(terms, c.args, strict=True)]
    while len(work) > 1:
        (s, x), (t, y) = work[0], work[1]
        later = set(output).union(*(set(u) for u, _ in work[2:])) if len(work) > 2 else set(output)
        work[:2] = [_pair(b, s, x, t, y, later)]
    letters, x = work[0]
    x = b.reduce("sum", x, [i for i, c in enumerate(letters) if c not in output])
    letters = "".join(c for c in letters if c in output)
    return b.transpose(x, [letters.index(c) for c in output])


def _diagonal(b: Builder, letters: str, x: Value) -> tuple[str, Value]:
    from ..program import Affine

    unique = "".join(dict.fromkeys(letters))
    if unique == letters:
        return letters, x
    rows = tuple(tuple(int(c == u) for u in unique) for c in letters)
    shape = tuple(x.shape[letters.index(u)] for u in unique)
    return unique, b.view(x, Affine((0,) * len(letters), rows), shape)


def _pair(b: Builder, s: str, x: Value, t: str, y: Value, later: set[str]) -> tuple[str, Value]:
    """Contract two terms over the letters that nobody needs later."""
    x, s = _summed(b, s, x, later | set(t))
    y, t = _summed(b, t, y, later | set(s))
    batch = [c for c in s if c in t and c in later]
    inner = [c for c in s if c in t and c not in later]
    rows = [c for c in s if c not in t]
    columns = [c for c in t if c not in s]
    x = b.transpose(x, [s.index(c) for c in (*batch, *rows, *inner)])
    y = b.transpose(y, [t.index(c) for c in (*batch, *inner, *columns)])
    letters = "".join((*batch, *rows, *columns))
    if not inner:
        nb = len(batch)
        shape = x.shape + y.shape[nb:]
        left = b.broadcast(b.reshape(x, (*x.shape, *(1,) * len(columns))), shape)
        right = b.reshape(y, (*y.shape[:nb], *(1,) * len(rows), *y.shape[nb:]))
        return letters, b.map("mul", left, b.broadcast(right, shape))
    if len(inner) == 1:
        return letters, multiply(b, x, y, len(batch))
    if x.dtype.kind == "f" and (rows or columns):
        return letters, b.contract(x, y, len(batch), len(rows), len(columns))
    lead = x.shape[: len(batch) + len(rows)]
    x = b.reshape(x, (*lead, int(np.prod(x.shape[len(lead) :]))))
    k = x.shape[-1]
    y = b.reshape(y, (*y.shape[: len(batch)], k, *y.shape[len(batch) + len(inner) :]))
    return letters, multiply(b, x, y, len(batch))


def _summed(b: Builder, letters: str, x: Value, needed: set[str]) -> tuple[Value, str]:
    gone = [i for i, c in enumerate(letters) if c not in needed]
    return b.reduce("sum", x, gone), "".join(c for c in letters if c in needed)


def mean_of(x: Expr, axes: tuple[int, ...]) -> Expr:
    """Return the mean over axes, keeping them."""
    return x.mean(list(axes), keepdims=True)


@rule("standardize")
def _standardize(c: Call) -> Value:
    x = Expr(c.maths, c.lifted(0))
    axes = c.params["axes"]
    centred = x - mean_of(x, axes)
    variance = mean_of(centred * centred, axes)
    return (centred / (variance + c.params["eps"]).f("sqrt")).v


@rule("rms_normalize")
def _rms(c: Call) -> Value:
    x = Expr(c.maths, c.lifted(0))
    return (x / (mean_of(x * x, c.params["axes"]) + c.params["eps"]).f("sqrt")).v
