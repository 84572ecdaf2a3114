"""Tensor's methods by PyTorch's names and with its keywords ``dim`` and ``keepdim``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.ops.torch_indexing import (
    INDEXING_METHODS,
    ValuesAndIndices,
    masked_fill,
    scatter,
    scatter_add,
)

__all__ = [
    "TORCH_METHODS",
    "TORCH_PROPERTIES",
    "extremum",
    "ordering",
    "reduction",
    "truth",
]


# ---- methods that are NumPy's unless a keyword is PyTorch's


def _named(kwargs: dict[str, Any]) -> bool:
    """Whether PyTorch's keywords were used; they become NumPy's."""
    found = False
    for theirs, ours in (("dim", "axis"), ("keepdim", "keepdims")):
        if theirs in kwargs:
            kwargs[ours] = kwargs.pop(theirs)
            found = True
    return found


def reduction(name: str) -> Any:
    """A reduction; ``var`` and ``std`` with PyTorch's keywords divide by n - 1, as there."""
    spread = name in ("std", "var")

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        theirs = _named(kwargs)
        if spread and "unbiased" in kwargs:
            kwargs["ddof"] = int(bool(kwargs.pop("unbiased")))
        elif spread and theirs and "ddof" not in kwargs:
            kwargs.setdefault("correction", 1)
        return getattr(lib, name)(self, *args, **kwargs)

    method.__doc__ = (
        f"``cr.{name}`` of this tensor; PyTorch's ``dim`` and ``keepdim`` are accepted."
    )
    return method


def truth(name: str) -> Any:
    """``any`` and ``all``."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _named(kwargs)
        return getattr(lib, name)(self, *args, **kwargs)

    method.__doc__ = f"``cr.{name}`` of this tensor."
    return method


def extremum(name: str) -> Any:
    """``max`` and ``min``: of all or along an axis; with ``dim=`` values and places; of two tensors."""
    of_two = {"max": "maximum", "min": "minimum"}[name]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], Tensor):
            return getattr(lib, of_two)(self, args[0])
        if "dim" not in kwargs:
            _named(kwargs)
            return getattr(lib, name)(self, *args, **kwargs)
        axis, keep = kwargs["dim"], bool(kwargs.get("keepdim", False))
        places = getattr(lib, f"arg{name}")(self, axis, keepdims=True)
        values = lib.take_along_axis(self, places, axis)
        if not keep:
            values, places = lib.squeeze(values, axis), lib.squeeze(places, axis)
        return ValuesAndIndices(values, places)

    method.__doc__ = (
        f"``cr.{name}`` of this tensor, ties sharing the gradient. With PyTorch's ``dim=`` it gives "
        "``(values, indices)``, and the gradient goes to the one element named by the index."
    )
    return method


def ordering(name: str, in_place: Any = None) -> Any:
    """``argmax``, ``argmin``, ``argsort`` and ``sort``."""

    def method(self: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        if name in ("argmax", "argmin"):
            _named(kwargs)
            axis = kwargs.pop("axis", axis)
            return getattr(lib, name)(self, axis, *args, **kwargs)
        axis = -1 if axis is None else axis
        if "dim" in kwargs or "descending" in kwargs:
            axis = kwargs.pop("dim", axis)
            falling = bool(kwargs.pop("descending", False))
            places = lib.argsort(
                -self if falling else self, axis, stable=kwargs.pop("stable", None)
            )
            if name == "argsort":
                return places
            return ValuesAndIndices(lib.take_along_axis(self, places, axis), places)
        if in_place is None:
            return getattr(lib, name)(self, axis, *args, **kwargs)
        kind = args[0] if args else kwargs.pop("kind", None)
        return in_place(self, axis, kind, kwargs.pop("stable", None))

    method.__doc__ = (
        f"``{name}`` as NumPy's; with PyTorch's ``dim`` or ``descending`` as PyTorch's."
    )
    return method


# ---- shapes


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else tuple(shape)


def _view(self: Any, *shape: Any) -> Any:
    """The same elements in another shape."""
    if len(shape) != 1 or isinstance(shape[0], int | tuple | list):
        return lib.reshape(self, _sizes(shape))
    raise UnsupportedError("view(dtype) reads memory as another dtype; use t.astype(dtype)")


def _expand(self: Any, *sizes: Any) -> Any:
    """Broadcast to a shape; -1 keeps a length."""
    wanted = _sizes(sizes)
    lead = len(wanted) - self.ndim
    if lead < 0:
        raise ArgumentError(f"expand: {len(wanted)} lengths for a tensor with {self.ndim} axes")
    return lib.broadcast_to(
        self, tuple(self.shape[i - lead] if n == -1 else n for i, n in enumerate(wanted))
    )


def _unsqueeze(self: Any, dim: int) -> Any:
    """A new axis of length 1."""
    return lib.expand_dims(self, dim)


def _permute(self: Any, *dims: Any) -> Any:
    """Axes in another order."""
    return lib.transpose(self, _sizes(dims))


def _t(self: Any) -> Any:
    """The transposed matrix (a vector or number stays)."""
    if self.ndim > 2:
        raise ArgumentError(f"t() is for at most two axes, this tensor has {self.ndim}; use mT")
    return lib.transpose(self)


def _flip(self: Any, *dims: Any) -> Any:
    """The order of elements reversed along axes."""
    return lib.flip(self, _sizes(dims) if dims else None)


def _chunk(self: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most ``chunks`` parts along an axis, all but the last of one length."""
    n = self.shape[dim]
    return _split(self, max(1, math.ceil(n / chunks)), dim)


