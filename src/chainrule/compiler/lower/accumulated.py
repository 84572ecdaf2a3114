"""Products summed over many samples: one sample at a time, accumulators in memory between them.

The gradient of a convolution's kernel sums over samples and places. An ordinary product
(``contraction.py``) would stream every sample once per tile of the result; here every tile of the
result visits one sample before the next is touched, so a sample comes from memory once. What
follows the product (an update) runs when all samples are in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ..ir import Function, Index, Val, type_of
from ..plan import Product
from ..program import Affine, Value
from ..schedule import Kernel
from ..target import Target
from .contraction import Emitter
from .loops import _store_all, nest
from .operands import Operand
from .point import Linear, Point, Scope
from .sharing import Share, Turn, own_blocks, owned, span
from .tiles import tile_vectors

__all__ = ["accumulated_rows", "emit_accumulated"]

_UNROLL = 2
_NEAR = 1 << 13  # bytes read by one visit of a tile: a part of the first-level cache
_SMALL = 4  # an axis as short as this is taken whole into a tile, beside a part of another


class _Shape(NamedTuple):
    """How the result is cut: lanes along one axis, tiles along one or two, loops over the rest."""

    lane: int
    tall: int
    short: int | None
    others: list[int]


def _strip(extents: Sequence[int], row: int) -> int:
    """Return how far a visit goes along the first axis of places: what it reads stays near.

    Every tile of the result reads all of the places of a visit. ``row`` is the number of bytes
    of the lane operand a tile reads at one place; it reads about a cache line of the other.
    """
    inner = 1
    for n in extents[2:]:
        inner *= n
    most = _NEAR // max(1, inner * (row + 64))
    return max(
        (n for n in range(1, extents[1] + 1) if extents[1] % n == 0 and n <= most), default=1
    )


def _cut(v: Value, by_rows: bool) -> _Shape:
    _, rows, _, _ = v.data
    ndim = len(v.shape)
    left, right = list(range(rows)), list(range(rows, ndim))
    lanes, still = (left, right) if by_rows else (right, left)
    tall = max(still, key=lambda a: (v.shape[a], a))
    rest = [a for a in still if a != tall]
    short = None
    if rest and v.shape[tall] <= _SMALL and v.shape[rest[-1]] <= _SMALL:
        short = rest.pop()
    return _Shape(lanes[-1], tall, short, [*lanes[:-1], *rest])


def accumulated_rows(v: Value, by_rows: bool, vector: int, target: Target) -> tuple[int, int]:
    """Return the axis that tiles go down, and how many of its positions a tile has."""
    shape = _cut(v, by_rows)
    tall, shorts = v.shape[shape.tall], 1 if shape.short is None else v.shape[shape.short]
    limit = 18 if target.registers >= 32 else target.accumulators - 2
    wide = v.shape[shape.lane] > vector
    height = max(1, min(tall, limit // (2 * shorts) if wide else limit // shorts))
    return shape.tall, -(-tall // -(-tall // height))  # tiles of about one size


def emit_accumulated(
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

    ``scratch`` points to memory for the accumulators.
    """
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    _, rows, _, inner = v.data
    left, right = (Operand.of(x, scope) for x in product.operands)
    size = v.dtype.itemsize
    t = type_of(v.dtype).vec(lanes)
    extents = v.args[0].shape[rows:]
    out = [*left.strides[:rows], *right.strides[inner:]]  # stride per axis of the result
    inner_strides = left.strides[rows:], right.strides[:inner]
    still, moving = (right, left) if product.by_rows else (left, right)
    sk, mk = reversed(inner_strides) if product.by_rows else inner_strides
    shape = _cut(v, product.by_rows)
    side = range(rows) if product.by_rows else range(rows, len(v.shape))
    width, tall = v.shape[shape.lane], v.shape[shape.tall]
    shorts = v.shape[shape.short] if shape.short is not None else 1
    vectors = -(-width // lanes)
    tail = width % lanes or None

    def row_bytes(position: Sequence[tuple[int, Index]]) -> Index:
        """Return where in the accumulators a row of the result (all axes but the lane's) lies."""
        step, total = vectors * lanes * size, 0
        strides: dict[int, int] = {}
        for a in reversed(range(len(v.shape))):
            if a != shape.lane:
                strides[a] = step
                step *= v.shape[a]
        at: Index = total
        for a, i in position:
            at = f.iadd(at, f.imul(i, strides[a]))
        return at

    strip = _strip(extents, min(vectors, 2) * lanes * size)
    reached = [extents[0], strip, *extents[2:]]

    def tile(
        sample: Index, place: Index, outer: list[Linear], j: int, nv: int, count: int, i: Index
    ) -> None:
        where = [(a, _raw(x)) for a, x in zip(shape.others, outer, strict=True)]
        p = still.address(f, [(sample, sk[0]), (place, sk[1]), (i, out[shape.tall])])
        q = moving.address(f, [(sample, mk[0]), (place, mk[1]), (j * lanes, 1)])
        for a, x in where:
            if a in side:
                q = f.at(q, f.imul(x, out[a] * size))
            else:
                p = f.at(p, f.imul(x, out[a] * size))
        base = f.at(scratch, row_bytes([*where, (shape.tall, i)]))
        spots = []
        for r in range(count):
            for s in range(shorts):
                near = [(shape.tall, r)] + ([(shape.short, s)] if shape.short is not None else [])
                reach = sum(out[a] * n for a, n in near) * size
                offset = row_bytes(near)
                assert isinstance(offset, int)
                spots.append((reach, offset + j * lanes * size))

        def valid(n: int) -> int | None:
            return tail if j + n == vectors - 1 and not moving.access.slack else None

        def step(p: Val, q: Val, acc: list[Val], ka: int, kb: int) -> list[Val]:
            vector = [f.load(t, f.at(q, kb + n * lanes * size), valid(n)) for n in range(nv)]
            made = []
            for r, (reach, _) in enumerate(spots):
                x = f.broadcast(f.load(t.scalar, f.at(p, ka + reach)), lanes)
                made += [f.fma(x, vector[n], acc[r * nv + n]) for n in range(nv)]
            return made

        def deep(k: int, p: Val, q: Val, acc: list[Val]) -> list[Val]:
            if k == len(extents):
                return step(p, q, acc, 0, 0)
            da, db = sk[k] * size, mk[k] * size
            last = k == len(extents) - 1
            unroll = _UNROLL if last and reached[k] >= _UNROLL else 1

            def turn(_: Index, c: list[Val]) -> list[Val]:
                p, q, acc = c[0], c[1], c[2:]
                if last:
                    for u in range(unroll):
                        acc = step(p, q, acc, u * da, u * db)
                else:
                    acc = deep(k + 1, p, q, acc)
                return [f.at(p, unroll * da), f.at(q, unroll * db), *acc]

            whole = reached[k] // unroll * unroll
            done = f.loop(0, whole, unroll, turn, [p, q, *acc])
            p, q, acc = done[0], done[1], done[2:]
            for u in range(reached[k] - whole):
                acc = step(p, q, acc, u * da, u * db)
            return acc

        places = [f.at(base, o + n * lanes * size) for _, o in spots for n in range(nv)]
        acc = deep(1, p, q, [f.load(t, place) for place in places])
        for x, place in zip(acc, places, strict=True):
            f.store(x, place)

    _, height = accumulated_rows(v, product.by_rows, lanes, target)
    low, high = own_blocks(f, share, tall, height)
    start, end = span(f, share, tall)

    def each_row(
        g: Function, low: Index, high: Index, body: Callable[[Linear, dict[int, Linear]], None]
    ) -> None:
        axes = [*shape.others] + ([shape.short] if shape.short is not None else [])

        def along(i: Index, _: list[Val]) -> None:
            nest(
                g,
                [v.shape[a] for a in axes],
                lambda outer: body(Linear.of(i), dict(zip(axes, outer, strict=True))),
            )

        g.loop(low, high, 1, along)

    def clear(i: Linear, there: dict[int, Linear]) -> None:
        where = [(a, _raw(x)) for a, x in there.items()]
        base = f.at(scratch, row_bytes([*where, (shape.tall, _raw(i))]))
        for n in range(vectors):
            f.store(f.like(0.0, Val("", t)), f.at(base, n * lanes * size))

    def begin() -> None:
        each_row(f, start, end, clear)

    begin() if turn is None else turn.first(f, begin)

    def visit(n: Index, place: Index) -> None:
        def panel(outer: list[Linear]) -> None:
            at = 0
            for nv in tile_vectors(vectors):
                parts = [nv] if nv < 3 else [2, 1]
                for part in parts:
                    step = partial(tile, n, place, outer, at, part, height)

                    def turn(i: Index, _: list[Val], step: Callable[[Index], None] = step) -> None:
                        step(i)

                    f.loop(low, high, height, turn)
                    rest = tall % height
                    if rest:
                        odd = partial(tile, n, place, outer, at, part, rest, tall - rest)
                        owned(f, share, tall, tall - rest, odd)
                    at += part

        nest(f, [v.shape[a] for a in shape.others], panel)

    def sample(n: Index, _: list[Val]) -> None:
        f.loop(0, extents[1], strip, lambda place, _: visit(n, place))

    f.loop(0, extents[0], 1, sample)

    def write(child: Scope, args: list[Val]) -> None:
        memory, first, after = args
        g = child.f

        def finish(i: Linear, there: dict[int, Linear]) -> None:
            there = {**there, shape.tall: i}
            shared: dict[object, Val] = {}
            base = memory
            step = vectors * lanes * size
            for a in reversed(range(len(v.shape))):
                if a != shape.lane:
                    base = g.at(base, g.imul(_raw(there[a]), step))
                    step *= v.shape[a]
            for n in range(vectors):
                x = g.load(t, g.at(base, n * lanes * size))
                spot = tuple(
                    Linear(n * lanes) if a == shape.lane else there[a] for a in range(len(v.shape))
                )
                valid = tail if n == vectors - 1 else None
                p = Point(child, spot, shape.lane, valid, {v.id: x}, shared)
                for root in kernel.roots[1:]:
                    p.given[root.id] = p._map(root, Affine.identity(len(root.shape)))
                _store_all(kernel.stored, child, p)

        each_row(g, first, after, finish)

    def finish() -> None:
        emitter.outline("update", write, [f.index(start), f.index(end)], scratch)

    finish() if turn is None else turn.last(f, finish)


def _raw(i: Linear) -> Index:
    """Return a loop's index, which is a constant or one run-time value."""
    return i.constant if not i.terms else i.terms[0][0]
