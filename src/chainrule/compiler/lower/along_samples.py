"""Products whose sum runs along the lanes: gradients of kernels where values lie samples last.

Both operands have unit stride along the samples, over which is summed. A vector of samples at a
time visits every tile of the result; each element of it has a vector of partial sums, kept in
memory between visits, whose lanes are added at the end. Several short sums are also more accurate
than one long one.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import Index, Val, type_of
from ..plan import Product
from ..program import Affine, Value
from ..schedule import Kernel
from ..target import Target
from .contraction import Emitter
from .loops import _store_all, nest
from .operands import Operand
from .point import Linear, Point, Scope
from .sharing import Share, Turn, own_blocks, owned, span

__all__ = ["emit_along_samples", "samples_height"]

_UNROLL = 2
_TAPS = 9


def _taps_from(columns: list[int]) -> int:
    """Return which of the columns' axes is the first whose taps are one tile."""
    split = len(columns) - 1
    while split > 0 and _size(columns[split - 1 :]) <= _TAPS:
        split -= 1
    return split


def samples_height(v: Value, target: Target) -> int:
    """Return how many rows of the result a tile has."""
    rows, columns = v.shape[0], list(v.shape[1:])
    taps = _size(columns[_taps_from(columns) :])
    limit = 20 if target.registers >= 32 else target.accumulators
    height = max(1, min(rows, limit // taps))
    return -(-rows // -(-rows // height))


def emit_along_samples(
    kernel: Kernel,
    product: Product,
    scratch: Val,
    scope: Scope,
    target: Target,
    emitter: Emitter,
    share: Share | None = None,
    turn: Turn | None = None,
) -> None:
    """Write the kernel, which with ``turn`` sums over all its runs.

    ``scratch`` points to a vector per element of the result.
    """
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    inner = v.data[3]
    left, right = (Operand.of(x, scope) for x in product.operands)
    size = v.dtype.itemsize
    vector = lanes * size
    t = type_of(v.dtype).vec(lanes)
    extents = v.args[0].shape[1:]
    *places, samples = extents
    rows, columns = v.shape[0], list(v.shape[1:])
    split = _taps_from(columns)
    outer, taps = columns[:split], columns[split:]
    reach = [0]
    for n, stride in zip(taps, right.strides[inner + split :], strict=True):
        reach = [r + i * stride * size for r in reach for i in range(n)]
    height = samples_height(v, target)
    row_bytes = _size(columns) * vector

    def base_of_tile(i: Index, there: list[Linear]) -> Val:
        step, at = len(reach) * vector, f.imul(i, row_bytes)
        for n, x in zip(reversed(outer), reversed(there), strict=True):
            at = f.iadd(at, f.imul(_raw(x), step))
            step *= n
        return f.at(scratch, at)

    def tile(there: list[Linear], j: Index, valid: int | None, count: int, i: Index) -> None:
        p = left.address(f, [(i, left.strides[0]), (j, 1)])
        at: list[tuple[Index, int]] = [(j, 1)]
        for x, stride in zip(there, right.strides[inner : inner + split], strict=True):
            at.append((_raw(x), stride))
        q = right.address(f, at)
        base = base_of_tile(i, there)

        def step(p: Val, q: Val, acc: list[Val]) -> list[Val]:
            xs = [f.load(t, f.at(q, r), valid) for r in reach]
            made = []
            for r in range(count):
                g = f.load(t, f.at(p, r * left.strides[0] * size), valid)
                made += [
                    f.fma(x, g, a) for x, a in zip(xs, acc[r * len(xs) :][: len(xs)], strict=True)
                ]
            return made

        def deep(k: int, p: Val, q: Val, acc: list[Val]) -> list[Val]:
            if k == len(places):
                return step(p, q, acc)
            da, db = left.strides[1 + k] * size, right.strides[k] * size
            last = k == len(places) - 1
            unroll = _UNROLL if last and places[k] >= _UNROLL else 1

            def turn(_: Index, c: list[Val]) -> list[Val]:
                p, q, acc = c[0], c[1], c[2:]
                for u in range(unroll):
                    acc = deep(k + 1, f.at(p, u * da), f.at(q, u * db), acc)
                return [f.at(p, unroll * da), f.at(q, unroll * db), *acc]

            whole = places[k] // unroll * unroll
            done = f.loop(0, whole, unroll, turn, [p, q, *acc])
            p, q, acc = done[0], done[1], done[2:]
            for u in range(places[k] - whole):
                acc = deep(k + 1, f.at(p, u * da), f.at(q, u * db), acc)
            return acc

        spots = [
            f.at(base, r * row_bytes + n * vector) for r in range(count) for n in range(len(reach))
        ]
        acc = deep(0, p, q, [f.load(t, spot) for spot in spots])
        for total, spot in zip(acc, spots, strict=True):
            f.store(total, spot)

    low, high = own_blocks(f, share, rows, height)
    first, end = span(f, share, rows)

    def clear(i: Index, _: list[Val]) -> None:
        def one(k: Index, _: list[Val]) -> None:
            here = f.iadd(f.imul(i, row_bytes), f.imul(k, vector))
            f.store(f.like(0.0, Val("", t)), f.at(scratch, here))

        f.loop(0, _size(columns), 1, one)

    def begin() -> None:
        f.loop(first, end, 1, clear)

    begin() if turn is None else turn.first(f, begin)

    def visit(j: Index, valid: int | None) -> None:
        def panel(there: list[Linear]) -> None:
            def turn(i: Index, _: list[Val]) -> None:
                tile(there, j, valid, height, i)

            f.loop(low, high, height, turn)
            rest = rows % height
            if rest:
                odd = rows - rest
                owned(f, share, rows, odd, lambda: tile(there, j, valid, rest, odd))

        nest(f, outer, panel)

    whole = samples // lanes * lanes
    f.loop(0, whole, lanes, lambda j, _: visit(j, None))
    if samples - whole:
        visit(whole, samples - whole)

    def write(child: Scope, args: list[Val]) -> None:
        _finish(kernel, child, args, lanes)

    def finish() -> None:
        emitter.outline("update", write, [f.index(first), f.index(end)], scratch)

    finish() if turn is None else turn.last(f, finish)


def _finish(kernel: Kernel, scope: Scope, args: list[Val], lanes: int) -> None:
    """Add the lanes of every element and compute what follows, rows of the result at a time."""
    v = kernel.anchor
    g = scope.f
    memory, low, high = args
    size = v.dtype.itemsize
    t = type_of(v.dtype).vec(lanes)
    width, lane = v.shape[-1], len(v.shape) - 1

    def add(a: Val, b: Val) -> Val:
        return g.add(a, b)

    def line(i: Index) -> Callable[[list[Linear]], None]:
        def at(there: list[Linear]) -> None:
            step, here = width * lanes * size, memory
            for n, x in zip(reversed(v.shape[:-1]), reversed([Linear.of(i), *there]), strict=True):
                here = g.at(here, g.imul(_raw(x), step))
                step *= n
            for k in range(width):  # the sums take the place of the partial sums of the row's first
                total = g.lane(g.reduce_lanes(g.load(t, g.at(here, k * lanes * size)), add), 0)
                g.store(total, g.at(here, k * size))
            shared: dict[object, Val] = {}
            for k in range(0, width, lanes):
                valid = width - k if width - k < lanes else None
                sums = g.load(t, g.at(here, k * size), valid)
                spot = (Linear.of(i), *there, Linear(k))
                p = Point(scope, spot, lane, valid, {v.id: sums}, shared)
                for root in kernel.roots[1:]:
                    p.given[root.id] = p._map(root, Affine.identity(len(root.shape)))
                _store_all(kernel.stored, scope, p)

        return at

    g.loop(low, high, 1, lambda i, _: nest(g, v.shape[1:-1], line(i)))


def _size(shape: list[int]) -> int:
    n = 1
    for s in shape:
        n *= s
    return n


def _raw(i: Linear) -> Index:
    """Return a loop's index, which is a constant or one run-time value."""
    return i.constant if not i.terms else i.terms[0][0]
