"""Code for a value at one position of a kernel's loops, or at a vector of positions.

A kernel loops over its *domain*. :class:`Point` is one place in those loops: a linear form
(:class:`Linear`) per domain axis, and the number of lanes along one of them. ``Point.value(v)``
emits what is needed to have ``v`` there: loads of what lies in memory, arithmetic of what does
not, each at most once per point.

What does not vary along the lanes is computed as a scalar and broadcast where it meets a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ...errors import CompileError
from ..ir import I64, Function, Index, Type, Val, type_of
from ..layout import Layout
from ..program import Affine, Value, base_of
from ..scalars import SCALARS

__all__ = ["Access", "Linear", "Point", "Scope"]


class Linear(NamedTuple):
    """``constant`` plus the sum of run-time indices times whole factors."""

    constant: int
    terms: tuple[tuple[Val, int], ...] = ()

    @classmethod
    def of(cls, i: Index) -> Linear:
        """Return an index as a linear form."""
        return cls(i) if isinstance(i, int) else cls(0, ((i, 1),))

    def plus(self, other: Linear | int) -> Linear:
        """Return the sum."""
        if isinstance(other, int):
            return Linear(self.constant + other, self.terms)
        terms = dict(self.terms)
        for v, c in other.terms:
            terms[v] = terms.get(v, 0) + c
        kept = tuple((v, c) for v, c in terms.items() if c)
        return Linear(self.constant + other.constant, kept)

    def times(self, factor: int) -> Linear:
        """Return the product with a number."""
        if factor == 0:
            return Linear(0)
        return Linear(self.constant * factor, tuple((v, c * factor) for v, c in self.terms))


class Access(NamedTuple):
    """How a kernel reaches a buffer: a pointer argument and a layout.

    ``slack`` tells whether a vector may be read past the end (not so in the user's arrays).
    ``listed`` tells that the pointer is to a list of the addresses of rows (see ``../rows.py``).
    """

    pointer: Val
    layout: Layout
    dtype: np.dtype[Any]
    slack: bool = True
    listed: bool = False


@dataclass
class Scope:
    """What holds for a whole kernel.

    Attributes
    ----------
    f : Function
        The function being written.
    lanes : int
        Vector length of the kernel.
    access : callable
        Returns how to reach the buffer of a value, or None if the value has none.
    own : set of int
        Values computed by this kernel: within it they are never read from memory, which they
        reach later than they are needed.
    """

    f: Function
    lanes: int
    access: Callable[[Value], Access | None]
    own: frozenset[int] = frozenset()


@dataclass
class Point:
    """A position in a kernel's loops; see the module's documentation.

    Parameters
    ----------
    scope : Scope
    axes : tuple of Linear
        Position along each domain axis.
    lane : int
        The domain axis that lanes run along; -1 for none (one position).
    valid : int or None
        How many lanes lie inside the domain (None: all).
    given : dict
        Values that the kernel itself computes, by id: vectors (or scalars) at this point.
    shared : dict
        What several points of one stretch of straight code have in common: addresses, loads, and
        values that do not vary along the lanes.
    """

    scope: Scope
    axes: tuple[Linear, ...]
    lane: int
    valid: int | None = None
    given: dict[int, Val] = field(default_factory=dict)
    shared: dict[object, Val] = field(default_factory=dict)
    _memo: dict[object, Val] = field(default_factory=dict)
    _steps: list[int] = field(default_factory=list)

    # -- values -------------------------------------------------------------------------

    def value(self, v: Value, at: Affine | None = None) -> Val:
        """Return ``v`` here; ``at`` maps domain positions to positions in ``v``."""
        if at is None:
            at = Affine.identity(len(self.axes))
        if v.id in self.given and self._plain(v, at):
            return self.given[v.id]
        key: object = (v.id, at)
        memo = self._memo
        if self.lane >= 0 and not any(row[self.lane] for row in at.matrix):
            others = self.axes[: self.lane] + self.axes[self.lane + 1 :]
            key, memo = ("still", v.id, at, others), self.shared
        found = memo.get(key)
        if found is None:
            found = memo[key] = self._compute(v, at)
        return found

    def know(self, v: Value, at: Affine, value: Val) -> None:
        """Take note of a value that has been computed: ``v`` at ``at`` from here."""
        self._memo[v.id, at] = value

    def _plain(self, v: Value, at: Affine) -> bool:
        """Tell whether ``at`` reads axis ``o`` of ``v`` at domain axis ``o`` (leading axes)."""
        return all(
            s == 0 and all(c == (a == o) for o, c in enumerate(row))
            for a, (s, row) in enumerate(zip(at.starts, at.matrix, strict=True))
        )

    def vector(self, v: Value, at: Affine | None = None) -> Val:
        """Return ``v`` here with the full number of lanes."""
        x = self.value(v, at)
        return self.scope.f.broadcast(x, self.scope.lanes) if self.lane >= 0 else x

    def _compute(self, v: Value, at: Affine) -> Val:
        f = self.scope.f
        number = v.scalar
        if number is not None:
            return f.const(number, type_of(v.dtype))
        if v.id in self.scope.own:
            found = self._gather(v, at) if v.kind == "gather" else self._map(v, at)
            self.given[v.id] = found
            return found
        access = self.scope.access(v)
        if access is not None:
            return self._load(access, self.position(at))
        if v.kind == "view":
            return self.value(v.args[0], at.after(v.data, len(self.axes)))
        if v.kind == "map":
            return self._map(v, at)
        if v.kind == "iota":
            return self._iota(at, v.data)
        if v.kind == "gather":
            return self._gather(v, at)
        raise CompileError(f"{v!r} from {v.origin} was not given a place in memory")

    def _map(self, v: Value, at: Affine) -> Val:
        f = self.scope.f
        args = [self.value(a, at) for a in v.args]
        lanes = max(a.type.lanes for a in args)
        args = [f.broadcast(a, lanes) for a in args]
        return SCALARS[v.data].emit(f, args, [a.dtype for a in v.args], v.dtype)

    def _iota(self, at: Affine, axis: int) -> Val:
        f = self.scope.f
        start = self.index(self.position(at)[axis])
        step = at.matrix[axis][self.lane] if self.lane >= 0 else 0
        scalar = f.index(start)
        if step == 0:
            return scalar
        t = I64.vec(self.scope.lanes)
        lanes = f.table([step * i for i in range(t.lanes)], I64)
        return f.add(f.broadcast(scalar, t.lanes), lanes)

    # -- memory -------------------------------------------------------------------------

    def position(self, at: Affine) -> list[Linear]:
        """Return the position in the operand of ``at``, one linear form per axis."""
        out = []
        for start, row in zip(at.starts, at.matrix, strict=True):
            i = Linear(start)
            for c, axis in zip(row, self.axes, strict=True):
                if c:
                    i = i.plus(axis.times(c))
            out.append(i)
        self._steps = [row[self.lane] if self.lane >= 0 else 0 for row in at.matrix]
        return out

    def index(self, i: Linear) -> Index:
        """Emit a linear form as an index."""
        f = self.scope.f
        key = ("index", i.terms)
        total: Index = 0
        if i.terms:
            found = self.shared.get(key)
            if found is None:
                for v, c in i.terms:
                    total = f.iadd(total, f.imul(v, c))
                assert isinstance(total, Val)
                self.shared[key] = total
            else:
                total = found
        return f.iadd(total, i.constant)

    def address(self, access: Access, offset: Linear) -> Val:
        """Return the address of an element; positions that differ by a constant share its base."""
        f = self.scope.f
        size = access.dtype.itemsize
        key = ("base", access.pointer.text, offset.terms)
        base = self.shared.get(key)
        if base is None:
            base = access.pointer
            for v, c in offset.terms:
                base = f.at(base, f.imul(v, c * size))
            self.shared[key] = base
        return f.at(base, offset.constant * size)

    def offset(self, access: Access, position: list[Linear]) -> tuple[Linear, int]:
        """Return the element offset of a position and its step per lane."""
        total, step = Linear(0), 0
        for i, s, stride in zip(position, self._steps, access.layout.strides, strict=True):
            total = total.plus(i.times(stride))
            step += s * stride
        return total, step

    def _load(self, access: Access, position: list[Linear]) -> Val:
        total, step = self.offset(access, position)
        return self.load(access, total, step)

    def load(self, access: Access, total: Linear, step: int) -> Val:
        """Load the lanes from ``total`` on, ``step`` elements apart."""
        key = ("load", access.pointer.text, total, step)
        found = self.shared.get(key)
        if found is None:
            found = self.shared[key] = self._fetch(access, total, step)
        return found

    def _fetch(self, access: Access, total: Linear, step: int) -> Val:
        f, lanes = self.scope.f, self.scope.lanes
        t = type_of(access.dtype)
        if self.lane < 0 or step == 0:
            return f.load(t, self.address(access, total))
        if step == 1:
            part = None if access.slack else self.valid
            return f.load(t.vec(lanes), self.address(access, total), part)
        count = lanes if self.valid is None else self.valid
        parts = [f.load(t, self.address(access, total.plus(i * step))) for i in range(count)]
        parts += [parts[-1]] * (lanes - count)
        return f.join(parts)

    def store(self, access: Access, at: Affine, value: Val, whole: bool) -> None:
        """Store a vector; ``whole`` allows writing into the padding."""
        f = self.scope.f
        total, step = self.offset(access, self.position(at))
        if self.lane < 0 or (step == 0 and value.type.lanes == 1):
            f.store(value, self.address(access, total))
            return
        value = f.broadcast(value, self.scope.lanes)
        if step == 1:
            part = None if access.layout.padded and whole else self.valid
            f.store(value, self.address(access, total), part)
            return
        for i in range(self.scope.lanes if self.valid is None else self.valid):
            f.store(f.lane(value, i), self.address(access, total.plus(i * step)))

    # -- gathers ------------------------------------------------------------------------

    def _gather(self, v: Value, at: Affine) -> Val:
        f = self.scope.f
        source, *indices = v.args
        base, through = base_of(source)
        access = self.scope.access(base)
        if access is None:
            raise CompileError(f"the operand of {v.origin} was not given a place in memory")
        ndim = len(indices[0].shape)
        head = Affine(at.starts[:ndim], at.matrix[:ndim])
        where = [self.value(i, head) for i in indices]
        where = [
            f.convert(w, Type("i", 64, w.type.lanes), "zext" if i.dtype.kind in "ub" else "sext")
            for w, i in zip(where, indices, strict=True)
        ]
        tail = self.position(Affine(at.starts[ndim:], at.matrix[ndim:]))
        steps = [0] * len(indices) + self._steps
        # How far an axis of the source reaches in memory: views of the base are composed in.
        reach = [
            sum(row[a] * s for row, s in zip(through.matrix, access.layout.strides, strict=True))
            for a in range(len(source.shape))
        ]
        first = sum(s * t for s, t in zip(through.starts, access.layout.strides, strict=True))
        total = Linear(first)
        for i, stride in zip(tail, reach[len(indices) :], strict=True):
            total = total.plus(i.times(stride))
        step = sum(s * stride for s, stride in zip(steps, reach, strict=True))
        if all(w.type.lanes == 1 for w in where):
            for w, stride in zip(where, reach, strict=False):
                total = total.plus(Linear.of(w).times(stride))
            return self.load(access, total, step)
        t = type_of(access.dtype)
        lanes = self.scope.lanes if self.lane >= 0 else 1
        count = lanes if self.valid is None else self.valid
        parts = []
        for lane in range(count):
            here = total.plus(lane * step)
            for w, stride in zip(where, reach, strict=False):
                here = here.plus(Linear.of(f.lane(w, lane)).times(stride))
            parts.append(f.load(t, self.address(access, here)))
        parts += [parts[-1]] * (lanes - count)
        return f.join(parts)
