"""Running sums and products, and what is built from differences of neighbours.

The derivative of a running product is a linear recurrence run backwards, which divides by nothing:
it is exact also where elements are zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Kink, Op, Sample, defop
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.shape import (
    astype,
    broadcast_to,
    concatenate,
    normalize_axes,
    normalize_axis,
    ravel,
    reshape,
    shape_of,
)

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "ediff1d",
    "gradient",
    "linear_recurrence",
    "trapezoid",
]


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that is ``part`` along ``axis`` (counted from the front) and takes all before it."""
    return (slice(None),) * axis + (part,)


def _infer_running(function: Any) -> Any:
    def infer(x: Any, axis: int = 0) -> Abstract:
        return Abstract(shape_of(x), function(np.ones((1,), x.dtype), axis=0).dtype)

    return infer


_SAMPLES = (
    Sample(((3, 4),), {"axis": 0}),
    Sample(((2, 3, 4),), {"axis": 2}),
    Sample(((5,),), {"axis": 0}),
    Sample(((2, 0),), {"axis": 1}),
)

_cumsum: Op = defop(
    "cumsum",
    np.cumsum,
    lambda g, out, x, axis: lib.flip(_cumsum(lib.flip(g, axis), axis=axis), axis),
    linear=True,
    infer=_infer_running(np.cumsum),
    samples=_SAMPLES,
    doc="running Σ x; running sum from the other end",
)


def _running(name: str, op: Op) -> Any:
    def running(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        if out is not None:
            raise ArgumentError(f"{name}: out= is not supported with tensors; assign the result")
        a = lib.asarray(a)
        if axis is None:
            a, axis = ravel(a), 0
        if dtype is not None:
            a = astype(a, dtype)
        return op(a, axis=normalize_axis(axis, len(shape_of(a))))

    running.__name__ = running.__qualname__ = name
    return running


cumsum = _running("cumsum", _cumsum)
cumsum.__doc__ = """``np.cumsum``: the running sum along ``axis`` (flattened by default).

Examples
--------
>>> cr.grad(lambda x: cr.cumsum(x)[-1] + cr.cumsum(x)[0])(np.array([1.0, 2.0, 3.0]))
array([2., 1., 1.])
"""

# ---- linear recurrences and running products


def _recur(a: Any, b: Any, axis: int) -> Any:
    coefficients, terms = np.moveaxis(np.asarray(a), axis, 0), np.moveaxis(np.asarray(b), axis, 0)
    out = np.empty(terms.shape, np.result_type(coefficients, terms))
    if out.ndim == 1:  # Python numbers are faster than 0-d arrays
        held: Any = 0.0
        for k, (c, t) in enumerate(zip(coefficients.tolist(), terms.tolist())):
            held = t if k == 0 else c * held + t
            out[k] = held
    else:
        for k in range(len(out)):
            out[k] = terms[k] if k == 0 else coefficients[k] * out[k - 1] + terms[k]
    return np.moveaxis(out, 0, axis)


def _reverse_recurrence(a: Any, g: Any, axis: int) -> Any:
    """``h_k = g_k + a_{k+1} h_{k+1}``: the transpose of a recurrence with coefficients ``a``."""
    if shape_of(a)[axis] == 0:
        return g
    later = lib.getitem(a, along(axis, slice(1, None)))
    first = np.zeros((*shape_of(a)[:axis], 1, *shape_of(a)[axis + 1 :]), a.dtype)
    flipped = concatenate([first, lib.flip(later, axis)], axis=axis)
    return lib.flip(_recurrence(flipped, lib.flip(g, axis), axis=axis), axis)


def shifted(x: Any, axis: int, fill: float) -> Any:
    """``x`` moved one place towards the end along ``axis``, with ``fill`` at the start."""
    shape = shape_of(x)
    first = np.full((*shape[:axis], min(1, shape[axis]), *shape[axis + 1 :]), fill, x.dtype)
    return concatenate([first, lib.getitem(x, along(axis, slice(0, -1)))], axis=axis)


_recurrence: Op = defop(
    "linear_recurrence",
    _recur,
    lambda g, out, a, b, axis: _reverse_recurrence(a, g, axis) * shifted(out, axis, 0.0),
    lambda g, out, a, b, axis: _reverse_recurrence(a, g, axis),
    infer=lambda a, b, axis: Abstract(shape_of(b), np.result_type(a.dtype, b.dtype)),
    samples=(
        Sample(((5,), (5,)), {"axis": 0}),
        Sample(((2, 4), (2, 4)), {"axis": 1}),
        Sample(((0,), (0,)), {"axis": 0}),
    ),
    doc="h_k = a_k h_{k-1} + b_k with h_0 = b_0; the same recurrence backwards",
)


def linear_recurrence(a: Any, b: Any, axis: int = -1) -> Any:
    """``h_k = a_k h_{k-1} + b_k`` along ``axis``, starting with ``h_0 = b_0`` (``a_0`` is not used).

    Parameters
    ----------
    a, b : array_like
        Coefficients and terms; broadcast together.

    Examples
    --------
    >>> cr.linear_recurrence(np.full(4, 0.5), np.array([8.0, 0.0, 0.0, 0.0]))
    array([8., 4., 2., 1.])
    """
    a, b = lib.asarray(a), lib.asarray(b)
    shape = np.broadcast_shapes(shape_of(a), shape_of(b))
    axis = normalize_axis(axis, len(shape))
    return _recurrence(broadcast_to(a, shape), broadcast_to(b, shape), axis=axis)


_cumprod: Op = defop(
    "cumprod",
    np.cumprod,
    lambda g, out, x, axis=0: _reverse_recurrence(x, g, axis) * shifted(out, axis, 1.0),
    infer=_infer_running(np.cumprod),
    samples=_SAMPLES,
    kinks=(Kink((np.array([2.0, 0.0, 3.0]),), (np.array([1.0, 8.0, 0.0]),), "exact at zeros"),),
    doc="running Π x; products of the others, by a recurrence from the end",
)
cumprod = _running("cumprod", _cumprod)
cumprod.__doc__ = """``np.cumprod``: the running product; its derivative is exact also at zeros."""


def _cumulative(name: str, running: Any, start: float) -> Any:
    def cumulative(
        x: Any,
        /,
        *,
        axis: int | None = None,
        dtype: Any = None,
        out: Any = None,
        include_initial: bool = False,
    ) -> Any:
        x = lib.asarray(x)
        if axis is None:
            if len(shape_of(x)) != 1:
                raise ShapeError(f"{name}: axis must be given for an array that is not 1-d")
            axis = 0
        result = running(x, axis=axis, dtype=dtype, out=out)
        if not include_initial:
            return result
        shape = list(shape_of(result))
        shape[axis] = 1
        return concatenate([np.full(shape, start, result.dtype), result], axis=axis)

    cumulative.__name__ = cumulative.__qualname__ = name
    cumulative.__doc__ = f"``np.{name}``: the running form of NumPy 2, optionally with its start."
    return cumulative


cumulative_sum = _cumulative("cumulative_sum", cumsum, 0)
cumulative_prod = _cumulative("cumulative_prod", cumprod, 1)


def _arg_running(x: Any, axis: int, extremum: Any) -> Any:
    """Place of the first element that attains the running extremum."""
    best = extremum.accumulate(x, axis=axis)
    before = np.roll(best, 1, axis=axis)
    with np.errstate(invalid="ignore"):
        new = (best != before) & ~(np.isnan(best) & np.isnan(before)) if x.size else best != best
    places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - axis - 1))
    if x.size:
        new[along(axis, 0)] = True
    return np.maximum.accumulate(np.where(new, places, 0), axis=axis)


