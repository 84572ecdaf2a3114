"""The weights and biases of a network, and their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, DtypeError, ShapeError
from chainrule.textbook._types import Array
from chainrule.textbook.initializers import Initializer, get_initializer

__all__ = ["Parameters"]


class Parameters:
    """Sizes, weights and biases; the part of a network that training changes.

    Parameters
    ----------
    sizes : iterable of int
    initializer : str or Initializer
    dtype : float64 or float32
    rng : numpy.random.Generator
        What the parameters are drawn from.
    """

    def __init__(
        self,
        sizes: Iterable[int],
        initializer: str | Initializer,
        dtype: npt.DTypeLike,
        rng: np.random.Generator,
    ) -> None:
        self.sizes = _check_sizes(sizes)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise DtypeError(f"a network computes in float64 or float32, not in {self.dtype}")
        self.rng = rng
        self.initialize(initializer)

    def initialize(self, initializer: str | Initializer) -> None:
        """Draw all parameters anew from `initializer`."""
        self.initializer = get_initializer(initializer)
        drawn = [
            self.initializer.draw(self.rng, n_out, n_in)
            for n_in, n_out in zip(self.sizes, self.sizes[1:])
        ]
        self.weights = [w for w, _ in drawn]
        self.biases = [b for _, b in drawn]

    def default_weight_initializer(self) -> None:
        """Draw weights from N(0, 1/fan_in) and biases from N(0, 1), the book's default."""
        self.initialize("book")

    def large_weight_initializer(self) -> None:
        """Draw weights and biases from N(0, 1), as the book's first chapter did."""
        self.initialize("large")

    @property
    def num_layers(self) -> int:
        """Number of layers, the input counted, as in the book."""
        return len(self.sizes)

    @property
    def weights(self) -> list[Array]:
        """``w^1 … w^L``, each ``(out, in)``."""
        return self._weights

    @weights.setter
    def weights(self, given: Sequence[npt.ArrayLike]) -> None:
        self._weights = self._copied("weights", given, self._weight_shapes)

    @property
    def biases(self) -> list[Array]:
        """``b^1 … b^L``, each ``(out, 1)``."""
        return self._biases

    @biases.setter
    def biases(self, given: Sequence[npt.ArrayLike]) -> None:
        self._biases = self._copied("biases", given, self._bias_shapes)

    @property
    def parameter_count(self) -> int:
        """P, the number of weights and biases."""
        return sum((n_in + 1) * n_out for n_in, n_out in zip(self.sizes, self.sizes[1:]))

    @property
    def _weight_shapes(self) -> list[tuple[int, int]]:
        return list(zip(self.sizes[1:], self.sizes))

    @property
    def _bias_shapes(self) -> list[tuple[int, int]]:
        return [(n, 1) for n in self.sizes[1:]]

    def _copied(
        self, name: str, given: Sequence[npt.ArrayLike], shapes: list[tuple[int, int]]
    ) -> list[Array]:
        if len(given) != len(shapes):
            raise ShapeError(
                f"{name}: {self.title} has {len(shapes)} layers with {name}, got {len(given)}"
            )
        arrays: list[Array] = [np.array(part, dtype=self.dtype) for part in given]
        self._check_shapes(name, arrays, shapes)
        return arrays

    def _check_shapes(self, name: str, arrays: list[Array], shapes: list[tuple[int, int]]) -> None:
        for number, (array, shape) in enumerate(zip(arrays, shapes), start=1):
            if array.shape != shape:
                form = "(out, 1)" if name == "biases" else "(out, in)"
                fits = "; its transpose fits" if array.T.shape == shape else ""
                raise ShapeError(
                    f"{name} of layer {number} ({name}[{number - 1}]) have shape {array.shape}; "
                    f"{self.title} expects {shape}, {form}{fits}"
                )

    def check_parameters(self) -> None:
        """Raise :class:`~chainrule.errors.ShapeError` if an item of weights or biases was replaced
        by an array of another shape. Every pass begins with it."""
        self._check_shapes("weights", self._weights, self._weight_shapes)
        self._check_shapes("biases", self._biases, self._bias_shapes)

    @property
    def title(self) -> str:
        """``Network 784-30-10``, for messages."""
        return "Network " + "-".join(map(str, self.sizes))


def _check_sizes(given: Iterable[int]) -> list[int]:
    sizes = list(given)
    if len(sizes) < 2 or not all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 1 for n in sizes
    ):
        raise ArgumentError(
            "sizes are the numbers of neurons per layer, input and output included, such as "
            f"[784, 30, 10]; got {sizes!r}"
        )
    return [int(n) for n in sizes]
