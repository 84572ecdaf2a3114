"""The structure of a model as JSON, and a model from it.

A layer of this library is its class and the arguments it was made with; containers are their
children. A class of the user's is only named: whoever loads such a model brings it along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.core.tensor import Tensor
from chainrule.errors import CheckpointError
from chainrule.nn.module import Module
from chainrule.ops.random import Generator

__all__ = ["build", "describe"]

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: function
    for name in nn.functional.__all__
    if callable(function := getattr(nn.functional, name))
}


def describe(module: Module) -> dict[str, Any]:
    """The structure of a module; see :func:`build` for the way back."""
    kind = type(module)
    if getattr(nn, kind.__name__, None) is not kind:
        return {"foreign": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(module, _CONTAINERS):
        children = {name: describe(child) for name, child in module.named_children()}
        return {"class": kind.__name__, "children": children}
    args, kwargs = module._made_with
    return {
        "class": kind.__name__,
        "args": [_described(value) for value in args],
        "kwargs": {name: _described(value) for name, value in kwargs.items()},
    }


def _described(value: Any) -> Any:
    if isinstance(value, Module):
        return {"module": describe(value)}
    if isinstance(value, Generator):
        return {"generator": [value.seed, value.site]}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return {"dtype": np.dtype(value).name}
    if isinstance(value, Tensor | np.ndarray):
        return {"array": value}
    if isinstance(value, tuple):
        return {"tuple": [_described(item) for item in value]}
    if isinstance(value, list):
        return [_described(item) for item in value]
    name = getattr(value, "__name__", "")
    if callable(value) and _FUNCTIONS.get(name) is value:
        return {"function": name}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise CheckpointError(
        f"a layer was made with an argument that cannot be saved: {type(value).__name__}. Save "
        "model.state_dict() instead, and load it into a model made by the same code"
    )


def build(structure: Mapping[str, Any]) -> Module:
    """A model of this structure, with fresh weights.

    Raises
    ------
    CheckpointError
        If it has a class that this library does not have.
    """
    if "foreign" in structure:
        raise CheckpointError(
            f"the saved model has a part of class {structure['foreign']}, which is not of this "
            "library: make the model with your own code and load into it, cr.load(path, model)"
        )
    kind = getattr(nn, str(structure.get("class")), None)
    if not (isinstance(kind, type) and issubclass(kind, Module)):
        raise CheckpointError(f"this version has no layer called {structure.get('class')!r}")
    if "children" in structure:
        made: Module = kind()
        for name, child in structure["children"].items():
            made.register_module(name, build(child))
        return made
    args = [_built(value) for value in structure["args"]]
    kwargs = {name: _built(value) for name, value in structure["kwargs"].items()}
    layer: Module = kind(*args, **kwargs)
    return layer


def _built(value: Any) -> Any:
    if isinstance(value, list):
        return [_built(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((what, content),) = value.items()
    match what:
        case "module":
            return build(content)
        case "generator":
            return Generator(*content)
        case "dtype":
            return np.dtype(content)
        case "array":
            return content
        case "tuple":
            return tuple(_built(item) for item in content)
        case "function":
            return _FUNCTIONS[content]
    raise CheckpointError(f"the saved structure has an unknown entry {what!r}")
