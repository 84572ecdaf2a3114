"""What the exported functions of a module have in common: addresses, calls, the mode of the processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .ir import I32, PTR, Function, Index, Val
from .plan import Buffer, Plan
from .schedule import Kernel
from .target import Target

__all__ = [
    "External",
    "KernelCall",
    "Run",
    "copy_bytes",
    "externals_of",
    "flush_subnormals",
    "load_table",
    "moved_on",
    "result_places",
]

External = tuple[str, int]


@dataclass
class KernelCall:
    """A kernel's function, and the buffers it is called with.

    One that is ``turned`` is told which run it is.
    """

    kernel: Kernel
    function: str
    buffers: list[Buffer]
    turned: bool = False


@dataclass
class Run:
    """Kernels that are run one after the other, all of them ``repeat`` times.

    ``advance`` says by how many bytes the address of an input or state moves each time.
    """

    calls: list[KernelCall]
    repeat: int
    advance: dict[External, int]


def flush_subnormals(f: Function, target: Target, body: Callable[[], None]) -> None:
    """Run ``body`` with subnormal numbers treated as zero, as training loops want it.

    A product whose operands fade to 1e-40 would otherwise run many times slower on some machines.
    The caller's mode is restored.
    """
    if not target.is_x86:
        body()
        return
    f.module.declare("declare void @llvm.x86.sse.stmxcsr(ptr)")
    f.module.declare("declare void @llvm.x86.sse.ldmxcsr(ptr)")
    old, new = f.emit(PTR, "alloca i32, align 4"), f.emit(PTR, "alloca i32, align 4")
    f.do(f"call void @llvm.x86.sse.stmxcsr(ptr {old.text})")
    mode = f.load(I32, old)
    f.store(f.binary("or", mode, Val("32832", I32)), new)  # FTZ and DAZ
    f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {new.text})")
    body()
    f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {old.text})")


def moved_on(f: Function, pointers: dict[External, Val], run: Run, i: Index) -> dict[External, Val]:
    """Return the addresses that run ``i`` of a part sees."""
    here = dict(pointers)
    if i != 0:
        for n, step in run.advance.items():
            if n in here:
                here[n] = f.at(pointers[n], f.imul(i, step))
    return here


def externals_of(plan: Plan) -> tuple[list[External], dict[int, Buffer]]:
    """Return what lies outside the arena, inputs first, and the buffers of the inputs."""
    buffers = [b for b in plan.buffers.values() if b.space in ("input", "state")]
    inputs = {b.number: b for b in buffers if b.space == "input"}
    return sorted({(b.space, b.number) for b in buffers}), inputs


def load_table(f: Function, table: Val, externals: Sequence[External]) -> dict[External, Val]:
    """Load the addresses of inputs and states."""
    inputs = sum(space == "input" for space, _ in externals)
    out = {}
    for space, number in externals:
        place = number if space == "input" else inputs + number
        out[space, number] = f.load(PTR, f.at(table, 8 * place))
    return out


def result_places(
    f: Function, table: Val, externals: Sequence[External], results: Sequence[Buffer]
) -> list[Val]:
    """Load the addresses of where the results of all steps go."""
    first = len(externals)
    return [f.load(PTR, f.at(table, 8 * (first + k))) for k in range(len(results))]


def copy_bytes(f: Function, to: Val, source: Val, count: int) -> None:
    """Copy a known number of bytes."""
    f.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    f.do(f"call void @llvm.memcpy.p0.p0.i64({to.typed}, {source.typed}, i64 {count}, i1 false)")
