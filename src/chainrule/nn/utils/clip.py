"""Gradient clipping by value and by global norm (SPEC C4; Pascanu et al. 2013)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.modes import no_grad
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, GradientError

__all__ = ["clip_grad_norm_", "clip_grad_value_", "get_total_norm"]


def _with_gradients(parameters: Tensor | Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [(p, g) for p in listed if (g := p.grad) is not None]


def get_total_norm(tensors: Iterable[Tensor], norm_type: float = 2.0) -> Tensor:
    """p-norm of all elements of all tensors, as if they were one vector.

    The sum of squares is taken over tensors scaled by the largest element, so that it neither
    overflows nor underflows.
    """
    tensors = list(tensors)
    if not tensors:
        return wrap(np.zeros((), np.float64), None)
    if norm_type == math.inf:
        result: Tensor = lib.max(lib.stack([lib.max(lib.abs(t)) for t in tensors]))
        return result
    if norm_type <= 0:
        raise ArgumentError(f"norm_type must be positive (or inf), not {norm_type}")
    if norm_type == 2.0 and STATE.stage is None:
        return _euclidean(tensors)
    sums = [lib.sum(lib.abs(t) ** norm_type) for t in tensors]
    total: Tensor = lib.sum(lib.stack(sums)) ** (1.0 / norm_type)
    return total


def _euclidean(tensors: list[Tensor]) -> Tensor:
    values = [t._value.reshape(-1) for t in tensors]
    with np.errstate(over="ignore"):
        total = math.fsum(float(np.dot(v, v)) for v in values)
    if not 1e-30 < total < 1e30:  # the squares may have left the dtype's range
        largest = max((float(np.max(np.abs(v), initial=0.0)) for v in values), default=0.0)
        if 0.0 < largest < math.inf:  # infinite and NaN norms stay so
            scaled = [v.astype(np.float64) / largest for v in values]
            total = math.fsum(float(np.dot(v, v)) for v in scaled) * largest**2
    made: Tensor = wrap(np.asarray(math.sqrt(total), values[0].dtype), None)
    return made


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients so that their global norm is at most ``max_norm``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float
    norm_type : float
        ``inf`` for the largest element.
    error_if_nonfinite : bool
        Raise where the norm is NaN or infinite.

    Returns
    -------
    Tensor
        The norm before clipping: it acted where this is larger than ``max_norm``.

    Notes
    -----
    The factor is ``min(1, max_norm / (norm + 1e-6))``, as in PyTorch.
    """
    pairs = _with_gradients(parameters)
    with no_grad():
        norm = get_total_norm([g for _, g in pairs], float(norm_type))
        if STATE.stage is None:
            value = float(norm)
            if error_if_nonfinite and not math.isfinite(value):
                raise GradientError(
                    f"the global gradient norm is {value}: a gradient is NaN or infinite, and "
                    "clipping cannot mend that"
                )
            factor: Any = max_norm / (value + 1e-6)
            if factor >= 1.0:
                return norm
        else:
            factor = lib.minimum(max_norm / (norm + 1e-6), 1.0)
        for parameter, g in pairs:
            scaled = g * factor
            parameter.grad = scaled if scaled.dtype == g.dtype else lib.astype(scaled, g.dtype)
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Keep every element of every gradient within ``[-clip_value, clip_value]``."""
    bound = float(clip_value)
    if bound < 0:
        raise ArgumentError(f"clip_value must not be negative, it is {clip_value}")
    with no_grad():
        for parameter, g in _with_gradients(parameters):
            parameter.grad = lib.minimum(lib.maximum(g, -bound), bound)
