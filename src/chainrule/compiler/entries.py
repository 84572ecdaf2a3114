"""The functions a module exports: one step, or steps in a loop.

``run(arena, table)``
    One step. ``table`` holds the addresses of inputs, then of states.
``epoch(arena, table, order, low, high)``
    Steps ``low`` to ``high`` over mini-batches; after the states ``table`` holds, per result, the
    address of a place for the results of all steps.
``profile(arena, table, ticks)``
    One step that adds each kernel's cycles to ``ticks``.

All for one thread; see ``together.py`` for several.
"""

from __future__ import annotations

from collections.abc import Sequence

from .batches import Batches
from .calling import (
    External,
    KernelCall,
    Run,
    copy_bytes,
    externals_of,
    flush_subnormals,
    load_table,
    moved_on,
    result_places,
)
from .ir import I64, PTR, Function, Index, Module, Val
from .plan import Buffer, Plan
from .target import Target

__all__ = ["Entries"]


class Entries:
    """Writes the exported functions of a module.

    Parameters
    ----------
    runs : sequence of Run
        In order.
    """

    def __init__(
        self,
        module: Module,
        plan: Plan,
        target: Target,
        runs: Sequence[Run],
    ) -> None:
        self.module = module
        self.plan = plan
        self.target = target
        self.runs = runs
        self.externals, self.inputs = externals_of(plan)

    # -- one step -----------------------------------------------------------------------

    def step(self, profile: bool = False) -> None:
        """Write ``step``, which calls the kernels."""
        f = Function(self.module, "step", [("arena", PTR, "")])
        arena = f.args[0]
        pointers = {e: f.argument(PTR) for e in self.externals}
        ticks = f.argument(PTR) if profile else None

        def call(
            which: KernelCall, here: dict[External, Val], number: int, turn: Index = 0
        ) -> None:
            given = [f.index(turn)] if which.turned else []
            for b in which.buffers:
                outside = here.get((b.space, b.number))
                given.append(f.at(arena, b.offset) if outside is None else outside)
            before = _cycle(f) if ticks is not None else None
            f.run(which.function, given)
            if ticks is not None and before is not None:
                place = f.at(ticks, 8 * number)
                spent = f.sub(_cycle(f), before)
                f.store(f.add(f.load(I64, place), spent), place)

        def turn(run: Run, first: int, i: Index) -> None:
            here = moved_on(f, pointers, run, i)
            for k, which in enumerate(run.calls):
                call(which, here, first + k, i)

        first = 0
        for run in self.runs:
            if run.repeat > 1:

                def body(i: Index, _: list[Val], run: Run = run, first: int = first) -> None:
                    turn(run, first, i)

                f.loop(0, run.repeat, 1, body)
            else:
                turn(run, first, 0)
            first += len(run.calls)
        self.module.add(f)

    def run(self, profile: bool = False) -> None:
        """Write ``run`` (or ``profile``)."""
        args = [("arena", PTR, ""), ("table", PTR, "")]
        f = Function(self.module, "profile" if profile else "run", args, internal=False)
        arena, table = f.args
        extra = [f.argument(PTR)] if profile else []

        def body() -> None:
            f.run("step", [arena, *load_table(f, table, self.externals).values(), *extra])

        flush_subnormals(f, self.target, body)
        self.module.add(f)

    # -- an epoch -----------------------------------------------------------------------

    def epoch(self, batched: list[str], results: list[Buffer]) -> None:
        """Write ``epoch``; ``order`` is the address of int64 row numbers, or 0.

        How the rows of a mini-batch are found is written by ``batches.py``.
        """
        args = [(n, PTR, "") for n in ("arena", "table", "order")]
        args += [(n, I64, "") for n in ("low", "high")]
        f = Function(self.module, "epoch", args, internal=False)
        arena, table, order, low, high = f.args
        pointers = load_table(f, table, self.externals)
        places = result_places(f, table, self.externals, results)
        batches = Batches(f, self.target, self.plan, batched, order, self.inputs, high)
        copies = {**self.plan.gathered, **self.plan.listed}

        def turn(i: Index, _: list[Val]) -> None:
            here = batches.addresses(i, pointers, lambda n: f.at(arena, copies[n]))
            f.run("step", [arena, *(here[e] for e in self.externals)])
            for b, place in zip(results, places, strict=True):
                copy_bytes(f, f.at(place, f.imul(i, b.bytes)), f.at(arena, b.offset), b.bytes)

        def body() -> None:
            f.loop(low, high, 1, turn)

        flush_subnormals(f, self.target, body)
        self.module.add(f)


def _cycle(f: Function) -> Val:
    return f.call(I64, "llvm.readcyclecounter", [])
