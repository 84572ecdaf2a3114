"""What surrounds a run of the user's code, so that each run of the same code does the same."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["quiet"]


@contextlib.contextmanager
def quiet(seed: int, empty: float = 0.75) -> Iterator[None]:
    """Global generators seeded and restored, output and floating-point warnings kept back.

    Parameters
    ----------
    seed : int
        For NumPy's and Python's global generators.
    empty : float
        What float arrays made by ``np.empty`` hold, up to a factor: else whatever was in memory, from
        one run to the next something else.
    """
    numpy_state = np.random.get_state()  # noqa: NPY002  (the user's code may use the old interface)
    python_state = random.getstate()
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    makers = {name: getattr(np, name) for name in ("empty", "empty_like")}
    for name, make in makers.items():
        setattr(np, name, _filled(make, empty))
    try:
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, make in makers.items():
            setattr(np, name, make)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


#: Not all the same, or a normalisation would project them out.
_PATTERN = np.array([1.0, 1.25, 0.875, 1.5, 0.625, 1.125, 1.375])


def _filled(make: Callable[..., Any], value: float) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        array = make(*args, **kwargs)
        if type(array) is not np.ndarray or not array.size:
            return array
        if array.dtype.kind == "f":
            array[...] = value * np.resize(_PATTERN, array.size).reshape(array.shape)
        elif array.dtype.kind in "biuc":
            array[...] = 0
        return array

    return made
