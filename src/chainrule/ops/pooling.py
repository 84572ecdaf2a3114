"""Max and average pooling over one, two or three spatial axes, as gates.

Max pooling routes to one winner per window, the first of several equal ones, as PyTorch does
(the ties of :mod:`chainrule.ops.conventions` under ``max(dim)``). Its derivative is a pair of linear
ops, reading at and scattering to the winners' places, which differentiate into each other.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Kink, Op, Sample, defop
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.convolution import Window, _batched, scatter_windows, tuple_of, windows
from chainrule.ops.linalg import matmul
from chainrule.ops.shape import moveaxis, reshape, shape_of

__all__: list[str] = []
"""Public under ``nn.functional``, with PyTorch's names."""


def pooled_lengths(lengths: Any, kernel: Any, window: Window, ceil_mode: bool) -> tuple[int, ...]:
    """Output lengths; with ``ceil_mode`` a last window may reach over the end, but not start there."""
    found = []
    for n, k, s, (a, b), d in zip(lengths, kernel, *window):
        span = n + a + b - d * (k - 1) - 1
        p = (-(-span // s) if ceil_mode else span // s) + 1
        if ceil_mode and (p - 1) * s >= n + a:
            p -= 1
        if p < 1:
            raise ShapeError(
                f"pooling: a window of {tuple(kernel)} does not fit into the spatial axes "
                f"{tuple(lengths)}; use a smaller kernel or more padding"
            )
        found.append(p)
    return tuple(found)


def _stretched(lengths: Any, kernel: Any, window: Window, outputs: tuple[int, ...]) -> Window:
    """The window with as much padding at the end as the outputs need (and no less than given)."""
    pads = []
    for n, k, s, (a, b), d, p in zip(lengths, kernel, *window, outputs):
        needed = (p - 1) * s + d * (k - 1) + 1 - n - a
        pads.append((a, max(b, needed)))
    return Window(window.stride, tuple(pads), window.dilation)


def _cut(view: Any, outputs: tuple[int, ...]) -> Any:
    return view[(slice(None), slice(None), *(slice(0, p) for p in outputs))]


def _winners_forward(x: Any, kernel: tuple[int, ...], window: Window, ceil_mode: bool) -> Any:
    """For each output the flat spatial place of its maximum."""
    lengths = x.shape[2:]
    outputs = pooled_lengths(lengths, kernel, window, ceil_mode)
    wide = _stretched(lengths, kernel, window, outputs)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    view = _cut(windows(x, kernel, wide, lowest), outputs)
    flat = view.reshape(*x.shape[:2], *outputs, math.prod(kernel))
    chosen = flat.argmax(axis=-1)  # the first of equal ones; NaN wins, as in NumPy
    taps = np.unravel_index(chosen, kernel)
    place = np.zeros(chosen.shape, np.int64)
    for axis, (tap, s, d, (a, _), n) in enumerate(
        zip(taps, window.stride, window.dilation, window.padding, lengths)
    ):
        start = np.arange(outputs[axis]) * s - a
        shape = [1] * chosen.ndim
        shape[2 + axis] = outputs[axis]
        place = place * n + (start.reshape(shape) + tap * d)
    return place


def _winners_infer(x: Any, kernel: Any, window: Window, ceil_mode: bool) -> Abstract:
    shape = shape_of(x)
    outputs = pooled_lengths(shape[2:], kernel, window, ceil_mode)
    return Abstract((*shape[:2], *outputs), np.dtype(np.int64))


_W1 = {"kernel": (2,), "window": Window((2,), ((0, 0),), (1,)), "ceil_mode": False}
_W2 = {
    "kernel": (3, 2),
    "window": Window((2, 1), ((1, 1), (0, 0)), (1, 2)),
    "ceil_mode": True,
}

max_pool_places: Op = defop(
    "max_pool_places",
    _winners_forward,
    infer=_winners_infer,
    samples=(Sample(((2, 3, 6),), _W1), Sample(((1, 2, 6, 5),), _W2)),
    doc="the flat spatial place of each window's maximum; no derivative (piecewise constant)",
)


def _read_forward(x: Any, places: Any) -> Any:
    flat = x.reshape(*x.shape[:2], -1)
    return np.take_along_axis(flat, places.reshape(*places.shape[:2], -1), axis=2).reshape(
        places.shape
    )


def _put_forward(g: Any, places: Any, lengths: tuple[int, ...]) -> Any:
    size = math.prod(lengths)
    count = math.prod(g.shape[:2])
    offsets = np.arange(count).reshape(count, 1) * size
    index = (places.reshape(count, -1) + offsets).ravel()
    flat = np.bincount(index, weights=g.ravel(), minlength=count * size)
    return flat.astype(g.dtype, copy=False).reshape(*g.shape[:2], *lengths)


_PLACES = np.array([[[0, 3, 3], [5, 1, 2]]])
read_places: Op = defop(
    "read_places",
    _read_forward,
    lambda g, out, x, places: put_places(g, places, lengths=shape_of(x)[2:]),
    infer=lambda x, places: Abstract(shape_of(places), x.dtype),
    samples=(Sample(((1, 2, 6), _PLACES)),),
    doc="x at flat spatial places; put_places",
)
put_places: Op = defop(
    "put_places",
    _put_forward,
    lambda g, out, x, places, lengths: read_places(g, places),
    infer=lambda g, places, lengths: Abstract((*shape_of(g)[:2], *lengths), g.dtype),
    samples=(Sample(((1, 2, 3), _PLACES), {"lengths": (6,)}),),
    doc="zeros with g added at flat spatial places; read_places",
)


def _max_pool_forward(x: Any, kernel: tuple[int, ...], window: Window, ceil_mode: bool) -> Any:
    lengths = x.shape[2:]
    outputs = pooled_lengths(lengths, kernel, window, ceil_mode)
    wide = _stretched(lengths, kernel, window, outputs)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    view = _cut(windows(x, kernel, wide, lowest), outputs)
    return np.ascontiguousarray(view.max(axis=tuple(range(2 + len(kernel), view.ndim))))


def _max_pool_rule(
    g: Any, out: Any, x: Any, kernel: tuple[int, ...], window: Window, ceil_mode: bool
) -> Any:
    places = max_pool_places(x, kernel=kernel, window=window, ceil_mode=ceil_mode)
    return put_places(g, places, lengths=shape_of(x)[2:])


def _max_pool_parts(x: Any, kernel: tuple[int, ...], window: Window, ceil_mode: bool) -> Any:
    places = max_pool_places(x, kernel=kernel, window=window, ceil_mode=ceil_mode)
    return read_places(x, places)


_max_pool: Op = defop(
    "max_pool",
    _max_pool_forward,
    _max_pool_rule,
    infer=lambda x, kernel, window, ceil_mode: Abstract(
        _winners_infer(x, kernel, window, ceil_mode).shape, x.dtype
    ),
    parts=_max_pool_parts,
    samples=(
        Sample(((2, 3, 6),), _W1),
        Sample(((2, 1, 7),), {**_W1, "ceil_mode": True}),
        Sample(((1, 2, 6, 5),), _W2),
    ),
    rejects=((Sample(((2, 3, 1),), _W1), ValueError, "does not fit"),),
    kinks=(
        Kink(
            (np.array([[[1.0, 1.0, 0.0, 2.0]]]),),
            (np.array([[[1.0, 0.0, 0.0, 1.0]]]),),
            "one winner per window, the first of equal ones",
        ),
    ),
    doc="the maximum of each window; routes to the winner",
)


def _divisors(
    lengths: Any, kernel: Any, window: Window, outputs: tuple[int, ...], padded: bool
) -> Any:
    """How many elements each window averages over: padding counts or not, beyond it never."""
    total: Any = np.ones(())
    for n, k, s, (a, b), p in zip(lengths, kernel, window.stride, window.padding, outputs):
        start = np.arange(p) * s - a
        stop = np.minimum(start + k, n + b)
        if not padded:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        total = np.multiply.outer(total, np.maximum(stop - start, 1))
    return total


def _avg_forward(
    x: Any,
    kernel: tuple[int, ...],
    window: Window,
    ceil_mode: bool,
    padded: bool,
    divisor: int | None,
) -> Any:
    lengths = x.shape[2:]
    outputs = pooled_lengths(lengths, kernel, window, ceil_mode)
    wide = _stretched(lengths, kernel, window, outputs)
    view = _cut(windows(x, kernel, wide), outputs)
    total = view.sum(axis=tuple(range(2 + len(kernel), view.ndim)))
    by = _divisors(lengths, kernel, window, outputs, padded) if divisor is None else divisor
    return (total / by).astype(x.dtype if x.dtype.kind == "f" else np.float64, copy=False)


def _avg_back_forward(
    g: Any,
    lengths: tuple[int, ...],
    kernel: tuple[int, ...],
    window: Window,
    ceil_mode: bool,
    padded: bool,
    divisor: int | None,
) -> Any:
    outputs = g.shape[2:]
    wide = _stretched(lengths, kernel, window, outputs)
    by = _divisors(lengths, kernel, window, outputs, padded) if divisor is None else divisor
    share = (g / by).astype(g.dtype, copy=False)
    spread = np.broadcast_to(share.reshape(*g.shape, *(1,) * len(kernel)), (*g.shape, *kernel))
    return scatter_windows(spread, lengths, kernel, wide)


_A1 = {**_W1, "padded": True, "divisor": None}
_A2 = {
    "kernel": (3, 2),
    "window": Window((2, 1), ((1, 1), (0, 0)), (1, 1)),
    "ceil_mode": True,
    "padded": False,
    "divisor": None,
}
_avg_pool: Op = defop(
    "avg_pool",
    _avg_forward,
    lambda g, out, x, **options: _avg_pool_back(g, lengths=shape_of(x)[2:], **options),
    linear=True,
    infer=lambda x, kernel, window, ceil_mode, padded, divisor: Abstract(
        _winners_infer(x, kernel, window, ceil_mode).shape,
        x.dtype if x.dtype.kind == "f" else np.dtype(np.float64),
    ),
    samples=(
        Sample(((2, 3, 6),), _A1),
        Sample(((1, 2, 6, 5),), _A2),
        Sample(((1, 2, 6, 5),), {**_A2, "padded": True, "divisor": 4}),
    ),
    rejects=((Sample(((2, 3, 1),), _A1), ValueError, "does not fit"),),
    doc="the mean of each window; shares the gradient evenly",
)
_avg_pool_back: Op = defop(
    "avg_pool_back",
    _avg_back_forward,
    lambda g, out, x, lengths, **options: _avg_pool(g, **options),
    linear=True,
    infer=lambda g, lengths, **options: Abstract((*shape_of(g)[:2], *lengths), g.dtype),
    samples=(
        Sample(((2, 3, 3),), {**_A1, "lengths": (6,)}),
        Sample(((1, 2, 4, 4),), {**_A2, "lengths": (6, 5)}),
    ),
    doc="the transpose of avg_pool; avg_pool",
)


def _window(nd: int, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[Any, Window]:
    kernels = tuple_of(kernel, nd, "kernel_size")
    strides = kernels if stride is None or stride == () else tuple_of(stride, nd, "stride")
    pads = tuple_of(padding, nd, "padding", smallest=0)
    if any(2 * p > k for p, k in zip(pads, kernels)):
        raise ArgumentError(
            f"pooling: padding {pads} may be at most half the kernel size {kernels}"
        )
    dilations = tuple_of(dilation, nd, "dilation")
    return kernels, Window(strides, tuple((p, p) for p in pads), dilations)


def max_pool(
    nd: int,
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window, with PyTorch's arguments; ``stride`` defaults to the window."""
    x, added = _batched(x, nd, f"max_pool{nd}d")
    kernels, window = _window(nd, kernel_size, stride, padding, dilation)
    options = {"kernel": kernels, "window": window, "ceil_mode": bool(ceil_mode)}
    found = [_max_pool(x, **options)]
    if return_indices:
        found.append(max_pool_places(x, **options))
    if added:
        found = [reshape(part, shape_of(part)[1:]) for part in found]
    return tuple(found) if return_indices else found[0]


def avg_pool(
    nd: int,
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window, with PyTorch's arguments."""
    x, added = _batched(x, nd, f"avg_pool{nd}d")
    kernels, window = _window(nd, kernel_size, stride, padding, 1)
    if divisor_override is not None and divisor_override == 0:
        raise ArgumentError("avg_pool: divisor_override must not be 0")
    y = _avg_pool(
        x,
        kernel=kernels,
        window=window,
        ceil_mode=bool(ceil_mode),
        padded=bool(count_include_pad),
        divisor=divisor_override,
    )
    return reshape(y, shape_of(y)[1:]) if added else y


def _adaptive_sizes(nd: int, output_size: Any, lengths: tuple[int, ...]) -> tuple[int, ...]:
    sizes = (
        (output_size,) * nd if output_size is None or isinstance(output_size, int) else output_size
    )
    if len(sizes) != nd:
        raise ArgumentError(f"output_size must be one integer or {nd}, not {output_size!r}")
    return tuple(n if size is None else int(size) for size, n in zip(sizes, lengths))


def _adaptive_ranges(size: int, length: int) -> list[tuple[int, int]]:
    """``⌊i L/S⌋ … ⌈(i + 1) L/S⌉``: windows of nearly equal length that cover the axis."""
    return [(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]


def adaptive_avg_pool(nd: int, x: Any, output_size: Any) -> Any:
    """Windows such that the output has ``output_size``; their means, by one product per axis."""
    x, added = _batched(x, nd, f"adaptive_avg_pool{nd}d")
    lengths = shape_of(x)[2:]
    for axis, (size, n) in enumerate(zip(_adaptive_sizes(nd, output_size, lengths), lengths)):
        weights = np.zeros((n, size), x.dtype)
        for i, (start, stop) in enumerate(_adaptive_ranges(size, n)):
            weights[start:stop, i] = 1.0 / (stop - start)
        x = moveaxis(matmul(moveaxis(x, 2 + axis, -1), weights), -1, 2 + axis)
    return reshape(x, shape_of(x)[1:]) if added else x


def adaptive_max_pool(nd: int, x: Any, output_size: Any) -> Any:
    """Windows such that the output has ``output_size``; their maxima."""
    x, added = _batched(x, nd, f"adaptive_max_pool{nd}d")
    lengths = shape_of(x)[2:]
    for axis, (size, n) in enumerate(zip(_adaptive_sizes(nd, output_size, lengths), lengths)):
        before = (slice(None),) * (2 + axis)
        parts = [
            lib.max(lib.getitem(x, (*before, slice(start, stop))), axis=2 + axis, keepdims=True)
            for start, stop in _adaptive_ranges(size, n)
        ]
        x = lib.concatenate(parts, axis=2 + axis)
    return reshape(x, shape_of(x)[1:]) if added else x
