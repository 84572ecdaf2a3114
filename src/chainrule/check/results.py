"""What a call returned: which number is the cost, and what could be gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .leaves import Leaf, gradient_name, is_initial, same_name, walk
from .returned import Names

__all__ = ["name_results", "pick_cost", "split_costs"]

_TOTAL = (
    "loss",
    "cost",
    "totalloss",
    "totalcost",
    "objective",
    "error",
    "c",
    "j",
    "l",
    "f",
    "e",
    "nll",
)

_GRADIENTS = ("grad", "grads", "gradient", "gradients", "nabla", "derivatives", "derivs")


def name_results(result: Any, names: Names) -> Iterator[Leaf]:
    """The leaves of a result, with the names its ``return`` statement gives.

    An array of objects, into which a forgotten None turns an array of numbers, has NaN there.
    """
    result = _as_numbers(result)
    if type(result) is tuple and len(result) == len(names):
        yield from _named_parts(result, names, ())
        return
    name = names[0] if len(names) == 1 and isinstance(names[0], str) else ""
    yield from walk(result, name)


def _as_numbers(result: Any) -> Any:
    if type(result) is tuple:
        return tuple(_as_numbers(part) for part in result)
    if isinstance(result, np.ndarray) and result.dtype.kind == "O":
        try:
            return result.astype(np.float64)
        except (TypeError, ValueError):
            return result
    return result


def _named_parts(
    parts: Sequence[Any], names: Names, path: tuple[tuple[str, Any], ...]
) -> Iterator[Leaf]:
    for i, (value, name) in enumerate(zip(parts, names)):
        here = (*path, ("item", i))
        if not isinstance(name, str):
            if isinstance(value, (tuple, list)) and len(value) == len(name):
                yield from _named_parts(value, name, here)
                continue
            name = ""
        for leaf in walk(value, name, integers=isinstance(value, int)):
            # An unnamed element keeps its position, so that order can still tell.
            tokens = leaf.tokens or (i,)
            yield Leaf(tokens, (*here, *leaf.path), leaf.value, leaf.scalar)


def split_costs(
    named: Iterator[Leaf], inputs: list[Leaf], unused: Sequence[str] = ()
) -> tuple[list[Leaf], list[Leaf]]:
    """Numbers that could be the cost, and everything else.

    Parameters
    ----------
    named : iterator of Leaf
        The results.
    inputs : list of Leaf
        The inputs.
    unused : sequence of str
        See :func:`~.returned.unused_gradients`. If one is the gradient of a number, another number stands in
        its place among the results.
    """
    words = {leaf.word for leaf in inputs}
    numbers = {leaf.word for leaf in inputs if leaf.scalar and leaf.value.dtype.kind == "f"}
    results = list(named)
    readings = [_meant(leaf, words) for leaf in results]
    # ``k`` among gradients of numbers stands where ``dk`` was meant; alone it is handed through.
    among = any(
        leaf.value.ndim == 0 and any(same_name(m, n) for m in meant for n in numbers)
        for leaf, meant in zip(results, readings)
    )
    scalars, others = [], []
    for leaf, meant in zip(results, readings):
        if among and leaf.value.ndim == 0 and leaf.word in numbers and leaf.word not in _TOTAL:
            meant = [leaf.word]
        if leaf.path and isinstance(leaf.path[-1][1], str):
            meant = [*meant, leaf.word]
        of_input = _is_within_gradients(leaf) or any(
            same_name(g, w) or is_initial(w, g) for g in meant for w in words
        )
        number = leaf.value.size == 1 and leaf.value.ndim == 0
        plain = leaf.word.replace("_", "").lower()
        if leaf.value.dtype.kind != "f":
            # A count, or a gradient that was forgotten but for its constant.
            if of_input:
                others.append(Leaf(leaf.tokens, leaf.path, leaf.value.astype(float), leaf.scalar))
            continue
        if number and (plain in _TOTAL or not of_input):
            scalars.append(leaf)
        else:
            others.append(leaf)
    if len(scalars) > 1:
        # Unnamed numbers after the first are derivatives, ``return x * y, (y, x)``; and so are
        # those in lists behind a cost that stands by itself.
        total = any(_is_total(s) for s in scalars)
        inside = len(scalars[0].path) <= 1
        unnamed = [
            s
            for s in scalars[1:]
            if (not s.word and not total)
            or (inside and len(s.path) > 1 and isinstance(s.path[-1][1], int))
        ]
        others = [*unnamed, *others]
        scalars = [s for s in scalars if all(s is not u for u in unnamed)]
    if any(same_name(g, n) for name in unused for g in gradient_name(name) for n in numbers):
        # ``return loss, dxy`` where dx of the number x was computed as well.
        chosen = pick_cost(scalars)
        others += [s for s in scalars if all(s is not c for c in chosen)]
        scalars = chosen
    return scalars, others


def _is_within_gradients(leaf: Leaf) -> bool:
    """True for a part of a container that by its name holds gradients: ``grads[3]``."""
    last = leaf.tokens[-1] if leaf.tokens else ""
    return isinstance(last, int) and leaf.word.lower() in _GRADIENTS


def _meant(leaf: Leaf, words: set[str]) -> list[str]:
    """What a result is the gradient of, by its name: ``dk`` of ``k``, and ``gk`` where there is a ``k``."""
    rest = leaf.word[1:].lstrip("_")
    if leaf.value.ndim == 0 and leaf.word[:1] == "g" and rest in words:
        return [rest]
    return gradient_name(leaf.word)


def _is_total(leaf: Leaf) -> bool:
    return leaf.word.replace("_", "").lower() in _TOTAL


def pick_cost(scalars: list[Leaf]) -> list[Leaf]:
    """The numbers whose sum is the cost: the total, or its named parts."""
    totals = [s for s in scalars if _is_total(s)]
    if totals:
        return totals[:1]
    parts = [
        s for s in scalars if any(w in s.word.lower() for w in ("loss", "cost", "reg", "penalty"))
    ]
    return parts if len(parts) > 1 else scalars[:1]
