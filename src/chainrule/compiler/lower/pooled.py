"""Products followed by pooling: a tile holds whole windows, and only what is pooled is stored.

Per step of the inner loops a tile reads a vector per tap of a window or, where the windows lie along
the other operand, a number per tap. What follows element by element, the reduction over
the windows, and what follows that are done on the accumulators.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from ..ir import Index, Val, type_of
from ..plan import Product
from ..program import Affine, Value
from ..schedule import Kernel
from ..target import Target
from .loops import _store_all, combine, nest
from .operands import Operand
from .point import Linear, Point, Scope
from .sharing import Share
from .tiles import product_axes

__all__ = ["emit_pooled", "pooled_loops"]

_UNROLL = 2
Taps = tuple[int, ...]


class _Pooled:
    """The kernel being written."""

    def __init__(self, kernel: Kernel, product: Product, scope: Scope, target: Target) -> None:
        assert kernel.windows is not None
        self.kernel, self.scope, self.f, self.lanes = kernel, scope, scope.f, scope.lanes
        self.v = v = kernel.anchor
        self.windows = kernel.windows
        self.size = v.dtype.itemsize
        self.type = type_of(v.dtype).vec(scope.lanes)
        _, rows, _, inner = v.data
        left, right = (Operand.of(x, scope) for x in product.operands)
        self.extents = v.args[0].shape[rows:]
        sides = (left, left.strides[:rows], left.strides[rows:], range(rows))
        other = (right, right.strides[inner:], right.strides[:inner], range(rows, len(v.shape)))
        still, moving = (other, sides) if product.by_rows else (sides, other)
        self.still, still_strides, self.still_steps, still_axes = still
        self.moving, moving_strides, self.moving_steps, moving_axes = moving
        # How far the two operands move along every axis of the result.
        self.still_at = dict(zip(still_axes, still_strides, strict=True))
        self.moving_at = dict(zip(moving_axes, moving_strides, strict=True))
        self.lane = moving_axes[-1]
        self.tall = still_axes[-1]
        self.taps = list(itertools.product(*map(range, self.windows)))
        self.shape = tuple(n // w for n, w in zip(v.shape, self.windows, strict=True))
        vectors = -(-v.shape[self.lane] // scope.lanes)
        along_still = any(self.windows[a] > 1 for a in still_axes)
        self.wide = 2 if along_still and vectors > 1 else 1
        together = len(self.taps) * self.wide
        # Beside the accumulators, a vector per tap or the numbers of a window stay in registers.
        room = min(target.accumulators, target.registers - 2 - len(self.taps))
        most = max(1, room // together)
        count = self.shape[self.tall]
        self.height = -(-count // -(-count // most))  # tiles of about one size

    def offset(self, strides: dict[int, int], spot: Iterable[tuple[int, int]]) -> int:
        """Return how many bytes an operand moves by some steps along axes."""
        return sum(strides.get(a, 0) * n for a, n in spot) * self.size

    def base(self, operand: Operand, strides: dict[int, int], where: dict[int, Index]) -> Val:
        """Return the address of an operand at the first tap of a window."""
        return operand.address(
            self.f, [(i, strides[a] * self.windows[a]) for a, i in where.items() if a in strides]
        )

    def tile(
        self, where: dict[int, Index], count: int, j: Index, nv: int, tail: int | None
    ) -> None:
        """Write a tile: ``count`` windows by ``nv`` vectors."""
        f, size, lanes = self.f, self.size, self.lanes
        p = self.base(self.still, self.still_at, where)
        here = {a: i for a, i in where.items() if a != self.tall}
        q = f.at(self.base(self.moving, self.moving_at, here), f.imul(j, size))
        tap = {t: list(enumerate(t)) for t in self.taps}
        down = self.still_at[self.tall] * self.windows[self.tall] * size
        numbers = {
            (t, r): self.offset(self.still_at, tap[t]) + r * down
            for t in self.taps
            for r in range(count)
        }
        vectors = {
            (t, n): self.offset(self.moving_at, tap[t]) + n * lanes * size
            for t in self.taps
            for n in range(nv)
        }
        parts = [(t, r, n) for r in range(count) for t in self.taps for n in range(nv)]

        def step(p: Val, q: Val, acc: list[Val]) -> list[Val]:
            loaded = {
                to: f.load(self.type, f.at(q, to), self._valid(n, nv, tail))
                for (_, n), to in vectors.items()
            }
            spread: dict[int, Val] = {}
            made = []
            for (t, r, n), a in zip(parts, acc, strict=True):
                of = numbers[t, r]
                if of not in spread:
                    number = f.load(self.type.scalar, f.at(p, of))
                    spread[of] = f.broadcast(number, lanes)
                made.append(f.fma(spread[of], loaded[vectors[t, n]], a))
            return made

        def deep(k: int, p: Val, q: Val, acc: list[Val]) -> list[Val]:
            if k == len(self.extents):
                return step(p, q, acc)
            da, db = self.still_steps[k] * size, self.moving_steps[k] * size
            n = self.extents[k]
            unroll = _UNROLL if k == len(self.extents) - 1 and n >= _UNROLL else 1

            def turn(_: Index, c: list[Val]) -> list[Val]:
                p, q, acc = c[0], c[1], c[2:]
                for u in range(unroll):
                    acc = deep(k + 1, f.at(p, u * da), f.at(q, u * db), acc)
                return [f.at(p, unroll * da), f.at(q, unroll * db), *acc]

            whole = n // unroll * unroll
            p, q, *acc = f.loop(0, whole, unroll, turn, [p, q, *acc])
            for u in range(n - whole):
                acc = deep(k + 1, f.at(p, u * da), f.at(q, u * db), acc)
            return acc

        acc = deep(0, p, q, [f.like(0.0, Val("", self.type))] * len(parts))
        sums = dict(zip(parts, acc, strict=True))
        shared: dict[object, Val] = {}
        for r in range(count):
            for n in range(nv):
                place = self._place(where, r, Linear.of(j).plus(n * lanes))
                valid = tail if n == nv - 1 else None
                self._finish(place, valid, {t: sums[t, r, n] for t in self.taps}, shared)

    def _valid(self, n: int, nv: int, tail: int | None) -> int | None:
        return None if self.moving.access.slack or n < nv - 1 else tail

    def _place(self, where: dict[int, Index], r: int, column: Linear) -> tuple[Linear, ...]:
        """Return which window it is, axis by axis."""
        return tuple(
            column if a == self.lane else Linear.of(where[a]).plus(r if a == self.tall else 0)
            for a in range(len(self.shape))
        )

    def _finish(
        self,
        place: tuple[Linear, ...],
        valid: int | None,
        sums: dict[Taps, Val],
        shared: dict[object, Val],
    ) -> None:
        """Compute and store what follows the product, of one window."""
        scope, v = self.scope, self.v
        identity = Affine.identity(len(v.shape))
        pooled = next(n for n, r in enumerate(self.kernel.roots) if r.shape != v.shape)
        before, after = self.kernel.roots[1:pooled], self.kernel.roots[pooled:]
        window = Point(scope, place, self.lane, valid, {}, shared)
        spread = tuple(
            tuple(w if a == o else 0 for o in range(len(v.shape)))
            for a, w in enumerate(self.windows)
        )
        for tap, total in sums.items():
            spot = tuple(
                i.times(w).plus(t) for i, w, t in zip(place, self.windows, tap, strict=True)
            )
            p = Point(scope, spot, self.lane, valid, {v.id: total}, shared)
            for root in before:
                p.given[root.id] = p._map(root, identity)
            _store_all([r for r in self.kernel.stored if r is v or r in before], scope, p)
            for root in (v, *before):
                window.know(root, Affine(tap, spread), p.given[root.id])
        for root in after:
            window.given[root.id] = (
                self._reduced(root, window)
                if root.kind == "reduce"
                else window._map(root, identity)
            )
        _store_all([r for r in self.kernel.stored if r in after], scope, window)

    def _reduced(self, root: Value, window: Point) -> Val:
        """Return a reduction over the window."""
        x = root.args[0]
        kept = len(root.shape)
        rows = Affine.identity(kept).matrix + ((0,) * kept,) * (len(x.shape) - kept)
        parts = [
            window.value(x, Affine((0,) * kept + tap, rows))
            for tap in itertools.product(*map(range, x.shape[kept:]))
        ]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            odd = parts[-1:] if len(parts) % 2 else []
            parts = [combine(self.f, root.data[0], root, a, b) for a, b in pairs] + odd
        return parts[0]


def pooled_loops(kernel: Kernel, by_rows: bool) -> list[tuple[int, int]]:
    """Return the axes looped over one window at a time, and how many windows there are."""
    assert kernel.windows is not None
    v = kernel.anchor
    tall, lane, _ = product_axes(v, by_rows)
    shape = [n // w for n, w in zip(v.shape, kernel.windows, strict=True)]
    return [(a, n) for a, n in enumerate(shape) if a not in (lane, tall)]


def emit_pooled(
    kernel: Kernel,
    product: Product,
    scope: Scope,
    target: Target,
    share: Share | None = None,
) -> None:
    """Write a product whose results are pooled."""
    if 0 in kernel.anchor.shape:
        return
    k = _Pooled(kernel, product, scope, target)
    f, lanes = scope.f, scope.lanes
    width, count = k.v.shape[k.lane], k.shape[k.tall]
    whole = count // k.height * k.height
    loops = [a for a, _ in pooled_loops(kernel, product.by_rows)]

    def panel(there: dict[int, Index], j: Index, nv: int, tail: int | None) -> None:
        def turn(i: Index, _: list[Val]) -> None:
            k.tile({**there, k.tall: i}, k.height, j, nv, tail)

        f.loop(0, whole, k.height, turn)
        if count - whole:
            k.tile({**there, k.tall: whole}, count - whole, j, nv, tail)

    def body(outer: list[Linear]) -> None:
        there = {a: _raw(i) for a, i in zip(loops, outer, strict=True)}
        step = k.wide * lanes
        full = width // step * step
        f.loop(0, full, step, lambda j, _: panel(there, j, k.wide, None))
        for j in range(full, width, lanes):
            panel(there, j, 1, width - j if width - j < lanes else None)

    extents = [k.shape[a] for a in loops]
    assert math.prod(extents) > 0
    nest(f, extents, body, share, loops)


def _raw(i: Linear) -> Index:
    """Return a loop's index, which is a constant or one run-time value."""
    return i.constant if not i.terms else i.terms[0][0]
