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
from chainrule.core.tensor import Tensor
from chainrule.errors import UnsupportedError
from chainrule.ops.shape import astype, normalize_axes
from chainrule.ops.values_only import VALUES_ONLY, values_only

__all__ = ["FUNCTIONS", "UFUNCS", "connect", "implements"]

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {}
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}

REDUCTIONS: dict[np.ufunc, str] = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.fmax: "nanmax",
    np.fmin: "nanmin",
    np.logical_and: "all",
    np.logical_or: "any",
    np.logaddexp: "logsumexp",
}
ACCUMULATIONS: dict[np.ufunc, str] = {
    np.add: "cumsum",
    np.multiply: "cumprod",
    np.maximum: "cummax",
    np.minimum: "cummin",
}
# Ufuncs answered by functions that are not ops of the same name.
COMPOSED: dict[str, str] = {
    "vecdot": "vecdot",
    "matvec": "matvec",
    "vecmat": "vecmat",
    "modf": "modf",
    "frexp": "frexp",
    "divmod": "divmod",
    "conjugate": "conj",
    "degrees": "rad2deg",
    "radians": "deg2rad",
}


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
        return getattr(lib, REDUCTIONS[ufunc])(inputs[0], **_reduction_options(inputs, kwargs))
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


def _reduction_options(inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Options of ``ufunc.reduce``: reduced along the first axis unless told otherwise."""
    options = {"axis": inputs[1] if len(inputs) > 1 else 0, **kwargs}
    for name in ("initial", "dtype"):
        if options.get(name, np._NoValue) is np._NoValue or options[name] is None:
            options.pop(name, None)
    if options.get("where", True) is True:
        options.pop("where", None)
    return options


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
        name = f"{module.replace('numpy', 'np', 1)}.{function.__name__}"
        if module.startswith("numpy.fft") or function.__name__ in ("roots", "sort_complex"):
            raise UnsupportedError(
                f"{name} gives complex numbers, which are outside the library's scope. Write a "
                "transform with real matrices (cos and sin), or, if no gradient is wanted, pass "
                f"t.detach().numpy(){source_line()}"
            )
        raise _missing(name)
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


@implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return lib.copy(a)


@implements(np.where)
def _where(condition: Any, *branches: Any) -> Any:
    return lib.where(condition, *branches) if branches else lib.nonzero(lib.asarray(condition))


@implements(np.shares_memory, np.may_share_memory)
def _shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    return np.shares_memory(*(getattr(x, "_value", x) for x in (a, b)))


@implements(np.result_type)
def _result_type(*args: Any) -> np.dtype[Any]:
    return np.result_type(*(x.dtype if isinstance(x, Tensor) else x for x in args))


@implements(np.can_cast)
def _can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    return np.can_cast(from_.dtype if isinstance(from_, Tensor) else from_, to, casting)


@implements(np.common_type)
def _common_type(*arrays: Any) -> Any:
    return np.common_type(*(np.empty(0, a.dtype) for a in arrays))


@implements(np.min_scalar_type)
def _min_scalar_type(a: Any) -> np.dtype[Any]:
    return np.min_scalar_type(a.item()) if not a.shape else a.dtype


@implements(np.array_repr)
def _array_repr(arr: Any, *_: Any, **__: Any) -> str:
    return repr(arr)


@implements(np.array_str, np.array2string)
def _array_str(a: Any, *args: Any, **kwargs: Any) -> str:
    return np.array2string(a._concrete("printing"), *args, **kwargs)


def _aliases() -> dict[Any, str]:
    """NumPy functions whose name is another one here, by the name here."""
    linalg = {
        "cross": "linalg_cross",
        "diagonal": "linalg_diagonal",
        "trace": "linalg_trace",
    }
    table: dict[Any, str] = {}
    for name in dir(np.linalg):
        if not name.startswith("_") and hasattr(lib, linalg.get(name, name)):
            table[getattr(np.linalg, name)] = linalg.get(name, name)
    for theirs, ours in (
        ("permute_dims", "transpose"),
        ("concat", "concatenate"),
        ("trapz", "trapezoid"),
        ("cumproduct", "cumprod"),
        ("in1d", "isin"),
    ):
        if hasattr(np, theirs):
            table[getattr(np, theirs)] = ours
    table[np.lib.stride_tricks.sliding_window_view] = "sliding_window_view"
    return table


def connect() -> None:
    """Fill the tables: each function of this library answers for NumPy's of the same name."""
    lib.numpy_ufunc, lib.numpy_function = numpy_ufunc, numpy_function
    for name, answer in list(vars(lib).items()):
        function = getattr(np, name, None)
        if isinstance(function, np.ufunc):
            UFUNCS.setdefault(function, answer)
        elif callable(function) and not isinstance(function, type):
            FUNCTIONS.setdefault(function, answer)
    for theirs, ours in COMPOSED.items():
        if hasattr(np, theirs):
            UFUNCS[getattr(np, theirs)] = getattr(lib, ours)
    for function, name in _aliases().items():
        FUNCTIONS.setdefault(function, getattr(lib, name))
    for name in VALUES_ONLY:
        function = getattr(np, name, None)
        table: dict[Any, Any] = UFUNCS if isinstance(function, np.ufunc) else FUNCTIONS
        if function is not None:
            table.setdefault(function, values_only(name))
