"""Shared tools: run a function emitted by the test on arrays, on any target this machine has."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from chainrule.compiler import runtime, target
from chainrule.compiler.ir import I64, PTR, Function, Module, Val, type_of


def runnable() -> list[str]:
    order = ["sse", "avx2", "avx512"]
    best = target.host().name
    return order[: order.index(best) + 1] if best in order else [best]


@pytest.fixture(params=runnable())
def machine(request) -> target.Target:
    """Every target that this machine can run."""
    return target.named(request.param)


def elementwise(
    machine: target.Target, dtype: np.dtype, emit: Callable[[Function, Val], Val]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that applies what ``emit`` writes to an array."""
    lane = type_of(np.dtype(dtype))
    lanes = machine.lanes(lane)
    module = Module(machine.vector_bits, machine.has_fma)
    f = Function(module, "apply", [("x", PTR, ""), ("y", PTR, ""), ("n", I64, "")], internal=False)
    x, y, n = f.args

    def body(i, _):
        at = f.imul(i, lane.bytes)
        f.store(emit(f, f.load(lane.vec(lanes), f.at(x, at))), f.at(y, at))

    f.loop(0, n, lanes, body)
    module.add(f)
    engine = runtime.load(module.text(), machine)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(
        engine.address("apply")
    )

    def apply(values: np.ndarray) -> np.ndarray:
        flat = np.ascontiguousarray(values, dtype=dtype)
        size = -(-flat.size // lanes) * lanes
        source = np.zeros(size, dtype)
        source[: flat.size] = flat.ravel()
        out = np.empty(size, dtype)
        call(source.ctypes.data, out.ctypes.data, size)
        return out[: flat.size].reshape(flat.shape)

    apply.engine = engine  # type: ignore[attr-defined]
    return apply
