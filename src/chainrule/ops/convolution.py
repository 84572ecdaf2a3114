"""Convolution over one, two or three spatial axes, and its two derivatives, as gates.

What is called convolution here, as in all of deep learning, is cross-correlation:
``y[n, o, p] = Σ_{c, k} x[n, c, s p + d k - pad] w[o, c, k]``. The three ops are bilinear and close
under differentiation: each one's derivatives are the other two, so every order works.

============== ========================= ====================================================
op             of                        what
============== ========================= ====================================================
convolution    input x, kernel w         output y
conv_input     output cotangent g, w     input cotangent: also the transposed convolution
conv_kernel    x, g                      kernel cotangent
============== ========================= ====================================================

Shapes: x ``(N, C, *L)``, w ``(O, C / groups, *K)``, y ``(N, O, *P)``. The forward gathers the
windows into rows and multiplies matrices (im2col), in NumPy.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chainrule.core.lib import lib
from chainrule.core.messages import ADVICE
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.shape import reshape, shape_of

__all__: list[str] = []
"""Public under ``nn.functional``, with PyTorch's names."""


class Window(NamedTuple):
    """How a kernel moves over the spatial axes: one number per axis."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]


def tuple_of(value: Any, count: int, name: str, smallest: int = 1) -> tuple[int, ...]:
    """One integer per spatial axis, from one integer or as many.

    Raises
    ------
    ArgumentError
        If there is another number of them, or one is too small.
    """
    values = (value,) * count if isinstance(value, int | np.integer) else tuple(value)
    if len(values) == 1 and count > 1:
        values *= count
    if len(values) != count or any(int(v) != v or v < smallest for v in values):
        raise ArgumentError(
            f"{name} must be an integer of at least {smallest}, or {count} of them, not {value!r}"
        )
    return tuple(int(v) for v in values)


def output_lengths(lengths: Any, kernel: Any, window: Window) -> tuple[int, ...]:
    """``⌊(L + pads - d (K - 1) - 1)/s⌋ + 1`` for each spatial axis."""
    return tuple(
        (n + a + b - d * (k - 1) - 1) // s + 1
        for n, k, s, (a, b), d in zip(lengths, kernel, *window)
    )


def windows(x: Any, kernel: tuple[int, ...], window: Window, fill: float = 0.0) -> Any:
    """A view ``(N, C, *P, *K)`` of the windows of ``x``; padded with ``fill`` where asked."""
    if any(a or b for a, b in window.padding):
        x = np.pad(x, ((0, 0), (0, 0), *window.padding), constant_values=fill)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, window.dilation))
    axes = tuple(range(2, 2 + len(kernel)))
    view = sliding_window_view(x, spans, axis=axes)
    places = tuple(slice(None, None, s) for s in window.stride)
    taps = tuple(slice(None, None, d) for d in window.dilation)
    return view[(slice(None), slice(None), *places, *taps)]


def scatter_windows(
    g: Any, lengths: tuple[int, ...], kernel: tuple[int, ...], window: Window
) -> Any:
    """The transpose of :func:`windows`: ``(N, C, *P, *K)`` added up into ``(N, C, *L)``."""
    padded = tuple(n + a + b for n, (a, b) in zip(lengths, window.padding))
    total = np.zeros((*g.shape[:2], *padded), g.dtype)
    outputs = g.shape[2 : 2 + len(kernel)]
    for tap in np.ndindex(*kernel):  # a few slices, instead of one scattered addition per element
        places = tuple(
            slice(k * d, k * d + s * (p - 1) + 1, s)
            for k, d, s, p in zip(tap, window.dilation, window.stride, outputs)
        )
        if all(outputs):
            total[(slice(None), slice(None), *places)] += g[(..., *tap)]
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(lengths, window.padding))
    return np.ascontiguousarray(total[(slice(None), slice(None), *inner)])


def _rows(x: Any, kernel: tuple[int, ...], window: Window, groups: int) -> Any:
    """Windows as matrices: ``(groups, N · |P|, C/groups · |K|)``."""
    view = windows(x, kernel, window)
    n, c = x.shape[:2]
    nd = len(kernel)
    outputs = view.shape[2 : 2 + nd]
    split = view.reshape(n, groups, c // groups, *outputs, *kernel) if groups > 1 else view[:, None]
    # (N, G, C/G, *P, *K) -> (G, N, *P, C/G, *K)
    spatial = tuple(range(3, 3 + nd))
    taps = tuple(range(3 + nd, 3 + 2 * nd))
    moved = split.transpose(1, 0, *spatial, 2, *taps)
    return moved.reshape(groups, n * math.prod(outputs), (c // groups) * math.prod(kernel))


def _columns(g: Any, groups: int) -> Any:
    """Outputs as matrices: ``(N, O, *P)`` to ``(groups, N · |P|, O/groups)``."""
    n, o = g.shape[:2]
    nd = g.ndim - 2
    split = g.reshape(n, groups, o // groups, *g.shape[2:])
    moved = split.transpose(1, 0, *range(3, 3 + nd), 2)
    return (
        moved.reshape(groups, -1, o // groups)
        if g.size
        else moved.reshape(groups, n * math.prod(g.shape[2:]), o // groups)
    )


def _check(sx: tuple[int, ...], sw: tuple[int, ...], groups: int) -> None:
    if len(sx) != len(sw) or len(sx) < 3:
        raise ShapeError(
            f"convolution: the input {sx} must have the axes (N, C, spatial …) and the kernel {sw} "
            "(O, C / groups, spatial …), as many each"
        )
    if sx[1] != sw[1] * groups or sw[0] % groups:
        raise ShapeError(
            f"convolution: the input has {sx[1]} channels (axis 1 of {sx}), the kernel {sw} with "
            f"groups={groups} takes {sw[1] * groups} and gives {sw[0]}"
        )


def _forward(x: Any, w: Any, window: Window, groups: int) -> Any:
    _check(x.shape, w.shape, groups)
    kernel = w.shape[2:]
    outputs = output_lengths(x.shape[2:], kernel, window)
    _check_outputs(x.shape, kernel, outputs)
    n, o = x.shape[0], w.shape[0]
    rows = _rows(x, kernel, window, groups)
    matrices = w.reshape(groups, o // groups, -1).transpose(0, 2, 1)
    y = np.matmul(rows, matrices)  # (G, N |P|, O/G)
    y = y.reshape(groups, n, *outputs, o // groups)
    nd = len(kernel)
    y = y.transpose(1, 0, 2 + nd, *range(2, 2 + nd)).reshape(n, o, *outputs)
    return np.ascontiguousarray(y)


def _check_outputs(sx: tuple[int, ...], kernel: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    if any(p < 1 for p in outputs):
        raise ShapeError(
            f"convolution: a window of {kernel} does not fit into the spatial axes {sx[2:]} of the "
            f"input {sx}; use a smaller kernel or more padding"
        )


def _infer(x: Any, w: Any, window: Window, groups: int) -> Abstract:
    sx, sw = shape_of(x), shape_of(w)
    _check(sx, sw, groups)
    outputs = output_lengths(sx[2:], sw[2:], window)
    _check_outputs(sx, sw[2:], outputs)
    return Abstract((sx[0], sw[0], *outputs), np.result_type(x.dtype, w.dtype))


def _input_forward(g: Any, w: Any, lengths: tuple[int, ...], window: Window, groups: int) -> Any:
    n, o = g.shape[:2]
    kernel, nd = w.shape[2:], g.ndim - 2
    each = w.shape[1]
    rows = np.matmul(_columns(g, groups), w.reshape(groups, o // groups, -1))
    taps = rows.reshape(groups, n, *g.shape[2:], each, *kernel)
    spatial = tuple(range(2, 2 + nd))
    taps = taps.transpose(1, 0, 2 + nd, *spatial, *range(3 + nd, 3 + 2 * nd))
    taps = taps.reshape(n, groups * each, *g.shape[2:], *kernel)
    return scatter_windows(taps, lengths, kernel, window)


def _kernel_forward(x: Any, g: Any, kernel: tuple[int, ...], window: Window, groups: int) -> Any:
    # a stretch of input that no window reaches would give windows of its own: cut to those of g
    rows = _rows(x, kernel, window, groups)
    weights = np.matmul(_columns(g, groups).transpose(0, 2, 1), rows)
    o, c = g.shape[1], x.shape[1]
    return weights.reshape(o, c // groups, *kernel)


_S1 = Window((1,), ((0, 0),), (1,))
_S2 = Window((2,), ((1, 1),), (2,))
_P1 = Window((1, 1), ((0, 0), (0, 0)), (1, 1))
_P2 = Window((2, 1), ((1, 1), (0, 2)), (1, 2))

convolution: Op = defop(
    "convolution",
    _forward,
    lambda g, out, x, w, window, groups: conv_input(
        g, w, lengths=shape_of(x)[2:], window=window, groups=groups
    ),
    lambda g, out, x, w, window, groups: conv_kernel(
        x, g, kernel=shape_of(w)[2:], window=window, groups=groups
    ),
    linear=True,
    infer=_infer,
    samples=(
        Sample(((2, 3, 7), (4, 3, 3)), {"window": _S1, "groups": 1}),
        Sample(((2, 4, 9), (6, 2, 3)), {"window": _S2, "groups": 2}),
        Sample(((2, 3, 5, 4), (2, 3, 3, 2)), {"window": _P1, "groups": 1}),
        Sample(((1, 2, 6, 5), (2, 1, 3, 2)), {"window": _P2, "groups": 2}),
    ),
    rejects=(
        (
            Sample(((2, 3, 7), (4, 2, 3)), {"window": _S1, "groups": 1}),
            ValueError,
            "channels",
        ),
        (
            Sample(((2, 3, 2), (4, 3, 3)), {"window": _S1, "groups": 1}),
            ValueError,
            "does not fit",
        ),
    ),
    doc="Σ x[s p + d k] w[k] (cross-correlation); conv_input(g, w), conv_kernel(x, g)",
)
conv_input: Op = defop(
    "conv_input",
    _input_forward,
    lambda g, out, x, w, lengths, window, groups: convolution(g, w, window=window, groups=groups),
    lambda g, out, x, w, lengths, window, groups: conv_kernel(
        g, x, kernel=shape_of(w)[2:], window=window, groups=groups
    ),
    linear=True,
    infer=lambda g, w, lengths, window, groups: Abstract(
        (shape_of(g)[0], shape_of(w)[1] * groups, *lengths), np.result_type(g.dtype, w.dtype)
    ),
    samples=(
        Sample(((2, 4, 5), (4, 3, 3)), {"lengths": (7,), "window": _S1, "groups": 1}),
        Sample(((2, 6, 4), (6, 2, 3)), {"lengths": (9,), "window": _S2, "groups": 2}),
        Sample(((1, 2, 3, 5), (2, 1, 3, 2)), {"lengths": (6, 5), "window": _P2, "groups": 2}),
    ),
    doc="the transpose of convolution in its input; convolution(g, w), conv_kernel(g, x)",
)
conv_kernel: Op = defop(
    "conv_kernel",
    _kernel_forward,
    lambda g, out, x, y, kernel, window, groups: conv_input(
        y, g, lengths=shape_of(x)[2:], window=window, groups=groups
    ),
    lambda g, out, x, y, kernel, window, groups: convolution(x, g, window=window, groups=groups),
    linear=True,
    infer=lambda x, g, kernel, window, groups: Abstract(
        (shape_of(g)[1], shape_of(x)[1] // groups, *kernel), np.result_type(x.dtype, g.dtype)
    ),
    samples=(
        Sample(((2, 3, 7), (2, 4, 5)), {"kernel": (3,), "window": _S1, "groups": 1}),
        Sample(((2, 4, 9), (2, 6, 4)), {"kernel": (3,), "window": _S2, "groups": 2}),
        Sample(((1, 2, 6, 5), (1, 2, 3, 5)), {"kernel": (3, 2), "window": _P2, "groups": 2}),
    ),
    doc="the transpose of convolution in its kernel; conv_input(y, g), convolution(x, g)",
)


def _advice(x: Any, w: Any, window: Window, groups: int) -> str:
    sx, sw = shape_of(x), shape_of(w)
    if len(sx) == len(sw) and len(sx) > 2 and sx[-1] == sw[1] * groups:
        return "channels come first: x.transpose(0, -1, …) or np.moveaxis(x, -1, 1) would fit"
    return ""


ADVICE["convolution"] = _advice


def _window(nd: int, stride: Any, padding: Any, dilation: Any, kernel: Any) -> Window:
    strides = tuple_of(stride, nd, "stride")
    dilations = tuple_of(dilation, nd, "dilation")
    if padding == "valid":
        padding = 0
    if padding == "same":
        if any(s != 1 for s in strides):
            raise ArgumentError("padding='same' needs stride 1")
        totals = [d * (k - 1) for k, d in zip(kernel, dilations)]
        return Window(strides, tuple((t // 2, t - t // 2) for t in totals), dilations)
    pads = tuple_of(padding, nd, "padding", smallest=0)
    return Window(strides, tuple((p, p) for p in pads), dilations)


def _with_bias(y: Any, bias: Any, nd: int) -> Any:
    return y if bias is None else y + reshape(lib.asarray(bias), (-1,) + (1,) * nd)


def _batched(x: Any, nd: int, name: str) -> tuple[Any, bool]:
    """The input with a batch axis, and whether one had to be added."""
    x = lib.asarray(x)
    shape = shape_of(x)
    if len(shape) == nd + 1:
        return reshape(x, (1, *shape)), True
    if len(shape) != nd + 2:
        axes = ", ".join("LHW"[0] if nd == 1 else "DHW"[3 - nd :])
        raise ShapeError(f"{name}: the input must be (N, C, {axes}) or (C, {axes}), it is {shape}")
    return x, False


def conv(
    nd: int,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution over ``nd`` spatial axes, with PyTorch's arguments.

    Parameters
    ----------
    nd : {1, 2, 3}
    x : array_like, shape (N, C, *L) or (C, *L)
    weight : array_like, shape (O, C / groups, *K)
    bias : array_like, shape (O,), optional
    stride, dilation : int or tuple
    padding : int, tuple, ``'same'`` or ``'valid'``
        Zeros on both sides.
    groups : int
        Channels are split into so many groups that do not mix.

    Raises
    ------
    ShapeError
        If channels do not fit, or the window is larger than the padded input.
    """
    x, added = _batched(x, nd, f"conv{nd}d")
    weight = lib.asarray(weight)
    window = _window(nd, stride, padding, dilation, shape_of(weight)[2:])
    y = _with_bias(convolution(x, weight, window=window, groups=int(groups)), bias, nd)
    return reshape(y, shape_of(y)[1:]) if added else y


