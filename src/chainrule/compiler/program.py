"""The compiler's own graph: a few primitives on arrays of known shape.

Every op of the library is translated into these (``translate/``); passes rewrite them
(``passes/``); the scheduler groups them into kernels (``schedule.py``). There are a dozen kinds of
:class:`Value`:

========== ====================================== ==================================================
kind       data                                   value
========== ====================================== ==================================================
input      index                                  an argument of the call
state      index                                  a tensor from outside, held by reference
const      ndarray                                known now
iota       axis                                   its own position along an axis (int64)
map        name of a scalar function              the function, element by element, no broadcasting
view       :class:`Affine`                        ``x[starts + matrix @ i]`` at position i
reshape    None                                   the same elements in row-major order
reduce     ("sum" …, count)                       over the last ``count`` axes
contract   (batch, rows, columns, inner) counts   a[b, m, k] times b[b, k, n], summed over k
gather     None                                   ``x[i0, i1, …]``: index arrays for leading axes
scatter    None                                   zeros with ``z[i0, i1, …] += updates``
assemble   tuple of :class:`Affine`               a base with blocks written into it, in order
scan       ("sum" …, reverse)                     running reduction along the last axis
sort       "values" or "order"                    along the last axis
========== ====================================== ==================================================

Broadcasting, transposing, slicing, flipping, windows and diagonals are all ``view``. Values are
hash-consed: equal computations are the same object, so common subexpressions never exist twice.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Affine", "Builder", "Check", "Origin", "Program", "Value", "base_of", "ordered"]

Shape = tuple[int, ...]


class Origin(NamedTuple):
    """Where a value comes from: the op and the user's source line, for messages and reports."""

    op: str
    location: str | None = None

    def __str__(self) -> str:
        return f"{self.op} ({self.location})" if self.location else self.op


class Affine(NamedTuple):
    """A map from positions in the result to positions in the operand.

    Attributes
    ----------
    starts : tuple of int
        One per axis of the operand.
    matrix : tuple of tuples of int
        ``matrix[a][o]``: how far axis ``a`` of the operand moves per step of axis ``o`` of the
        result.
    """

    starts: tuple[int, ...]
    matrix: tuple[tuple[int, ...], ...]

    @classmethod
    @functools.cache
    def identity(cls, ndim: int) -> Affine:
        """Return the map of an array onto itself."""
        rows = tuple(tuple(int(a == o) for o in range(ndim)) for a in range(ndim))
        return cls((0,) * ndim, rows)

    @classmethod
    def leading(cls, rank: int, ndim: int) -> Affine:
        """Return the map that reads the first ``rank`` of ``ndim`` axes."""
        rows = tuple(tuple(int(a == o) for o in range(ndim)) for a in range(rank))
        return cls((0,) * rank, rows)

    @classmethod
    def axes(cls, sources: Sequence[int | None], ndim: int) -> Affine:
        """Return the map whose result axis ``o`` is operand axis ``sources[o]`` (None: repeated)."""
        rows = tuple(tuple(int(s == a) for s in sources) for a in range(ndim))
        return cls((0,) * ndim, rows)

    def after(self, inner: Affine, rank: int) -> Affine:
        """Return the map "first ``self``, then ``inner``" of a result of ``rank`` axes."""
        starts = tuple(
            s + sum(c * t for c, t in zip(row, self.starts, strict=True))
            for s, row in zip(inner.starts, inner.matrix, strict=True)
        )
        matrix = tuple(
            tuple(sum(c * self.matrix[j][o] for j, c in enumerate(row)) for o in range(rank))
            for row in inner.matrix
        )
        return Affine(starts, matrix)

    def is_identity(self, source: Shape, target: Shape) -> bool:
        """Tell whether the map changes nothing."""
        return source == target and self == Affine.identity(len(source))


_ids = itertools.count()


@dataclass(eq=False, slots=True)
class Value:
    """One value of a program. See the table in the module's documentation."""

    kind: str
    args: tuple[Value, ...]
    shape: Shape
    dtype: np.dtype[Any]
    data: Any = None
    origin: Origin | None = None
    id: int = field(default_factory=lambda: next(_ids))

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for s in self.shape:
            n *= s
        return n

    @property
    def scalar(self) -> Any:
        """The number, if this is a constant with the same number everywhere, else None."""
        v = self
        while v.kind in ("view", "reshape"):
            v = v.args[0]
        if v.kind == "const" and v.size == 1:
            return v.data.reshape(())[()]
        return None

    def __repr__(self) -> str:
        name = self.data if self.kind == "map" else self.kind
        args = ", ".join(f"%{a.id}" for a in self.args)
        return f"%{self.id} = {name}({args}) {self.dtype}{list(self.shape)}"


