"""Inputs that get no gradient though others of their kind do: what the code forgot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .leaves import Leaf

__all__ = ["siblings_without"]

Path = tuple[tuple[str, Any], ...]
_BIAS = re.compile(r"^(?:bias|biases|b)(\w*)$")


def siblings_without(with_one: set[int], leaves: Sequence[Leaf]) -> list[int]:
    """Inputs that get no gradient though others of their kind do.

    ``W1`` beside ``W2``: one name up to its digits and indices, so that frozen parts under names of
    their own are left alone. And on an instance a weight beside its bias, ``self.kernel`` beside
    ``self.bias``: the reverse happens, but nobody trains a bias alone.
    """
    series = {leaves[i].series for i in with_one}
    weights = {name for i in with_one for name in _weights_of(leaves[i])}
    return [
        i
        for i, leaf in enumerate(leaves)
        if i not in with_one
        and leaf.value.dtype.kind == "f"
        and leaf.value.size
        and (
            (leaf.series in series and (leaf.indices or re.search(r"\d", leaf.word)))
            or (leaf.path[:-1], leaf.word.replace("_", "").lower()) in weights
        )
    ]


def _weights_of(bias: Leaf) -> list[tuple[Path, str]]:
    """What the weight that belongs to a bias of an instance could be called, and where it is."""
    match = _BIAS.match(bias.word.replace("_", "").lower())
    if match is None or bias.path[-1][0] != "attr":
        return []
    stems = ("w", "weight", "weights", "kernel", "kernels", "filter", "filters")
    return [(bias.path[:-1], stem + match[1]) for stem in stems]
