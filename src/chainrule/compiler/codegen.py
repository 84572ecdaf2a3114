"""From a plan to one LLVM module: a function per kernel, the step that calls them, the entries.

Entries (exported):

``run(arena, table)``
    One step; ``table`` holds the addresses of inputs, then of states.
``epoch(arena, table, strides, low, high, …)``
    Steps ``low`` to ``high``; see :func:`_epoch`.

Every pointer a kernel uses is an argument of it: kernels of the same shapes are one function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import CompileError
from .ir import I8, I32, I64, PTR, Function, Index, Module, Val
from .lower.contraction import Emitter, emit_contract
from .lower.loops import emit_loop
from .lower.narrow import emit_narrow, is_narrow
from .lower.point import Access, Scope
from .lower.reductions import emit_reduce
from .lower.special import emit_assemble, emit_scan, emit_scatter, emit_sort
from .lower.transposes import emit_transpose, transpose_axes
from .plan import Buffer, Plan, base_of
from .program import Value
from .schedule import Kernel
from .target import Target

__all__ = ["Code", "generate"]


@dataclass
class Code:
    """A module's text and what is needed to call it.

    Attributes
    ----------
    kernels : list of (Kernel, str)
        The function of each kernel, in the order of calls.
    """

    text: str
    kernels: list[tuple[Kernel, str]] = field(default_factory=list)


class _Writer(Emitter):
    """One kernel function being written: hands out pointer arguments for buffers."""

    def __init__(self, code: _Module, name: str) -> None:
        self.code = code
        self.f = Function(code.module, name, [])
        self.buffers: list[Buffer] = []
        self._pointers: dict[tuple[str, int, int], Val] = {}
        self.scope: Scope | None = None

    def access(self, v: Value) -> Access | None:
        """Return how to reach a value's memory; adds an argument on first use."""
        buffer = self.code.plan.buffer(v)
        if buffer is None:
            return None
        return Access(
            self.pointer(buffer), buffer.layout, buffer.dtype, slack=buffer.space != "input"
        )

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

    def __init__(self, plan: Plan, inline: set[int], target: Target) -> None:
        self.plan = plan
        self.inline = inline
        self.target = target
        self.module = Module(target.vector_bits, target.has_fma)
        self._count = 0

    def fresh(self, name: str) -> str:
        """Return a new function name."""
        self._count += 1
        return f"{name}_{self._count}"

    def lanes(self, kernel: Kernel) -> int:
        """Return the vector length of a kernel: that of the widest floats it handles."""
        bits = 32
        seen: set[int] = set()
        stack = list(kernel.roots)
        while stack:
            v = stack.pop()
            if v.id in seen:
                continue
            seen.add(v.id)
            if v.dtype.kind == "f":
                bits = max(bits, 8 * v.dtype.itemsize)
            if v.id in self.inline or v in kernel.roots:
                stack.extend(v.args)
        return self.target.vector_bits // bits

    def kernel(self, kernel: Kernel) -> tuple[str, list[Buffer]]:
        """Write a kernel's function; return its name and the buffers it is called with."""
        writer = _Writer(self, self.fresh(kernel.kind))
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

    def _transpose(self, kernel: Kernel, scope: Scope) -> bool:
        """Write a kernel that only copies between layouts; tell whether it was one."""
        root = kernel.anchor
        if len(kernel.roots) > 1 or root.kind != "map" or root.data != "copy":
            return False
        source, at = base_of(root.args[0])
        axes = transpose_axes(root, source, at, scope)
        if axes is None:
            return False
        emit_transpose(root, source, at, axes, scope)
        return True

    def _emit(self, kernel: Kernel, writer: _Writer, scope: Scope) -> None:
        if kernel.kind == "loop":
            turned = self._transpose(kernel, scope)
            if not turned and is_narrow(kernel, scope):
                emit_narrow(kernel, self.inline, scope)
            elif not turned:
                emit_loop(kernel, self.inline, scope)
        elif kernel.kind == "reduce":
            emit_reduce(kernel, self.inline, scope)
        elif kernel.kind == "contract":
            product = self.plan.products[kernel.anchor.id]
            emit_contract(kernel, product, scope, self.target, writer)
        elif kernel.kind == "assemble":
            emit_assemble(kernel, scope)
        elif kernel.kind == "scatter":
            emit_scatter(kernel, scope)
        elif kernel.kind == "scan":
            emit_scan(kernel, scope)
        elif kernel.kind == "sort":
            emit_sort(kernel, scope)
        else:
            raise CompileError(f"no kernel for {kernel.kind}")


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


