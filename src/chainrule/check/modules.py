"""Checking the parameters of a module, comparing a module with a foreign one.

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

from ..errors import ArgumentError
from .adapters import Backend, Split, flatten, split
from .report import RIGHT, WRONG, ArgumentResult, Report, Worst

__all__ = ["module_backend", "parity"]

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


def parity(model: Any, other: Any, *data: Any, rtol: float = 1e-9) -> Report:
    """The verdict on a module against the same network in PyTorch or JAX.

    Parameters
    ----------
    model : chainrule.nn.Module
        The module under test.
    other : torch.nn.Module or callable
        A PyTorch module whose state has the same names and shapes; or a function
        ``other(params, *data)`` in JAX, with ``params`` a dictionary by the names of `model`.
    *data : array_like
        Inputs of both.
    rtol : float
        Allowed relative difference, on the scale of the largest entry; both compute in float64.

    Returns
    -------
    Report
        One result for each output and for the gradient of each parameter, with a random cotangent.

    Raises
    ------
    ArgumentError
        If `other` is neither.

    Notes
    -----
    The parameters of `model` are copied into `other`'s copy, so only the computation is compared.
    """
    arrays = [
        np.asarray(d, dtype=np.float64) if np.asarray(d).dtype.kind == "f" else np.asarray(d)
        for d in data
    ]
    mine = ModuleBackend(model.eval() if hasattr(model, "eval") else model, tuple(arrays), None)
    count = len(mine.parameters)
    outs = mine.evaluate(mine.parts.values)
    rng = np.random.default_rng(0)
    cotangents = [rng.uniform(0.5, 1.5, o.shape) for o in outs]
    claimed = mine.pull(mine.parts.values, cotangents)
    names = [n for n, _ in mine.parameters]
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(other, torch.nn.Module):
        theirs_out, theirs = _torch_side(other, model, arrays, cotangents, names)
    elif callable(other):
        theirs_out, theirs = _jax_side(other, mine, arrays, cotangents, names)
    else:
        raise ArgumentError(
            f"check.parity: expected a torch module or a JAX function, got {type(other).__name__}"
        )
    results = [
        _compared(f"output {i}", a, b, rtol) for i, (a, b) in enumerate(zip(outs, theirs_out))
    ]
    results += [_compared(n, g, t, rtol) for n, g, t in zip(names, claimed[:count], theirs)]
    return Report(
        f"parity of {type(model).__name__} with {type(other).__name__}",
        tuple(results),
        rule=f"wrong where |ours − theirs| > {rtol:g}·max|theirs|",
        coverage="every entry of every output and of every parameter's gradient, in float64",
    )


def _torch_side(
    other: Any, model: Any, arrays: list[Array], cotangents: list[Array], names: list[str]
) -> tuple[list[Array], list[Any]]:
    import torch

    twin = copy.deepcopy(other).double().eval()
    state = {k: torch.tensor(np.array(v.detach().numpy())) for k, v in model.state_dict().items()}
    twin.load_state_dict(state)
    inputs = [torch.tensor(a) for a in arrays]
    outs = flatten(twin(*inputs), lambda o: isinstance(o, torch.Tensor))
    total: Any = sum((o * torch.tensor(c)).sum() for o, c in zip(outs, cotangents))
    total.backward()
    by_name = dict(twin.named_parameters())
    return [o.detach().numpy() for o in outs], [
        None if by_name[n].grad is None else by_name[n].grad.numpy() for n in names
    ]


def _jax_side(
    other: Callable[..., Any],
    mine: ModuleBackend,
    arrays: list[Array],
    cotangents: list[Array],
    names: list[str],
) -> tuple[list[Array], list[Any]]:
    from .adapters import jax_in_float64

    with jax_in_float64() as jax:
        jnp = jax.numpy
        params = {n: jnp.asarray(v) for n, v in zip(names, mine.parts.values)}
        inputs = [jnp.asarray(a) for a in arrays]

        def run(p: Any) -> list[Any]:
            return flatten(other(p, *inputs), lambda o: hasattr(o, "aval"))

        outs, pullback = jax.vjp(run, params)
        (found,) = pullback([jnp.asarray(c) for c in cotangents])
        return [np.asarray(o) for o in outs], [np.asarray(found[n]) for n in names]


def _compared(name: str, ours: Any, theirs: Any, rtol: float) -> ArgumentResult:
    if ours is None or theirs is None:
        verdict = RIGHT if ours is theirs else WRONG
        return ArgumentResult(
            name,
            (),
            "float64",
            verdict,
            "" if ours is theirs else "only one of them has a gradient",
        )
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if a.shape != b.shape:
        return ArgumentResult(
            name, a.shape, "float64", WRONG, f"shapes {a.shape} and {b.shape}", size=a.size
        )
    if a.size == 0:
        return ArgumentResult(name, a.shape, "float64", RIGHT)
    gap = np.abs(a - b)
    bound = rtol * max(float(np.max(np.abs(b))), 1e-300)
    k = int(np.argmax(gap))
    index = tuple(int(i) for i in np.unravel_index(k, a.shape)) if a.shape else ()
    worst = Worst(index, float(a.reshape(-1)[k]), float(b.reshape(-1)[k]), 0.0, bound)
    # "not <=" so that a NaN on one side only is a difference.
    verdict = RIGHT if gap[np.unravel_index(k, a.shape)] <= bound else WRONG
    return ArgumentResult(name, a.shape, "float64", verdict, "", a.size, a.size, 0, worst)
