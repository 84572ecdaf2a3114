"""The memory plan: offsets in the arena, shared by values whose lives do not overlap.

A value lives from the kernel that writes it to the last one that reads it; constants and what is
kept over a loop live throughout. The largest buffers are placed first, each at the lowest offset
where nothing that lives at the same time is in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .inlining import leaves
from .program import Value, base_of
from .schedule import Schedule
from .target import Target

if TYPE_CHECKING:
    from .plan import Buffer, Plan

__all__ = ["place"]


def place(
    plan: Plan,
    schedule: Schedule,
    target: Target,
    base: int,
    moments: Sequence[int] | None = None,
) -> None:
    """Give every arena buffer an offset; buffers whose lives do not overlap share memory.

    Parameters
    ----------
    moments : sequence of int, optional
        When each kernel of the plan runs; without it one after the other. Among threads all that
        is between two barriers runs at one moment, and what comes before the first barrier of a
        step (moment 0) at the same time as what comes after the last of the step before.
    """
    times = range(len(plan.kernels)) if moments is None else moments
    end = max(times, default=0) + (moments is None)
    last: dict[int, int] = {}
    first: dict[int, int] = {}
    by_buffer: dict[int, Buffer] = {}
    owner: dict[int, int] = {}
    for v_id, b in plan.buffers.items():
        by_buffer[id(b)] = b
        owner[v_id] = id(b)

    def see(v: Value, when: int) -> None:
        while v.kind == "reshape":
            v = v.args[0]
        if v.id in owner:
            last[owner[v.id]] = max(when, last.get(owner[v.id], when))

    inline = schedule.inline
    for when, kernel in zip(times, plan.kernels, strict=True):
        for root in kernel.roots:
            for a, _, _ in leaves(root, inline):
                see(a, when)
            product = plan.products.get(root.id)
            for a in product.operands if product else ():
                see(base_of(a)[0], when)
        for root in kernel.stored:
            first.setdefault(owner[root.id], when)
            see(root, when)
        for copy_id, copier in plan.copies.items():
            if copier is kernel:
                first.setdefault(owner[copy_id], when)
    for v in schedule.program.roots:
        see(v, end)
    kept = {owner[k.anchor.id] for k in plan.once}
    slack = 2 * target.vector_bits // 8
    align = 64
    placed: list[tuple[int, int, int, int]] = []  # start, stop, first, last
    todo = [b for b in by_buffer.values() if b.space in ("arena", "const")]
    todo.sort(key=lambda b: -b.bytes)
    top = 0
    for b in todo:
        size = -(-(b.bytes + slack) // align) * align
        lasting = b.space == "const" or id(b) in kept
        alive = (-1, end + 1) if lasting else (first[id(b)], last[id(b)])
        round_end = moments is not None and alive[1] == end
        clashes = sorted(
            p
            for p in placed
            if (p[2] <= alive[1] and alive[0] <= p[3])
            or (round_end and p[2] <= 0)
            or (moments is not None and alive[0] <= 0 and p[3] == end)
        )
        start = 0
        for p in clashes:
            if p[0] - start >= size:
                break
            start = max(start, p[1])
        b.offset = start
        placed.append((start, start + size, *alive))
        top = max(top, start + size)
    for b in todo:
        b.offset += base
    plan.arena = base + top + 4096