def generate(
    plan: Plan,
    inline: set[int],
    target: Target,
    batched: list[str] | None = None,
    results: list[Buffer] | None = None,
    profile: bool = False,
) -> Code:
    """Write the module of a plan.

    Parameters
    ----------
    batched : list of str, optional
        For an epoch: how each input is taken, ``rows`` (a mini-batch), ``steps`` (one entry per
        step) or ``whole``.
    results : list of Buffer, optional
        For an epoch: what each step returns.
    profile : bool
        Write ``profile(arena, table, ticks)``: one step that adds each kernel's cycles to
        ``ticks``, an array of int64.
    """
    m = _Module(plan, inline, target)
    calls = [(k, *m.kernel(k)) for k in plan.kernels]
    externals = sorted(
        {(b.space, b.number) for b in plan.buffers.values() if b.space in ("input", "state")}
    )
    step = Function(m.module, "step", [("arena", PTR, "")])
    pointers = {e: step.argument(PTR) for e in externals}

    def pointer(b: Buffer) -> Val:
        if b.space in ("input", "state"):
            return pointers[b.space, b.number]
        return step.at(step.args[0], b.offset)

    ticks = step.argument(PTR) if profile else None
    for number, (_, name, buffers) in enumerate(calls):
        given = [pointer(b) for b in buffers]
        before = _cycle(step) if ticks is not None else None
        step.run(name, given)
        if ticks is not None and before is not None:
            place = step.at(ticks, 8 * number)
            spent = step.sub(_cycle(step), before)
            step.store(step.add(step.load(I64, place), spent), place)
    m.module.add(step)
    if profile:
        _run(m, externals, target, "profile")
        return Code(m.module.text(), [(k, name) for k, name, _ in calls])
    _run(m, externals, target)
    if batched is not None:
        _epoch(m, plan, externals, batched, results or [], target)
    return Code(m.module.text(), [(k, name) for k, name, _ in calls])


def slot(plan: Plan, space: str, number: int) -> int:
    """Return the position of an external in the address table: inputs first, then states."""
    count = sum(1 for b in plan.buffers.values() if b.space == "input")
    return number if space == "input" else count + number


def _table(m: _Module, f: Function, table: Val, externals: list[tuple[str, int]]) -> list[Val]:
    return [f.load(PTR, f.at(table, 8 * slot(m.plan, *e))) for e in externals]


def _cycle(f: Function) -> Val:
    return f.call(I64, "llvm.readcyclecounter", [])


def _run(m: _Module, externals: list[tuple[str, int]], target: Target, name: str = "run") -> None:
    f = Function(m.module, name, [("arena", PTR, ""), ("table", PTR, "")], internal=False)
    arena, table = f.args
    ticks = [f.argument(PTR)] if name == "profile" else []

    def body() -> None:
        f.run("step", [arena, *_table(m, f, table, externals), *ticks])

    flush_subnormals(f, target, body)
    m.module.add(f)


