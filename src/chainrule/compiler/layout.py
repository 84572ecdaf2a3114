"""Where the elements of a value lie in memory.

Every buffer is strided; the last axis in memory (the *lane axis*, stride 1) is the one vectors run
along. It is *padded* where whole vectors may be written: its rows begin at multiples of the vector
length and the gap at a row's end is never read as data (Note [Padding is never data] in
``lower/README.md``).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Layout", "contiguous", "padded"]

Shape = tuple[int, ...]


_PAGE = 1024  # elements of 4 bytes: planes this far apart compete for one set of the first cache
_FEW_ROWS = 64  # so few rows are padded in any case: whole vectors are faster than masked ones


class Layout(NamedTuple):
    """Strides of a buffer, in elements.

    Attributes
    ----------
    shape, strides : tuple of int
    lane : int
        The axis with stride 1; -1 for a scalar.
    padded : bool
        Whether whole vectors may be read and written along the lane axis.
    size : int
        Elements to allocate.
    """

    shape: Shape
    strides: tuple[int, ...]
    lane: int
    padded: bool
    size: int


def contiguous(shape: Shape) -> Layout:
    """Return row-major order without gaps."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return Layout(shape, tuple(reversed(strides)), len(shape) - 1, False, step)


def padded(shape: Shape, lane: int, vector: int) -> Layout:
    """Return the usual layout: ``lane`` last in memory, other axes in order, rows padded.

    Rows of an even number of vectors from four on get one more: strides that are multiples of
    large powers of two would make rows compete for the same sets of the cache. Arrays of many rows
    that fill less than half a vector are packed instead, where that means natural order.
    """
    if not shape:
        return contiguous(shape)
    lane %= len(shape)
    n = shape[lane]
    rows = 1
    for a, length in enumerate(shape):
        rows *= 1 if a == lane else length
    if rows > _FEW_ROWS and 2 * n < vector and lane == len(shape) - 1:
        return contiguous(shape)
    blocks = -(-n // vector)
    if len(shape) > 1 and blocks >= 4 and blocks % 2 == 0:
        blocks += 1
    step = blocks * vector
    strides = [0] * len(shape)
    strides[lane] = 1
    for a in range(len(shape) - 1, -1, -1):
        if a != lane:
            strides[a] = step
            step *= shape[a]
            if len(shape) > 2 and shape[a] > 1 and step % _PAGE == 0:
                step += blocks * vector
    return Layout(shape, tuple(strides), lane, True, step)
