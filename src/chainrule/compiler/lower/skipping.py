"""Products over windows of zero-padded arrays, without the taps that read padding.

The gradient in a convolution's input is a product over windows of the output's gradient, padded
with zeros: for a kernel of 5 and 8 outputs, 2.25 times the multiplications needed. At each place the
range of taps that read the array itself is known before the loop over them; only those are run.
Lanes run along an axis that no window moves on (samples), the channel is the innermost sum.
"""

from __future__ import annotations

from ..ir import I64, Function, Index, Val, type_of
from ..plan import Product
from ..program import Affine, Value, base_of
from ..schedule import Kernel
from ..structure import Taps, around, skipped_taps
from ..target import Target
from .loops import _store_all, nest
from .operands import Operand
from .point import Linear, Point, Scope
from .sharing import Share
from .tiles import tile_rows, tile_vectors

__all__ = ["emit_skipping", "skipping_loops"]

_UNROLL = 2


def skipping_loops(v: Value) -> list[int]:
    """Return the axes looped over one position at a time: all but the tile's rows and the lanes."""
    rows = v.data[1]
    return [*range(rows - 1), *range(rows, len(v.shape) - 1)]


def emit_skipping(
    kernel: Kernel,
    product: Product,
    scope: Scope,
    target: Target,
    share: Share | None = None,
) -> None:
    """Write a kernel whose value has taps to skip, lanes along its columns."""
    v = kernel.anchor
    taps = skipped_taps(v)
    f, lanes = scope.f, scope.lanes
    _, rows, _, inner = v.data
    left, right = Operand.of(product.operands[0], scope), _inside(product.operands[1], scope)
    size = v.dtype.itemsize
    t = type_of(v.dtype).vec(lanes)
    extents = v.args[0].shape[rows:]
    lane = len(v.shape) - 1
    width, tall = v.shape[lane], v.shape[rows - 1]
    loops = skipping_loops(v)
    vectors = -(-width // lanes)
    tail = width % lanes or None
    strides = [*left.strides[:rows], *right.strides[inner:]]
    # The tap axes first, whatever is summed besides after them.
    order = [k for k in range(inner) if k in taps] + [k for k in range(inner) if k not in taps]

    def body(outer: list[Linear]) -> None:
        where = dict(zip(loops, outer, strict=True))
        p0 = left.address(f, [(_raw(where[a]), strides[a]) for a in loops if a < rows])
        q0 = right.address(f, [(_raw(where[a]), strides[a]) for a in loops if a >= rows])
        bounds = {k: _range(f, taps[k], _raw(where[taps[k].place])) for k in taps}

        def tile(i: Index, count: int, j: int, nv: int) -> None:
            step_row = strides[rows - 1] * size
            p = f.at(p0, f.imul(i, step_row))
            q = f.at(q0, j * lanes * size)

            def valid(n: int) -> int | None:
                return tail if j + n == vectors - 1 else None

            def step(p: Val, q: Val, acc: list[Val]) -> list[Val]:
                xs = [
                    f.load(t, f.at(q, n * lanes * size), None if right.access.slack else valid(n))
                    for n in range(nv)
                ]
                made = []
                for r in range(count):
                    w = f.broadcast(f.load(t.scalar, f.at(p, r * step_row)), lanes)
                    made += [f.fma(w, xs[n], acc[r * nv + n]) for n in range(nv)]
                return made

            def deep(level: int, p: Val, q: Val, acc: list[Val]) -> list[Val]:
                if level == inner:
                    return step(p, q, acc)
                k = order[level]
                da, db = left.strides[rows + k] * size, right.strides[k] * size
                if k in taps:
                    low, high = bounds[k]
                    p, q = f.at(p, f.imul(low, da)), f.at(q, f.imul(low, db))
                    unroll, whole, rest = 1, high, 0
                else:
                    unroll = _UNROLL if level == inner - 1 and extents[k] >= _UNROLL else 1
                    low, whole = 0, extents[k] // unroll * unroll
                    rest = extents[k] - extents[k] // unroll * unroll

                def turn(_: Index, c: list[Val]) -> list[Val]:
                    p, q, acc = c[0], c[1], c[2:]
                    for u in range(unroll):
                        acc = deep(level + 1, f.at(p, u * da), f.at(q, u * db), acc)
                    return [f.at(p, unroll * da), f.at(q, unroll * db), *acc]

                done = f.loop(low, whole, unroll, turn, [p, q, *acc])
                p, q, acc = done[0], done[1], done[2:]
                for u in range(rest):
                    acc = deep(level + 1, f.at(p, u * da), f.at(q, u * db), acc)
                return acc

            acc = deep(0, p, q, [f.like(0.0, Val("", t))] * (count * nv))
            shared: dict[object, Val] = {}
            for r in range(count):
                for n in range(nv):
                    there = {
                        **where,
                        rows - 1: Linear.of(i).plus(r),
                        lane: Linear((j + n) * lanes),
                    }
                    spot = tuple(there[a] for a in range(len(v.shape)))
                    given = {v.id: acc[r * nv + n]}
                    point = Point(scope, spot, lane, valid(n), given, shared)
                    for root in kernel.roots[1:]:
                        point.given[root.id] = point._map(root, Affine.identity(len(root.shape)))
                    _store_all(kernel.stored, scope, point)

        depth = 1
        for n in extents:
            depth *= n
        at = 0
        for nv in tile_vectors(vectors):
            height = tile_rows(tall, nv, depth, target)
            whole = tall // height * height

            def turn(i: Index, _: list[Val], at: int = at, nv: int = nv, h: int = height) -> None:
                tile(i, h, at, nv)

            f.loop(0, whole, height, turn)
            if tall - whole:
                tile(whole, tall - whole, at, nv)
            at += nv

    nest(f, [v.shape[a] for a in loops], body, share, loops)


def _inside(v: Value, scope: Scope) -> Operand:
    """Return the operand; of an array with zeros that are stored nowhere, the array itself."""
    base, at = base_of(v)
    if scope.access(base) is not None:
        return Operand.of(v, scope)
    inside = around(base)
    assert inside is not None
    block, starts = inside
    moved = tuple(a - b for a, b in zip(at.starts, starts, strict=True))
    return Operand.reading(block, Affine(moved, at.matrix), len(v.shape), scope)


def _range(f: Function, taps: Taps, place: Index) -> tuple[Index, Index]:
    """Return the first tap that reads the array at a place, and the one after the last."""

    def clamp(i: Index) -> Index:
        if isinstance(i, int):
            return min(max(i, 0), taps.number)
        low = f.intrinsic("smax", i, Val("0", I64))
        return f.intrinsic("smin", low, Val(str(taps.number), I64))

    at = f.iadd(f.imul(place, taps.step), taps.start)  # position in the array of tap 0
    if taps.forward:
        minus = f.iadd(f.imul(place, -taps.step), -taps.start)
        return clamp(minus), clamp(f.iadd(minus, taps.length))
    return clamp(f.iadd(at, 1 - taps.length)), clamp(f.iadd(at, 1))


def _raw(i: Linear) -> Index:
    """Return a loop's index, which is a constant or one run-time value."""
    return i.constant if not i.terms else i.terms[0][0]