def _epoch(
    m: _Module,
    plan: Plan,
    externals: list[tuple[str, int]],
    batched: list[str],
    results: list[Buffer],
    target: Target,
) -> None:
    """Write ``epoch(arena, table, order, low, high)``: steps ``low`` to ``high`` in one call.

    ``table`` holds the addresses of inputs, states and then of a place for the results of all
    steps. An input taken by ``rows`` is read in place, mini-batch after mini-batch; with ``order``
    (the address of int64 row numbers, or 0) its rows are first gathered into a buffer.
    """
    args = [
        ("arena", PTR, ""),
        ("table", PTR, ""),
        ("order", PTR, ""),
        ("low", I64, ""),
        ("high", I64, ""),
    ]
    f = Function(m.module, "epoch", args, internal=False)
    arena, table, order, low, high = f.args
    inputs = {b.number: b for b in plan.buffers.values() if b.space == "input"}
    pointers = dict(zip(externals, _table(m, f, table, externals), strict=True))
    states = sum(
        1 for b in {id(b): b for b in plan.buffers.values()}.values() if b.space == "state"
    )
    first = len(batched) + states
    places = [f.load(PTR, f.at(table, 8 * (first + k))) for k in range(len(results))]
    shuffled = f.compare("ne", f.emit(I64, f"ptrtoint ptr {order.text} to i64"), Val("0", I64))
    rows = [n for n, how in enumerate(batched) if how == "rows" and n in inputs]

    def turn(i: Index, _: list[Val]) -> None:
        here = dict(pointers)
        for n, b in inputs.items():
            if batched[n] != "whole" and ("input", n) in here:
                here["input", n] = f.at(pointers["input", n], f.imul(i, max(1, b.bytes)))

        def gather() -> None:
            for n in rows:
                count = inputs[n].layout.shape[0]
                start = f.at(order, f.imul(i, 8 * count))
                name = _gather_rows(m, inputs[n])
                f.run(name, [pointers["input", n], start, f.at(arena, plan.gathered[n])])

        f.when(shuffled, gather)
        for n in rows:
            copy = f.at(arena, plan.gathered[n])
            there = here["input", n]
            here["input", n] = f.emit(
                PTR, f"select {shuffled.typed}, ptr {copy.text}, ptr {there.text}"
            )
        f.run("step", [arena, *(here[e] for e in externals)])
        for b, place in zip(results, places, strict=True):
            copy_bytes(f, f.at(place, f.imul(i, b.bytes)), f.at(arena, b.offset), b.bytes)

    def body() -> None:
        f.loop(low, high, 1, turn)

    flush_subnormals(f, target, body)
    m.module.add(f)


def copy_bytes(f: Function, to: Val, source: Val, count: int) -> None:
    """Copy a known number of bytes."""
    f.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    f.do(f"call void @llvm.memcpy.p0.p0.i64({to.typed}, {source.typed}, i64 {count}, i1 false)")


def _gather_rows(m: _Module, b: Buffer) -> str:
    """Write a function that copies the rows of one mini-batch together; return its name."""
    count = b.layout.shape[0]
    size = b.bytes // max(1, count)
    g = Function(
        m.module,
        m.fresh("gather"),
        [("from", PTR, "noalias"), ("order", PTR, "noalias"), ("to", PTR, "noalias")],
    )
    source, order, to = g.args
    wide = m.target.vector_bits // 8
    t = I8.vec(wide)

    def row(r: Index, _: list[Val]) -> None:
        number = g.load(I64, g.at(order, g.imul(r, 8)))
        a, z = g.at(source, g.imul(number, size)), g.at(to, g.imul(r, size))
        whole = size // wide * wide
        unroll = 4 * wide
        quads = whole // unroll * unroll

        def some(at: Index, many: int) -> None:
            for k in range(many):
                v = g.load(t, g.at(g.at(a, at), k * wide))
                g.store(v, g.at(g.at(z, at), k * wide))

        g.loop(0, quads, unroll, lambda at, _: some(at, 4))
        some(quads, (whole - quads) // wide)
        if size - whole:
            copy_bytes(g, g.at(z, whole), g.at(a, whole), size - whole)

    g.loop(0, count, 1, row)
    return m.module.add(g)
