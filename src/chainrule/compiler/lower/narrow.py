"""Row kernels over narrow rows: lanes along the rows, one vector per column.

A row of ten numbers fills ten of sixteen lanes, and reducing it takes four rounds of shuffles with
nothing to overlap. Sixteen such rows at once are ten full vectors, and reductions along the row are
plain additions. Blocks are transposed in registers on the way in and out, as many columns at a time
as there are lanes. For a softmax with cross-entropy over ten classes this takes a quarter of the
instructions.
"""

from __future__ import annotations

from ..inlining import Inlined, leaves
from ..ir import Index, Val, type_of
from ..program import Affine, Value
from ..schedule import Kernel
from .loops import _levels, _root_value, _tree
from .point import Access, Linear, Point, Scope
from .sharing import Share, own_blocks, owned
from .transposes import transpose_block

__all__ = ["emit_narrow", "is_narrow"]

_COLUMNS = 12  # of 32 registers


def is_narrow(kernel: Kernel, scope: Scope) -> bool:
    """Tell whether a row kernel should have its lanes along the rows."""
    if len(kernel.domain) != 2 or not any(r.kind == "reduce" for r in kernel.roots):
        return False
    rows, width = kernel.domain
    # every column of a block stays in a register
    most = max(scope.lanes, _COLUMNS) if scope.f.module.vector_bits >= 512 else scope.lanes
    return 1 < width <= most and rows >= scope.lanes


def emit_narrow(kernel: Kernel, inline: Inlined, scope: Scope, share: Share | None = None) -> None:
    """Write the kernel; threads share blocks of as many rows as there are lanes."""
    f, lanes = scope.f, scope.lanes
    rows, _ = kernel.domain
    low, high = own_blocks(f, share, rows, lanes)
    f.loop(low, high, lanes, lambda i, _: _block(kernel, inline, scope, i, lanes))
    if rows % lanes:
        rest = rows // lanes * lanes
        owned(f, share, rows, rest, lambda: _block(kernel, inline, scope, rest, rows % lanes))


def _block(kernel: Kernel, inline: Inlined, scope: Scope, start: Index, count: int) -> None:
    """Write the code for ``count`` rows from ``start`` on."""
    _, width = kernel.domain
    valid = None if count == scope.lanes else count
    shared: dict[object, Val] = {}
    row = Linear.of(start)
    given: dict[int, Val] = {}
    points = [Point(scope, (row, Linear(c)), 0, valid, {}, shared) for c in range(width)]
    _load_blocks(kernel, inline, scope, points, count)
    rows = Point(scope, (row,), 0, valid, given, shared)

    def know(v: Value, value: Val) -> None:
        given[v.id] = value
        for p in points:
            p.given[v.id] = value

    f = scope.f
    for functions, reductions in _levels(kernel):
        for r in reductions:
            identity = Affine.identity(2)
            parts = [f.broadcast(p.value(r.args[0], identity), scope.lanes) for p in points]
            know(r, _tree(f, r, parts))
        for r in functions:
            know(r, f.broadcast(rows._map(r, Affine.identity(1)), scope.lanes))
    for r in kernel.roots:
        access = scope.access(r) if r in kernel.stored else None
        if kernel.is_row_level(r):
            if access is not None:
                rows.store(access, Affine.identity(1), given[r.id], True)
            continue
        columns = [f.broadcast(_root_value(p, r), scope.lanes) for p in points]
        if access is not None:
            _store_block(scope, access, points, columns, count)


def _load_blocks(
    kernel: Kernel, inline: Inlined, scope: Scope, points: list[Point], count: int
) -> None:
    """Load every operand that lies row by row as a block, and hand its columns to the points."""
    f, lanes = scope.f, scope.lanes
    own = {r.id for r in kernel.roots}
    seen: set[int] = set()
    for root in kernel.roots:
        for a, at, how in leaves(root, inline):
            access = scope.access(a) if a.id not in own else None
            if access is None or how != "point" or a.id in seen or a.shape != kernel.domain:
                continue
            if not at.is_identity(a.shape, kernel.domain) or access.layout.strides[1] != 1:
                continue
            seen.add(a.id)
            p = points[0]
            total, step = p.offset(access, p.position(at))
            t = type_of(access.dtype).vec(lanes)
            for first in range(0, len(points), lanes):
                some = min(lanes, len(points) - first)
                part = None if access.slack else some
                lines = [
                    f.load(t, p.address(access, total.plus(r * step + first)), part)
                    for r in range(count)
                ]
                lines += [lines[-1]] * (lanes - count)
                for c, column in enumerate(transpose_block(f, lines)[:some], first):
                    key = ("load", access.pointer.text, total.plus(c), step)
                    p.shared[key] = column


def _store_block(
    scope: Scope, access: Access, points: list[Point], columns: list[Val], count: int
) -> None:
    """Store one vector per column as rows."""
    f, lanes = scope.f, scope.lanes
    p, identity = points[0], Affine.identity(2)
    total, step = p.offset(access, p.position(identity))
    if access.layout.strides[1] != 1:
        for q, column in zip(points, columns, strict=True):
            q.store(access, identity, column, True)
        return
    for first in range(0, len(columns), lanes):
        some = columns[first : first + lanes]
        block = some + [some[-1]] * (lanes - len(some))
        part = None if access.layout.padded else len(some)
        for r, line in enumerate(transpose_block(f, block)[:count]):
            f.store(line, p.address(access, total.plus(r * step + first)), part)
