"""Parameters: the tensors of a module that an optimiser changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ArgumentError

__all__ = ["DEFAULT_DTYPE", "Parameter", "factory_dtype"]

DEFAULT_DTYPE = np.dtype(np.float32)
"""Parameters are float32 unless ``dtype=`` says otherwise, as in PyTorch."""


def factory_dtype(dtype: Any = None, device: Any = None) -> np.dtype[Any]:
    """The dtype of new parameters.

    ``device`` stands in the signatures of layers for PyTorch's sake; there is one device.
    """
    if device is not None and str(device) != "cpu":
        raise ArgumentError(f"device={device!r}: the library computes on the CPU; leave it out")
    resolved = DEFAULT_DTYPE if dtype is None else np.dtype(dtype)
    if resolved.kind != "f":
        raise ArgumentError(f"parameters are floating-point numbers, not {resolved}")
    return resolved


class Parameter(Tensor):
    """A tensor that belongs to a module and requires gradients.

    Parameters
    ----------
    data : array_like
        Initial values; floating arrays keep their dtype.
    requires_grad : bool

    Attributes
    ----------
    name : str or None
        Path within the outermost module, such as ``"0.weight"``; set when a module takes it in.
    initializer : str or None
        How the values were made; shown in the module's ``repr``.
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        made = data.detach() if isinstance(data, Tensor) else tensor(data)
        self._value = made._value
        self._node = self._grad = self._view = self._views = None
        self.requires_grad = requires_grad

    @property
    def name(self) -> str | None:
        """Path within the outermost module."""
        return self.__dict__.get("name")

    @name.setter
    def name(self, name: str | None) -> None:
        self.__dict__["name"] = name
        if self._node is not None and not self._node.inputs:
            self._node.label = name

    @property
    def initializer(self) -> str | None:
        """How the values were made."""
        return self.__dict__.get("initializer")

    @initializer.setter
    def initializer(self, text: str | None) -> None:
        self.__dict__["initializer"] = text

    def cast(self, dtype: Any) -> None:
        """Change the dtype in place; the gradient is dropped."""
        dtype = np.dtype(dtype)
        if dtype != self.dtype:
            tracked = self.requires_grad
            self._value = self._concrete("a cast").astype(dtype)
            self._node = self._grad = None
            if tracked:
                self._make_leaf()


def empty(shape: tuple[int, ...], dtype: Any) -> Parameter:
    """A parameter of zeros, to be filled by an initialiser."""
    return Parameter(np.zeros(shape, dtype))
