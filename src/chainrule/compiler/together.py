"""The form of an epoch for several threads: their division, their memory, their code.

All threads enter ``epoch(arena, table, order, low, high, thread)`` together and go through the same
tasks (``division/``), each with its part; where the division says so they wait for each other.
Values that live between the same barriers must not share memory, so the arena is laid out anew.
How the rows of a mini-batch are found every thread writes down for itself: to copy them twice costs
less than to wait for the other's half and to fetch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .arena import place
from .batches import Batches
from .calling import (
    External,
    Run,
    copy_bytes,
    externals_of,
    flush_subnormals,
    load_table,
    moved_on,
    result_places,
)
from .codegen import KernelWriter, Phase
from .division import Division, Task, Turn, check_meetings, divide
from .ir import I64, PTR, Function, Index, Module, Val
from .lower.families import vector_length, ways
from .lower.point import Access, Scope
from .lower.sharing import LINE, barrier
from .plan import Buffer, Plan
from .program import Value
from .rows import LISTED
from .schedule import Kernel
from .target import Target

__all__ = ["Part", "Together", "together"]

_APART = 256  # bytes between what two threads copy


@dataclass
class Part:
    """Tasks that all threads go through, ``run.repeat`` times.

    Attributes
    ----------
    phase : Phase
        What the tasks belong to.
    plan : Plan
        Its memory for threads.
    division : Division
    calls : list of (str, list of Buffer, bool)
        Per task its function, the buffers this is called with, after the number of the thread and,
        where that is said, of the run.
    """

    phase: Phase
    plan: Plan
    division: Division
    run: Run
    calls: list[tuple[str, list[Buffer], bool]]


@dataclass
class Together:
    """An epoch for several threads.

    Attributes
    ----------
    parts : list of Part
        In the order they run; most steps have one.
    arena : int
        Bytes.
    lines : int
        Where in the arena the lines of the barrier begin: zeros when threads enter.
    text : str
        The module.
    """

    parts: list[Part]
    arena: int
    lines: int
    text: str = ""

    def __str__(self) -> str:
        return "\n".join(str(part.division) for part in self.parts)


def together(
    phases: Sequence[Phase],
    target: Target,
    batched: list[str],
    results: Sequence[Value],
    threads: int,
) -> Together:
    """Divide a step among threads and write the code of its epoch.

    Parameters
    ----------
    phases : sequence of Phase
        Of a step, in order.
    batched : list of str
        How each input is taken: see ``codegen.generate``.
    results : list of Value
        What each step returns.
    threads : int
        How many enter.
    """
    parts: list[Part] = []
    base = 0
    for phase in phases:
        last = phase is phases[-1]
        found = _divided(phase, target, results if last else (), threads, base, len(phases) == 1)
        base = found[0].plan.arena
        parts += found
    plan = parts[-1].plan
    first = phases[-1].plan
    for n in first.gathered:
        v = phases[-1].program.inputs[n]
        plan.gathered[n] = plan.reserve(threads * (v.size * v.dtype.itemsize + _APART))
    for n in first.listed:
        rows = phases[-1].program.inputs[n].shape[0]
        plan.listed[n] = plan.reserve(threads * (LISTED * rows + _APART))
    lines = plan.reserve((threads + 1) * LINE)
    for part in parts:
        check_meetings(part.division, part.plan, part.phase.schedule.inline)
    made = Together(parts, plan.arena, lines)
    _Writer(made, target, threads).epoch(batched, results)
    return made


def _divided(
    phase: Phase,
    target: Target,
    results: Sequence[Value],
    threads: int,
    base: int,
    alone: bool,
) -> list[Part]:
    """Divide a phase; what runs once before its loop is a part of its own."""
    inline, lanes = phase.schedule.inline, target.vector_bits // 32
    plan = _own_memory(phase.plan)
    once = [k for k in plan.kernels if k in plan.once]
    rest = [k for k in plan.kernels if k not in plan.once]
    keep = [Task("keep", n, v, [], 0.0) for n, v in enumerate(results)]
    tasks = [*_tasks(rest, phase, plan, target), *keep]
    divisions = []
    if once:
        first = _tasks(once, phase, plan, target)
        divisions.append(divide(first, plan, inline, threads, lanes, circle=False))
    circle = alone and not once and phase.repeat == 1
    if tasks:
        divisions.append(divide(tasks, plan, inline, threads, lanes, circle))
    plan.kernels, moments, start = [], [], 0
    for division in divisions:
        pairs = list(zip(division.turns, division.moments, strict=True))
        plan.kernels += [t.task.kernel for t, _ in pairs if t.task.kernel is not None]
        moments += [start + m for t, m in pairs if t.task.kernel is not None]
        start += division.barriers
    place(plan, phase.schedule, target, base, moments)
    plan.scratch = {
        v: replace(b, offset=plan.reserve(b.bytes)) for v, b in phase.plan.scratch.items()
    }
    made = []
    for n, division in enumerate(divisions):
        looped = n == len(divisions) - 1 and bool(tasks)
        run = Run([], phase.repeat if looped else 1, phase.advance if looped else {})
        made.append(Part(phase, plan, division, run, []))
    return made


def _own_memory(plan: Plan) -> Plan:
    """Return a plan with the same layouts whose memory can be laid out anew."""
    copies: dict[int, Buffer] = {}
    for b in plan.buffers.values():
        copies.setdefault(id(b), replace(b))
    constants = [(copies[id(b)], data) for b, data in plan.constants]
    buffers = {v: copies[id(b)] for v, b in plan.buffers.items()}
    return replace(plan, buffers=buffers, constants=constants, gathered={}, listed={})


def _tasks(kernels: Sequence[Kernel], phase: Phase, plan: Plan, target: Target) -> list[Task]:
    """Return what is done, in an order in which one thread could do it."""
    inline, tasks = phase.schedule.inline, []
    for number, kernel in enumerate(kernels):
        lanes = vector_length(kernel, inline, target)
        cut = ways(kernel, plan, inline, _imagined(plan, lanes, kernel), target)
        tasks.append(Task("kernel", number, kernel.anchor, cut, _work(kernel, lanes), kernel))
    return tasks


def _imagined(plan: Plan, lanes: int, kernel: Kernel) -> Scope:
    """Return a scope that knows layouts but has no function to write into."""

    def access(v: Value) -> Access | None:
        b = plan.buffer(v)
        return None if b is None else Access(Val("null", PTR), b.layout, b.dtype)

    f = Function(Module(0), "none", [])
    return Scope(f, lanes, access, frozenset(r.id for r in kernel.roots))


def _work(kernel: Kernel, lanes: int) -> float:
    """Return a rough number of cycles."""
    v = kernel.anchor
    size = 1.0
    for n in kernel.domain:
        size *= n
    if v.kind == "contract":
        batch, rows, _, _ = v.data
        for n in v.args[0].shape[batch + rows :]:
            size *= n
        return size / lanes / 2
    return size * len(kernel.roots) / lanes


class _Writer:
    """Writes the module."""

    def __init__(self, made: Together, target: Target, threads: int) -> None:
        self.made = made
        self.target = target
        self.module = Module(target.vector_bits, target.has_fma)
        self.plan = made.parts[-1].plan
        self.externals, self.inputs = externals_of(self.plan)
        self.barrier = barrier(self.module, target.is_x86, threads)
        for number, part in enumerate(made.parts):
            prefix = "" if number == 0 else f"p{number}_"
            kernels = KernelWriter(
                self.module, part.phase, target, prefix, self.plan.listed, part.plan
            )
            part.calls = [self._task(turn, kernels) for turn in part.division.turns]

    def epoch(self, batched: list[str], results: Sequence[Value]) -> None:
        """Write ``epoch``; see ``Entries.epoch``."""
        args = [(n, PTR, "") for n in ("arena", "table", "order")]
        args += [(n, I64, "") for n in ("low", "high", "thread")]
        f = Function(self.module, "epoch", args, internal=False)
        arena, table, order, low, high, thread = f.args
        pointers = load_table(f, table, self.externals)
        buffers = [self._buffer(v) for v in results]
        places = result_places(f, table, self.externals, buffers)
        batches = Batches(f, self.target, self.plan, batched, order, self.inputs, high)

        def own(n: int) -> Val:
            """Return where this thread's copy, or list, of an input's rows is."""
            if n in self.plan.listed:
                size = LISTED * self.inputs[n].layout.shape[0]
                start = f.at(arena, self.plan.listed[n])
            else:
                size, start = self.inputs[n].bytes, f.at(arena, self.plan.gathered[n])
            return f.at(start, f.imul(thread, size + _APART))

        def part_of(
            part: Part, here: dict[External, Val], i: Index, run: Index, met: Index
        ) -> Index:
            """Write the tasks of a part, in run ``run`` of step ``i``."""
            moved = moved_on(f, here, part.run, run)
            for turn, (function, used, turned) in zip(part.division.turns, part.calls, strict=True):
                if turn.meet:
                    met = f.iadd(met, 1)
                    f.run(self.barrier, [f.at(arena, self.made.lines), thread, f.index(met)])
                given = [thread, f.index(run)] if turned else [thread]
                for b in used:
                    outside = moved.get((b.space, b.number))
                    given.append(f.at(arena, b.offset) if outside is None else outside)
                if turn.task.what == "keep":
                    n = turn.task.number
                    given.append(f.at(places[n], f.imul(i, buffers[n].bytes)))
                f.run(function, given)
            return met

        def step(i: Index, carried: list[Val]) -> list[Val]:
            here = batches.addresses(i, pointers, own)
            met: Index = carried[0]
            for part in self.made.parts:
                if part.run.repeat == 1:
                    met = part_of(part, here, i, 0, met)
                    continue

                def again(run: Index, carried: list[Val], part: Part = part) -> list[Val]:
                    return [f.index(part_of(part, here, i, run, carried[0]))]

                met = f.loop(0, part.run.repeat, 1, again, [f.index(met)])[0]
            return [f.index(met)]

        def body() -> None:
            f.loop(low, high, 1, step, [Val("0", I64)])

        flush_subnormals(f, self.target, body)
        self.module.add(f)
        self.made.text = self.module.text()

    def _buffer(self, v: Value) -> Buffer:
        buffer = self.plan.buffer(v)
        assert buffer is not None, f"{v!r} has no memory"
        return buffer

    def _task(self, turn: Turn, kernels: KernelWriter) -> tuple[str, list[Buffer], bool]:
        """Write the function of a task; return its name and what it is called with."""
        if turn.task.kernel is not None:
            call = kernels.call(turn.task.kernel, turn.split)
            return call.function, call.buffers, call.turned
        f = Function(self.module, f"keep_{turn.task.number}", [])
        thread, source, to = f.argument(I64), f.argument(PTR), f.argument(PTR)
        buffer = self._buffer(turn.task.value)
        mine = f.compare("eq", thread, Val(str(turn.split.lengths.index(1)), I64))
        f.when(mine, lambda: copy_bytes(f, to, source, buffer.bytes))
        return self.module.add(f), [buffer], False
