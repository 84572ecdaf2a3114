"""PyTorch's methods that read and write by index: gather, scatter, index_select, masked_fill, topk."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor

__all__ = ["INDEXING_METHODS", "ValuesAndIndices", "masked_fill", "scatter", "scatter_add"]


class ValuesAndIndices(NamedTuple):
    """What PyTorch's ``max(dim)``, ``sort(dim)`` and ``topk`` return."""

    values: Any
    indices: Any


def _gather(self: Any, dim: int, index: Any) -> Any:
    """``out[i][j] = self[index[i][j]][j]`` along ``dim``; the index may be shorter elsewhere."""
    index = lib.asarray(index)
    return lib.take_along_axis(_shortened(self, dim, index), index, dim)


def _shortened(x: Any, dim: int, index: Any) -> Any:
    dim %= x.ndim
    cut = tuple(slice(None) if i == dim else slice(0, n) for i, n in enumerate(tuple(index.shape)))
    return lib.getitem(x, cut)


def _grid(self: Any, dim: int, index: Any) -> tuple[Any, ...]:
    places = index.detach().numpy() if isinstance(index, Tensor) else np.asarray(index)
    grid = list(np.ogrid[tuple(slice(n) for n in places.shape)])
    grid[dim % self.ndim] = places
    return tuple(grid)


def _source(src: Any, index: Any) -> Any:
    """The part of ``src`` that the index uses."""
    src = lib.asarray(src)
    return lib.getitem(src, tuple(slice(0, n) for n in index.shape)) if src.shape else src


def scatter(self: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy with ``src`` written at ``index`` along ``dim``."""
    return lib.index_update(self, _grid(self, dim, index), _source(src, index))


def scatter_add(self: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy with ``src`` added at ``index`` along ``dim``; repeated indices add up."""
    dim %= self.ndim
    if all(n == m for i, (n, m) in enumerate(zip(self.shape, index.shape)) if i != dim):
        return lib.add_along_axis(self, index, _source(src, index), dim)
    return lib.index_add(self, _grid(self, dim, index), _source(src, index))


def _index_select(self: Any, dim: int, index: Any) -> Any:
    """The slices at ``index`` along an axis."""
    return lib.take(self, index, axis=dim)


def _index_add(self: Any, dim: int, index: Any, source: Any, alpha: float = 1) -> Any:
    """A copy with the slices of ``source`` added at ``index`` along an axis."""
    places = index.detach().numpy() if isinstance(index, Tensor) else np.asarray(index)
    return lib.index_add(self, (slice(None),) * (dim % self.ndim) + (places,), source * alpha)


def masked_fill(self: Any, mask: Any, value: Any) -> Any:
    """A copy with ``value`` where ``mask`` holds."""
    value = lib.asarray(value)
    return lib.where(mask, value if value.dtype == self.dtype else value.astype(self.dtype), self)


def _masked_select(self: Any, mask: Any) -> Any:
    """The elements where ``mask`` holds, as one axis."""
    return lib.getitem(self, mask)


def _where(self: Any, condition: Any, other: Any) -> Any:
    """This tensor where ``condition`` holds, else ``other``."""
    return lib.where(condition, self, other)


def _topk(self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest (or smallest) elements along an axis, and their places."""
    places = lib.argsort(-self if largest else self, dim, stable=True)
    places = lib.getitem(places, (slice(None),) * (dim % self.ndim) + (slice(0, k),))
    return ValuesAndIndices(lib.take_along_axis(self, places, dim), places)


INDEXING_METHODS: dict[str, Any] = {
    "gather": _gather,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "index_select": _index_select,
    "index_add": _index_add,
    "masked_fill": masked_fill,
    "masked_select": _masked_select,
    "where": _where,
    "topk": _topk,
}
