"""Arrays into tensors, in whatever holds them, and NumPy's names made to keep them tensors.

Some names of NumPy and Python would drop the graph: ``np.array`` of tensors, ``float(loss)``,
``isinstance(x, np.ndarray)``. While the user's code runs on tensors they mean something else.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

import chainrule as cr

from ..core.linearised import track
from .leaves import OPAQUE

__all__ = ["is_tracked", "on_tensors", "tensors_allowed"]


def is_tracked(value: Any) -> bool:
    """True for a tensor that a gradient can flow to."""
    return isinstance(value, cr.Tensor) and value.requires_grad


def on_tensors(value: Any, scalars: bool, depth: int = 6) -> Any:
    """`value` with float arrays (and numbers) in it as tracked tensors; lists and objects in place."""
    return _Lift(scalars).visit(value, depth)


class _Lift:
    """One array stays one tensor, however many names it has."""

    def __init__(self, scalars: bool) -> None:
        self.scalars = scalars
        self.done: dict[int, tuple[Any, Any]] = {}

    def visit(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in (int, bool, str, type(None)):
            return value
        if id(value) in self.done:
            return self.done[id(value)][1]
        new = value
        if isinstance(value, np.ndarray):
            new = track(np.array(value)) if value.dtype.kind == "f" else value
        elif isinstance(value, cr.Tensor):
            new = track(value) if value._node is None and value.dtype.kind == "f" else value
        elif isinstance(value, (float, np.floating)):
            # Numbers are values, not objects: two equal ones are not one.
            return track(float(value)) if self.scalars and np.isfinite(value) else value
        elif isinstance(value, OPAQUE) or depth == 0:
            return value
        self.done[id(value)] = (value, new)
        if new is value and not isinstance(value, cr.Tensor):
            new = self._container(value, depth - 1)
            self.done[id(value)] = (value, new)
        return new

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            for key in list(value):
                value[key] = self.visit(value[key], depth)
        elif isinstance(value, list):
            value[:] = [self.visit(v, depth) for v in value]
        elif isinstance(value, tuple):
            parts = [self.visit(v, depth) for v in value]
            if any(new is not old for new, old in zip(parts, value)):
                return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        elif hasattr(value, "__dict__"):
            attributes = vars(value)
            for key in list(attributes):
                attributes[key] = self.visit(attributes[key], depth)
        return value


class _AnyArray(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, (np.ndarray, cr.Tensor))


class _Array(metaclass=_AnyArray):
    """Stands for ``np.ndarray`` in ``isinstance``."""


class _AnyFloat(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, builtins.float)


class _Float(metaclass=_AnyFloat):
    """``float`` that leaves a tensor what it is."""

    def __new__(cls, value: Any = 0.0) -> Any:
        return value if isinstance(value, cr.Tensor) else builtins.float(value)


def _array_of(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(value: Any, *args: Any, **kwargs: Any) -> Any:
        if _holds_tensor(value):
            copied = cr.numpy.array(value)
            return copied if copied.dtype.kind == "f" else make(value, *args, **kwargs)
        return make(value, *args, **kwargs)

    return made


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_tensor(v) for v in value)
    return isinstance(value, cr.Tensor)


class _Numpy:
    """NumPy, but for what it cannot dispatch: arrays made of tensors, the type of an array."""

    ndarray = _Array

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name in ("empty", "empty_like"):
            # What an empty array holds differs from run to run, and is not to be compared.
            return getattr(np, name.replace("empty", "zeros"))
        if name in ("array", "asarray", "asanyarray", "ascontiguousarray", "float64"):
            return _array_of(found)
        return found


@contextmanager
def tensors_allowed(functions: Sequence[Callable[..., Any]]) -> Iterator[None]:
    """Inside the block the modules of `functions` see :class:`_Numpy` for NumPy."""
    changed: list[tuple[dict[str, Any], str, Any]] = []
    missing = object()
    spaces = {id(s): s for s in (getattr(f, "__globals__", None) for f in functions) if s}
    for space in spaces.values():
        for name, value in list(space.items()):
            if value is np:
                changed.append((space, name, value))
                space[name] = _Numpy()
        if "float" not in space:
            changed.append((space, "float", missing))
            space["float"] = _Float
    try:
        yield
    finally:
        for space, name, value in changed:
            if value is missing:
                space.pop(name, None)
            else:
                space[name] = value
