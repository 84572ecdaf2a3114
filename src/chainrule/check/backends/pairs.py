"""Pairs ``(f, grad_f)`` of plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from .base import UNASKED, Backend, backwards
from .splitting import Split, flatten, is_array

__all__ = ["PairBackend"]

Array = NDArray[Any]


class PairBackend(Backend):
    """``f`` of plain arrays and a hand-written ``grad_f`` of the same arguments."""

    kind = "NumPy"
    is_linear_in_cotangent = False
    takes_complex = True

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
        outs = [np.asarray(o) for o in flatten(result, is_array)]
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
        with backwards():
            result = self.gradient(*self.parts.build(copies))
        found = _gradients(result, values)
        if not found:
            return [None] * len(values)
        self._note_dtypes(found)
        if len(found) == len(values) or len(values) == 1:
            return [g * float(cotangents[0]) for g in found[: len(values)]]
        if len(found) < len(values):
            # The first arguments are what one differentiates by; the rest are data.
            note = (
                f"grad_f returned {len(found)} gradients for {len(values)} float arguments:"
                " taken as those of the first"
            )
            if note not in self.notes:
                self.notes.append(note)
            return [g * float(cotangents[0]) for g in found] + [UNASKED] * (
                len(values) - len(found)
            )
        raise ArgumentError(
            f"check.gradients: grad_f returned {len(found)} gradients for {len(values)} float"
            f" arguments ({', '.join(self.parts.names)})"
        )

    def _note_dtypes(self, found: Sequence[Array]) -> None:
        for name, gradient, dtype in zip(self.parts.names, found, self.parts.dtypes):
            # Arguments are promoted to float64 before the gradient is asked for.
            if gradient.ndim and gradient.dtype.kind in "iufb" and gradient.dtype != np.float64:
                note = (
                    f"the gradient of {name} is of dtype {gradient.dtype}, the argument of {dtype}"
                )
                if gradient.dtype != dtype and note not in self.notes:
                    self.notes.append(note)

    def inputs_after(self) -> list[Array] | None:
        return self._last


def _gradients(result: Any, values: Sequence[Array]) -> list[Array]:
    """The gradients in what `grad_f` returned; nested lists of numbers are arrays."""
    if len(values) == 1 and np.shape(values[0]) and _has_shape(result, values[0]):
        return [np.asarray(result)]
    if isinstance(result, (list, tuple)) and len(result) == len(values) > 1:
        parts = [np.asarray(r) if _has_shape(r, v) else r for r, v in zip(result, values)]
        return [np.asarray(g) for g in flatten(parts, is_array)]
    return [np.asarray(g) for g in flatten(result, is_array)]


def _has_shape(result: Any, value: Array) -> bool:
    if not isinstance(result, (list, tuple)):
        return False
    try:
        array = np.asarray(result)
    except ValueError:
        return False
    return array.dtype.kind in "iuf" and array.shape == value.shape
