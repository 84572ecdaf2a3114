"""Which pooling is done in the product before it (``lower/pooled.py``)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .inlining import Inlined, behind, is_plain
from .program import Affine, Value, base_of
from .scalars import SCALARS
from .structure import accumulates, sums_samples, windows_of

if TYPE_CHECKING:
    from .schedule import Kernel

__all__ = ["pooled_windows"]

_LIGHT = 4  # cycles per vector of what may stand between a product and its pooling
_FEW = 16  # of what has one value per window; more would need too many registers
_MOST_TAPS = 8  # of a window: as many accumulators belong together


def pooled_windows(
    kernel: Kernel, v: Value, reads: list[tuple[Value, Affine, str]], inline: Inlined
) -> tuple[int, ...] | None:
    """Return the windows of a product's results if ``v`` has one value per window.

    It is a reduction over windows, or a function of places in the windows and of what has one
    value per window already.
    """
    mine = {r.id for r in kernel.roots}
    rank = len(kernel.domain)
    if len(v.shape) != rank or v.kind not in ("reduce", "map"):
        return None
    if kernel.windows is None and not _poolable(kernel, inline):
        return None
    if _cost([v], mine, inline) > (_LIGHT if v.kind == "reduce" else _FEW):
        return None
    taps = v.args[0].shape[rank:] if v.kind == "reduce" else ()
    windows = kernel.windows
    for a, at, how in reads:
        if a.id not in mine and behind(a).id not in mine:
            continue
        if how == "whole" or a.id not in mine:
            return None
        if a.shape != kernel.domain:  # one value per window already
            if v.kind == "reduce" or not is_plain(at):
                return None
            continue
        found = windows_of(at, taps, rank)
        if found is None or windows not in (None, found):
            return None
        windows = found
    if windows is None or windows[-1] != 1 or math.prod(windows) > _MOST_TAPS:
        return None
    if all(w == 1 for w in windows):
        return None
    if v.shape != tuple(n // w for n, w in zip(kernel.domain, windows, strict=True)):
        return None
    if any(n % w for n, w in zip(kernel.domain, windows, strict=True)):
        return None
    return windows


def _poolable(kernel: Kernel, inline: Inlined) -> bool:
    """Tell whether a product's tiles may be made of windows."""
    anchor = kernel.anchor
    batch, rows, columns, _ = anchor.data
    if batch or not rows or not columns or accumulates(anchor) or sums_samples(anchor):
        return False
    if any(base_of(a)[0].id in inline for a in anchor.args):
        return False
    return _cost(kernel.roots[1:], {anchor.id}, inline) <= _LIGHT


def _cost(values: list[Value], known: set[int], inline: Inlined) -> int:
    """Return the cycles per vector of computing some values where others are known."""
    cost, seen, stack = 0, set(known), list(values)
    while stack:
        v = stack.pop()
        if v.id in seen or not (v in values or v.id in inline):
            continue
        seen.add(v.id)
        cost += SCALARS[v.data].cost if v.kind == "map" else 0
        stack.extend(v.args)
    return cost
