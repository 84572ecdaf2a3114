"""Programs evaluated with NumPy, value by value: the meaning that compiled code is compared with.

Used to fold constants, and by the tests after every pass. Nothing here is fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .program import Affine, Program, Value, ordered
from .scalars import apply

__all__ = ["evaluate", "run"]

Array = np.ndarray[Any, Any]
_REDUCE = {
    "sum": np.add,
    "prod": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "any": np.logical_or,
    "all": np.logical_and,
}
_SCAN = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}


def positions(affine: Affine, shape: tuple[int, ...], source: tuple[int, ...]) -> tuple[Array, ...]:
    """Return the operand's index arrays for every position of the result."""
    grid = np.indices(shape, sparse=True) if shape else ()
    out = []
    for start, row in zip(affine.starts, affine.matrix, strict=True):
        index: Any = np.full(shape, start)
        for c, g in zip(row, grid, strict=True):
            index = index + c * g
        out.append(index)
    return tuple(out)


def _reduce(data: tuple[str, int], x: Array) -> Array:
    kind, count = data
    axes = tuple(range(x.ndim - count, x.ndim))
    if kind in ("argmax", "argmin"):
        return getattr(np, kind)(x.reshape(*x.shape[: x.ndim - count], -1), axis=-1)
    return _REDUCE[kind].reduce(x, axis=axes)


def _contract(data: tuple[int, int, int, int], a: Array, b: Array) -> Array:
    nb, nm, nn, nk = data
    letters = "abcdefghijklmnopqrstuvwxyz"
    batch, rows = letters[:nb], letters[nb : nb + nm]
    inner = letters[nb + nm : nb + nm + nk]
    columns = letters[nb + nm + nk : nb + nm + nk + nn]
    return np.einsum(f"{batch}{rows}{inner},{batch}{inner}{columns}->{batch}{rows}{columns}", a, b)


def _scan(data: tuple[str, bool], x: Array) -> Array:
    kind, reverse = data
    x = x[..., ::-1] if reverse else x
    out = _SCAN[kind].accumulate(x, axis=-1)
    return out[..., ::-1] if reverse else out


def evaluate(v: Value, args: Sequence[Array]) -> Array:
    """Return the value of ``v`` from those of its operands.

    Raises
    ------
    ValueError
        For an unknown kind, or for ``input`` and ``state``, whose values come from outside.
    """
    kind, data = v.kind, v.data
    if kind == "const":
        return np.asarray(data)
    if kind == "map":
        return apply(data, *args, dtype=v.dtype)
    if kind == "iota":
        return np.broadcast_to(
            np.arange(v.shape[data]).reshape([-1] + [1] * (len(v.shape) - data - 1)), v.shape
        )
    if kind == "view":
        x = args[0]
        return np.broadcast_to(x[positions(data, v.shape, x.shape)], v.shape)
    if kind == "reshape":
        return args[0].reshape(v.shape)
    if kind == "reduce":
        return np.asarray(_reduce(data, args[0]), dtype=v.dtype)
    if kind == "contract":
        return _contract(data, *args).astype(v.dtype)
    if kind == "gather":
        return args[0][tuple(args[1:])]
    if kind == "scatter":
        out = np.zeros(v.shape, v.dtype)
        np.add.at(out, tuple(args[1:]), args[0])
        return out
    if kind == "assemble":
        out = args[0].copy()
        for block, affine in zip(args[1:], data, strict=True):
            out[positions(affine, block.shape, out.shape)] = block
        return out
    if kind == "scan":
        return _scan(data, args[0]).astype(v.dtype)
    if kind == "sort":
        x = args[0]
        return np.argsort(x, axis=-1, kind="stable") if data == "order" else np.sort(x, axis=-1)
    raise ValueError(f"{kind} has no value of its own")


def run(
    program: Program, inputs: Sequence[Array], states: Sequence[Array] = ()
) -> tuple[list[Array], list[tuple[int, Array]]]:
    """Evaluate a program; returns its outputs and the new values of its states."""
    known: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for v in ordered(program.roots):
            if v.kind == "input":
                known[v.id] = np.asarray(inputs[v.data], v.dtype)
            elif v.kind == "state":
                known[v.id] = np.asarray(states[v.data], v.dtype)
            else:
                known[v.id] = evaluate(v, [known[a.id] for a in v.args])
    return [known[v.id] for v in program.outputs], [(i, known[v.id]) for i, v in program.updates]