def _split(self: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Parts of a given length (PyTorch's meaning; ``np.split`` takes their number)."""
    n = self.shape[dim]
    if isinstance(split_size_or_sections, int):
        places = list(range(split_size_or_sections, n, split_size_or_sections))
    else:
        if sum(split_size_or_sections) != n:
            raise ArgumentError(f"split: lengths {split_size_or_sections} do not add up to {n}")
        places = np.cumsum(split_size_or_sections)[:-1].tolist()
    return tuple(lib.array_split(self, places, dim))


def _narrow(self: Any, dim: int, start: int, length: int) -> Any:
    """``length`` slices from ``start`` on along an axis."""
    return lib.getitem(self, (slice(None),) * (dim % self.ndim) + (slice(start, start + length),))


def _select(self: Any, dim: int, index: int) -> Any:
    """One slice along an axis, which is removed."""
    return lib.getitem(self, (slice(None),) * (dim % self.ndim) + (index,))


# ---- dtypes and copies


def _cast(dtype: Any) -> Any:
    def method(self: Any) -> Any:
        return self if self.dtype == dtype else lib.astype(self, dtype)

    method.__doc__ = f"In {np.dtype(dtype)}."
    return method


def _to(self: Any, *args: Any, dtype: Any = None, device: Any = None, **_: Any) -> Any:
    """In another dtype, or in that of another tensor; ``"cpu"`` is where every tensor is."""
    for argument in (*args, device):
        if isinstance(argument, Tensor):
            dtype = argument.dtype
        elif isinstance(argument, str) and argument.partition(":")[0] in ("cpu", "cuda", "mps"):
            if argument.partition(":")[0] != "cpu":
                raise UnsupportedError(f"to({argument!r}): tensors live in the memory of the CPU")
        elif argument is not None and not isinstance(argument, bool):
            dtype = argument
    return self if dtype is None or self.dtype == dtype else lib.astype(self, dtype)


def _detach_(self: Any) -> Any:
    """Cut off from its graph, in place."""
    self._node = None
    return self


def _new(name: str) -> Any:
    def method(
        self: Any, *size: Any, dtype: Any = None, requires_grad: bool = False, **_: Any
    ) -> Any:
        return getattr(lib, name)(
            *size, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad
        )

    method.__doc__ = f"``cr.{name}`` in this tensor's dtype."
    return method


def _new_full(self: Any, size: Any, fill_value: Any, dtype: Any = None) -> Any:
    """``cr.full`` in this tensor's dtype."""
    return lib.full(size, fill_value, self.dtype if dtype is None else dtype)


def _new_tensor(self: Any, data: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
    """``cr.tensor`` in this tensor's dtype."""
    return tensor(data, self.dtype if dtype is None else dtype, requires_grad)


# ---- in place


def _in_place(name: str, function: Any) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        new = function(self, *args, **kwargs)
        return self._replace(new if isinstance(new, Tensor) else lib.constant(new), name)

    method.__doc__ = f"``{name[:-1]}`` in place; gradients follow."
    return method


def _filled(self: Any, value: Any) -> Any:
    return (
        lib.full_like(self, value)
        if not isinstance(value, Tensor)
        else lib.astype(lib.copy(lib.broadcast_to(value, self.shape)), self.dtype)
    )


def _copied(self: Any, src: Any, non_blocking: bool = False) -> Any:
    return lib.astype(lib.copy(lib.broadcast_to(lib.asarray(src), self.shape)), self.dtype)


# ---- arithmetic with PyTorch's options


def _scaled(name: str) -> Any:
    def method(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        return getattr(lib, name)(self, other if alpha == 1 else other * alpha)

    method.__doc__ = f"``cr.{name}``, the other operand times ``alpha``."
    return method


def _div(self: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """``cr.divide``; ``rounding_mode`` ``'floor'`` or ``'trunc'`` rounds (and has no derivative)."""
    if rounding_mode is None:
        return lib.divide(self, other)
    if rounding_mode not in ("floor", "trunc"):
        raise ArgumentError(f"div: rounding_mode must be 'floor' or 'trunc', not {rounding_mode!r}")
    return lib.floor_divide(self, other) if rounding_mode == "floor" else lib.trunc(self / other)


def _clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    """``cr.clip``."""
    if min is None and max is None:
        raise ArgumentError("clamp: give min, max, or both")
    return lib.clip(self, min, max)


def _norm(self: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Any:
    """The p-norm of all elements, or along axes."""
    if p == "nuc":
        return lib.norm(self, "nuc", dim, keepdim)
    order = 2 if p in ("fro", None) else p
    return lib.vector_norm(self, axis=dim, keepdims=keepdim, ord=order)


def _product(name: str, first: int, second: int) -> Any:
    def method(self: Any, other: Any) -> Any:
        if self.ndim != first or np.ndim(other) != second:
            raise ArgumentError(
                f"{name} multiplies tensors with {first} and {second} axes, got shapes "
                f"{self.shape} and {np.shape(other)}; matmul takes any"
            )
        return lib.matmul(self, other)

    method.__doc__ = f"The matrix product of tensors with {first} and {second} axes."
    return method


def _along(name: str) -> Any:
    def method(self: Any, dim: Any = None, **kwargs: Any) -> Any:
        _named(kwargs)
        axis = kwargs.pop("axis", dim)
        if axis is None:
            raise ArgumentError(f"{name}: dim= says along which axis")
        return getattr(lib, name)(self, axis=axis, **kwargs)

    method.__doc__ = f"``cr.{name}`` along an axis."
    return method


def _equal(self: Any, other: Any) -> bool:
    """Whether shape and all elements are the same: one truth value (``eq`` compares elements)."""
    return bool(lib.array_equal(self, other))


def _function(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _named(kwargs)
        return getattr(lib, name)(self, *args, **kwargs)

    method.__doc__ = f"``cr.{name}`` of this tensor."
    return method


# PyTorch's method and the function here, where the name is the only difference.
_RENAMED = {
    "absolute": "abs", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh",
    "atan": "arctan", "atan2": "arctan2", "atanh": "arctanh", "eq": "equal", "fix": "trunc",
    "ge": "greater_equal", "gt": "greater", "le": "less_equal", "lgamma": "gammaln", "lt": "less",
    "mul": "multiply", "ne": "not_equal", "neg": "negative", "pow": "power", "movedim": "moveaxis",
    "ger": "outer", "clone": "copy",
}  # fmt: skip
_SAME = (
    "abs", "allclose", "arccos", "arcsin", "arctan", "broadcast_to", "ceil", "copysign", "cos",
    "cosh", "cov", "corrcoef", "deg2rad", "det", "diag", "diff", "digamma", "divide", "erf", "erfc",
    "erfinv", "exp", "exp2", "expm1", "floor", "floor_divide", "fmax", "fmin", "fmod", "heaviside",
    "hypot", "inner", "inv", "isclose", "isfinite", "isinf", "isnan", "kron", "ldexp", "log",
    "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logit", "matmul", "matrix_power", "maximum", "minimum", "moveaxis", "multiply",
    "nan_to_num", "nanmean", "nansum", "negative", "outer", "positive", "rad2deg", "reciprocal",
    "relu", "remainder", "roll", "rot90", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh",
    "slogdet", "sqrt", "square", "subtract", "tan", "tanh", "tile", "tril", "triu", "trunc",
    "unique", "vdot", "xlogy",
)  # fmt: skip

TORCH_METHODS: dict[str, Any] = {
    **{name: _function(name) for name in _SAME},
    **{name: _function(ours) for name, ours in _RENAMED.items()},
    "add": _scaled("add"),
    "sub": _scaled("subtract"),
    "div": _div,
    "true_divide": _function("divide"),
    "clamp": _clamp,
    "clamp_min": lambda self, min: lib.clip(self, min, None),
    "clamp_max": lambda self, max: lib.clip(self, None, max),
    "rsqrt": lambda self: lib.reciprocal(lib.sqrt(self)),
    "norm": _norm,
    "mm": _product("mm", 2, 2),
    "mv": _product("mv", 2, 1),
    "bmm": _product("bmm", 3, 3),
    "softmax": _along("softmax"),
    "log_softmax": _along("log_softmax"),
    "logsumexp": _along("logsumexp"),
    "equal": _equal,
    **INDEXING_METHODS,
    "view": _view,
    "view_as": lambda self, other: lib.reshape(self, other.shape),
    "reshape_as": lambda self, other: lib.reshape(self, other.shape),
    "expand": _expand,
    "expand_as": lambda self, other: lib.broadcast_to(self, other.shape),
    "unsqueeze": _unsqueeze,
    "permute": _permute,
    "t": _t,
    "flip": _flip,
    "chunk": _chunk,
    "split": _split,
    "unbind": lambda self, dim=0: lib.unstack(self, axis=dim),
    "narrow": _narrow,
    "select": _select,
    "numel": lambda self: self.size,
    "nelement": lambda self: self.size,
    "dim": lambda self: self.ndim,
    "ndimension": lambda self: self.ndim,
    "element_size": lambda self: self.itemsize,
    "float": _cast(np.float32),
    "double": _cast(np.float64),
    "half": _cast(np.float16),
    "int": _cast(np.int32),
    "long": _cast(np.int64),
    "short": _cast(np.int16),
    "bool": _cast(np.bool_),
    "to": _to,
    "type_as": lambda self, other: _to(self, other.dtype),
    "cpu": lambda self: self,
    "contiguous": lambda self: self,
    "detach_": _detach_,
    "new_zeros": _new("zeros"),
    "new_ones": _new("ones"),
    "new_empty": _new("empty"),
    "new_full": _new_full,
    "new_tensor": _new_tensor,
    "zero_": _in_place("zero_", lambda self: _filled(self, 0)),
    "fill_": _in_place("fill_", _filled),
    "copy_": _in_place("copy_", _copied),
    "add_": _in_place("add_", _scaled("add")),
    "sub_": _in_place("sub_", _scaled("subtract")),
    "mul_": _in_place("mul_", lambda self, other: lib.multiply(self, other)),
    "div_": _in_place("div_", _div),
    "pow_": _in_place("pow_", lambda self, other: lib.power(self, other)),
    "neg_": _in_place("neg_", lambda self: lib.negative(self)),
    "abs_": _in_place("abs_", lambda self: lib.abs(self)),
    "exp_": _in_place("exp_", lambda self: lib.exp(self)),
    "log_": _in_place("log_", lambda self: lib.log(self)),
    "sqrt_": _in_place("sqrt_", lambda self: lib.sqrt(self)),
    "tanh_": _in_place("tanh_", lambda self: lib.tanh(self)),
    "sigmoid_": _in_place("sigmoid_", lambda self: lib.sigmoid(self)),
    "relu_": _in_place("relu_", lambda self: lib.relu(self)),
    "clamp_": _in_place("clamp_", _clamp),
    "masked_fill_": _in_place("masked_fill_", masked_fill),
    "scatter_add_": _in_place("scatter_add_", scatter_add),
    "scatter_": _in_place("scatter_", scatter),
}
TORCH_PROPERTIES: dict[str, Any] = {
    "device": lambda self: "cpu",
    "is_cuda": lambda self: False,
}
