"""What an op is, and how a call of one is recorded.

An op is declared once, as one :class:`Op` record: its NumPy forward, its derivative rules, its
shape rule, its parts, sample inputs and documentation. Everything else is derived from the
record: the backward sweep, forward mode, staging, the generated tests, the table in the docs.

A call ``op(x, y, axis=0)`` on plain arrays computes and returns a plain array. With a Tensor among
the inputs it computes, returns a Tensor and, if a gradient may be asked for, records a ``Node``.
Derivative rules are written in the library's own ops. The same rule therefore serves

* the first-order sweep, on plain arrays, with nothing recorded;
* higher order, on Tensors, where the gradient is itself a graph;
* staging, on Tensors without values, where the gradient is compiled.

Notation in rules: ``g`` is the cotangent of the output, ``out`` the output, ``x, y, …`` the inputs.
"""

from __future__ import annotations

import itertools
import math
import numbers
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.core.source import caller
from chainrule.errors import DtypeError, GradientError

if TYPE_CHECKING:
    from chainrule.core.graph import Node
    from chainrule.core.staging import Stage

__all__ = ["OPS", "Abstract", "Kink", "Op", "Sample", "defop", "elementwise"]

Rule = Callable[..., Any]


class Abstract:
    """A value of which only shape and dtype are known; also the way to say so to ``cr.trace``.

    Parameters
    ----------
    shape : sequence of int
    dtype : dtype, optional
        float64 by default.

    Examples
    --------
    >>> cr.Abstract((2, 3), np.float32)
    float32[2, 3]
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Sequence[int], dtype: Any = np.float64) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Abstract):
            return NotImplemented
        return self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class Sample(NamedTuple):
    """One call of an op, for generated tests: positional inputs and parameters.

    ``inputs`` are arrays or shapes: a tuple of integers stands for random normal numbers of that
    shape, from which ``domain`` (if the op gives one) makes admissible ones.
    """

    inputs: tuple[Any, ...]
    params: dict[str, Any] = {}  # noqa: RUF012  (never mutated)


class Kink(NamedTuple):
    """A point where the derivative jumps, and the partial derivatives chosen there."""

    inputs: tuple[Any, ...]
    partials: tuple[Any, ...]
    reason: str


@dataclass(eq=False, slots=True)
class Op:
    """One gate, declared once.

    Parameters
    ----------
    name : str
        The name in graphs: NumPy's name where NumPy has the function.
    forward : callable
        ``forward(*arrays, **params) -> array`` in NumPy; a tuple of arrays for several outputs.
    rules : sequence of (callable or None)
        For each input, ``rule(g, out, *inputs, **params)`` gives its cotangent. ``None`` where
        the output does not depend differentiably on that input.
    variadic : callable, optional
        Instead of ``rules`` for ops with any number of inputs:
        ``variadic(index, g, out, *inputs, **params)``.
    elementwise : bool
        The inputs broadcast together and element ``i`` of the output depends on elements ``i``
        only. The rule for one input is then also its forward derivative (``g`` is the tangent),
        and broadcasting is undone by the sweep: rules never mention it.
    linear : bool
        The op is linear in each input that has a rule, taken one at a time; forward mode then
        applies the op itself.
    infer : callable, optional
        ``infer(*abstracts, **params) -> Abstract``. By default the forward runs on dummies.
    parts : callable, optional
        The same function built from smaller ops (SPEC B2: a gate can be opened).
    refuses : tuple of int
        Inputs on which the output depends but whose derivative is not offered: a tensor that
        requires gradients is refused there, since its gradient would be wrong without a word.
    samples, rejects, kinks : tables for the generated tests
    domain : callable, optional
        Maps random normal numbers into the domain: ``domain(array, input_index) -> array``.
    doc : str
        One line: the formula and its derivative.
    """

    name: str
    forward: Callable[..., Any]
    rules: tuple[Rule | None, ...] = ()
    variadic: Rule | None = None
    elementwise: bool = False
    linear: bool = False
    infer: Callable[..., Any] | None = None
    parts: Callable[..., Any] | None = None
    refuses: tuple[int, ...] = ()
    samples: tuple[Sample, ...] = ()
    rejects: tuple[tuple[Sample, type[Exception], str], ...] = ()
    kinks: tuple[Kink, ...] = ()
    domain: Callable[..., Any] | None = None
    doc: str = ""
    differentiable: bool = field(init=False)

    def __post_init__(self) -> None:
        self.differentiable = self.variadic is not None or any(r is not None for r in self.rules)

    def __call__(self, *args: Any, **params: Any) -> Any:
        for argument in args:
            if isinstance(argument, TENSOR):
                return record(self, args, params)
        return self.forward(*args, **params)

    def rule(self, index: int) -> Rule | None:
        """The derivative rule of one input, or ``None``."""
        if self.variadic is not None:
            variadic = self.variadic
            return lambda g, out, *inputs, **params: variadic(index, g, out, *inputs, **params)
        return self.rules[index] if index < len(self.rules) else None

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _by_name, (self.name,)


OPS: dict[str, Op] = {}
"""Every declared op by name, in the order of declaration."""


def _by_name(name: str) -> Op:
    return OPS[name]


def defop(name: str, forward: Callable[..., Any], *rules: Rule | None, **fields: Any) -> Op:
    """Declare an op: make its record and enter it in the table."""
    if name in OPS:
        raise ValueError(f"the op {name!r} is declared twice")
    op = OPS[name] = Op(name, forward, tuple(rules), **fields)
    return op


def elementwise(name: str, forward: Callable[..., Any], *rules: Rule | None, **fields: Any) -> Op:
    """Declare an elementwise op; see :class:`Op` for what that promises."""
    return defop(name, forward, *rules, elementwise=True, **fields)


class State(threading.local):
    """What the current thread is doing: recording gradients or not, staging or not."""

    grad_enabled: bool = True
    stage: Stage | None = None


STATE = State()
IDS = itertools.count(1)
"""Serial numbers of nodes. Inputs have smaller numbers: sorting by id is a topological order."""

TENSOR: tuple[type[Any], ...] = ()
"""The Tensor class, entered by ``tensor.py``; a tuple so that ``isinstance`` is false before."""


class Hooks:
    """What this module needs from those that import it; they fill it in."""

    node: type[Node]
    wrap: Callable[[Any, Node | None], Any]
    explain: Callable[[Op, Sequence[Any], dict[str, Any], Exception], Exception]


_PLAIN = (int, float, bool, np.generic)


def as_operand(argument: Any) -> Any:
    """A constant operand as the forward can take it: arrays and Python numbers unchanged.

    Raises
    ------
    DtypeError
        For complex numbers, which are outside the library's scope, and for objects.
    """
    if isinstance(argument, np.ndarray | np.generic):
        if argument.dtype.kind == "c":
            raise DtypeError(
                f"complex numbers are outside the library's scope (an operand is {argument.dtype}); "
                "pass the real and imaginary parts as two arrays"
            )
        if argument.dtype.kind not in "fiub":
            raise DtypeError(
                f"an operand is an array of {argument.dtype}; tensors compute with real numbers "
                "and booleans. An array of tensors is made with cr.array or cr.stack"
            )
        return argument
    if isinstance(argument, complex):
        raise DtypeError("complex numbers are outside the library's scope; an operand is complex")
    if isinstance(argument, list | tuple):
        return as_operand(np.asarray(argument))
    if isinstance(argument, numbers.Real) and not isinstance(argument, int | float):
        return float(argument)  # Fraction: NumPy would make arrays of objects
    return argument


def record(op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run ``op`` on arguments with a Tensor among them, and record a node where one is needed."""
    state = STATE
    if state.stage is not None:
        return state.stage.record(op, args, params)
    values: list[Any] = []
    inputs: list[Node | None] = []
    arrays: list[int] = []
    tracked = False
    for argument in args:
        if isinstance(argument, TENSOR):
            values.append(argument._value)
            node = argument._node
            inputs.append(node)
            if node is not None:
                tracked = True
        else:
            kind = argument.__class__
            if kind is not float and kind is not int:
                argument = as_operand(argument)
                if argument.__class__ is np.ndarray:
                    arrays.append(len(values))
            values.append(argument)
            inputs.append(None)
    try:
        out = op.forward(*values, **params)
    except (ValueError, TypeError, IndexError) as error:
        raise Hooks.explain(op, args, params, error) from error
    if out.__class__ is not np.ndarray and out.__class__ is not tuple:
        out = np.asarray(out)
        out.setflags(write=False)  # Note [Scalars do not change], tensor.py
    if tracked and state.grad_enabled:
        if op.refuses:
            refuse(op, inputs)
        if op.differentiable:
            # the caller may write to his array before the backward pass reads it: keep a copy
            for index in arrays:
                values[index] = values[index].copy("K")
            code, offset = caller()
            return Hooks.wrap(
                out, Hooks.node(op, tuple(inputs), tuple(values), params, out, code, offset)
            )
    return Hooks.wrap(out, None)


