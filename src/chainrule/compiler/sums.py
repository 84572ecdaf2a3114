"""Which products are summed sample by sample (``lower/accumulated.py``), and the memory they need."""

from __future__ import annotations

import math

from .program import Value

__all__ = ["accumulates", "is_windowed", "scratch_size"]

_FEWEST_PLACES = 32


def is_windowed(v: Value) -> bool:
    """Tell whether a product reads windows: positions that depend on two axes at once."""
    return v.kind == "contract" and any(
        a.kind == "view" and any(sum(c != 0 for c in row) > 1 for row in a.data.matrix)
        for a in v.args
    )


def accumulates(v: Value) -> bool:
    """Tell whether a product is to be summed sample by sample."""
    if not is_windowed(v) or 0 in v.shape:
        return False
    batch, rows, columns, _ = v.data
    extents = v.args[0].shape[batch + rows :]
    if batch or not rows or not columns or len(extents) < 2 or extents[0] < 2:
        return False
    places = math.prod(extents[1:])
    return places >= _FEWEST_PLACES and v.size <= 64 * places * extents[0]


def scratch_size(v: Value, vector: int) -> int:
    """Return how many elements the accumulators of a product take, whichever way it lies."""
    last: set[int] = {v.shape[v.data[1] - 1], v.shape[-1]}
    return max(v.size // n * -(-n // vector) * vector for n in last)
