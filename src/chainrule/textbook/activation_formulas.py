"""The formulas of the activation functions and of their derivatives, and the tables of names.

Both a function and its derivative are functions of the *weighted input* z. Each is finite and
warning-free for every finite z of the dtype whose image is finite, and accurate in the tails:
``σ'(40)`` is 4.2e-18, where ``a(1 − a)`` has already rounded to 0.

Vector functions (softmax) take column form: neurons along axis 0, samples along axis 1.
At a kink the derivative is the one from the left (``relu'(0) = 0``); at both corners of a clipped
function it is 0; of ``hard_swish`` it is 0 at −3 and 1 at 3, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from chainrule.textbook._types import Array

__all__ = ["ALIASES", "FAMILIES", "VECTOR", "Elementwise", "VectorFormulas", "log_softmax"]

Elementwise: TypeAlias = Callable[[Array], Array]
VectorFormulas: TypeAlias = tuple[
    Callable[[Array], Array],  # z -> a
    Callable[[Array, Array], Array],  # (a, g) -> Σ'(z)ᵀ g
    Callable[[Array], Array],  # a -> ∂a_j/∂z_j
]


def _half_open(z: Array) -> Array:
    return np.exp(-np.abs(z))  # in (0, 1]: never overflows, whatever the sign of z


def _sigmoid(z: Array) -> Array:
    e = _half_open(z)
    out: Array = np.where(z >= 0, 1.0, e) / (1.0 + e)
    return out


def _sigmoid_prime(z: Array) -> Array:
    e = _half_open(z)
    d = 1.0 + e
    return e / (d * d)


def _tanh_prime(z: Array) -> Array:
    e = np.exp(-2.0 * np.minimum(np.abs(z), 400.0))  # 2z itself may overflow; e is 0 from 373 on
    d = 1.0 + e
    return 4.0 * e / (d * d)


def _softplus(z: Array) -> Array:
    return np.maximum(z, 0.0) + np.log1p(_half_open(z))


def _silu_prime(z: Array) -> Array:
    return _sigmoid(z) + z * _sigmoid_prime(z)


def _step(condition: Any, z: Array) -> Array:
    out: Array = condition.astype(z.dtype)
    return out


_erfc_object = np.frompyfunc(math.erfc, 1, 1)


def _normal_cdf(z: Array) -> Array:
    # erfc keeps its relative accuracy in the lower tail, where 1 + erf(x) cancels. NumPy has no
    # erf; the C library's, one element at a time, is exact and quick enough for a reference.
    out: Array = 0.5 * _erfc_object(z * -math.sqrt(0.5)).astype(z.dtype)
    return out


def _normal_pdf(z: Array) -> Array:
    near = np.clip(z, -40.0, 40.0)  # the density is 0 beyond, and z² cannot overflow
    return np.exp(-0.5 * near * near) / math.sqrt(2.0 * math.pi)


def _gelu_prime(z: Array) -> Array:
    return _normal_cdf(z) + z * _normal_pdf(z)


_GELU_C = math.sqrt(2.0 / math.pi)


def _gelu_tanh_parts(z: Array) -> tuple[Array, Array]:
    near = np.clip(z, -30.0, 30.0)  # e^2u underflows before, and z³ cannot overflow
    inner = _GELU_C * (near + 0.044715 * near**3)
    return inner, _GELU_C * (1.0 + 3 * 0.044715 * near * near)


def _gelu_tanh(z: Array) -> Array:
    return z * _sigmoid(2.0 * _gelu_tanh_parts(z)[0])  # ½(1 + tanh u) = σ(2u), without cancelling


def _gelu_tanh_prime(z: Array) -> Array:
    inner, slope = _gelu_tanh_parts(z)
    return _sigmoid(2.0 * inner) + z * _sigmoid_prime(2.0 * inner) * 2.0 * slope


def _softsign_prime(z: Array) -> Array:
    r = 1.0 / (1.0 + np.abs(z))
    return r * r


def _mish(z: Array) -> Array:
    return z * np.tanh(_softplus(z))


def _mish_prime(z: Array) -> Array:
    s = _softplus(z)
    return np.tanh(s) + z * _tanh_prime(s) * _sigmoid(z)


def _hard_sigmoid(z: Array) -> Array:
    out: Array = np.clip(z / 6.0 + 0.5, 0.0, 1.0)
    return out


def _hard_swish_prime(z: Array) -> Array:
    return np.where(z >= 3.0, 1.0, np.where(z <= -3.0, 0.0, np.clip(z, -3.0, 3.0) / 3.0 + 0.5))


def _shifted(z: Array) -> Array:
    with np.errstate(over="ignore"):  # −max − max overflows to −inf, whose exp is the right 0
        shifted: Array = z - z.max(axis=0, keepdims=True)
    return shifted


def _softmax(z: Array) -> Array:
    e = np.exp(_shifted(z))
    out: Array = e / e.sum(axis=0, keepdims=True)
    return out


def _softmax_pull(a: Array, g: Array) -> Array:
    out: Array = a * (g - (a * g).sum(axis=0, keepdims=True))
    return out


def log_softmax(z: Array) -> Array:
    """``z − ln Σ e^z`` of every sample (column form)."""
    shifted = _shifted(z)
    out: Array = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    return out


def _log_softmax_pull(a: Array, g: Array) -> Array:
    out: Array = g - np.exp(a) * g.sum(axis=0, keepdims=True)
    return out


def _leaky_relu(alpha: float = 0.01) -> tuple[Elementwise, Elementwise]:
    def f(z: Array) -> Array:
        return np.where(z > 0, z, alpha * z)

    def prime(z: Array) -> Array:
        return np.where(z > 0, z.dtype.type(1.0), z.dtype.type(alpha))

    return f, prime


def _elu(alpha: float = 1.0, scale: float = 1.0) -> tuple[Elementwise, Elementwise]:
    def f(z: Array) -> Array:
        return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))

    def prime(z: Array) -> Array:
        return scale * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))

    return f, prime


# Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks (2017), eq. 14.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


FAMILIES: dict[str, Callable[..., tuple[Elementwise, Elementwise]]] = {
    # name: parameters -> (f, f')
    "sigmoid": lambda: (_sigmoid, _sigmoid_prime),
    "tanh": lambda: (np.tanh, _tanh_prime),
    "relu": lambda: (lambda z: np.maximum(z, 0.0), lambda z: _step(z > 0, z)),
    "leaky_relu": _leaky_relu,
    "linear": lambda: (np.positive, np.ones_like),
    "elu": lambda alpha=1.0: _elu(alpha),
    "selu": lambda: _elu(_SELU_ALPHA, _SELU_SCALE),
    "gelu": lambda: (lambda z: z * _normal_cdf(z), _gelu_prime),
    "gelu_tanh": lambda: (_gelu_tanh, _gelu_tanh_prime),
    "silu": lambda: (lambda z: z * _sigmoid(z), _silu_prime),
    "mish": lambda: (_mish, _mish_prime),
    "softplus": lambda: (_softplus, _sigmoid),
    "softsign": lambda: (lambda z: z / (1.0 + np.abs(z)), _softsign_prime),
    "relu6": lambda: (lambda z: np.clip(z, 0.0, 6.0), lambda z: _step((z > 0) & (z < 6), z)),
    "hard_sigmoid": lambda: (
        _hard_sigmoid,
        lambda z: _step((z > -3) & (z < 3), z) / 6.0,
    ),
    "hard_tanh": lambda: (
        lambda z: np.clip(z, -1.0, 1.0),
        lambda z: _step((z > -1) & (z < 1), z),
    ),
    "hard_swish": lambda: (lambda z: z * _hard_sigmoid(z), _hard_swish_prime),
}
VECTOR: dict[str, VectorFormulas] = {
    "softmax": (_softmax, _softmax_pull, lambda a: a * (1.0 - a)),
    "log_softmax": (log_softmax, _log_softmax_pull, lambda a: -np.expm1(a)),
}
ALIASES = {"identity": "linear", "swish": "silu", "logistic": "sigmoid"}
