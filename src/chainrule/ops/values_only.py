"""NumPy's functions that have no derivative and are answered by NumPy itself, on the values.

Indices, counts and bits are constants of a graph. Saving a tensor saves its values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor

__all__ = ["VALUES_ONLY", "values_only"]

# bit and integer functions, index arithmetic, counts, and writing to files
VALUES_ONLY = (
    "bitwise_count",
    "diag_indices_from",
    "einsum_path",
    "gcd",
    "histogram2d",
    "histogram_bin_edges",
    "histogramdd",
    "ix_",
    "lcm",
    "packbits",
    "ravel_multi_index",
    "save",
    "savetxt",
    "savez",
    "savez_compressed",
    "tril_indices_from",
    "triu_indices_from",
    "unpackbits",
    "unravel_index",
)


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Tensor):
        return value._concrete(f"np.{name}")
    if isinstance(value, list | tuple):
        return type(value)(_plain(part, name) for part in value)
    return value


def _wrapped(result: Any) -> Any:
    if isinstance(result, np.ndarray | np.generic):
        return lib.constant(result)
    if isinstance(result, tuple | list):
        return type(result)(_wrapped(part) for part in result)
    return result


def values_only(name: str) -> Any:
    """``np.<name>`` computed on the values of tensors; the result requires no gradient."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        plain = [_plain(a, name) for a in args]
        options = {key: _plain(value, name) for key, value in kwargs.items()}
        return _wrapped(getattr(np, name)(*plain, **options))

    answer.__name__ = answer.__qualname__ = name
    answer.__doc__ = f"``np.{name}`` of the values. No derivative."
    return answer
