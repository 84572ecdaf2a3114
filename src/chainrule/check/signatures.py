"""What a function says about itself: its parameters and what binds to them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError

__all__ = ["bind_names", "input_names", "required_parameters", "unbind"]


def unbind(function: Callable[..., Any]) -> tuple[Callable[..., Any], Any]:
    """The plain function and the instance it is bound to, if any."""
    if inspect.ismethod(function):
        owner = function.__self__
        if inspect.isclass(owner):
            return function, None
        return function.__func__, owner
    if not inspect.isroutine(function) and not inspect.isclass(function) and callable(function):
        method = type(function).__call__
        if inspect.isfunction(method):
            return method, function
    return function, None


def bind_names(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], bound: bool
) -> list[str]:
    """A name for each positional and keyword argument."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return [f"arg{i}" for i in range(len(args))] + list(kwargs)
    front = [None] if bound else []
    try:
        signature.bind(*front, *args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", repr(function))
        raise ArgumentError(
            f"{name}{signature} cannot be called with the {len(args)} arguments given: {error}"
        ) from None
    names: list[str] = []
    parameters = list(signature.parameters.values())[len(front) :]
    for i in range(len(args)):
        if i < len(parameters) and parameters[i].kind is not inspect.Parameter.VAR_POSITIONAL:
            names.append(parameters[i].name)
        else:
            star = next((p for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL), None)
            names.append(f"{star.name if star else 'arg'}{i}")
    return names + list(kwargs)


def required_parameters(function: Callable[..., Any], bound: bool) -> list[str]:
    """Names of the parameters without a default, the instance left out."""
    parameters = list(inspect.signature(function).parameters.values())
    if bound:
        parameters = parameters[1:]
    empty = inspect.Parameter.empty
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is empty and p.kind in positional]


def input_names(
    root: list[Any], parameters: list[str]
) -> list[tuple[Any, str, tuple[tuple[str, Any], ...]]]:
    """Arguments, keyword arguments and instance with names and paths."""
    owner, args, kwargs = root
    found: list[tuple[Any, str, tuple[tuple[str, Any], ...]]] = []
    for i, (value, name) in enumerate(zip(args, parameters)):
        found.append((value, name, (("item", 1), ("item", i))))
    for name, value in kwargs.items():
        found.append((value, name, (("item", 2), ("item", name))))
    if owner is not None:
        found.append((owner, "self", (("item", 0),)))
    return found