def base_of(v: Value) -> tuple[Value, Affine]:
    """Return the value in memory that a chain of views reads, and how."""
    rank = len(v.shape)
    if v.kind != "view":
        return v, Affine.identity(rank)
    at: Affine = v.data
    v = v.args[0]
    while v.kind == "view":
        at = at.after(v.data, rank)
        v = v.args[0]
    return v, at


def ordered(roots: Iterable[Value]) -> list[Value]:
    """Return every value the roots depend on, operands first."""
    done: dict[int, Value] = {}
    out: list[Value] = []
    for root in roots:
        stack: list[tuple[Value, Iterator[Value]]] = []
        if root.id not in done:
            done[root.id] = root
            stack.append((root, iter(root.args)))
        while stack:
            v, rest = stack[-1]
            for a in rest:
                if a.id not in done:
                    done[a.id] = a
                    stack.append((a, iter(a.args)))
                    break
            else:
                stack.pop()
                out.append(v)
    return out


class Check(NamedTuple):
    """What must hold of an integer input before a program may run on it.

    Values lie in ``low … high - 1`` or equal ``ignore``; ``what`` names the op and line.
    """

    input: int
    low: int
    high: int
    ignore: int | None
    what: str


@dataclass
class Program:
    """What is to be computed.

    Attributes
    ----------
    inputs, states : list of Value
        In the order of their indices.
    outputs : list of Value
        Returned to the caller.
    updates : list of (int, Value)
        New value of a state, by index.
    checks : list of Check
        On inputs that are indices.
    """

    inputs: list[Value]
    states: list[Value]
    outputs: list[Value]
    updates: list[tuple[int, Value]]
    checks: list[Check] = field(default_factory=list)

    @property
    def roots(self) -> list[Value]:
        """Everything that must be computed."""
        return [*self.outputs, *(v for _, v in self.updates)]

    def values(self) -> list[Value]:
        """Return every value in use, operands first."""
        return ordered(self.roots)

    def replace(self, table: dict[int, Value]) -> Program:
        """Return the program with its roots taken from ``table`` (old id to new value)."""
        return Program(
            self.inputs,
            self.states,
            [table[v.id] for v in self.outputs],
            [(i, table[v.id]) for i, v in self.updates],
            self.checks,
        )

    def __str__(self) -> str:
        lines = [repr(v) for v in self.values()]
        lines += [f"return %{v.id}" for v in self.outputs]
        lines += [f"state[{i}] <- %{v.id}" for i, v in self.updates]
        return "\n".join(lines)


