"""Counting right answers."""

from __future__ import annotations

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.textbook._types import Array
from chainrule.textbook.samples import Samples

__all__ = ["correct"]

# Activations whose single output is read as a probability.
_PROBABILITIES = frozenset({"sigmoid", "hard_sigmoid"})


def correct(outputs: Array, samples: Samples, activation: str) -> int:
    """Number of samples classified as their target says.

    Parameters
    ----------
    outputs : ndarray, shape (n_out, N)
    samples : Samples
    activation : str
        Name of the output activation, which says how a single output is read.

    Raises
    ------
    ArgumentError
        For a single output that is no probability: nothing says where its classes part.
    """
    if len(outputs) == 1:
        if activation not in _PROBABILITIES:
            raise ArgumentError(
                f"accuracy of a single {activation} output has no meaning by itself; it is defined "
                "for two or more outputs, or one sigmoid output (read at ½)"
            )
        return int(np.count_nonzero((outputs[0] >= 0.5) == (samples.y[:, 0] >= 0.5)))
    right = samples.y.argmax(axis=1) if samples.labels is None else samples.labels
    return int(np.count_nonzero(outputs.argmax(axis=0) == right))
