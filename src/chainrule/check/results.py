"""What a call returned: which number is the cost, and what could be gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .leaves import Leaf, gradient_name, same_name, walk

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


def name_results(result: Any, names: Sequence[str]) -> Iterator[Leaf]:
    """The leaves of a result, with the names its ``return`` statement gives."""
    if type(result) is tuple and len(result) == len(names):
        for i, (value, name) in enumerate(zip(result, names)):
            for leaf in walk(value, name, integers=isinstance(value, int)):
                # An unnamed element keeps its position, so that order can still tell.
                tokens = leaf.tokens or (i,)
                yield Leaf(tokens, (("item", i), *leaf.path), leaf.value, leaf.scalar)
        return
    name = names[0] if len(names) == 1 else ""
    for leaf in walk(result, name):
        yield leaf


def split_costs(named: Iterator[Leaf], inputs: list[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
    """Numbers that could be the cost, and everything else."""
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
        of_input = any(same_name(g, w) for g in meant for w in words)
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
    if len(scalars) > 1 and not any(_is_total(s) for s in scalars):
        # Unnamed numbers after the first are derivatives: ``return x * y, (y, x)``.
        unnamed = [s for s in scalars[1:] if not s.word]
        others = [*unnamed, *others]
        scalars = [s for s in scalars if all(s is not u for u in unnamed)]
    return scalars, others


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