class Builder:
    """Makes values; equal ones once.

    Only what is true for every operand is simplified here (views of views, identities); what
    needs knowledge of arithmetic stands in ``passes/``.
    """

    def __init__(self) -> None:
        self._known: dict[Any, Value] = {}
        self.origin: Origin | None = None
        self.checks: list[Check] = []
        self.places: dict[int, Any] = {}  # places of maxima, by id: what they were found in

    def require(self, v: Value, low: int, high: int, ignore: int | None = None) -> None:
        """Ask that the values of ``v`` lie in ``low … high - 1``, if they come from outside.

        Indices that are computed are not checked; what uses them keeps them in range.
        """
        while v.kind in ("view", "reshape") or (v.kind == "map" and v.data == "cast"):
            v = v.args[0]
        if v.kind == "input" and v.dtype.kind in "iu":
            check = Check(v.data, low, high, ignore, str(self.origin))
            if check not in self.checks:
                self.checks.append(check)

    def make(
        self, kind: str, args: Sequence[Value], shape: Shape, dtype: Any, data: Any = None
    ) -> Value:
        """Return the value of this description, a new one if there is none."""
        dtype = np.dtype(dtype)
        if kind == "const":
            key: Any = ("const", shape, dtype.str, data.tobytes())
        else:
            key = (kind, tuple(a.id for a in args), shape, dtype.str, data)
        found = self._known.get(key)
        if found is None:
            found = Value(kind, tuple(args), shape, dtype, data, self.origin)
            self._known[key] = found
        return found

    def known(
        self, kind: str, args: Sequence[Value], shape: Shape, dtype: Any, data: Any = None
    ) -> Value | None:
        """Return the value of this description if it has been made."""
        key = (kind, tuple(a.id for a in args), shape, np.dtype(dtype).str, data)
        return self._known.get(key)

    def const(self, array: Any, dtype: Any = None) -> Value:
        """Return a constant."""
        data = np.asarray(array, dtype)
        return self.make("const", (), data.shape, data.dtype, data)

    def full(self, number: Any, shape: Shape, dtype: Any) -> Value:
        """Return a constant repeated over a shape."""
        return self.broadcast(self.const(np.asarray(number).astype(dtype)), shape)

    def iota(self, shape: Shape, axis: int) -> Value:
        """Return the position along an axis."""
        return self.make("iota", (), shape, np.int64, axis)

    def map(self, name: str, *args: Value, dtype: Any = None) -> Value:
        """Apply a scalar function; the shapes must be equal."""
        return self.make("map", args, args[0].shape, dtype or args[0].dtype, name)

    def cast(self, x: Value, dtype: Any) -> Value:
        """Convert, as ``ndarray.astype`` does."""
        if x.dtype == dtype:
            return x
        number = x.scalar
        if number is not None:
            return self.full(number, x.shape, dtype)
        return self.map("cast", x, dtype=dtype)

    def view(self, x: Value, affine: Affine, shape: Shape) -> Value:
        """Read ``x`` through an affine map."""
        if affine.is_identity(x.shape, shape):
            return x
        if x.kind == "view":
            return self.view(x.args[0], affine.after(x.data, len(shape)), shape)
        return self.make("view", (x,), shape, x.dtype, affine)

    def broadcast(self, x: Value, shape: Shape) -> Value:
        """Repeat, by NumPy's rules."""
        if x.shape == shape:
            return x
        pad = len(shape) - len(x.shape)
        rows = []
        for a, n in enumerate(x.shape):
            row = [0] * len(shape)
            if n == shape[a + pad]:
                row[a + pad] = 1
            rows.append(tuple(row))
        return self.view(x, Affine((0,) * len(x.shape), tuple(rows)), shape)

    def transpose(self, x: Value, axes: Sequence[int]) -> Value:
        """Permute the axes."""
        return self.view(x, Affine.axes(list(axes), len(x.shape)), tuple(x.shape[a] for a in axes))

    def slice(self, x: Value, starts: Sequence[int], steps: Sequence[int], shape: Shape) -> Value:
        """Take every ``steps``-th element from ``starts`` on."""
        rows = tuple(
            tuple(steps[a] if a == o else 0 for o in range(len(shape))) for a in range(len(x.shape))
        )
        return self.view(x, Affine(tuple(starts), rows), shape)

    def reshape(self, x: Value, shape: Shape) -> Value:
        """Give the elements, in row-major order, another shape."""
        if x.shape == shape:
            return x
        affine = _split(x.shape, shape)
        if affine is not None:
            return self.view(x, affine, shape)
        if x.kind == "reshape":
            return self.reshape(x.args[0], shape)
        if x.kind in ("view", "iota"):
            x = self.map("copy", x)  # a reshape shares the memory of its operand
        return self.make("reshape", (x,), shape, x.dtype)

    def reduce(self, kind: str, x: Value, axes: Sequence[int], dtype: Any = None) -> Value:
        """Reduce over axes, which are moved to the end first."""
        axes = sorted(a % len(x.shape) for a in axes) if x.shape else []
        if not axes:
            return x
        kept = [a for a in range(len(x.shape)) if a not in axes]
        moved = self.transpose(x, [*kept, *axes])
        shape = tuple(x.shape[a] for a in kept)
        return self.make("reduce", (moved,), shape, dtype or x.dtype, (kind, len(axes)))

    def contract(self, a: Value, b: Value, batch: int, rows: int, columns: int) -> Value:
        """Multiply ``a[batch…, rows…, inner…]`` by ``b[batch…, inner…, columns…]``."""
        inner = len(a.shape) - batch - rows
        shape = a.shape[: batch + rows] + b.shape[batch + inner :]
        return self.make("contract", (a, b), shape, a.dtype, (batch, rows, columns, inner))

    def gather(self, x: Value, indices: Sequence[Value]) -> Value:
        """Return ``x[indices]`` (index arrays of one shape, in range, for the leading axes)."""
        shape = indices[0].shape + x.shape[len(indices) :]
        return self.make("gather", (x, *indices), shape, x.dtype)

    def scatter(self, shape: Shape, indices: Sequence[Value], updates: Value) -> Value:
        """Return zeros to which ``updates`` are added at ``indices``, in order."""
        return self.make("scatter", (updates, *indices), shape, updates.dtype)

    def assemble(self, base: Value, blocks: Sequence[tuple[Value, Affine]]) -> Value:
        """Return ``base`` with blocks written at affine positions."""
        return self.make(
            "assemble",
            (base, *(v for v, _ in blocks)),
            base.shape,
            base.dtype,
            tuple(a for _, a in blocks),
        )


def _split(source: Shape, target: Shape) -> Affine | None:
    """Return the affine map of a reshape that merges no axes (of length other than 1)."""
    real = [(a, n) for a, n in enumerate(source) if n != 1]
    rows = [[0] * len(target) for _ in source]
    at = 0
    wanted = [o for o, n in enumerate(target) if n != 1]
    for a, n in real:
        stride = n
        while stride != 1:
            if at >= len(wanted):
                return None
            o = wanted[at]
            if target[o] == 0 or stride % target[o]:
                return None
            stride //= target[o]
            rows[a][o] = stride
            at += 1
    if at != len(wanted):
        return None
    return Affine((0,) * len(source), tuple(map(tuple, rows)))
