"""Kernels for what is neither elementwise, a reduction nor a product.

``scatter`` (sums into indexed places, in order: repeated indices add up, the same bits each time),
``assemble`` (blocks written into a base: concatenation, padding, assignment), ``scan`` (running
reductions) and ``sort`` (by insertion, stable, NaN last: meant for short rows).
"""

from __future__ import annotations

from ..ir import I64, Function, Index, Val, type_of
from ..program import Affine, Value
from ..schedule import Kernel
from .loops import combine, identity_of, nest
from .point import Access, Linear, Point, Scope

__all__ = ["emit_assemble", "emit_scan", "emit_scatter", "emit_sort"]


def _own(kernel: Kernel, scope: Scope) -> Access:
    access = scope.access(kernel.anchor)
    assert access is not None
    return access


def _vectors(scope: Scope, width: int, body: object) -> None:
    """Call ``body(start, valid)`` for every vector of a row."""
    f, lanes = scope.f, scope.lanes
    whole = width // lanes * lanes
    f.loop(0, whole, lanes, lambda i, _: body(i, None))  # type: ignore[operator]
    if width - whole:
        body(whole, width - whole)  # type: ignore[operator]


def _each(scope: Scope, shape: tuple[int, ...], body: object) -> None:
    """Call ``body(point)`` for every vector of positions along the last axis."""
    if not shape:
        body(Point(scope, (), -1))  # type: ignore[operator]
        return

    def row(axes: list[Linear]) -> None:
        def block(start: Index, valid: int | None) -> None:
            spot = (*axes, Linear.of(start))
            body(Point(scope, spot, len(shape) - 1, valid))  # type: ignore[operator]

        _vectors(scope, shape[-1], block)

    nest(scope.f, shape[:-1], row)


def emit_assemble(kernel: Kernel, scope: Scope) -> None:
    """Write the base, then each block over it."""
    v = kernel.anchor
    base, *blocks = v.args
    access = _own(kernel, scope)
    if 0 in v.shape:
        return

    def fill(p: Point) -> None:
        identity = Affine.identity(len(v.shape))
        p.store(access, identity, p.value(base), True)

    _each(scope, v.shape, fill)
    for block, affine in zip(blocks, v.data, strict=True):
        if 0 in block.shape:
            continue

        def put(p: Point, block: Value = block, affine: Affine = affine) -> None:
            p.store(access, affine, p.value(block), False)

        _each(scope, block.shape, put)


def emit_scatter(kernel: Kernel, scope: Scope) -> None:
    """Write zeros, then add the updates one after the other."""
    v = kernel.anchor
    f = scope.f
    updates, *indices = v.args
    access = _own(kernel, scope)
    t = type_of(v.dtype)
    if 0 in v.shape:
        return

    def clear(p: Point) -> None:
        p.store(access, Affine.identity(len(v.shape)), f.const(0, t), True)

    _each(scope, v.shape, clear)
    if 0 in updates.shape:
        return
    count = len(indices[0].shape)
    rest = updates.shape[count:]
    strides = access.layout.strides

    def one(axes: list[Linear]) -> None:
        point = Point(scope, tuple(axes), -1)
        total = Linear(0)
        for index, stride in zip(indices, strides, strict=False):
            i = point.value(index)
            wide = f.convert(i, I64, "zext" if index.dtype.kind in "ub" else "sext")
            total = total.plus(Linear.of(wide).times(stride))

        def add(p: Point, here: Linear, step: int) -> None:
            value = p.value(updates)
            if p.lane < 0:
                address = p.address(access, here)
                f.store(combine_sum(f, v, f.load(t, address), value), address)
            elif step == 1:
                address = p.address(access, here)
                old = f.load(t.vec(scope.lanes), address)
                value = f.broadcast(value, scope.lanes)
                f.store(combine_sum(f, v, old, value), address, p.valid)
            else:
                value = f.broadcast(value, scope.lanes)
                for n in range(scope.lanes if p.valid is None else p.valid):
                    address = p.address(access, here.plus(n * step))
                    f.store(combine_sum(f, v, f.load(t, address), f.lane(value, n)), address)

        if not rest:
            add(point, total, 0)
            return

        def row(inner: list[Linear]) -> None:
            def block(start: Index, valid: int | None) -> None:
                spot = (*axes, *inner, Linear.of(start))
                here = total
                for i, stride in zip(spot[count:], strides[len(indices) :], strict=True):
                    here = here.plus(i.times(stride))
                add(Point(scope, spot, len(spot) - 1, valid), here, strides[-1])

            _vectors(scope, rest[-1], block)

        nest(f, rest[:-1], row)

    nest(f, updates.shape[:count], one)


