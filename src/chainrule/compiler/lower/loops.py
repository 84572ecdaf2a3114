"""Kernels that go over a domain position by position: elementwise chains and rows.

Without reductions the lanes run along the axis that most operands have unit stride on. With
reductions they run along the last axis. A row of few vectors stays in registers between the passes
of a row kernel (maximum, exponentials, their sum, quotient); a long row is gone over once per
level of reductions, recomputing what is cheap to recompute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..inlining import Inlined, leaves
from ..ir import Function, Index, Type, Val, type_of
from ..program import Affine, Value
from ..scalars import SCALARS
from ..schedule import Kernel
from .point import Access, Linear, Point, Scope
from .sharing import Share, own_blocks, owned, part, span

__all__ = ["REDUCTIONS", "combine", "emit_loop", "identity_of", "merged", "nest", "steps_of"]

Shape = tuple[int, ...]
_REGISTER_VECTORS = 6
REDUCTIONS = {"sum": "add", "prod": "mul", "max": "max", "min": "min", "any": "or", "all": "and"}


def identity_of(kind: str, v: Value, f: Function, t: Type) -> Val:
    """Return the neutral element of a reduction."""
    dtype = v.dtype
    if kind in ("sum", "any"):
        number: float = 0
    elif kind in ("prod", "all"):
        number = 1
    elif dtype.kind == "f":
        number = float("-inf") if kind == "max" else float("inf")
    else:
        bits = 8 * dtype.itemsize
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        if dtype.kind in "ub":
            low, high = 0, (1 << (1 if dtype.kind == "b" else bits)) - 1
        number = low if kind == "max" else high
    return f.const(number, t)


def combine(f: Function, kind: str, v: Value, a: Val, b: Val) -> Val:
    """Return two partial results of a reduction taken together."""
    return SCALARS[REDUCTIONS[kind]].emit(f, [a, b], [v.dtype, v.dtype], v.dtype)


def nest(
    f: Function,
    extents: Sequence[int],
    body: Callable[[list[Linear]], None],
    share: Share | None = None,
    axes: Sequence[int] | None = None,
) -> None:
    """Write nested loops over axes (numbered from 0 if not told); ``share`` may cut one of them."""
    numbers = range(len(extents)) if axes is None else axes

    def level(depth: int, at: list[Linear]) -> None:
        if depth == len(extents):
            body(at)
            return
        low, high = span(f, part(share, numbers[depth]), extents[depth])
        f.loop(low, high, 1, lambda i, _: level(depth + 1, [*at, Linear.of(i)]))

    level(0, [])


def merged(kernel: Kernel, inline: Inlined, scope: Scope) -> Shape:
    """Return the domain of a loop kernel with axes that lie one behind the other taken as one.

    The last axis of such a group has the length of all of them, the others have length one: an
    address is the same whether a step is taken along an axis or as many along the next one as
    that has places. Kernels that read positions themselves keep their axes.
    """
    domain = list(kernel.domain)
    strides = _strides(kernel, inline, scope)
    for a in range(len(domain) - 1):
        if strides and all(s[a] == s[a + 1] * kernel.domain[a + 1] for s in strides):
            domain[a + 1] *= domain[a]
            domain[a] = 1
    return tuple(domain)


def _strides(kernel: Kernel, inline: Inlined, scope: Scope) -> list[list[int]]:
    """Return the strides of all a kernel touches; none if something depends on positions else."""
    domain = kernel.domain
    if any(n == 0 for n in domain) or any(r.kind != "map" for r in kernel.roots):
        return []
    seen: set[int] = set()
    stack = list(kernel.roots)
    while stack:
        v = stack.pop()
        if v.id not in seen and (v in kernel.roots or v.id in inline):
            seen.add(v.id)
            if v.kind in ("iota", "gather"):
                return []
            stack.extend(v.args)
    found = []
    for root in kernel.roots:
        reads = [(a, at) for a, at, _ in leaves(root, inline) if a not in kernel.roots]
        for a, at in [*reads, (root, Affine.identity(len(root.shape)))]:
            access = scope.access(a)
            if access is not None and len(at.matrix) == len(access.layout.shape):
                found.append(steps_of(access, at, len(domain)))
            elif a is not root and a.size > 1:
                return []
    return found


def steps_of(access: Access, at: Affine, rank: int) -> list[int]:
    """Return how far each of ``rank`` axes moves in memory, in elements."""
    return [
        sum(row[o] * s for row, s in zip(at.matrix, access.layout.strides, strict=True))
        for o in range(rank)
    ]


def lane_axis(kernel: Kernel, inline: Inlined, scope: Scope, domain: Shape) -> int:
    """Return the axis with unit stride in most of what a kernel touches; -1 without axes."""
    if not domain:
        return -1
    if any(r.kind == "reduce" for r in kernel.roots):
        return len(domain) - 1
    score = [0.0] * len(domain)
    for root in kernel.roots:
        for a, at, _ in leaves(root, inline):
            access = scope.access(a)
            if access is not None and len(at.matrix) == len(access.layout.shape):
                _score(score, access, at, min(a.size, root.size))
        access = scope.access(root)
        if access is not None:
            _score(score, access, Affine.identity(len(root.shape)), 2 * root.size)
    return max(range(len(score)), key=lambda o: (score[o] * min(1.0, domain[o] / scope.lanes), o))


def _score(score: list[float], access: Access, at: Affine, weight: int) -> None:
    for o, step in enumerate(steps_of(access, at, len(score))):
        if step == 1:
            score[o] += weight
        elif step not in (0, 1):
            score[o] -= weight / 4


def emit_loop(kernel: Kernel, inline: Inlined, scope: Scope, share: Share | None = None) -> None:
    """Write the loops of a kernel of kind ``loop``."""
    if any(n == 0 for n in kernel.domain):
        _empty(kernel, scope)
        return
    domain = merged(kernel, inline, scope)
    lane = lane_axis(kernel, inline, scope, domain)
    if lane < 0:
        _store_all(kernel.stored, scope, Point(scope, (), -1))
        return
    others = [a for a in range(len(domain)) if a != lane]
    width = domain[lane]
    reduces = any(r.kind == "reduce" for r in kernel.roots)

    def row(axes: list[Linear]) -> None:
        def at(column: Linear) -> tuple[Linear, ...]:
            return (*axes[:lane], column, *axes[lane:])

        if reduces:
            _row(kernel, scope, at, width)
        else:
            _elements(kernel, scope, at, lane, width, part(share, lane))

    nest(scope.f, [domain[a] for a in others], row, share, others)


def _store_all(roots: Sequence[Value], scope: Scope, point: Point, whole: bool = True) -> None:
    """Compute the roots at a point and store them."""
    for root in roots:
        access = scope.access(root)
        value = point.value(root) if root.id in point.given else _root_value(point, root)
        if access is not None:
            point.store(access, Affine.identity(len(root.shape)), value, whole)


def _root_value(point: Point, root: Value) -> Val:
    """Compute a root from its operands (its memory is where it goes, not where it comes from)."""
    identity = Affine.identity(len(root.shape))
    if root.kind == "gather":
        value = point._gather(root, identity)
    else:
        value = point._map(root, identity)
    point.given[root.id] = value
    return value


def _elements(
    kernel: Kernel,
    scope: Scope,
    at: Callable[[Linear], tuple[Linear, ...]],
    lane: int,
    width: int,
    share: Share | None,
) -> None:
    f, lanes = scope.f, scope.lanes
    full = width // lanes

    def block(start: Index, valid: int | None, shared: dict[object, Val]) -> None:
        point = Point(scope, at(Linear.of(start)), lane, valid, {}, shared)
        for root in kernel.roots:
            value = _root_value(point, root)
            access = scope.access(root)
            if access is not None and root in kernel.stored:
                point.store(access, Affine.identity(len(root.shape)), value, True)

    if full <= 4 and share is None:
        for j in range(full):
            block(j * lanes, None, {})
    else:
        low, high = own_blocks(f, share, width, lanes)
        f.loop(low, high, lanes, lambda i, _: block(i, None, {}))
    if width % lanes:
        at_end = full * lanes
        owned(f, share, width, at_end, lambda: block(at_end, width % lanes, {}))


def _levels(kernel: Kernel) -> list[tuple[list[Value], list[Value]]]:
    """Return, per level, (row-level functions known before it, reductions of it)."""
    level: dict[int, int] = {}
    rows = {r.id for r in kernel.roots if kernel.is_row_level(r)}
    for root in kernel.roots:
        # What a root reads within the kernel are roots before it, found through inline values.
        deepest, seen, stack = 0, {root.id}, list(root.args)
        first = min(level, default=root.id)
        while stack:
            v = stack.pop()
            if v.id in seen:
                continue
            seen.add(v.id)
            if v.id in level:
                deepest = max(deepest, level[v.id])
            elif v.id >= first:
                stack.extend(v.args)
        level[root.id] = deepest + (root.id in rows and root.kind == "reduce")

    table: dict[int, tuple[list[Value], list[Value]]] = {}
    for r in kernel.roots:
        if r.id in rows:
            entry = table.setdefault(level[r.id], ([], []))
            entry[1 if r.kind == "reduce" else 0].append(r)
    return [table[k] for k in sorted(table)]


def _row(
    kernel: Kernel, scope: Scope, at: Callable[[Linear], tuple[Linear, ...]], width: int
) -> None:
    """One row of a kernel with reductions along it."""
    f, lanes = scope.f, scope.lanes
    lane = len(kernel.domain) - 1
    count = -(-width // lanes)
    tail = width % lanes or None
    given: dict[int, Val] = {}
    shared: dict[object, Val] = {}
    registers = count <= _REGISTER_VECTORS
    points = [
        Point(scope, at(Linear(j * lanes)), lane, tail if j == count - 1 else None, given_j, shared)
        for j, given_j in ((j, dict(given)) for j in range(count if registers else 0))
    ]

    def know(v: Value, value: Val) -> None:
        given[v.id] = value
        for p in points:
            p.given[v.id] = value

    def functions(roots: list[Value]) -> None:
        point = Point(scope, at(Linear(0)), lane, None, given, shared)
        for r in roots:
            value = point._map(r, Affine.leading(len(r.shape), len(kernel.domain)))
            know(r, value)

    for before, reductions in _levels(kernel):
        if reductions:
            if registers:
                for r in reductions:
                    parts = [_masked(p, r, scope) for p in points]
                    know(r, _finish(f, r, _tree(f, r, parts)))
            else:
                found = _pass(kernel, reductions, scope, at, width, given)
                for r, value in zip(reductions, found, strict=True):
                    know(r, value)
        functions(before)
    full = [r for r in kernel.roots if not kernel.is_row_level(r)]
    row_point = Point(scope, at(Linear(0))[:-1], -1, None, {}, shared)
    for r in kernel.stored:
        access = scope.access(r)
        if kernel.is_row_level(r) and access is not None:
            value = f.lane(given[r.id], 0)
            row_point.store(access, Affine.identity(len(r.shape)), value, True)
    if not full:
        return
    if registers:
        for r in full:
            for p in points:
                value = _root_value(p, r)
                access = scope.access(r)
                if access is not None and r in kernel.stored:
                    p.store(access, Affine.identity(len(r.shape)), value, True)
        return

    def block(start: Index, valid: int | None) -> None:
        p = Point(scope, at(Linear.of(start)), lane, valid, dict(given), {})
        for r in full:
            value = _root_value(p, r)
            access = scope.access(r)
            if access is not None and r in kernel.stored:
                p.store(access, Affine.identity(len(r.shape)), value, True)

    whole = width // lanes * lanes
    f.loop(0, whole, lanes, lambda i, _: block(i, None))
    if tail:
        block(whole, tail)


def _masked(point: Point, r: Value, scope: Scope) -> Val:
    """Return the operand of a reduction here, neutral in lanes outside the domain."""
    f = scope.f
    kind, _ = r.data
    x = f.broadcast(point.value(r.args[0], Affine.identity(len(point.axes))), scope.lanes)
    if point.valid is None:
        return x
    t = type_of(r.dtype).vec(scope.lanes)
    return f.select(f.lane_mask(point.valid, scope.lanes), x, identity_of(kind, r, f, t))


def _tree(f: Function, r: Value, parts: list[Val]) -> Val:
    """Combine in pairs."""
    while len(parts) > 1:
        pairs = [
            combine(f, r.data[0], r, parts[i], parts[i + 1]) for i in range(0, len(parts) - 1, 2)
        ]
        parts = pairs + parts[len(parts) // 2 * 2 :]
    return parts[0]


def _finish(f: Function, r: Value, x: Val) -> Val:
    return f.reduce_lanes(x, lambda a, b: combine(f, r.data[0], r, a, b))


def _pass(
    kernel: Kernel,
    reductions: list[Value],
    scope: Scope,
    at: Callable[[Linear], tuple[Linear, ...]],
    width: int,
    given: dict[int, Val],
) -> list[Val]:
    """Go over a long row once for the reductions of one level."""
    f, lanes = scope.f, scope.lanes
    lane = len(kernel.domain) - 1
    chains = 4 if len(reductions) == 1 else 2 if len(reductions) == 2 else 1
    step = lanes * chains
    whole = width // step * step
    local = dict(given)
    start = [
        identity_of(r.data[0], r, f, type_of(r.dtype).vec(lanes))
        for r in reductions
        for _ in range(chains)
    ]

    def take(i: Linear, valid: int | None, acc: list[Val], chain: int) -> None:
        p = Point(scope, at(i), lane, valid, dict(local), {})
        for n, r in enumerate(reductions):
            k = n * chains + chain
            acc[k] = combine(f, r.data[0], r, acc[k], _masked(p, r, scope))

    def body(i: Index, carried: list[Val]) -> list[Val]:
        acc = list(carried)
        for c in range(chains):
            take(Linear.of(i).plus(c * lanes), None, acc, c)
        return acc

    acc = f.loop(0, whole, step, body, start) if whole else start
    for chain, j in enumerate(range(whole, width, lanes)):
        take(Linear(j), width - j if width - j < lanes else None, acc, chain % chains)
    return [
        _finish(f, r, _tree(f, r, acc[n * chains : (n + 1) * chains]))
        for n, r in enumerate(reductions)
    ]


def _empty(kernel: Kernel, scope: Scope) -> None:
    """An empty domain: reductions along an empty last axis give the neutral element."""
    f = scope.f
    rows = kernel.domain[:-1] if any(r.kind == "reduce" for r in kernel.roots) else kernel.domain
    if any(n == 0 for n in rows):
        return

    def row(axes: list[Linear]) -> None:
        point = Point(scope, tuple(axes), -1)
        for r in kernel.roots:
            if r.kind == "reduce":
                point.given[r.id] = identity_of(r.data[0], r, f, type_of(r.dtype))
            elif kernel.is_row_level(r):
                _root_value(point, r)
            access = scope.access(r)
            if access is not None and r in kernel.stored and kernel.is_row_level(r):
                point.store(access, Affine.identity(len(r.shape)), point.given[r.id], True)

    nest(f, rows, row)
