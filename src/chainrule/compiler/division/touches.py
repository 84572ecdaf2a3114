"""What each thread reads and writes when a kernel is cut at given places.

A *touch* is a box of positions of one buffer for every thread. Boxes may be larger than what is
touched, never smaller: an operand that is summed over or gathered from is read whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..inlining import Inlined, behind, leaves
from ..lower.families import Way
from ..lower.sharing import Split
from ..plan import Buffer, Plan
from ..program import Affine, Value, base_of
from ..schedule import Kernel
from ..structure import is_tiled

__all__ = ["Task", "Touch", "cross", "kernel_touches", "moved"]

Array = np.ndarray
_NOWHERE = 1 << 40  # where an empty box begins: beyond the end of every other


class Touch(NamedTuple):
    """Boxes of a buffer's positions, one per thread.

    Attributes
    ----------
    buffer : Buffer
    low, high : array of int, shape (axes, threads)
        A thread without a box has one that ends before it begins.
    write : bool
    """

    buffer: Buffer
    low: Array
    high: Array
    write: bool


@dataclass(eq=False)
class Task:
    """Something the threads do together between two barriers, or without any.

    Attributes
    ----------
    kernel : Kernel or None
        None for what an epoch adds: a result goes to where the results of all steps are kept.
    what : str
        ``kernel`` or ``keep``.
    number : int
        Of the kernel or result.
    value : Value
        The kernel's anchor, or the result.
    ways : list of Way
    work : float
        Estimated cycles.
    """

    what: str
    number: int
    value: Value
    ways: list[Way]
    work: float
    kernel: Kernel | None = None

    def __str__(self) -> str:
        if self.kernel is None:
            return f"{self.what} {self.number}"
        shape = "x".join(map(str, self.kernel.domain)) or "scalar"
        return f"{self.kernel.kind} {shape} of {self.value.origin}"

    def touches(self, plan: Plan, inline: Inlined, split: Split) -> list[Touch]:
        """Return what each thread reads and writes when the task is cut by ``split``."""
        if self.kernel is not None:
            return kernel_touches(self.kernel, plan, inline, split)
        reader = _Reader(plan, split)
        low, high = _ranges(self.value.shape, split)
        reader.add(self.value, low, high, False)
        return reader.found


def cross(a: Touch, b: Touch) -> bool:
    """Tell whether two different threads touch a common position of one buffer."""
    if a.buffer is not b.buffer:
        return False
    if a.low.shape[0] != b.low.shape[0]:
        return True
    meet = (a.low[:, :, None] < b.high[:, None, :]) & (b.low[:, None, :] < a.high[:, :, None])
    both = np.asarray(meet.all(0))
    return bool((both & ~np.eye(len(both), dtype=bool)).any())


def moved(read: Touch, write: Touch) -> int:
    """Return the most bytes that a thread reads of what others have written."""
    if read.low.shape != write.low.shape:
        return 0
    all_read = np.maximum(read.high - read.low, 0).prod(0)
    low, high = np.maximum(read.low, write.low), np.minimum(read.high, write.high)
    own = np.maximum(high - low, 0).prod(0)
    return int((all_read - own).max()) * read.buffer.dtype.itemsize


def _ranges(domain: Sequence[int], split: Split) -> tuple[Array, Array]:
    """Return the positions of a kernel that each thread has, as boxes."""
    threads = split.threads
    low = np.zeros((len(domain), threads), np.int64)
    high = np.repeat(np.array(domain, np.int64).reshape(-1, 1), threads, 1)
    if split.axis >= 0:
        axis = split.axis if split.first < 0 else split.first
        bounds = -(-np.array(split.bounds) // split.inner)
        low[axis], high[axis] = bounds[:-1], bounds[1:]
    return low, high


def _box(buffer: Buffer, low: Array, high: Array, split: Split, write: bool) -> Touch:
    """Make a touch; threads without positions touch nothing. A scalar counts as one axis."""
    if not len(low):
        low, high = np.zeros((1, split.threads), np.int64), np.ones((1, split.threads), np.int64)
    idle = np.array(split.lengths) <= 0
    low, high = np.where(idle, _NOWHERE, low), np.where(idle, -_NOWHERE, high)
    return Touch(buffer, low, high, write)


def _through(at: Affine, shape: Sequence[int], low: Array, high: Array) -> tuple[Array, Array]:
    """Return the box of an operand that is read from a box of positions."""
    first, after = [], []
    for start, row, n in zip(at.starts, at.matrix, shape, strict=True):
        a = np.full(low.shape[1], start)
        z = np.full(low.shape[1], start + 1)
        for o, c in enumerate(row):
            if c > 0:
                a, z = a + c * low[o], z + c * (high[o] - 1)
            elif c < 0:
                a, z = a + c * (high[o] - 1), z + c * low[o]
        first.append(np.maximum(a, 0))
        after.append(np.minimum(z, n))
    threads = low.shape[1]
    return (
        np.array(first, np.int64).reshape(len(shape), threads),
        np.array(after, np.int64).reshape(len(shape), threads),
    )


class _Reader:
    """Collects the touches of one kernel."""

    def __init__(self, plan: Plan, split: Split) -> None:
        self.plan = plan
        self.split = split
        self.found: list[Touch] = []

    def add(self, v: Value, low: Array, high: Array, write: bool) -> None:
        """Enter a box of a value; of one that is reshaped, what it is in the memory behind."""
        base = behind(v)
        buffer = self.plan.buffers.get(base.id)
        if buffer is None or buffer.space == "const":
            return
        if base is not v:
            low, high = _behind(v, base, low, high)
        self.found.append(_box(buffer, low, high, self.split, write))

    def whole(self, v: Value) -> None:
        """Enter that all of a value is read."""
        low, high = _ranges(v.shape, Split(-1, self.split.bounds))
        self.add(v, low, high, False)


def _behind(v: Value, base: Value, low: Array, high: Array) -> tuple[Array, Array]:
    """Return the box of the value whose memory ``v`` is a reshape of: whole but for leading rows."""
    threads = low.shape[1]
    first = np.zeros((len(base.shape), threads), np.int64)
    after = np.repeat(np.array(base.shape, np.int64).reshape(-1, 1), threads, 1)
    if v.shape and base.shape and v.size:
        row, mine = v.size // v.shape[0], base.size // base.shape[0]
        first[0] = low[0] * row // mine
        after[0] = -(-high[0] * row // mine)
    return first, after


def kernel_touches(kernel: Kernel, plan: Plan, inline: Inlined, split: Split) -> list[Touch]:
    """Return what each thread reads and writes of a kernel cut by ``split``."""
    anchor = kernel.anchor
    reader = _Reader(plan, split)
    if is_tiled(anchor):
        _interleaved(kernel, reader, inline, split)
        return reader.found
    own = {r.id for r in kernel.roots}
    for root in kernel.roots:
        low, high = _positions(kernel, root, split)
        if root.kind == "contract":
            _operands(root, reader, inline, low, high)
            continue
        for a, at, how in leaves(root, inline):
            if a.id in own:
                continue
            if how == "whole":
                reader.whole(a)
            else:
                ranks = len(at.matrix[0]) if at.matrix else 0
                reader.add(a, *_through(at, a.shape, low[:ranks], high[:ranks]), False)
    for root in kernel.stored:
        low, high = _positions(kernel, root, split)
        rank = len(root.shape)
        reader.add(root, low[:rank], high[:rank], True)
    return reader.found


def _positions(kernel: Kernel, root: Value, split: Split) -> tuple[Array, Array]:
    """Return at which positions each thread computes a root (reads what a reduction reduces)."""
    if kernel.windows is None:
        return _ranges(kernel.domain, split)
    # Threads divide windows; some roots have a value per window, others several.
    windows = [n // w for n, w in zip(kernel.domain, kernel.windows, strict=True)]
    shape = root.args[0].shape if root.kind == "reduce" else root.shape
    low, high = _ranges([*windows, *shape[len(windows) :]], split)
    if shape == kernel.domain:
        lengths = np.array(kernel.windows, np.int64).reshape(-1, 1)
        low, high = low * lengths, high * lengths
    return low, high


def _operands(root: Value, reader: _Reader, inline: Inlined, low: Array, high: Array) -> None:
    """Enter what a product reads: its operands are cut where the result's axis is theirs."""
    batch, rows, columns, inner = root.data
    product = reader.plan.products[root.id]
    row_axes = [*range(batch), *range(batch, batch + rows)]
    column_axes = list(range(batch + rows, batch + rows + columns))
    places: list[list[int | None]] = [
        [*row_axes, *[None] * inner],
        [*range(batch), *[None] * inner, *column_axes],
    ]
    for operand, axes in zip(product.operands, places, strict=True):
        shape = np.array(operand.shape, np.int64).reshape(-1, 1)
        first = np.zeros((len(axes), low.shape[1]), np.int64)
        after = np.repeat(shape, low.shape[1], 1)
        for o, axis in enumerate(axes):
            if axis is not None:
                first[o], after[o] = low[axis], high[axis]
        base, at = base_of(operand)
        if base.id in inline:  # zeros that are stored nowhere, around an array
            for a, _, _ in leaves(root, inline):
                reader.whole(a)
        else:
            reader.add(base, *_through(at, base.shape, first, after), False)


def _interleaved(kernel: Kernel, reader: _Reader, inline: Inlined, split: Split) -> None:
    """Enter what a kernel of interleaving blocks touches: its positions are those of a block."""
    anchor = kernel.anchor
    for a, _, _ in leaves(anchor, inline):
        reader.whole(a)
    low, high = _ranges(anchor.shape, Split(-1, split.bounds))
    if split.axis >= 0:
        step = anchor.data[0].matrix[split.axis][split.axis]
        low[split.axis] = step * np.array(split.bounds[:-1])
        high[split.axis] = step * np.array(split.bounds[1:])
    reader.add(anchor, low, high, True)
