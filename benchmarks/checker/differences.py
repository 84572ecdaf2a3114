"""Gradients by central differences of sixth order: the judge of the corpus itself."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.checker.corpus import Inputs, Program, cost, get, put

# Weights of the seven-point stencil for the first derivative; its error is h**6 f⁽⁷⁾/140.
_STENCIL = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))


def numerical_gradient(
    program: Program, module: ModuleType, inputs: Inputs, where: str, step: float = 1e-4
) -> np.ndarray:
    """The gradient of `program`'s cost by the input at `where`, every entry by differences.

    With the step 1e-4 the stencil's own error is far below rounding, and rounding leaves about
    eleven digits of the cost's scale.
    """
    value = np.asarray(get(inputs, where), dtype=np.float64)
    gradient = np.zeros(value.shape)
    for index in np.ndindex(value.shape):
        total = 0.0
        for k, weight in _STENCIL:
            h = k * step
            total += weight * float(_moved(program, module, inputs, where, value, index, h))
            total -= weight * float(_moved(program, module, inputs, where, value, index, -h))
        gradient[index] = total / step
    return gradient


def _moved(
    program: Program,
    module: ModuleType,
    inputs: Inputs,
    where: str,
    value: np.ndarray,
    index: tuple[int, ...],
    by: float,
) -> Any:
    moved = value.copy()
    moved[index] += by
    return cost(program, module, put(inputs, where, moved if value.ndim else float(moved)))
