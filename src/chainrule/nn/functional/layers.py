"""The functions behind layers: affine, embedding, dropout, normalisation, similarities.

Names, arguments and defaults are PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.modes import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops import neural
from chainrule.ops.linalg import matmul
from chainrule.ops.normalization import rms_normalize, standardize
from chainrule.ops.random import Generator, default_generator
from chainrule.ops.shape import reshape, shape_of

__all__ = [
    "batch_norm",
    "bilinear",
    "cosine_similarity",
    "dropout",
    "dropout1d",
    "dropout2d",
    "embedding",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linear",
    "normalize",
    "one_hot",
    "pairwise_distance",
    "rms_norm",
]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """``x Wᵀ + b``: ``x`` (…, in), ``weight`` (out, in), ``bias`` (out,)."""
    return neural.linear(input, weight) if bias is None else neural.linear(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """``y_k = x₁ᵀ W_k x₂ + b_k``: ``weight`` (out, in1, in2)."""
    input1, input2 = lib.asarray(input1), lib.asarray(input2)
    s1, s2, sw = shape_of(input1), shape_of(input2), shape_of(weight)
    if s1[:-1] != s2[:-1] or (s1[-1], s2[-1]) != sw[1:]:
        raise ShapeError(
            f"bilinear: inputs of shape {s1} and {s2} do not fit a weight {sw} (out, in1, in2)"
        )
    rows = math.prod(s1[:-1])
    left = matmul(reshape(input1, (1, rows, s1[-1])), weight)  # (out, rows, in2)
    out = lib.sum(left * reshape(input2, (1, rows, s2[-1])), axis=-1).T
    out = reshape(out, (*s1[:-1], sw[0]))
    return out if bias is None else out + bias


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Rows of ``weight`` for the indices ``input``."""
    return neural.embedding(input, weight, padding_idx)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """For each class index a row with 1 at that place."""
    return neural.one_hot(tensor, num_classes)


# ---- dropout


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Any:
    """Each element 0 with probability ``p``, else divided by ``1 - p`` (Srivastava et al. 2014)."""
    return _dropped(input, p, training, generator, None)


def dropout1d(
    input: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None
) -> Any:
    """Whole channels of (N, C, L) dropped."""
    return _dropped(input, p, training, generator, 1)


def dropout2d(
    input: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None
) -> Any:
    """Whole channels of (N, C, H, W) dropped."""
    return _dropped(input, p, training, generator, 2)


def _dropped(
    input: Any, p: float, training: bool, generator: Generator | None, spatial: int | None
) -> Any:
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout: p is a probability, not {p}")
    input = lib.asarray(input)
    if not training or p == 0.0:
        return input
    shape = shape_of(input)
    if spatial is not None:
        shape = shape[: len(shape) - spatial] + (1,) * spatial
    mask = (generator or default_generator).dropout_mask(shape, p, input.dtype)
    return input * mask


# ---- normalisation


def layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """Mean 0 and variance 1 over the last axes, then ``weight`` and ``bias`` (Ba et al. 2016)."""
    input = lib.asarray(input)
    axes = _last_axes(shape_of(input), normalized_shape, "layer_norm")
    return _affine(standardize(input, axes=axes, eps=float(eps)), weight, bias)


def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """Root mean square 1 over the last axes (Zhang and Sennrich 2019)."""
    input = lib.asarray(input)
    axes = _last_axes(shape_of(input), normalized_shape, "rms_norm")
    smallest = float(np.finfo(input.dtype).eps) if eps is None else float(eps)
    return _affine(rms_normalize(input, axes=axes, eps=smallest), weight, None)


