"""Activation functions with PyTorch's names and arguments (SPEC C2).

``dim`` is PyTorch's word for the axis; ``inplace`` is accepted and changes nothing, since values
under a graph are never overwritten.
"""

from __future__ import annotations

from typing import Any

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError
from chainrule.ops.shape import shape_of

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]


def relu(input: Any, inplace: bool = False) -> Any:
    """``max(x, 0)``; the derivative at 0 is 0."""
    return lib.relu(input)


def relu6(input: Any, inplace: bool = False) -> Any:
    """``min(max(x, 0), 6)``."""
    return lib.hardtanh(input, 0.0, 6.0)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """``x`` where positive, else ``negative_slope * x``."""
    return lib.leaky_relu(input, negative_slope)


def prelu(input: Any, weight: Any) -> Any:
    """``x`` where positive, else ``weight * x``, one weight for all or one per channel (axis 1)."""
    input, weight = lib.asarray(input), lib.asarray(weight)
    shape = shape_of(input)
    if weight.size > 1:
        channels = shape[1] if len(shape) > 1 else 1
        if weight.size != channels:
            raise ArgumentError(
                f"prelu: {weight.size} weights for {channels} channels (input {shape}, channels on "
                "axis 1); give one weight, or one per channel"
            )
        weight = lib.reshape(weight, (-1,) + (1,) * (len(shape) - 2))
    elif len(shape_of(weight)):
        weight = lib.reshape(weight, ())
    return lib.where(lib.greater(input, 0), input, weight * input)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``x`` where positive, else ``alpha (eˣ - 1)``."""
    return lib.elu(input, alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """The self-normalising ELU."""
    return lib.selu(input)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``max(0, x) + min(0, alpha (e^(x/alpha) - 1))``."""
    return lib.celu(input, alpha)


def gelu(input: Any, approximate: str = "none") -> Any:
    """``x Φ(x)``, exact, or with ``approximate='tanh'`` by a tanh."""
    return lib.gelu(input, approximate)


def silu(input: Any, inplace: bool = False) -> Any:
    """``x σ(x)``, also called swish."""
    return lib.silu(input)


def mish(input: Any, inplace: bool = False) -> Any:
    """``x tanh(softplus(x))``."""
    return lib.mish(input)


def sigmoid(input: Any) -> Any:
    """``1/(1 + e⁻ˣ)``."""
    return lib.sigmoid(input)


def tanh(input: Any) -> Any:
    """``tanh x``."""
    return lib.tanh(input)


def logsigmoid(input: Any) -> Any:
    """``ln σ(x)``."""
    return lib.log_sigmoid(input)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``ln(1 + e^(βx))/β``; ``x`` where ``βx > threshold``."""
    return lib.softplus(input, beta, threshold)


def softsign(input: Any) -> Any:
    """``x/(1 + |x|)``."""
    return lib.softsign(input)


def tanhshrink(input: Any) -> Any:
    """``x - tanh x``."""
    return lib.tanhshrink(input)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """``x`` moved towards 0 by ``lambd``."""
    return lib.softshrink(input, lambd)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """``x`` outside ``[-lambd, lambd]``, else 0."""
    return lib.hardshrink(input, lambd)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """``x`` kept within ``[min_val, max_val]``."""
    return lib.hardtanh(input, min_val, max_val)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """``x/6 + 1/2`` kept within [0, 1]."""
    return lib.hardsigmoid(input)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """``x hardsigmoid(x)``."""
    return lib.hardswish(input)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """``x`` where ``x > threshold``, else ``value``."""
    input = lib.asarray(input)
    return lib.where(lib.greater(input, threshold), input, value)


def glu(input: Any, dim: int = -1) -> Any:
    """The first half along ``dim`` times the sigmoid of the second (Dauphin et al. 2017)."""
    input = lib.asarray(input)
    length = shape_of(input)[dim]
    if length % 2:
        raise ArgumentError(f"glu halves axis {dim}, whose length {length} is odd")
    axis = dim % len(shape_of(input))
    before = (slice(None),) * axis
    first = lib.getitem(input, (*before, slice(0, length // 2)))
    second = lib.getitem(input, (*before, slice(length // 2, None)))
    return first * lib.sigmoid(second)


def _dim(dim: int | None, ndim: int, name: str) -> int:
    """The axis of a softmax; without one, PyTorch's old choice by the number of axes."""
    if dim is not None:
        return dim
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """``eˣ/Σeˣ`` along ``dim``. Give ``dim``; without it, it is 0 for 1 or 3 axes, else 1."""
    input = lib.asarray(input, dtype)
    return lib.softmax(input, _dim(dim, len(shape_of(input)), "softmax"))


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """``softmax(-x)``."""
    return softmax(-lib.asarray(input, dtype), dim)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """``ln softmax(x)`` along ``dim``."""
    input = lib.asarray(input, dtype)
    return lib.log_softmax(input, _dim(dim, len(shape_of(input)), "log_softmax"))
