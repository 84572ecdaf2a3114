"""Initialisers with PyTorch's names (SPEC C3); each fills a tensor, notes how, and returns it.

``generator`` is a :class:`chainrule.Generator`; without one the default generator is used, which
``cr.manual_seed`` seeds. Fans: a weight of shape ``(out, in, *kernel)`` has ``fan_in = in · |kernel|``
and ``fan_out = out · |kernel|``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.random import Generator, default_generator

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

GAINS = {
    "linear": 1.0,
    "identity": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Factor by which a layer's weights grow to keep the variance through a nonlinearity.

    Parameters
    ----------
    nonlinearity : str
        ``linear``, ``conv1d``, ``conv2d``, ``sigmoid`` (1), ``tanh`` (5/3), ``relu`` (√2),
        ``leaky_relu`` (√(2/(1 + a²)), ``param`` is ``a``, 0.01), ``selu`` (3/4).

    Examples
    --------
    >>> round(cr.nn.init.calculate_gain("leaky_relu", 0.2), 4)
    1.3868
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2.0 / (1.0 + slope**2))
    if nonlinearity not in GAINS:
        raise ArgumentError(
            f"no gain is known for {nonlinearity!r}; there are {sorted([*GAINS, 'leaky_relu'])}"
        )
    return GAINS[nonlinearity]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """``(fan_in, fan_out)`` of a weight."""
    if len(shape) < 2:
        raise ShapeError(
            f"fan in and fan out need a weight with at least two axes (out, in, …), not {shape}; "
            "fill vectors with zeros_, constant_ or uniform_"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fill(tensor: Tensor, values: Any, text: str) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise ArgumentError(
            f"an initialiser fills a tensor or parameter, not {type(tensor).__name__}"
        )
    tensor.assign(wrap(np.asarray(values, dtype=tensor.dtype, order="C"), None))
    tensor.__dict__["initializer"] = text
    return tensor


def _uniform(tensor: Tensor, bound: float, generator: Generator | None) -> Any:
    return _between(tensor, -bound, bound, generator)


def _between(tensor: Tensor, low: float, high: float, generator: Generator | None) -> Any:
    source = generator or default_generator
    return source.uniform(tensor.shape, low, high, tensor.dtype)._value


def _normal(tensor: Tensor, std: float, generator: Generator | None, mean: float = 0.0) -> Any:
    source = generator or default_generator
    return source.normal(tensor.shape, mean, std, tensor.dtype)._value


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform in ``[a, b)``."""
    return _fill(tensor, _between(tensor, a, b, generator), f"uniform({a:.4g}, {b:.4g})")


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normal with this mean and standard deviation."""
    text = f"normal({mean:.4g}, {std:.4g})"
    return _fill(tensor, _normal(tensor, std, generator, mean), text)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normal, drawn again until within ``[a, b]``."""
    if not a < b:
        raise ArgumentError(f"trunc_normal_: the bounds are empty, a={a}, b={b}")
    if min(abs(a - mean), abs(b - mean)) > 4 * std and not a <= mean <= b:
        raise ArgumentError("trunc_normal_: the mean is more than 4 std outside [a, b]")
    source = generator or default_generator
    values = source.normal(tensor.shape, mean, std)._value.reshape(-1)
    while (outside := (values < a) | (values > b)).any():
        values = values.copy()
        values[outside] = source.normal((int(outside.sum()),), mean, std)._value
    text = f"trunc_normal({mean:.4g}, {std:.4g}, {a:.4g}, {b:.4g})"
    return _fill(tensor, values.reshape(tensor.shape), text)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element ``val``."""
    return _fill(tensor, np.full(tensor.shape, val), f"constant({val:.4g})")


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return _fill(tensor, np.ones(tensor.shape), "ones")


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return _fill(tensor, np.zeros(tensor.shape), "zeros")


def eye_(tensor: Tensor) -> Tensor:
    """The identity, as far as the matrix reaches."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_ fills a matrix, not shape {tensor.shape}")
    return _fill(tensor, np.eye(tensor.shape[0], tensor.shape[1]), "eye")


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution kernel that passes its input through, as far as there are channels."""
    if tensor.ndim not in (3, 4, 5) or tensor.shape[0] % groups:
        raise ShapeError(
            f"dirac_ fills a kernel (out, in, *window) with out divisible by groups={groups}, "
            f"not shape {tensor.shape}"
        )
    values = np.zeros(tensor.shape)
    centre = tuple(n // 2 for n in tensor.shape[2:])
    each = tensor.shape[0] // groups
    for group in range(groups):
        for channel in range(min(each, tensor.shape[1])):
            values[(group * each + channel, channel, *centre)] = 1.0
    return _fill(tensor, values, "dirac")


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform in ±gain √(6/(fan_in + fan_out)) (Glorot and Bengio 2010)."""
    bound = gain * math.sqrt(6.0 / sum(fans(tensor.shape)))
    return _fill(tensor, _uniform(tensor, bound, generator), f"xavier_uniform(gain={gain:.4g})")


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with std gain √(2/(fan_in + fan_out)) (Glorot and Bengio 2010)."""
    std = gain * math.sqrt(2.0 / sum(fans(tensor.shape)))
    return _fill(tensor, _normal(tensor, std, generator), f"xavier_normal(gain={gain:.4g})")


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"mode must be 'fan_in' or 'fan_out', not {mode!r}")
    fan = fans(tensor.shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform in ±gain √(3/fan) (He et al. 2015); ``a`` is the slope of a leaky ReLU."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    text = f"kaiming_uniform(a={a:.4g}, {mode}, {nonlinearity})"
    return _fill(tensor, _uniform(tensor, bound, generator), text)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with std gain/√fan (He et al. 2015)."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    text = f"kaiming_normal(a={a:.4g}, {mode}, {nonlinearity})"
    return _fill(tensor, _normal(tensor, std, generator), text)


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Normal with std 1/√fan_in (LeCun et al. 1998)."""
    std = 1.0 / math.sqrt(fans(tensor.shape)[0])
    return _fill(tensor, _normal(tensor, std, generator), "lecun_normal")


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Uniform in ±√(3/fan_in) (LeCun et al. 1998)."""
    bound = math.sqrt(3.0 / fans(tensor.shape)[0])
    return _fill(tensor, _uniform(tensor, bound, generator), "lecun_uniform")


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Rows (or columns, whichever are fewer) orthonormal, times ``gain`` (Saxe et al. 2014)."""
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_ fills a tensor with at least two axes, not {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    source = generator or default_generator
    normal = source.normal((max(rows, columns), min(rows, columns)))._value
    q, r = np.linalg.qr(normal)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the distribution uniform
    values = (q if rows >= columns else q.T) * gain
    return _fill(tensor, values.reshape(tensor.shape), f"orthogonal(gain={gain:.4g})")


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normal with std ``std``, a fraction ``sparsity`` of each column set to 0 (Martens 2010)."""
    if tensor.ndim != 2:
        raise ShapeError(f"sparse_ fills a matrix, not shape {tensor.shape}")
    source = generator or default_generator
    values = source.normal(tensor.shape, 0.0, std)._value.copy()
    zeros = math.ceil(sparsity * tensor.shape[0])
    for column in range(tensor.shape[1]):
        values[source.permutation(tensor.shape[0])._value[:zeros], column] = 0.0
    return _fill(tensor, values, f"sparse({sparsity:.4g}, std={std:.4g})")
