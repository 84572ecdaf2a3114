"""Modules with a loss: what is differentiated by are the parameters and the input.

A module is run on a copy in float64, with its random generator seeded before every run, so that
dropout drops the same units each time.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from .base import Backend
from .splitting import Split, flatten, split

__all__ = ["ModuleBackend", "module_backend"]

Array = NDArray[Any]


class ModuleBackend(Backend):
    """A module with its parameters and float arguments as what is differentiated by.

    Parameters
    ----------
    module : Module
        chainrule's or PyTorch's; copied.
    args : tuple
        ``module(args[0])``, or ``loss(module(args[0]), *args[1:])``.
    loss : callable or None
        The loss.
    """

    is_linear_in_cotangent = True

    def __init__(self, module: Any, args: tuple[Any, ...], loss: Callable[..., Any] | None) -> None:
        torch = sys.modules.get("torch")
        self.is_torch = torch is not None and isinstance(module, torch.nn.Module)
        self.kind = "torch" if self.is_torch else "chainrule"
        self.module = copy.deepcopy(module).double()
        self.loss = loss
        self.parameters = [(n, p) for n, p in self.module.named_parameters() if p.requires_grad]
        names = [f"arg{i}" if i else "input" for i in range(len(args))]
        inputs = split(args, names, self._to_numpy)
        values = [np.array(self._plain(p), dtype=np.float64) for _, p in self.parameters]
        low = [
            np.dtype(str(self._plain(p).dtype))
            for _, p in module.named_parameters()
            if p.requires_grad
        ]
        self.inputs = inputs
        self._held: list[Any] = [None] * len(values)
        parts = Split(
            [*values, *inputs.values],
            [*[n for n, _ in self.parameters], *inputs.names],
            [*low, *inputs.dtypes],
            None,
        )
        super().__init__(module, parts)

    def _to_numpy(self, value: Any) -> Array | None:
        return self._plain(value) if hasattr(value, "detach") else None

    def _plain(self, value: Any) -> Array:
        return np.asarray(value.detach().numpy())

    def _run(self, values: Sequence[Array], needs: bool) -> tuple[list[Any], list[Any]]:
        """Outputs and input tensors of one run with these leaves."""
        count = len(self.parameters)
        if self.is_torch:
            import torch

            torch.manual_seed(0)
            make: Callable[..., Any] = torch.tensor
        else:
            import chainrule as cr

            cr.manual_seed(0)
            make = cr.tensor
        for k, ((_, parameter), value) in enumerate(zip(self.parameters, values)):
            # Most runs move one parameter: the others are left where they are.
            if self._held[k] is not value:
                parameter.data = make(value)
                self._held[k] = value
            parameter.grad = None
        leaves = [make(np.array(v), requires_grad=needs) for v in values[count:]]
        args = self.inputs.build(leaves)
        result = self.module(args[0]) if self.loss is not None else self.module(*args)
        if self.loss is not None:
            result = self.loss(result, *args[1:])
        return flatten(
            result, lambda o: hasattr(o, "detach") or isinstance(o, (np.ndarray, float))
        ), leaves

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        outs, _ = self._run(values, False)
        return [np.array(self._plain(o)) if hasattr(o, "detach") else np.asarray(o) for o in outs]

    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        outs, leaves = self._run(values, True)
        if self.is_torch:
            import torch

            total: Any = sum((o * torch.tensor(c)).sum() for o, c in zip(outs, cotangents))
        else:
            import chainrule as cr

            total = sum((o * cr.tensor(c)).sum() for o, c in zip(outs, cotangents))
        total.backward()
        found = [p for _, p in self.parameters] + leaves
        return [None if t.grad is None else np.array(self._plain(t.grad)) for t in found]


def module_backend(module: Any, args: tuple[Any, ...], loss: Callable[..., Any] | None) -> Backend:
    """The backend for a module.

    Raises
    ------
    ArgumentError
        Without an input to run the module on.
    """
    if not args:
        raise ArgumentError(
            "check.gradients: a module needs an input: gradients(model, x, y, loss=loss)"
        )
    return ModuleBackend(module, args, loss)
