"""One sample's forward pass, for the views that are about a single sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook._types import Array

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["OneSample", "check_layer", "one_sample"]


class OneSample(NamedTuple):
    """z and a by layer (a starts with the input), and ``∇_a C``; all 1-D."""

    z: list[Array]
    a: list[Array]
    nabla_a: Array


def one_sample(network: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> OneSample:
    """The forward pass of one sample and the gradient at its output.

    Raises
    ------
    ShapeError
        If x or y is a batch of several.
    """
    found = network.forward(x)
    sample_axis = 1 if network.layout == "column" else 0
    for name, given in (("x", x), ("y", y)):
        shape = np.shape(given)
        if len(shape) == 2 and shape[sample_axis] != 1:
            raise ShapeError(
                f"{name} has shape {shape}, a batch of {shape[sample_axis]} in {network.layout} "
                "layout; this view is of one sample"
            )
    nabla_a = network.cost_derivative(found.output.reshape(-1), np.asarray(y).reshape(-1))
    return OneSample([z.reshape(-1) for z in found.z], [a.reshape(-1) for a in found.a], nabla_a)


def check_layer(network: Network, layer: int) -> int:
    """`layer`, if the network has a layer of weights with that number."""
    if not 1 <= layer < len(network.sizes):
        raise ArgumentError(
            f"layers with weights are numbered from 1 to {len(network.sizes) - 1}, got {layer}"
        )
    return layer
