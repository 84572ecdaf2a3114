"""``r_`` and ``c_``: joining in NumPy's index notation.

NumPy's own objects convert what they are given to arrays, which cuts the graph (and raises); these
answer in ``cr.numpy``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.errors import UnsupportedError
from chainrule.ops.arrange import atleast_1d, atleast_2d
from chainrule.ops.shape import concatenate, reshape, shape_of

__all__ = ["c_", "r_"]


class _Notation:
    """What ``r_[…]`` and ``c_[…]`` do: pieces made at least ``ndim``-dimensional, and joined."""

    def __init__(self, name: str, axis: int, ndim: int) -> None:
        self._name, self._axis, self._ndim = name, axis, ndim

    def __getitem__(self, key: Any) -> Any:
        pieces = key if isinstance(key, tuple) else (key,)
        return concatenate([self._piece(piece) for piece in pieces], axis=self._axis)

    def _piece(self, piece: Any) -> Any:
        if isinstance(piece, str):
            raise UnsupportedError(
                f"{self._name}[{piece!r}, …]: directives in strings are not supported; "
                "use concatenate, stack or hstack with an axis"
            )
        if isinstance(piece, slice):
            piece = _points(piece)
        piece = lib.asarray(piece)
        if self._ndim == 1:
            return atleast_1d(piece)
        shape = shape_of(piece)
        return reshape(piece, (*shape, 1)) if len(shape) == 1 else atleast_2d(piece)

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"<{self._name}[…]>"


def _points(piece: slice) -> Any:
    """``a:b:step`` as ``arange``, ``a:b:nj`` as ``linspace`` with n points."""
    start = 0 if piece.start is None else piece.start
    step = 1 if piece.step is None else piece.step
    if isinstance(step, complex):
        return np.linspace(start, piece.stop, int(abs(step)))
    return np.arange(start, piece.stop, step)


r_ = _Notation("r_", 0, 1)
"""``r_[a, 0, b]``: arrays, numbers and ranges joined along the first axis."""
c_ = _Notation("c_", -1, 2)
"""``c_[a, b]``: joined along the last axis, 1-d arrays as columns."""
