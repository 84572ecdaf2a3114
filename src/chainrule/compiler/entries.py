"""The functions a module exports: one step, or steps in a loop, alone or with other threads.

``run(arena, table)``
    One step. ``table`` holds the addresses of inputs, then of states.
``epoch(arena, table, order, low, high)``
    Steps ``low`` to ``high`` over mini-batches; after the states ``table`` holds, per result, the
    address of a place for the results of all steps.
``profile(arena, table, ticks)``
    One step that adds each kernel's cycles to ``ticks``.

In a threaded module ``run`` and ``epoch`` take (thread, threads) as two more arguments and are
entered by every thread. A barrier stands before a kernel that touches memory some thread may still
be writing or reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from .ir import BOOL, I8, I32, I64, PTR, Function, Index, Module, Val
from .lower.sharing import Share, barrier, by_last, portion
from .plan import Buffer, Plan
from .schedule import Kernel
from .target import Target

__all__ = ["Entries", "KernelCall", "Run"]

External = tuple[str, int]


@dataclass
class KernelCall:
    """A kernel's function, the buffers it is called with, and those among them it writes.

    One that is ``turned`` is told which run it is.
    """

    kernel: Kernel
    function: str
    buffers: list[Buffer]
    written: list[Buffer]
    turned: bool = False


def flush_subnormals(f: Function, target: Target, body: Callable[[], None]) -> None:
    """Run ``body`` with subnormal numbers treated as zero, as training loops want it.

    A product whose operands fade to 1e-40 would otherwise run many times slower on some machines.
    The caller's mode is restored.
    """
    if not target.is_x86:
        body()
        return
    f.module.declare("declare void @llvm.x86.sse.stmxcsr(ptr)")
    f.module.declare("declare void @llvm.x86.sse.ldmxcsr(ptr)")
    old, new = f.emit(PTR, "alloca i32, align 4"), f.emit(PTR, "alloca i32, align 4")
    f.do(f"call void @llvm.x86.sse.stmxcsr(ptr {old.text})")
    mode = f.load(I32, old)
    f.store(f.binary("or", mode, Val("32832", I32)), new)  # FTZ and DAZ
    f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {new.text})")
    body()
    f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {old.text})")


@dataclass
class Run:
    """Kernels that are run one after the other, all of them ``repeat`` times.

    ``advance`` says by how many bytes the address of an input or state moves each time.
    """

    calls: list[KernelCall]
    repeat: int
    advance: dict[External, int]


class Entries:
    """Writes the exported functions of a module.

    Parameters
    ----------
    runs : sequence of Run
        In order.
    threaded : bool
        Whether several threads enter together.
    """

    def __init__(
        self,
        module: Module,
        plan: Plan,
        target: Target,
        runs: Sequence[Run],
        threaded: bool,
    ) -> None:
        self.module = module
        self.plan = plan
        self.target = target
        self.runs = runs
        self.threaded = threaded
        buffers = {id(b): b for b in plan.buffers.values()}.values()
        self.inputs = {b.number: b for b in buffers if b.space == "input"}
        self.states = sum(b.space == "state" for b in buffers)
        self.externals: list[External] = sorted(
            {(b.space, b.number) for b in buffers if b.space in ("input", "state")}
        )
        self.barriers = 0
        self.barrier = barrier(module, target.is_x86) if threaded else ""

    # -- one step -----------------------------------------------------------------------

    def step(self, profile: bool = False) -> None:
        """Write ``step``, which calls the kernels."""
        f = Function(self.module, "step", [("arena", PTR, "")])
        arena = f.args[0]
        pointers = {e: f.argument(PTR) for e in self.externals}
        share = Share(f.argument(I64), f.argument(I64)) if self.threaded else None
        count = f.argument(I64) if self.threaded else None
        ticks = f.argument(PTR) if profile else None

        def call(
            which: KernelCall, here: dict[External, Val], number: int, turn: Index = 0
        ) -> None:
            given: list[Val] = list(share or ())
            if which.turned:
                given.append(f.index(turn))
            for b in which.buffers:
                outside = here.get((b.space, b.number))
                given.append(f.at(arena, b.offset) if outside is None else outside)
            before = _cycle(f) if ticks is not None else None
            f.run(which.function, given)
            if ticks is not None and before is not None:
                place = f.at(ticks, 8 * number)
                spent = f.sub(_cycle(f), before)
                f.store(f.add(f.load(I64, place), spent), place)

        def turn(
            run: Run, first: int, waiting: list[bool], i: Index, count: Val | None
        ) -> Val | None:
            here = dict(pointers)
            if i != 0:
                for n, step in run.advance.items():
                    if n in here:
                        here[n] = f.at(pointers[n], f.imul(i, step))
            for k, which in enumerate(run.calls):
                if share is not None and count is not None and waiting[k]:
                    count = self.wait(f, arena, share, count)
                call(which, here, first + k, i)
            return count

        first = 0
        for run in self.runs:
            # Threads meet before what runs again, and between parts.
            waiting = _before(run.calls, bool(first) or run.repeat > 1)
            self.barriers += run.repeat * sum(waiting)
            if run.repeat > 1:

                def body(
                    i: Index,
                    carried: list[Val],
                    run: Run = run,
                    first: int = first,
                    waiting: list[bool] = waiting,
                ) -> list[Val]:
                    after = turn(run, first, waiting, i, carried[0] if carried else None)
                    return [] if after is None else [after]

                made = f.loop(0, run.repeat, 1, body, [] if count is None else [count])
                count = made[0] if made else None
            else:
                count = turn(run, first, waiting, 0, count)
            first += len(run.calls)
        self.module.add(f)

    def wait(self, f: Function, arena: Val, share: Share, count: Val) -> Val:
        """Write a barrier; return how far the counter is then."""
        target = f.index(f.iadd(count, share.threads))
        f.run(self.barrier, [f.at(arena, self.plan.counter), target])
        return target

    def table(self, f: Function, table: Val) -> dict[External, Val]:
        """Load the addresses of inputs and states."""
        out = {}
        for space, number in self.externals:
            place = number if space == "input" else len(self.inputs) + number
            out[space, number] = f.load(PTR, f.at(table, 8 * place))
        return out

    def run(self, profile: bool = False) -> None:
        """Write ``run`` (or ``profile``)."""
        args = [("arena", PTR, ""), ("table", PTR, "")]
        f = Function(self.module, "profile" if profile else "run", args, internal=False)
        arena, table = f.args
        extra = [f.argument(PTR)] if profile else []
        if self.threaded:
            extra = [f.argument(I64), f.argument(I64), Val("0", I64)]

        def body() -> None:
            f.run("step", [arena, *self.table(f, table).values(), *extra])

        flush_subnormals(f, self.target, body)
        self.module.add(f)

    # -- an epoch -----------------------------------------------------------------------

    def epoch(self, batched: list[str], results: list[Buffer]) -> None:
        """Write ``epoch``.

        An input taken by ``rows`` is read in place, mini-batch after mini-batch. With ``order``
        (the address of int64 row numbers, or 0) its rows are found through a list of their
        addresses (``rows.py``) or are first copied together.
        """
        args = [(n, PTR, "") for n in ("arena", "table", "order")]
        args += [(n, I64, "") for n in ("low", "high")]
        f = Function(self.module, "epoch", args, internal=False)
        arena, table, order, low, high = f.args
        share = Share(f.argument(I64), f.argument(I64)) if self.threaded else None
        pointers = self.table(f, table)
        first = len(self.inputs) + self.states
        places = [f.load(PTR, f.at(table, 8 * (first + k))) for k in range(len(results))]
        address = f.emit(I64, f"ptrtoint ptr {order.text} to i64")
        shuffled = f.compare("ne", address, Val("0", I64))
        rows = [n for n, how in enumerate(batched) if how == "rows" and n in self.inputs]
        copied = [n for n in rows if n in self.plan.gathered]
        listed = [n for n in rows if n in self.plan.listed]
        copiers = {n: self._copy_rows(self.inputs[n]) for n in copied}
        listers = {n: [self._list_rows(self.inputs[n], s) for s in (False, True)] for n in listed}

        def turn(i: Index, carried: list[Val]) -> list[Val]:
            count = carried[0] if carried else None
            here = dict(pointers)
            for n, b in self.inputs.items():
                if batched[n] != "whole" and ("input", n) in here:
                    here["input", n] = f.at(pointers["input", n], f.imul(i, max(1, b.bytes)))
            size = self.inputs[rows[0]].layout.shape[0] if rows else 0
            chosen = f.at(order, f.imul(i, 8 * size))

            def copy() -> None:
                for n in copied:
                    to = f.at(arena, self.plan.gathered[n])
                    f.run(copiers[n], [*(share or ()), pointers["input", n], chosen, to])

            f.when(shuffled, copy)
            for n in copied:
                place = f.at(arena, self.plan.gathered[n])
                there = here["input", n]
                here["input", n] = f.emit(
                    PTR, f"select {shuffled.typed}, ptr {place.text}, ptr {there.text}"
                )
            ordinary = f.emit(BOOL, f"xor {shuffled.typed}, true")
            for n in listed:
                to = f.at(arena, self.plan.listed[n])
                start, there = pointers["input", n], here["input", n]
                by_order = [*(share or ()), start, to, chosen]
                in_order = [*(share or ()), there, to]
                f.when(shuffled, partial(f.run, listers[n][1], by_order))
                f.when(ordinary, partial(f.run, listers[n][0], in_order))
                here["input", n] = to
            if share is not None and count is not None and rows:
                count = self.wait(f, arena, share, count)
            extra = [] if share is None or count is None else [*share, count]
            f.run("step", [arena, *(here[e] for e in self.externals), *extra])
            if share is None or count is None:
                self._keep(f, arena, places, results, i)
                return []
            passed = f.imul(share.threads, self.barriers)
            count = self.wait(f, arena, share, f.index(f.iadd(count, passed)))
            mine = f.compare("eq", share.thread, Val("0", I64))
            f.when(mine, lambda: self._keep(f, arena, places, results, i))
            if results:
                count = self.wait(f, arena, share, count)
            return [count]

        def body() -> None:
            f.loop(low, high, 1, turn, [Val("0", I64)] if self.threaded else [])

        flush_subnormals(f, self.target, body)
        self.module.add(f)

    def _keep(
        self, f: Function, arena: Val, places: list[Val], results: list[Buffer], i: Index
    ) -> None:
        """Copy what a step returned to where the results of all steps go."""
        for b, place in zip(results, places, strict=True):
            copy_bytes(f, f.at(place, f.imul(i, b.bytes)), f.at(arena, b.offset), b.bytes)

    def _list_rows(self, b: Buffer, shuffled: bool) -> str:
        """Write a function that lists the addresses of one mini-batch's rows; return its name.

        Without an order the rows follow each other from where the mini-batch begins.
        """
        count = b.layout.shape[0]
        size = b.bytes // count
        g = Function(self.module, f"list_{b.number}{'_by_order' if shuffled else ''}", [])
        share = Share(g.argument(I64), g.argument(I64)) if self.threaded else None
        source, to = g.argument(PTR), g.argument(PTR, "noalias")
        order = g.argument(PTR, "noalias") if shuffled else None
        lanes = max(1, self.target.vector_bits // I64.bits)
        begin = g.emit(I64, f"ptrtoint ptr {source.text} to i64")

        def some(r: Index, lanes: int) -> None:
            t = I64.vec(lanes)
            if order is not None:
                number = g.load(t, g.at(order, g.imul(r, 8)))
            else:
                number = g.broadcast(g.index(r), lanes)
                if lanes > 1:
                    number = g.add(number, g.table(range(lanes), I64))
            distance = g.binary("mul", number, g.const(size, t))
            g.store(g.add(g.broadcast(begin, lanes), distance), g.at(to, g.imul(r, 8)))

        low, high = portion(g, count // lanes, share)
        low, high = g.imul(low, lanes), g.imul(high, lanes)
        g.loop(low, high, lanes, lambda r, _: some(r, lanes))

        def rest() -> None:
            for r in range(count // lanes * lanes, count):
                some(r, 1)

        by_last(g, share, rest)
        return self.module.add(g)

    def _copy_rows(self, b: Buffer) -> str:
        """Write a function that copies the rows of one mini-batch together; return its name."""
        count = b.layout.shape[0]
        size = b.bytes // max(1, count)
        g = Function(self.module, f"copy_{b.number}", [])
        share = Share(g.argument(I64), g.argument(I64)) if self.threaded else None
        source, order, to = (g.argument(PTR, "noalias") for _ in range(3))
        wide = self.target.vector_bits // 8
        t = I8.vec(wide)

        def row(r: Index, _: list[Val]) -> None:
            number = g.load(I64, g.at(order, g.imul(r, 8)))
            a, z = g.at(source, g.imul(number, size)), g.at(to, g.imul(r, size))
            whole = size // wide * wide
            unroll = 4 * wide
            quads = whole // unroll * unroll

            def some(at: Index, many: int) -> None:
                for k in range(many):
                    v = g.load(t, g.at(g.at(a, at), k * wide))
                    g.store(v, g.at(g.at(z, at), k * wide))

            g.loop(0, quads, unroll, lambda at, _: some(at, 4))
            some(quads, (whole - quads) // wide)
            if size - whole:
                copy_bytes(g, g.at(z, whole), g.at(a, whole), size - whole)

        low, high = portion(g, count, share)
        g.loop(low, high, 1, row)
        return self.module.add(g)


def _cycle(f: Function) -> Val:
    return f.call(I64, "llvm.readcyclecounter", [])


def _range(b: Buffer) -> tuple[str, int, int, int]:
    """Return where a buffer lies: its block, and the bytes from and to within it."""
    if b.space in ("input", "state"):
        return b.space, b.number, 0, 1
    return "arena", 0, b.offset, b.offset + max(1, b.bytes)


def _touches(a: tuple[str, int, int, int], b: tuple[str, int, int, int]) -> bool:
    return a[:2] == b[:2] and a[2] < b[3] and b[2] < a[3]


def _before(calls: Sequence[KernelCall], at_start: bool) -> list[bool]:
    """Tell, per kernel, whether threads must meet before it; before the first one ``at_start``.

    They must if it writes what a kernel since the last meeting read or wrote, or reads what one
    wrote, memory shared by values of different lives included.
    """
    out: list[bool] = []
    read: list[tuple[str, int, int, int]] = []
    wrote: list[tuple[str, int, int, int]] = []
    for call in calls:
        writes = [_range(b) for b in call.written]
        touched = [_range(b) for b in call.buffers]
        clash = any(_touches(a, b) for a in touched for b in wrote) or any(
            _touches(a, b) for a in writes for b in read
        )
        clash = clash or (at_start and not out)
        if clash:
            read, wrote = [], []
        out.append(clash)
        read += touched
        wrote += writes
    return out


def copy_bytes(f: Function, to: Val, source: Val, count: int) -> None:
    """Copy a known number of bytes."""
    f.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    f.do(f"call void @llvm.memcpy.p0.p0.i64({to.typed}, {source.typed}, i64 {count}, i1 false)")
