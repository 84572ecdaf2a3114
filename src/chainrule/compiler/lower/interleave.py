"""Arrays assembled from blocks that interleave and cover them, such as gradients of pooling.

All blocks are written at one place before the next: what they have in common (the window's numbers,
its maximum, the gradient) is read once.
"""

from __future__ import annotations

from ..ir import Index, Val
from ..program import Value
from ..schedule import Kernel
from .loops import nest
from .point import Linear, Point, Scope
from .sharing import Share

__all__ = ["emit_interleaved"]


def emit_interleaved(kernel: Kernel, scope: Scope, share: Share | None = None) -> None:
    """Write the blocks of the kernel's value side by side; its base is not read.

    Positions, which threads divide, are those of a block.
    """
    v = kernel.anchor
    f, lanes = scope.f, scope.lanes
    access = scope.access(v)
    assert access is not None
    if 0 in v.shape:
        return
    blocks: list[Value] = list(v.args[1:])
    shape = blocks[0].shape
    lane = max(access.layout.lane, 0)
    steady = v.data[0].matrix[lane][lane] == 1
    width = shape[lane]
    others = [a for a in range(len(shape)) if a != lane]

    def put(axes: list[Linear], start: Index, valid: int | None) -> None:
        spot = (*axes[:lane], Linear.of(start), *axes[lane:])
        p = Point(scope, spot, lane, valid)
        values = [p.value(block) for block in blocks]
        for value, place in zip(values, v.data, strict=True):
            p.store(access, place, value, steady)

    def row(axes: list[Linear]) -> None:
        whole = width // lanes * lanes

        def turn(i: Index, _: list[Val]) -> None:
            put(axes, i, None)

        f.loop(0, whole, lanes, turn)
        if width - whole:
            put(axes, whole, width - whole)

    nest(f, [shape[a] for a in others], row, share, others)
