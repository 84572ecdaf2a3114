"""What values are, of tensors, arrays and numbers alike, and copies that are the caller's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, wrap

__all__ = ["float_dtype", "handle", "own", "plain", "shape_of"]


def handle(g: Tensor) -> Any:
    """A handle of its own on the value and node of ``g``: writes to one do not show in another."""
    return wrap(g._value, g._node)


def own(g: Any, handed: set[int]) -> Any:
    """``g`` as a writable array that shares memory with no other result."""
    g = np.asarray(g)
    if g.base is not None or not g.flags.owndata or not g.flags.writeable or id(g) in handed:
        g = g.copy()
    handed.add(id(g))
    return g


def plain(value: Any) -> Any:
    """The array in a tensor; anything else as it is."""
    return value._value if isinstance(value, Tensor) else value


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a tensor, an array or a number."""
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def float_dtype(out: Any) -> Any:
    """The dtype that a gradient of this value has."""
    dtype = getattr(out, "dtype", None)
    return dtype if dtype is not None and dtype.kind == "f" else np.float64
