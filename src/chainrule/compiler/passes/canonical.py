"""One form for what can be written in several.

* Axes of length 1 disappear from elementwise functions, reductions and the rows of products that are
  not results: a value per row has shape (rows,) whether or not it came from ``keepdims=True``, so it
  can live inside the loop over the rows, and what follows a single row joins its product.
* A product that is only ever read transposed is computed transposed (absorbing the transpose into
  its operands), so that what follows it can be fused with it.
"""

from __future__ import annotations

from ..program import Affine, Builder, Program, Value
from .rewriting import rewrite

__all__ = ["squeeze", "transpose_products"]


def squeeze(program: Program) -> Program:
    """Return the program without axes of length 1 where they are no result's."""
    roots = {v.id for v in program.roots}

    def rule(b: Builder, v: Value, args: tuple[Value, ...]) -> Value | None:
        if v.id in roots or not args:
            return None
        if v.kind == "map" and 1 in v.shape:
            shape = tuple(n for n in v.shape if n != 1)
            flat = [b.reshape(a, shape) for a in args]
            return b.reshape(b.map(v.data, *flat, dtype=v.dtype), v.shape)
        if v.kind == "reduce" and 1 in args[0].shape:
            kind, count = v.data
            x = args[0]
            kept, gone = x.shape[: len(x.shape) - count], x.shape[len(x.shape) - count :]
            short = tuple(n for n in kept if n != 1)
            rest = tuple(n for n in gone if n != 1)
            y = b.reshape(x, short + rest)
            axes = list(range(len(short), len(y.shape)))
            return b.reshape(b.cast(b.reduce(kind, y, axes, v.dtype), v.dtype), v.shape)
        if v.kind == "contract":
            batch, rows, columns, _ = v.data
            x, y = args
            lines = x.shape[batch : batch + rows]
            if 1 in lines and columns:
                kept = tuple(n for n in lines if n != 1)
                x = b.reshape(x, (*x.shape[:batch], *kept, *x.shape[batch + rows :]))
                return b.reshape(b.contract(x, y, batch, len(kept), columns), v.shape)
        return None

    return rewrite(program, rule)


def _swapped(v: Value, affine: Affine) -> bool:
    """Tell whether a view exchanges the row and column axes of a product."""
    batch, rows, columns, _ = v.data
    ndim = batch + rows + columns
    order = [*range(batch), *range(batch + rows, ndim), *range(batch, batch + rows)]
    return affine == Affine.axes(order, ndim)


def transpose_products(program: Program) -> Program:
    """Return the program with products computed the way round in which they are read."""
    readers: dict[int, list[Value]] = {}
    for v in program.values():
        for a in v.args:
            readers.setdefault(a.id, []).append(v)
    roots = {v.id for v in program.roots}
    turned = {
        v.id
        for v in program.values()
        if v.kind == "contract"
        and v.id not in roots
        and readers.get(v.id)
        and all(u.kind == "view" and _swapped(v, u.data) for u in readers[v.id])
    }

    def rule(b: Builder, v: Value, args: tuple[Value, ...]) -> Value | None:
        if v.id not in turned:
            return None
        batch, rows, columns, inner = v.data
        x, y = args
        lead = list(range(batch))
        left = b.transpose(
            y, [*lead, *range(batch + inner, batch + inner + columns), *range(batch, batch + inner)]
        )
        right = b.transpose(
            x, [*lead, *range(batch + rows, batch + rows + inner), *range(batch, batch + rows)]
        )
        made = b.contract(left, right, batch, columns, rows)
        back = [*lead, *range(batch + columns, batch + columns + rows)]
        return b.transpose(made, [*back, *range(batch, batch + columns)])

    return rewrite(program, rule)
