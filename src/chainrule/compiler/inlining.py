"""What has no memory: values computed by whoever reads them, and what they read in turn."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import CompileError
from .program import Affine, Value, base_of
from .scalars import SCALARS
from .structure import around, never_reads_zeros

__all__ = ["Inlined", "behind", "inlined", "is_plain", "leaves"]

_CHEAP = 2
_DEEPEST = 50  # of expressions computed on the spot: beyond, a value is a root of its own


class Inlined(frozenset[int]):
    """Ids of values computed where they are read; remembers what :func:`leaves` has found."""

    known: dict[int, list[tuple[Value, Affine, str]]]

    def __new__(cls, ids: Iterable[int]) -> Inlined:
        """Start with nothing known."""
        made = super().__new__(cls, ids)
        made.known = {}
        return made


def leaves(v: Value, inline: Inlined) -> list[tuple[Value, Affine, str]]:
    """Return what computing ``v`` reads: (value, where, how), ``how`` is ``point`` or ``whole``.

    ``where`` maps positions of ``v`` (of its operand, for a reduction) to positions read.
    """
    found = inline.known.get(v.id)
    if found is None:
        found = inline.known[v.id] = _leaves(v, inline)
    return found


def _leaves(v: Value, inline: Inlined) -> list[tuple[Value, Affine, str]]:
    out: list[tuple[Value, Affine, str]] = []
    seen: set[tuple[int, Affine]] = set()
    stack: list[tuple[Value, Affine]] = []

    def push(a: Value, at: Affine) -> None:
        if (a.id, at) not in seen:
            seen.add((a.id, at))
            stack.append((a, at))

    def expand(x: Value, at: Affine) -> None:
        if x.kind == "map":
            for a in x.args:
                push(a, at)
        elif x.kind == "view":
            push(x.args[0], at.after(x.data, rank))
        elif x.kind == "gather":
            source, *indices = x.args
            n = len(indices[0].shape)
            out.append((base_of(source)[0], at, "whole"))
            for i in indices:
                push(i, Affine(at.starts[:n], at.matrix[:n]))
        elif x.kind == "reduce":
            push(x.args[0], at)
        elif x.kind == "assemble":  # zeros that are never read, around an array
            push(x.args[1], at)

    start = v.args[0].shape if v.kind == "reduce" else v.shape
    rank = len(start)
    if v.kind in ("contract", "assemble", "scatter", "scan", "sort", "reshape"):
        for operand in v.args:
            rank = len(operand.shape)
            stack.append((operand, Affine.identity(rank)))
            while stack:
                a, at = stack.pop()
                if a.id in inline:
                    expand(a, at)
                else:
                    out.append((a, at, "whole"))
        return out
    expand(v, Affine.identity(len(start)))
    while stack:
        a, at = stack.pop()
        if a.id in inline:
            expand(a, at)
        else:
            out.append((a, at, "point"))
    return out


def is_plain(at: Affine) -> bool:
    """Tell whether axis ``a`` is read at position ``a`` (the leading axes of the reader)."""
    return not any(at.starts) and all(
        c == (a == o) for a, row in enumerate(at.matrix) for o, c in enumerate(row)
    )


def behind(v: Value) -> Value:
    """Return the value whose memory ``v`` shares."""
    while v.kind == "reshape":
        v = v.args[0]
    return v


def inlined(values: list[Value], users: dict[int, list[Value]], roots: set[int]) -> Inlined:
    """Choose the values computed by whoever reads them."""
    inline: set[int] = set()
    cost: dict[int, int] = {}
    depth: dict[int, int] = {}
    for v in values:
        depth[v.id] = 1 + max((depth[a.id] for a in v.args if a.id in inline), default=0)
        whole = any(_reads_whole(u, v) for u in users[v.id])
        if v.kind in ("view", "iota"):
            if v.id in roots:
                raise CompileError(f"{v!r} cannot be a result")
            inline.add(v.id)
            cost[v.id] = cost.get(v.args[0].id, 0) if v.args else 1
        elif v.kind == "assemble" and v.id not in roots and _skipped(v, users):
            inline.add(v.id)
        elif v.kind == "const" and v.size == 1:
            if not any(_needs_memory(r, u) for r, u in _readers(v, users)):
                inline.add(v.id)
        elif v.kind in ("map", "gather") and v.id not in roots and depth[v.id] < _DEEPEST:
            here = 100 if v.kind == "gather" else SCALARS[v.data].cost
            total = here + sum(cost.get(a.id, 0) for a in v.args)
            readers = _readers(v, users)
            if whole or any(_needs_memory(r, u) for r, u in readers):
                continue
            # Read by a larger value it would be computed again and again.
            repeated = total > _CHEAP and any(_extent(r, u) > v.size for r, u in readers)
            if total <= _CHEAP or (len({u.id for _, u in readers}) <= 1 and not repeated):
                inline.add(v.id)
                cost[v.id] = total
    return Inlined(inline)


def _skipped(v: Value, users: dict[int, list[Value]]) -> bool:
    """Tell whether nobody reads the zeros that a value puts around a computed array."""
    inside = around(v)
    if inside is None or inside[0].kind in ("view", "reshape", "input", "state", "const"):
        return False
    readers = [u for _, u in _readers(v, users)]
    return all(never_reads_zeros(u, v) for u in readers)


def _extent(read: Value, user: Value) -> int:
    """Return at how many positions a reader reads."""
    if user.kind == "assemble":
        return read.size
    return user.args[0].size if user.kind in ("reduce", "scatter") else user.size


def _reads_whole(user: Value, v: Value) -> bool:
    return user.kind in ("contract", "scan", "sort", "reshape") or (
        user.kind == "gather" and user.args[0] is v
    )


def _readers(v: Value, users: dict[int, list[Value]]) -> list[tuple[Value, Value]]:
    """Return (what is read, reader) for every reader that is not a view."""
    out, stack = [], [v]
    while stack:
        x = stack.pop()
        for u in users[x.id]:
            if u.kind == "view":
                stack.append(u)
            else:
                out.append((x, u))
    return out


def _needs_memory(read: Value, user: Value) -> bool:
    """Tell whether a reader wants its operand in memory. Reductions that repeat work do."""
    return _reads_whole(user, read)
