"""Functions of chainrule tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Backend, backwards
from .splitting import Split, flatten, is_array

__all__ = ["TensorBackend"]

Array = NDArray[Any]


class TensorBackend(Backend):
    """A function of chainrule tensors."""

    kind = "chainrule"
    has_forward_mode = True
    has_second_order = True

    def __init__(self, function: Callable[..., Any], parts: Split) -> None:
        super().__init__(function, parts)
        import chainrule as cr

        self.cr = cr
        self._last: list[Any] | None = None

    def _is_leaf(self, value: Any) -> bool:
        return isinstance(value, self.cr.Tensor) or is_array(value)

    def _flat(self, *leaves: Any) -> list[Any]:
        return flatten(self.function(*self.parts.build(leaves)), self._is_leaf)

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        self._last = [self.cr.tensor(v) for v in values]
        with self.cr.no_grad():
            outs = self._flat(*self._last)
        return [np.asarray(o.numpy() if isinstance(o, self.cr.Tensor) else o) for o in outs]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        _, pullback = self.cr.vjp(self._flat, *[self.cr.tensor(v) for v in values])
        with backwards():
            found = pullback([self.cr.tensor(c) for c in cotangents])
        return [_plain(g) for g in found]

    def push(self, values: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        primals = tuple(self.cr.tensor(v) for v in values)
        _, out = self.cr.jvp(self._flat, primals, tuple(self.cr.tensor(t) for t in tangents))
        return [np.asarray(_plain(o)) for o in out]

    def inputs_after(self) -> list[Array] | None:
        return None if self._last is None else [t.numpy() for t in self._last]

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
