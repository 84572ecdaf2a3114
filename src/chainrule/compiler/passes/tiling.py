"""Tall batches of narrow networks: a few rows through all layers at a time.

With ten thousand rows of thirty numbers every layer streams its activations through the caches, and
products of so few columns cannot hide it. If each row's way through the program is its own until
sums over the rows (gradients, the loss) are taken, the program is split in two: a *tile* program for
some tens of rows, run once per tile, that adds its partial sums to accumulators; and the *rest*,
run once per step, which uses them. The order of summation is fixed by the size of the tile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..program import Affine, Builder, Program, Value, ordered

__all__ = ["Split", "split_rows"]

_FEWEST_ROWS = 1024
_CACHE = 36 * 1024  # bytes of one tile's values: they should stay in the first-level cache
_WORTH = 1 << 19  # bytes of all rows' values from which on it pays
_COMBINE = {"sum": "add", "prod": "mul", "max": "max", "min": "min", "any": "or", "all": "and"}
_NEUTRAL = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf, "any": 0.0, "all": 1.0}


@dataclass(frozen=True)
class Split:
    """A program in two parts.

    Attributes
    ----------
    tile, rest : Program
        Their states are those of the whole program followed by the accumulators.
    count : int
        How often ``tile`` runs.
    rows : int
        Rows per tile.
    inputs : tuple of int
        Inputs of which each run takes the next rows.
    neutral : tuple of float
        What each accumulator starts with.
    """

    tile: Program
    rest: Program
    count: int
    rows: int
    inputs: tuple[int, ...]
    neutral: tuple[float, ...]


class _NotTiled(Exception):
    """The program does not split."""


def _label_view(v: Value, axis: int, total: int) -> int:
    affine: Affine = v.data
    row = affine.matrix[axis]
    places = [o for o, c in enumerate(row) if c]
    if affine.starts[axis] or len(places) != 1 or row[places[0]] != 1:
        raise _NotTiled
    out = places[0]
    others = (r[out] for a, r in enumerate(affine.matrix) if a != axis)
    if v.shape[out] != total or any(others):
        raise _NotTiled
    return out


def _label_contract(v: Value, a: int | None, b: int | None) -> int | None:
    """Return the axis of rows in a product; None where it sums over them."""
    batch, rows, _, inner = v.data
    if a is not None and b is not None:
        if a < batch and a == b:
            return a
        if a >= batch + rows and b == a - rows and batch <= b < batch + inner:
            return None
        raise _NotTiled
    if a is not None and batch <= a < batch + rows:
        return a
    if b is not None and b >= batch + inner:
        return b - inner + rows
    raise _NotTiled


def _labels(program: Program, total: int) -> tuple[dict[int, int], list[Value]]:
    """Return the axis of rows of every value that has one, and the sums over rows."""
    label: dict[int, int] = {}
    sums: list[Value] = []
    for v in program.values():
        axes = [label.get(a.id) for a in v.args]
        if v.kind == "input":
            if v.shape and v.shape[0] == total:
                label[v.id] = 0
            continue
        if all(a is None for a in axes):
            continue
        if v.kind == "map":
            known = {a for a in axes if a is not None}
            axis = known.pop()
            if known:
                raise _NotTiled
            for x, a in zip(v.args, axes, strict=True):
                if a is None and not _repeats(x, axis):
                    raise _NotTiled
            label[v.id] = axis
        elif v.kind == "view":
            assert axes[0] is not None
            label[v.id] = _label_view(v, axes[0], total)
        elif v.kind == "reshape":
            if axes[0] != 0 or v.shape[:1] != (total,):
                raise _NotTiled
            label[v.id] = 0
        elif v.kind == "reduce":
            kind, count = v.data
            axis_of = axes[0]
            assert axis_of is not None
            if axis_of < len(v.args[0].shape) - count:
                label[v.id] = axis_of
            elif kind in _COMBINE:
                sums.append(v)
        elif v.kind == "contract":
            out = _label_contract(v, axes[0], axes[1])
            if out is None:
                sums.append(v)
            else:
                label[v.id] = out
        elif v.kind == "gather":
            if axes[0] is not None or len(set(axes[1:])) != 1:
                raise _NotTiled
            assert axes[1] is not None
            label[v.id] = axes[1]
        else:
            raise _NotTiled
    if any(v.id in label for v in program.roots):
        raise _NotTiled
    return label, sums


def _repeats(x: Value, axis: int) -> bool:
    """Tell whether a value without rows is the same at all positions of an axis."""
    if x.kind == "view":
        return not any(row[axis] for row in x.data.matrix)
    if x.kind == "iota":
        return bool(x.data != axis)
    if x.kind == "map":
        return all(_repeats(a, axis) for a in x.args)
    return False


def _tile_rows(program: Program, label: dict[int, int], total: int) -> int:
    """Return how many rows a tile has: a divisor of all, a multiple of 8; 0 if it does not pay."""
    per_row = 0
    for v in program.values():
        if v.id in label and v.kind in ("contract", "gather", "input"):
            per_row += v.size // total * v.dtype.itemsize
    if per_row * total < _WORTH:
        return 0
    limit = max(16, _CACHE // max(1, per_row))
    fitting = [n for n in range(16, min(limit, total // 8) + 1, 8) if total % n == 0]
    return max(fitting, default=0)


def split_rows(program: Program) -> Split | None:
    """Return a program as a tile and the rest, or None if it does not split or need not."""
    leading = [v.shape[0] for v in program.inputs if v.shape]
    total = max(leading, default=0)
    if total < _FEWEST_ROWS:
        return None
    try:
        label, sums = _labels(program, total)
        rows = _tile_rows(program, label, total)
        if not rows or not sums:
            return None
        after = {v.id for v in sums}
        for v in program.values():  # nothing of a row may need a sum over all rows
            if any(a.id in after for a in v.args):
                if v.id in label:
                    return None
                after.add(v.id)
        return _split(program, label, sums, rows, total)
    except _NotTiled:
        return None


def _split(
    program: Program, label: dict[int, int], sums: list[Value], rows: int, total: int
) -> Split | None:
    b = Builder()
    table: dict[int, Value] = {s.id: s for s in program.states}
    inputs = []
    for v in program.inputs:
        shape = (rows, *v.shape[1:]) if v.id in label else v.shape
        table[v.id] = b.make("input", (), shape, v.dtype, v.data)
        inputs.append(table[v.id])

    def small(v: Value) -> tuple[int, ...]:
        axis = label[v.id]
        return (*v.shape[:axis], rows, *v.shape[axis + 1 :])

    def shrunk(v: Value, axis: int) -> Value:
        """Return a value that repeats along an axis, at the length of a tile."""
        shape = (*v.shape[:axis], rows, *v.shape[axis + 1 :])
        if v.kind == "view":
            return b.view(table[v.args[0].id], v.data, shape)
        if v.kind == "iota":
            return b.iota(shape, v.data)
        return b.map(v.data, *(shrunk(a, axis) for a in v.args), dtype=v.dtype)

    wanted = {v.id for v in ordered(sums)}
    for v in program.values():
        if v.id in table or v.id not in wanted:
            continue
        b.origin = v.origin
        axis = label.get(v.id)
        args = tuple(
            shrunk(a, axis)
            if axis is not None and v.kind == "map" and a.id not in label
            else table[a.id]
            for a in v.args
        )
        if axis is None:
            table[v.id] = b.make(v.kind, args, v.shape, v.dtype, v.data)
        elif v.kind == "view":
            table[v.id] = b.view(args[0], v.data, small(v))
        elif v.kind == "reshape":
            table[v.id] = b.reshape(args[0], small(v))
        else:
            table[v.id] = b.make(v.kind, args, small(v), v.dtype, v.data)
    first = len(program.states)
    held = [b.make("state", (), v.shape, v.dtype, first + i) for i, v in enumerate(sums)]
    kinds = ["sum" if v.kind == "contract" else v.data[0] for v in sums]
    added = [
        Value("map", (s, table[v.id]), v.shape, v.dtype, _COMBINE[k], v.origin)
        for s, v, k in zip(held, sums, kinds, strict=True)
    ]
    states = [*program.states, *held]
    tile = Program(inputs, states, [], [(first + i, v) for i, v in enumerate(added)])
    return Split(
        tile,
        _rest(program, sums, held, kinds, states),
        total // rows,
        rows,
        tuple(v.data for v in program.inputs if v.id in label),
        tuple(_NEUTRAL[k] for k in kinds),
    )


def _rest(
    program: Program, sums: list[Value], held: list[Value], kinds: list[str], states: list[Value]
) -> Program:
    """Return what runs once per step: it reads the accumulators and clears them."""
    b = Builder()
    table: dict[int, Value] = {v.id: s for v, s in zip(sums, held, strict=True)}
    table |= {v.id: v for v in (*program.inputs, *program.states)}
    for v in _needed(program, set(table)):
        b.origin = v.origin
        args = tuple(table[a.id] for a in v.args)
        if v.kind == "map" and v.data == "copy":
            table[v.id] = Value("map", args, v.shape, v.dtype, "copy", v.origin)
        else:
            table[v.id] = b.make(v.kind, args, v.shape, v.dtype, v.data)
    rest = program.replace({k: _result(v) for k, v in table.items()})
    first = len(program.states)
    for i, (v, kind) in enumerate(zip(sums, kinds, strict=True)):
        clear = b.full(_NEUTRAL[kind], v.shape, v.dtype)
        rest.updates.append((first + i, Value("map", (clear,), v.shape, v.dtype, "copy", v.origin)))
    return Program(program.inputs, states, rest.outputs, rest.updates, program.checks)


def _needed(program: Program, known: set[int]) -> list[Value]:
    """Return what the roots need, operands first, stopping at known values."""
    out: list[Value] = []
    seen = set(known)
    reach: set[int] = set()
    stack = list(program.roots)
    while stack:
        v = stack.pop()
        if v.id in reach or v.id in known:
            continue
        reach.add(v.id)
        stack.extend(v.args)
    for v in program.values():
        if v.id in reach and v.id not in seen:
            seen.add(v.id)
            out.append(v)
    return out


def _result(v: Value) -> Value:
    """Return a value that can be a result: an accumulator itself is copied."""
    if v.kind in ("state", "input", "view", "reshape", "const", "iota"):
        return Value("map", (v,), v.shape, v.dtype, "copy", v.origin)
    return v
