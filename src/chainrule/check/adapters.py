"""One face for every kind of function whose gradient can be checked.

A :class:`Backend` evaluates a function on plain float64 arrays and asks the tool that is under test
for its pullback. There is one for functions of chainrule tensors, for pairs ``(f, grad_f)`` of plain
NumPy, for PyTorch and for JAX; the last two are imported only when the function or its arguments
come from there.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError

__all__ = ["Backend", "Split", "backend_for"]

Array = NDArray[Any]


@dataclasses.dataclass
class Split:
    """Arguments taken apart into float leaves and the structure around them.

    Attributes
    ----------
    values : list of ndarray
        The leaves, promoted to float64 unless asked otherwise.
    names : list of str
        ``x``, ``params['W']``, ``layers[0]``.
    dtypes : list of dtype
        What they were before promotion.
    """

    values: list[Array]
    names: list[str]
    dtypes: list[np.dtype[Any]]
    skeleton: Any

    def build(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments with `leaves` in the places of the float leaves."""
        return tuple(_rebuild(self.skeleton, iter(leaves)))


class _Slot:
    """Marks the place of a leaf; scalars come back as Python floats."""

    def __init__(self, scalar: bool) -> None:
        self.scalar = scalar


def split(
    args: tuple[Any, ...],
    names: Sequence[str],
    to_numpy: Callable[[Any], Array | None],
    integers: bool = False,
) -> Split:
    """Take arguments apart. `to_numpy` turns a foreign tensor into an array, or says None."""
    values: list[Array] = []
    labels: list[str] = []
    dtypes: list[np.dtype[Any]] = []

    def visit(node: Any, name: str) -> Any:
        array = node if isinstance(node, np.ndarray) else to_numpy(node)
        if array is not None and not isinstance(node, (bool, int, float, np.generic)):
            if array.dtype.kind == "f" or (integers and array.dtype.kind in "iu"):
                return keep(array, name, False)
            return node
        if isinstance(node, (float, np.floating)) or (
            integers and isinstance(node, (int, np.integer)) and not isinstance(node, bool)
        ):
            return keep(np.asarray(node), name, not isinstance(node, np.generic))
        if isinstance(node, dict):
            return {k: visit(v, f"{name}[{k!r}]") for k, v in node.items()}
        if isinstance(node, tuple) and hasattr(node, "_fields"):
            return type(node)(*[visit(v, f"{name}.{k}") for k, v in zip(node._fields, node)])
        if type(node) in (list, tuple):
            return type(node)(visit(v, f"{name}[{i}]") for i, v in enumerate(node))
        if dataclasses.is_dataclass(node) and not isinstance(node, type):
            fields = {
                f.name: visit(getattr(node, f.name), f"{name}.{f.name}")
                for f in dataclasses.fields(node)
                if f.init
            }
            return dataclasses.replace(node, **fields)
        return node

    def keep(array: Array, name: str, scalar: bool) -> _Slot:
        dtypes.append(array.dtype if array.dtype.kind == "f" else np.dtype(np.float64))
        values.append(np.array(array, dtype=np.float64))
        labels.append(name)
        return _Slot(scalar)

    skeleton = [visit(a, n) for a, n in zip(args, names)]
    return Split(values, labels, dtypes, skeleton)


