"""Which axis of every value runs over the samples of a batch.

A value has such an axis if each of its positions along it depends on that one sample alone, as far
as values before it go. Sums over the axis (gradients, the loss) end it.
"""

from __future__ import annotations

from typing import NamedTuple

from ..program import Affine, Program, Value

__all__ = ["COMBINE", "NEUTRAL", "Samples", "find_samples", "repeats"]

# How partial reductions are taken together, and what they start with.
COMBINE = {"sum": "add", "prod": "mul", "max": "max", "min": "min", "any": "or", "all": "and"}
NEUTRAL = {"sum": 0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}
NEUTRAL |= {"any": 0.0, "all": 1.0}


class Samples(NamedTuple):
    """Where samples lie.

    Attributes
    ----------
    total : int
        How many there are.
    axis : dict of int to int
        The axis of samples, by id of the values that have one.
    sums : dict of int to Value
        Reductions and products that sum over the samples, by id.
    """

    total: int
    axis: dict[int, int]
    sums: dict[int, Value]


class _Mixed(Exception):
    """Samples are mixed other than by a reduction."""


def find_samples(program: Program, total: int) -> Samples | None:
    """Return where the ``total`` samples of the inputs lie, or None if some value mixes them."""
    found = Samples(total, {}, {})
    try:
        for v in program.values():
            _label(v, found)
    except _Mixed:
        return None
    return found


def repeats(x: Value, axis: int) -> bool:
    """Tell whether a value without samples is the same at all positions of an axis."""
    if x.kind == "view":
        return not any(row[axis] for row in x.data.matrix)
    if x.kind == "iota":
        return bool(x.data != axis)
    if x.kind == "map":
        return all(repeats(a, axis) for a in x.args)
    return False


def _label(v: Value, found: Samples) -> None:
    if v.kind == "input":
        if v.shape and v.shape[0] == found.total:
            found.axis[v.id] = 0
        return
    axes = [found.axis.get(a.id) for a in v.args]
    if all(a is None for a in axes):
        return
    rule = _RULES.get(v.kind)
    if rule is None:
        raise _Mixed
    axis = rule(v, axes, found.total)
    if axis is None:
        found.sums[v.id] = v
    else:
        found.axis[v.id] = axis


def _one(axes: list[int | None]) -> int:
    """Return the axis that all operands with samples agree on."""
    known = {a for a in axes if a is not None}
    if len(known) != 1:
        raise _Mixed
    return known.pop()


def _map(v: Value, axes: list[int | None], total: int) -> int:
    axis = _one(axes)
    if not all(a is not None or repeats(x, axis) for x, a in zip(v.args, axes, strict=True)):
        raise _Mixed
    return axis


def _view(v: Value, axes: list[int | None], total: int) -> int:
    axis = _one(axes)
    affine: Affine = v.data
    row = affine.matrix[axis]
    places = [o for o, c in enumerate(row) if c]
    if affine.starts[axis] or len(places) != 1 or row[places[0]] != 1:
        raise _Mixed
    out = places[0]
    others = (r[out] for a, r in enumerate(affine.matrix) if a != axis)
    if v.shape[out] != total or any(others):
        raise _Mixed
    return out


def _reshape(v: Value, axes: list[int | None], total: int) -> int:
    if axes[0] != 0 or v.shape[:1] != (total,):
        raise _Mixed
    return 0


def _reduce(v: Value, axes: list[int | None], total: int) -> int | None:
    kind, count = v.data
    axis = _one(axes)
    if axis < len(v.args[0].shape) - count:
        return axis
    if kind not in COMBINE:
        raise _Mixed
    return None


def _contract(v: Value, axes: list[int | None], total: int) -> int | None:
    batch, rows, _, inner = v.data
    a, b = axes
    if a is not None and b is not None:
        if a < batch and a == b:
            return a
        if a >= batch + rows and b == a - rows and batch <= b < batch + inner:
            return None
        raise _Mixed
    if a is not None and batch <= a < batch + rows:
        return a
    if b is not None and b >= batch + inner:
        return b - inner + rows
    raise _Mixed


def _gather(v: Value, axes: list[int | None], total: int) -> int:
    if axes[0] is not None or None in axes[1:]:
        raise _Mixed
    return _one(axes)


def _assemble(v: Value, axes: list[int | None], total: int) -> int:
    base, *blocks = v.args
    axis = _one([a for a in axes if a is not None])
    if axes[0] is None and not repeats(base, axis):
        raise _Mixed
    for block, a, place in zip(blocks, axes[1:], v.data, strict=True):
        row = place.matrix[axis]
        moved = [o for o, c in enumerate(row) if c]
        if a is None or moved != [a] or row[a] != 1 or place.starts[axis]:
            raise _Mixed
        if block.shape[a] != total or sum(r[a] != 0 for r in place.matrix) != 1:
            raise _Mixed
    return axis


_RULES = {
    "map": _map,
    "view": _view,
    "reshape": _reshape,
    "reduce": _reduce,
    "contract": _contract,
    "gather": _gather,
    "assemble": _assemble,
}
