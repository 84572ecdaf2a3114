"""Normalisation gates: mean 0 and variance 1 over chosen axes, or root mean square 1.

Batch, layer, group and instance normalisation are one gate over different axes (Ioffe and Szegedy
2015; Ba et al. 2016); RMS normalisation (Zhang and Sennrich 2019) leaves the mean alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import Op, Sample, defop
from chainrule.ops.elementwise import sqrt
from chainrule.ops.neural import floating, same_shape
from chainrule.ops.reduction import _sum as sum_op
from chainrule.ops.shape import shape_of

__all__ = ["rms_normalize", "standardize"]


def _standardize_forward(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    x = floating(x)
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    centred /= np.sqrt(variance + eps)
    return centred


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    shape = shape_of(x)
    count = max(math.prod(shape[a] for a in axes), 1)
    return sum_op(x, axis=axes, keepdims=True) * (1.0 / count)


def _standardize_rule(g: Any, out: Any, x: Any, axes: tuple[int, ...], eps: float) -> Any:
    centred = x - _mean(x, axes)
    deviation = sqrt(_mean(centred * centred, axes) + eps)
    return (g - _mean(g, axes) - out * _mean(g * out, axes)) / deviation


def _standardize_parts(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    centred = x - _mean(x, axes)
    return centred / sqrt(_mean(centred * centred, axes) + eps)


_NORM_SAMPLES = (
    Sample(((4, 3),), {"axes": (1,), "eps": 1e-5}),
    Sample(((4, 3),), {"axes": (0,), "eps": 1e-5}),
    Sample(((2, 3, 4, 2),), {"axes": (0, 2, 3), "eps": 1e-3}),
)
standardize: Op = defop(
    "standardize",
    _standardize_forward,
    _standardize_rule,
    infer=same_shape,
    parts=_standardize_parts,
    samples=_NORM_SAMPLES,
    doc="(x - mean)/√(var + ε) over axes; (g - mean g - x̂ mean(g x̂))/√(var + ε)",
)


def _root_mean_square_forward(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    x = floating(x)
    return x / np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + eps)


def _root_mean_square_rule(g: Any, out: Any, x: Any, axes: tuple[int, ...], eps: float) -> Any:
    size = sqrt(_mean(x * x, axes) + eps)
    return (g - out * _mean(g * out, axes)) / size


rms_normalize: Op = defop(
    "rms_normalize",
    _root_mean_square_forward,
    _root_mean_square_rule,
    infer=same_shape,
    parts=lambda x, axes, eps: x / sqrt(_mean(x * x, axes) + eps),
    samples=_NORM_SAMPLES,
    doc="x/√(mean x² + ε) over axes; (g - x̂ mean(g x̂))/√(mean x² + ε)",
)
