"""Which family of code a kernel gets, and along which axes that code can be divided."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..inlining import Inlined
from ..plan import Plan
from ..program import Value, base_of
from ..schedule import Kernel
from ..structure import is_tiled, skipped_taps
from ..target import Target
from .accumulated import accumulated_rows
from .along_samples import samples_height
from .contraction import is_light
from .loops import Shape, lane_axis, merged
from .narrow import is_narrow
from .point import Scope
from .pooled import pooled_loops
from .reductions import COLUMN_BLOCK, reduction_lane
from .sharing import Split
from .skipping import skipping_loops
from .tiles import product_axes
from .transposes import transpose_axes

__all__ = ["Way", "family", "vector_length", "ways"]


class Way(NamedTuple):
    """An axis that a kernel can be cut along.

    Attributes
    ----------
    axis, extent : int
        Which of the kernel's positions, and how many there are.
    unit : int
        Cuts lie at its multiples.
    ragged : bool
        Whether what fills no unit may stand alone at the end.
    first, inner : int
        See ``Split``.
    """

    axis: int
    extent: int
    unit: int = 1
    ragged: bool = True
    first: int = -1
    inner: int = 1

    def split(self, threads: int, unit: int) -> Split:
        """Return the cut at multiples of ``unit`` that gives every thread about as much."""
        count = -(-self.extent // unit) if self.ragged else max(1, self.extent // unit)
        inside = [count * t // threads * unit for t in range(threads)]
        return Split(self.axis, (*inside, self.extent), self.first, self.inner)


def vector_length(kernel: Kernel, inline: Inlined, target: Target) -> int:
    """Return the vector length of a kernel: that of the widest floats it has vectors of.

    Numbers that are the same everywhere (a learning rate in float64) stay scalars.
    """
    widest = 32
    seen: set[int] = set()
    stack = list(kernel.roots)
    while stack:
        v = stack.pop()
        still = v.kind == "view" and not any(map(any, v.data.matrix))  # one element, everywhere
        if v.id in seen or still or v.size == 1:
            continue
        seen.add(v.id)
        if v.dtype.kind == "f":
            widest = max(widest, 8 * v.dtype.itemsize)
        if v.id in inline or v in kernel.roots:
            stack.extend(v.args)
    return target.vector_bits // widest


def _is_transpose(kernel: Kernel, inline: Inlined, scope: Scope) -> tuple[int, int] | None:
    """Return the axes of a kernel that only copies between layouts, if it is one."""
    root = kernel.anchor
    if len(kernel.roots) > 1 or root.kind != "map" or root.data != "copy":
        return None
    source, at = base_of(root.args[0])
    return transpose_axes(root, source, at, merged(kernel, inline, scope), scope)


def _merged_way(kernel: Kernel, domain: Shape, axis: int, unit: int, ragged: bool = True) -> Way:
    """Return the way to cut an axis that may stand for several: between positions of the first."""
    inner, first = 1, axis
    while first and inner * kernel.domain[first] < domain[axis]:
        inner *= kernel.domain[first]
        first -= 1
    return Way(axis, domain[axis], math.lcm(unit, inner), ragged, first, inner)


def family(kernel: Kernel, plan: Plan, inline: Inlined, scope: Scope) -> str:
    """Return the name of the file under ``lower/`` that writes the kernel."""
    anchor = kernel.anchor
    if kernel.kind == "loop":
        if _is_transpose(kernel, inline, scope) is not None:
            return "transposes"
        return "narrow" if is_narrow(kernel, scope) else "loops"
    if kernel.kind == "reduce":
        return "reductions"
    if kernel.kind == "contract":
        product = plan.products[anchor.id]
        if anchor.id in plan.scratch:
            return "along_samples" if product.along_sum else "accumulated"
        if kernel.windows is not None:
            return "pooled"
        if product.share:
            return "slender"
        zeros = base_of(product.operands[1])[0].id in inline  # stored nowhere
        skips = not product.by_rows and skipped_taps(anchor) and is_light(kernel)
        return "skipping" if zeros or skips else "contraction"
    return "interleave" if is_tiled(anchor) else "special"


def ways(kernel: Kernel, plan: Plan, inline: Inlined, scope: Scope, target: Target) -> list[Way]:
    """Return the axes a kernel can be cut along, none if one thread has to do it all."""
    v, lanes = kernel.anchor, scope.lanes
    if not kernel.domain or 0 in kernel.domain or 0 in v.shape:
        return []
    match family(kernel, plan, inline, scope):
        case "transposes":
            pair = _is_transpose(kernel, inline, scope)
            assert pair is not None
            domain = merged(kernel, inline, scope)
            return [
                _merged_way(kernel, domain, a, lanes if a in pair else 1, a not in pair)
                for a in range(len(domain))
            ]
        case "narrow":
            return [Way(0, kernel.domain[0], lanes)]
        case "loops":
            domain = merged(kernel, inline, scope)
            lane = lane_axis(kernel, inline, scope, domain)
            reduces = any(r.kind == "reduce" for r in kernel.roots)
            axes = [a for a in range(len(domain)) if not (reduces and a == lane)]
            return [_merged_way(kernel, domain, a, lanes if a == lane else 1) for a in axes]
        case "reductions":
            return _reduction_ways(v, inline, scope)
        case "accumulated":
            axis, height = accumulated_rows(v, plan.products[v.id].by_rows, lanes, target)
            return [Way(axis, v.shape[axis], height)]
        case "along_samples":
            return [Way(0, v.shape[0], samples_height(v, target))]
        case "pooled":
            return [Way(a, n) for a, n in pooled_loops(kernel, plan.products[v.id].by_rows)]
        case "slender":
            return [Way(0, v.shape[0], plan.products[v.id].share)]
        case "skipping":
            return [Way(a, v.shape[a]) for a in skipping_loops(v)]
        case "contraction":
            tall, lane, loops = product_axes(v, plan.products[v.id].by_rows)
            found = [Way(tall, v.shape[tall])] if tall >= 0 else []
            found += [Way(lane, v.shape[lane], lanes)] if lane >= 0 else []
            return sorted([*found, *(Way(a, v.shape[a]) for a in loops)])
        case "interleave":
            access = scope.access(v)
            assert access is not None
            lane = max(access.layout.lane, 0)
            return [Way(a, n) for a, n in enumerate(v.args[1].shape) if a != lane]
    return []


def _reduction_ways(v: Value, inline: Inlined, scope: Scope) -> list[Way]:
    lane = reduction_lane(v, inline, scope)
    if 0 in v.args[0].shape or lane < 0:
        return []
    block = COLUMN_BLOCK * scope.lanes
    return [Way(a, n, block if a == lane else 1) for a, n in enumerate(v.shape)]
