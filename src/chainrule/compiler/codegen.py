"""From a plan to one LLVM module: a function per kernel, the step that calls them, the entries.

What a module exports is written by ``entries.py``, or ``together.py`` for several threads.

Every pointer a kernel uses is an argument of it: kernels of the same shapes are one function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ..errors import CompileError
from .calling import KernelCall, Run
from .entries import Entries
from .ir import I64, PTR, Function, Module, Val
from .lower.accumulated import emit_accumulated
from .lower.along_samples import emit_along_samples
from .lower.contraction import Emitter, emit_contract
from .lower.families import family, vector_length
from .lower.interleave import emit_interleaved
from .lower.loops import emit_loop, merged
from .lower.narrow import emit_narrow
from .lower.point import Access, Scope
from .lower.pooled import emit_pooled
from .lower.reductions import emit_reduce
from .lower.sharing import Share, Split, Turn, owned
from .lower.skipping import emit_skipping
from .lower.slender import emit_slender
from .lower.special import emit_assemble, emit_scan, emit_scatter, emit_sort
from .lower.transposes import emit_transpose, transpose_axes
from .plan import Buffer, Plan
from .program import Program, Value, base_of
from .resident import emit_resident
from .schedule import Kernel, Schedule
from .target import Target

__all__ = ["Code", "KernelWriter", "Phase", "generate"]


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

    def __init__(self, code: KernelWriter, name: str) -> None:
        self.code = code
        self.f = Function(code.module, name, [])
        self.buffers: list[Buffer] = []
        self._pointers: dict[tuple[str, int, int], Val] = {}
        self.scope: Scope | None = None
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


class KernelWriter:
    """Writes the kernels of a phase into a module.

    Parameters
    ----------
    prefix : str
        Of the names of the functions.
    listed : collection of int
        Inputs that are reached through a list of the addresses of rows.
    plan : Plan, optional
        In place of the phase's.
    """

    def __init__(
        self,
        module: Module,
        phase: Phase,
        target: Target,
        prefix: str,
        listed: Collection[int],
        plan: Plan | None = None,
    ) -> None:
        self.phase = phase
        self.plan = phase.plan if plan is None else plan
        self.listed = listed
        self.inline = phase.schedule.inline
        self.target = target
        self.module = module
        self._prefix = prefix
        self._count = 0

    def fresh(self, name: str) -> str:
        """Return a new function name."""
        self._count += 1
        return f"{self._prefix}{name}_{self._count}"

    def call(self, kernel: Kernel, split: Split | None = None) -> KernelCall:
        """Write a kernel's function, unless there is an equal one; return how to call it.

        With a split its first argument is the number of the thread.
        """
        writer = _Writer(self, self.fresh(kernel.kind))
        turned = kernel.anchor.id in self.phase.carried
        own = frozenset(r.id for r in kernel.roots)
        lanes = vector_length(kernel, self.inline, self.target)
        scope = writer.scope = Scope(writer.f, lanes, writer.access, own)
        try:
            share = None if split is None else Share(writer.f.argument(I64), split)
            if turned:
                writer.turn = Turn(writer.f.argument(I64), self.phase.repeat)
            if share is None:
                self._emit(kernel, writer, scope, None)
            else:
                if share.split.axis >= 0:
                    self._emit(kernel, writer, scope, share)
                else:
                    owned(writer.f, share, 1, 0, lambda: self._emit(kernel, writer, scope, None))
        except (TypeError, KeyError, AssertionError) as error:
            where = kernel.anchor.origin
            raise CompileError(
                f"cannot compile {where}: {type(error).__name__}: {error}. Call the function "
                "without cr.compile, or report this op."
            ) from error
        name = self.module.add(writer.f)
        return KernelCall(kernel, name, writer.buffers, turned)

    def _emit(self, kernel: Kernel, writer: _Writer, scope: Scope, share: Share | None) -> None:
        anchor = kernel.anchor
        match family(kernel, self.plan, self.inline, scope):
            case "transposes":
                source, at = base_of(anchor.args[0])
                domain = merged(kernel, self.inline, scope)
                axes = transpose_axes(anchor, source, at, domain, scope)
                assert axes is not None
                emit_transpose(anchor, source, at, axes, domain, scope, share)
            case "narrow":
                emit_narrow(kernel, self.inline, scope, share)
            case "loops":
                emit_loop(kernel, self.inline, scope, share)
            case "reductions":
                emit_reduce(kernel, self.inline, scope, share)
            case ("along_samples" | "accumulated") as which:
                product = self.plan.products[anchor.id]
                memory = writer.pointer(self.plan.scratch[anchor.id])
                summed = emit_along_samples if which == "along_samples" else emit_accumulated
                summed(kernel, product, memory, scope, self.target, writer, share, writer.turn)
            case "pooled":
                emit_pooled(kernel, self.plan.products[anchor.id], scope, self.target, share)
            case "slender":
                emit_slender(kernel, self.plan.products[anchor.id], scope, share)
            case "skipping":
                product = self.plan.products[anchor.id]
                emit_skipping(kernel, product, scope, self.target, share)
            case "contraction":
                product = self.plan.products[anchor.id]
                emit_contract(kernel, product, scope, self.target, writer, share)
            case "interleave":
                emit_interleaved(kernel, scope, share)
            case _ if kernel.kind in _SERIAL:
                _SERIAL[kernel.kind](kernel, scope)
            case _:
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
    """
    module = Module(target.vector_bits, target.has_fma)
    looped = batched is not None and not profile
    alone = looped and len(phases) == 1
    if alone and emit_resident(module, phases[0], target, batched or [], results or []):
        return Code(module.text(), resident=True)
    runs = []
    for number, phase in enumerate(phases):
        plan = phase.plan
        prefix = "" if number == 0 else f"p{number}_"
        writer = KernelWriter(module, phase, target, prefix, plan.listed if looped else ())
        calls = [writer.call(kernel) for kernel in plan.kernels]
        once = [c for c in calls if c.kernel in plan.once]
        if once:
            runs.append(Run(once, 1, {}))
        runs.append(Run(calls[len(once) :], phase.repeat, phase.advance))
    entries = Entries(module, phases[-1].plan, target, runs)
    entries.step(profile)
    if batched is not None and looped:
        entries.epoch(batched, results or [])
    else:
        entries.run(profile)
    return Code(module.text(), [(c.kernel, c.function) for r in runs for c in r.calls])
