"""Whether two objects are alike: whether a function of one does the same to the other.

A training step of the library's own parts (modules, losses, optimisers) is Python code of the
library that looks at nothing but the step: two steps whose parts are of the same classes, with
equal numbers everywhere and tensors of equal shapes in the same places, are staged to the same
graph. :func:`likeness` describes all that can be reached from an object. What it does not know
(objects of the user's classes, functions of theirs, open files …) it refuses to describe, and the
function is then staged.

Values of tensors are no part of the description, as a graph holds tensors by reference. That
somebody replaced a function of a module of the library is not noticed; a replaced method is.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.tensor import Tensor

__all__ = ["Likeness", "likeness"]

_NUMBERS = (bool, int, float, str, bytes, type(None))
_SKIPPED = frozenset(
    {"_made_with", "_path"}
)  # of modules: how they were made, what they are called


class Likeness(NamedTuple):
    """A description, equal for objects that are alike, and the parts it numbers, in order."""

    words: tuple[Any, ...]
    parts: list[Any]


class _Unknown(Exception):
    """Something that cannot be described."""


class _Describer:
    def __init__(self) -> None:
        self.words: list[Any] = []
        self.parts: list[Any] = []
        self._number: dict[int, int] = {}
        self._classes: set[type] = set()

    def describe(self, root: Any) -> None:
        stack = [root]
        while stack:
            stack.extend(reversed(self._look(stack.pop())))

    def _look(self, x: Any) -> list[Any]:
        """Describe one object; return what is to be described next."""
        kind = type(x)
        if kind in _NUMBERS:
            self.words += (kind, repr(x) if kind is float else x)  # -0.0 and nan count
            return []
        if kind is np.dtype:
            self.words.append(x)
            return []
        if kind in (list, tuple):
            self.words += (kind, len(x))
            return list(x)
        if kind is dict:
            self.words += (kind, len(x))
            return [part for item in x.items() for part in item]
        if kind in (set, frozenset) and all(type(part) is str for part in x):
            self.words += (kind, tuple(sorted(x)))
            return []
        if kind is np.ndarray or isinstance(x, np.generic):
            self.words += (kind, x.dtype, np.shape(x), x.tobytes())
            return []
        if id(x) in self._number:
            self.words += ("again", self._number[id(x)])
            return []
        self._number[id(x)] = len(self.parts)
        self.parts.append(x)
        if isinstance(x, Tensor):
            self.words += (kind, x.shape, x.dtype, x.requires_grad, x._grad is None)
            return []
        return self._object(x, kind)

    def _object(self, x: Any, kind: type) -> list[Any]:
        if not kind.__module__.startswith("chainrule.") and kind is not MethodType:
            if kind is FunctionType and _is_ours(x):
                self.words.append(x)
                return []
            raise _Unknown
        if kind is MethodType:
            self.words.append("method")
            return [x.__func__, x.__self__]
        self._class(kind)
        self.words.append(kind)
        below = []
        if isinstance(x, dict):
            below.append(dict(x))
        if isinstance(x, type) or not hasattr(x, "__dict__"):
            raise _Unknown
        for name, value in x.__dict__.items():
            if name not in _SKIPPED:
                below += (name, value)
        self.words.append(len(below))
        return below

    def _class(self, kind: type) -> None:
        """Describe the methods of a class, once: somebody may have replaced one."""
        if kind in self._classes:
            return
        self._classes.add(kind)
        for base in kind.__mro__[:-1]:
            if base.__module__.startswith("chainrule."):
                self.words += [f for f in base.__dict__.values() if type(f) is FunctionType]


def _is_ours(function: FunctionType) -> bool:
    """Tell whether a function is one of the library's that stands for itself."""
    module = function.__module__ or ""
    return (
        module.startswith("chainrule.")
        and function.__closure__ is None
        and "<" not in function.__qualname__
    )


def likeness(x: Any) -> Likeness | None:
    """Return the description of an object, or None if something in it cannot be described."""
    describer = _Describer()
    try:
        describer.describe(x)
    except _Unknown:
        return None
    return Likeness(tuple(describer.words), describer.parts)
