"""Reductions over narrow rows that lie one behind the other: several rows in a vector.

A sum over 80 rows of four numbers with a row to a vector takes 80 steps with a quarter of the lanes
used, one waiting for the other. Four rows at a time it takes 20, and the rows of the vector are added up
at the end. What has one row for all of them (a bias) is repeated in the vector.
"""

from __future__ import annotations

from ..inlining import Inlined, leaves
from ..ir import Val, type_of
from ..program import Affine, Value
from .loops import combine
from .point import Point, Scope

__all__ = ["folded", "packed_axis", "packed_value"]


def packed_axis(v: Value, inline: Inlined, scope: Scope, lane: int) -> int | None:
    """Return the reduced axis of which several positions fit a vector with ``lane``, if any does.

    Everything that is read must lie without gaps along both axes, or be the same along the first.
    """
    x = v.args[0]
    width = x.shape[lane]
    if not 2 <= width <= scope.lanes // 2 or scope.lanes % width:
        return None
    for axis in range(len(v.shape), len(x.shape)):
        if axis == lane or x.shape[axis] % (scope.lanes // width):
            continue
        if all(_packs(a, at, how, scope, lane, axis, width) for a, at, how in leaves(v, inline)):
            return axis
    return None


def _packs(a: Value, at: Affine, how: str, scope: Scope, lane: int, axis: int, width: int) -> bool:
    """Tell whether several positions along ``axis`` of an operand can be loaded as one vector."""
    if a.scalar is not None:
        return True
    access = scope.access(a)
    if how != "point" or access is None or access.listed:
        return False
    along, down = _steps(access.layout.strides, at, lane, axis)
    return (along, down) in ((1, width), (1, 0), (0, 0))


def _steps(strides: tuple[int, ...], at: Affine, lane: int, axis: int) -> tuple[int, int]:
    """Return how far apart neighbours along two axes lie in memory, in elements."""
    along, down = (
        sum(row[o] * s for row, s in zip(at.matrix, strides, strict=True)) for o in (lane, axis)
    )
    return along, down


def packed_value(v: Value, inline: Inlined, scope: Scope, p: Point, axis: int) -> Val:
    """Return the operand of a reduction at ``p`` and the positions along ``axis`` after it.

    Position ``r`` after ``p`` takes the ``r``-th share of the lanes.
    """
    f, lanes = scope.f, scope.lanes
    width = v.args[0].shape[p.lane]
    for a, at, _ in leaves(v, inline):
        access = None if a.scalar is not None else scope.access(a)
        if access is None or _steps(access.layout.strides, at, p.lane, axis) != (1, 0):
            continue  # what lies without gaps is loaded as ever
        total, step = p.offset(access, p.position(at))
        row = f.load(type_of(access.dtype).vec(width), p.address(access, total))
        key = ("load", access.pointer.text, total, step)
        p.shared[key] = f.shuffle(row, None, [i % width for i in range(lanes)])
    return f.broadcast(p.value(v.args[0], Affine.identity(len(p.axes))), lanes)


def folded(scope: Scope, v: Value, total: Val, width: int) -> Val:
    """Return a vector whose first ``width`` lanes are reductions over all shares of ``total``."""
    f, lanes = scope.f, scope.lanes
    count = lanes
    while count > width:
        count //= 2
        upper = f.shuffle(total, None, [(i + count) % lanes for i in range(lanes)])
        total = combine(f, v.data[0], v, total, upper)
    return total
