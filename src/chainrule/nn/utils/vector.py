"""All parameters as one flat vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ShapeError

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other (differentiable)."""
    vector: Tensor = lib.concatenate([lib.reshape(p, (-1,)) for p in parameters])
    return vector


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the values in a vector made by :func:`parameters_to_vector`."""
    listed = list(parameters)
    size = sum(p.size for p in listed)
    if vec.shape != (size,):
        raise ShapeError(f"the parameters have {size} elements, the vector has shape {vec.shape}")
    start = 0
    for parameter in listed:
        part = vec[start : start + parameter.size]
        parameter.assign(lib.reshape(part.detach(), parameter.shape))
        start += parameter.size
