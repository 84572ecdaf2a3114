"""What a compiled form does and what it needs: ``compiled.explain()`` and ``compiled.memory()``.

Times are measured: the form is generated once more with a cycle counter around every kernel and
run a few hundred times on a copy of its state.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .inlining import Inlined, behind, leaves
from .program import Value
from .runtime import load
from .schedule import Kernel

if TYPE_CHECKING:
    from .specialisation import Specialisation

__all__ = ["Explanation", "KernelReport", "Memory", "explain", "memory"]

_RUNS, _TOGETHER = 15, 20


@dataclass(frozen=True)
class KernelReport:
    """One kernel.

    Attributes
    ----------
    kind : str
    domain : tuple of int
    ops : list of str
        The user's ops it computes, in order, with their lines.
    flops : int
        Additions and multiplications of numbers that exist (padding does not count).
    bytes : int
        Memory read and written, each value once.
    share : float
        Part of the time of a step.
    cycles : float
        Of the time stamp counter, per step.
    detail : str
        For a product: sizes and orientation.
    """

    kind: str
    domain: tuple[int, ...]
    ops: list[str]
    flops: int
    bytes: int
    share: float
    cycles: float
    detail: str = ""


@dataclass(frozen=True)
class Explanation:
    """The schedule of a compiled form; printing it gives a table."""

    kernels: list[KernelReport]
    seconds: dict[str, float]
    cached: bool
    target: str
    resident: bool = False

    @property
    def flops(self) -> int:
        """Floating-point operations of a step."""
        return sum(k.flops for k in self.kernels)

    def __str__(self) -> str:
        lines = [f"{'share':>6} {'flops':>11} {'bytes':>10}  kernel"]
        for k in self.kernels:
            shape = "x".join(map(str, k.domain)) or "scalar"
            lines.append(
                f"{k.share:6.1%} {k.flops:11,} {k.bytes:10,}  {k.kind} {shape} {k.detail}".rstrip()
            )
            lines.append(" " * 31 + "· " + ", ".join(k.ops))
        spent = ", ".join(f"{name} {1e3 * s:.0f} ms" for name, s in self.seconds.items())
        where = "from the cache" if self.cached else "compiled anew"
        lines.append(
            f"{len(self.kernels)} kernels, {self.flops:,} flops a step, for {self.target}; "
            f"{where} ({spent})"
        )
        if self.resident:
            lines.append(
                "In an epoch the step is one piece of code with its state in registers; shares are "
                "those of its kernels run one by one."
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Memory:
    """Bytes that a compiled form holds.

    Attributes
    ----------
    arena : int
        Everything between inputs and state, shared by values whose lives do not overlap.
    state : int
        Parameters, optimiser slots and other tensors held by reference, in their padded layout.
    intermediates : int
        What the values in the arena would take one beside the other.
    largest : list of (str, int)
        The largest of them, with their origin.
    """

    arena: int
    state: int
    intermediates: int
    largest: list[tuple[str, int]] = field(default_factory=list)

    @property
    def peak(self) -> int:
        """Arena and state."""
        return self.arena + self.state

    def __str__(self) -> str:
        lines = [
            f"arena {self.arena:,} bytes for values of {self.intermediates:,} bytes; "
            f"state {self.state:,} bytes"
        ]
        lines += [f"  {size:12,}  {name}" for name, size in self.largest]
        return "\n".join(lines)


def _ops(kernel: Kernel, inline: Inlined) -> list[str]:
    """Return the names of the ops of a kernel, each once per line of source."""
    seen: dict[str, None] = {}
    stack, done = list(reversed(kernel.roots)), set[int]()
    found: list[Value] = []
    while stack:
        v = stack.pop()
        if v.id in done or v.kind in ("const", "input", "state"):
            continue
        done.add(v.id)
        if v in kernel.roots or v.id in inline:
            found.append(v)
            stack.extend(v.args)
    for v in sorted(found, key=lambda v: v.id):
        name = "copy between layouts" if v.data == "copy" and v.kind == "map" else str(v.origin)
        seen[name] = None
    return list(seen)


def _flops(kernel: Kernel, inline: Inlined) -> int:
    total, done, stack = 0, set[int](), list(kernel.roots)
    while stack:
        v = stack.pop()
        if v.id in done:
            continue
        done.add(v.id)
        if v.kind == "contract":
            batch, rows, _, _ = v.data
            inner = int(np.prod(v.args[0].shape[batch + rows :], dtype=np.int64))
            total += 2 * v.size * inner
        elif v.kind == "reduce":
            total += v.args[0].size
        elif v.kind == "map" and v.dtype.kind == "f" and v.data not in ("copy", "cast", "select"):
            total += v.size
        if v in kernel.roots or v.id in inline:
            stack.extend(v.args)
    return total


def _bytes(kernel: Kernel, inline: Inlined) -> int:
    seen: dict[int, int] = {}
    for root in kernel.roots:
        for a, _, _ in leaves(root, inline):
            b = behind(a)
            if b.size > 1 and b not in kernel.roots:
                seen[b.id] = b.size * b.dtype.itemsize
    total = sum(seen.values())
    return total + sum(r.size * r.dtype.itemsize for r in kernel.stored)


def _cycles(form: Specialisation) -> list[float]:
    """Return cycles per kernel, measured; the state is put back afterwards."""
    code = form.build.write(profile=True)
    engine = load(code.text, form.target)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(engine.address("profile"))
    kept = [h.view.copy() for h in form.homes if h is not None]
    ticks = np.zeros(len(code.kernels), np.int64)
    place = ticks.__array_interface__["data"][0]
    for index, v in enumerate(form.source.inputs):
        if form._table[index] == 0:  # an input that has not been seen: any numbers will do
            form._inputs[index] = np.zeros(v.shape, v.dtype)
            form._table[index] = form._inputs[index].__array_interface__["data"][0]  # type: ignore[union-attr]
    best = np.full(len(ticks), np.inf)
    for _ in range(_RUNS):
        ticks[:] = 0
        for _ in range(_TOGETHER):  # the counter advances in steps of some tens of cycles
            call(form.arena.address, form._table_address, place)
        best = np.minimum(best, ticks / _TOGETHER)
    for home, value in zip((h for h in form.homes if h is not None), kept, strict=True):
        home.view[...] = value
    return [float(b) for b in best]


def explain(form: Specialisation) -> Explanation:
    """Return the schedule of a form with measured shares of time."""
    cycles = _cycles(form)
    total = sum(cycles) or 1.0
    reports = []
    kernels = [(phase, k) for phase in form.build.phases for k in phase.plan.kernels]
    for (phase, kernel), spent in zip(kernels, cycles, strict=True):
        inline = phase.schedule.inline
        detail = f"{phase.repeat} times " if phase.repeat > 1 else ""
        product = phase.plan.products.get(kernel.anchor.id)
        if product is not None:
            copied = sum(o not in kernel.anchor.args for o in product.operands)
            lanes = "lanes along rows" if product.by_rows else "lanes along columns"
            detail += f"({f'{product.share} lanes a column' if product.share else lanes}"
            detail += ", copied operand)" if copied else ")"
        reports.append(
            KernelReport(
                {"contract": "product", "loop": "loop"}.get(kernel.kind, kernel.kind),
                kernel.domain,
                _ops(kernel, inline),
                phase.repeat * _flops(kernel, inline),
                phase.repeat * _bytes(kernel, inline),
                spent / total,
                spent,
                detail,
            )
        )
    staged = form.staged
    return Explanation(
        reports, dict(staged.seconds), staged.found.cached, form.target.name, form.resident
    )


def memory(form: Specialisation) -> Memory:
    """Return what a form holds in memory."""
    sizes: list[tuple[str, int]] = []
    for plan, kernel in ((p.plan, k) for p in form.build.phases for k in p.plan.kernels):
        for root in kernel.stored:
            b = plan.buffer(root)
            if b is not None and b.space == "arena":
                sizes.append((f"{root.dtype}{list(root.shape)} of {root.origin}", b.bytes))
    state = sum(h.layout.size * h.dtype.itemsize for h in form.homes if h is not None)
    sizes.sort(key=lambda s: -s[1])
    arena = form.recipe.arena + sum(block.bytes.size for block in form.between)
    return Memory(arena, state, sum(s for _, s in sizes), sizes[:8])
