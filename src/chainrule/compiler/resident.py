"""Epochs of very small steps, with everything that is not input or result in registers.

A step of a network with a handful of units is a few hundred instructions. Run kernel by kernel it
spends its time on calls and on waiting for memory that was written an instant ago. Here the whole
step becomes one stretch of straight code inside the loop over mini-batches; parameters and other
state are carried from turn to turn as SSA values and touch memory only before and after the loop.

A stored value is kept as vectors along the lane axis that the plan gave it. Whatever reads it asks
for a list of *elements* (row-major numbers); views, transposes and broadcasts only renumber them,
and where they do not lie in one register in that order they are shuffled together.

A program qualifies if its primitives are element by element, reductions and products, and if the
code comes out short (:data:`_LONGEST`); the others run kernel by kernel (``entries.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .calling import flush_subnormals
from .ir import I64, PTR, Function, Index, Module, Type, Val, type_of
from .lower.loops import REDUCTIONS, combine
from .plan import Buffer, Plan
from .program import Value
from .reference import positions
from .scalars import SCALARS
from .target import Target
from .vectormath import FUNCTIONS

if TYPE_CHECKING:
    from .codegen import Phase

__all__ = ["emit_resident"]

_LONGEST = 1200  # lines of IR: from there on kernels, with their longer vectors, are as fast
_ELEMENTS = 4096  # of all values together: more would not come out short
_KINDS = ("loop", "contract", "reduce")
Elements = tuple[int, ...]


class _Unsuitable(Exception):
    """The program runs kernel by kernel."""


class _Source(NamedTuple):
    """Where one element is: a register and the lane in it."""

    register: Val
    lane: int


class _Input(NamedTuple):
    """An input: the addresses of its rows and the bytes of one."""

    rows: list[Val]
    length: int


class _Step:
    """One step being written: serves elements of values from registers."""

    def __init__(self, f: Function, phase: Phase, target: Target) -> None:
        self.f = f
        self.phase = phase
        self.plan: Plan = phase.plan
        self.target = target
        self.where: dict[int, list[_Source]] = {}
        self.inputs: dict[int, _Input] = {}
        self._memo: dict[tuple[int, Elements], Val] = {}
        self._views: dict[int, list[int]] = {}

    # -- registers ----------------------------------------------------------------------

    def rows(self, v: Value, axis: int) -> list[Elements]:
        """Return the elements of a value register by register, lanes along an axis."""
        chunk = self.target.lanes(type_of(v.dtype)) if v.dtype != bool else 16
        if not v.shape:
            return [(0,)]
        grid = np.arange(v.size).reshape(v.shape)
        lines = np.moveaxis(grid, axis, -1).reshape(-1, v.shape[axis])
        return [
            tuple(map(int, line[i : i + chunk]))
            for line in lines
            for i in range(0, len(line), chunk)
        ]

    def hold(self, v: Value, registers: Sequence[tuple[Elements, Val]]) -> None:
        """Note in which registers the elements of a value are."""
        found: dict[int, _Source] = {}
        for elements, register in registers:
            found |= {e: _Source(register, lane) for lane, e in enumerate(elements)}
        self.where[v.id] = [found[e] for e in range(v.size)]

    def compute(self, v: Value, axis: int) -> None:
        """Compute a value into registers."""
        made = [(elements, self._compute(v, elements)) for elements in self.rows(v, axis)]
        self.hold(v, made)

    def run(self) -> None:
        """Compute every stored value, in the order of the schedule."""
        for kernel in self.plan.kernels:
            if kernel in self.plan.copies.values():
                continue
            for root in kernel.roots:
                self.compute(root, self.lane(root, kernel.anchor))
                if len(self.f.lines) > _LONGEST:
                    raise _Unsuitable

    def lane(self, v: Value, anchor: Value) -> int:
        """Return the axis that the lanes of a value run along."""
        buffer = self.plan.buffers.get(v.id)
        product = self.plan.products.get(anchor.id)
        if buffer is not None:
            axis = buffer.layout.lane
        else:
            axis = product.lane if product and v.shape == anchor.shape else len(v.shape) - 1
        if v.shape and v.shape[axis] == 1:
            axis = max(range(len(v.shape)), key=lambda a: v.shape[a])
        return axis

    # -- elements -----------------------------------------------------------------------

    def take(self, v: Value, elements: Elements) -> Val:
        """Return elements of a value as one vector; a single one as a scalar."""
        key = (v.id, elements)
        if key not in self._memo:
            self._memo[key] = self._find(v, elements)
        return self._memo[key]

    def _find(self, v: Value, elements: Elements) -> Val:
        t = type_of(v.dtype).vec(_width(len(elements)))
        number = v.scalar
        if number is not None:
            return self.f.const(number, t)
        if v.id in self.where:
            return self._shuffled([self.where[v.id][e] for e in elements], t)
        if v.kind == "input":
            return self._load(v, elements, t)
        if v.kind in ("view", "reshape"):
            return self.take(v.args[0], tuple(self._behind(v)[e] for e in elements))
        if v.kind in ("map", "iota", "const"):
            return self._compute(v, elements)
        raise _Unsuitable

    def _behind(self, v: Value) -> list[int]:
        """Return, per element of a view, the element of its operand."""
        if v.id not in self._views:
            x = v.args[0]
            if v.kind == "reshape":
                found = np.arange(v.size)
            elif not x.shape:
                found = np.zeros(v.size, int)
            else:
                at = np.broadcast_arrays(*positions(v.data, v.shape, x.shape))
                found = np.ravel_multi_index(at, x.shape).ravel()
            self._views[v.id] = found.tolist()
        return self._views[v.id]

    def _shuffled(self, sources: list[_Source], t: Type) -> Val:
        """Return elements from wherever they are, side by side."""
        f = self.f
        registers = list(dict.fromkeys(s.register for s in sources))
        if t.lanes == 1:
            return f.lane(sources[0].register, sources[0].lane)
        in_order = all(s.lane == i for i, s in enumerate(sources))
        if in_order and len(registers) == 1 and registers[0].type == t:
            return registers[0]
        if len(set(sources)) == 1 and registers[0].type.lanes == 1:
            return f.broadcast(registers[0], t.lanes)
        found: Val | None = None
        for register in registers:
            if register.type.lanes == 1:
                register_t = f.broadcast(register, t.lanes)
                here = [i if s.register == register else None for i, s in enumerate(sources)]
            else:
                register_t = register
                here = [s.lane if s.register == register else None for s in sources]
            here += [None] * (t.lanes - len(here))
            if register_t.type != t:
                register_t = f.pick(register_t, None, here)
                here = [i if lane is not None else None for i, lane in enumerate(here)]
            if found is None:
                found = f.pick(register_t, None, here)
                continue
            both = [i if lane is None else t.lanes + lane for i, lane in enumerate(here)]
            found = f.pick(found, register_t, both)
        assert found is not None
        return found

    def _load(self, v: Value, elements: Elements, t: Type) -> Val:
        """Load elements of an input."""
        f, size = self.f, v.dtype.itemsize
        rows, length = self.inputs[v.data]

        def place(e: int) -> Val:
            return f.at(rows[e // length], e % length * size)

        if len(set(elements)) == 1:
            return f.broadcast(f.load(t.scalar, place(elements[0])), t.lanes)
        first = elements[0]
        together = elements == tuple(range(first, first + len(elements)))
        if together and first // length == elements[-1] // length:
            return f.load(t, place(first), len(elements))
        return self._padded([f.load(t.scalar, place(e)) for e in elements], t)

    def _padded(self, scalars: list[Val], t: Type) -> Val:
        return self.f.join(scalars + [scalars[-1]] * (t.lanes - len(scalars)))

    # -- arithmetic ---------------------------------------------------------------------

    def _compute(self, v: Value, elements: Elements) -> Val:
        """Compute elements of a value from its operands."""
        t = type_of(v.dtype).vec(_width(len(elements)))
        if v.kind == "map":
            return self._map(v, elements)
        if v.kind == "contract":
            return self._product(v, elements)
        if v.kind == "reduce":
            return self._reduced(v, elements)
        if v.kind == "iota":
            numbers = [int(np.unravel_index(e, v.shape)[v.data]) for e in elements]
        elif v.kind == "const":
            numbers = [v.data.ravel()[e] for e in elements]
        else:
            raise _Unsuitable
        if t.lanes == 1:
            return self.f.const(numbers[0], t)
        return self.f.table(numbers + numbers[-1:] * (t.lanes - len(numbers)), t.scalar)

    def _map(self, v: Value, elements: Elements) -> Val:
        f = self.f
        args = [self.take(a, elements) for a in v.args]
        dtypes = [a.dtype for a in v.args]
        t = args[0].type
        whole = self.target.vector_bits // max(8, t.bits)
        if v.data in FUNCTIONS and t.is_float and self.target.has_tables and t.lanes < whole:
            # As in the kernels: tables are looked up in whole registers only.
            lanes = list(range(t.lanes))
            few = f.broadcast(args[0], 4) if t.lanes == 1 else args[0]
            wide = f.pick(few, None, [*lanes, *[None] * (whole - t.lanes)])
            found = SCALARS[v.data].emit(f, [wide], dtypes, v.dtype)
            return f.lane(found, 0) if t.lanes == 1 else f.pick(found, None, lanes)
        if t.kind == "i" and t.bits > 1 and t.lanes > len(elements):
            # Lanes that do not matter may hold anything, and dividing by anything is undefined.
            lanes = [min(i, len(elements) - 1) for i in range(t.lanes)]
            args = [f.pick(a, None, lanes) for a in args]
        return SCALARS[v.data].emit(f, args, dtypes, v.dtype)

    def _product(self, v: Value, elements: Elements) -> Val:
        if v.dtype.kind != "f":
            raise _Unsuitable
        f = self.f
        a, b = v.args
        batch, rows, _, inner = v.data
        depth = math.prod(a.shape[batch + rows :])
        columns = math.prod(b.shape[batch + inner :])
        tall = math.prod(a.shape[batch : batch + rows])
        places = [(e // columns, e // columns // tall, e % columns) for e in elements]
        total: Val | None = None
        for k in range(depth):
            x = self.take(a, tuple(row * depth + k for row, _, _ in places))
            y = self.take(b, tuple((n * depth + k) * columns + c for _, n, c in places))
            total = f.mul(x, y) if total is None else f.fma(x, y, total)
        if total is None:
            raise _Unsuitable
        return total

    def _reduced(self, v: Value, elements: Elements) -> Val:
        kind, _ = v.data
        x = v.args[0]
        if kind not in REDUCTIONS or x.dtype != v.dtype:
            raise _Unsuitable
        count = x.size // v.size
        parts = [self.take(x, tuple(e * count + i for e in elements)) for i in range(count)]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            odd = parts[len(parts) // 2 * 2 :]
            parts = [combine(self.f, kind, v, a, b) for a, b in pairs] + odd
        return parts[0]


def _width(count: int) -> int:
    """Return the lanes of a vector of that many elements."""
    return 1 if count == 1 else max(4, 1 << (count - 1).bit_length())


def emit_resident(
    module: Module, phase: Phase, target: Target, batched: list[str], results: list[Buffer]
) -> bool:
    """Write ``epoch`` (see ``entries.py``) with all state in registers; tell whether it could be.

    Parameters
    ----------
    phase : Phase
        The only one of the step.
    batched, results
        As of ``codegen.generate``.
    """
    sizes = [v.size for v in phase.program.values()]
    if sum(sizes) > _ELEMENTS or 0 in sizes:
        return False
    if any(k.kind not in _KINDS for k in phase.plan.kernels):
        return False
    try:
        module.add(_epoch(module, phase, target, batched, results))
    except _Unsuitable:
        return False
    return True


def _epoch(
    module: Module, phase: Phase, target: Target, batched: list[str], results: list[Buffer]
) -> Function:
    program, plan = phase.program, phase.plan
    args = [(n, PTR, "") for n in ("arena", "table", "order")]
    args += [(n, I64, "") for n in ("low", "high")]
    f = Function(module, "epoch", args, internal=False)
    _, table, order, low, high = f.args

    def address(number: int) -> Val:
        return f.load(PTR, f.at(table, 8 * number))

    inputs = {v.data: address(v.data) for v in program.inputs}
    first = len(batched)
    states = {v.data: address(first + v.data) for v in program.states}
    first += len(program.states)
    places = [address(first + n) for n in range(len(results))]
    shuffled = f.compare("ne", f.emit(I64, f"ptrtoint ptr {order.text} to i64"), Val("0", I64))
    nothing = f.emit(PTR, "alloca i64, align 8")  # in order, row numbers are 0 plus their place
    f.store(Val("0", I64), nothing)

    def row(i: Index, r: int, count: int) -> Val:
        """Return the number of a row of the mini-batch."""
        here = f.index(f.iadd(f.imul(i, count), r))
        chosen = f.select(shuffled, f.at(order, f.imul(here, 8)), nothing)
        return f.add(f.load(I64, chosen), f.select(shuffled, Val("0", I64), here))

    changed = dict(program.updates)
    before = _Step(f, phase, target)
    carried: list[tuple[Value, Elements, Val]] = []
    for v in program.states:
        buffer = plan.buffers[v.id]
        registers = []
        for elements in before.rows(v, before.lane(v, v)):
            t = type_of(v.dtype).vec(_width(len(elements)))
            spots = [f.at(states[v.data], _offset(buffer, e)) for e in elements]
            value = before._padded([f.load(t.scalar, spot) for spot in spots], t)
            registers.append((elements, value))
        if v.data in changed:
            carried += [(v, elements, value) for elements, value in registers]
        else:
            before.hold(v, registers)

    def turn(i: Index, values: list[Val]) -> list[Val]:
        step = _Step(f, phase, target)
        step.where = dict(before.where)
        for v in program.states:
            if v.data in changed:
                registers = [(e, x) for (w, e, _), x in zip(carried, values, strict=True) if w is v]
                step.hold(v, registers)
        rows: dict[int, Val] = {}
        for v in program.inputs:
            start, size = inputs[v.data], v.size * v.dtype.itemsize
            if batched[v.data] != "rows":
                moved = f.imul(i, size) if batched[v.data] == "steps" else 0
                step.inputs[v.data] = _Input([f.at(start, moved)], v.size)
                continue
            count = v.shape[0]
            for r in range(count):
                rows.setdefault(r, row(i, r, count))
            starts = [f.at(start, f.imul(rows[r], size // count)) for r in range(count)]
            step.inputs[v.data] = _Input(starts, v.size // count)
        step.run()
        for v, buffer, place in zip(program.outputs, results, places, strict=True):
            here = f.at(place, f.imul(i, buffer.bytes))
            for e in range(v.size):
                f.store(step.take(v, (e,)), f.at(here, e * v.dtype.itemsize))
        return [step.take(changed[v.data], elements) for v, elements, _ in carried]

    def body() -> None:
        last = f.loop(low, high, 1, turn, [value for _, _, value in carried])
        for (v, elements, _), value in zip(carried, last, strict=True):
            for lane, e in enumerate(elements):
                spot = f.at(states[v.data], _offset(plan.buffers[v.id], e))
                f.store(f.lane(value, lane), spot)

    flush_subnormals(f, target, body)
    return f


def _offset(buffer: Buffer, element: int) -> int:
    """Return where in a buffer an element lies, in bytes."""
    layout = buffer.layout
    spot = np.unravel_index(element, layout.shape) if layout.shape else ()
    elements = sum(int(i) * s for i, s in zip(spot, layout.strides, strict=True))
    return elements * buffer.dtype.itemsize
