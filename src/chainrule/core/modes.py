"""Switching the recording of gradients on and off, and stopping them at a value."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chainrule.core import tree
from chainrule.core.lib import lib
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor

__all__ = ["enable_grad", "no_grad", "stop_gradient"]


class _GradMode:
    """Context manager and decorator that switches the recording of gradients."""

    def __init__(self, flag: bool) -> None:
        self._flag = flag
        self._saved: list[bool] = []

    def __enter__(self) -> None:
        self._saved.append(STATE.grad_enabled)
        STATE.grad_enabled = self._flag

    def __exit__(self, *_: object) -> None:
        STATE.grad_enabled = self._saved.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        flag = self._flag

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with _GradMode(flag):
                return function(*args, **kwargs)

        return wrapped


class no_grad(_GradMode):
    """Nothing computed inside requires gradients. A context manager, or a decorator.

    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> with cr.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_GradMode):
    """The opposite of :class:`no_grad`, for use inside it."""

    def __init__(self) -> None:
        super().__init__(True)


def stop_gradient(x: Any) -> Any:
    """The same values, through which no gradient flows (``detach`` for any tree of values)."""

    def stop(value: Any) -> Any:
        return lib.stop_gradient(value) if isinstance(value, Tensor) else value

    return tree.tree_map(stop, x)
