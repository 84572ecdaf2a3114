"""Reductions that are not along the rows of a loop kernel: down columns, or over several axes.

The lanes run along a kept axis where that is how the operand lies in memory (sums down columns: one
accumulator vector per sixteen columns, no combination of lanes at the end), else along a reduced
one. Narrow rows share vectors (``packed.py``). Functions of the result (an update that uses a bias
gradient) are computed in the same kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..inlining import Inlined, leaves
from ..ir import Index, Val, type_of
from ..program import Affine, Value
from ..schedule import Kernel
from .loops import _finish, _score, _store_all, _tree, combine, identity_of, nest
from .packed import folded, packed_axis, packed_value
from .point import Linear, Point, Scope
from .sharing import Share, own_blocks, owned, part

__all__ = ["COLUMN_BLOCK", "emit_reduce", "reduction_lane"]

COLUMN_BLOCK = 4  # vectors of columns summed together; the order of a sum depends on it


def reduction_lane(v: Value, inline: Inlined, scope: Scope) -> int:
    """Return the axis of the operand that lanes run along; -1 for none."""
    domain = v.args[0].shape
    if not domain:
        return -1
    score = [0.0] * len(domain)
    for a, at, _ in leaves(v, inline):
        access = scope.access(a)
        if access is not None and len(at.matrix) == len(access.layout.shape):
            _score(score, access, at, max(1, a.size))
    return max(range(len(domain)), key=lambda o: (score[o] * min(1.0, domain[o] / scope.lanes), o))


def emit_reduce(kernel: Kernel, inline: Inlined, scope: Scope, share: Share | None = None) -> None:
    """Write a kernel of kind ``reduce``."""
    v = kernel.anchor
    kept = len(v.shape)
    if 0 in v.shape:
        return
    lane = reduction_lane(v, inline, scope)
    if 0 in v.args[0].shape or lane < 0:

        def nothing(axes: list[Linear]) -> None:
            given = {v.id: identity_of(v.data[0], v, scope.f, type_of(v.dtype))}
            _epilogue(kernel, scope, Point(scope, tuple(axes), -1, None, given))

        nest(scope.f, v.shape, nothing)
    elif (axis := packed_axis(v, inline, scope, lane)) is not None:
        _packed(kernel, inline, scope, lane, axis, share)
    elif lane < kept:
        _columns(kernel, scope, lane, share)
    else:
        _across(kernel, scope, lane, share)


def _epilogue(kernel: Kernel, scope: Scope, point: Point) -> None:
    for r in kernel.roots[1:]:
        point.given[r.id] = point._map(r, Affine.identity(len(r.shape)))
    _store_all(kernel.stored, scope, point)


def _fold(
    scope: Scope,
    extents: list[int],
    acc: list[Val],
    step: Callable[[list[Linear], list[Val]], list[Val]],
) -> list[Val]:
    """Loop over the reduced axes, carrying the accumulators."""
    f = scope.f

    def level(k: int, axes: list[Linear], acc: list[Val]) -> list[Val]:
        if k == len(extents):
            return step(axes, acc)
        return f.loop(
            0, extents[k], 1, lambda i, c: level(k + 1, [*axes, Linear.of(i)], list(c)), acc
        )

    return level(0, [], acc)


def _columns(kernel: Kernel, scope: Scope, lane: int, share: Share | None) -> None:
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    kept, x = len(v.shape), v.args[0]
    width = v.shape[lane]
    reduced = list(x.shape[kept:])
    others = [a for a in range(kept) if a != lane]
    zero = identity_of(v.data[0], v, f, type_of(v.dtype).vec(lanes))
    identity = Affine.identity(len(x.shape))
    # Chains hide the latency of additions where a block has few vectors.
    last = reduced[-1]

    def block(axes: list[Linear], start: Index, count: int, valid: int | None) -> None:
        chains = 1
        while count * chains < 4 and last % (2 * chains) == 0 and chains < 4:
            chains *= 2

        def spot(j: int) -> tuple[Linear, ...]:
            return (*axes[:lane], Linear.of(start).plus(j * lanes), *axes[lane:])

        def part(j: int) -> int | None:
            return valid if j == count - 1 else None

        def step(red: list[Linear], acc: list[Val]) -> list[Val]:
            out = list(acc)
            shared: dict[object, Val] = {}
            for c in range(chains):
                here = [*red[:-1], red[-1].times(chains).plus(c)]
                for j in range(count):
                    p = Point(scope, (*spot(j), *here), lane, part(j), {}, shared)
                    value = f.broadcast(p.value(x, identity), lanes)
                    k = j * chains + c
                    out[k] = combine(f, v.data[0], v, out[k], value)
            return out

        extents = [*reduced[:-1], last // chains]
        acc = _fold(scope, extents, [zero] * (count * chains), step)
        for j in range(count):
            total = _tree(f, v, acc[j * chains : (j + 1) * chains])
            p = Point(scope, spot(j), lane, part(j), {v.id: total})
            _epilogue(kernel, scope, p)

    vectors = -(-width // lanes)
    tail = width % lanes or None
    step = COLUMN_BLOCK * lanes
    full = (width // lanes) // COLUMN_BLOCK * COLUMN_BLOCK

    def row(axes: list[Linear]) -> None:
        mine = part(share, lane)
        low, high = own_blocks(f, mine, width, step)
        f.loop(low, high, step, lambda i, _: block(axes, i, COLUMN_BLOCK, None))
        if vectors > full:
            rest = full * lanes
            owned(f, mine, width, rest, lambda: block(axes, rest, vectors - full, tail))

    nest(f, [v.shape[a] for a in others], row, share, others)


def _across(kernel: Kernel, scope: Scope, lane: int, share: Share | None) -> None:
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    kept, x = len(v.shape), v.args[0]
    width = x.shape[lane]
    others = [n for a, n in enumerate(x.shape) if a >= kept and a != lane]
    kind = v.data[0]
    identity = Affine.identity(len(x.shape))
    chains = min(4, max(1, width // lanes))
    step = lanes * chains
    whole = width // step * step
    t = type_of(v.dtype).vec(lanes)
    zero = identity_of(kind, v, f, t)

    def row(axes: list[Linear]) -> None:
        def spot(red: list[Linear], i: Linear) -> tuple[Linear, ...]:
            r = lane - kept
            return (*axes, *red[:r], i, *red[r:])

        def take(
            red: list[Linear], i: Linear, valid: int | None, acc: Val, memo: dict[object, Val]
        ) -> Val:
            p = Point(scope, spot(red, i), lane, valid, {}, memo)
            value = f.broadcast(p.value(x, identity), lanes)
            if valid is not None:
                value = f.select(f.lane_mask(valid, lanes), value, zero)
            return combine(f, kind, v, acc, value)

        def line(red: list[Linear], acc: list[Val]) -> list[Val]:
            def body(i: Index, carried: list[Val]) -> list[Val]:
                memo: dict[object, Val] = {}
                return [
                    take(red, Linear.of(i).plus(c * lanes), None, a, memo)
                    for c, a in enumerate(carried)
                ]

            acc = f.loop(0, whole, step, body, acc)
            for n, j in enumerate(range(whole, width, lanes)):
                c = n % chains
                valid = width - j if width - j < lanes else None
                acc[c] = take(red, Linear(j), valid, acc[c], {})
            return acc

        acc = _fold(scope, others, [zero] * chains, line)
        total = f.lane(_finish(f, v, _tree(f, v, acc)), 0)
        _epilogue(kernel, scope, Point(scope, tuple(axes), -1, None, {v.id: total}))

    nest(f, v.shape, row, share)


def _packed(
    kernel: Kernel, inline: Inlined, scope: Scope, lane: int, packed: int, share: Share | None
) -> None:
    """Reduce with several positions along the axis ``packed`` in each vector."""
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    kept, shape = len(v.shape), v.args[0].shape
    width = shape[lane]
    together = lanes // width
    groups = shape[packed] // together
    chains = math.gcd(groups, 4)
    others = [a for a in range(kept) if a != lane]
    further = [a for a in range(kept, len(shape)) if a not in (lane, packed)]
    zero = identity_of(v.data[0], v, f, type_of(v.dtype).vec(lanes))

    def row(axes: list[Linear]) -> None:
        there = dict(zip(others, axes, strict=True))

        def step(red: list[Linear], acc: list[Val]) -> list[Val]:
            here = {**there, lane: Linear(0), **dict(zip(further, red, strict=False))}
            shared: dict[object, Val] = {}
            out = []
            for c, before in enumerate(acc):
                here[packed] = red[-1].times(chains).plus(c).times(together)
                p = Point(scope, tuple(here[a] for a in range(len(shape))), lane, None, {}, shared)
                value = packed_value(v, inline, scope, p, packed)
                out.append(combine(f, v.data[0], v, before, value))
            return out

        def whole() -> None:
            extents = [*(shape[a] for a in further), groups // chains]
            total = _tree(f, v, _fold(scope, extents, [zero] * chains, step))
            if lane < kept:
                spot = tuple(there.get(a, Linear(0)) for a in range(kept))
                given = {v.id: folded(scope, v, total, width)}
                _epilogue(kernel, scope, Point(scope, spot, lane, width, given))
            else:
                given = {v.id: f.lane(_finish(f, v, total), 0)}
                _epilogue(kernel, scope, Point(scope, tuple(axes), -1, None, given))

        if lane < kept:
            owned(f, part(share, lane), width, 0, whole)
        else:
            whole()

    nest(f, [v.shape[a] for a in others], row, share, others)
