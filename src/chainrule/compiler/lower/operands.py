"""How a product's inner loop walks through an operand.

An operand is read at ``inner step, across``: ``across`` is a row of the tile for the operand read
one number at a time, a vector of it for the other one. :class:`Walk` covers strided arrays. Where
the rows of an input lie anywhere in memory and a list of their addresses is given (see
``../rows.py``), either the tile's rows are followed side by side (:class:`RowsAcross`) or the inner
loop goes from row to row (:class:`RowsAlong`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir import I64, PTR, Function, Index, Val
from ..program import Affine, Value, base_of
from .point import Access, Scope

__all__ = ["ADDRESS", "Operand", "RowsAcross", "RowsAlong", "Walk", "fetch_rows"]

Place = Callable[[int], Val]
ADDRESS = 8  # bytes of an address
_LINE = 64  # bytes of a line of the caches


@dataclass
class Operand:
    """An operand as a strided array: pointer, element offset and element strides per axis.

    ``listed`` is the axis whose positions are rows reached through a list of addresses, if any.
    """

    access: Access
    start: int
    strides: list[int]
    listed: int | None = None

    @classmethod
    def of(cls, v: Value, scope: Scope) -> Operand:
        """Return the operand behind a chain of views."""
        base, at = base_of(v)
        return cls.reading(base, at, len(v.shape), scope)

    @classmethod
    def reading(cls, base: Value, at: Affine, rank: int, scope: Scope) -> Operand:
        """Return an operand of some rank that reads ``base`` through an affine map."""
        access = scope.access(base)
        assert access is not None, f"{base!r} has no memory"
        start = sum(s * t for s, t in zip(at.starts, access.layout.strides, strict=True))
        strides = [
            sum(row[o] * t for row, t in zip(at.matrix, access.layout.strides, strict=True))
            for o in range(rank)
        ]
        return cls(access, start, strides, at.matrix[0].index(1) if access.listed else None)

    def address(self, f: Function, position: list[tuple[Index, int]]) -> Val:
        """Return the address at the given (index, stride) pairs."""
        size = self.access.dtype.itemsize
        p = f.at(self.access.pointer, self.start * size)
        for i, stride in position:
            p = f.at(p, f.imul(i, stride * size))
        return p


class Walk:
    """A strided operand: one address, advanced by a fixed number of bytes per inner axis."""

    def __init__(self, f: Function, start: Val, along: list[int]) -> None:
        self.f = f
        self.start = [start]
        self.along = along

    def place(self, state: list[Val], ahead: int, level: int) -> Place:
        """Return the address ``ahead`` steps on, by offset across in bytes."""
        offset = ahead * self.along[level] if ahead else 0
        return lambda across: self.f.at(state[0], offset + across)

    def advance(self, state: list[Val], steps: int, level: int) -> list[Val]:
        """Return the state that many steps on."""
        return [self.f.at(state[0], steps * self.along[level])]


class RowsAcross:
    """Rows anywhere in memory, one per row of the tile; the inner loop runs along all of them."""

    def __init__(self, f: Function, rows: list[Val], across: int, along: int) -> None:
        self.f = f
        self.rows = rows
        self.across = across
        self.along = along
        self.start = [f.index(0)]

    def place(self, state: list[Val], ahead: int, level: int) -> Place:
        """Return the address ``ahead`` steps on, by offset across in bytes of a strided array."""

        def at(across: int) -> Val:
            return self.f.at(
                self.f.at(self.rows[across // self.across], state[0]), ahead * self.along
            )

        return at

    def advance(self, state: list[Val], steps: int, level: int) -> list[Val]:
        """Return the state that many steps on."""
        return [self.f.index(self.f.iadd(state[0], steps * self.along))]


class RowsAlong:
    """Rows anywhere in memory, the next one at every step of the inner loop."""

    def __init__(self, f: Function, addresses: Val, inside: Index) -> None:
        self.f = f
        self.inside = inside
        self.start = [addresses]

    def place(self, state: list[Val], ahead: int, level: int) -> Place:
        """Return the address in the row ``ahead`` steps on, by offset across in bytes."""
        row = self.f.load(PTR, self.f.at(state[0], ahead * ADDRESS))
        here = self.f.at(row, self.inside)
        return lambda across: self.f.at(here, across)

    def advance(self, state: list[Val], steps: int, level: int) -> list[Val]:
        """Return the state that many steps on."""
        return [self.f.at(state[0], steps * ADDRESS)]


def fetch_rows(
    f: Function,
    addresses: Val,
    rows: int,
    share: tuple[Index, int],
    inside: Index,
    step: int,
) -> None:
    """Ask for one line of each of a share of listed rows, to have it in the second cache.

    Parameters
    ----------
    addresses : Val
        Of the list.
    rows : int
        How many there are.
    share : (Index, int)
        Which share of the rows, of how many.
    inside : Index
        Where in the rows, in bytes.
    step : int
        How far ``inside`` moves from one call to the next: within a line only the first one asks.
    """
    which, shares = share
    each = -(-rows // shares)
    first = f.imul(which, each)

    def ask() -> None:
        for r in range(each):
            row = f.iadd(first, r)
            if each * shares > rows:  # the last share is smaller
                row = f.intrinsic("smin", f.index(row), Val(str(rows - 1), I64))
            place = f.load(PTR, f.at(addresses, f.imul(row, ADDRESS)))
            f.prefetch(f.at(place, inside), level=2)

    if 2 * step > _LINE or isinstance(inside, int):
        ask()
        return
    within = f.binary("and", inside, Val(str(_LINE - 1), I64))
    f.when(f.compare("slt", within, Val(str(step), I64)), ask)
