"""Helpers that return the derivative of the function they are named after: ``tanh_prime`` of ``tanh``.

A wrong helper and a wrong argument of a right one spoil the same values. What tells them apart is the
function itself, which can be asked: if differences of ``tanh`` give what ``tanh_prime`` returns for
the same argument, the helper is right and whoever calls it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..instrument import Site
from ..scope import Scope

__all__ = ["is_slope_of_its_function"]

_NAMED_AFTER = (
    re.compile(r"^_*(?:d|grad|deriv|derivative|prime)_(?:of_)?(\w+)$", re.I),
    re.compile(r"^_*d(\w+)$"),
    re.compile(r"^_*(\w+?)_?(?:prime|derivative|deriv|der|gradient|grad|slope)$", re.I),
)
_STEP = 2.0**-18
_RTOL = 1e-6


def is_slope_of_its_function(
    site: Site, passes: Sequence[Scope], values: Sequence[Any], live: Sequence[Callable[..., Any]]
) -> bool:
    """True if all that a helper returned are derivatives of the function it is named after.

    Parameters
    ----------
    site : Site
        Its ``return`` statement.
    passes : sequence of Scope
        What the statement could read, pass by pass.
    values : sequence of object
        What it returned.
    live : sequence of function
        The user's functions.

    Notes
    -----
    Central differences in every entry at once, so only functions that work entry by entry qualify.
    """
    if site.kind != "return" or not passes or len(passes) != len(values):
        return False
    same_file = [f for f in live if f.__code__.co_filename == site.filename]
    helper = next((f for f in same_file if f.__qualname__ == site.function), None)
    if helper is None:
        return False
    function = _named_after(helper, same_file)
    if function is None:
        return False
    return all(_is_slope(function, helper, scope, v) for scope, v in zip(passes, values))


def _named_after(
    helper: Callable[..., Any], others: Sequence[Callable[..., Any]]
) -> Callable[..., Any] | None:
    """The function beside a helper whose name is in the helper's, called in the same way."""
    holder, _, name = helper.__qualname__.rpartition(".")
    stems = {m.group(1) for pattern in _NAMED_AFTER if (m := pattern.match(name))}
    for other in others:
        beside, _, known = other.__qualname__.rpartition(".")
        if known in stems and beside == holder and _parameters(other) == _parameters(helper):
            return other
    return None


def _parameters(function: Callable[..., Any]) -> int:
    return int(function.__code__.co_argcount)


def _is_slope(
    function: Callable[..., Any], helper: Callable[..., Any], scope: Scope, value: Any
) -> bool:
    names = helper.__code__.co_varnames[: _parameters(helper)]
    if any(name not in scope.local for name in names):
        return False
    arguments = [scope.local[name] for name in names]
    at = 1 if names[:1] == ("self",) else 0
    if len(arguments) <= at or not isinstance(arguments[at], (np.ndarray, float)):
        return False
    x = np.asarray(arguments[at], dtype=np.float64)
    step = _STEP * np.maximum(np.abs(x), 1.0)
    sides = []
    for sign in (1.0, -1.0):
        arguments[at] = x + sign * step
        try:
            sides.append(np.asarray(function(*arguments), dtype=np.float64))
        except Exception:  # whatever the user's function raises
            return False
    if not sides[0].shape == x.shape == np.shape(value):
        return False
    slope = (sides[0] - sides[1]) / (2 * step)
    scale = float(np.max(np.abs(slope), initial=1.0))
    return bool(np.allclose(value, slope, rtol=0, atol=_RTOL * scale))