def refuse(op: Op, inputs: Sequence[Node | None]) -> None:
    """Raise if a gradient would flow into an input for which the op offers none."""
    for index in op.refuses:
        node = inputs[index] if index < len(inputs) else None
        if node is not None and node.tracked:
            raise GradientError(
                f"{op.name} has no derivative in operand {index + 1}, which requires gradients: "
                "pass t.detach() there if it is a constant"
            )


def infer(op: Op, values: Sequence[Any], params: dict[str, Any]) -> Any:
    """Shape and dtype of ``op`` applied to ``values`` (arrays, Abstracts, Python numbers).

    Returns an :class:`Abstract`, or a tuple of them for an op with several outputs.
    """
    if op.infer is not None:
        return op.infer(*values, **params)
    if op.elementwise:
        shape = np.broadcast_shapes(*(getattr(value, "shape", ()) for value in values))
        values = [_unit(value) for value in values]
        with np.errstate(all="ignore"):
            return Abstract(shape, np.asarray(op.forward(*values, **params)).dtype)
    with np.errstate(all="ignore"):
        out = op.forward(*map(_dummy, values), **params)
    if isinstance(out, tuple):
        return tuple(Abstract(np.shape(part), np.asarray(part).dtype) for part in out)
    return Abstract(np.shape(out), np.asarray(out).dtype)


def _unit(value: Any) -> Any:
    """One element with the dtype (and, for NEP 50, the array-ness) of ``value``."""
    return np.ones((1,), value.dtype) if hasattr(value, "dtype") else value


def _dummy(value: Any) -> Any:
    """An array like ``value`` that takes no memory."""
    if isinstance(value, Abstract):
        return np.broadcast_to(np.ones((), value.dtype), value.shape)
    return value
