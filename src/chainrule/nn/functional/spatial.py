"""Convolution, pooling and padding with PyTorch's names and arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError
from chainrule.ops import convolution, pooling
from chainrule.ops.shape import shape_of

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "max_pool1d",
    "max_pool2d",
    "pad",
]


def _of(function: Callable[..., Any], nd: int, name: str) -> Callable[..., Any]:
    """A function of any number of spatial axes, for one number of them."""
    made = partial(function, nd)
    made.__doc__ = function.__doc__
    made.__name__ = made.__qualname__ = name  # type: ignore[attr-defined]
    return made


conv1d = _of(convolution.conv, 1, "conv1d")
conv2d = _of(convolution.conv, 2, "conv2d")
conv3d = _of(convolution.conv, 3, "conv3d")
conv_transpose1d = _of(convolution.conv_transpose, 1, "conv_transpose1d")
conv_transpose2d = _of(convolution.conv_transpose, 2, "conv_transpose2d")
max_pool1d = _of(pooling.max_pool, 1, "max_pool1d")
max_pool2d = _of(pooling.max_pool, 2, "max_pool2d")
avg_pool1d = _of(pooling.avg_pool, 1, "avg_pool1d")
avg_pool2d = _of(pooling.avg_pool, 2, "avg_pool2d")
adaptive_avg_pool1d = _of(pooling.adaptive_avg_pool, 1, "adaptive_avg_pool1d")
adaptive_avg_pool2d = _of(pooling.adaptive_avg_pool, 2, "adaptive_avg_pool2d")
adaptive_max_pool1d = _of(pooling.adaptive_max_pool, 1, "adaptive_max_pool1d")
adaptive_max_pool2d = _of(pooling.adaptive_max_pool, 2, "adaptive_max_pool2d")

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Padding from the last axis forwards: ``pad = (left, right, top, bottom, …)``; negative cuts."""
    input = lib.asarray(input)
    ndim = len(shape_of(input))
    if mode not in _MODES:
        raise ArgumentError(f"pad: mode is one of {sorted(_MODES)}, not {mode!r}")
    widths = tuple(int(n) for n in pad)
    if len(widths) % 2 or len(widths) > 2 * ndim:
        raise ArgumentError(
            f"pad: {widths} must hold two numbers per axis, for at most {ndim} axes"
        )
    pairs = [(0, 0)] * ndim
    for place in range(len(widths) // 2):
        pairs[ndim - 1 - place] = (widths[2 * place], widths[2 * place + 1])
    cuts = tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(pairs, shape_of(input)))
    if any(a < 0 or b < 0 for a, b in pairs):
        input = lib.getitem(input, cuts)
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if not any(a or b for a, b in grown):
        return input
    if mode == "constant":
        return lib.pad(input, grown, mode="constant", constant_values=value or 0.0)
    return lib.pad(input, grown, mode=_MODES[mode])
