"""Rules of ops that move elements: transposing, indexing, padding, joining, scattering.

An op that only picks elements is run once, on an array of the positions of its operand: what comes
out says where each element comes from. Most such maps are affine (a view, free); the rest become a
gather with constant indices. No rule has to know what ``flip`` or ``tile`` means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..program import Affine, Builder, Value
from .rules import Call, rule

__all__ = ["from_positions"]

Array = np.ndarray[Any, Any]


def _affine(positions: Array, source: tuple[int, ...]) -> Affine | None:
    """Return the affine map that gives these flat positions, if there is one."""
    flat = positions
    start = int(flat.ravel()[0])
    steps = []
    for axis, n in enumerate(flat.shape):
        if n < 2:
            steps.append(0)
            continue
        pick = [0] * flat.ndim
        pick[axis] = 1
        steps.append(int(flat[tuple(pick)]) - start)
    grid: Any = np.indices(flat.shape, sparse=True)
    want = np.asarray(start)
    for step, line in zip(steps, grid, strict=True):
        want = want + step * line
    if not np.array_equal(np.broadcast_to(want, flat.shape), flat):
        return None
    # Every flat step as steps of the operand's axes: found by looking, then verified.
    starts = tuple(int(i) for i in np.unravel_index(start, source)) if source else ()
    matrix = np.zeros((len(source), flat.ndim), dtype=np.int64)
    for axis, n in enumerate(flat.shape):
        if n < 2:
            continue
        pick = [0] * flat.ndim
        pick[axis] = 1
        there = np.unravel_index(int(flat[tuple(pick)]), source)
        matrix[:, axis] = [int(i) - s for i, s in zip(there, starts, strict=True)]
    affine = Affine(starts, tuple(tuple(int(c) for c in row) for row in matrix))
    index = []
    for s, row, n in zip(affine.starts, affine.matrix, source, strict=True):
        i = np.asarray(s)
        for c, g in zip(row, grid, strict=True):
            i = i + c * g
        if i.size and (i.min() < 0 or i.max() >= n):
            return None
        index.append(np.broadcast_to(i, flat.shape))
    again = np.ravel_multi_index(tuple(index), source) if source else np.zeros(flat.shape, int)
    return affine if np.array_equal(again, flat) else None


def from_positions(b: Builder, x: Value, positions: Array) -> Value:
    """Return the elements of ``x`` at flat positions; -1 stands for zero."""
    shape = positions.shape
    if 0 in shape:
        return b.full(0, shape, x.dtype)
    if x.size == 0 or (positions < 0).all():
        return b.full(0, shape, x.dtype)
    if (positions < 0).any():
        inside = _region(positions)
        if inside is not None:
            starts, extent = inside
            cut = tuple(slice(s, s + n) for s, n in zip(starts, extent, strict=True))
            block = from_positions(b, x, positions[cut])
            base = b.full(0, shape, x.dtype)
            rows = tuple(tuple(int(a == o) for o in range(len(shape))) for a in range(len(shape)))
            return b.assemble(base, [(block, Affine(starts, rows))])
        safe = from_positions(b, x, np.maximum(positions, 0))
        keep = b.const(positions >= 0)
        return b.map("select", keep, safe, b.full(0, shape, x.dtype), dtype=x.dtype)
    if positions.size == x.size and np.array_equal(positions.ravel(), np.arange(x.size)):
        return b.reshape(x, shape)
    affine = _affine(positions, x.shape)
    if affine is not None:
        return b.view(x, affine, shape)
    flat = b.reshape(x, (x.size,))
    return b.gather(flat, [b.const(positions.astype(np.int64))])


def _region(positions: Array) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the box outside of which everything is zero, if it has no zeros inside."""
    where = np.nonzero(positions >= 0)
    starts = tuple(int(w.min()) for w in where)
    extent = tuple(int(w.max()) - s + 1 for w, s in zip(where, starts, strict=True))
    count = 1
    for n in extent:
        count *= n
    return (starts, extent) if count == where[0].size else None


def _moved(forward: Callable[..., Any]) -> Callable[[Call], Value]:
    """Return the rule of an op that picks elements of its only operand."""

    def translate(c: Call) -> Value:
        x = c.args[0]
        positions = np.arange(1, x.size + 1).reshape(x.shape)
        found = np.asarray(forward(positions, **c.params)).astype(np.int64) - 1
        return from_positions(c.builder, x, np.broadcast_to(found, c.shape))

    return translate


