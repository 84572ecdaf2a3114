"""Where a function has its kinks, read off its graph.

For a function of tensors the recorded graph names every op with a kink (``maximum``, ``relu``,
``abs``, ``where``, a max reduction …) and how close its inputs come to the tie. Foreign code has no
graph; there the one-sided differences of :mod:`.differences` have to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends.base import Backend
from .backends.tensors import TensorBackend

__all__ = ["explain_kinks", "kinks_of"]

#: Ops whose derivative jumps where this function of their inputs is zero.
_ZERO_AT: dict[str, Callable[..., Any]] = {
    "relu": lambda x, *_: x,
    "leaky_relu": lambda x, *_: x,
    "abs": lambda x, *_: x,
    "absolute": lambda x, *_: x,
    "sign": lambda x, *_: x,
    "maximum": lambda x, y, *_: x - y,
    "minimum": lambda x, y, *_: x - y,
    "fmax": lambda x, y, *_: x - y,
    "fmin": lambda x, y, *_: x - y,
    "hardtanh": lambda x, *_: np.minimum(np.abs(x - 1), np.abs(x + 1)),
}
#: Reductions that pick a winner.
_WINNERS = ("max", "amax", "min", "amin", "sort", "median", "max_pool2d", "max_pool1d")


def kinks_of(f: Any, *args: Any, near: float = 1e-6) -> list[tuple[str, int, float]]:
    """Ops of a traced function that are at or near a kink.

    Parameters
    ----------
    f : callable
        A function of tensors.
    *args
        Its arguments.
    near : float
        Relative distance that counts as near.

    Returns
    -------
    list of (op, count, distance)
        The op's name, how many of its elements are near their kink, and the smallest distance.

    Examples
    --------
    >>> kinks_of(lambda x: np.abs(x).sum(), np.array([0.0, 1.0]))
    [('abs', 1, 0.0)]
    """
    import chainrule as cr

    found = []
    for node in cr.trace(f, *args).nodes:
        name = node.op.name
        inputs = [np.asarray(v) for v in node.values]
        if name in _ZERO_AT and inputs:
            distance = np.abs(np.asarray(_ZERO_AT[name](*inputs), dtype=np.float64))
        elif name in _WINNERS and inputs:
            distance = _second_best(inputs[0], np.asarray(node.value))
        else:
            continue
        if distance.size == 0:
            continue
        scale = max(float(np.max(np.abs(inputs[0]), initial=0.0)), 1e-300)
        count = int(np.sum(distance <= near * scale))
        if count:
            found.append((name, count, float(distance.min())))
    return found


def _second_best(x: NDArray[Any], out: NDArray[Any]) -> NDArray[np.float64]:
    """Distance between the winner and the runner-up, over the whole array or its last axis."""
    if x.size < 2:
        return np.zeros(0)
    rows = x.reshape(1, -1) if out.size == 1 else x.reshape(-1, x.shape[-1])
    ordered = np.sort(rows, axis=1)
    return np.asarray(
        np.minimum(ordered[:, -1] - ordered[:, -2], ordered[:, 1] - ordered[:, 0]), dtype=np.float64
    )


def explain_kinks(backend: Backend, values: Sequence[NDArray[Any]]) -> str:
    """The kinks near the point in words, empty where the graph is not to be had."""
    if not isinstance(backend, TensorBackend):
        return ""
    try:
        found = kinks_of(backend._flat, *values)
    except Exception:
        return ""
    return ", ".join(
        f"{name} is at its kink in {count} element{'s' if count > 1 else ''}"
        for name, count, _ in found[:3]
    )