def _infer_places(x: Any, axis: int) -> Abstract:
    return Abstract(shape_of(x), np.dtype(np.intp))


_argcummax: Op = defop(
    "argcummax",
    lambda x, axis: _arg_running(x, axis, np.maximum),
    infer=_infer_places,
    samples=_SAMPLES,
    doc="place of the running maximum; no derivative",
)
_argcummin: Op = defop(
    "argcummin",
    lambda x, axis: _arg_running(x, axis, np.minimum),
    infer=_infer_places,
    samples=_SAMPLES,
    doc="place of the running minimum; no derivative",
)


def _running_extremum(name: str, places: Op, numpy_name: str) -> Any:
    def running(a: Any, axis: int = 0, dtype: Any = None) -> Any:
        a = lib.asarray(a) if dtype is None else astype(lib.asarray(a), dtype)
        axis = normalize_axis(axis, len(shape_of(a)))
        return lib.take_along_axis(a, places(a, axis=axis), axis=axis)

    running.__name__ = running.__qualname__ = name
    running.__doc__ = (
        f"``np.{numpy_name}.accumulate``; the gradient goes to the first element that attains it."
    )
    return running


cummax = _running_extremum("cummax", _argcummax, "maximum")
cummin = _running_extremum("cummin", _argcummin, "minimum")

# ---- differences of neighbours


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """``np.diff``: ``a[i + 1] - a[i]`` along ``axis``, ``n`` times."""
    if n < 0:
        raise ArgumentError(f"diff: n must be at least 0, not {n}")
    a = lib.asarray(a)
    if n == 0:
        return a
    if not shape_of(a):
        raise ShapeError("diff needs at least one axis; the array is 0-d")
    axis = normalize_axis(axis, len(shape_of(a)))
    parts = [_edge(prepend, a, axis), a, _edge(append, a, axis)]
    kept = [part for part in parts if part is not None]
    if len(kept) > 1:
        a = concatenate(kept, axis=axis)
    subtract = lib.not_equal if a.dtype.kind == "b" else lib.subtract
    for _ in range(n):
        later = lib.getitem(a, along(axis, slice(1, None)))
        a = subtract(later, lib.getitem(a, along(axis, slice(None, -1))))
    return a