def _last_axes(shape: tuple[int, ...], normalized: Any, name: str) -> tuple[int, ...]:
    expected = (normalized,) if isinstance(normalized, int) else tuple(normalized)
    if not expected or shape[-len(expected) :] != expected:
        raise ShapeError(
            f"{name}: normalized_shape {expected} must be the last axes of the input, "
            f"which has shape {shape}"
        )
    return tuple(range(len(shape) - len(expected), len(shape)))


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _channels(x: Any, ndim: int) -> Any:
    return None if x is None else reshape(lib.asarray(x), (-1,) + (1,) * (ndim - 2))


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Channels (axis 1) normalised over the batch, or by running statistics (Ioffe and Szegedy 2015).

    While training the running statistics, if given as tensors, move towards those of the batch:
    ``r ← (1 - momentum) r + momentum s``, with the unbiased variance.
    """
    input = lib.asarray(input)
    shape = shape_of(input)
    if len(shape) < 2:
        raise ShapeError(f"batch_norm: the input needs a batch and a channel axis, not {shape}")
    ndim, channels = len(shape), shape[1]
    for name, given in (("weight", weight), ("bias", bias), ("running_mean", running_mean)):
        if given is not None and shape_of(given) != (channels,):
            raise ShapeError(
                f"batch_norm: the input {shape} has {channels} channels (axis 1), but {name} has "
                f"shape {shape_of(given)}"
            )
    axes = (0, *range(2, ndim))
    count = math.prod(shape[a] for a in axes)
    weight, bias = _channels(weight, ndim), _channels(bias, ndim)
    if training or running_mean is None:
        if training and count <= 1:
            raise ShapeError(
                f"batch_norm: one value per channel (input {shape}) has no variance; use a larger "
                "batch, or eval()"
            )
        if training and running_mean is not None:
            _update_statistics(input, axes, count, running_mean, running_var, momentum)
        return _affine(standardize(input, axes=axes, eps=float(eps)), weight, bias)
    scale = 1.0 / lib.sqrt(lib.asarray(running_var) + eps)
    normalised = (input - _channels(running_mean, ndim)) * _channels(scale, ndim)
    return _affine(normalised, weight, bias)


def _update_statistics(
    x: Any, axes: tuple[int, ...], count: int, mean: Any, var: Any, momentum: float
) -> None:
    with no_grad():
        x = lib.stop_gradient(x) if isinstance(x, Tensor) else lib.constant(x)
        batch_mean = lib.mean(x, axis=axes)
        batch_var = lib.var(x, axis=axes) * (count / (count - 1))
        for running, new in ((mean, batch_mean), (var, batch_var)):
            if isinstance(running, Tensor):
                running.assign(running * (1.0 - momentum) + new * momentum)


def instance_norm(
    input: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """Each channel of each sample normalised over its own positions."""
    input = lib.asarray(input)
    ndim = len(shape_of(input))
    if ndim < 3:
        raise ShapeError(
            f"instance_norm: the input needs positions, (N, C, …), not {shape_of(input)}"
        )
    out = standardize(input, axes=tuple(range(2, ndim)), eps=float(eps))
    return _affine(out, _channels(weight, ndim), _channels(bias, ndim))


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Groups of channels of each sample normalised together (Wu and He 2018)."""
    input = lib.asarray(input)
    shape = shape_of(input)
    if len(shape) < 2 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: the channels (axis 1 of {shape}) must split into {num_groups} groups"
        )
    grouped = reshape(
        input, (shape[0], num_groups, -1) if input.size else (shape[0], num_groups, 0)
    )
    out = reshape(standardize(grouped, axes=(2,), eps=float(eps)), shape)
    return _affine(out, _channels(weight, len(shape)), _channels(bias, len(shape)))


# ---- similarities


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """``x / max(‖x‖_p, eps)`` along ``dim``."""
    input = lib.asarray(input)
    if p == 2.0:
        size = lib.safe_sqrt(lib.sum(input * input, axis=dim, keepdims=True))
    else:
        size = lib.sum(lib.abs(input) ** p, axis=dim, keepdims=True) ** (1.0 / p)
    return input / lib.maximum(size, eps)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """``x₁·x₂ / (max(‖x₁‖, eps) max(‖x₂‖, eps))`` along ``dim``."""
    x1, x2 = lib.asarray(x1), lib.asarray(x2)
    sizes = [lib.maximum(lib.safe_sqrt(lib.sum(x * x, axis=dim)), eps) for x in (x1, x2)]
    return lib.sum(x1 * x2, axis=dim) / (sizes[0] * sizes[1])


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """``‖x₁ - x₂ + eps‖_p`` along the last axis."""
    difference = lib.asarray(x1) - lib.asarray(x2) + eps
    if p == 2.0:
        return lib.safe_sqrt(lib.sum(difference * difference, axis=-1, keepdims=keepdim))
    return lib.sum(lib.abs(difference) ** p, axis=-1, keepdims=keepdim) ** (1.0 / p)
