"""Pairs ``(f, grad_f)`` of plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from .base import UNASKED, Backend
from .splitting import Split, flatten, is_array

__all__ = ["PairBackend"]

Array = NDArray[Any]


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
        result = self.gradient(*self.parts.build(copies))
        found = [np.asarray(g) for g in flatten(result, is_array)]
        if len(found) == len(values) or len(values) == 1:
            return [g * float(cotangents[0]) for g in found[: len(values)]]
        if len(found) < len(values):
            # The first arguments are what one differentiates by; the rest are data.
            self.notes.append(
                f"grad_f returned {len(found)} gradients for {len(values)} float arguments:"
                " taken as those of the first"
            )
            return [g * float(cotangents[0]) for g in found] + [UNASKED] * (
                len(values) - len(found)
            )
        raise ArgumentError(
            f"check.gradients: grad_f returned {len(found)} gradients for {len(values)} float"
            f" arguments ({', '.join(self.parts.names)})"
        )

    def inputs_after(self) -> list[Array] | None:
        return self._last
