"""Tensor's methods: NumPy's, and PyTorch's names for the same (``dim``, ``keepdim``, ``view``)."""

from __future__ import annotations

from typing import Any

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor

__all__ = ["attach"]


def attach() -> None:
    """Give Tensor its methods."""
    for name in (
        "astype",
        "copy",
        "mean",
        "prod",
        "ravel",
        "squeeze",
        "std",
        "sum",
        "swapaxes",
        "var",
    ):
        setattr(Tensor, name, _method(name))
    for name, function in METHODS.items():
        setattr(Tensor, name, function)
    for name, getter in PROPERTIES.items():
        setattr(Tensor, name, property(getter))


def _method(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(lib, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"``cr.{name}`` of this tensor."
    return method


def _reshape(self: Any, *shape: Any, **kwargs: Any) -> Any:
    """The same elements in another shape."""
    return lib.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)


def _transpose(self: Any, *axes: Any) -> Any:
    """Axes in another order (reversed by default)."""
    if not axes or axes == (None,):
        return lib.transpose(self)
    return lib.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)


METHODS: dict[str, Any] = {"reshape": _reshape, "transpose": _transpose}
PROPERTIES: dict[str, Any] = {
    "T": lambda self: lib.transpose(self),
    "mT": lambda self: lib.mT(self),
}
