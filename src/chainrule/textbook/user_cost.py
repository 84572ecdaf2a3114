"""A user's own cost, held to the two assumptions each time it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook._types import Array, Layout

__all__ = ["user_cost"]

PerSample = Callable[[Array, Array], Array]


def user_cost(given: object, layout: Layout) -> tuple[str, PerSample, PerSample]:
    """Name, value and ``∇_a C`` in column form of a pair of functions or an object with them.

    Both are wrapped: they receive a and y in `layout`, their shapes are checked, and a gradient
    that depends on the number of samples (one that divides by m) is an error.
    """
    value, nabla_a, name = _functions(given)
    row = layout == "row"

    def native(column: Array) -> Array:
        # Read-only: a cost that writes into a or y would falsify the record, and says so instead.
        view = column.T if row else column[:]
        view.flags.writeable = False
        return view

    def call_value(a: Array, y: Array) -> Array:
        m = a.shape[1]
        out = np.asarray(value(native(a), native(y)), dtype=a.dtype)
        if out.ndim == 0 and m > 1:
            # Whether a number for a batch is a sum, a mean or something else cannot be told from
            # the number; the costs of the single samples can.
            singles = (slice(j, j + 1) for j in range(m))
            return np.concatenate([call_value(a[:, j], y[:, j]) for j in singles])
        if out.shape not in ((), (m,), (m, 1) if row else (1, m)):
            raise ShapeError(
                f"cost {name!r}: value(a, y) returned shape {out.shape} for a of shape "
                f"{native(a).shape}; expected one cost per sample, shape ({m},): sum over the "
                f"output neurons (axis {1 if row else 0}) and not over the samples"
            )
        return out.reshape(m)

    def checked_value(a: Array, y: Array) -> Array:
        out = call_value(a, y)
        if a.shape[1] > 1:
            alone = call_value(a[:, :1], y[:, :1])
            _refuse_batch_dependence(f"{name!r}: the value", out[:1], alone, a.shape[1])
        return out

    def call_gradient(a: Array, y: Array) -> Array:
        out = np.asarray(nabla_a(native(a), native(y)), dtype=a.dtype)
        if out.shape != native(a).shape:
            raise ShapeError(
                f"cost {name!r}: nabla_a(a, y) returned shape {out.shape}; expected the shape of "
                f"a, {native(a).shape}: one derivative per output and sample"
            )
        return native(out)

    def checked_gradient(a: Array, y: Array) -> Array:
        out = call_gradient(a, y)
        if a.shape[1] > 1:
            alone = call_gradient(a[:, :1], y[:, :1])
            _refuse_batch_dependence(f"{name!r}: nabla_a", out[:, :1], alone, a.shape[1])
        return out

    return name, checked_value, checked_gradient


def _functions(given: object) -> tuple[Callable[..., Any], Callable[..., Any], str]:
    if isinstance(given, tuple) and len(given) == 2 and all(map(callable, given)):
        value, nabla_a = given
        return value, nabla_a, getattr(value, "__name__", "cost")
    value, nabla_a = getattr(given, "value", None), getattr(given, "nabla_a", None)
    if callable(value) and callable(nabla_a):
        name = getattr(given, "name", None) or getattr(given, "__name__", type(given).__name__)
        return value, nabla_a, str(name)
    book = (
        "; a class with fn(a, y) and delta(z, a, y), as in the book, becomes a pair by giving "
        "∇_a C itself instead of delta: the network multiplies by σ'(z)"
        if hasattr(given, "fn")
        else ""
    )
    raise ArgumentError(
        "a cost is a name, a Cost, a pair (value, nabla_a) of functions of (a, y), or an object "
        f"with methods value and nabla_a; got {given!r}{book}"
    )


def _refuse_batch_dependence(what: str, together: Array, alone: Array, m: int) -> None:
    """What is computed of the first sample must not change with the company it is in."""
    bound = 1e3 * np.finfo(alone.dtype).eps * max(1.0, float(np.abs(alone).max()))
    if not np.all(np.isfinite(alone)) or np.all(np.abs(together - alone) <= bound):
        return
    divided = np.all(np.abs(together * m - alone) <= bound * m)
    raise ArgumentError(
        f"cost {what} of the first sample differs between this batch of {m} and the sample on "
        "its own"
        + (f", by a factor 1/{m}: it divides by the number of samples" if divided else "")
        + ". A cost is per sample; the network divides by m, once, for reduction='mean'"
    )
