"""The addresses of a step's mini-batch in the native loop of an epoch.

An input taken by ``rows`` is read in place, mini-batch after mini-batch. With an order its rows are
found through a list of their addresses (``rows.py``) or are first copied together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from .calling import External, copy_bytes
from .ir import BOOL, I8, I64, PTR, Function, Index, Val
from .plan import Buffer, Plan
from .rows import LISTED
from .target import Target

__all__ = ["Batches"]


class Batches:
    """Finds the mini-batch of a step.

    Parameters
    ----------
    f : Function
        The native loop.
    plan : Plan
        Says which inputs are listed and which are copied.
    batched : list of str
        How each input is taken: ``rows``, ``steps`` (one entry per step) or ``whole``.
    order : Val
        Address of int64 row numbers, or 0.
    inputs : mapping of int to Buffer
    high : Val
        The step before which the loop ends.
    """

    def __init__(
        self,
        f: Function,
        target: Target,
        plan: Plan,
        batched: list[str],
        order: Val,
        inputs: Mapping[int, Buffer],
        high: Val,
    ) -> None:
        self.f, self.target, self.inputs, self.order = f, target, inputs, order
        self.high = high
        address = f.emit(I64, f"ptrtoint ptr {order.text} to i64")
        self.shuffled = f.compare("ne", address, Val("0", I64))
        self.moving = [n for n in inputs if batched[n] != "whole"]
        rows = [n for n in sorted(inputs) if batched[n] == "rows"]
        self.size = inputs[rows[0]].layout.shape[0] if rows else 0
        self.copiers = {n: self._copy_rows(n) for n in rows if n in plan.gathered}
        self.listers = {
            n: [self._list_rows(n, s) for s in (False, True)] for n in rows if n in plan.listed
        }

    def addresses(
        self, i: Index, pointers: Mapping[External, Val], place: Callable[[int], Val]
    ) -> dict[External, Val]:
        """Write what finds the mini-batch of step ``i``; return the addresses the step works with.

        ``place`` tells where the rows of an input are copied to, or listed.
        """
        f, here = self.f, dict(pointers)
        for n in self.moving:
            step = f.imul(i, max(1, self.inputs[n].bytes))
            here["input", n] = f.at(pointers["input", n], step)
        chosen = f.at(self.order, f.imul(i, 8 * self.size))

        def copy() -> None:
            for n, copier in self.copiers.items():
                f.run(copier, [pointers["input", n], chosen, place(n)])

        f.when(self.shuffled, copy)
        for n in self.copiers:
            there = here["input", n]
            text = f"select {self.shuffled.typed}, ptr {place(n).text}, ptr {there.text}"
            here["input", n] = f.emit(PTR, text)
        ordinary = f.emit(BOOL, f"xor {self.shuffled.typed}, true")

        def enlist(ahead: int) -> None:
            for n, (in_order, by_order) in self.listers.items():
                to = f.at(place(n), ahead * LISTED // 2 * self.size)
                there = f.at(here["input", n], ahead * self.inputs[n].bytes)
                given = [pointers["input", n], to, f.at(chosen, ahead * 8 * self.size)]
                f.when(self.shuffled, partial(f.run, by_order, given))
                f.when(ordinary, partial(f.run, in_order, [there, to]))

        if self.listers:
            enlist(0)
            another = f.compare("slt", f.index(f.iadd(i, 1)), self.high)
            f.when(another, partial(enlist, 1))
        return here | {("input", n): place(n) for n in self.listers}

    def _list_rows(self, n: int, shuffled: bool) -> str:
        """Write a function that lists the addresses of one mini-batch's rows; return its name.

        Without an order the rows follow each other from where the mini-batch begins.
        """
        b = self.inputs[n]
        count = b.layout.shape[0]
        size = b.bytes // count
        g = Function(self.f.module, f"list_{n}{'_by_order' if shuffled else ''}", [])
        source, to = g.argument(PTR), g.argument(PTR, "noalias")
        order = g.argument(PTR, "noalias") if shuffled else None
        lanes = max(1, self.target.vector_bits // I64.bits)
        begin = g.emit(I64, f"ptrtoint ptr {source.text} to i64")

        def some(r: Index, lanes: int) -> None:
            t = I64.vec(lanes)
            if order is not None:
                number = g.load(t, g.at(order, g.imul(r, 8)))
            else:
                number = g.broadcast(g.index(r), lanes)
                if lanes > 1:
                    number = g.add(number, g.table(range(lanes), I64))
            distance = g.binary("mul", number, g.const(size, t))
            g.store(g.add(g.broadcast(begin, lanes), distance), g.at(to, g.imul(r, 8)))

        whole = count // lanes * lanes
        g.loop(0, whole, lanes, lambda r, _: some(r, lanes))
        for r in range(whole, count):
            some(r, 1)
        return g.module.add(g)

    def _copy_rows(self, n: int) -> str:
        """Write a function that copies the rows of one mini-batch together; return its name."""
        b = self.inputs[n]
        count = b.layout.shape[0]
        size = b.bytes // max(1, count)
        g = Function(self.f.module, f"copy_{n}", [])
        source, order, to = (g.argument(PTR, "noalias") for _ in range(3))
        wide = self.target.vector_bits // 8
        t = I8.vec(wide)

        def row(r: Index, _: list[Val]) -> None:
            number = g.load(I64, g.at(order, g.imul(r, 8)))
            a, z = g.at(source, g.imul(number, size)), g.at(to, g.imul(r, size))
            whole = size // wide * wide
            unroll = 4 * wide
            quads = whole // unroll * unroll

            def some(at: Index, many: int) -> None:
                for k in range(many):
                    v = g.load(t, g.at(g.at(a, at), k * wide))
                    g.store(v, g.at(g.at(z, at), k * wide))

            g.loop(0, quads, unroll, lambda at, _: some(at, 4))
            some(quads, (whole - quads) // wide)
            if size - whole:
                copy_bytes(g, g.at(z, whole), g.at(a, whole), size - whole)

        g.loop(0, count, 1, row)
        return g.module.add(g)