def _edge(value: Any, a: Any, axis: int) -> Any:
    if value is None or value is np._NoValue:
        return None
    value = lib.asarray(value)
    if shape_of(value):
        return value
    shape = list(shape_of(a))
    shape[axis] = 1
    return broadcast_to(value, tuple(shape))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """``np.ediff1d``: differences of neighbours of the flattened array, with ends attached."""
    flat = ravel(lib.asarray(ary))
    parts = [to_begin, diff(flat), to_end]
    for end in (to_begin, to_end):
        if end is not None and not np.can_cast(lib.asarray(end).dtype, flat.dtype, "same_kind"):
            raise ArgumentError(
                f"ediff1d: to_begin and to_end must be castable to {flat.dtype} under 'same_kind'"
            )
    kept = [astype(ravel(lib.asarray(p)), flat.dtype) for p in parts if p is not None]
    return concatenate(kept) if len(kept) > 1 else kept[0]


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """``np.trapezoid``: the integral by the trapezoidal rule, differentiable in ``y``, ``x``, ``dx``."""
    y = lib.asarray(y)
    axis = normalize_axis(axis, len(shape_of(y)))
    if x is None:
        step = dx
    else:
        x = lib.asarray(x)
        step = diff(x) if len(shape_of(x)) == 1 else diff(x, axis=axis)
        if len(shape_of(x)) == 1:
            step = reshape(step, (-1,) + (1,) * (len(shape_of(y)) - axis - 1))
    upper = lib.getitem(y, along(axis, slice(1, None)))
    lower = lib.getitem(y, along(axis, slice(None, -1)))
    return lib.sum(step * (upper + lower) / 2.0, axis=axis)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """``np.gradient``: second-order central differences inside, one-sided at the edges.

    Differentiable in ``f``, in the spacings and in the coordinates.

    Raises
    ------
    ShapeError
        If the array is too small, or the spacings do not fit.
    """
    f = lib.asarray(f)
    axes = normalize_axes(axis, len(shape_of(f)))
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, not {edge_order}")
    spacings: list[Any] = list(varargs) or [1.0]
    if len(spacings) == 1 and not shape_of(spacings[0]):
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise ShapeError(
            f"gradient: expected one spacing or one for each of {len(axes)} axes, got {len(spacings)}"
        )
    if f.dtype.kind in "iub":
        f = astype(f, np.float64)
    outs = [_gradient_along(f, a, h, edge_order) for a, h in zip(axes, spacings)]
    return outs[0] if len(axes) == 1 else tuple(outs)


def _gradient_along(f: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    n = shape_of(f)[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: axis {axis} has length {n}, at least {edge_order + 1} are needed"
        )
    if shape_of(spacing):
        spacing = lib.asarray(spacing)
        if shape_of(spacing) != (n,):
            raise ShapeError(
                f"gradient: coordinates of shape {shape_of(spacing)} for an axis of length {n}"
            )
        spacing = diff(spacing if spacing.dtype.kind == "f" else astype(spacing, np.float64))
        if not isinstance(spacing, Tensor) and (spacing == spacing[0]).all():
            spacing = spacing[0]
    uniform = not shape_of(spacing)

    def at(start: int, stop: int | None) -> Any:
        return lib.getitem(f, along(axis, slice(start, stop)))

    def step(i: int) -> Any:
        return spacing if uniform else spacing[i]

    if uniform:
        inner = (at(2, None) - at(0, -2)) / (2.0 * spacing)
    else:
        column = (-1,) + (1,) * (len(shape_of(f)) - axis - 1)
        left, right = reshape(spacing[:-1], column), reshape(spacing[1:], column)
        inner = (
            at(0, -2) * (-right / (left * (left + right)))
            + at(1, -1) * ((right - left) / (left * right))
            + at(2, None) * (left / (right * (left + right)))
        )
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / step(0)
        last = (at(n - 1, n) - at(n - 2, n - 1)) / step(-1)
    else:
        h, k = step(0), step(1)
        first = (
            at(0, 1) * (-(2.0 * h + k) / (h * (h + k)))
            + at(1, 2) * ((h + k) / (h * k))
            - at(2, 3) * (h / (k * (h + k)))
        )
        h, k = step(-2), step(-1)
        last = (
            at(n - 3, n - 2) * (k / (h * (h + k)))
            - at(n - 2, n - 1) * ((k + h) / (h * k))
            + at(n - 1, n) * ((2.0 * k + h) / (k * (h + k)))
        )
    made = concatenate([first, inner, last], axis=axis)
    return made if made.dtype == f.dtype else astype(made, f.dtype)
