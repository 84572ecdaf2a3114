"""Products with few columns: lanes shared between the columns and the sum.

A result of four columns would use four of sixteen lanes. Here each column gets an equal share of
the vector, over which its sum is spread: per step, four numbers of a row are loaded into every
column's share and multiplied by four weights of each column. When a row is done the shares are
added up, for as many rows at a time as a share has lanes, so that one vector holds their results.
The weights stay in registers.
"""

from __future__ import annotations

from ..ir import Function, Index, Val, type_of
from ..plan import Product
from ..program import Affine
from ..schedule import Kernel
from .loops import _store_all
from .operands import Operand
from .point import Linear, Point, Scope
from .sharing import Share, own_blocks, owned

__all__ = ["emit_slender"]


def emit_slender(
    kernel: Kernel, product: Product, scope: Scope, share: Share | None = None
) -> None:
    """Write the kernel; threads share groups of rows."""
    v = kernel.anchor
    f, lanes, part = scope.f, scope.lanes, product.share
    rows, columns = v.shape
    left, right = (Operand.of(x, scope) for x in product.operands)
    size = v.dtype.itemsize
    depth = product.operands[0].shape[1]
    weights = [_weights(f, right, columns, k, part, lanes) for k in range(0, depth, part)]
    spread = [i % part for i in range(lanes)]
    t = type_of(v.dtype).vec(part)

    def row(i: Index) -> Val:
        start = left.address(f, [(i, left.strides[0])])
        total: Val | None = None
        for n, w in enumerate(weights):
            x = f.shuffle(f.load(t, f.at(start, n * part * size)), None, spread)
            total = f.mul(x, w) if total is None else f.fma(x, w, total)
        assert total is not None
        return total

    def group(i: Index, count: int) -> None:
        sums = [row(f.iadd(i, r)) for r in range(count)]
        whole = _folded(f, sums + sums[-1:] * (part - count), part, lanes)
        shared: dict[object, Val] = {}
        for r in range(count):
            own = [c * part + r for c in range(lanes // part)]
            found = f.shuffle(whole, None, own + own[-1:] * (lanes - len(own)))
            spot = (Linear.of(i).plus(r), Linear(0))
            p = Point(scope, spot, 1, columns, {v.id: found}, shared)
            for root in kernel.roots[1:]:
                p.given[root.id] = p._map(root, Affine.identity(len(root.shape)))
            _store_all(kernel.stored, scope, p)

    low, high = own_blocks(f, share, rows, part)
    f.loop(low, high, part, lambda i, _: group(i, part))
    if rows % part:
        rest = rows // part * part
        owned(f, share, rows, rest, lambda: group(rest, rows % part))


def _weights(f: Function, b: Operand, columns: int, k: int, part: int, lanes: int) -> Val:
    """Return, column by column, the weights of ``part`` steps from ``k`` on."""
    along, across = b.strides
    t = type_of(b.access.dtype)
    scalars = [
        f.load(t, b.address(f, [(k + i, along), (c, across)]))
        for c in range(columns)
        for i in range(part)
    ]
    zero = f.const(0.0, t)
    return f.join(scalars + [zero] * (lanes - len(scalars)))


def _folded(f: Function, vectors: list[Val], part: int, lanes: int) -> Val:
    """Return the sums over every share of each of ``part`` vectors, beside each other.

    Lane ``c * part + r`` is the sum over share ``c`` of vector ``r``. Each round adds the upper
    halves of what is left to sum to the lower ones, which leaves room for another vector.
    """
    left, held = part, 1  # lanes still to be summed; vectors held side by side
    while left > 1:
        half = left // 2
        low, high = [], []
        for lane in range(lanes):
            share, inside = divmod(lane, part)
            which, inside = divmod(inside, held * half)
            row, k = divmod(inside, half)
            source = which * lanes + share * part + row * left + k
            low.append(source)
            high.append(source + half)
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [f.add(f.shuffle(a, b, low), f.shuffle(a, b, high)) for a, b in pairs]
        left, held = half, 2 * held
    return vectors[0]
