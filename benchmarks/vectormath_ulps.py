"""Errors of the float32 vector functions over every float32 of their range.

    python -m benchmarks.vectormath_ulps [exp tanh sigmoid log …]

Runs through all 2**32 bit patterns that are finite and inside the range of the function, on the
widest vectors of the machine, and prints the largest error in units in the last place against NumPy
in float64 (whose own error does not show at this scale). About a minute per function.
"""

from __future__ import annotations

import ctypes
import sys

import numpy as np

from chainrule.compiler import runtime, target, vectormath
from chainrule.compiler.ir import F32, I64, PTR, Function, Module

RANGES = {"exp": 88.0, "tanh": 20.0, "sigmoid": 87.0, "log": np.inf, "expm1": 88.0, "log1p": np.inf}
CHUNK = 1 << 22


def native(name: str):
    """Return a function that applies a vector function to an array, and the engine to keep."""
    machine = target.host()
    module = Module(machine.vector_bits, machine.has_fma)
    args = [("x", PTR, ""), ("y", PTR, ""), ("n", I64, "")]
    f = Function(module, "apply", args, internal=False)
    x, y, n = f.args
    lanes = machine.lanes(F32)

    def body(i, _):
        at = f.imul(i, 4)
        value = vectormath.unary(f, name, f.load(F32.vec(lanes), f.at(x, at)))
        f.store(value, f.at(y, at))

    f.loop(0, n, lanes, body)
    module.add(f)
    engine = runtime.load(module.text(), machine)
    types = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    return ctypes.CFUNCTYPE(None, *types)(engine.address("apply")), engine


def reference(name: str, x: np.ndarray) -> np.ndarray:
    """Return the function in float64."""
    return 1 / (1 + np.exp(-x)) if name == "sigmoid" else getattr(np, name)(x)


def worst(name: str) -> tuple[float, float, int]:
    """Return the largest error, where it is, and how many values were tried."""
    call, engine = native(name)
    y = np.empty(CHUNK, np.float32)
    error, where, count = 0.0, 0.0, 0
    for start in range(0, 1 << 32, CHUNK):
        x = np.arange(start, start + CHUNK, dtype=np.uint64).astype(np.uint32).view(np.float32)
        inside = np.isfinite(x) & (np.abs(x) <= RANGES[name]) & (np.abs(x) >= 2.0**-126)
        if name == "log":
            inside &= x > 0
        if name == "log1p":
            inside &= x > -1
        if not inside.any():
            continue
        call(x.ctypes.data, y.ctypes.data, CHUNK)
        with np.errstate(all="ignore"):
            want = reference(name, x[inside].astype(np.float64))
            ulp = np.abs(y[inside] - want) / np.spacing(np.abs(want).astype(np.float32))
        ulp[np.abs(want) < 2.0**-126] = 0.0
        count += int(inside.sum())
        at = int(np.nanargmax(ulp))
        if ulp[at] > error:
            error, where = float(ulp[at]), float(x[inside][at])
    del engine
    return error, where, count


def main(names: list[str]) -> None:
    """Print a line per function."""
    for name in names or list(RANGES):
        error, where, count = worst(name)
        print(f"{name:8s} at most {error:.3f} ulp (at {where:.8g}), {count:,} values", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
