"""Matrix products and everything that is one: register-blocked, specialised to exact shapes.

The result is cut into tiles of a few rows by one to three vectors whose accumulators stay in
registers over the whole inner loop. Per step of it, the lane operand gives whole vectors, the
other one a number per row, broadcast from memory at any stride; neither is packed. What follows
the product element by element is done on the accumulators before they are stored, or, where it
needs many constants, by a function of its own on the tile just finished (Note [Kernels are not
inlined] in ``README.md``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from ..ir import I64, PTR, Index, Val, type_of
from ..plan import Product
from ..program import Affine
from ..scalars import SCALARS
from ..schedule import Kernel
from ..target import Target
from .loops import _store_all, nest
from .operands import ADDRESS, Operand, RowsAcross, RowsAlong, Walk, fetch_rows
from .point import Linear, Point, Scope
from .sharing import Share, choose, longest, part, strips, when_any
from .tiles import panel_cuts, product_axes, tile_rows

__all__ = ["Emitter", "emit_contract", "is_light"]

_UNROLL = 2
_INLINE_COST = 7
_SCRATCH = 3072  # bytes of finished tiles that one call of an epilogue takes
_TOGETHER = 4  # vectors an epilogue works on side by side
_MOST_ROWS = 10  # whose addresses stay in general registers together
Walking: TypeAlias = "Walk | RowsAcross | RowsAlong"


class Emitter:
    """What a contraction needs to write an epilogue as a function of its own."""

    def outline(
        self, name: str, write: Callable[[Scope, list[Val]], None], indices: list[Val], scratch: Val
    ) -> None:
        """Write a function of (scratch, indices…) and call it."""
        raise NotImplementedError


def _epilogue_cost(kernel: Kernel) -> int:
    """Return a rough number of cycles per vector of what follows the product."""
    total, seen, stack = 0, {kernel.anchor.id}, list(kernel.roots[1:])
    while stack:
        v = stack.pop()
        if v.id in seen:
            continue
        seen.add(v.id)
        if v.kind == "map":
            total += SCALARS[v.data].cost
            stack.extend(v.args)
        elif v.kind == "view":
            stack.extend(v.args)
        elif v.kind not in ("const", "state", "input") and v.size > 1:
            continue
    return total


def is_light(kernel: Kernel) -> bool:
    """Tell whether what follows a product may be done on its accumulators."""
    return _epilogue_cost(kernel) <= _INLINE_COST


def emit_contract(
    kernel: Kernel,
    product: Product,
    scope: Scope,
    target: Target,
    emitter: Emitter,
    share: Share | None = None,
) -> None:
    """Write a kernel of kind ``contract``."""
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    batch, rows, columns, inner = v.data
    if 0 in v.shape:
        return
    a, b = product.operands
    left, right = Operand.of(a, scope), Operand.of(b, scope)
    size = v.dtype.itemsize
    t = type_of(v.dtype).vec(lanes)
    extents = a.shape[batch + rows :]
    la, lb = left.strides, right.strides
    left_parts = la[:batch], la[batch : batch + rows], la[batch + rows :]
    right_parts = lb[:batch], lb[batch + inner :], lb[batch : batch + inner]
    row_axes = list(range(batch, batch + rows))
    column_axes = list(range(batch + rows, batch + rows + columns))
    if product.by_rows:
        still, moving = right, left
        (sb, ss, sk), (mb, ms, mk) = right_parts, left_parts
        still_axes, lane_axes = column_axes, row_axes
    else:
        still, moving = left, right
        (sb, ss, sk), (mb, ms, mk) = left_parts, right_parts
        still_axes, lane_axes = row_axes, column_axes
    tall_axis, lane, loops = product_axes(v, product.by_rows)
    width = v.shape[lane] if lane_axes else 1
    tall = v.shape[tall_axis] if still_axes else 1
    tail = width % lanes or None
    depth = 1
    for n in extents:
        depth *= n
    across = still.listed is not None and bool(still_axes) and still.listed == int(product.by_rows)
    inline_epilogue = is_light(kernel)
    simple = len(kernel.roots) == 1
    scratch: Val | None = None
    if not simple and not inline_epilogue:
        scratch = f.emit(PTR, f"alloca [{_SCRATCH} x i8], align 64")

    def body(outer: list[Linear]) -> None:
        where = dict(zip(loops, outer, strict=True))

        def raw(axis: int) -> Index:
            i = where[axis]
            return i.constant if not i.terms else i.terms[0][0]

        s_base = (
            still.access.pointer
            if still.listed is not None
            else still.address(
                f,
                [(raw(x), sb[x]) for x in range(batch)]
                + [(raw(x), ss[n]) for n, x in enumerate(still_axes[:-1])],
            )
        )
        m_base = (
            moving.access.pointer
            if moving.listed is not None
            else moving.address(
                f,
                [(raw(x), mb[x]) for x in range(batch)]
                + [(raw(x), ms[n]) for n, x in enumerate(lane_axes[:-1])],
            )
        )
        s_row = ss[-1] * size if still_axes else 0

        def axes_at(i: Linear, j: Linear) -> tuple[Linear, ...]:
            out = []
            for x in range(len(v.shape)):
                if still_axes and x == still_axes[-1]:
                    out.append(i)
                elif x == lane:
                    out.append(j)
                else:
                    out.append(where[x])
            return tuple(out)

        def walks(i: Index, count: int, j: Index) -> tuple[Walking, Walking]:
            """Return how a tile goes through the still and the moving operand."""
            numbers: Walking
            blocks: Walking
            if across:
                first = f.at(s_base, f.imul(i, ADDRESS))
                places = [f.load(PTR, f.at(first, r * ADDRESS)) for r in range(count)]
                places = [f.at(p, still.start * size) for p in places]
                numbers = RowsAcross(f, places, s_row, sk[0] * size)
            elif still.listed is not None:
                numbers = RowsAlong(f, s_base, f.iadd(f.imul(i, s_row), still.start * size))
            else:
                numbers = Walk(f, f.at(s_base, f.imul(i, s_row)), [n * size for n in sk])
            if moving.listed is not None:
                blocks = RowsAlong(f, m_base, f.iadd(f.imul(j, size), moving.start * size))
            else:
                blocks = Walk(f, f.at(m_base, f.imul(j, size)), [n * size for n in mk])
            return numbers, blocks

        def valid(n: int, nv: int, last: bool) -> int | None:
            return tail if last and n == nv - 1 else None

        def own(i: Index, count: int, j: Index, nv: int) -> None:
            """Ask for the lines that a tile will write: copies another core has are given up."""
            for root in kernel.stored:
                access = scope.access(root)
                if access is None or access.layout.lane != lane:
                    continue
                shared: dict[object, Val] = {}
                for r in range(count):
                    for n in range(nv):
                        spot = axes_at(Linear.of(i).plus(r), Linear.of(j).plus(n * lanes))
                        p = Point(scope, spot, lane, None, {}, shared)
                        offset, _ = p.offset(access, p.position(Affine.identity(len(root.shape))))
                        f.prefetch(p.address(access, offset), write=True)

        def tile(
            i: Index, count: int, j: Index, nv: int, last: bool, memory: Val | None = None
        ) -> None:
            numbers, blocks = walks(i, count, j)

            def step(state: list[Val], acc: list[Val], ahead: int, level: int) -> list[Val]:
                number = numbers.place(state[:1], ahead, level)
                block = blocks.place(state[1:], ahead, level)
                bs = [
                    f.load(
                        t,
                        block(n * lanes * size),
                        None if moving.access.slack else valid(n, nv, last),
                    )
                    for n in range(nv)
                ]
                out = []
                for r in range(count):
                    x = f.broadcast(f.load(t.scalar, number(r * s_row)), lanes)
                    out += [f.fma(x, bs[n], acc[r * nv + n]) for n in range(nv)]
                return out

            def deep(k: int, state: list[Val], acc: list[Val]) -> list[Val]:
                unroll = _UNROLL if k == len(extents) - 1 and extents[k] >= _UNROLL else 1

                def turn(_: Index, c: list[Val]) -> list[Val]:
                    state, acc = c[:2], c[2:]
                    if k < len(extents) - 1:
                        acc = deep(k + 1, state, acc)
                    else:
                        for u in range(unroll):
                            acc = step(state, acc, u, k)
                    return [
                        *numbers.advance(state[:1], unroll, k),
                        *blocks.advance(state[1:], unroll, k),
                        *acc,
                    ]

                whole = extents[k] // unroll * unroll
                out = f.loop(0, whole, unroll, turn, [*state, *acc])
                state, acc = out[:2], out[2:]
                for u in range(extents[k] - whole):
                    acc = step(state, acc, u, k)
                return acc

            acc = [f.like(0.0, Val("", t))] * (count * nv)
            if share is not None:
                own(i, count, j, nv)
            if isinstance(numbers, RowsAlong):
                fetch(i, count, j, nv)
            if depth:
                state = [*numbers.start, *blocks.start]
                acc = deep(0, state, acc) if extents else step(state, acc, 0, 0)
            start, column = Linear.of(i), Linear.of(j)
            if simple or inline_epilogue:
                shared: dict[object, Val] = {}
                for r in range(count):
                    for n in range(nv):
                        spot = axes_at(start.plus(r), column.plus(n * lanes))
                        p = Point(
                            scope, spot, lane, valid(n, nv, last), {v.id: acc[r * nv + n]}, shared
                        )
                        finish(scope, p)
                return
            assert memory is not None
            for n, x in enumerate(acc):
                f.store(x, f.at(memory, n * lanes * size))

        def after(i: Index, count: Index, j: Index, nv: int, last: bool, together: int) -> None:
            """Call a function that finishes rows in memory, some of them together."""
            assert scratch is not None
            run_time = [where[x].terms[0][0] for x in loops if where[x].terms]
            extra = [f.index(i), f.index(j), f.index(count), *run_time]

            def write(child: Scope, args: list[Val]) -> None:
                memory, indices = args[0], args[1:]
                g = child.f
                names = iter(indices[3:])
                there = {x: Linear.of(next(names)) if where[x].terms else where[x] for x in loops}

                def place(i: Linear, j: Linear) -> tuple[Linear, ...]:
                    return tuple(
                        i if still_axes and x == still_axes[-1] else j if x == lane else there[x]
                        for x in range(len(v.shape))
                    )

                def each(r: Index, _: list[Val]) -> None:
                    shared: dict[object, Val] = {}
                    here = Linear.of(g.index(g.iadd(indices[0], r)))
                    base = g.at(memory, g.imul(r, nv * lanes * size))
                    for n in range(nv * together):
                        row, n = divmod(n, nv)
                        x = g.load(t, g.at(base, (row * nv + n) * lanes * size))
                        column = Linear.of(indices[1]).plus(n * lanes)
                        tail = valid(n, nv, last)
                        p = Point(
                            child, place(here.plus(row), column), lane, tail, {v.id: x}, shared
                        )
                        finish(child, p)

                g.loop(0, indices[2], together, each)

            emitter.outline("tile", write, extra, scratch)

        def finish(there: Scope, p: Point) -> None:
            for root in kernel.roots[1:]:
                p.given[root.id] = p._map(root, Affine.identity(len(root.shape)))
            _store_all(kernel.stored, there, p)

        def fetch(i: Index, count: int, j: Index, nv: int) -> None:
            """Ask for a part of the next mini-batch, at what a tile is reading of this one.

            The addresses of its rows follow those of this mini-batch. Each panel asks for a share.
            """
            panels = -(-width // (nv * lanes))
            which = f.binary("udiv", f.index(j), Val(str(nv * lanes), I64)) if panels > 1 else 0
            following = f.at(s_base, extents[0] * ADDRESS)
            fetch_rows(f, following, extents[0], (which, panels), f.imul(i, s_row), count * s_row)

        def panel(j: Index, nv: int, last: bool) -> None:
            mine = part(share, tall_axis)
            most = _MOST_ROWS if across else None
            height = tile_rows(longest(mine, tall), nv, depth, target, most)
            start, end, rests = strips(f, mine, tall, height)
            if scratch is None:
                f.loop(start, end, height, lambda i, _: tile(i, height, j, nv, last))
                for rest, whose in rests:
                    when_any(f, mine, whose, partial(tile, end, rest, j, nv, last))
                return
            row_bytes = nv * lanes * size
            at_once = max(1, _SCRATCH // row_bytes // height) * height
            together = max(1, _TOGETHER // nv)

            def group(i: Index, count: Index, height: int) -> None:
                def one(r: Index, _: list[Val]) -> None:
                    memory = f.at(scratch, f.imul(r, row_bytes))
                    tile(f.iadd(i, r), height, j, nv, last, memory)

                f.loop(0, count, height, one)
                after(i, count, j, nv, last, math.gcd(together, height))

            def several(i: Index, _: list[Val]) -> None:
                left = f.iadd(end, f.imul(i, -1))
                if isinstance(left, int):
                    group(i, min(left, at_once), height)
                else:
                    group(i, f.intrinsic("smin", left, Val(str(at_once), I64)), height)

            f.loop(start, end, at_once, several)
            for rest, whose in rests:
                when_any(f, mine, whose, partial(group, end, rest, rest))

        if not lane_axes:
            panel(0, 1, True)
            return
        mine = part(share, lane)
        bounds = (0, width) if mine is None else mine.split.bounds
        pairs = list(pairwise(bounds))
        cuts = [panel_cuts(low, high, width, lanes) for low, high in pairs]
        ends = [low + plain * 2 * lanes for (low, _), (plain, _) in zip(pairs, cuts, strict=True)]
        start, end = choose(f, mine, bounds[:-1]), choose(f, mine, ends)
        f.loop(start, end, 2 * lanes, lambda j, _: panel(j, 2, False))
        # What is left of a stretch: a panel of one or three vectors, or one with an odd end.
        rests = [
            (tuple(rest), high == width and tail is not None)
            for (_, high), (_, rest) in zip(pairs, cuts, strict=True)
        ]
        for kind in dict.fromkeys(r for r in rests if r[0]):

            def rest(kind: tuple[tuple[int, ...], bool] = kind) -> None:
                sizes, odd = kind
                at = end
                for n, nv in enumerate(sizes):
                    panel(at, nv, odd and n == len(sizes) - 1)
                    at = f.iadd(at, nv * lanes)

            when_any(f, mine, [r == kind for r in rests], rest)

    nest(f, [v.shape[x] for x in loops], body, share, loops)
