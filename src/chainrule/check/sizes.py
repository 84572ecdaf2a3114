"""How large a result will be, before it is computed: a slip does not call for giant arrays.

Changed forms of a statement are evaluated and run by the thousand. One of them in the wrong shape,
an outer product where an elementwise one was meant, could ask for more memory than there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["Bound", "predicted_size", "product_size"]

Shape = tuple[int, ...]

#: Elements that are always allowed, and how many times the largest array of the program are.
_ALLOWED = 4_000_000
_TIMES = 4


def predicted_size(function: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """Number of elements of what a NumPy function returns for these arguments; 0 where unknown.

    Examples
    --------
    >>> column, row = np.zeros((10**5, 1)), np.zeros(10**5)
    >>> [predicted_size(f, (column, row)) for f in (np.add, np.outer, np.sum)]
    [10000000000.0, 10000000000.0, 0.0]
    >>> predicted_size(np.einsum, ("i,j->ij", row, row))
    10000000000.0
    """
    name = getattr(function, "__name__", "")
    shapes = [np.shape(a) for a in arguments if isinstance(a, (np.ndarray, np.generic))]
    if name in ("outer", "kron") and len(shapes) == 2:
        return math.prod(shapes[0]) * float(math.prod(shapes[1]))
    if name in ("dot", "matmul") and len(shapes) == 2:
        return product_size(shapes[0], shapes[1])
    if name == "einsum" and arguments and isinstance(arguments[0], str):
        return _einsum_size(arguments[0], shapes)
    if isinstance(function, np.ufunc) or name in ("where", "clip"):
        return _broadcast_size(shapes)
    return 0.0


def product_size(left: Shape, right: Shape) -> float:
    """Number of elements of a matrix product; 0 where there is none."""
    if not left or not right:
        return 0.0
    rows = left[:-1]
    columns = right[-1:] if len(right) > 1 else ()
    lead = _broadcast_size([rows[:-1], right[:-2]])
    return lead * math.prod(rows[-1:]) * float(math.prod(columns))


def _broadcast_size(shapes: Iterable[Shape]) -> float:
    try:
        return float(math.prod(np.broadcast_shapes(*shapes)))
    except ValueError:
        return 0.0


def _einsum_size(subscripts: str, shapes: Sequence[Shape]) -> float:
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if "." in subscripts or [len(t) for t in terms] != [len(s) for s in shapes]:
        return 0.0
    sizes = {label: n for term, shape in zip(terms, shapes) for label, n in zip(term, shape)}
    if not arrow:
        output = "".join(label for label in sizes if inputs.count(label) == 1)
    return float(math.prod(sizes.get(label, 1) for label in output))


class Bound:
    """How large arrays may become in a program whose values have these shapes.

    Parameters
    ----------
    shapes : iterable of tuple
        Of everything that the program computed.

    Examples
    --------
    >>> bound = Bound([(50_000,), (50_000, 10)])
    >>> [bound.admits(s) for s in ((10,), (50_000, 1), (1,), (50_000, 10))]
    [True, False, True, True]
    """

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self._met = dict.fromkeys(shapes, True)
        self._known = list(self._met)
        most = max((math.prod(s) for s in self._known), default=0)
        self.largest = max(_ALLOWED, _TIMES * most)

    def admits(self, shape: Shape) -> bool:
        """True if a value of this shape stays small, alone and broadcast with any of the others."""
        if shape not in self._met:
            sizes = [_broadcast_size([shape, other]) for other in self._known]
            self._met[shape] = max([float(math.prod(shape)), *sizes]) <= self.largest
        return self._met[shape]