def combine_sum(f: Function, v: Value, a: Val, b: Val) -> Val:
    """Return ``a + b``; for bools, ``or``."""
    return f.binary("or", a, b) if v.dtype.kind == "b" else f.add(a, b)


def emit_scan(kernel: Kernel, scope: Scope) -> None:
    """Write a running reduction along the last axis."""
    v = kernel.anchor
    f = scope.f
    kind, reverse = v.data
    x = v.args[0]
    access = _own(kernel, scope)
    if 0 in v.shape:
        return
    n = v.shape[-1]
    identity = Affine.identity(len(v.shape))
    start = identity_of(kind, v, f, type_of(v.dtype))

    def row(axes: list[Linear]) -> None:
        def step(i: Index, carried: list[Val]) -> list[Val]:
            at = Linear(n - 1).plus(Linear.of(i).times(-1)) if reverse else Linear.of(i)
            p = Point(scope, (*axes, at), -1)
            total = combine(f, kind, v, carried[0], p.value(x))
            p.store(access, identity, total, True)
            return [total]

        f.loop(0, n, 1, step, [start])

    nest(f, v.shape[:-1], row)


def _goes_before(f: Function, v: Value, a: Val, b: Val) -> Val:
    """Tell whether ``a`` may stand before ``b`` without a swap (``a <= b``, NaN last)."""
    if a.type.is_float:
        fine = f.compare("ole", a, b)
        return f.binary("or", fine, f.compare("uno", b, b))
    return f.compare("ule" if v.args[0].dtype.kind in "ub" else "sle", a, b)


def emit_sort(kernel: Kernel, scope: Scope) -> None:
    """Sort each row by insertion into what is sorted already (stable)."""
    v = kernel.anchor
    f = scope.f
    x = v.args[0]
    access = _own(kernel, scope)
    if 0 in v.shape:
        return
    n = v.shape[-1]
    order = v.data == "order"
    t = type_of(v.dtype)

    def row(axes: list[Linear]) -> None:
        def target(i: Linear) -> Val:
            p = Point(scope, (*axes, i), -1)
            offset, _ = p.offset(access, p.position(Affine.identity(len(v.shape))))
            return p.address(access, offset)

        def key(i: Val) -> Val:
            p = Point(scope, (*axes, Linear.of(i)), -1)
            return p.value(x)

        def insert(i: Index, _: list[Val]) -> None:
            mine = f.index(i) if order else Point(scope, (*axes, Linear.of(i)), -1).value(x)
            mine_key = key(f.index(i)) if order else mine
            head, move, done = f.label(), f.label(), f.label()
            before = f.block
            f.do(f"br label %{head}")
            f.start(head)
            j = Val(f.fresh(), I64)
            slot = len(f.lines)
            f.lines.append("")
            more = f.compare("sgt", j, Val("0", I64))
            check = f.label()
            f.do(f"br i1 {more.text}, label %{check}, label %{done}")
            f.start(check)
            below = f.iadd(j, -1)
            assert isinstance(below, Val)
            left = f.load(t, target(Linear.of(below)))
            left_key = key(left) if order else left
            f.do(
                f"br i1 {_goes_before(f, v, left_key, mine_key).text}, label %{done}, label %{move}"
            )
            f.start(move)
            f.store(left, target(Linear.of(j)))
            end = f.block
            f.do(f"br label %{head}")
            f.lines[slot] = (
                f"  {j.text} = phi i64 [ {f.index(i).text}, %{before} ], [ {below.text}, %{end} ]"
            )
            f.start(done)
            f.store(mine, target(Linear.of(j)))

        f.loop(0, n, 1, insert)

    nest(f, v.shape[:-1], row)
