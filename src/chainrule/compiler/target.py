"""What the compiler knows about a processor: vector width, registers, tiles.

Everything that differs between AVX-512, AVX2, 128-bit x86 and NEON is a field of
:class:`Target`. :func:`host` detects the machine; the named constructors force a narrower target
(the tests run those paths on a wide machine).
"""

from __future__ import annotations

import functools
import platform
from dataclasses import dataclass

import llvmlite.binding as llvm

from ..errors import ArgumentError
from .ir import Type

__all__ = ["TARGETS", "Target", "host", "named"]


@dataclass(frozen=True)
class Target:
    """A processor to generate code for.

    Parameters
    ----------
    name : str
        ``avx512``, ``avx2``, ``sse``, ``neon`` or ``generic``.
    cpu, features : str
        As LLVM names them.
    vector_bits : int
        Width of the vectors the kernels use.
    registers : int
        Vector registers of the architecture.
    has_fma : bool
        Whether ``llvm.fma`` is an instruction (elsewhere it would be a call into libm).
    has_tables : bool
        Whether 32-entry tables can be looked up in registers (AVX-512 permutes).
    """

    name: str
    cpu: str
    features: str
    vector_bits: int
    registers: int
    has_fma: bool
    has_tables: bool

    def lanes(self, t: Type) -> int:
        """Return how many lanes of a type fit a vector."""
        return max(1, self.vector_bits // max(8, t.bits))

    @property
    def accumulators(self) -> int:
        """Return how many accumulators a tile may hold without spilling.

        16 of 32 registers run as fast as more (see the decision on tiles) and leave room for
        what an epilogue needs; with 16 registers, 12.
        """
        return 16 if self.registers >= 32 else 12

    @property
    def tile(self) -> tuple[int, int]:
        """Return rows and vectors of the preferred contraction tile."""
        return (8, 2) if self.registers >= 32 else (6, 2)

    @property
    def is_x86(self) -> bool:
        """Tell whether x86 intrinsics exist."""
        return self.name in ("avx512", "avx2", "sse")


@functools.cache
def host() -> Target:
    """Return the machine this process runs on, at the widest vectors it has."""
    cpu = llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features()
    flags = features.flatten()
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        if features.get("avx512f") and features.get("avx512dq") and features.get("avx512vl"):
            return Target("avx512", cpu, flags, 512, 32, True, True)
        if features.get("avx2") and features.get("fma"):
            return Target("avx2", cpu, flags, 256, 16, True, False)
        return Target("sse", cpu, flags, 128, 16, bool(features.get("fma")), False)
    if machine in ("arm64", "aarch64"):
        return Target("neon", cpu, flags, 128, 32, True, False)
    return Target("generic", cpu, flags, 128, 16, False, False)


TARGETS = ("host", "avx512", "avx2", "sse", "neon")


@functools.cache
def named(name: str) -> Target:
    """Return a target by name.

    Raises
    ------
    ArgumentError
        For a name outside :data:`TARGETS`, or one that this machine cannot run.
    """
    if name not in TARGETS:
        raise ArgumentError(f"target must be one of {', '.join(TARGETS)}; got {name!r}")
    best = host()
    if name in ("host", best.name):
        return best
    order = ("sse", "avx2", "avx512")
    if best.name in order and name in order and order.index(name) < order.index(best.name):
        # The x86-64 levels keep wider instructions out, which feature strings alone would not.
        if name == "avx2":
            return Target("avx2", "x86-64-v3", "", 256, 16, True, False)
        return Target("sse", "x86-64-v2", "", 128, 16, False, False)
    raise ArgumentError(f"this machine ({best.name}) cannot run code for {name}")
