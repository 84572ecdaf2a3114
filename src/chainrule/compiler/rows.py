"""Rows of an epoch's inputs, read where they lie, in any order.

The rows of a shuffled mini-batch are scattered over the user's array. Copying them together first
takes up to a quarter of a step in which they are read only twice (forward, and for the gradient of
the first layer's weights). A product that goes through its operand row by row can follow a list of
the rows' addresses instead: per tile, or per step of its inner loop, it loads an address where it
would have added a stride. In-order mini-batches use the same code with consecutive addresses. The
rows of the next mini-batch are listed too, so that they can be fetched into the caches meanwhile.

Here it is decided which inputs are *listed*; the others are copied, see ``entries.py``.
"""

from __future__ import annotations

from .inlining import behind, leaves
from .plan import Plan
from .program import Value, base_of
from .schedule import Kernel, Schedule
from .structure import is_windowed

__all__ = ["LISTED", "listed_inputs"]

LISTED = 2 * 8  # bytes of a list per row: addresses of this mini-batch's rows, then the next one's

_SHORTEST = 128  # bytes: shorter rows are copied in the time that following addresses takes


def listed_inputs(schedule: Schedule, plan: Plan) -> set[int]:
    """Return the inputs that are read by nothing but products able to follow a list of rows."""
    found: set[int] = set()
    for v in schedule.program.inputs:
        rows = v.shape[0] if v.shape else 0
        if rows and v.size // rows * v.dtype.itemsize >= _SHORTEST:
            found.add(v.data)
    refused: set[int] = set()
    for kernel in plan.kernels:
        for root in kernel.roots:
            for a, _, _ in leaves(root, schedule.inline):
                source = behind(a)
                if source.kind == "input" and not _follows(kernel, root, source, plan):
                    refused.add(source.data)
    return found - refused


def _follows(kernel: Kernel, root: Value, source: Value, plan: Plan) -> bool:
    """Tell whether a root reads an input only as an operand it can go through by row."""
    if root.kind != "contract" or root is not kernel.anchor or is_windowed(root):
        return False
    if root.data != (0, 1, 1, 1) or root.id in plan.scratch:
        return False
    product = plan.products[root.id]
    if product.share:
        return False
    still = 1 if product.by_rows else 0
    reads = 0
    for side, operand in enumerate(product.operands):
        base, at = base_of(operand)
        if behind(base) is not source:
            continue
        reads += 1
        rows = source.shape[0]
        if len(base.shape) != 2 or base.shape[0] != rows or any(at.starts):
            return False
        if sorted(at.matrix) != [(0, 1), (1, 0)]:
            return False
        axis = at.matrix[0].index(1)
        inner = 1 - side
        if operand.shape[axis] != rows or not (axis == inner or side == still):
            return False
    return reads > 0
