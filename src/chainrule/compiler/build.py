"""From a translated program to code: passes, schedule, plan, text.

This is the road taken when a program is compiled for the first time, and again, from the same
program, when somebody asks what was compiled (``explain``) or wants it for several threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from ..errors import CompileError
from .codegen import Code, Phase, generate
from .lanes import Tiled
from .layout import Layout
from .passes import check, optimise
from .passes.parts import Part, Split
from .passes.tiling import split_rows
from .plan import Buffer, Plan, layouts, plan
from .program import Program, Value
from .recipe import Place, Recipe
from .rows import LISTED, listed_inputs
from .runtime import key
from .schedule import Schedule, schedule
from .target import Target
from .together import Together, together

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
                self.plan.listed[index] = self.plan.reserve(LISTED * v.shape[0])
            else:
                self.plan.gathered[index] = self.plan.reserve(v.size * v.dtype.itemsize)
        self.results: list[Buffer] = [self._result(v) for v in self.program.outputs]
        self.code: Code = self.write()
        self.seconds = time.perf_counter() - start

    def _phases(self, fixed: dict[int, Layout | None], packed: bool) -> list[Phase]:
        """Schedule and plan the program, as parts of which some run once per tile if that pays."""
        whole = schedule(self.program)
        split = split_rows(whole)
        if split is None:
            return [Phase(self.program, whole, plan(whole, self.target, fixed, packed))]
        self.neutral = tuple(extra.neutral or 0.0 for extra in split.extras)
        fixed = self._fixed_between(whole, split, fixed)
        phases: list[Phase] = []
        for part in split.parts:
            check(part.program)
            here, advance = _sliced(part, fixed)
            s = schedule(part.program)
            last = part is split.parts[-1]
            tiled = Tiled(frozenset(part.slices), part.carried) if part.count > 1 else None
            base = phases[-1].plan.arena if phases else 0
            made = plan(s, self.target, here, packed and last, base, tiled)
            states = {v.data: v for v in part.program.states}
            touched = {v.data for v in part.program.values() if v.kind == "state"}
            touched |= {number for number, _ in part.program.updates}
            for number in sorted(touched):
                if fixed.get(number) is None:
                    fixed[number] = made.buffers[states[number].id].layout
            phases.append(Phase(part.program, s, made, part.count, advance, part.carried))
        self.program = split.parts[-1].program
        return phases

    def _fixed_between(
        self, whole: Schedule, split: Split, fixed: dict[int, Layout | None]
    ) -> dict[int, Layout | None]:
        """Return the layouts of what lies in memory between parts, as the whole program wants it."""
        first = len(self.program.states)
        kept = {first + i: e.value for i, e in enumerate(split.extras) if e.neutral is None}
        if not kept:
            return dict(fixed)
        wanted = {v.data: v for v in self.program.states} | kept
        found = layouts(whole, self.target, fixed, list(wanted.values()))
        return dict(zip(wanted, found, strict=True))

    def _result(self, v: Value) -> Buffer:
        buffer = self.plan.buffer(v)
        if buffer is None:
            raise CompileError(f"{v!r} has no place in memory: a defect of the planner")
        return buffer

    def write(self, profile: bool = False) -> Code:
        """Return the code, with the functions that are asked for."""
        batched = None if profile else self.batched
        return generate(self.phases, self.target, batched, self.results, profile)

    def together(self, threads: int) -> Together:
        """Return the form of the epoch for several threads."""
        assert self.batched is not None, "a single step is run by one thread"
        return together(self.phases, self.target, self.batched, self.program.outputs, threads)

    def recipe(self) -> Recipe:
        """Return what is needed to run the code."""
        by_index = {v.data: v for v in self.program.states}
        states = (by_index[i] for i in range(len(by_index)))
        constants = (c for phase in self.phases for c in phase.plan.constants)
        return Recipe(
            self.plan.arena,
            0,
            tuple(Place(0, self.plan.buffers[v.id].layout, v.dtype) for v in states),
            self.neutral,
            tuple(_place(b) for b in self.results),
            tuple((_place(b), data) for b, data in constants),
            len(self.phases) > 1,
            self.code.resident,
            key(self.code.text, self.target),
        )

    def shared_recipe(self, made: Together) -> Recipe:
        """Return what is needed to run the form for several threads."""
        constants = {id(b): (b, data) for part in made.parts for b, data in part.plan.constants}
        return replace(
            self.recipe(),
            arena=made.arena,
            lines=made.lines,
            constants=tuple((_place(b), data) for b, data in constants.values()),
            code=key(made.text, self.target),
        )


def _sliced(
    part: Part, fixed: dict[int, Layout | None]
) -> tuple[dict[int, Layout | None], dict[tuple[str, int], int]]:
    """Return the layouts of states as a part sees them, and by how much addresses move per run."""
    here = dict(fixed)
    advance = {
        ("input", v.data): v.size * v.dtype.itemsize
        for v in part.program.inputs
        if v.data in part.inputs
    }
    states = {v.data: v for v in part.program.states}
    for number, axis in part.slices.items():
        v, layout = states[number], fixed[number]
        assert layout is not None
        here[number] = layout._replace(shape=v.shape)
        advance["state", number] = layout.strides[axis] * v.shape[axis] * v.dtype.itemsize
    return here, advance


def _place(b: Buffer) -> Place:
    return Place(b.offset, b.layout, b.dtype)
