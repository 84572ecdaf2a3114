"""What values look like to the planner and the kernels: windows, sums by sample, interleaving."""

from __future__ import annotations

import math
from typing import NamedTuple

from .program import Affine, Value

__all__ = [
    "Taps",
    "accumulates",
    "around",
    "is_tiled",
    "is_windowed",
    "never_reads_zeros",
    "scratch_size",
    "skipped_taps",
    "sums_samples",
    "windows_of",
]

Shape = tuple[int, ...]
_FEWEST_PLACES = 32
_TAPS = 12


def is_windowed(v: Value) -> bool:
    """Tell whether a product reads windows: positions that depend on two axes at once."""
    return v.kind == "contract" and any(
        a.kind == "view" and any(sum(c != 0 for c in row) > 1 for row in a.data.matrix)
        for a in v.args
    )


def accumulates(v: Value, runs: int = 1) -> bool:
    """Tell whether a product is to be summed sample by sample, over several runs if it has them.

    That is what the gradient of a convolution's kernel wants: windows over the places summed over,
    and a result that is small beside what is summed.
    """
    if not is_windowed(v) or 0 in v.shape:
        return False
    batch, rows, columns, _ = v.data
    extents = v.args[0].shape[batch + rows :]
    if batch or not rows or not columns or len(extents) < 2 or extents[0] * runs < 2:
        return False
    places = math.prod(extents[1:])
    small = v.size <= 64 * places * extents[0] * runs
    return places >= _FEWEST_PLACES and small and _slides_along_sum(v)


def _slides_along_sum(v: Value) -> bool:
    """Tell whether windows move further along the sum than along the result."""
    batch, rows, _, inner = v.data
    summed = kept = 0
    for side, a in enumerate(v.args):
        first = batch + rows if side == 0 else batch
        for row in a.data.matrix if a.kind == "view" else ():
            moved = [o for o, c in enumerate(row) if c]
            if len(moved) > 1:
                summed += sum(a.shape[o] for o in moved if first <= o < first + inner)
                kept += sum(a.shape[o] for o in moved if not first <= o < first + inner)
    return summed > kept


def scratch_size(v: Value, vector: int) -> int:
    """Return how many elements the accumulators of a product take, whichever way it lies."""
    last: set[int] = {v.shape[v.data[1] - 1], v.shape[-1]}
    return max(v.size // n * -(-n // vector) * vector for n in last)


def sums_samples(v: Value) -> bool:
    """Tell whether a product's innermost sum may run along the lanes: an axis no window moves on."""
    if not is_windowed(v) or 0 in v.shape:
        return False
    batch, rows, columns, inner = v.data
    right = v.args[1]
    if batch or rows != 1 or not columns or inner < 2 or v.shape[-1] > _TAPS:
        return False
    if right.kind != "view" or right.shape[inner - 1] < 8:
        return False
    moved = [row for row in right.data.matrix if row[inner - 1]]
    return len(moved) == 1 and sum(c != 0 for c in moved[0]) == 1


def is_tiled(v: Value) -> bool:
    """Tell whether the blocks of an assembled value interleave and leave nothing of its base."""
    blocks = v.args[1:]
    if v.kind != "assemble" or not blocks or len({x.shape for x in blocks}) > 1:
        return False
    if not v.shape or len(blocks[0].shape) != len(v.shape):
        return False
    steps = []
    for a in range(len(v.shape)):
        row = v.data[0].matrix[a]
        if any(c for o, c in enumerate(row) if o != a) or row[a] < 1:
            return False
        steps.append(row[a])
    shape = tuple(n * s for n, s in zip(blocks[0].shape, steps, strict=True))
    starts = {p.starts for p in v.data}
    inside = all(0 <= x < s for start in starts for x, s in zip(start, steps, strict=True))
    return (
        shape == v.shape
        and inside
        and len(starts) == len(blocks) == math.prod(steps)
        and all(p.matrix == v.data[0].matrix for p in v.data)
    )


def windows_of(at: Affine, taps: Shape, rank: int) -> tuple[int, ...] | None:
    """Return the windows through which a value of ``rank`` axes is read, axis by axis.

    The first ``rank`` axes of the reader are those of the value, window by window; ``taps`` are the
    lengths of those after them, along which it goes through a window. None unless the windows lie
    side by side.
    """
    if len(at.matrix) != rank or any(len(row) != rank + len(taps) for row in at.matrix):
        return None
    found, used = [], []
    for a, (start, row) in enumerate(zip(at.starts, at.matrix, strict=True)):
        step = row[a]
        moved = [o for o, c in enumerate(row) if c and o != a]
        if step < 1 or not 0 <= start < step or len(moved) > 1:
            return None
        if moved:
            (tap,) = moved
            if tap < rank or row[tap] != 1 or taps[tap - rank] != step or start:
                return None
            used.append(tap)
        found.append(step)
    return tuple(found) if len(used) == len(taps) else None


def around(v: Value) -> tuple[Value, tuple[int, ...]] | None:
    """Return, for an array with zeros around it, the array and where it begins."""
    if v.kind != "assemble" or len(v.args) != 2 or v.args[0].scalar != 0:
        return None
    block, place = v.args[1], v.data[0]
    if any(c != (a == o) for a, row in enumerate(place.matrix) for o, c in enumerate(row)):
        return None
    return block, place.starts


class Taps(NamedTuple):
    """One axis of taps over a padded array: at place ``p`` tap ``k`` reads ``start + step p ± k``.

    Attributes
    ----------
    place : int
        Axis of the result.
    start, step : int
        In the array without its padding.
    length, number : int
        Of the array's axis; of taps.
    forward : bool
        Whether positions grow with the tap.
    """

    place: int
    start: int
    step: int
    length: int
    number: int
    forward: bool


def skipped_taps(v: Value) -> dict[int, Taps]:
    """Return, by axis summed over, the taps of a product that may read zeros around an array.

    The array must be the right operand, its zeros put around it by an assembled value, and the
    result's last axis one that no window moves on.
    """
    if not is_windowed(v) or 0 in v.shape:
        return {}
    batch, rows, columns, inner = v.data
    view = v.args[1]
    if batch or not rows or columns < 2 or view.kind != "view":
        return {}
    whole = view.args[0]
    inside = around(whole)
    if inside is None:
        return {}
    block, starts = inside
    found: dict[int, Taps] = {}
    last = len(view.shape) - 1
    for a, row in enumerate(view.data.matrix):
        used = [o for o, c in enumerate(row) if c]
        if last in used and len(used) > 1:
            return {}
        if block.shape[a] == whole.shape[a] or len(used) != 2:
            continue
        k, o = used
        if k >= inner or o < inner or abs(row[k]) != 1 or row[o] < 1 or o == last:
            continue
        start = view.data.starts[a] - starts[a]
        found[k] = Taps(
            rows + o - inner, start, row[o], block.shape[a], v.args[0].shape[rows + k], row[k] > 0
        )
    return found


def never_reads_zeros(v: Value, whole: Value) -> bool:
    """Tell whether a product skips all zeros around the array that is its right operand."""
    inside = around(whole)
    if inside is None or v.kind != "contract" or v.args[1].kind != "view":
        return False
    if v.args[1].args[0] is not whole or v.args[0].kind == "assemble":
        return False
    block, _ = inside
    axes = {t.place for t in skipped_taps(v).values()}
    widened = sum(n != m for n, m in zip(block.shape, whole.shape, strict=True))
    lanes = v.args[1].data.matrix[-1][-1] == 1  # along the last axis of both
    return len(axes) == widened > 0 and lanes and block.shape[-1] == whole.shape[-1]
