"""Functions of PyTorch tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Backend, backwards
from .splitting import Split, flatten, is_array

__all__ = ["TorchBackend"]

Array = NDArray[Any]


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
        self._given: list[Any] | None = None

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
            lambda o: isinstance(o, self.torch.Tensor) or is_array(o),
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
        self._given = [c for _, c in pairs] if len(pairs) == len(outs) else None
        with backwards():
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

    def cotangents_after(self) -> list[Array] | None:
        return None if self._given is None else [c.double().numpy() for c in self._given]
