"""A check that threads meet wherever they have to, on the addresses they will use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import CompileError
from ..inlining import Inlined
from ..plan import Buffer, Plan
from .meetings import Division
from .touches import Task, Touch, cross

__all__ = ["check_meetings"]

_GAP = 64  # bytes: rows of padded buffers end in a gap that whole vectors are written to


class _Placed(NamedTuple):
    """A touch and the bytes it reaches: of each thread, and of all of them."""

    task: Task
    touch: Touch
    low: np.ndarray
    high: np.ndarray
    first: int
    after: int


def _block(buffer: Buffer) -> tuple[str, int]:
    """Return which block of memory a buffer lies in."""
    return (buffer.space, buffer.number) if buffer.space in ("input", "state") else ("arena", 0)


def _placed(task: Task, touch: Touch) -> _Placed | None:
    """Return a touch with the bytes it reaches; None if no thread touches anything."""
    buffer = touch.buffer
    strides = np.array(buffer.layout.strides or (0,), np.int64).reshape(-1, 1)
    size = buffer.dtype.itemsize
    there = (touch.high > touch.low).all(0)
    if not there.any():
        return None
    start = max(buffer.offset, 0)
    low = start + (touch.low * strides).sum(0) * size
    high = start + (((touch.high - 1) * strides).sum(0) + 1) * size
    if buffer.layout.padded:
        high = np.minimum(high + _GAP, start + max(buffer.bytes, 1))
    low, high = np.where(there, low, 1), np.where(there, high, 0)
    return _Placed(task, touch, low, high, int(low[there].min()), int(high[there].max()))


def _clash(a: _Placed, b: _Placed) -> bool:
    """Tell whether a thread touches what another does, in one buffer or in two at one place."""
    if not (a.touch.write or b.touch.write) or a.after <= b.first or b.after <= a.first:
        return False
    if a.touch.buffer is b.touch.buffer:
        return cross(a.touch, b.touch)
    meet = (a.low[:, None] < b.high[None, :]) & (b.low[None, :] < a.high[:, None])
    return bool((meet & ~np.eye(len(meet), dtype=bool)).any())


def check_meetings(division: Division, plan: Plan, inline: Inlined) -> None:
    """Check that no thread touches what another one writes without a barrier between.

    The step is gone through twice, as its end runs into its beginning.

    Raises
    ------
    CompileError
        Naming the two kernels between which threads would have to meet.
    """
    if division.turns and not division.barriers:
        raise CompileError("threads never meet in a step: a defect of the division among threads")
    found = [
        [p for t in turn.task.touches(plan, inline, turn.split) if (p := _placed(turn.task, t))]
        for turn in division.turns
    ]
    recent: dict[tuple[str, int], list[_Placed]] = {}  # since the last barrier, by block
    for turn, touches in [*zip(division.turns, found, strict=True)] * 2:
        if turn.meet:
            recent = {}
        for p in touches:
            recent.setdefault(_block(p.touch.buffer), []).append(p)
        for p in touches:
            for old in recent[_block(p.touch.buffer)]:
                if _clash(p, old):
                    raise CompileError(
                        f"{division.threads} threads need a barrier between {old.task} and "
                        f"{turn.task}, which meet in {p.touch.buffer.space} memory, and have none: "
                        "a defect of the division among threads. Call with threads=1, and report it."
                    )