def _rebuild(node: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(node, _Slot):
        leaf = next(leaves)
        return float(leaf) if node.scalar and isinstance(leaf, np.ndarray) else leaf
    if isinstance(node, dict):
        return {k: _rebuild(v, leaves) for k, v in node.items()}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return type(node)(*[_rebuild(v, leaves) for v in node])
    if type(node) in (list, tuple):
        return type(node)(_rebuild(v, leaves) for v in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {
            f.name: _rebuild(getattr(node, f.name), leaves)
            for f in dataclasses.fields(node)
            if f.init
        }
        return dataclasses.replace(node, **fields)
    return node


def flatten(result: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """The leaves of a result: whatever is no container."""
    if is_leaf(result):
        return [result]
    if result is None:
        return []
    if isinstance(result, dict):
        return [leaf for value in result.values() for leaf in flatten(value, is_leaf)]
    if isinstance(result, (list, tuple)):
        return [leaf for value in result for leaf in flatten(value, is_leaf)]
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        values = [getattr(result, f.name) for f in dataclasses.fields(result)]
        return [leaf for value in values for leaf in flatten(value, is_leaf)]
    raise ArgumentError(
        f"check.gradients: the function returned a {type(result).__name__}; expected an array, a"
        " tensor, a number, or a container of them"
    )


class Backend(ABC):
    """A function, its arguments, and the derivative that is under test.

    Attributes
    ----------
    parts : Split
        The arguments.
    notes : list of str
        What was assumed.
    dtype : numpy.dtype
        The precision in which the function is run.
    """

    kind = ""
    has_forward_mode = False
    has_second_order = False
    is_linear_in_cotangent = True

    def __init__(self, function: Callable[..., Any], parts: Split) -> None:
        self.function = function
        self.parts = parts
        self.notes: list[str] = []
        self.dtype = np.dtype(np.float64)

    def context(self) -> AbstractContextManager[Any]:
        """Settings that have to hold during the check."""
        return nullcontext()

    @abstractmethod
    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """The outputs, as arrays."""

    @abstractmethod
    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        """The claimed gradient for each leaf, as the tool returns it (None where it says none)."""

    def push(self, values: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """The claimed forward derivative of each output."""
        raise NotImplementedError

    def second(
        self, values: Sequence[Array], cotangents: Sequence[Array], weights: Sequence[Array]
    ) -> list[Any]:
        """Gradient of ``Σ weights ⊙ pull(cotangents)``."""
        raise NotImplementedError

    def inputs_after(self) -> list[Array] | None:
        """The leaves of the last call as the function left them, if it could have changed them."""
        return None


class PairBackend(Backend):
    """``f`` of plain arrays and a hand-written ``grad_f`` of the same arguments."""

    kind = "NumPy"
    is_linear_in_cotangent = False

    def __init__(
        self, function: Callable[..., Any], gradient: Callable[..., Any], parts: Split
    ) -> None:
        super().__init__(function, parts)
        self.gradient = gradient
        self._last: list[Array] | None = None

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        copies = [np.array(v) for v in values]
        self._last = copies
        result = self.function(*self.parts.build(copies))
        outs = [np.asarray(o) for o in flatten(result, _is_array)]
        if len(outs) != 1 or outs[0].size != 1:
            shapes = ", ".join(str(o.shape) for o in outs)
            raise ArgumentError(
                f"check.gradients: of a pair (f, grad_f), f has to return one number; it returned"
                f" {shapes}. For a backward pass with a cotangent use check.backward"
            )
        return [outs[0].reshape(())]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        copies = [np.array(v) for v in values]
        self._last = copies
        result = self.gradient(*self.parts.build(copies))
        found = [np.asarray(g) for g in flatten(result, _is_array)]
        if len(found) == len(values) or len(values) == 1:
            return [g * float(cotangents[0]) for g in found[: len(values)]]
        if len(found) < len(values):
            # The first arguments are what one differentiates by; the rest are data.
            self.notes.append(
                f"grad_f returned {len(found)} gradients for {len(values)} float arguments:"
                " taken as those of the first"
            )
            return [g * float(cotangents[0]) for g in found] + [_UNASKED] * (
                len(values) - len(found)
            )
        raise ArgumentError(
            f"check.gradients: grad_f returned {len(found)} gradients for {len(values)} float"
            f" arguments ({', '.join(self.parts.names)})"
        )

    def inputs_after(self) -> list[Array] | None:
        return self._last


#: A gradient that nobody claims to know.
_UNASKED: Any = object()


def is_unasked(gradient: Any) -> bool:
    """True for an argument whose gradient the tool was not asked for."""
    return gradient is _UNASKED


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic, int, float))


class TensorBackend(Backend):
    """A function of chainrule tensors."""

    kind = "chainrule"
    has_forward_mode = True
    has_second_order = True

    def __init__(self, function: Callable[..., Any], parts: Split) -> None:
        super().__init__(function, parts)
        import chainrule as cr

        self.cr = cr

    def _is_leaf(self, value: Any) -> bool:
        return isinstance(value, self.cr.Tensor) or _is_array(value)

    def _flat(self, *leaves: Any) -> list[Any]:
        return flatten(self.function(*self.parts.build(leaves)), self._is_leaf)

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        with self.cr.no_grad():
            outs = self._flat(*[self.cr.tensor(v) for v in values])
        return [np.asarray(o.numpy() if isinstance(o, self.cr.Tensor) else o) for o in outs]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        _, pullback = self.cr.vjp(self._flat, *[self.cr.tensor(v) for v in values])
        found = pullback([self.cr.tensor(c) for c in cotangents])
        return [_plain(g) for g in found]

    def push(self, values: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        primals = tuple(self.cr.tensor(v) for v in values)
        _, out = self.cr.jvp(self._flat, primals, tuple(self.cr.tensor(t) for t in tangents))
        return [np.asarray(_plain(o)) for o in out]

    def second(
        self, values: Sequence[Array], cotangents: Sequence[Array], weights: Sequence[Array]
    ) -> list[Any]:
        cr = self.cr

        def product(*leaves: Any) -> Any:
            _, pullback = cr.vjp(self._flat, *leaves)
            found = pullback([cr.tensor(c) for c in cotangents])
            return sum((g * w).sum() for g, w in zip(found, [cr.tensor(w) for w in weights]))

        tensors = [cr.tensor(v) for v in values]
        return [_plain(g) for g in cr.grad(product, argnums=tuple(range(len(tensors))))(*tensors)]


def _plain(value: Any) -> Any:
    return value.numpy() if hasattr(value, "numpy") else value


class TorchBackend(Backend):
    """A function of torch tensors, a ``torch.autograd.Function.apply`` or a ``torch.nn.Module``."""

    kind = "torch"
    has_second_order = True

    def __init__(self, function: Callable[..., Any], parts: Split, dtype: Any) -> None:
        super().__init__(function, parts)
        import torch

        self.torch = torch
        self.torch_dtype = dtype
        self._last: list[Any] | None = None

    def _tensors(self, values: Sequence[Array], needs: bool) -> list[Any]:
        found = [
            self.torch.tensor(np.array(v), dtype=self.torch_dtype, requires_grad=needs)
            for v in values
        ]
        self._last = found
        return found

    def _flat(self, leaves: Sequence[Any]) -> list[Any]:
        return flatten(
            self.function(*self.parts.build(leaves)),
            lambda o: isinstance(o, self.torch.Tensor) or _is_array(o),
        )

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        with self.torch.no_grad():
            return [
                o.double().numpy() if hasattr(o, "double") else np.asarray(o)
                for o in self._flat(self._tensors(values, False))
            ]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        leaves = self._tensors(values, True)
        outs = self._flat(leaves)
        pairs = [
            (o, self.torch.tensor(c, dtype=o.dtype))
            for o, c in zip(outs, cotangents)
            if getattr(o, "requires_grad", False)
        ]
        if not pairs:
            return [None] * len(leaves)
        found = self.torch.autograd.grad(
            [o for o, _ in pairs], leaves, [c for _, c in pairs], allow_unused=True
        )
        return [None if g is None else g.detach().numpy() for g in found]

    def second(
        self, values: Sequence[Array], cotangents: Sequence[Array], weights: Sequence[Array]
    ) -> list[Any]:
        leaves = self._tensors(values, True)
        outs = self._flat(leaves)
        grads = self.torch.autograd.grad(
            outs,
            leaves,
            [self.torch.tensor(c, dtype=o.dtype) for o, c in zip(outs, cotangents)],
            create_graph=True,
            allow_unused=True,
        )
        total = sum(
            (g * self.torch.tensor(w, dtype=g.dtype)).sum()
            for g, w in zip(grads, weights)
            if g is not None
        )
        if not getattr(total, "requires_grad", False):
            return [None] * len(leaves)
        found = self.torch.autograd.grad(total, leaves, allow_unused=True)
        return [None if g is None else g.detach().numpy() for g in found]

    def inputs_after(self) -> list[Array] | None:
        return None if self._last is None else [t.detach().double().numpy() for t in self._last]


@contextmanager
def jax_in_float64() -> Iterator[Any]:
    """The jax module with 64-bit types switched on inside the ``with`` block."""
    jax: Any = importlib.import_module("jax")
    before = bool(jax.config.read("jax_enable_x64"))
    jax.config.update("jax_enable_x64", True)
    try:
        yield jax
    finally:
        jax.config.update("jax_enable_x64", before)


class JaxBackend(Backend):
    """A function of JAX arrays, with or without rules of its own."""

    kind = "JAX"
    has_second_order = True

    def __init__(self, function: Callable[..., Any], parts: Split) -> None:
        super().__init__(function, parts)
        import jax

        self.jax = jax

    def context(self) -> AbstractContextManager[Any]:
        return jax_in_float64()

    def _flat(self, *leaves: Any) -> list[Any]:
        return flatten(
            self.function(*self.parts.build(leaves)),
            lambda o: isinstance(o, self.jax.Array) or _is_array(o) or hasattr(o, "aval"),
        )

    def _arrays(self, values: Sequence[Array]) -> list[Any]:
        return [self.jax.numpy.asarray(v) for v in values]

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        return [np.asarray(o) for o in self._flat(*self._arrays(values))]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        outs, pullback = self.jax.vjp(self._flat, *self._arrays(values))
        return [
            np.asarray(g)
            for g in pullback(
                [self.jax.numpy.asarray(c, dtype=o.dtype) for o, c in zip(outs, cotangents)]
            )
        ]

    def push(self, values: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        _, out = self.jax.jvp(
            self._flat, tuple(self._arrays(values)), tuple(self._arrays(tangents))
        )
        return [np.asarray(o) for o in out]

    def second(
        self, values: Sequence[Array], cotangents: Sequence[Array], weights: Sequence[Array]
    ) -> list[Any]:
        jax = self.jax

        def product(*leaves: Any) -> Any:
            outs, pullback = jax.vjp(self._flat, *leaves)
            found = pullback(
                [jax.numpy.asarray(c, dtype=o.dtype) for o, c in zip(outs, cotangents)]
            )
            return sum((g * w).sum() for g, w in zip(found, weights))

        found = jax.grad(product, argnums=tuple(range(len(values))))(*self._arrays(values))
        return [np.asarray(g) for g in found]


# -- choosing ------------------------------------------------------------------------------------


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
        backend = JaxBackend(function, parts)
        # A function with a custom_vjp rule refuses forward mode; one with custom_jvp has it.
        backend.has_forward_mode = type(function).__name__ != "custom_vjp"
        return backend
    import chainrule as cr

    return TensorBackend(
        function, _parts(args, names, lambda v: v.numpy() if isinstance(v, cr.Tensor) else None)
    )


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
