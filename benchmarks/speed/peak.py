"""What one core could do: fused multiply-adds per second, measured by a loop of nothing else."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from chainrule.compiler.ir import type_of
from chainrule.compiler.runtime import load
from chainrule.compiler.target import host

__all__ = ["peak_loop"]

_ROUNDS = 20_000
_CHAINS = 20


def peak_loop(dtype: str) -> tuple[Callable[[], object], float]:
    """A function that does nothing but multiply-adds, and how many operations one call is.

    Twenty independent chains in registers keep both multiply-add units busy through their latency.
    """
    target = host()
    lanes = target.lanes(type_of(np.dtype(dtype)))
    number = "float" if dtype == "float32" else "double"
    chains = _CHAINS if target.accumulators >= _CHAINS else 12
    vector = f"<{lanes} x {number}>"
    suffix = f"v{lanes}f{32 if number == 'float' else 64}"
    zero, half = f"splat ({number} 0.0)", f"splat ({number} 0.5)"
    lines = [
        f"declare {vector} @llvm.fmuladd.{suffix}({vector}, {vector}, {vector})",
        "define void @peak(i64 %rounds, ptr %out, ptr %in) {",
        "entry:",
        f"  %x = load {vector}, ptr %in, align 4",
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *(f"  %a{k} = phi {vector} [ {zero}, %entry ], [ %b{k}, %loop ]" for k in range(chains)),
        *(
            f"  %b{k} = call {vector} @llvm.fmuladd.{suffix}({vector} %a{k}, {vector} {half}, "
            f"{vector} %x)"
            for k in range(chains)
        ),
        "  %next = add i64 %i, 1",
        "  %more = icmp slt i64 %next, %rounds",
        "  br i1 %more, label %loop, label %done",
        "done:",
        f"  %s0 = fadd {vector} %b0, %b1",
        *(f"  %s{k - 1} = fadd {vector} %s{k - 2}, %b{k}" for k in range(2, chains)),
        f"  store {vector} %s{chains - 2}, ptr %out, align 4",
        "  ret void",
        "}",
    ]
    engine = load("\n".join(lines) + "\n", target)
    call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(
        engine.address("peak")
    )
    source = np.ones(lanes, dtype)
    result = np.zeros(lanes, dtype)
    inputs, outputs = source.ctypes.data, result.ctypes.data

    def run() -> object:
        call(_ROUNDS, outputs, inputs)
        return engine, source, result

    return run, 2.0 * lanes * chains * _ROUNDS
