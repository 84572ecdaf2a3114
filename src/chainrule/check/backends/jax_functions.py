"""Functions of JAX arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Backend, backwards
from .splitting import Split, flatten, is_array

__all__ = ["JaxBackend", "jax_in_float64"]

Array = NDArray[Any]


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
        # A function with a custom_vjp rule refuses forward mode; one with custom_jvp has it.
        self.has_forward_mode = type(function).__name__ != "custom_vjp"

    def context(self) -> AbstractContextManager[Any]:
        return jax_in_float64()

    def _flat(self, *leaves: Any) -> list[Any]:
        return flatten(
            self.function(*self.parts.build(leaves)),
            lambda o: isinstance(o, self.jax.Array) or is_array(o) or hasattr(o, "aval"),
        )

    def _arrays(self, values: Sequence[Array]) -> list[Any]:
        return [self.jax.numpy.asarray(v) for v in values]

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        return [np.asarray(o) for o in self._flat(*self._arrays(values))]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        outs, pullback = self.jax.vjp(self._flat, *self._arrays(values))
        with backwards():
            found = pullback(
                [self.jax.numpy.asarray(c, dtype=o.dtype) for o, c in zip(outs, cotangents)]
            )
        return [np.asarray(g) for g in found]

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
