"""What every backend can do: evaluate a function, and ask for its derivatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .splitting import Split

__all__ = ["UNASKED", "Backend", "PullbackRaised", "backwards", "is_unasked"]

Array = NDArray[Any]


class PullbackRaised(Exception):
    """The backward pass raised: what is to be said of it in a report."""


@contextmanager
def backwards() -> Iterator[None]:
    """Around the backward pass alone: what it raises is an error of its own, not of the forward pass."""
    try:
        yield
    except Exception as error:
        lines = str(error).strip().splitlines()
        words = f": {lines[0][:160]}" if lines else ""
        raise PullbackRaised(f"{type(error).__name__}{words}") from error


class Backend(ABC):
    """A function, its arguments, and the derivative that is under test.

    Attributes
    ----------
    parts : Split
        The arguments.
    notes : list of str
        What was assumed.
    dtype : numpy.dtype
        The precision in which the function is run.
    """

    kind = ""
    has_forward_mode = False
    has_second_order = False
    is_linear_in_cotangent = True
    #: Whether complex numbers may be handed to the function.
    takes_complex = False

    def __init__(self, function: Callable[..., Any], parts: Split) -> None:
        self.function = function
        self.parts = parts
        self.notes: list[str] = []
        self.dtype = np.dtype(np.float64)

    def context(self) -> AbstractContextManager[Any]:
        """Settings that have to hold during the check."""
        return nullcontext()

    @abstractmethod
    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """The outputs, as arrays."""

    @abstractmethod
    def pull(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        """The claimed gradient for each leaf, as the tool returns it (None where it says none)."""

    def push(self, values: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """The claimed forward derivative of each output."""
        raise NotImplementedError

    def second(
        self, values: Sequence[Array], cotangents: Sequence[Array], weights: Sequence[Array]
    ) -> list[Any]:
        """Gradient of ``Σ weights ⊙ pull(cotangents)``."""
        raise NotImplementedError

    def inputs_after(self) -> list[Array] | None:
        """The leaves of the last call as it left them, if it could have changed them."""
        return None

    def cotangents_after(self) -> list[Array] | None:
        """The cotangents of the last call of :meth:`pull` as it left them, if it could have."""
        return None


#: A gradient that nobody claims to know.
UNASKED: Any = object()


def is_unasked(gradient: Any) -> bool:
    """True for an argument whose gradient the tool was not asked for."""
    return gradient is UNASKED