MOVEMENT = frozenset(
    {
        "broadcast_to",
        "diagonal",
        "flip",
        "getitem",
        "index_clear",
        "repeat",
        "roll",
        "rot90",
        "squeeze",
        "take",
        "tile",
        "tril",
        "triu",
    }
)


@rule("pad")
def _pad(c: Call) -> Value:
    b, widths = c.builder, c.params["widths"]
    ndim = len(c.shape)
    if not widths or c.args[0].size == 0:
        return c.args[0] if not widths else b.full(0, c.shape, c.dtype)
    rows = tuple(tuple(int(a == o) for o in range(ndim)) for a in range(ndim))
    starts = tuple(int(before) for before, _ in widths)
    return b.assemble(b.full(0, c.shape, c.dtype), [(c.args[0], Affine(starts, rows))])


@rule("convolve")
def _convolve(c: Call) -> Value:
    """Sums over a sliding window of the padded first operand, the second one reversed."""
    b = c.builder
    x, y = (b.cast(a, c.dtype) for a in c.args)
    n, k = x.shape[0], y.shape[0]
    base = b.full(0, (n + 2 * (k - 1),), c.dtype)
    padded = b.assemble(base, [(x, Affine((k - 1,), ((1,),)))])
    wide = (n + k - 1, k)
    window = b.view(padded, Affine((k - 1,), ((1, -1),)), wide)
    return b.reduce("sum", b.map("mul", window, b.broadcast(y, wide)), [1])


def movement_rule(op: Any) -> Callable[[Call], Value]:
    """Return the rule of a movement op from its NumPy forward."""
    return _moved(op.forward)


@rule("reshape")
def _reshape(c: Call) -> Value:
    return c.builder.reshape(c.args[0], c.shape)


@rule("transpose")
def _transpose(c: Call) -> Value:
    return c.builder.transpose(c.args[0], c.params["axes"])


@rule("broadcast_to")
def _broadcast(c: Call) -> Value:
    return c.builder.broadcast(c.args[0], c.shape)


@rule("concatenate")
def _concatenate(c: Call) -> Value:
    b, axis = c.builder, c.params["axis"] % len(c.shape)
    ndim = len(c.shape)
    rows = tuple(tuple(int(a == o) for o in range(ndim)) for a in range(ndim))
    blocks, at = [], 0
    for x in c.args:
        starts = tuple(at if a == axis else 0 for a in range(ndim))
        if x.size:
            blocks.append((b.cast(x, c.dtype), Affine(starts, rows)))
        at += x.shape[axis]
    return b.assemble(b.full(0, c.shape, c.dtype), blocks)


# ---- indices


def _places(shape: tuple[int, ...], index: Any) -> Array:
    """Return the flat position of every element that an index reads."""
    size = int(np.prod(shape, dtype=np.int64))
    return np.asarray(np.arange(size).reshape(shape)[index])


def _written(b: Builder, base: Value, value: Value, places: Array) -> Value:
    """Return ``base`` with ``value`` written at flat positions, the last write counting."""
    if places.size == 0:
        return base
    affine = _affine(places, base.shape) if places.ndim else None
    value = b.broadcast(value, places.shape)
    if affine is not None and np.unique(places).size == places.size:
        return b.assemble(base, [(value, affine)])
    source = np.full(base.size, -1, np.int64)
    source[places.ravel()] = np.arange(places.size)
    source = source.reshape(base.shape)
    picked = from_positions(b, b.reshape(value, (places.size,)), np.maximum(source, 0))
    return b.map("select", b.const(source >= 0), picked, base, dtype=base.dtype)


@rule("index_update")
def _index_update(c: Call) -> Value:
    x, value = c.args
    places = _places(x.shape, c.params["index"])
    value = c.builder.cast(value, c.dtype)
    while len(value.shape) > places.ndim:
        value = c.builder.reshape(value, value.shape[1:])
    return _written(c.builder, x, value, places)


