"""Which backend fits a function and its arguments."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from .base import Backend
from .jax_functions import JaxBackend
from .pairs import PairBackend
from .pytorch import TorchBackend
from .splitting import Split, split
from .tensors import TensorBackend

__all__ = ["backend_for"]

Array = NDArray[Any]


def backend_for(function: Any, args: tuple[Any, ...]) -> Backend:
    """The backend that fits a function and its arguments."""
    if isinstance(function, tuple):
        if len(function) != 2 or not all(callable(f) for f in function):
            raise ArgumentError(
                "check.gradients: expected a function or a pair (f, grad_f) of functions"
            )
        parts = _parts(args, _names(function[0], len(args)), lambda v: None)
        return PairBackend(function[0], function[1], parts)
    if not callable(function):
        raise ArgumentError(
            "check.gradients: expected a function, a module or a pair (f, grad_f); got"
            f" {type(function).__name__}"
        )
    names = _names(function, len(args))
    torch = sys.modules.get("torch")
    if torch is not None and (
        _from_torch(function, torch) or _any(args, lambda v: isinstance(v, torch.Tensor))
    ):
        parts = _parts(
            args, names, lambda v: v.detach().cpu().numpy() if isinstance(v, torch.Tensor) else None
        )
        return TorchBackend(function, parts, torch.float64)
    jax = sys.modules.get("jax")
    if jax is not None and (
        type(function).__module__.split(".")[0] in ("jax", "jaxlib")
        or _any(args, lambda v: isinstance(v, jax.Array))
    ):
        parts = _parts(args, names, lambda v: np.asarray(v) if isinstance(v, jax.Array) else None)
        return JaxBackend(function, parts)
    import chainrule as cr

    parts = _parts(args, names, lambda v: v.numpy() if isinstance(v, cr.Tensor) else None)
    mine = TensorBackend(function, parts)
    foreign: list[Backend] = []
    if not _any(args, lambda v: isinstance(v, cr.Tensor)):
        foreign += [JaxBackend(function, parts)] if jax is not None else []
        foreign += [TorchBackend(function, parts, torch.float64)] if torch is not None else []
    # Given plain arrays, a function may be for whichever library it calls.
    if not foreign or _evaluates(mine):
        return mine
    return next((backend for backend in foreign if _evaluates(backend)), mine)


def _evaluates(backend: Backend) -> bool:
    try:
        with backend.context():
            backend.evaluate([np.array(v) for v in backend.parts.values])
    except Exception:
        return False
    return True


def _parts(
    args: tuple[Any, ...], names: Sequence[str], to_numpy: Callable[[Any], Array | None]
) -> Split:
    parts = split(args, names, to_numpy)
    if not parts.values:
        parts = split(args, names, to_numpy, integers=True)
    if not parts.values:
        raise ArgumentError(
            "check.gradients: none of the arguments is a float array, tensor or number: there is"
            " nothing to differentiate by"
        )
    return parts


def _from_torch(function: Any, torch: Any) -> bool:
    owner = getattr(function, "__self__", None)
    return isinstance(function, torch.nn.Module) or (
        isinstance(owner, type) and issubclass(owner, torch.autograd.Function)
    )


def _any(node: Any, test: Callable[[Any], bool]) -> bool:
    if test(node):
        return True
    if isinstance(node, dict):
        return any(_any(v, test) for v in node.values())
    if isinstance(node, (list, tuple)):
        return any(_any(v, test) for v in node)
    return False


def _names(function: Any, count: int) -> list[str]:
    """Parameter names where there are any."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [f"arg{i}" for i in range(count)]
    names = []
    for i in range(count):
        if i < len(parameters) and parameters[i].kind not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.KEYWORD_ONLY,
            inspect.Parameter.VAR_KEYWORD,
        ):
            names.append(parameters[i].name)
        else:
            names.append(f"arg{i}")
    return names
