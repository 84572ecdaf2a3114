"""How things are timed: one core, interleaved repeats, medians, ratios within the run.

Clocks wander by several per cent within a minute. So every repeat measures all contenders one after
the other, together with the core's peak, and what is reported is the median over repeats of times
and of ratios taken within a repeat.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable

__all__ = ["Timing", "interleaved", "pin"]


class Timing:
    """Times of one contender, in seconds per call, one per repeat."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    @property
    def median(self) -> float:
        """Median over repeats."""
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        """Smallest over repeats."""
        return min(self.seconds)

    def over(self, other: Timing) -> float:
        """Median over repeats of the ratio to another contender."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds))


def pin(cores: int = 1) -> list[int]:
    """Confine this process, and the threads it starts from now on, to ``cores`` cores."""
    allowed = sorted(os.sched_getaffinity(0))
    chosen = allowed[-cores:]
    os.sched_setaffinity(0, chosen)
    return chosen


def interleaved(
    contenders: dict[str, Callable[[], object]], repeats: int, seconds: float = 0.1
) -> dict[str, Timing]:
    """Time each contender in every repeat, for about ``seconds`` each.

    The first call of each (compilation, caches) is not counted.
    """
    timings = {name: Timing() for name in contenders}
    counts: dict[str, int] = {}
    for name, run in contenders.items():
        run()
        start = time.perf_counter()
        run()
        once = max(time.perf_counter() - start, 1e-7)
        counts[name] = max(1, min(2000, round(seconds / once)))
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            for name, run in contenders.items():
                count = counts[name]
                start = time.perf_counter()
                for _ in range(count):
                    run()
                timings[name].seconds.append((time.perf_counter() - start) / count)
    finally:
        gc.enable()
    return timings
