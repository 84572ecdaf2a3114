"""How a kernel is shared among threads: outputs are divided, sums never.

Every thread runs the same kernel on its own part of some outer loop. Which instructions compute an
element does not depend on who runs them, so results have the same bits for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..ir import BOOL, I32, I64, PTR, VOID, Function, Index, Module, Val

__all__ = ["Share", "Turn", "barrier", "by_last", "portion"]

_SPINS = 500


class Share(NamedTuple):
    """Which thread this is, of how many (values of type i64)."""

    thread: Val
    threads: Val


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


def portion(f: Function, count: int, share: Share | None) -> tuple[Index, Index]:
    """Return the part of ``range(count)`` that is this thread's."""
    if share is None:
        return 0, count
    low = f.binary("udiv", f.index(f.imul(share.thread, count)), share.threads)
    after = f.iadd(share.thread, 1)
    high = f.binary("udiv", f.index(f.imul(after, count)), share.threads)
    return low, high


def by_last(f: Function, share: Share | None, body: Callable[[], None]) -> None:
    """Write what only the last thread does (it has the odd end of a loop)."""
    if share is None:
        body()
        return
    last = f.compare("eq", f.index(f.iadd(share.thread, 1)), share.threads)
    f.when(last, body)


def barrier(module: Module, is_x86: bool) -> str:
    """Write ``barrier(counter, target)``: wait until the counter has reached the target.

    Each thread adds one, then spins for a while (a barrier among running threads takes some
    hundred nanoseconds) and from then on gives up its core between looks, so that a thread that
    was descheduled is not kept waiting by those that wait for it.
    """
    f = Function(module, "barrier", [("counter", PTR, ""), ("target", I64, "")])
    counter, target = f.args
    f.emit(I64, f"atomicrmw add ptr {counter.text}, i64 1 acq_rel, align 8")
    head, spin, rest, again, done = (f.label() for _ in range(5))
    before = f.block
    f.do(f"br label %{head}")
    f.start(head)
    n, after = Val(f.fresh(), I64), Val(f.fresh(), I64)
    f.do(f"{n.text} = phi i64 [ 0, %{before} ], [ {after.text}, %{again} ]")
    seen = f.emit(I64, f"load atomic i64, ptr {counter.text} acquire, align 8")
    f.do(f"br i1 {f.compare('uge', seen, target).text}, label %{done}, label %{spin}")
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
    return module.add(f)
