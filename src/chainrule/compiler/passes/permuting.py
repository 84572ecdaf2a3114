"""Work in the order of axes in which convolutions leave their results.

A convolution's result is a permuted view of a product (``translate/windowed.py``). What follows it
(bias, activation, pooling, padding) is rewritten to have its axes in the product's order, with the
permutation after it: then it fits the product's loops, and vectors run along the same axis from one
convolution to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..program import Affine, Builder, Program, Value
from ..structure import is_tiled, is_windowed
from .maxima import at_maximum, sum_over_windows
from .rewriting import rewrite

__all__ = ["follow_convolutions"]


def _permutation(v: Value) -> list[int] | None:
    """Return, for a view that permutes axes, the axis of the operand behind each of its own."""
    if v.kind != "view" or sorted(v.shape) != sorted(v.args[0].shape):
        return None
    axes = []
    for o in range(len(v.shape)):
        sources = [a for a, row in enumerate(v.data.matrix) if row[o]]
        if len(sources) != 1:
            return None
        axes.append(sources[0])
    if sorted(axes) != list(range(len(axes))) or v.data != Affine.axes(axes, len(axes)):
        return None
    return axes


def _order(v: Value) -> list[int] | None:
    """Return the axis of the operand behind each axis of a view, which may go in steps."""
    steps = [[o for o, c in enumerate(row) if c] for row in v.data.matrix]
    if any(len(axes) != 1 for axes in steps) or len(steps) != len(v.shape):
        return None
    found = [axes[0] for axes in steps]
    return _inverse(found) if len(set(found)) == len(found) else None


def _inverse(axes: Sequence[int]) -> list[int]:
    return sorted(range(len(axes)), key=lambda o: axes[o])


def follow_convolutions(program: Program) -> Program:
    """Return the program with the order of axes of convolutions kept in what follows them."""
    ordered: set[int] = set()  # ids of new values whose axes are in a convolution's order
    roots = {v.id for v in program.roots}
    readers: dict[int, int] = {}
    for v in program.values():
        for a in v.args:
            readers[a.id] = readers.get(a.id, 0) + 1

    def order_of(args: Sequence[Value]) -> list[int] | None:
        for a in args:
            if a.kind == "view" and a.args[0].id in ordered:
                found = _order(a)
                if found is not None:
                    return found
        return None

    def keep(v: Value) -> Value:
        ordered.add(v.id)
        return v

    def rule(b: Builder, v: Value, args: tuple[Value, ...]) -> Value | None:
        if is_windowed(v):
            return keep(b.make(v.kind, args, v.shape, v.dtype, v.data))
        if v.id in roots:
            return None
        if v.kind == "map":
            pushed = _into_blocks(b, v, args, readers, keep)
            if pushed is not None:
                return pushed
            if v.shape and any(a.id in ordered for a in args) and order_of(args) is None:
                return keep(b.map(v.data, *args, dtype=v.dtype))
            axes = order_of(args)
            if axes is None:
                return None
            moved = [b.transpose(a, _inverse(axes)) for a in args]
            return b.transpose(keep(b.map(v.data, *moved, dtype=v.dtype)), axes)
        if v.kind == "assemble":
            axes = order_of(args)
            return None if axes is None else _assembled(b, args, v.data, axes, keep)
        if v.kind == "reduce":
            fewer = sum_over_windows(b, v, args[0])
            if fewer is None:
                return _reduced(b, v, args[0], ordered, keep)
            found = _reduced(b, v, fewer, ordered, keep)
            return found or b.make("reduce", (fewer,), v.shape, v.dtype, v.data)
        return None

    return rewrite(program, rule)


def _into_blocks(
    b: Builder,
    v: Value,
    args: Sequence[Value],
    readers: dict[int, int],
    keep: Callable[[Value], Value],
) -> Value | None:
    """Return a function of an assembled value as one assembled from functions of its blocks."""
    for n, a in enumerate(args):
        axes = list(range(len(a.shape)))
        whole = a
        if a.kind == "view" and a.args[0].kind == "assemble":
            axes, whole = _permutation(a) or [], a.args[0]
        if not axes or not is_tiled(whole) or readers.get(v.args[n].id, 0) > 1:
            continue
        inverse = _inverse(axes)
        others = [None if x is a else b.transpose(x, inverse) for x in args]
        if v.data == "select" and n == 1 and args[2].scalar == 0:
            others[0] = at_maximum(b, others[0], whole) or others[0]
        blocks = []
        for block, place in zip(whole.args[1:], whole.data, strict=True):
            here = [
                block
                if x is None
                else x
                if x.shape == block.shape
                else b.view(x, place, block.shape)
                for x in others
            ]
            blocks.append((b.map(v.data, *here, dtype=v.dtype), place))
        zero = b.full(0, whole.shape, v.dtype)  # never seen: the blocks cover it
        return b.transpose(keep(b.assemble(zero, blocks)), axes)
    return None


def _assembled(
    b: Builder,
    args: Sequence[Value],
    places: Sequence[Affine],
    axes: Sequence[int],
    keep: Callable[[Value], Value],
) -> Value:
    """Return blocks put into a base, all with their axes in the order of memory."""
    inverse = _inverse(axes)
    base, *blocks = (b.transpose(a, inverse) for a in args)
    moved = [
        Affine(
            tuple(p.starts[a] for a in inverse),
            tuple(tuple(p.matrix[a][o] for o in inverse) for a in inverse),
        )
        for p in places
    ]
    return b.transpose(keep(b.assemble(base, list(zip(blocks, moved, strict=True)))), axes)


def _reduced(
    b: Builder, v: Value, x: Value, ordered: set[int], keep: Callable[[Value], Value]
) -> Value | None:
    """Return a reduction with the axes it keeps in the order of memory."""
    if x.kind != "view" or x.args[0].id not in ordered or len(v.shape) < 2:
        return None
    kind, count = v.data
    kept = len(v.shape)
    behind = [next((a for a, row in enumerate(x.data.matrix) if row[o]), -1) for o in range(kept)]
    if -1 in behind:
        return None
    order = sorted(range(kept), key=lambda o: behind[o])
    moved = b.transpose(x, [*order, *range(kept, len(x.shape))])
    shape = tuple(v.shape[o] for o in order)
    made = keep(b.make("reduce", (moved,), shape, v.dtype, (kind, count)))
    return b.transpose(made, _inverse(order))
