"""Some samples through all layers at a time, where a whole batch would stream through the caches.

Two kinds of programs profit.

*Tall batches of narrow networks.* With ten thousand rows of thirty numbers every layer streams its
activations, and products of so few columns cannot hide it. Some tens of rows go through everything,
and their sums (gradients, the loss) are added up.

*Convolutions.* Their activations are many times larger than their weights. Parts that convolve run
for a few samples at a time, as many as fit the second-level cache; products with large matrices run
for the whole batch in between, so that these are read once.

The order of summation is fixed by the size of a tile.
"""

from __future__ import annotations

from ..inlining import behind, leaves
from ..program import Program, Value, base_of
from ..schedule import Schedule
from ..structure import is_tiled, is_windowed
from .parts import Split, divide
from .samples import Samples, find_samples

__all__ = ["split_rows"]

_FEWEST_ROWS = 1024  # of a tall batch
_FIRST_CACHE = 36 * 1024  # bytes of a tile of a tall batch
_WORTH = 1 << 19  # bytes of all samples' values from which on tiles pay
_SECOND_CACHE = 3 << 19  # bytes of all values of a tile of samples; not all live at one time
_LARGE = 1 << 19  # bytes of a matrix that should not be read once per tile
_VECTORS = 32  # samples per tile where vectors run along them: two vectors of float32
_FEWEST_SAMPLES = 2


def split_rows(schedule: Schedule) -> Split | None:
    """Return a program in parts, or None if it does not split or need not."""
    lengths = {v.shape[0]: 0 for v in schedule.program.inputs if v.shape}
    for total in sorted(lengths, reverse=True):
        split = _split(schedule, total)
        if split is not None:
            return split
    return None


def _split(schedule: Schedule, total: int) -> Split | None:
    """Return a program in parts if some inputs hold ``total`` samples that can be taken apart."""
    program = schedule.program
    values = program.values()
    windowed = any(is_windowed(v) for v in values)
    if total < (2 * _FEWEST_SAMPLES if windowed else _FEWEST_ROWS):
        return None
    samples = find_samples(program, total)
    if samples is None or not samples.sums or any(v.id in samples.axis for v in program.roots):
        return None
    if windowed:
        rows = _convolved(schedule, samples)
        return divide(program, samples, _stages(schedule, samples, rows), rows) if rows else None
    rows = _tall(program, samples)
    if not rows or _needs_sums(values, samples):
        return None
    tiled = {*samples.axis, *samples.sums}
    stages = {v.id: 2 for v in values if v.id in tiled and _alone(schedule, v)}
    return divide(program, samples, stages, rows)


def _alone(schedule: Schedule, v: Value) -> bool:
    """Tell whether a value has a place in some kernel: it is not computed where it is read."""
    return v.id in schedule.kernel_of


# ---- tall batches


def _tall(program: Program, samples: Samples) -> int:
    """Return how many rows a tile has: a divisor of all, a multiple of 8; 0 if it does not pay."""
    total = samples.total
    per_row = 0
    for v in program.values():
        if v.id in samples.axis and v.kind in ("contract", "gather", "input"):
            per_row += v.size // total * v.dtype.itemsize
    if per_row * total < _WORTH:
        return 0
    limit = max(16, _FIRST_CACHE // max(1, per_row))
    fitting = [n for n in range(16, min(limit, total // 8) + 1, 8) if total % n == 0]
    return max(fitting, default=0)


def _needs_sums(values: list[Value], samples: Samples) -> bool:
    """Tell whether something of a sample needs a sum over all samples."""
    after = set(samples.sums)
    for v in values:
        if any(a.id in after for a in v.args):
            if v.id in samples.axis:
                return True
            after.add(v.id)
    return False


# ---- convolutions


def _convolved(schedule: Schedule, samples: Samples) -> int:
    """Return how many samples a tile has, 0 if tiles do not pay."""
    total = samples.total
    per_sample, lanes = 0, False
    for v in schedule.program.values():
        axis = samples.axis.get(v.id)
        if axis is None or not (_alone(schedule, v) or v.kind == "input"):
            continue
        per_sample += v.size // total * v.dtype.itemsize
        if is_windowed(v) and axis == len(v.shape) - 1:
            lanes = True
    if per_sample * total < _WORTH:
        return 0
    least = _VECTORS if lanes else _FEWEST_SAMPLES
    most = max(least, _SECOND_CACHE // per_sample)
    fitting = range(least, min(most, total // 2) + 1, least if lanes else 1)
    return max((n for n in fitting if total % n == 0), default=0)


def _stages(schedule: Schedule, samples: Samples, rows: int) -> dict[int, int]:
    """Return the part of every value that has a place: odd for the whole batch, even for tiles."""
    values = [v for v in schedule.program.values() if _alone(schedule, v)]
    reads: dict[int, list[int]] = {}
    readers: dict[int, list[int]] = {v.id: [] for v in values}
    stage: dict[int, int] = {}
    whole: set[int] = set()  # what may move to a later part
    for v in values:
        reads[v.id] = [
            behind(a).id
            for a, _, _ in leaves(v, schedule.inline)
            if behind(a).id in schedule.kernel_of
        ]
        for a in reads[v.id]:
            readers[a].append(v.id)
        first = max((_ready(a, stage, samples) for a in reads[v.id]), default=1)
        odd, even = first | 1, first + first % 2
        if v.id in samples.axis:
            if _convolves(v):
                stage[v.id] = even
            elif _multiplies_large(v, samples):
                stage[v.id] = odd
            elif len(reads[v.id]) == 0 or first == 1:
                stage[v.id] = 2
            else:
                stage[v.id] = first
        elif first > 1 and v.id in samples.sums and _summed_by_tile(v, samples, rows):
            stage[v.id] = even
        else:
            stage[v.id] = odd
            whole.add(v.id)
    last = max(stage.values()) | 1
    for v in reversed(values):
        users = [stage[u] for u in readers[v.id]]
        latest = min(users, default=last)
        if v.id in whole:
            stage[v.id] = latest if latest % 2 else latest - 1
        elif (
            v.id in samples.axis and stage[v.id] % 2 and users and not _multiplies_large(v, samples)
        ):
            stage[v.id] = latest  # what only tiles read is made in tiles
    return stage


def _ready(key: int, stage: dict[int, int], samples: Samples) -> int:
    """Return the first part that can read a value: a sum by tile is whole after the last one."""
    return stage[key] + (key in samples.sums and stage[key] % 2 == 0)


def _convolves(v: Value) -> bool:
    return is_windowed(v) or is_tiled(v)


def _multiplies_large(v: Value, samples: Samples) -> bool:
    """Tell whether a product reads a matrix that should not be read once per tile."""
    return v.kind == "contract" and any(
        a.id not in samples.axis and a.size * a.dtype.itemsize >= _LARGE for a in v.args
    )


def _summed_by_tile(v: Value, samples: Samples, rows: int) -> bool:
    """Tell whether adding up per tile moves less memory than keeping what is summed."""
    tiles = samples.total // rows
    operands = sum(base_of(a)[0].size for a in v.args)
    return 2 * tiles * v.size < operands
