"""Tensor's methods by NumPy's names.

PyTorch's names are in :mod:`chainrule.ops.torch_methods`. Where a name is in both libraries with
different meanings NumPy's holds (``repeat``, ``size``, ``sort`` in place), unless one of PyTorch's
keywords (``dim``, ``keepdim``, ``descending``) says that its meaning is wanted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.ops.torch_methods import (
    TORCH_METHODS,
    TORCH_PROPERTIES,
    extremum,
    ordering,
    reduction,
    truth,
)

__all__ = ["attach"]

SAME = (
    "argpartition",
    "astype",
    "choose",
    "clip",
    "compress",
    "conj",
    "conjugate",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "nonzero",
    "put",
    "ravel",
    "repeat",
    "round",
    "searchsorted",
    "swapaxes",
    "take",
    "trace",
)
"""Methods that call the function of their name with the tensor as the first argument."""


def attach() -> None:
    """Give Tensor its methods."""
    for name in SAME:
        _set(name, _method(name))
    for table in (TORCH_METHODS, METHODS):
        for name, function in table.items():
            _set(name, function)
    for name, getter in (TORCH_PROPERTIES | PROPERTIES).items():
        setattr(Tensor, name, property(getter))


def _set(name: str, function: Any) -> None:
    function.__name__ = name
    function.__qualname__ = f"Tensor.{name}"
    setattr(Tensor, name, function)


def _method(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "dim" in kwargs:
            kwargs["axis"] = kwargs.pop("dim")
        return getattr(lib, name)(self, *args, **kwargs)

    method.__doc__ = f"``cr.{name}`` of this tensor."
    return method


def _reshape(self: Any, *shape: Any, **kwargs: Any) -> Any:
    """The same elements in another shape."""
    return lib.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)


def _transpose(self: Any, *axes: Any) -> Any:
    """Axes in another order (reversed by default); two axes of more than two are exchanged.

    Raises
    ------
    ArgumentError
        For ``transpose(0, 1)`` of a matrix, which is no change in NumPy and a transposition in
        PyTorch.
    """
    if not axes or axes == (None,):
        return lib.transpose(self)
    if len(axes) == 1 and not isinstance(axes[0], int):
        return lib.transpose(self, axes[0])
    if len(axes) == 2 and self.ndim > 2:  # PyTorch's form: an error in NumPy
        return lib.swapaxes(self, *axes)
    if self.ndim == 2 and len(axes) == 2 and axes[0] % 2 < axes[1] % 2:
        raise ArgumentError(
            f"transpose{axes} of a matrix is no change in NumPy and a transposition in PyTorch: "
            "write t.T or t.swapaxes(0, 1) for the transposition, np.transpose(t, (0, 1)) for none"
        )
    return lib.transpose(self, axes)


def _copy(self: Any, order: Any = "C") -> Any:
    """The same values in memory of their own, in C order as ``ndarray.copy``."""
    made = lib.copy(self)
    if isinstance(made._value, np.ndarray):  # the order decides which later reshapes are views
        made._value = np.asarray(made._value, order=order)
    return made


def _flatten(self: Any, *args: Any, start_dim: int = 0, end_dim: int = -1, order: str = "C") -> Any:
    """One axis, copied, as NumPy's; with PyTorch's ``start_dim`` and ``end_dim`` a part of the axes."""
    if args and isinstance(args[0], str):
        order = args[0]
    elif args:
        start_dim = args[0]
        end_dim = args[1] if len(args) > 1 else end_dim
    if start_dim == 0 and end_dim in (-1, self.ndim - 1):
        return lib.copy(lib.ravel(self, order))
    start, stop = start_dim % self.ndim, end_dim % self.ndim
    if start > stop:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    shape = self.shape
    middle = math.prod(shape[start : stop + 1])
    return lib.reshape(self, (*shape[:start], middle, *shape[stop + 1 :]))


def _squeeze(self: Any, axis: Any = None, *, dim: Any = None) -> Any:
    """Axes of length 1 removed; PyTorch's ``dim`` leaves other axes as they are."""
    if dim is None:
        return lib.squeeze(self, axis)
    wanted = (dim,) if isinstance(dim, int) else tuple(dim)
    return lib.squeeze(self, tuple(d for d in wanted if self.shape[d] == 1))


def _sort_in_place(self: Any, axis: int, kind: Any, stable: Any) -> None:
    self._replace(lib.sort(self, axis, kind, stable=stable), "sort")


def _partition(self: Any, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
    """``ndarray.partition``: in place."""
    self._replace(lib.partition(self, kth, axis, kind), "partition")


def _fill(self: Any, value: Any) -> None:
    """``ndarray.fill``: in place."""
    self.fill_(value)


def _resize(self: Any, *shape: Any, **_: Any) -> Any:
    raise UnsupportedError(
        "resize in place is not supported: a tensor keeps its shape; use t.reshape(…) or np.resize"
    )


def _ptp(self: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The largest minus the smallest element."""
    return lib.ptp(self, axis, out, keepdims)


def _tobytes(self: Any, order: str = "C") -> bytes:
    """The bytes of the values."""
    return bytes(self._concrete("tobytes()").tobytes(order))


METHODS: dict[str, Any] = {
    "copy": _copy,
    "all": truth("all"),
    "any": truth("any"),
    "argmax": ordering("argmax"),
    "argmin": ordering("argmin"),
    "argsort": ordering("argsort"),
    "fill": _fill,
    "flatten": _flatten,
    "max": extremum("max"),
    "mean": reduction("mean"),
    "min": extremum("min"),
    "partition": _partition,
    "prod": reduction("prod"),
    "ptp": _ptp,
    "reshape": _reshape,
    "resize": _resize,
    "sort": ordering("sort", in_place=_sort_in_place),
    "squeeze": _squeeze,
    "std": reduction("std"),
    "sum": reduction("sum"),
    "tobytes": _tobytes,
    "transpose": _transpose,
    "var": reduction("var"),
}
PROPERTIES: dict[str, Any] = {
    "T": lambda self: lib.transpose(self),
    "mT": lambda self: lib.mT(self),
    "real": lambda self: lib.real(self),
    "imag": lambda self: lib.imag(self),
    "flat": lambda self: lib.ravel(self),
    "strides": lambda self: self._concrete("strides").strides,
    "flags": lambda self: self._concrete("flags").flags,
}
