"""Copies between layouts whose lanes run along different axes, by transposes in registers.

Blocks of as many rows as a vector has lanes are loaded, exchanged pairwise in log2(lanes) rounds
and stored: every load and store is a whole vector.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import Function, Index, Val, type_of
from ..program import Affine, Value
from .loops import Shape, nest, steps_of
from .point import Access, Linear, Point, Scope
from .sharing import Share, own_blocks, owned, part

__all__ = ["emit_transpose", "transpose_axes", "transpose_block"]


def transpose_block(f: Function, rows: list[Val]) -> list[Val]:
    """Return the columns of a square block given by its rows."""
    lanes = len(rows)
    half = 1
    while half < lanes:
        low = [i if not i & half else lanes + i - half for i in range(lanes)]
        high = [i + half if not i & half else lanes + i for i in range(lanes)]
        for i in range(lanes):
            if not i & half:
                a, b = rows[i], rows[i + half]
                rows[i], rows[i + half] = f.shuffle(a, b, low), f.shuffle(a, b, high)
        half *= 2
    return rows


def transpose_axes(
    root: Value, source: Value, at: Affine, domain: Shape, scope: Scope
) -> tuple[int, int] | None:
    """Return (lane axis of the copy, axis its source runs along) if ``root`` is a transpose.

    ``domain`` is that of the copy, with what lies together taken as one axis.
    """
    to, of = scope.access(root), scope.access(source)
    if to is None or of is None or len(root.shape) < 2 or to.dtype.itemsize != 4:
        return None
    lane = to.layout.lane
    steps = steps_of(of, at, len(domain))
    units = [o for o, s in enumerate(steps) if s == 1 and domain[o] > 1]
    if len(units) != 1 or units[0] == lane:
        return None
    if domain[lane] < scope.lanes or domain[units[0]] < scope.lanes:
        return None
    return lane, units[0]


def emit_transpose(
    root: Value,
    source: Value,
    at: Affine,
    axes: tuple[int, int],
    domain: Shape,
    scope: Scope,
    share: Share | None = None,
) -> None:
    """Write the copy; edges that do not fill a block overlap the block before them."""
    f, lanes = scope.f, scope.lanes
    lane, along = axes
    to, of = scope.access(root), scope.access(source)
    assert to is not None
    assert of is not None
    t = type_of(to.dtype).vec(lanes)
    identity = Affine.identity(len(root.shape))
    others = [a for a in range(len(domain)) if a not in axes]

    def place(outer: list[Linear], i: Linear, j: Linear) -> tuple[Linear, ...]:
        rest = iter(outer)
        return tuple(
            i if a == lane else j if a == along else next(rest) for a in range(len(root.shape))
        )

    def address(access: Access, where: Affine, spot: tuple[Linear, ...], p: Point) -> Val:
        q = Point(scope, spot, -1, None, {}, p.shared)
        offset, _ = q.offset(access, q.position(where))
        return q.address(access, offset)

    def block(outer: list[Linear], i: Index, j: Index) -> None:
        shared = Point(scope, place(outer, Linear.of(i), Linear.of(j)), -1)
        rows = [
            f.load(
                t,
                address(of, at, place(outer, Linear.of(i).plus(r), Linear.of(j)), shared),
            )
            for r in range(lanes)
        ]
        for r, column in enumerate(transpose_block(f, rows)):
            spot = place(outer, Linear.of(i), Linear.of(j).plus(r))
            f.store(column, address(to, identity, spot, shared))

    def strip(outer: list[Linear], i: Index) -> None:
        cut(along, lambda j: block(outer, i, j))

    def cut(axis: int, body: Callable[[Index], None]) -> None:
        n, mine = domain[axis], part(share, axis)
        low, high = own_blocks(f, mine, n, lanes)
        f.loop(low, high, lanes, lambda i, _: body(i))
        if n % lanes:
            # Who has the odd end has the block before it too, which this one overlaps.
            owned(f, mine, n, n - 1, lambda: body(n - lanes))

    def row(outer: list[Linear]) -> None:
        cut(lane, lambda i: strip(outer, i))

    nest(f, [domain[a] for a in others], row, share, others)
