"""From a plan to one LLVM module: a function per kernel, the step that calls them, the entries.

What a module exports is written by ``entries.py``.

Every pointer a kernel uses is an argument of it: kernels of the same shapes are one function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ..errors import CompileError
from .entries import Entries, KernelCall, Run
from .ir import I64, PTR, Function, Module, Val
from .lower.accumulated import emit_accumulated
from .lower.along_samples import emit_along_samples
from .lower.contraction import Emitter, emit_contract, is_light
from .lower.interleave import emit_interleaved
from .lower.loops import emit_loop, merged
from .lower.narrow import emit_narrow, is_narrow
from .lower.point import Access, Scope
from .lower.pooled import emit_pooled
from .lower.reductions import emit_reduce
from .lower.sharing import Share, Turn, by_last
from .lower.skipping import emit_skipping
from .lower.slender import emit_slender
from .lower.special import emit_assemble, emit_scan, emit_scatter, emit_sort
from .lower.transposes import emit_transpose, transpose_axes
from .plan import Buffer, Plan
from .program import Program, Value, base_of
from .resident import emit_resident
from .schedule import Kernel, Schedule
from .structure import is_tiled, skipped_taps
from .target import Target

__all__ = ["Code", "Phase", "generate"]


@dataclass
class Code:
    """A module's text and what is needed to call it.

    Attributes
    ----------
    kernels : list of (Kernel, str)
        The function of each kernel, in the order of calls.
    resident : bool
        Whether an epoch is one function with all state in registers, not kernel by kernel.
    """

    text: str
    kernels: list[tuple[Kernel, str]] = field(default_factory=list)
    resident: bool = False


class _Writer(Emitter):
    """One kernel function being written: hands out pointer arguments for buffers."""

    def __init__(self, code: _Module, name: str) -> None:
        self.code = code
        self.f = Function(code.module, name, [])
        self.buffers: list[Buffer] = []
        self._pointers: dict[tuple[str, int, int], Val] = {}
        self.scope: Scope | None = None
        self.share: Share | None = None
        self.turn: Turn | None = None

    def access(self, v: Value) -> Access | None:
        """Return how to reach a value's memory; adds an argument on first use."""
        buffer = self.code.plan.buffer(v)
        if buffer is None:
            return None
        outside = buffer.space == "input"
        listed = outside and buffer.number in self.code.listed
        return Access(self.pointer(buffer), buffer.layout, buffer.dtype, not outside, listed)

    def pointer(self, buffer: Buffer) -> Val:
        """Return the argument that points to a buffer."""
        key = (buffer.space, buffer.number, buffer.offset)
        if key not in self._pointers:
            self._pointers[key] = self.f.argument(PTR, "noalias")
            self.buffers.append(buffer)
        return self._pointers[key]

    def outline(
        self,
        name: str,
        write: Callable[[Scope, list[Val]], None],
        indices: list[Val],
        scratch: Val,
    ) -> None:
        """Write a function of (scratch, indices…, pointers…) and call it."""
        child = _Writer(self.code, self.code.fresh(name))
        args = [child.f.argument(PTR)] + [child.f.argument(I64) for _ in indices]
        assert self.scope is not None
        child.scope = Scope(child.f, self.scope.lanes, child.access, self.scope.own)
        write(child.scope, args)
        called = self.code.module.add(child.f)
        pointers = [self.pointer(b) for b in child.buffers]
        self.f.run(called, [scratch, *indices, *pointers])


