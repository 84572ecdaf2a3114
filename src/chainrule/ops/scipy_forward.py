"""Forward functions that SciPy computes: imported when first called, since SciPy is optional.

A few have a substitute from Python's own ``math``, slower but as accurate; the others say which
extra brings them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError

__all__ = ["scipy_forward"]

_PYTHON: dict[str, Callable[[float], float]] = {
    "erf": math.erf,
    "erfc": math.erfc,
    "gamma": math.gamma,
    "gammaln": math.lgamma,
}


def _from_python(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """``function`` for arrays, in the dtype SciPy would use; poles and overflow give inf."""

    def one(x: float) -> float:
        try:
            return function(x)
        except (OverflowError, ValueError):
            return math.inf if not (x < 0 and x != math.floor(x)) else math.nan

    each = np.vectorize(one, otypes=[np.float64])

    def forward(x: Any) -> Any:
        x = np.asarray(x)
        made = each(x) if x.size else np.zeros(x.shape)
        return made.astype(x.dtype if x.dtype.kind == "f" else np.float64)

    return forward


def _load(name: str) -> Callable[..., Any]:
    try:
        module = import_module("scipy.special")
    except ImportError as error:
        if name in _PYTHON:
            return _from_python(_PYTHON[name])
        raise MissingExtraError(
            f"cr.special.{name} is computed by SciPy, which is not installed: "
            'pip install "chainrule[special]"'
        ) from error
    function: Callable[..., Any] = getattr(module, name)
    return function


def scipy_forward(name: str) -> Callable[..., Any]:
    """The function ``scipy.special.<name>``, looked up when it is first called."""
    loaded: list[Callable[..., Any]] = []

    def forward(*args: Any) -> Any:
        if not loaded:
            loaded.append(_load(name))
        return loaded[0](*args)

    forward.__name__ = forward.__qualname__ = name
    return forward
