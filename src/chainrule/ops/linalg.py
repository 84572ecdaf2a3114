"""Matrix products and linear algebra.

Rules follow M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.messages import ADVICE
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.ops.shape import expand_dims, reshape, shape_of, sum_to, swapaxes

__all__ = ["mT", "matmul"]


def mT(x: Any) -> Any:
    """The last two axes exchanged."""
    return swapaxes(x, -1, -2)


def _matmul_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    nx, ny = len(shape_of(x)), len(shape_of(y))
    if nx == 2 and ny == 2:
        return matmul(g, mT(y))
    if nx == 1 and ny == 1:
        return g * y
    if ny == 1:  # (..., n, k) @ (k,) -> (..., n)
        return expand_dims(g, -1) * y
    if nx == 1:  # (k,) @ (..., k, m) -> (..., m)
        return sum_to(reshape(matmul(y, expand_dims(g, -1)), shape_of(y)[:-1]), shape_of(x))
    return sum_to(matmul(g, mT(y)), shape_of(x))


def _matmul_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    nx, ny = len(shape_of(x)), len(shape_of(y))
    if nx == 2 and ny == 2:
        return matmul(mT(x), g)
    if nx == 1 and ny == 1:
        return g * x
    if nx == 1:
        return sum_to(expand_dims(x, -1) * expand_dims(g, -2), shape_of(y))
    if ny == 1:
        batched = matmul(mT(x), expand_dims(g, -1))
        return sum_to(reshape(batched, shape_of(batched)[:-1]), shape_of(y))
    return sum_to(matmul(mT(x), g), shape_of(y))


def _matmul_infer(x: Any, y: Any) -> Abstract:
    sx, sy = shape_of(x), shape_of(y)
    if not sx or not sy:
        raise ValueError("matmul needs at least one axis in each operand")
    px = (1, *sx) if len(sx) == 1 else sx
    py = (*sy, 1) if len(sy) == 1 else sy
    if px[-1] != py[-2]:
        raise ValueError(f"the inner lengths differ: {px[-1]} and {py[-2]}")
    batch = np.broadcast_shapes(px[:-2], py[:-2])
    tail = (() if len(sx) == 1 else (px[-2],)) + (() if len(sy) == 1 else (py[-1],))
    return Abstract((*batch, *tail), np.result_type(x.dtype, y.dtype))


matmul: Op = defop(
    "matmul",
    np.matmul,
    _matmul_x,
    _matmul_y,
    linear=True,
    infer=_matmul_infer,
    samples=(
        Sample(((2, 3), (3, 4))),
        Sample(((3,), (3,))),
        Sample(((2, 3), (3,))),
        Sample(((3,), (3, 2))),
        Sample(((5, 2, 3), (3, 4))),
        Sample(((2, 1, 2, 3), (4, 3, 2))),
        Sample(((3,), (2, 3, 4))),
        Sample(((2, 2, 3), (3,))),
        Sample(((0, 3), (3, 2))),
    ),
    rejects=((Sample(((2, 3), (2, 3))), ValueError, "matmul"),),
    doc="X Y; g Yᵀ, Xᵀ g",
)


def _advise(x: Any, y: Any) -> str:
    """Which products of these operands would fit (SPEC B6: dimension analysis)."""
    sx, sy = shape_of(x), shape_of(y)
    if not sx or not sy:
        return "matmul needs at least one axis in each operand; for numbers write x * y"
    inner = sy[-2] if len(sy) > 1 else sy[0]
    if sx[-1] == inner:
        return f"the axes before the matrices do not broadcast: {sx[:-2]} and {sy[:-2]}"
    lines = f"the inner lengths differ: {sx[-1]} (last axis of the first) and {inner}"
    fits = [
        f"{formula} -> {shape}"
        for formula in ("X.T @ Y", "X @ Y.T", "Y @ X", "X.T @ Y.T")
        if (shape := _product_shape(formula, sx, sy)) is not None
    ]
    if fits:
        lines += "\n  would fit, with X, Y the operands: " + " or ".join(fits[:2])
    return lines


def _product_shape(
    formula: str, sx: tuple[int, ...], sy: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Shape of a product of vectors and matrices, ``None`` where it does not fit."""
    factors = []
    for factor in formula.split(" @ "):
        shape = sx if factor[0] == "X" else sy
        transposed = factor.endswith(".T")
        if len(shape) > 2 or (transposed and len(shape) == 1):
            return None
        factors.append(Abstract(shape[::-1] if transposed else shape))
    try:
        return _matmul_infer(*factors).shape
    except ValueError:
        return None


ADVICE["matmul"] = _advise
