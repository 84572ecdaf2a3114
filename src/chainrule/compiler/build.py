"""From a translated program to code: passes, schedule, plan, text.

This is the road taken when a program is compiled for the first time, and again, from the same
program, when somebody asks what was compiled (``explain``) or wants it for several threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ..errors import CompileError
from .codegen import Code, Phase, generate
from .layout import Layout
from .passes import check, optimise
from .passes.tiling import split_rows
from .plan import Buffer, Plan, plan
from .program import Program, Value
from .recipe import Place, Recipe
from .rows import listed_inputs
from .runtime import key
from .schedule import schedule
from .target import Target

__all__ = ["Build"]


class Build:
    """A program on its way to code.

    Parameters
    ----------
    program : Program
        As translated.
    layouts : mapping
        Of the states, by index; None where they are free.
    target : Target
    batched : list of str, optional
        For an epoch: how each input is taken; see ``codegen.generate``.

    Attributes
    ----------
    program : Program
        Optimised; if it was split, the part that runs once per step.
    phases : list of Phase
    plan : Plan
        Of the last phase.
    """

    def __init__(
        self,
        program: Program,
        layouts: Mapping[int, Layout | None],
        target: Target,
        batched: list[str] | None,
    ) -> None:
        start = time.perf_counter()
        self.target, self.batched = target, batched
        self.program = optimise(program)
        self.neutral: tuple[float, ...] = ()
        self.phases: list[Phase] = self._phases(dict(layouts), packed=batched is not None)
        self.plan: Plan = self.phases[-1].plan
        last = self.phases[-1]
        listed = set() if len(self.phases) > 1 else listed_inputs(last.schedule, last.plan)
        for index, how in enumerate(batched or ()):
            if how != "rows":
                continue
            v = self.program.inputs[index]
            if index in listed:
                self.plan.listed[index] = self.plan.reserve(8 * v.shape[0])
            else:
                self.plan.gathered[index] = self.plan.reserve(v.size * v.dtype.itemsize)
        self.results: list[Buffer] = [self._result(v) for v in self.program.outputs]
        self.code: Code = self.write()
        self.seconds = time.perf_counter() - start

    def _phases(self, fixed: dict[int, Layout | None], packed: bool) -> list[Phase]:
        """Schedule and plan the program, as a tile of rows and the rest where that pays."""
        split = split_rows(self.program)
        if split is None:
            s = schedule(self.program)
            return [Phase(self.program, s, plan(s, self.target, fixed, packed))]
        check(split.tile)
        check(split.rest)
        self.neutral = split.neutral
        first = schedule(split.tile)
        tile = plan(first, self.target, fixed, repeated=True)
        used = {v.data: tile.buffers[v.id].layout for v in split.tile.values() if v.kind == "state"}
        second = schedule(split.rest)
        rest = plan(second, self.target, {**fixed, **used}, packed, base=tile.arena)
        advance = {
            v.data: v.size * v.dtype.itemsize for v in split.tile.inputs if v.data in split.inputs
        }
        self.program = split.rest
        return [
            Phase(split.tile, first, tile, split.count, advance),
            Phase(split.rest, second, rest),
        ]

    def _result(self, v: Value) -> Buffer:
        buffer = self.plan.buffer(v)
        if buffer is None:
            raise CompileError(f"{v!r} has no place in memory: a defect of the planner")
        return buffer

    def write(self, profile: bool = False, threaded: bool = False) -> Code:
        """Return the code, with the functions that are asked for."""
        batched = None if profile else self.batched
        return generate(self.phases, self.target, batched, self.results, profile, threaded)

    def recipe(self) -> Recipe:
        """Return what is needed to run the code."""
        by_index = {v.data: v for v in self.program.states}
        states = (by_index[i] for i in range(len(by_index)))
        constants = (c for phase in self.phases for c in phase.plan.constants)
        return Recipe(
            self.plan.arena,
            self.plan.counter,
            tuple(Place(0, self.plan.buffers[v.id].layout, v.dtype) for v in states),
            self.neutral,
            tuple(_place(b) for b in self.results),
            tuple((_place(b), data) for b, data in constants),
            len(self.phases) > 1,
            self.code.resident,
            key(self.code.text, self.target),
        )


def _place(b: Buffer) -> Place:
    return Place(b.offset, b.layout, b.dtype)
