"""A reverse-mode engine of about a hundred lines, too simple to be wrong in an interesting way.

One :class:`Value` is one number. Arrays are NumPy arrays of such objects, so NumPy itself decides
what broadcasts, what is a view, what is a copy and what a write in place reaches; derivatives are
those of a single number. Nothing is shared with the library that is tested.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def of_numbers(method: Callable[[Value, Value], Value]) -> Callable[[Value, Any], Value]:
    """The method for numbers; with an array as the other operand NumPy takes over."""

    def wrapped(self: Value, other: Any) -> Value:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return method(self, value(other))

    return wrapped


class Value:
    """A number, how it was computed, and the derivative of a final result with respect to it."""

    __slots__ = ("data", "grad", "parents", "visited")

    def __init__(self, data: float, parents: tuple[tuple[Value, float], ...] = ()) -> None:
        self.data = float(data)
        self.parents = parents
        """Operands, each with the local derivative."""
        self.grad = 0.0
        self.visited = False

    @of_numbers
    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    @of_numbers
    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    @of_numbers
    def __truediv__(self, other: Value) -> Value:
        quotient = self.data / other.data
        return Value(quotient, ((self, 1 / other.data), (other, -quotient / other.data)))

    def __neg__(self) -> Value:
        return self * -1.0

    @of_numbers
    def __sub__(self, other: Value) -> Value:
        return self + -other

    @of_numbers
    def __radd__(self, other: Value) -> Value:
        return other + self

    @of_numbers
    def __rsub__(self, other: Value) -> Value:
        return other - self

    @of_numbers
    def __rmul__(self, other: Value) -> Value:
        return other * self

    @of_numbers
    def __rtruediv__(self, other: Value) -> Value:
        return other / self

    def square(self) -> Value:
        return self * self

    def sin(self) -> Value:
        return Value(math.sin(self.data), ((self, math.cos(self.data)),))

    def tanh(self) -> Value:
        out = math.tanh(self.data)
        return Value(out, ((self, 1 - out * out),))

    def exp(self) -> Value:
        out = math.exp(self.data)
        return Value(out, ((self, out),))

    def maximum(self, other: Any) -> Value:
        other = value(other)
        share = 0.5 if self.data == other.data else float(self.data > other.data)
        return Value(max(self.data, other.data), ((self, share), (other, 1 - share)))


def value(number: Any) -> Value:
    """A constant as a Value."""
    return number if isinstance(number, Value) else Value(number)


def lift(array: Any) -> np.ndarray[Any, Any]:
    """An array of fresh Values."""
    array = np.asarray(array, float)
    lifted = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        lifted[index] = Value(array[index])
    return lifted


def data(array: Any) -> np.ndarray[Any, Any]:
    """The numbers of an array of Values (or of one Value)."""
    return np.vectorize(lambda v: v.data, otypes=[float])(array)


def grad(array: Any) -> np.ndarray[Any, Any]:
    """The derivatives left in an array of Values by :func:`backward`."""
    return np.vectorize(lambda v: v.grad, otypes=[float])(array)


maximum = np.frompyfunc(lambda x, y: value(x).maximum(y), 2, 1)
"""``np.maximum`` of arrays of Values."""


def backward(result: Value) -> None:
    """Leave d result / d value in every value's ``grad``, operands after those computed from them."""
    order: list[Value] = []
    stack: list[tuple[Value, bool]] = [(result, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif not node.visited:
            node.visited = True
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in node.parents)
    for node in order:
        node.visited, node.grad = False, 0.0
    result.grad = 1.0
    for node in reversed(order):
        for parent, slope in node.parents:
            parent.grad += slope * node.grad
