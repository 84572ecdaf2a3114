"""A small typed emitter of LLVM IR as text.

What is here: :class:`Type`, :class:`Val` (an SSA value or a constant, with its type),
:class:`Function` (one function being written) and :class:`Module`. What is deliberately not here:
an object model of IR. Text is generated in milliseconds and LLVM's own parser checks it; see
``docs/decisions/0021-text-ir.md``.

Notation: an *index* is an ``int`` known now or a :class:`Val` of type ``i64`` known at run time;
index arithmetic folds what is known. Offsets are bytes.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

__all__ = [
    "BOOL",
    "F32",
    "F64",
    "I8",
    "I32",
    "I64",
    "PTR",
    "VOID",
    "Function",
    "Index",
    "Module",
    "Type",
    "Val",
    "type_of",
]


class Type(NamedTuple):
    """A first-class LLVM type: ``kind`` is ``f`` (float), ``i`` (integer), ``p`` or ``v``."""

    kind: str
    bits: int
    lanes: int = 1

    @property
    def text(self) -> str:
        """Return the type as LLVM spells it."""
        return _type_text(self)

    @property
    def scalar(self) -> Type:
        """Return the type of one lane."""
        return Type(self.kind, self.bits)

    @property
    def is_float(self) -> bool:
        """Tell whether lanes are floating-point numbers."""
        return self.kind == "f"

    @property
    def bytes(self) -> int:
        """Return the size of one lane in memory (a bool takes a byte)."""
        return max(1, self.bits // 8)

    @property
    def suffix(self) -> str:
        """Return the mangling of the type in intrinsic names, such as ``v16f32``."""
        lane = f"{self.kind}{self.bits}"
        return lane if self.lanes == 1 else f"v{self.lanes}{lane}"

    def vec(self, lanes: int) -> Type:
        """Return the type with this many lanes."""
        return Type(self.kind, self.bits, lanes)

    def as_int(self) -> Type:
        """Return the integer type of the same width."""
        return Type("i", self.bits, self.lanes)

    def mask(self) -> Type:
        """Return the type of a comparison of two such values."""
        return Type("i", 1, self.lanes)


@functools.cache
def _type_text(t: Type) -> str:
    if t.kind == "v":
        return "void"
    lane = {"f": {32: "float", 64: "double"}.get(t.bits, ""), "i": f"i{t.bits}", "p": "ptr"}[t.kind]
    return lane if t.lanes == 1 else f"<{t.lanes} x {lane}>"


VOID = Type("v", 0)
PTR = Type("p", 64)
BOOL = Type("i", 1)
I8 = Type("i", 8)
I32 = Type("i", 32)
I64 = Type("i", 64)
F32 = Type("f", 32)
F64 = Type("f", 64)


@functools.cache
def type_of(dtype: np.dtype) -> Type:
    """Return the lane type of a NumPy dtype.

    Raises
    ------
    TypeError
        For a dtype that compiled code does not handle.
    """
    if dtype == np.bool_:
        return BOOL
    if dtype.kind in "iu":
        return Type("i", 8 * dtype.itemsize)
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return Type("f", 8 * dtype.itemsize)
    raise TypeError(f"compiled code handles bool, integers, float32 and float64; not {dtype}")


class Val(NamedTuple):
    """An SSA value or a constant: its text and its type."""

    text: str
    type: Type

    @property
    def typed(self) -> str:
        """Return ``type text``, as operands are written."""
        return f"{self.type.text} {self.text}"


Index: TypeAlias = "int | Val"
Carried: TypeAlias = "Sequence[Val]"


def _number(value: float, t: Type) -> str:
    """Return a constant of the scalar type ``t``; floats in LLVM's exact hexadecimal form."""
    if t.is_float:
        exact = float(np.float32(value)) if t.bits == 32 else float(value)
        return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"
    if t.bits == 1:
        return "true" if value else "false"
    return str(int(value))


def _is_register(lanes: int, t: Type) -> bool:
    """Tell whether the first lanes of a vector are a register of their own: no mask is needed."""
    return lanes * t.bits in (128, 256)


