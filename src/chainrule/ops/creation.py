"""Tensors of given content: zeros, ones, full, arange, linspace, eye, and the ``_like`` forms.

The functions without a model (``zeros``, ``arange``, …) always give tensors, as PyTorch's do. The
``_like`` forms give what their model is: a tensor for a tensor, an array for an array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, DtypeError
from chainrule.ops.constant import constant
from chainrule.ops.shape import astype, broadcast_to, moveaxis, normalize_axis, reshape, shape_of

__all__ = [
    "arange",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "identity",
    "indices",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "tri",
    "zeros",
    "zeros_like",
]


def _made(value: Any, requires_grad: bool) -> Tensor:
    if value.dtype.kind not in "fiub":
        raise DtypeError(f"a tensor holds real numbers or booleans, not {value.dtype}")
    tensor: Tensor = constant(value)
    if requires_grad:
        tensor.requires_grad = True
    return tensor


def _filled(name: str, fill: Any) -> Any:
    def filled(*shape: Any, dtype: Any = None, requires_grad: bool = False, **_: Any) -> Tensor:
        if shape and not isinstance(shape[0], int | np.integer):
            if len(shape) == 2 and dtype is None:  # NumPy's zeros(shape, dtype)
                dtype = shape[1]
            shape = tuple(shape[0])
        return _made(np.full(shape, fill, np.float64 if dtype is None else dtype), requires_grad)

    filled.__name__ = filled.__qualname__ = name
    filled.__doc__ = f"""A tensor of {name}: ``{name}(3, 4)`` or ``{name}((3, 4), dtype)``.

    Examples
    --------
    >>> cr.{name}(2, 2).shape
    (2, 2)
    """
    return filled


zeros = _filled("zeros", 0)
ones = _filled("ones", 1)
empty = _filled("empty", 0)
empty.__doc__ = "A tensor to be written to. It holds zeros, never what was in memory before."


def full(shape: Any, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one value; differentiable in a ``fill_value`` that is a tensor."""
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if isinstance(fill_value, Tensor):
        made: Tensor = lib.copy(broadcast_to(fill_value, shape))
        return made if dtype is None else astype(made, dtype)
    return _made(np.full(shape, fill_value, dtype), requires_grad)


def arange(*args: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of evenly spaced numbers: ``arange(stop)`` or ``arange(start, stop, step)``."""
    return _made(np.arange(*args, dtype=dtype), requires_grad)


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: Any = np.float64, requires_grad: bool = False
) -> Tensor:
    """A tensor with ones on the ``k``-th diagonal."""
    return _made(np.eye(N, M, k, dtype), requires_grad)


def identity(n: int, dtype: Any = np.float64) -> Tensor:
    """The identity matrix, as a tensor."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = np.float64) -> Tensor:
    """A tensor with ones on and below the ``k``-th diagonal."""
    return _made(np.tri(N, M, k, dtype), False)


def indices(dimensions: Any, dtype: Any = np.int64) -> Tensor:
    """``np.indices``: the coordinates of every place of a grid, as a tensor."""
    return _made(np.indices(dimensions, dtype), False)


# ---- like another


def _like(name: str, fill: Any) -> Any:
    def like(
        a: Any,
        dtype: Any = None,
        order: str = "K",
        subok: bool = True,
        shape: Any = None,
        *,
        requires_grad: bool = False,
        device: Any = None,
    ) -> Any:
        return full_like(a, fill, dtype, order, subok, shape, requires_grad=requires_grad)

    like.__name__ = like.__qualname__ = name
    like.__doc__ = f"``np.{name}``: a constant of the shape and dtype of another array."
    return like


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    requires_grad: bool = False,
    device: Any = None,
) -> Any:
    """``np.full_like``: one value in the shape and dtype of another array."""
    dtype = (a.dtype if hasattr(a, "dtype") else np.asarray(a).dtype) if dtype is None else dtype
    if shape is None:
        shape = shape_of(a)
    elif isinstance(shape, int | np.integer):
        shape = (shape,)
    if isinstance(fill_value, Tensor):
        return full(shape, fill_value, dtype)
    made = np.full(tuple(shape), fill_value, dtype)
    return _made(made, requires_grad) if isinstance(a, Tensor) or requires_grad else made


zeros_like = _like("zeros_like", 0)
ones_like = _like("ones_like", 1)
empty_like = _like("empty_like", 0)

# ---- evenly spaced, differentiable in their ends


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """``np.linspace``: evenly spaced numbers, differentiable in ``start`` and ``stop``."""
    if num < 0:
        raise ArgumentError(f"linspace: the number of samples must be at least 0, not {num}")
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        made, step = np.linspace(start, stop, num, endpoint, retstep=True, dtype=dtype, axis=axis)
        tensor = _made(np.asarray(made), requires_grad)
        return (tensor, step) if retstep else tensor
    start, stop = lib.asarray(start), lib.asarray(stop)
    spaces = num - 1 if endpoint else num
    shape = np.broadcast_shapes(shape_of(start), shape_of(stop))
    kind = np.result_type(start.dtype, stop.dtype, 0.0)
    start, stop = astype(start, kind), astype(stop, kind)
    fraction = np.arange(num, dtype=kind) / max(spaces, 1)
    fraction = fraction.reshape((-1,) + (1,) * len(shape))
    made = start + (stop - start) * fraction
    if endpoint and num > 1:  # exactly the end, as in NumPy
        made = lib.where(fraction == 1.0, stop, made)
    made = moveaxis(made, 0, normalize_axis(axis, len(shape) + 1))
    if dtype is not None and np.dtype(dtype) != made.dtype:
        if np.dtype(dtype).kind in "iu":
            made = lib.floor(made)
        made = astype(made, dtype)
    step = (stop - start) / spaces if spaces > 0 else lib.full_like(start, np.nan, shape=shape)
    return (made, step) if retstep else made


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """``np.logspace``: numbers whose logarithms are evenly spaced; differentiable in its ends."""
    base = lib.asarray(base)
    ndim = max(len(shape_of(x)) for x in (start, stop, base))
    start, stop, base = (
        reshape(lib.asarray(x), (1,) * (ndim - len(shape_of(x))) + shape_of(x))
        for x in (start, stop, base)
    )
    exponents = linspace(start, stop, num, endpoint)
    made = moveaxis(lib.power(base, exponents), 0, axis)
    return made if dtype is None else astype(made, dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """``np.geomspace``: numbers in geometric progression; differentiable in its ends."""
    start, stop = lib.asarray(start), lib.asarray(stop)
    signs = [lib.sign(end) for end in (start, stop)]
    known = [part._value if isinstance(part, Tensor) else part for part in signs]
    if not any(isinstance(part, Abstract) for part in known) and np.any(known[0] * known[1] <= 0):
        raise ArgumentError("geomspace: both ends must be of one sign, and not zero")
    exponents = linspace(lib.log10(lib.abs(start)), lib.log10(lib.abs(stop)), num, endpoint)
    made = lib.asarray(signs[0] * lib.power(10.0, exponents))
    inner = np.arange(num).reshape((-1,) + (1,) * (len(shape_of(made)) - 1))
    if num > 0:  # the ends exactly, as in NumPy
        made = lib.where(inner == 0, start, made)
    if endpoint and num > 1:
        made = lib.where(inner == num - 1, stop, made)
    made = moveaxis(made, 0, axis)
    return made if dtype is None else astype(made, dtype)
