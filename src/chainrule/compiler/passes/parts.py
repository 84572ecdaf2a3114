"""Write a program as parts that run one after the other, some of them once per tile of samples.

Which value belongs to which part is decided in ``tiling.py``. Values that a later part needs are kept
in extra states: whole arrays of which a tile sees its own samples, or accumulators to which every
tile adds. What is cheap to repeat (views, indices, zeros around an array) is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..program import Builder, Program, Value
from ..structure import accumulates, is_tiled
from .rewriting import NOT_RESULTS
from .samples import COMBINE, NEUTRAL, Samples

__all__ = ["Extra", "Part", "Split", "divide"]


@dataclass(frozen=True)
class Part:
    """A program that runs ``count`` times in a step.

    Attributes
    ----------
    program : Program
        Its states are those of the whole program, then the extra ones.
    count : int
    inputs : tuple of int
        Inputs of which each run takes the next samples.
    slices : dict of int to int
        The axis of samples of the extra states of which each run takes the next samples.
    carried : frozenset of int
        Ids of products that are summed over all runs before they are stored.
    """

    program: Program
    count: int = 1
    inputs: tuple[int, ...] = ()
    slices: dict[int, int] = field(default_factory=dict)
    carried: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Extra:
    """A state that only the parts know: a value of the whole program, kept between them.

    Attributes
    ----------
    value : Value
    neutral : float or None
        What an accumulator starts with; None for what is written before it is read.
    """

    value: Value
    neutral: float | None


@dataclass(frozen=True)
class Split:
    """A program in parts, and what is kept between them."""

    parts: tuple[Part, ...]
    extras: tuple[Extra, ...]
    rows: int


def divide(program: Program, samples: Samples, stages: dict[int, int], rows: int) -> Split:
    """Return the program in parts.

    Parameters
    ----------
    stages : dict of int to int
        The part of every value that is computed by itself, by id: even numbers for parts that run
        once per tile. The others are computed wherever they are needed.
    rows : int
        Samples per tile.
    """
    last = max(stages.values()) | 1
    wanted: dict[int, list[Value]] = {last: list(program.roots)}
    members: dict[int, set[int]] = {}
    for stage in range(last, 0, -1):
        members[stage], foreign = _reach(wanted.get(stage, []), stage, stages)
        for v in foreign:
            made = wanted.setdefault(stages[v.id], [])
            if v not in made:
                made.append(v)
    kept = [v for stage in sorted(wanted) if stage != last for v in wanted[stage]]
    first = len(program.states)
    index = {v.id: first + i for i, v in enumerate(kept)}
    writer = _Writer(program, samples, rows, index, kept)
    parts = []
    for stage in sorted(wanted):
        outs = wanted[stage] if stage != last else []
        parts.append(writer.part(stage % 2 == 0, outs, members[stage], stage == last))
    extras = []
    for v in kept:
        summed = v.id in samples.sums and stages[v.id] % 2 == 0
        extras.append(Extra(v, _neutral(v) if summed else None))
    return Split(tuple(parts), tuple(extras), rows)


def _neutral(v: Value) -> float:
    return NEUTRAL[_kind(v)]


def _kind(v: Value) -> str:
    return "sum" if v.kind == "contract" else v.data[0]


def _repeatable(v: Value) -> bool:
    """Tell whether a value is made again rather than kept: zeros around an array."""
    return v.kind == "assemble" and len(v.args) == 2 and not is_tiled(v)


def _reach(
    roots: Sequence[Value], stage: int, stages: dict[int, int]
) -> tuple[set[int], list[Value]]:
    """Return what is computed in a part, by id, and what it needs of other parts."""
    inside: set[int] = set()
    foreign: dict[int, Value] = {}
    stack = list(roots)
    while stack:
        v = stack.pop()
        if v.id in inside or v.id in foreign or v.kind in ("input", "state"):
            continue
        if stages.get(v.id, stage) != stage and not _repeatable(v):
            foreign[v.id] = v
            continue
        inside.add(v.id)
        stack.extend(v.args)
    return inside, list(foreign.values())


class _Writer:
    """Writes the programs of the parts."""

    def __init__(
        self,
        program: Program,
        samples: Samples,
        rows: int,
        index: dict[int, int],
        kept: list[Value],
    ) -> None:
        self.program = program
        self.values = program.values()
        self.samples = samples
        self.rows = rows
        self.index = index
        self.kept = kept
        self.added: list[Value] = []  # sums that tiles add to an accumulator

    def part(self, tiled: bool, outs: list[Value], members: set[int], last: bool) -> Part:
        """Write one part."""
        b = Builder()
        axis = self.samples.axis if tiled else {}
        table: dict[int, Value] = {s.id: s for s in self.program.states}
        inputs, advanced = [], []
        for v in self.program.inputs:
            table[v.id] = b.make("input", (), self._shape(v, axis), v.dtype, v.data)
            inputs.append(table[v.id])
            if v.id in axis:
                advanced.append(v.data)
        held, slices = [], {}
        for v in self.kept:
            number = self.index[v.id]
            held.append(b.make("state", (), self._shape(v, axis), v.dtype, number))
            if v.id in axis:
                slices[number] = axis[v.id]
            if v.id not in members:
                table[v.id] = held[-1]
        for v in self.values:
            if v.id in members and v.id not in table:
                b.origin = v.origin
                table[v.id] = self._made(b, v, table, axis)
        results = _Results(table)
        updates, carried = [], set()
        for v in outs:
            number = self.index[v.id]
            made = table[v.id]
            if tiled and v.id in self.samples.sums:
                if accumulates(made, self.samples.total // self.rows):
                    carried.add(made.id)
                else:
                    self.added.append(v)
                    state = held[number - len(self.program.states)]
                    function = COMBINE[_kind(v)]
                    made = Value("map", (state, made), v.shape, v.dtype, function, v.origin)
                updates.append((number, made))
            else:
                updates.append((number, results.of(v)))
        outputs = []
        if last:
            updates += [(i, results.of(v)) for i, v in self.program.updates]
            outputs = [results.of(v) for v in self.program.outputs]
            updates += self._clears(b)
        states = [*self.program.states, *held]
        checks = self.program.checks if last else []
        made_program = Program(inputs, states, outputs, updates, checks)
        count = self.samples.total // self.rows if tiled else 1
        return Part(made_program, count, tuple(advanced), slices, frozenset(carried))

    def _shape(self, v: Value, axis: dict[int, int]) -> tuple[int, ...]:
        a = axis.get(v.id)
        return v.shape if a is None else (*v.shape[:a], self.rows, *v.shape[a + 1 :])

    def _made(self, b: Builder, v: Value, table: dict[int, Value], axis: dict[int, int]) -> Value:
        """Return a value on new operands, of the samples of a tile if it has samples."""
        a = axis.get(v.id)
        if a is None or v.kind not in ("map", "assemble"):
            args = tuple(table[x.id] for x in v.args)
        else:
            args = tuple(
                table[x.id] if x.id in axis else self._shorter(b, x, a, table) for x in v.args
            )
        shape = self._shape(v, axis)
        if v.kind == "view":
            return b.view(args[0], v.data, shape)
        if v.kind == "reshape":
            return b.reshape(args[0], shape)
        if v.kind == "map" and v.data == "copy":  # made for a result: stays a value of its own
            return Value("map", args, shape, v.dtype, "copy", v.origin)
        return b.make(v.kind, args, shape, v.dtype, v.data)

    def _shorter(self, b: Builder, x: Value, axis: int, table: dict[int, Value]) -> Value:
        """Return a value that repeats along the samples for as many as a tile has."""
        shape = (*x.shape[:axis], self.rows, *x.shape[axis + 1 :])
        if x.kind == "view":
            return b.view(table[x.args[0].id], x.data, shape)
        if x.kind == "iota":
            return b.iota(shape, x.data)
        args = (self._shorter(b, y, axis, table) for y in x.args)
        return b.map(x.data, *args, dtype=x.dtype)

    def _clears(self, b: Builder) -> list[tuple[int, Value]]:
        """Return the accumulators' first values for the next step."""
        out = []
        for v in self.added:
            clear = b.full(_neutral(v), v.shape, v.dtype)
            copy = Value("map", (clear,), v.shape, v.dtype, "copy", v.origin)
            out.append((self.index[v.id], copy))
        return out


class _Results:
    """New values as results: each is computed, and is one result only."""

    def __init__(self, table: dict[int, Value]) -> None:
        self.table = table
        self.taken: set[int] = set()

    def of(self, v: Value) -> Value:
        """Return the new value of ``v``, or a copy where it cannot be a result itself."""
        made = self.table[v.id]
        if made.kind in NOT_RESULTS or made.id in self.taken:
            made = Value("map", (made,), v.shape, v.dtype, "copy", v.origin)
        self.taken.add(made.id)
        return made
