"""Numbers and arrays in a few characters, the same everywhere in an explanation."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["compact", "factor", "number", "shape_text"]

INLINE = 4
"""Arrays of up to so many elements are written out."""


def number(value: Any) -> str:
    """One number in six digits: ``-12``, ``0.196612``, ``1e-12``."""
    value = float(np.asarray(value).ravel()[0])
    text = f"{value:.6g}"
    return "0" if text == "-0" else text


def factor(value: Any) -> str:
    """A number as it stands in a product: negative ones in brackets."""
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def shape_text(value: Any) -> str:
    """``(3, 4)``."""
    shape = tuple(np.shape(value))
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def compact(value: Any) -> str:
    """A value in a table: the number, a few numbers, or shape and norm.

    Examples
    --------
    >>> compact(0.5), compact(np.array([1.0, -2.5])), compact(np.ones((3, 4)))
    ('0.5', '[1 -2.5]', '(3, 4) ‖·‖ 3.46')
    """
    if isinstance(value, tuple):
        return f"{len(value)} parts"
    array = np.asarray(value)
    if array.size == 1:
        return number(array) if array.dtype.kind in "fiu" else str(array.ravel()[0])
    if array.ndim == 1 and array.size <= INLINE:
        return "[" + " ".join(f"{float(v):.4g}" for v in array) + "]"
    if array.dtype.kind != "f":
        return f"{shape_text(array)} {array.dtype}"
    # scaled: the squares of large or tiny numbers leave the range before their norm does
    largest = float(np.max(np.abs(array), initial=0.0))
    scaled = largest > 0 and np.isfinite(largest)
    norm = largest * float(np.linalg.norm(array / largest)) if scaled else largest
    return f"{shape_text(array)} ‖·‖ {norm:.3g}"
