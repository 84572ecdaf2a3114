"""Dropout and embedding layers."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.linear import positive
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.ops.random import Generator

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Embedding"]


class Dropout(Module):
    """While training each element is 0 with probability ``p``, else divided by ``1 - p``.

    Parameters
    ----------
    p : float
    generator : Generator, optional
        Source of the masks; the default generator otherwise.
    """

    def __init__(
        self, p: float = 0.5, inplace: bool = False, generator: Generator | None = None
    ) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(f"Dropout: p is a probability, not {p}")
        self.p = p
        self.generator = generator

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.dropout(input, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"p={self.p}"


class Dropout1d(Dropout):
    """Whole channels of (N, C, L) dropped."""

    def forward(self, input: Any) -> Any:
        """By channels."""
        return F.dropout1d(input, self.p, self.training, self.generator)


class Dropout2d(Dropout):
    """Whole channels of (N, C, H, W) dropped."""

    def forward(self, input: Any) -> Any:
        """By channels."""
        return F.dropout2d(input, self.p, self.training, self.generator)


class Embedding(Module):
    """A table whose rows stand for integers, such as words.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
    padding_idx : int, optional
        This row is zero and stays so.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)
        Normal(0, 1) at the start.
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = positive(num_embeddings, "num_embeddings")
        self.embedding_dim = positive(embedding_dim, "embedding_dim")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ArgumentError(
                    f"padding_idx {padding_idx} is outside the table of {num_embeddings} rows"
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.weight = empty((num_embeddings, embedding_dim), factory_dtype(dtype, device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            values = self.weight._value.copy()
            values[self.padding_idx] = 0.0
            self.weight.assign(values)

    def forward(self, input: Any) -> Any:
        """Integers (…) to (…, embedding_dim)."""
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
