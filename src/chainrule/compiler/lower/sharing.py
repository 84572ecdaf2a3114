"""How a kernel is shared among threads: positions are divided, sums never.

Every thread runs the same kernel on its own stretch of one axis of the kernel's positions. Which
instructions compute an element does not depend on who runs them, so results have the same bits for
any number of threads. The stretches are known when the code is written (a :class:`Split`); code
finds its own by the thread's number.

``None`` in place of a :class:`Share` means one thread that has everything; the code is then the
same as if threads did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..ir import BOOL, I32, I64, PTR, VOID, Function, Index, Module, Val

__all__ = [
    "LINE",
    "Share",
    "Split",
    "Turn",
    "barrier",
    "choose",
    "longest",
    "own_blocks",
    "owned",
    "part",
    "span",
    "strips",
    "when_any",
]

_SPINS = 500
LINE = 128  # bytes between what two threads write: lines are fetched in pairs


class Split(NamedTuple):
    """How the positions of a kernel are divided.

    Attributes
    ----------
    axis : int
        The axis that is cut; -1 if one thread does everything.
    bounds : tuple of int
        Thread ``t`` has ``bounds[t] … bounds[t + 1] - 1`` of the axis (of one position, if the
        axis is -1).
    first, inner : int
        If the axis stands for several that lie one behind the other: the first of them, and how
        many positions one of its has.
    """

    axis: int
    bounds: tuple[int, ...]
    first: int = -1
    inner: int = 1

    @property
    def threads(self) -> int:
        """Number of threads."""
        return len(self.bounds) - 1

    @property
    def lengths(self) -> list[int]:
        """How much each thread has."""
        return [b - a for a, b in pairwise(self.bounds)]


class Share(NamedTuple):
    """Which thread this is (a value of type i64), and how positions are divided."""

    thread: Val
    split: Split


class Turn(NamedTuple):
    """Which run of a kernel this is (a value of type i64), of how many."""

    number: Val
    runs: int

    def first(self, f: Function, body: Callable[[], None]) -> None:
        """Write what only the first run does."""
        f.when(f.compare("eq", self.number, Val("0", I64)), body)

    def last(self, f: Function, body: Callable[[], None]) -> None:
        """Write what only the last run does."""
        f.when(f.compare("eq", self.number, Val(str(self.runs - 1), I64)), body)


def part(share: Share | None, axis: int) -> Share | None:
    """Return the share if it is a cut along this axis, else None: all of the axis is mine."""
    return share if share is not None and share.split.axis == axis else None


def choose(f: Function, share: Share | None, values: Sequence[int]) -> Index:
    """Return this thread's entry of a table."""
    if len(set(values)) == 1:
        return values[0]
    assert share is not None
    table = f.table(values, I64)
    return f.emit(I64, f"extractelement {table.typed}, i64 {share.thread.text}")


def when_any(
    f: Function, share: Share | None, holds: Sequence[bool], body: Callable[[], None]
) -> None:
    """Write what only the threads do for which ``holds`` is true."""
    if all(holds):
        body()
    elif any(holds):
        mine = choose(f, share, [int(h) for h in holds])
        f.when(f.compare("ne", f.index(mine), Val("0", I64)), body)


def _bounds(share: Share | None, extent: int) -> tuple[int, ...]:
    return (0, extent) if share is None else share.split.bounds


def longest(share: Share | None, extent: int) -> int:
    """Return the length of the longest stretch."""
    bounds = _bounds(share, extent)
    return max(1, *(b - a for a, b in pairwise(bounds)))


def span(f: Function, share: Share | None, extent: int) -> tuple[Index, Index]:
    """Return where this thread's stretch begins and ends."""
    bounds = _bounds(share, extent)
    return choose(f, share, bounds[:-1]), choose(f, share, bounds[1:])


def own_blocks(f: Function, share: Share | None, extent: int, size: int) -> tuple[Index, Index]:
    """Return this thread's stretch of the whole blocks of ``size``; cuts lie between blocks."""
    bounds = [min(b, extent // size * size) for b in _bounds(share, extent)]
    assert all(b % size == 0 for b in bounds), (bounds, size)
    return choose(f, share, bounds[:-1]), choose(f, share, bounds[1:])


def owned(
    f: Function, share: Share | None, extent: int, position: int, body: Callable[[], None]
) -> None:
    """Write what is done by the thread that has a position."""
    bounds = _bounds(share, extent)
    pairs = pairwise(bounds)
    when_any(f, share, [low <= position < high for low, high in pairs], body)


def strips(
    f: Function, share: Share | None, extent: int, size: int
) -> tuple[Index, Index, list[tuple[int, list[bool]]]]:
    """Return where this thread's strips of ``size`` begin and end, and what rests there are.

    Cuts may lie anywhere: with each length of rest comes which threads have it, after the strips.
    """
    pairs = list(pairwise(_bounds(share, extent)))
    ends = [low + (high - low) // size * size for low, high in pairs]
    rests = [high - end for (_, high), end in zip(pairs, ends, strict=True)]
    found = [(rest, [r == rest for r in rests]) for rest in sorted(set(rests) - {0})]
    return choose(f, share, [low for low, _ in pairs]), choose(f, share, ends), found


def barrier(module: Module, is_x86: bool, threads: int) -> str:
    """Write ``barrier(lines, thread, turn)``: wait until every thread has come to this turn.

    Each thread writes the turn to a line of its own and reads the others', so that one transfer
    of a line from core to core is all that is waited for. It spins for a while and from then on
    gives up its core between looks, so that a thread that was descheduled is not kept waiting by
    those that wait for it.
    """
    f = Function(module, "barrier", [("lines", PTR, ""), ("thread", I64, ""), ("turn", I64, "")])
    lines, thread, turn = f.args
    mine = f.at(lines, f.imul(thread, LINE))
    f.do(f"store atomic i64 {turn.text}, ptr {mine.text} release, align 8")

    def other(q: Index, _: list[Val]) -> None:
        place = f.at(lines, f.imul(q, LINE))
        head, spin, rest, again, done = (f.label() for _ in range(5))
        before = f.block
        f.do(f"br label %{head}")
        f.start(head)
        n, after = Val(f.fresh(), I64), Val(f.fresh(), I64)
        f.do(f"{n.text} = phi i64 [ 0, %{before} ], [ {after.text}, %{again} ]")
        seen = f.emit(I64, f"load atomic i64, ptr {place.text} acquire, align 8")
        f.do(f"br i1 {f.compare('sge', seen, turn).text}, label %{done}, label %{spin}")
        f.start(spin)
        if is_x86:
            f.call(VOID, "llvm.x86.sse2.pause", [])
        f.do(f"{after.text} = add i64 {n.text}, 1")
        tired = f.emit(BOOL, f"icmp ugt i64 {after.text}, {_SPINS}")
        f.do(f"br i1 {tired.text}, label %{rest}, label %{again}")
        f.start(rest)
        module.declare("declare i32 @sched_yield()")
        f.emit(I32, "call i32 @sched_yield()")
        f.do(f"br label %{again}")
        f.start(again)
        f.do(f"br label %{head}")
        f.start(done)

    f.loop(0, threads, 1, other)
    return module.add(f)