def added(b: Builder, shape: tuple[int, ...], value: Value, places: Array) -> Value:
    """Return zeros to which ``value`` is added at flat positions."""
    if places.size == 0:
        return b.full(0, shape, value.dtype)
    value = b.broadcast(value, places.shape)
    if np.unique(places).size == places.size:
        return _written(b, b.full(0, shape, value.dtype), value, places)
    size = int(np.prod(shape, dtype=np.int64))
    flat = b.scatter(
        (size,), [b.const(places.ravel().astype(np.int64))], b.reshape(value, (places.size,))
    )
    return b.reshape(flat, shape)


@rule("scatter_add")
def _scatter_add(c: Call) -> Value:
    shape = c.params["shape"]
    return added(c.builder, shape, c.args[0], _places(shape, c.params["index"]))


@rule("index_add")
def _index_add(c: Call) -> Value:
    x, value = c.args
    places = _places(x.shape, c.params["index"])
    sums = added(c.builder, x.shape, c.builder.cast(value, c.dtype), places)
    return c.builder.map("add", c.builder.cast(x, c.dtype), sums, dtype=c.dtype)


# ---- indices known at run time


def wrapped(b: Builder, index: Value, count: int) -> Value:
    """Return an index array as int64: negative ones count from the end, all kept in range."""
    b.require(index, -count, count)
    i = b.cast(index, np.int64)
    n = b.full(count, i.shape, np.int64)
    zero = b.full(0, i.shape, np.int64)
    negative = b.map("lt", i, zero, dtype=np.bool_)
    i = b.map("select", negative, b.map("add", i, n), i, dtype=np.int64)
    last = b.full(max(0, count - 1), i.shape, np.int64)
    return b.map("max", b.map("min", i, last), zero)


def _resolved(
    b: Builder, shape: tuple[int, ...], template: tuple[Any, ...], arrays: list[Value]
) -> tuple[list[Value], list[int]]:
    """Return index arrays for the leading axes of an index that fixes whole axes.

    Only indices made of tensors, integers and full slices at the end are handled.
    """
    indices: list[Value] = []
    parts = list(template)
    while parts and (parts[-1] is Ellipsis or parts[-1] == slice(None)):
        parts.pop()
    for axis, part in enumerate(parts):
        if type(part).__name__ == "Slot":
            indices.append(wrapped(b, arrays[int(part)], shape[axis]))
        elif isinstance(part, int | np.integer):
            indices.append(b.const(np.int64(part % shape[axis])))
        elif isinstance(part, np.ndarray) and part.dtype.kind in "iu":
            indices.append(b.const(np.where(part < 0, part + shape[axis], part).astype(np.int64)))
        else:
            raise TypeError(f"an index with {part!r} before a tensor")
    common = np.broadcast_shapes(*(i.shape for i in indices))
    return [b.broadcast(i, common) for i in indices], []


@rule("gather")
def _gather(c: Call) -> Value:
    x, *arrays = c.args
    indices, _ = _resolved(c.builder, x.shape, c.params["template"], arrays)
    return c.builder.gather(x, indices)


@rule("scatter_tensor_add")
def _scatter_tensor(c: Call) -> Value:
    g, *arrays = c.args
    shape = c.params["shape"]
    indices, _ = _resolved(c.builder, shape, c.params["template"], arrays)
    return c.builder.scatter(shape, indices, g)


@rule("embedding")
def _embedding(c: Call) -> Value:
    weight, indices = c.args
    c.builder.require(indices, 0, weight.shape[0])
    return c.builder.gather(weight, [wrapped(c.builder, indices, weight.shape[0])])


@rule("embedding_back")
def _embedding_back(c: Call) -> Value:
    g, indices = c.args
    b, rows = c.builder, c.params["rows"]
    table = b.scatter((rows, *g.shape[len(indices.shape) :]), [wrapped(b, indices, rows)], g)
    padding = c.params["padding_idx"]
    if padding is None:
        return table
    row = b.iota(table.shape, 0)
    kept = b.map("ne", row, b.full(padding, table.shape, np.int64), dtype=np.bool_)
    return b.map("select", kept, table, b.full(0, table.shape, g.dtype), dtype=g.dtype)


@rule("one_hot")
def _one_hot(c: Call) -> Value:
    b, indices = c.builder, c.args[0]
    b.require(indices, 0, c.params["count"])
    wide = b.broadcast(b.reshape(b.cast(indices, np.int64), (*indices.shape, 1)), c.shape)
    hit = b.map("eq", wide, b.iota(c.shape, len(c.shape) - 1), dtype=np.bool_)
    return b.cast(hit, c.dtype)
