"""Layouts, orientation of products, copies: everything decided between schedule and code.

Each stored value gets a lane axis; each product an *orientation*: whether its vectors run along the
columns of the result or along its rows. The operand on the lane side must have unit stride there
(the other operand is read one number at a time, at any stride), and so must what is stored. Where
that cannot be had, a copy in the wanted layout is made first.

Both are chosen in ``lanes.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .arena import place
from .lanes import Lanes, Tiled
from .layout import Layout, contiguous, padded
from .program import Affine, Value, base_of
from .schedule import Kernel, Schedule
from .structure import accumulates, scratch_size
from .target import Target

__all__ = ["Buffer", "Plan", "Product", "layouts", "plan"]


@dataclass(eq=False)
class Buffer:
    """Memory of one value.

    Attributes
    ----------
    space : str
        ``arena`` (with ``offset``), ``const`` (arena, filled once), ``input`` or ``state``.
    number : int
        Index of the input or state.
    """

    layout: Layout
    dtype: np.dtype
    space: str
    number: int = 0
    offset: int = -1

    @property
    def bytes(self) -> int:
        """Bytes to allocate."""
        return self.layout.size * self.dtype.itemsize


@dataclass
class Product:
    """How a ``contract`` kernel is laid out.

    Attributes
    ----------
    by_rows : bool
        Whether lanes run along the rows of the result (the operands then change roles).
    lane : int
        The domain axis that lanes run along.
    operands : tuple of Value
        As in the value, or the copies made of them.
    along_sum : bool
        Whether lanes run along the innermost axis summed over, and along none of the result.
    share : int
        Lanes that share the sum of one column, of products with few columns; else 0.
    """

    by_rows: bool
    lane: int
    operands: tuple[Value, Value]
    along_sum: bool = False
    share: int = 0


@dataclass
class Plan:
    """What code generation needs beside the schedule.

    Attributes
    ----------
    gathered, listed : dict of int to int
        For an epoch, by input: where in the arena the rows of a mini-batch are copied to, or their
        addresses are listed (see ``rows.py``).
    """

    kernels: list[Kernel]
    buffers: dict[int, Buffer]
    products: dict[int, Product]
    copies: dict[int, Kernel] = field(default_factory=dict)
    arena: int = 0
    constants: list[tuple[Buffer, np.ndarray]] = field(default_factory=list)
    gathered: dict[int, int] = field(default_factory=dict)
    listed: dict[int, int] = field(default_factory=dict)
    once: list[Kernel] = field(default_factory=list)
    scratch: dict[int, Buffer] = field(default_factory=dict)

    def reserve(self, size: int) -> int:
        """Add memory that lives throughout; return its offset."""
        offset = self.arena
        self.arena += -(-(size + 256) // 64) * 64
        return offset

    def buffer(self, v: Value) -> Buffer | None:
        """Return the memory of a value; a reshape has that of its operand."""
        if v.kind == "reshape":
            base = self.buffer(v.args[0])
            if base is None:
                return None
            flat = contiguous(v.shape)
            return Buffer(flat, base.dtype, base.space, base.number, base.offset)
        return self.buffers.get(v.id)


class _Planner:
    def __init__(self, lanes: Lanes, base: int) -> None:
        self.lanes = lanes
        self.base = base
        self.schedule, self.program = lanes.schedule, lanes.program
        self.target, self.tiled = lanes.target, lanes.tiled

    def result(self) -> Plan:
        plan = Plan([], {}, {})
        for v in self.program.states:
            plan.buffers[v.id] = Buffer(self.lanes.layout(v), v.dtype, "state", v.data)
        for v in self.program.inputs:
            plan.buffers[v.id] = Buffer(contiguous(v.shape), v.dtype, "input", v.data)
        for v in self.program.values():
            if v.kind == "const" and v.id not in self.schedule.inline:
                buffer = Buffer(contiguous(v.shape), v.dtype, "const")
                plan.buffers[v.id] = buffer
                plan.constants.append((buffer, v.data))
        made: dict[tuple[int, Affine, tuple[int, ...], int], Value] = {}
        for kernel in self.schedule.kernels:
            for root in kernel.stored:
                if root.id in self.lanes.alias:
                    plan.buffers[root.id] = plan.buffers[self.lanes.alias[root.id]]
                else:
                    plan.buffers[root.id] = Buffer(self.lanes.layout(root), root.dtype, "arena")
            if kernel.kind == "contract":
                self.orient(kernel, plan, made)
            plan.kernels.append(kernel)
        self.copy_updates(plan)
        if self.tiled is not None:
            self.hoist(plan)
        place(plan, self.schedule, self.target, self.base)
        for kernel in plan.kernels:
            if kernel.kind == "contract" and (
                plan.products[kernel.anchor.id].along_sum
                or accumulates(kernel.anchor)
                or (self.tiled is not None and kernel.anchor.id in self.tiled.carried)
            ):
                v = kernel.anchor
                vector = self.lanes.vector(v.dtype)
                along = plan.products[v.id].along_sum
                layout = contiguous((v.size * vector if along else scratch_size(v, vector),))
                offset = plan.reserve(layout.size * v.dtype.itemsize)
                plan.scratch[v.id] = Buffer(layout, v.dtype, "arena", offset=offset)
        return plan

    def copy_updates(self, plan: Plan) -> None:
        """Copy new values that could not overwrite their state directly, when all is done."""
        states = {s.data: s for s in self.program.states}
        for index, v in self.program.updates:
            if v.id in self.lanes.alias:
                continue
            copy = Value("map", (v,), v.shape, v.dtype, "copy", v.origin)
            plan.buffers[copy.id] = plan.buffers[states[index].id]
            kernel = Kernel("loop", v.shape, [copy], 2 * 10**6 + index, stored=[copy])
            plan.copies[copy.id] = kernel
            plan.kernels.append(kernel)

    def hoist(self, plan: Plan) -> None:
        """Take copies of states that do not change out of the loop over tiles."""
        for kernel in plan.copies.values():
            if self.lanes.still(base_of(kernel.anchor.args[0])[0]):
                plan.once.append(kernel)
        plan.kernels = [*plan.once, *(k for k in plan.kernels if k not in plan.once)]

    def orient(
        self,
        kernel: Kernel,
        plan: Plan,
        made: dict[tuple[int, Affine, tuple[int, ...], int], Value],
    ) -> None:
        v = kernel.anchor
        batch, rows, _, _ = v.data
        if self.lanes.along_sum(v):
            left, right = v.args
            if not self.lanes.unit(left, len(left.shape) - 1):
                left = _copy_kernel(left, len(left.shape) - 1, self, plan)
            plan.products[v.id] = Product(False, len(v.shape) - 1, (left, right), True)
            return
        _, by_rows, share = self.lanes.best(kernel)
        if share:
            plan.products[v.id] = Product(False, 1, (v.args[0], v.args[1]), share=share)
            return
        operands = list(v.args)
        side = 0 if by_rows else 1
        operand = operands[side]
        lane = batch + rows - 1 if by_rows else len(operand.shape) - 1
        if not self.lanes.unit(operand, lane):
            base, at = base_of(operand)
            key = (base.id, at, operand.shape, lane)
            if key not in made:
                made[key] = _copy_kernel(operand, lane, self, plan)
            operands[side] = made[key]
        axis = batch + rows - 1 if by_rows else len(v.shape) - 1
        plan.products[v.id] = Product(by_rows, axis, (operands[0], operands[1]))


def _copy_kernel(operand: Value, lane: int, planner: _Planner, plan: Plan) -> Value:
    """Add a kernel that copies an operand into a layout with the given lane axis."""
    copy = Value("map", (operand,), operand.shape, operand.dtype, "copy", operand.origin)
    kernel = Kernel("loop", operand.shape, [copy], 10**6 + len(plan.copies), stored=[copy])
    plan.buffers[copy.id] = Buffer(
        padded(operand.shape, lane, planner.target.vector_bits // 32), operand.dtype, "arena"
    )
    plan.copies[copy.id] = kernel
    plan.kernels.append(kernel)
    return copy


def plan(
    schedule: Schedule,
    target: Target,
    fixed: dict[int, Layout | None] | None = None,
    packed_results: bool = False,
    base: int = 0,
    tiled: Tiled | None = None,
) -> Plan:
    """Decide layouts, orientations and memory for a schedule.

    Parameters
    ----------
    fixed : dict
        Layout of states that already lie in memory, by index.
    packed_results : bool
        Whether results lie in row-major order without gaps, to be copied in one piece.
    base : int
        Where in the arena the program's memory begins.
    tiled : Tiled, optional
        For a program that is run several times in a step, on other samples each time.
    """
    lanes = Lanes(schedule, target, fixed or {}, packed_results, tiled)
    lanes.search()
    return _Planner(lanes, base).result()


def layouts(
    schedule: Schedule, target: Target, fixed: dict[int, Layout | None], wanted: Sequence[Value]
) -> list[Layout]:
    """Return the layouts that some values would have if the program were run as a whole."""
    lanes = Lanes(schedule, target, fixed)
    lanes.search()
    return [lanes.layout(v) for v in wanted]
