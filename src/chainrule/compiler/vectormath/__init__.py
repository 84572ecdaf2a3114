"""Elementary functions on vectors, written in LLVM IR.

:func:`unary` emits a function by name. Bounds, in units in the last place, with rounding of the
result included; results below the smallest normal number may be flushed to zero:

=========== ================ ==================== =======
function    float32, tables  float32, elsewhere   float64
=========== ================ ==================== =======
exp         0.6              1.1                  2
tanh        1.1              2                    3
sigmoid     1.6              2                    3
log         1                1                    2
others      1                1                    3
=========== ================ ==================== =======

"Tables" are 32-entry lookups in registers (AVX-512). ``tests/compiler/test_vectormath.py`` measures
every entry against mpmath; ``python -m benchmarks.vectormath_ulps`` runs through every float32.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import Function, Val
from .circular import cos, sin
from .errorfunction import erf
from .exponential import exp, expm1, in_double, log, log1p, sigmoid, softplus, tanh
from .libm import LIBM, per_lane

__all__ = ["FUNCTIONS", "LIBM", "in_double", "per_lane", "unary"]

FUNCTIONS: dict[str, Callable[[Function, Val], Val]] = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "sin": sin,
    "cos": cos,
    "erf": erf,
}


def unary(f: Function, name: str, x: Val) -> Val:
    """Emit the function ``name`` of ``x`` (a float scalar or vector).

    Raises
    ------
    KeyError
        If there is no such function.
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name](f, x)
    if name in LIBM:
        return per_lane(f, name, x)
    raise KeyError(name)
