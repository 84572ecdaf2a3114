"""Class labels and their vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import DataError

__all__ = ["one_hot"]


def one_hot(
    labels: npt.ArrayLike,
    classes: int,
    *,
    dtype: npt.DTypeLike = np.float64,
    off: float = 0.0,
) -> npt.NDArray[Any]:
    """One row per label: 1 at the label's place, `off` elsewhere.

    Parameters
    ----------
    labels : array_like of int, shape (m,)
        Each from 0 to ``classes - 1``.
    classes : int
        Number of classes.
    dtype : dtype, default float64
    off : float, default 0.0
        Value of the other classes (−1 for the hinge cost).

    Returns
    -------
    ndarray, shape (m, classes)

    Raises
    ------
    DataError
        If a label is no integer, or outside the range.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    picked = np.asarray(labels)
    if picked.ndim != 1 or (picked.dtype.kind not in "iu" and picked.size):
        raise DataError(
            f"labels must be a 1-D array of integers, got shape {picked.shape}, "
            f"dtype {picked.dtype}"
        )
    outside = np.flatnonzero((picked < 0) | (picked >= classes))
    if outside.size:
        raise DataError(
            f"label {picked[outside[0]]} of sample {outside[0]} is outside 0 … {classes - 1}, the "
            f"range of {classes} classes"
        )
    out = np.full((len(picked), classes), off, dtype=dtype)
    out[np.arange(len(picked)), picked.astype(np.intp)] = 1
    return out
