"""Operators on program values, so that rules read like formulas.

An :class:`Expr` is a value with NumPy's operators: operands are broadcast, Python numbers take the
dtype of the other operand, and arithmetic converts to the common dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Builder, Value

__all__ = ["Expr", "Maths"]


class Maths:
    """Functions of expressions; holds the builder they are made with."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def wrap(self, x: Any, like: Expr | None = None) -> Expr:
        """Return a value, an expression or a number as an expression."""
        if isinstance(x, Expr):
            return x
        if isinstance(x, Value):
            return Expr(self, x)
        if isinstance(x, bool | int | float) and like is not None:
            dtype = like.v.dtype
            if isinstance(x, float) and dtype.kind != "f":
                dtype = np.dtype(np.float64)
            return Expr(self, self.builder.const(np.asarray(x, dtype)))
        return Expr(self, self.builder.const(np.asarray(x)))

    def common(self, *args: Any) -> list[Expr]:
        """Return operands of one shape and dtype."""
        like = next((a for a in args if isinstance(a, Expr)), None)
        items = [self.wrap(a, like) for a in args]
        dtype = np.result_type(*(i.v.dtype for i in items))
        shape = np.broadcast_shapes(*(i.v.shape for i in items))
        b = self.builder
        return [Expr(self, b.broadcast(b.cast(i.v, dtype), shape)) for i in items]

    def map(self, name: str, *args: Any, dtype: Any = None) -> Expr:
        """Apply a scalar function to broadcast operands."""
        items = self.common(*args)
        return Expr(self, self.builder.map(name, *(i.v for i in items), dtype=dtype))

    def where(self, condition: Any, a: Any, b: Any) -> Expr:
        """Return ``a`` where ``condition`` holds, else ``b``."""
        like = a if isinstance(a, Expr) else b if isinstance(b, Expr) else None
        x, y = self.common(self.wrap(a, like), self.wrap(b, like))
        c = self.wrap(condition)
        shape = np.broadcast_shapes(c.v.shape, x.v.shape)
        make = self.builder
        c_v, x_v, y_v = (make.broadcast(e.v, shape) for e in (c, x, y))
        return Expr(self, make.map("select", make.cast(c_v, np.bool_), x_v, y_v, dtype=x_v.dtype))

    def compare(self, name: str, a: Any, b: Any) -> Expr:
        """Return a comparison as bools."""
        return self.map(name, a, b, dtype=np.bool_)

    def full(self, number: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
        """Return a number repeated."""
        return Expr(self, self.builder.full(number, shape, dtype))


class Expr:
    """A program value with operators."""

    __slots__ = ("m", "v")

    def __init__(self, maths: Maths, value: Value) -> None:
        self.m = maths
        self.v = value

    def __add__(self, other: Any) -> Expr:
        return self.m.map("add", self, other)

    def __radd__(self, other: Any) -> Expr:
        return self.m.map("add", self.m.wrap(other, self), self)

    def __sub__(self, other: Any) -> Expr:
        return self.m.map("sub", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return self.m.map("sub", self.m.wrap(other, self), self)

    def __mul__(self, other: Any) -> Expr:
        return self.m.map("mul", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return self.m.map("mul", self.m.wrap(other, self), self)

    def __truediv__(self, other: Any) -> Expr:
        return self.m.map("div", self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return self.m.map("div", self.m.wrap(other, self), self)

    def __neg__(self) -> Expr:
        return self.m.map("neg", self)

    def __gt__(self, other: Any) -> Expr:
        return self.m.compare("gt", self, other)

    def __lt__(self, other: Any) -> Expr:
        return self.m.compare("lt", self, other)

    def __le__(self, other: Any) -> Expr:
        return self.m.compare("le", self, other)

    def __ge__(self, other: Any) -> Expr:
        return self.m.compare("ge", self, other)

    def eq(self, other: Any) -> Expr:
        """Return where the two are equal."""
        return self.m.compare("eq", self, other)

    def ne(self, other: Any) -> Expr:
        """Return where the two differ."""
        return self.m.compare("ne", self, other)

    def __and__(self, other: Any) -> Expr:
        return self.m.map("and", self, other)

    def __or__(self, other: Any) -> Expr:
        return self.m.map("or", self, other)

    def f(self, name: str) -> Expr:
        """Apply a scalar function of one argument."""
        return self.m.map(name, self)

    def cast(self, dtype: Any) -> Expr:
        """Convert."""
        return Expr(self.m, self.m.builder.cast(self.v, np.dtype(dtype)))

    def maximum(self, other: Any) -> Expr:
        """Return the larger; NaN of either."""
        return self.m.map("max", self, other)

    def minimum(self, other: Any) -> Expr:
        """Return the smaller; NaN of either."""
        return self.m.map("min", self, other)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.v.shape

    def reshape(self, shape: tuple[int, ...]) -> Expr:
        """Give the elements another shape."""
        return Expr(self.m, self.m.builder.reshape(self.v, shape))

    def broadcast(self, shape: tuple[int, ...]) -> Expr:
        """Repeat over a shape."""
        return Expr(self.m, self.m.builder.broadcast(self.v, shape))

    def reduce(self, kind: str, axes: Sequence[int], keepdims: bool = False) -> Expr:
        """Reduce over axes."""
        out = Expr(self.m, self.m.builder.reduce(kind, self.v, list(axes)))
        if not keepdims:
            return out
        axes = [a % len(self.shape) for a in axes]
        return out.reshape(tuple(1 if a in axes else n for a, n in enumerate(self.shape)))

    def mean(self, axes: Sequence[int], keepdims: bool = False) -> Expr:
        """Return the mean over axes."""
        count = 1
        for a in axes:
            count *= self.shape[a]
        return self.reduce("sum", axes, keepdims) / float(count)
