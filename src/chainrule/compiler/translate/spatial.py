"""Rules of convolution and pooling: views of windows, and products or reductions over them.

Nothing is unfolded in memory: a window view is an affine map, which products read in place. The
transposes (gradients in the input) are window views too, of the output gradient laid out with its
stride and padded.

Notation: N samples, C channels, G groups, O output channels; L lengths, K taps, P outputs per
spatial axis; stride s, padding (a, b), dilation d.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.ops.pooling import _divisors, _stretched, pooled_lengths

from ..program import Affine, Builder, Value
from .expression import Expr
from .rules import Call, rule
from .windowed import kernel_gradient, samples_last, settled, windowed_product

__all__: list[str] = []

Lengths = tuple[int, ...]
_FEW_TAPS = 16  # of a window: each is compared with the maximum so far


def _padded(b: Builder, x: Value, pads: Sequence[tuple[int, int]], fill: float) -> Value:
    """Return ``x`` with its spatial axes (all after the second) padded."""
    if not any(p or q for p, q in pads):
        return x
    nd = len(x.shape)
    lead = nd - len(pads)
    shape = (*x.shape[:lead], *(n + p + q for n, (p, q) in zip(x.shape[lead:], pads, strict=True)))
    starts = (0,) * lead + tuple(p for p, _ in pads)
    rows = Affine.identity(nd).matrix
    return b.assemble(b.full(fill, shape, x.dtype), [(x, Affine(starts, rows))])


def _windows(
    b: Builder, x: Value, kernel: Lengths, window: Any, outputs: Lengths, fill: float = 0.0
) -> Value:
    """Return the windows of ``x`` (N, C, *L) as (N, C, *P, *K)."""
    xp = _padded(b, x, window.padding, fill)
    nd = len(kernel)
    rank = 2 + 2 * nd
    rows = [tuple(int(o == a) for o in range(rank)) for a in range(2)]
    for i in range(nd):
        row = [0] * rank
        row[2 + i] = window.stride[i]
        row[2 + nd + i] = window.dilation[i]
        rows.append(tuple(row))
    shape = (*x.shape[:2], *outputs, *kernel)
    return b.view(xp, Affine((0,) * (2 + nd), tuple(rows)), shape)


def _reached(b: Builder, g: Value, lengths: Lengths, kernel: Lengths, window: Any) -> Value:
    """Return, per input place and tap, the output gradient it takes part in: (N, C, *L, *K).

    Output ``p`` reads input ``p s + k d - a`` at tap ``k``; so input ``l`` at tap ``k`` takes part
    in the output at ``(l + a - k d) / s``, if that is one.
    """
    nd = len(kernel)
    outputs = g.shape[2:]
    rank = 2 + 2 * nd
    offsets, sizes = [], []
    for n, k, p, s, (a, _), d in zip(
        lengths, kernel, outputs, window.stride, window.padding, window.dilation, strict=True
    ):
        off = max(0, d * (k - 1) - a)
        offsets.append(off)
        sizes.append(max(n + a + off, off + (p - 1) * s + 1))
    place = Affine(
        (0, 0, *offsets),
        tuple(
            tuple((window.stride[x - 2] if x > 1 else 1) if x == o else 0 for o in range(2 + nd))
            for x in range(2 + nd)
        ),
    )
    base = b.full(0, (*g.shape[:2], *sizes), g.dtype)
    spread = b.assemble(base, [(g, place)]) if 0 not in g.shape else base
    rows = [tuple(int(o == x) for o in range(rank)) for x in range(2)]
    for i in range(nd):
        row = [0] * rank
        row[2 + i], row[2 + nd + i] = 1, -window.dilation[i]
        rows.append(tuple(row))
    starts = (0, 0, *(a + o for (a, _), o in zip(window.padding, offsets, strict=True)))
    return b.view(spread, Affine(starts, tuple(rows)), (*g.shape[:2], *lengths, *kernel))


def _grouped(b: Builder, x: Value, axis: int, groups: int) -> Value:
    """Split an axis of channels into (groups, rest) and put the groups in front."""
    n = x.shape[axis] // groups
    split = b.reshape(x, (*x.shape[:axis], groups, n, *x.shape[axis + 1 :]))
    return b.transpose(split, [axis, *(i for i in range(len(split.shape)) if i != axis)])


def _joined(b: Builder, x: Value, axis: int) -> Value:
    """Put the groups (axis 0) before axis ``axis`` of the rest and join the two."""
    order = [*range(1, axis + 1), 0, *range(axis + 1, len(x.shape))]
    moved = b.transpose(x, order)
    shape = list(moved.shape)
    shape[axis : axis + 2] = [shape[axis] * shape[axis + 1]]
    return b.reshape(moved, tuple(shape))


def _last_to(b: Builder, x: Value, axis: int) -> Value:
    order = list(range(len(x.shape) - 1))
    order.insert(axis, len(x.shape) - 1)
    return b.transpose(x, order)


@rule("convolution")
def _convolution(c: Call) -> Value:
    b, window, groups = c.builder, c.params["window"], c.params["groups"]
    x, w = (b.cast(a, c.dtype) for a in c.args)
    nd = len(x.shape) - 2
    if groups == 1 and samples_last(x.shape[0], w.shape[0]):
        x = settled(b, x)
    view = _windows(b, x, w.shape[2:], window, c.shape[2:])
    if groups == 1:
        return windowed_product(b, view, w, samples_last(x.shape[0], w.shape[0]))
    # windows (G, N, *P, C/G, *K) times weights (G, C/G, *K, O/G)
    a = _grouped(b, view, 1, groups)  # (G, N, C/G, *P, *K)
    order = [0, 1, *range(3, 3 + nd), 2, *range(3 + nd, 3 + 2 * nd)]
    a = b.transpose(a, order)
    k = _grouped(b, w, 0, groups)  # (G, O/G, C/G, *K)
    k = b.transpose(k, [0, *range(2, 3 + nd), 1])
    y = b.contract(a, k, 1, 1 + nd, 1)  # (G, N, *P, O/G)
    return _joined(b, _last_to(b, y, 2), 1)


@rule("conv_input")
def _conv_input(c: Call) -> Value:
    b, window, groups = c.builder, c.params["window"], c.params["groups"]
    g, w = (b.cast(a, c.dtype) for a in c.args)
    nd = len(g.shape) - 2
    view = _reached(b, g, c.params["lengths"], w.shape[2:], window)  # (N, O, *L, *K)
    if groups == 1:
        turned = b.transpose(w, [1, 0, *range(2, 2 + nd)])
        return windowed_product(b, view, turned, samples_last(g.shape[0], *w.shape[:2]))
    a = _grouped(b, view, 1, groups)  # (G, N, O/G, *L, *K)
    a = b.transpose(a, [0, 1, *range(3, 3 + nd), 2, *range(3 + nd, 3 + 2 * nd)])
    k = _grouped(b, w, 0, groups)  # (G, O/G, C/G, *K)
    k = b.transpose(k, [0, 1, *range(3, 3 + nd), 2])
    y = b.contract(a, k, 1, 1 + nd, 1)  # (G, N, *L, C/G)
    return _joined(b, _last_to(b, y, 2), 1)


@rule("conv_kernel")
def _conv_kernel(c: Call) -> Value:
    b, window, groups = c.builder, c.params["window"], c.params["groups"]
    x, g = (b.cast(a, c.dtype) for a in c.args)
    nd = len(x.shape) - 2
    if groups == 1 and samples_last(x.shape[0], g.shape[1]):
        x = settled(b, x)
    view = _windows(b, x, c.params["kernel"], window, g.shape[2:])
    if groups == 1:
        return kernel_gradient(b, view, g, samples_last(x.shape[0], g.shape[1]))
    a = _grouped(b, g, 1, groups)  # (G, N, O/G, *P)
    a = b.transpose(a, [0, 2, 1, *range(3, 3 + nd)])
    v = _grouped(b, view, 1, groups)  # (G, N, C/G, *P, *K)
    v = b.transpose(v, [0, 1, *range(3, 3 + nd), 2, *range(3 + nd, 3 + 2 * nd)])
    return b.reshape(b.contract(a, v, 1, 1, 1 + nd), c.shape)


# ---- pooling


def _pooled(c: Call, x: Value, fill: float) -> Value:
    """Return the windows (N, C, *P, *K), padded as far as the outputs reach."""
    kernel, window = c.params["kernel"], c.params["window"]
    lengths = x.shape[2:]
    outputs = pooled_lengths(lengths, kernel, window, c.params["ceil_mode"])
    wide = _stretched(lengths, kernel, window, outputs)
    return _windows(c.builder, x, kernel, wide, outputs, fill)


def _lowest(dtype: np.dtype[Any]) -> float:
    return float("-inf") if dtype.kind == "f" else int(np.iinfo(dtype).min)


def _taps(c: Call) -> list[int]:
    nd = len(c.params["kernel"])
    return list(range(2 + nd, 2 + 2 * nd))


@rule("max_pool")
def _max_pool(c: Call) -> Value:
    x, kernel = c.args[0], c.params["kernel"]
    outputs = c.shape[2:]
    if math.prod(kernel) > 1 and _is_tiling(x, kernel, c.params["window"], c.shape):
        return _maxima(c, x, kernel, outputs).best
    return c.builder.reduce("max", _pooled(c, x, _lowest(x.dtype)), _taps(c))


@rule("max_pool_places")
def _max_pool_places(c: Call) -> Value:
    """The first place with the maximum (NaN counts as one): places grow along a window."""
    b, m, x = c.builder, c.maths, c.args[0]
    kernel, window = c.params["kernel"], c.params["window"]
    lengths = x.shape[2:]
    view = Expr(m, _pooled(c, x, _lowest(x.dtype)))
    best = view.reduce("max", _taps(c), keepdims=True)
    hit = view.eq(best)
    if x.dtype.kind == "f":
        hit = hit | (view.ne(view) & best.ne(best).broadcast(view.shape))
    nd = len(kernel)
    place: Expr | None = None
    for i in range(nd):
        out, tap = (Expr(m, b.iota(view.shape, a)) for a in (2 + i, 2 + nd + i))
        here = out * window.stride[i] + tap * window.dilation[i] - window.padding[i][0]
        place = here if place is None else place * lengths[i] + here
    assert place is not None
    far = m.full(np.iinfo(np.int64).max, view.shape, np.int64)
    found = m.where(hit, place, far).reduce("min", _taps(c)).v
    if _is_tiling(x, kernel, window, found.shape):
        b.places[found.id] = (x, kernel)
    return found


def _is_tiling(x: Value, kernel: Lengths, window: Any, shape: Lengths) -> bool:
    """Tell whether windows lie side by side inside the array."""
    return (
        window.stride == tuple(kernel)
        and not any(p or q for p, q in window.padding)
        and all(d == 1 for d in window.dilation)
        and all(p * k <= n for p, k, n in zip(shape[2:], kernel, x.shape[2:], strict=True))
    )


class _Maxima(NamedTuple):
    """Of windows side by side: their maxima, and the number of the first tap that has it.

    ``places`` are the positions of a tap in all windows.
    """

    best: Value
    first: Value
    places: list[Affine]


def _maxima(c: Call, x: Value, kernel: Lengths, outputs: Lengths) -> _Maxima:
    """Go through the taps; a later one takes over if it beats the maximum so far."""
    b, m = c.builder, c.maths
    nd = len(kernel)
    shape = (*x.shape[:2], *outputs)
    rows = tuple(
        tuple((kernel[a - 2] if a > 1 else 1) * (a == o) for o in range(2 + nd))
        for a in range(2 + nd)
    )
    places = [Affine((0, 0, *place), rows) for place in np.ndindex(*kernel)]
    dtype = np.int8 if len(places) <= 127 else np.int32
    if len(places) > _FEW_TAPS:
        best = b.reduce("max", _side_by_side(b, x, kernel, outputs), range(2 + nd, 2 + 2 * nd))
        first = b.full(len(places) - 1, shape, dtype)
        for n, place in reversed(list(enumerate(places[:-1]))):
            hit = m.compare("same", Expr(m, b.view(x, place, shape)), Expr(m, best)).v
            first = b.map("select", hit, b.full(n, shape, dtype), first, dtype=dtype)
        return _Maxima(best, first, places)
    best, first = b.view(x, places[0], shape), b.full(0, shape, dtype)
    for n, place in enumerate(places[1:], 1):
        tap = b.view(x, place, shape)
        beats = m.compare("beats", Expr(m, tap), Expr(m, best)).v
        best = b.map("select", beats, tap, best, dtype=x.dtype)
        first = b.map("select", beats, b.full(n, shape, dtype), first, dtype=dtype)
    return _Maxima(best, first, places)


def _put_first_maxima(c: Call, g: Value, x: Value, kernel: Lengths) -> Value:
    """Return ``g`` at the first maximum of each window: as many masked blocks as taps.

    Which tap that is is a small number per window, found with the maximum: what follows reads
    it, and not the windows again.
    """
    b, m = c.builder, c.maths
    _, first, places = _maxima(c, x, kernel, g.shape[2:])
    zero = b.full(0, g.shape, g.dtype)
    blocks = []
    for n, place in enumerate(places):
        here = m.compare("eq", Expr(m, first), m.full(n, g.shape, first.dtype)).v
        blocks.append((b.map("select", here, g, zero, dtype=g.dtype), place))
    return b.assemble(b.full(0, (*g.shape[:2], *x.shape[2:]), g.dtype), blocks)


def _side_by_side(b: Builder, x: Value, kernel: Lengths, outputs: Lengths) -> Value:
    nd = len(kernel)
    rank = 2 + 2 * nd
    rows = [tuple(int(o == a) for o in range(rank)) for a in range(2)]
    for i in range(nd):
        row = [0] * rank
        row[2 + i], row[2 + nd + i] = kernel[i], 1
        rows.append(tuple(row))
    return b.view(x, Affine((0,) * (2 + nd), tuple(rows)), (*x.shape[:2], *outputs, *kernel))


@rule("read_places")
def _read_places(c: Call) -> Value:
    b, (x, places) = c.builder, c.args
    rows = math.prod(x.shape[:2])
    flat = b.reshape(x, (rows, math.prod(x.shape[2:])))
    index = b.reshape(places, (rows, math.prod(places.shape[2:])))
    return b.reshape(b.gather(flat, [b.iota(index.shape, 0), index]), c.shape)


@rule("put_places")
def _put_places(c: Call) -> Value:
    b, (g, places) = c.builder, c.args
    lengths = c.params["lengths"]
    found = b.places.get(places.id)
    if found is not None and found[0].shape[2:] == tuple(lengths):
        return _put_first_maxima(c, g, *found)
    rows = math.prod(g.shape[:2])
    index = b.reshape(places, (rows, math.prod(places.shape[2:])))
    flat = b.reshape(g, index.shape)
    made = b.scatter((rows, math.prod(lengths)), [b.iota(index.shape, 0), index], flat)
    return b.reshape(made, c.shape)


def _divisor(c: Call, lengths: Lengths, outputs: Lengths) -> Expr:
    options = c.params
    by: Any = options["divisor"]
    if by is None:
        by = _divisors(lengths, options["kernel"], options["window"], outputs, options["padded"])
    return Expr(c.maths, c.builder.const(np.asarray(by, c.dtype)))


@rule("avg_pool")
def _avg_pool(c: Call) -> Value:
    x = c.builder.cast(c.args[0], c.dtype)
    total = Expr(c.maths, c.builder.reduce("sum", _pooled(c, x, 0.0), _taps(c)))
    return (total / _divisor(c, x.shape[2:], c.shape[2:])).v


@rule("avg_pool_back")
def _avg_pool_back(c: Call) -> Value:
    b, g = c.builder, c.args[0]
    lengths, kernel = c.params["lengths"], c.params["kernel"]
    share = Expr(c.maths, g) / _divisor(c, lengths, g.shape[2:])
    wide = _stretched(lengths, kernel, c.params["window"], g.shape[2:])
    return b.reduce("sum", _reached(b, share.v, lengths, kernel, wide), _taps(c))
