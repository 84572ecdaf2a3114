"""Which axis of every value vectors run along, and which way round every product is taken.

A local search over lane axes: the cost of a product is its multiply-adds in whole vectors (so padding
counts) and what it reads or stores one number at a time; of a copy or of a badly oriented loop, its
elements.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .inlining import behind, leaves
from .ir import type_of
from .layout import Layout, contiguous, padded
from .program import Value, base_of
from .schedule import Kernel, Schedule
from .structure import is_windowed, sums_samples
from .target import Target

__all__ = ["Lanes", "Tiled"]

_HELD = 12  # vectors of weights that stay in registers
_APART = 3  # what reading or storing a number of a vector by itself costs, in multiply-adds
_FOLDING = 8  # what adding up the shares of a row costs, in multiply-adds


class Tiled(NamedTuple):
    """What is to be known of a program that runs once per tile.

    Attributes
    ----------
    moving : frozenset of int
        States of which each run sees other samples.
    carried : frozenset of int
        Ids of products that are summed over all runs.
    """

    moving: frozenset[int]
    carried: frozenset[int]


class Lanes:
    """The search and what it has found.

    Parameters
    ----------
    schedule : Schedule
    target : Target
    fixed : dict
        Layout of states that already lie in memory, by index.
    packed_results : bool
        Whether results lie in row-major order without gaps.
    tiled : Tiled, optional
    """

    def __init__(
        self,
        schedule: Schedule,
        target: Target,
        fixed: dict[int, Layout | None],
        packed_results: bool = False,
        tiled: Tiled | None = None,
    ) -> None:
        self.tiled = tiled
        self.packed_results = packed_results
        self.schedule = schedule
        self.target = target
        self.fixed = fixed
        self.program = schedule.program
        self.lane: dict[int, int] = {}
        self.natural: set[int] = set()  # ids whose memory must be row-major without gaps
        self.pinned: set[int] = set()  # ids whose lanes run along the last axis
        self.alias: dict[int, int] = {}  # id of an update -> id of the state it overwrites
        self.touching: dict[int, list[Kernel]] = {}
        self.by_id: dict[int, Value] = {}
        self._collect()

    def vector(self, dtype: np.dtype) -> int:
        t = type_of(dtype)
        return self.target.vector_bits // max(32, t.bits)

    def _collect(self) -> None:
        states = {s.data: s for s in self.program.states}
        for v in self.program.values():
            if v.kind == "reshape":
                x = v.args[0]
                while x.kind == "reshape":
                    x = x.args[0]
                self.natural.add(x.id)
        if self.packed_results:
            self.natural |= {behind(v).id for v in self.program.outputs}
        for index in states:
            self.by_id[states[index].id] = states[index]
        for update, index in self.schedule.in_place.items():
            self.alias[update] = states[index].id
        for kernel in self.schedule.kernels:
            for root in kernel.roots:
                for a, _, _ in leaves(root, self.schedule.inline):
                    self._touch(a, kernel)
            for root in kernel.stored:
                self._touch(root, kernel)

            if kernel.kind == "contract":
                zeros = self.skips(kernel.anchor)
                if zeros is not None:
                    self.pinned.add(self.key(zeros.args[1]))

    def skips(self, v: Value) -> Value | None:
        """Return the right operand of a product if it has zeros around it that nobody stores."""
        base, _ = base_of(v.args[1])
        return base if base.kind == "assemble" and base.id in self.schedule.inline else None

    def _touch(self, v: Value, kernel: Kernel) -> None:
        while v.kind == "reshape":
            v = v.args[0]
        key = self.alias.get(v.id, v.id)
        self.by_id.setdefault(key, v)
        kernels = self.touching.setdefault(key, [])
        if kernel not in kernels:
            kernels.append(kernel)

    def key(self, v: Value) -> int:
        return self.alias.get(v.id, v.id)

    def movable(self, key: int) -> bool:
        v = self.by_id[key]
        if len(v.shape) < 2 or v.kind in ("input", "const"):
            return False
        if key in self.natural or key in self.pinned:
            return False
        return not (v.kind == "state" and self.fixed.get(v.data) is not None)

    def lane_of(self, v: Value) -> int:
        if v.kind == "reshape" or not v.shape:
            return len(v.shape) - 1
        if v.kind == "state":
            given = self.fixed.get(v.data)
            if given is not None:
                return given.lane
        return self.lane.get(self.key(v), len(v.shape) - 1)

    def along_sum(self, v: Value) -> bool:
        """Tell whether a product's lanes run along its innermost sum."""
        inner = v.data[3]
        return sums_samples(v) and self.unit(v.args[1], inner - 1)

    def share(self, v: Value) -> int:
        """Return how many lanes may share the sum of a column (see ``lower/slender.py``), or 0."""
        if v.data != (0, 1, 1, 1) or is_windowed(v) or v.shape[1] < 2:
            return 0
        left = v.args[0]
        depth = left.shape[1]
        share = self.vector(v.dtype) >> (v.shape[1] - 1).bit_length()
        if share < 2 or depth % share or not 2 <= depth // share <= _HELD or v.shape[0] < share:
            return 0
        return share if self.unit(left, 1) else 0

    # -- cost ---------------------------------------------------------------------------

    def unit(self, operand: Value, axis: int) -> bool:
        """Tell whether an operand has unit stride along one of its axes."""
        base, at = base_of(operand)
        if not base.shape:
            return False
        lane = self.lane_of(base)
        return all(row[axis] == (1 if a == lane else 0) for a, row in enumerate(at.matrix))

    def product(self, kernel: Kernel) -> tuple[float, bool]:
        """Return the cost of a product and whether its lanes run along the rows."""
        cost, by_rows, _ = self.best(kernel)
        return cost, by_rows

    def best(self, kernel: Kernel) -> tuple[float, bool, int]:
        """Return the cost of a product, whether lanes run along its rows, and how many share."""
        cost, by_rows = self.plain(kernel)
        v = kernel.anchor
        share = 0 if kernel.windows is not None else self.share(v)
        if share:
            shared = v.shape[0] * (v.args[0].shape[1] / share + _FOLDING)
            shared += sum(r.size for r in kernel.stored if self.lane_of(r) != 1)
            if shared < cost:
                return shared, False, share
        return cost, by_rows, 0

    def plain(self, kernel: Kernel) -> tuple[float, bool]:
        """Return the cost of a product whose lanes run along columns or rows, and which."""
        v = kernel.anchor
        batch, rows, columns, _ = v.data
        a, b = v.args
        vec = self.vector(v.dtype)
        if self.along_sum(v):
            lanes = -(-a.shape[-1] // vec)
            cost = float(v.size * (a.size // max(1, a.shape[0] * a.shape[-1])) * lanes)
            return cost + (0 if self.unit(a, len(a.shape) - 1) else a.size), False
        k = int(np.prod(a.shape[batch + rows :], dtype=np.int64))
        best: tuple[float, bool] | None = None
        sides = (False,) if self.skips(v) is not None else (False, True)
        for by_rows in sides:
            if (rows if by_rows else columns) == 0:
                continue
            axis = batch + rows - 1 if by_rows else len(v.shape) - 1
            if kernel.windows is not None and kernel.windows[axis] > 1:
                continue
            n = v.shape[axis]
            others = v.size // max(1, n)
            cost = float(others * -(-n // vec) * (k + 2))
            operand = a if by_rows else b
            lane = batch + rows - 1 if by_rows else len(b.shape) - 1
            if not self.unit(operand, lane) and not self.still(base_of(operand)[0]):
                cost += operand.size
            apart = sum(r.size for r in kernel.stored if self.lane_of(r) != axis)
            cost += _APART * (apart + self.read_across(kernel, axis))
            # In a draw the columns: rows of the result are then contiguous.
            if best is None or cost < best[0] * (0.98 if by_rows else 1.0):
                best = cost, by_rows
        if best is None:
            best = float(v.size * k), False
        return best

    def read_across(self, kernel: Kernel, axis: int) -> int:
        """Return how many numbers what follows a product reads one by one, lanes along ``axis``."""
        total = 0
        for root in kernel.roots[1:]:
            for a, at, how in leaves(root, self.schedule.inline):
                if how != "point" or not a.shape or a in kernel.roots:
                    continue
                steps = [row[axis] if axis < len(row) else 0 for row in at.matrix]
                if any(steps) and steps[self.lane_of(a)] != 1:
                    total += a.size
        return total

    def loop(self, kernel: Kernel) -> float:
        cost = 0.0
        wanted: dict[int, float] = {}
        sizes = 0.0
        ndim = len(kernel.domain)
        for root in kernel.roots:
            for a, at, how in leaves(root, self.schedule.inline):
                if how == "point" and a.size > 1 and a.shape:
                    lane = self.lane_of(a)
                    for o, c in enumerate(at.matrix[lane]):
                        if c == 1:
                            wanted[o] = wanted.get(o, 0.0) + a.size
                    sizes += a.size
        for root in kernel.stored:
            if root.shape == kernel.domain and ndim:
                lane = self.lane_of(root)
                wanted[lane] = wanted.get(lane, 0.0) + root.size
                sizes += root.size
        if wanted:
            cost += 0.8 * (sizes - max(wanted.values())) + sizes / self.vector(np.dtype("f4"))
        return cost

    def cost(self, kernel: Kernel) -> float:
        return self.product(kernel)[0] if kernel.kind == "contract" else self.loop(kernel)

    def groups(self, wide: bool) -> list[list[int]]:
        """Return what should have one lane axis: values of one shape stored by one kernel.

        A parameter and the optimiser's slots for it move together; one alone would only see the
        cost of differing from the others. Wide groups have in addition what a loop reads position
        by position to compute what it stores: a gradient that is stored, because its norm is
        wanted before the update, then moves with its parameter.
        """
        group = {k: [k] for k in self.touching if self.movable(k)}
        for kernel in self.schedule.kernels:
            keys = [self.key(r) for r in kernel.stored if r.shape == kernel.domain]
            if wide and kernel.kind == "loop":
                keys += [
                    self.key(a)
                    for root in kernel.stored
                    for a, at, how in leaves(root, self.schedule.inline)
                    if how == "point" and at.is_identity(a.shape, kernel.domain)
                ]
            keys = [k for k in dict.fromkeys(keys) if k in group]
            for k in keys[1:]:
                if group[k] is not group[keys[0]]:
                    group[keys[0]].extend(group[k])
                    for member in group[k]:
                        group[member] = group[keys[0]]
        return list({id(g): g for g in group.values()}.values())

    def search(self) -> None:
        """Move lane axes, a group at a time, while that lowers the cost: wide groups first."""
        for key in self.touching:
            if self.movable(key):
                self.lane[key] = len(self.by_id[key].shape) - 1
        self.descend(self.groups(wide=True))
        self.descend(self.groups(wide=False))

    def descend(self, groups: list[list[int]]) -> None:
        """Move groups until no move lowers the cost, four rounds at most."""
        for _ in range(4):
            changed = False
            for group in groups:
                kernels = list(dict.fromkeys(k for key in group for k in self.touching[key]))
                before = [self.lane[key] for key in group]
                best = sum(map(self.cost, kernels))
                kept = before
                for axis in range(len(self.by_id[group[0]].shape)):
                    axes = [axis] * len(group)
                    self.move(group, axes)
                    cost = sum(map(self.cost, kernels))
                    if cost < 0.98 * best:
                        best, kept, changed = cost, axes, True
                self.move(group, kept)
            if not changed:
                return

    def move(self, group: list[int], axes: list[int]) -> None:
        """Give the values of a group their lane axes."""
        for key, axis in zip(group, axes, strict=True):
            self.lane[key] = axis

    # -- result -------------------------------------------------------------------------

    def layout(self, v: Value) -> Layout:
        if v.kind == "state":
            given = self.fixed.get(v.data)
            if given is not None:
                return given
        if self.key(v) in self.natural or v.kind == "input":
            return contiguous(v.shape)
        return padded(v.shape, self.lane_of(v), self.target.vector_bits // 32)

    def still(self, v: Value) -> bool:
        """Tell whether a value is the same in all runs over the tiles of a step."""
        if self.tiled is None or v.kind != "state" or v.data in self.tiled.moving:
            return False
        return all(index != v.data for index, _ in self.program.updates)
