"""Tensors made from nothing: constants, fresh leaves, arrays of given content."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.graph import leaf
from chainrule.core.lib import lib
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor, wrap

__all__ = ["array", "asarray", "constant", "tracked", "variable", "wrap", "zeros_as"]


def constant(value: Any) -> Tensor:
    """A tensor with this value (not copied), which requires no gradient."""
    value = np.asarray(value)
    if STATE.stage is not None:
        return STATE.stage.constant(value)
    made: Tensor = wrap(value, None)
    return made


def variable(value: Any) -> Tensor:
    """A fresh leaf with this value (not copied), with respect to which gradients can be taken."""
    if STATE.stage is not None:
        return STATE.stage.variable(value)
    made: Tensor = wrap(value, leaf(value))
    return made


def tracked(value: Any) -> Tensor:
    """A fresh tracked tensor with this value, linked to it where it is itself a tracked tensor."""
    from chainrule.core.linearised import track

    return track(value)


def zeros_as(like: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of a shape: a Tensor if ``like`` is one, else an array."""
    zeros = np.zeros(shape, like.dtype)
    return constant(zeros) if isinstance(like, Tensor) else zeros


def asarray(value: Any, dtype: Any = None) -> Any:
    """A Tensor unchanged; anything else as an array, lists that hold tensors stacked."""
    if isinstance(value, Tensor):
        return value if dtype is None or value.dtype == dtype else lib.astype(value, dtype)
    if isinstance(value, list | tuple):
        return array(value, dtype)
    return np.asarray(value, dtype=dtype)


def array(value: Any, dtype: Any = None, **_: Any) -> Any:
    """``np.array`` for nested lists that may hold tensors: the result is differentiable.

    Examples
    --------
    >>> t = cr.tensor(2.0, requires_grad=True)
    >>> cr.array([[t, 1.0], [0.0, t * t]]).sum().backward()
    >>> t.grad
    tensor(5.)
    """
    if isinstance(value, Tensor):
        made = lib.copy(value)
        return made if dtype is None else lib.astype(made, dtype)
    if isinstance(value, list | tuple) and _any_tensor(value):
        made = lib.stack([array(item) for item in value])
        return made if dtype is None else lib.astype(made, dtype)
    return np.array(value, dtype=dtype)


def _any_tensor(value: Any) -> bool:
    if isinstance(value, Tensor):
        return True
    return isinstance(value, list | tuple) and any(_any_tensor(item) for item in value)