class Function:
    """One LLVM function being written; methods append instructions and return values.

    Parameters
    ----------
    module : Module
        Where intrinsic declarations are collected.
    name : str
        Symbol name, without ``@``.
    args : sequence of (str, Type, str)
        Name, type and attributes of each argument.
    internal : bool
        Private to the module and never inlined. Note [Kernels are not inlined] in
        ``lower/README.md`` says why that matters.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        args: Sequence[tuple[str, Type, str]],
        internal: bool = True,
        returns: Type = VOID,
    ) -> None:
        self.module = module
        self.name = name
        self.internal = internal
        self.returns = returns
        self.lines: list[str] = []
        self.block = "entry"
        self.args = [Val(f"%{n}", t) for n, t, _ in args]
        self._attributes = [a for _, _, a in args]
        self._count = 0

    # -- text ---------------------------------------------------------------------------

    def fresh(self) -> str:
        """Return a new SSA name."""
        self._count += 1
        return f"%v{self._count}"

    def argument(self, t: Type, attributes: str = "") -> Val:
        """Add an argument and return it."""
        self.args.append(Val(f"%a{len(self.args)}", t))
        self._attributes.append(attributes)
        return self.args[-1]

    def label(self) -> str:
        """Return a new block name (not yet started)."""
        self._count += 1
        return f"b{self._count}"

    def start(self, block: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{block}:")
        self.block = block

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def emit(self, t: Type, text: str) -> Val:
        """Append an instruction and return its result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return Val(name, t)

    def text(self, result: Val | None = None) -> str:
        """Return the whole function."""
        linkage, attributes = ("internal ", "#1") if self.internal else ("", "#0")
        body = "\n".join(self.lines)
        signature = ", ".join(
            f"{v.type.text} {a} {v.text}".replace("  ", " ")
            for v, a in zip(self.args, self._attributes, strict=True)
        )
        ret = "ret void" if result is None else f"ret {result.typed}"
        return (
            f"define {linkage}{self.returns.text} @{self.name}({signature}) {attributes} "
            f"{{\nentry:\n{body}\n  {ret}\n}}\n"
        )

    # -- constants ----------------------------------------------------------------------

    def const(self, value: float, t: Type) -> Val:
        """Return a constant, in every lane if ``t`` is a vector."""
        number = _number(value, t.scalar)
        if t.lanes == 1:
            return Val(number, t)
        if t.is_float and number == "0x0000000000000000":
            return Val("zeroinitializer", t)
        lane = f"{t.scalar.text} {number}"
        return Val("<" + ", ".join([lane] * t.lanes) + ">", t)

    def table(self, values: Sequence[float], t: Type) -> Val:
        """Return a constant vector of the given lanes."""
        lane = t.scalar
        lanes = ", ".join(f"{lane.text} {_number(v, lane)}" for v in values)
        return Val(f"<{lanes}>", lane.vec(len(values)))

    def like(self, value: float, x: Val) -> Val:
        """Return a constant of the type of ``x``."""
        return self.const(value, x.type)

    # -- indices and addresses ----------------------------------------------------------

    def index(self, i: Index) -> Val:
        """Return an index as a value."""
        return i if isinstance(i, Val) else Val(str(i), I64)

    def iadd(self, a: Index, b: Index) -> Index:
        """Return ``a + b``, folded where both are known."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0:
            return b
        if b == 0:
            return a
        return self.emit(I64, f"add nsw i64 {self.index(a).text}, {self.index(b).text}")

    def imul(self, a: Index, b: Index) -> Index:
        """Return ``a * b``, folded where both are known."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        if a == 1:
            return b
        if b == 1:
            return a
        return self.emit(I64, f"mul nsw i64 {self.index(a).text}, {self.index(b).text}")

    def at(self, pointer: Val, offset: Index) -> Val:
        """Return ``pointer`` advanced by ``offset`` bytes."""
        if offset == 0:
            return pointer
        return self.emit(
            PTR, f"getelementptr i8, ptr {pointer.text}, i64 {self.index(offset).text}"
        )

    # -- control flow -------------------------------------------------------------------

    def loop(
        self,
        low: Index,
        high: Index,
        step: int,
        body: Callable[[Index, list[Val]], Sequence[Val] | None],
        carried: Sequence[Val] = (),
    ) -> list[Val]:
        """Write ``for i in range(low, high, step)`` and return the carried values after it.

        A loop with known bounds must divide evenly. Loops of no or one turn are written out. A
        loop whose bound is known only at run time is skipped when it is empty.
        """
        values = list(carried)
        if isinstance(low, int) and isinstance(high, int):
            if high <= low:
                return values
            if high - low <= step:
                return list(body(low, values) or ())
            before = self.block
        else:
            before = self.block
        head, done = self.label(), self.label()
        low_v, high_v = self.index(low), self.index(high)
        if isinstance(low, int) and isinstance(high, int):
            self.do(f"br label %{head}")
        else:
            empty = self.emit(BOOL, f"icmp sge i64 {low_v.text}, {high_v.text}")
            self.do(f"br i1 {empty.text}, label %{done}, label %{head}")
        self.start(head)
        i = Val(self.fresh(), I64)
        phis = [Val(self.fresh(), v.type) for v in values]
        slot = len(self.lines)
        self.lines.append("")
        out = list(body(i, list(phis)) or ())
        if len(out) != len(values):
            raise AssertionError("a loop body must return every carried value")
        after = Val(self.fresh(), I64)
        self.do(f"{after.text} = add nuw nsw i64 {i.text}, {step}")
        more = self.emit(BOOL, f"icmp slt i64 {after.text}, {high_v.text}")
        end = self.block
        self.do(f"br i1 {more.text}, label %{head}, label %{done}")
        text = [f"  {i.text} = phi i64 [ {low_v.text}, %{before} ], [ {after.text}, %{end} ]"]
        text += [
            f"  {p.text} = phi {p.type.text} [ {v.text}, %{before} ], [ {o.text}, %{end} ]"
            for p, v, o in zip(phis, values, out, strict=True)
        ]
        self.lines[slot] = "\n".join(text)
        self.start(done)
        if isinstance(low, int) and isinstance(high, int):
            return out
        return [
            self.emit(o.type, f"phi {o.type.text} [ {v.text}, %{before} ], [ {o.text}, %{end} ]")
            for v, o in zip(values, out, strict=True)
        ]

    def when(self, condition: Val, body: Callable[[], None]) -> None:
        """Write ``if condition: body()``."""
        yes, done = self.label(), self.label()
        self.do(f"br i1 {condition.text}, label %{yes}, label %{done}")
        self.start(yes)
        body()
        self.do(f"br label %{done}")
        self.start(done)

    # -- memory -------------------------------------------------------------------------

    def load(self, t: Type, pointer: Val, lanes: int | None = None) -> Val:
        """Load a value; with ``lanes`` only that many lanes, zeros in the others.

        Addresses need no more than the alignment of one lane. Bools are bytes in memory.
        """
        stored = I8.vec(t.lanes) if t.bits == 1 else t
        if lanes is None or lanes >= t.lanes:
            v = self.emit(stored, f"load {stored.text}, ptr {pointer.text}, align {stored.bytes}")
        elif _is_register(lanes, stored):
            few = stored.vec(lanes)
            some = self.emit(few, f"load {few.text}, ptr {pointer.text}, align {stored.bytes}")
            zero = Val("zeroinitializer", few)
            v = self.shuffle(some, zero, [min(i, lanes) for i in range(t.lanes)])
        else:
            mask = self.lane_mask(lanes, t.lanes)
            self.module.declare(
                f"declare {stored.text} @llvm.masked.load.{stored.suffix}.p0"
                f"(ptr, i32, {mask.type.text}, {stored.text})"
            )
            v = self.emit(
                stored,
                f"call {stored.text} @llvm.masked.load.{stored.suffix}.p0(ptr {pointer.text}, "
                f"i32 {stored.bytes}, {mask.typed}, {stored.text} zeroinitializer)",
            )
        if t.bits == 1:
            v = (
                self.emit(t, f"icmp ne {stored.text} {v.text}, zeroinitializer")
                if (t.lanes > 1)
                else self.emit(t, f"icmp ne i8 {v.text}, 0")
            )
        return v

    def store(self, value: Val, pointer: Val, lanes: int | None = None) -> None:
        """Store a value, or only its first ``lanes`` lanes."""
        if value.type.bits == 1:
            wide = I8.vec(value.type.lanes)
            value = self.emit(wide, f"zext {value.typed} to {wide.text}")
        t = value.type
        if lanes is None or lanes >= t.lanes:
            self.do(f"store {value.typed}, ptr {pointer.text}, align {t.bytes}")
            return
        if _is_register(lanes, t):
            some = self.shuffle(value, None, range(lanes))
            self.do(f"store {some.typed}, ptr {pointer.text}, align {t.bytes}")
            return
        mask = self.lane_mask(lanes, t.lanes)
        self.module.declare(
            f"declare void @llvm.masked.store.{t.suffix}.p0({t.text}, ptr, i32, {mask.type.text})"
        )
        self.do(
            f"call void @llvm.masked.store.{t.suffix}.p0({value.typed}, ptr {pointer.text}, "
            f"i32 {t.bytes}, {mask.typed})"
        )

    def prefetch(self, pointer: Val, write: bool = False, level: int = 1) -> None:
        """Ask for the cache line of ``pointer``, in the first or second cache."""
        self.module.declare("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        hint = f"i32 {int(write)}, i32 {4 - level}, i32 1"
        self.do(f"call void @llvm.prefetch.p0(ptr {pointer.text}, {hint})")

    # -- lanes --------------------------------------------------------------------------

    def lane_mask(self, count: int, lanes: int) -> Val:
        """Return a mask with the first ``count`` lanes set."""
        return self.table([i < count for i in range(lanes)], BOOL)

    def broadcast(self, scalar: Val, lanes: int) -> Val:
        """Return ``scalar`` in every lane."""
        if lanes == 1 or scalar.type.lanes == lanes:
            return scalar
        t = scalar.type.vec(lanes)
        if not scalar.text.startswith("%"):
            lane = f"{scalar.type.text} {scalar.text}"
            return Val("<" + ", ".join([lane] * lanes) + ">", t)
        one = self.emit(t, f"insertelement {t.text} poison, {scalar.typed}, i64 0")
        return self.emit(
            t,
            f"shufflevector {one.typed}, {t.text} poison, <{lanes} x i32> zeroinitializer",
        )

    def lane(self, x: Val, i: int) -> Val:
        """Return lane ``i``."""
        if x.type.lanes == 1:
            return x
        return self.emit(x.type.scalar, f"extractelement {x.typed}, i64 {i}")

    def join(self, lanes: Sequence[Val]) -> Val:
        """Return a vector of the given scalars."""
        if len(lanes) == 1:
            return lanes[0]
        t = lanes[0].type.vec(len(lanes))
        v = Val("poison", t)
        for i, s in enumerate(lanes):
            v = self.emit(t, f"insertelement {v.typed}, {s.typed}, i64 {i}")
        return v

    def shuffle(self, a: Val, b: Val | None, lanes: Sequence[int]) -> Val:
        """Return the given lanes of ``a`` followed by ``b``."""
        t = a.type.vec(len(lanes))
        mask = ", ".join(f"i32 {i}" for i in lanes)
        other = "poison" if b is None else b.text
        return self.emit(
            t,
            f"shufflevector {a.typed}, {a.type.text} {other}, <{len(lanes)} x i32> <{mask}>",
        )

    def pick(self, a: Val, b: Val | None, lanes: Sequence[int | None]) -> Val:
        """Return the given lanes of ``a`` followed by ``b``; None for one that does not matter."""
        t = a.type.vec(len(lanes))
        if t == a.type and all(lane in (i, None) for i, lane in enumerate(lanes)):
            return a
        mask = ", ".join("i32 poison" if i is None else f"i32 {i}" for i in lanes)
        other = "poison" if b is None else b.text
        return self.emit(
            t,
            f"shufflevector {a.typed}, {a.type.text} {other}, <{len(lanes)} x i32> <{mask}>",
        )

    def reduce_lanes(self, x: Val, combine: Callable[[Val, Val], Val]) -> Val:
        """Return all lanes combined, in every lane, by a butterfly (one fixed order)."""
        half = x.type.lanes // 2
        while half:
            x = combine(x, self.shuffle(x, None, [i ^ half for i in range(x.type.lanes)]))
            half //= 2
        return x

    def iota(self, lanes: int, t: Type = I64) -> Val:
        """Return ``0, 1, 2, …``."""
        return self.table(range(lanes), t) if lanes > 1 else self.const(0, t)

    # -- arithmetic ---------------------------------------------------------------------

    def binary(self, op: str, a: Val, b: Val) -> Val:
        """Append ``op`` on two values of one type."""
        return self.emit(a.type, f"{op} {a.typed}, {b.text}")

    def add(self, a: Val, b: Val) -> Val:
        """Return ``a + b``."""
        return self.binary("fadd" if a.type.is_float else "add", a, b)

    def sub(self, a: Val, b: Val) -> Val:
        """Return ``a - b``."""
        return self.binary("fsub" if a.type.is_float else "sub", a, b)

    def mul(self, a: Val, b: Val) -> Val:
        """Return ``a * b``."""
        return self.binary("fmul" if a.type.is_float else "mul", a, b)

    def div(self, a: Val, b: Val) -> Val:
        """Return ``a / b`` of floats."""
        return self.binary("fdiv", a, b)

    def neg(self, a: Val) -> Val:
        """Return ``-a``."""
        if a.type.is_float:
            return self.emit(a.type, f"fneg {a.typed}")
        return self.sub(self.like(0, a), a)

    def fma(self, a: Val, b: Val, c: Val) -> Val:
        """Return ``a * b + c``, rounded once where the target can."""
        name = "fma" if self.module.has_fma else "fmuladd"
        return self.intrinsic(name, a, b, c)

    def intrinsic(self, name: str, *args: Val) -> Val:
        """Call an intrinsic overloaded on the type of its first argument."""
        t = args[0].type
        types = ", ".join(a.type.text for a in args)
        self.module.declare(f"declare {t.text} @llvm.{name}.{t.suffix}({types})")
        operands = ", ".join(a.typed for a in args)
        return self.emit(t, f"call {t.text} @llvm.{name}.{t.suffix}({operands})")

    def call(self, returns: Type, name: str, args: Sequence[Val]) -> Val:
        """Call a function or a target's intrinsic by its full name."""
        types = ", ".join(a.type.text for a in args)
        operands = ", ".join(a.typed for a in args)
        self.module.declare(f"declare {returns.text} @{name}({types})")
        if returns is VOID:
            self.do(f"call void @{name}({operands})")
            return Val("", VOID)
        return self.emit(returns, f"call {returns.text} @{name}({operands})")

    def run(self, function: str, args: Sequence[Val]) -> None:
        """Call a void function of this module."""
        self.do(f"call void @{function}({', '.join(a.typed for a in args)})")

    def compare(self, predicate: str, a: Val, b: Val) -> Val:
        """Compare floats (``olt``, ``une`` …) or integers (``slt``, ``eq`` …)."""
        op = "fcmp" if a.type.is_float else "icmp"
        return self.emit(a.type.mask(), f"{op} {predicate} {a.typed}, {b.text}")

    def select(self, mask: Val, a: Val, b: Val) -> Val:
        """Return ``a`` where ``mask`` holds, else ``b``."""
        return self.emit(a.type, f"select {mask.typed}, {a.typed}, {b.typed}")

    def bitcast(self, x: Val, t: Type) -> Val:
        """Return the bits of ``x`` as another type of the same width."""
        return x if x.type == t else self.emit(t, f"bitcast {x.typed} to {t.text}")

    def convert(self, x: Val, t: Type, op: str) -> Val:
        """Append a conversion such as ``sitofp``."""
        return x if x.type == t else self.emit(t, f"{op} {x.typed} to {t.text}")


class Module:
    """The functions of one program and the declarations that they need."""

    def __init__(self, vector_bits: int, has_fma: bool = True) -> None:
        self.vector_bits = vector_bits
        self.has_fma = has_fma
        self.functions: dict[str, str] = {}
        self._declarations: dict[str, None] = {}
        self.globals: list[str] = []
        self._bodies: dict[str, str] = {}

    def declare(self, text: str) -> None:
        """Add a declaration, once."""
        self._declarations[text] = None

    def add(self, function: Function, result: Val | None = None) -> str:
        """Add a finished function and return its name: that of an equal one if there is one."""
        name, function.name = function.name, "?"
        body = function.text(result)
        function.name = name
        known = self._bodies.get(body) if function.internal else None
        if known is not None:
            return known
        self._bodies[body] = name
        self.functions[name] = function.text(result)
        return name

    def text(self) -> str:
        """Return the module; equal programs give equal text, on which the cache relies."""
        width = (
            f'"prefer-vector-width"="{self.vector_bits}" '
            f'"min-legal-vector-width"="{self.vector_bits}" "no-trapping-math"="true"'
        )
        return "\n".join(
            [
                *self.globals,
                *self.functions.values(),
                *self._declarations,
                f"attributes #0 = {{ nounwind {width} }}",
                f"attributes #1 = {{ nounwind noinline {width} }}",
                "",
            ]
        )
