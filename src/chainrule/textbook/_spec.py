"""The one-line text form of a choice with parameters: ``"leaky_relu(0.2)"``.

Activations, costs and initialisers are named by such a text in the constructor, in the repr and in
saved files, so the three always agree.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from chainrule.errors import ArgumentError

__all__ = ["format_spec", "parse_spec", "unknown"]

_FORM = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*")


def parse_spec(text: str, what: str) -> tuple[str, tuple[float, ...]]:
    """The name and the numbers of ``"name"`` or ``"name(1.0, 2)"``.

    Raises
    ------
    ArgumentError
        If the text has another form; `what` says which argument it came from.

    Examples
    --------
    >>> parse_spec("leaky_relu(0.2)", "activation")
    ('leaky_relu', (0.2,))
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ArgumentError(
            f"{what} {text!r} is not a name with optional numbers, such as 'relu' or 'elu(1.0)'"
        )
    name, inside = match.groups()
    if not (inside or "").strip():
        return name, ()
    try:
        return name, tuple(float(number) for number in inside.split(","))
    except ValueError:
        raise ArgumentError(
            f"{what} {text!r}: the parameters in brackets must be numbers, got ({inside})"
        ) from None


def format_spec(name: str, parameters: Iterable[float]) -> str:
    """The text that :func:`parse_spec` reads back, with each number to its last digit."""
    numbers = ", ".join(repr(float(number)) for number in parameters)
    return f"{name}({numbers})" if numbers else name


def unknown(what: str, name: str, known: Iterable[str]) -> ArgumentError:
    """The error for a name that is not known, with the nearest one and the whole list."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ArgumentError(f"unknown {what} {name!r}{hint} (known: {', '.join(names)})")