def conv_transpose(
    nd: int,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of :func:`conv`, with PyTorch's arguments: ``weight`` is (C, O / groups, *K).

    The output has length ``(L - 1) s - 2 pad + d (K - 1) + output_padding + 1``.
    """
    x, added = _batched(x, nd, f"conv_transpose{nd}d")
    weight = lib.asarray(weight)
    sx, kernel = shape_of(x), shape_of(weight)[2:]
    window = _window(nd, stride, padding, dilation, kernel)
    extra = tuple_of(output_padding, nd, "output_padding", smallest=0)
    if any(e >= max(s, d) for e, s, d in zip(extra, window.stride, window.dilation)):
        raise ArgumentError("output_padding must be smaller than stride or dilation")
    if shape_of(weight)[0] != sx[1] or sx[1] % groups:
        raise ShapeError(
            f"conv_transpose{nd}d: the input has {sx[1]} channels, the weight "
            f"{shape_of(weight)} (C, O / groups, …) takes {shape_of(weight)[0]}"
        )
    lengths = tuple(
        (n - 1) * s - a - b + d * (k - 1) + e + 1
        for n, k, s, (a, b), d, e in zip(sx[2:], kernel, *window, extra)
    )
    y = conv_input(x, weight, lengths=lengths, window=window, groups=int(groups))
    y = _with_bias(y, bias, nd)
    return reshape(y, shape_of(y)[1:]) if added else y
