"""NumPy's functions on tensors: ``np.sin(t)``, ``np.sum(t, axis=0)``, ``np.concatenate([t, u])``.

NumPy asks a Tensor (``__array_ufunc__``, ``__array_function__``) when one is among the arguments
of its functions; the two tables here say which function of this library answers. What is not in
the tables raises an error that names the function: nothing falls back to NumPy silently, since
that would lose the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.messages import where as source_line
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from chainrule.errors import UnsupportedError
from chainrule.ops import elementwise
from chainrule.ops.shape import astype, normalize_axes

__all__ = ["FUNCTIONS", "UFUNCS", "connect", "implements"]

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {}
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
REDUCTIONS: dict[np.ufunc, str] = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
}
ACCUMULATIONS: dict[np.ufunc, str] = {np.add: "cumsum", np.multiply: "cumprod"}


def implements(
    *functions: Callable[..., Any],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: this function answers for those of NumPy."""

    def enter(answer: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = answer
        return answer

    return enter


def _missing(name: str, form: str = "") -> UnsupportedError:
    return UnsupportedError(
        f"{name}{form} has no differentiable form in this library. Write it with functions that "
        "have one (docs/functions.md lists them), define its derivative with cr.custom_vjp, or, "
        f"if no gradient is wanted, pass t.detach().numpy(){source_line()}"
    )


def numpy_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What ``Tensor.__array_ufunc__`` does."""
    out = kwargs.pop("out", None)
    if out is not None:
        return _into(ufunc, method, inputs, kwargs, out)
    if method == "__call__":
        answer = UFUNCS.get(ufunc)
        if answer is None:
            raise _missing(f"np.{ufunc.__name__}")
        if kwargs:
            return _with_options(ufunc, answer, inputs, kwargs)
        return answer(*inputs)
    if method == "reduce" and ufunc in REDUCTIONS:
        kwargs.setdefault("axis", inputs[1] if len(inputs) > 1 else 0)
        return getattr(lib, REDUCTIONS[ufunc])(inputs[0], **kwargs)
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        kwargs.setdefault("axis", inputs[1] if len(inputs) > 1 else 0)
        return getattr(lib, ACCUMULATIONS[ufunc])(inputs[0], **kwargs)
    if method == "outer":
        first, second = lib.asarray(inputs[0]), lib.asarray(inputs[1])
        left = lib.reshape(first, tuple(first.shape) + (1,) * len(second.shape))
        return numpy_ufunc(ufunc, "__call__", (left, second), kwargs)
    if method == "at":
        raise _missing(f"np.{ufunc.__name__}.at", " (cr.index_add is its functional form)")
    raise _missing(f"np.{ufunc.__name__}.{method}")


def _with_options(
    ufunc: np.ufunc, answer: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    dtype = kwargs.pop("dtype", None)
    for harmless in ("casting", "order", "subok", "axes", "axis", "keepdims"):
        value = kwargs.pop(harmless, None)
        if harmless in ("axes", "axis", "keepdims") and value is not None:
            raise _missing(f"np.{ufunc.__name__}", f" with {harmless}=")
    mask = kwargs.pop("where", True)
    if kwargs:
        raise _missing(f"np.{ufunc.__name__}", f" with {', '.join(kwargs)}=")
    if dtype is not None:
        inputs = tuple(astype(lib.asarray(x), dtype) for x in inputs)
    if mask is True:
        return answer(*inputs)
    raise _missing(
        f"np.{ufunc.__name__}",
        " with where= and no out= (the other elements would be uninitialised memory; use np.where)",
    )


def _into(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any], out: Any
) -> Any:
    """``out=``: a tensor is written in place; an array cannot hold a graph."""
    target = out[0] if isinstance(out, tuple) else out
    if not isinstance(target, Tensor) or (isinstance(out, tuple) and len(out) != 1):
        raise _missing(f"np.{ufunc.__name__}", " with out= an array (it would lose the gradient)")
    mask = kwargs.pop("where", True)
    result = numpy_ufunc(ufunc, method, inputs, kwargs)
    if mask is not True:
        result = lib.where(mask, result, target)
    return target._replace(result, "out=")


def numpy_function(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What ``Tensor.__array_function__`` does."""
    answer = FUNCTIONS.get(function)
    if answer is None:
        module = getattr(function, "__module__", "numpy") or "numpy"
        raise _missing(f"{module.replace('numpy', 'np', 1)}.{function.__name__}")
    return answer(*args, **kwargs)


@implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return len(a.shape)


@implements(np.size)
def _size(a: Any, axis: Any = None) -> int:
    if axis is None:
        return int(a.size)
    return math.prod(a.shape[i] for i in normalize_axes(axis, a.ndim))


def connect() -> None:
    """Fill the tables: each function of this library answers for NumPy's of the same name."""
    lib.numpy_ufunc, lib.numpy_function = numpy_ufunc, numpy_function
    for name in elementwise.__all__:
        function = getattr(np, name, None)
        if isinstance(function, np.ufunc):
            UFUNCS[function] = getattr(elementwise, name)
    UFUNCS[np.matmul] = OPS["matmul"]
    for name, answer in list(vars(lib).items()):
        function = getattr(np, name, None)
        if callable(function) and not isinstance(function, np.ufunc | type):
            FUNCTIONS.setdefault(function, answer)