class _Module:
    """The module being written."""

    def __init__(
        self,
        module: Module,
        phase: Phase,
        target: Target,
        threaded: bool,
        prefix: str,
        listed: Collection[int],
    ) -> None:
        self.phase = phase
        self.plan = phase.plan
        self.listed = listed
        self.threaded = threaded
        self.inline = phase.schedule.inline
        self.target = target
        self.module = module
        self._prefix = prefix
        self._count = 0

    def fresh(self, name: str) -> str:
        """Return a new function name."""
        self._count += 1
        return f"{self._prefix}{name}_{self._count}"

    def lanes(self, kernel: Kernel) -> int:
        """Return the vector length of a kernel: that of the widest floats it has vectors of.

        Numbers that are the same everywhere (a learning rate in float64) stay scalars.
        """
        widest = 32
        seen: set[int] = set()
        stack = list(kernel.roots)
        while stack:
            v = stack.pop()
            still = v.kind == "view" and not any(map(any, v.data.matrix))  # one element, everywhere
            if v.id in seen or still or v.size == 1:
                continue
            seen.add(v.id)
            if v.dtype.kind == "f":
                widest = max(widest, 8 * v.dtype.itemsize)
            if v.id in self.inline or v in kernel.roots:
                stack.extend(v.args)
        return self.target.vector_bits // widest

    def kernel(self, kernel: Kernel) -> tuple[str, list[Buffer]]:
        """Write a kernel's function; return its name and the buffers it is called with."""
        writer = _Writer(self, self.fresh(kernel.kind))
        if self.threaded:
            writer.share = Share(writer.f.argument(I64), writer.f.argument(I64))
        if kernel.anchor.id in self.phase.carried:
            writer.turn = Turn(writer.f.argument(I64), self.phase.repeat)
        own = frozenset(r.id for r in kernel.roots)
        writer.scope = Scope(writer.f, self.lanes(kernel), writer.access, own)
        try:
            self._emit(kernel, writer, writer.scope)
        except (TypeError, KeyError, AssertionError) as error:
            where = kernel.anchor.origin
            raise CompileError(
                f"cannot compile {where}: {type(error).__name__}: {error}. Call the function "
                "without cr.compile, or report this op."
            ) from error
        return self.module.add(writer.f), writer.buffers

    def _transpose(self, kernel: Kernel, scope: Scope, share: Share | None) -> bool:
        """Write a kernel that only copies between layouts; tell whether it was one."""
        root = kernel.anchor
        if len(kernel.roots) > 1 or root.kind != "map" or root.data != "copy":
            return False
        source, at = base_of(root.args[0])
        domain = merged(kernel, self.inline, scope)
        axes = transpose_axes(root, source, at, domain, scope)
        if axes is None:
            return False
        emit_transpose(root, source, at, axes, domain, scope, share)
        return True

    def _emit(self, kernel: Kernel, writer: _Writer, scope: Scope) -> None:
        if kernel.kind == "loop":
            turned = self._transpose(kernel, scope, writer.share)
            if not turned and is_narrow(kernel, scope):
                emit_narrow(kernel, self.inline, scope, writer.share)
            elif not turned:
                emit_loop(kernel, self.inline, scope, writer.share)
        elif kernel.kind == "reduce":
            emit_reduce(kernel, self.inline, scope, writer.share)
        elif kernel.kind == "contract":
            product = self.plan.products[kernel.anchor.id]
            scratch = self.plan.scratch.get(kernel.anchor.id)
            if scratch is not None:
                memory = writer.pointer(scratch)
                summed = emit_along_samples if product.along_sum else emit_accumulated
                summed(
                    kernel, product, memory, scope, self.target, writer, writer.share, writer.turn
                )
                return
            if kernel.windows is not None:
                emit_pooled(kernel, product, scope, self.target, writer.share)
                return
            if product.share:
                emit_slender(kernel, product, scope, writer.share)
                return
            zeros = base_of(product.operands[1])[0].id in self.inline  # stored nowhere
            if zeros or (not product.by_rows and skipped_taps(kernel.anchor) and is_light(kernel)):
                emit_skipping(kernel, product, scope, self.target, writer.share)
                return
            emit_contract(kernel, product, scope, self.target, writer, writer.share)
        elif is_tiled(kernel.anchor):
            emit_interleaved(kernel, scope, writer.share)
        elif kernel.kind in _SERIAL:
            emit = _SERIAL[kernel.kind]
            by_last(scope.f, writer.share, lambda: emit(kernel, scope))
        else:
            raise CompileError(f"no kernel for {kernel.kind}")


_SERIAL = {
    "assemble": emit_assemble,
    "scatter": emit_scatter,
    "scan": emit_scan,
    "sort": emit_sort,
}


@dataclass
class Phase:
    """A program with its schedule and plan, run ``repeat`` times in a step.

    Attributes
    ----------
    advance : dict of (str, int) to int
        Bytes by which the address of an input or state moves from one run to the next.
    carried : frozenset of int
        Ids of products that are summed over all runs before they are stored.
    """

    program: Program
    schedule: Schedule
    plan: Plan
    repeat: int = 1
    advance: dict[tuple[str, int], int] = field(default_factory=dict)
    carried: frozenset[int] = frozenset()


def generate(
    phases: Sequence[Phase],
    target: Target,
    batched: list[str] | None = None,
    results: list[Buffer] | None = None,
    profile: bool = False,
    threaded: bool = False,
) -> Code:
    """Write the module of a step made of phases.

    Parameters
    ----------
    phases : sequence of Phase
        In order; the last one is the step itself and has its results.
    batched : list of str, optional
        For an epoch: how each input is taken, ``rows`` (a mini-batch), ``steps`` (one entry per
        step) or ``whole``.
    results : list of Buffer, optional
        For an epoch: what each step returns.
    profile : bool
        Export ``profile`` only.
    threaded : bool
        Write entries for several threads.
    """
    module = Module(target.vector_bits, target.has_fma)
    looped = batched is not None and not profile
    alone = looped and not threaded and len(phases) == 1
    if alone and emit_resident(module, phases[0], target, batched or [], results or []):
        return Code(module.text(), resident=True)
    runs = []
    for number, phase in enumerate(phases):
        plan = phase.plan
        prefix = "" if number == 0 else f"p{number}_"
        m = _Module(module, phase, target, threaded, prefix, plan.listed if looped else ())
        calls = []
        for kernel in plan.kernels:
            name, buffers = m.kernel(kernel)
            stored = [plan.buffer(r) for r in kernel.stored]
            written = [b for b in stored if b is not None]
            turned = kernel.anchor.id in phase.carried
            calls.append(KernelCall(kernel, name, buffers, written, turned))
        once = [c for c in calls if c.kernel in plan.once]
        if once:
            runs.append(Run(once, 1, {}))
        runs.append(Run(calls[len(once) :], phase.repeat, phase.advance))
    entries = Entries(module, phases[-1].plan, target, runs, threaded)
    entries.step(profile)
    if batched is not None and looped:
        entries.epoch(batched, results or [])
    else:
        entries.run(profile)
    return Code(module.text(), [(c.kernel, c.function) for r in runs for c in r.calls])
