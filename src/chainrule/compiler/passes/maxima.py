"""What is known of the gradient of pooling: it is zero but at one place of every window.

The blocks it is assembled from are ``select(first = tap, g, 0)``, where ``first`` is the number of the
tap with the window's maximum (``translate/spatial.py``), perhaps inside further choices between
that and zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..program import Affine, Builder, Value
from ..structure import is_tiled

__all__ = ["at_maximum", "sum_over_windows"]

_COMPARISONS = ("gt", "ge", "lt", "le", "eq", "ne")


def at_maximum(b: Builder, condition: Value | None, whole: Value) -> Value | None:
    """Return a condition on pooled numbers as one on the maxima, where only these pass it.

    The blocks of the gradient of pooling are zero except at their window's maximum. A comparison
    with a number, such as that of a relu's gradient, has one outcome for equal numbers; so the
    windows need not be read again, or kept.
    """
    if condition is None or condition.kind != "map" or condition.data not in _COMPARISONS:
        return None
    x, bound = condition.args
    if bound.scalar is None or len({block.shape for block in whole.args[1:]}) != 1:
        return None
    block, first = whole.args[1], None
    while first is None and block.kind == "map" and block.data == "select":
        first, block = _first_maximum(block.args[0]), block.args[1]
    if first is None:
        return None
    tap, best = _first_and_best(b, first)
    read = b.view(x, whole.data[0], best.shape)
    if read is not tap and not (condition.data == "gt" and _is_bounded(tap, read, bound.scalar)):
        return None
    return b.map(
        condition.data, best, b.full(bound.scalar, best.shape, bound.dtype), dtype=np.bool_
    )


def _is_bounded(v: Value, read: Value, bound: Any) -> bool:
    """Tell whether ``v`` is a view of ``max(x, bound)`` and ``read`` the same view of ``x``."""
    if v.kind != "view" or read.kind != "view" or v.data != read.data:
        return False
    x = v.args[0]
    return (
        x.kind == "map"
        and x.data == "max"
        and x.args[0] is read.args[0]
        and x.args[1].scalar == bound
    )


def _first_maximum(hit: Value) -> Value | None:
    """Return the number of the tap with a window's maximum, if that is what a condition compares."""
    if hit.kind != "map" or hit.data != "eq":
        return None
    first = hit.args[0]
    if first.kind != "map" or first.data != "select" or first.args[0].kind != "map":
        return None
    return first if first.args[0].data == "beats" else None


def _first_and_best(b: Builder, first: Value) -> tuple[Value, Value]:
    """Return a window's first tap and its maximum, from the number of the tap that has it."""
    beats = first.args[0]
    best = b.map("select", beats, *beats.args, dtype=beats.args[0].dtype)
    while first.args[2].kind == "map":
        first = first.args[2]
    return first.args[0].args[1], best


def sum_over_windows(b: Builder, v: Value, x: Value) -> Value | None:
    """Return what a sum over whole windows may add up instead of ``x``: one number per window.

    A bias before pooling has such a sum as its gradient.
    """
    whole, at = (x.args[0], x.data) if x.kind == "view" else (x, Affine.identity(len(x.shape)))
    kind, count = v.data
    if kind != "sum" or not is_tiled(whole):
        return None
    numbers, inside = set(), set()
    for block in whole.args[1:]:
        found = _without_tap(b, block)
        if found is None:
            return None
        numbers.add(int(found[0]))
        inside.add(found[1])
    if len(inside) != 1 or len(numbers) != len(whole.args) - 1:
        return None
    (g,) = inside
    if any(at.starts) or sorted(map(sorted, at.matrix)) != sorted(
        map(sorted, Affine.identity(len(x.shape)).matrix)
    ):
        return None
    shape = tuple(g.shape[[row[o] for row in at.matrix].index(1)] for o in range(len(x.shape)))
    kept = len(x.shape) - count
    return b.view(g, at, shape) if shape[:kept] == v.shape else None


def _without_tap(b: Builder, block: Value) -> tuple[Any, Value] | None:
    """Return the number of the tap that a block belongs to, and the block without asking for it."""
    if block.kind != "map" or block.data != "select" or block.args[2].scalar != 0:
        return None
    condition, inside, zero = block.args
    if _first_maximum(condition) is not None:
        return condition.args[1].scalar, inside
    found = _without_tap(b, inside)
    if found is None:
        return None
    number, rest = found
    return number, b.map("select", condition, rest, zero, dtype=block.dtype)
