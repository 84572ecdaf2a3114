"""What a batch looks like, and the errors for arrays that do not look like it.

The form of a batch is chosen by name when the network is made and never guessed from a shape:
``'column'`` is ``(features, m)``, one column per sample, as in the book; ``'row'`` is
``(m, features)``, one row per sample. Weights are ``(out, in)`` and biases ``(out, 1)`` in both, so
``w[j, k]`` always means the weight from neuron k of the layer before to neuron j.

A 1-D array is one sample in either layout: no batch is 1-D, so this is not a guess.
"""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, DtypeError, ShapeError
from chainrule.textbook._types import Array, Layout, Reduction

__all__ = ["as_columns", "as_float", "as_given", "check_layout", "check_reduction"]

_FORM = {"column": "({n}, m), one column per sample", "row": "(m, {n}), one row per sample"}

_OTHER = {"column": "row", "row": "column"}


def check_layout(given: str) -> Layout:
    """`given`, if it is one of the two layouts."""
    if given not in get_args(Layout):
        raise ArgumentError(f"layout must be 'column' or 'row', got {given!r}")
    return given  # type: ignore[return-value]


def check_reduction(given: str) -> Reduction:
    """`given`, if it is one of the two reductions."""
    if given not in get_args(Reduction):
        raise ArgumentError(f"reduction must be 'sum' or 'mean', got {given!r}")
    return given  # type: ignore[return-value]


def as_float(name: str, given: object, dtype: np.dtype[Any]) -> Array:
    """`given` as a floating array of `dtype`; data that are no real numbers are refused."""
    array = np.asarray(given)
    if array.dtype.kind not in "fiub":
        raise DtypeError(
            f"{name} has dtype {array.dtype}; expected real numbers (float, int or bool)"
            + ("; arrays of different shapes in one list?" if array.dtype == object else "")
        )
    return array.astype(dtype, copy=False)


def as_columns(
    name: str, given: object, features: int, layout: Layout, dtype: np.dtype[Any], network: str
) -> Array:
    """`given` in column form ``(features, m)``, a view where possible.

    Parameters
    ----------
    name : str
        What the array is, for the messages: ``"x"``, ``"y"``.
    given : array_like
        ``(features, m)`` or ``(m, features)`` according to `layout`, or one sample ``(features,)``.
    features : int
        Neurons of the layer it belongs to.
    network : str
        What it is handed to, for the messages: ``"Network 784-30-10"``.

    Raises
    ------
    ShapeError
        With the shape that came, the one expected, the layout in force, and what would fit.
    DtypeError
        For complex numbers, text and objects.
    """
    try:
        array = as_float(name, given, dtype)
    except ValueError as error:
        raise ShapeError(f"{name} is not a rectangular array: {error}") from None
    axis = 0 if layout == "column" else 1
    if array.ndim == 2 and array.shape[axis] == features:
        return array if layout == "column" else array.T
    if array.shape == (features,):
        return array.reshape(features, 1)
    expected = _FORM[layout].format(n=features)
    raise ShapeError(
        f"{name} has shape {array.shape}; {network} in {layout} layout expects {expected} "
        f"(or one sample of shape ({features},)).{_what_would_fit(_variable(name), array, features, layout)}"
    )


def as_given(columns: Array, layout: Layout, single: bool) -> Array:
    """The inverse: column form back in `layout`, 1-D for a sample that came as 1-D."""
    if single:
        return columns[:, 0]
    return columns if layout == "column" else columns.T


def _variable(name: str) -> str:
    """The x of ``"training_data: x of sample 3"``, for expressions that can be typed."""
    found = re.search(r"\b[xy]\b", name)
    return found[0] if found else name


def _what_would_fit(name: str, array: npt.NDArray[Any], features: int, layout: Layout) -> str:
    shape = array.shape
    if array.ndim == 2:
        if features in shape:
            return (
                f" Its transpose {name}.T fits, or a network made with layout={_OTHER[layout]!r}."
            )
        return f" Each sample must have {features} features."
    if array.ndim == 1:
        if features == 1:
            fits = f"(1, {array.size})" if layout == "column" else f"({array.size}, 1)"
            return f" For {array.size} samples of one feature: {name}.reshape{fits}."
        return f" Each sample must have {features} features, not {array.size}."
    if array.ndim == 3:
        stack = f"np.hstack([…]){'' if layout == 'column' else '.T'}"
        if shape[0] == 1 and shape[1] == features:
            repair = f"{name}[0]{'' if layout == 'column' else '.T'}"
            slip = "np.array([…]).T", "which puts an axis of length 1 in front; "
        elif shape[1:] == (features, 1):
            repair = f"{name}[:, :, 0]{'.T' if layout == 'column' else ''}"
            slip = "np.array([…])", ""
        elif shape[1] * shape[2] == features:
            flat = f"{name}.reshape({shape[0]}, {features})"
            return f" Flatten each sample: {flat}{'.T' if layout == 'column' else ''}."
        else:
            return f" Each sample must have {features} features."
        return (
            f" It looks like {slip[0]} of ({features}, 1) columns, {slip[1]}"
            f"{stack} makes the batch, and {repair} repairs this one."
        )
    return ""
