"""Comparing a module with the same network in PyTorch or JAX."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .backends.jax_functions import jax_in_float64
from .backends.modules import ModuleBackend
from .backends.splitting import flatten
from .report import RIGHT, WRONG, ArgumentResult, Report, Worst

__all__ = ["parity"]

Array = NDArray[Any]


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
        If `other` is neither, or has other parameters.

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
    _require_same_state(model.state_dict(), twin.state_dict())
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


def _require_same_state(mine: Any, theirs: Any) -> None:
    shapes = [{k: tuple(v.shape) for k, v in state.items()} for state in (mine, theirs)]
    differ = [k for k in {**shapes[0], **shapes[1]} if shapes[0].get(k) != shapes[1].get(k)]
    if differ:
        found = "; ".join(
            f"{k}: {shapes[0].get(k, 'absent')} here, {shapes[1].get(k, 'absent')} there"
            for k in differ[:4]
        )
        raise ArgumentError(f"check.parity: the two have other parameters: {found}")


def _jax_side(
    other: Callable[..., Any],
    mine: ModuleBackend,
    arrays: list[Array],
    cotangents: list[Array],
    names: list[str],
) -> tuple[list[Array], list[Any]]:
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
