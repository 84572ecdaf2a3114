"""Arguments taken apart into float leaves and the structure around them, and put together again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError

__all__ = ["Split", "flatten", "is_array", "split"]

Array = NDArray[Any]


@dataclasses.dataclass
class Split:
    """Arguments taken apart into float leaves and the structure around them.

    Attributes
    ----------
    values : list of ndarray
        The leaves, promoted to float64 unless asked otherwise.
    names : list of str
        ``x``, ``params['W']``, ``layers[0]``.
    dtypes : list of dtype
        What they were before promotion.
    """

    values: list[Array]
    names: list[str]
    dtypes: list[np.dtype[Any]]
    skeleton: Any

    def build(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments with `leaves` in the places of the float leaves."""
        return tuple(_rebuild(self.skeleton, iter(leaves)))


class _Slot:
    """Marks the place of a leaf; scalars come back as Python numbers."""

    def __init__(self, scalar: bool) -> None:
        self.scalar = scalar


def split(
    args: tuple[Any, ...],
    names: Sequence[str],
    to_numpy: Callable[[Any], Array | None],
    integers: bool = False,
) -> Split:
    """Take arguments apart. `to_numpy` turns a foreign tensor into an array, or says None."""
    values: list[Array] = []
    labels: list[str] = []
    dtypes: list[np.dtype[Any]] = []

    def visit(node: Any, name: str) -> Any:
        array = node if isinstance(node, np.ndarray) else to_numpy(node)
        if array is not None and not isinstance(node, (bool, int, float, np.generic)):
            if array.dtype.kind == "f" or (integers and array.dtype.kind in "iu"):
                return keep(array, name, False)
            return node
        if isinstance(node, (float, np.floating)) or (
            integers and isinstance(node, (int, np.integer)) and not isinstance(node, bool)
        ):
            return keep(np.asarray(node), name, not isinstance(node, np.generic))
        if isinstance(node, dict):
            return {k: visit(v, f"{name}[{k!r}]") for k, v in node.items()}
        if isinstance(node, tuple) and hasattr(node, "_fields"):
            return type(node)(*[visit(v, f"{name}.{k}") for k, v in zip(node._fields, node)])
        if type(node) in (list, tuple):
            return type(node)(visit(v, f"{name}[{i}]") for i, v in enumerate(node))
        if dataclasses.is_dataclass(node) and not isinstance(node, type):
            fields = {
                f.name: visit(getattr(node, f.name), f"{name}.{f.name}")
                for f in dataclasses.fields(node)
                if f.init
            }
            return dataclasses.replace(node, **fields)
        return node

    def keep(array: Array, name: str, scalar: bool) -> _Slot:
        dtypes.append(array.dtype if array.dtype.kind == "f" else np.dtype(np.float64))
        values.append(np.array(array, dtype=np.float64))
        labels.append(name)
        return _Slot(scalar)

    skeleton = [visit(a, n) for a, n in zip(args, names)]
    return Split(values, labels, dtypes, skeleton)


def _rebuild(node: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(node, _Slot):
        leaf = next(leaves)
        return leaf.item() if node.scalar and isinstance(leaf, np.ndarray) else leaf
    if isinstance(node, dict):
        return {k: _rebuild(v, leaves) for k, v in node.items()}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return type(node)(*[_rebuild(v, leaves) for v in node])
    if type(node) in (list, tuple):
        return type(node)(_rebuild(v, leaves) for v in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {
            f.name: _rebuild(getattr(node, f.name), leaves)
            for f in dataclasses.fields(node)
            if f.init
        }
        return dataclasses.replace(node, **fields)
    return node


def flatten(result: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """The leaves of a result: whatever is no container."""
    if is_leaf(result):
        return [result]
    if result is None:
        return []
    if isinstance(result, dict):
        return [leaf for value in result.values() for leaf in flatten(value, is_leaf)]
    if isinstance(result, (list, tuple)):
        return [leaf for value in result for leaf in flatten(value, is_leaf)]
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        values = [getattr(result, f.name) for f in dataclasses.fields(result)]
        return [leaf for value in values for leaf in flatten(value, is_leaf)]
    raise ArgumentError(
        f"check.gradients: the function returned a {type(result).__name__}; expected an array, a"
        " tensor, a number, or a container of them"
    )


def is_array(value: Any) -> bool:
    """True for an array or a number of NumPy or Python."""
    return isinstance(value, (np.ndarray, np.generic, int, float))
