"""Which values are computed together: kernels, and the order they run in.

1. A value is *inline* if whoever reads it computes it on the spot: views, indices, constants, and
   element-by-element functions with one reader or next to no cost. Every other value is a *root*
   and lies in memory.
2. Each root starts as a kernel of its own. A root that reads another root of the same positions
   joins that root's kernel, unless a detour through a third kernel would become a circle. So
   activations join the product before them, updates join the gradient they use, and the passes
   over a row that make up a softmax share one loop.
3. Kernels are ordered so that operands come first and a state is overwritten after its last reader.

Rows: in a loop kernel over (rows…, n), reductions over n and functions of them live at *row level*.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import CompileError
from .inlining import Inlined, behind, inlined, is_plain, leaves
from .pooling import pooled_windows
from .program import Affine, Program, Value

__all__ = ["Kernel", "Schedule", "schedule"]

Shape = tuple[int, ...]


@dataclass(eq=False)
class Kernel:
    """Values computed in one pass over a domain.

    Attributes
    ----------
    kind : str
        ``loop``, ``contract``, ``reduce`` (lanes along what is kept, or several axes reduced), or
        the kind of a value that has a kernel of its own (``scatter``, ``assemble``, ``scan``,
        ``sort``).
    domain : tuple of int
        Positions looped over; for ``loop`` with reductions, those of the reductions' operand.
    roots : list of Value
        Computed here, in order; stored if somebody else reads them.
    windows : tuple of int or None
        For a product followed by pooling: the lengths of the windows, which lie side by side.
        Roots past the pooling have one value per window.
    """

    kind: str
    domain: Shape
    roots: list[Value]
    index: int
    before: set[int] = field(default_factory=set)
    stored: list[Value] = field(default_factory=list)
    windows: Shape | None = None

    @property
    def anchor(self) -> Value:
        """The product or reduction the kernel was made for."""
        return self.roots[0]

    def is_row_level(self, v: Value) -> bool:
        """Tell whether a root has one value per row of the domain."""
        return self.kind == "loop" and (v.kind == "reduce" or v.shape != self.domain)


@dataclass
class Schedule:
    """Kernels in the order they run, and what is inline."""

    kernels: list[Kernel]
    inline: Inlined
    kernel_of: dict[int, Kernel]
    in_place: dict[int, int]
    program: Program


def schedule(program: Program) -> Schedule:
    """Group a program's values into kernels.

    Raises
    ------
    CompileError
        If a value's kind is unknown.
    """
    values = program.values()
    users: dict[int, list[Value]] = {v.id: [] for v in values}
    for v in values:
        for a in v.args:
            users[a.id].append(v)
    roots = {v.id for v in program.roots}
    inline = inlined(values, users, roots)
    state = _Merger(inline)
    for v in values:
        if v.id in inline or v.kind in ("input", "state", "const", "reshape"):
            continue
        state.place(v)
    return _finish(program, values, state)


class _Merger:
    """Kernels while they are being formed."""

    def __init__(self, inline: Inlined) -> None:
        self.inline = inline
        self.kernels: dict[int, Kernel] = {}
        self.kernel_of: dict[int, Kernel] = {}

    def place(self, v: Value) -> None:
        """Put a root into a kernel: one that it reads from if possible, else a new one."""
        reads = leaves(v, self.inline)
        sources = {self.kernel_of[a.id].index for a, _, _ in reads if a.id in self.kernel_of}
        sources |= {
            self.kernel_of[b.id].index
            for a, _, _ in reads
            for b in [behind(a)]
            if b.id in self.kernel_of
        }
        # The kernel with most before it: joining it delays nothing that could run earlier.
        for index in sorted(sources, key=lambda s: (len(self.kernels[s].before), s), reverse=True):
            kernel = self.kernels[index]
            rest = sources - {index}
            if any(index in self.kernels[other].before for other in rest):
                continue
            if self._fits(kernel, v, reads):
                kernel.roots.append(v)
                self.kernel_of[v.id] = kernel
                self._after(kernel, rest)
                return
        kernel = Kernel(self._kind(v), self._domain(v), [v], len(self.kernels))
        self.kernels[kernel.index] = kernel
        self.kernel_of[v.id] = kernel
        self._after(kernel, sources)

    def _after(self, kernel: Kernel, sources: set[int]) -> None:
        fresh = set(sources)
        for s in sources:
            fresh |= self.kernels[s].before
        fresh -= kernel.before
        if not fresh:
            return
        kernel.before |= fresh
        for other in self.kernels.values():
            if kernel.index in other.before:
                other.before |= fresh

    def _kind(self, v: Value) -> str:
        if v.kind in ("map", "gather"):
            return "loop"
        if v.kind == "reduce":
            return "loop" if self._row_reduction(v) else "reduce"
        if v.kind in ("contract", "scatter", "assemble", "scan", "sort"):
            return v.kind
        raise CompileError(f"no kernel computes {v!r}, which {v.origin} asks for")

    def _domain(self, v: Value) -> Shape:
        if v.kind == "reduce":
            return v.args[0].shape
        return v.shape

    def _row_reduction(self, v: Value) -> bool:
        """Tell whether a reduction runs along the last axis of what it reads, as it lies."""
        _, count = v.data
        x = v.args[0]
        if count != 1 or not x.size or len(x.shape) < 2:
            return False
        for a, at, how in leaves(v, self.inline):
            if how == "whole" or 2 * a.size <= x.size or not at.matrix:
                continue
            row = at.matrix[-1]
            if a.shape and any(row[:-1]) and not row[-1]:
                return False
        return True

    def _fits(self, kernel: Kernel, v: Value, reads: list[tuple[Value, Affine, str]]) -> bool:
        """Tell whether ``v`` can be computed in the loops of ``kernel``."""
        mine = {r.id for r in kernel.roots}
        if kernel.kind == "contract":
            windows = pooled_windows(kernel, v, reads, self.inline)
            if windows is not None:
                kernel.windows = windows
                return True
        here = [(a, at, how) for a, at, how in reads if a.id in mine or behind(a).id in mine]
        if any(how == "whole" or a.id not in mine or not is_plain(at) for a, at, how in here):
            return False
        if kernel.kind == "contract":
            return v.kind == "map" and v.shape == kernel.domain
        if kernel.kind == "reduce":
            return v.kind == "map" and v.shape == kernel.anchor.shape
        if kernel.kind != "loop":
            return False
        rows = {a.id for a, _, _ in here if kernel.is_row_level(a)}
        reduces = any(r.kind == "reduce" for r in kernel.roots)
        if v.kind == "reduce":
            return self._row_reduction(v) and v.args[0].shape == kernel.domain
        if v.kind != "map":
            return False
        if v.shape == kernel.domain:
            return True
        # At row level only functions of what is at row level already.
        return (
            reduces
            and v.shape == kernel.domain[:-1]
            and len(rows) == len({a.id for a, _, _ in here})
        )


def _finish(program: Program, values: list[Value], state: _Merger) -> Schedule:
    """Order the kernels; decide which roots are stored and which states change in place."""
    kernels = list(state.kernels.values())
    outside: set[int] = {behind(v).id for v in program.roots}
    readers: dict[int, set[int]] = {}
    for kernel in kernels:
        for root in kernel.roots:
            for a, _, _ in leaves(root, state.inline):
                source = behind(a)
                readers.setdefault(source.id, set()).add(kernel.index)
                if state.kernel_of.get(source.id) is not kernel:
                    outside.add(source.id)
    for kernel in kernels:
        kernel.stored = [r for r in kernel.roots if r.id in outside]
    in_place = _in_place(program, state, readers)
    order = _order(kernels, in_place, readers, program, state)
    return Schedule(order, state.inline, state.kernel_of, in_place, program)


def _in_place(program: Program, state: _Merger, readers: dict[int, set[int]]) -> dict[int, int]:
    """Return, by id of an update, the state whose memory it may overwrite directly."""
    out: dict[int, int] = {}
    ids = {s.data: s.id for s in program.states}
    for index, v in program.updates:
        kernel = state.kernel_of.get(v.id)
        if kernel is None or kernel.kind not in ("loop", "contract", "reduce", "assemble"):
            continue
        state_id = ids[index]
        ok = True
        for root in kernel.roots:
            for a, at, how in leaves(root, state.inline):
                if behind(a).id == state_id and (
                    a.id != state_id
                    or how == "whole"
                    or not at.is_identity(a.shape, v.shape)
                    or root.kind == "reduce"
                ):
                    ok = False
        for reader in readers.get(state_id, ()):
            if reader != kernel.index and kernel.index in state.kernels[reader].before:
                ok = False
        if ok:
            extra = {r for r in readers.get(state_id, ()) if r != kernel.index}
            state._after(kernel, extra)
            out[v.id] = index
    return out


def _order(
    kernels: list[Kernel],
    in_place: dict[int, int],
    readers: dict[int, set[int]],
    program: Program,
    state: _Merger,
) -> list[Kernel]:
    """Sort so that everything in ``before`` comes first; otherwise in the order of making."""
    done: set[int] = set()
    out: list[Kernel] = []
    waiting = sorted(kernels, key=lambda k: k.index)
    while waiting:
        ready = next((k for k in waiting if k.before <= done), None)
        if ready is None:
            raise CompileError(
                "kernels depend on each other in a circle: a defect of the scheduler"
            )
        waiting.remove(ready)
        done.add(ready.index)
        out.append(ready)
    return out
