"""What watching a training costs: one look beside one training step, both run eagerly.

Run with ``python -m benchmarks.watching``. Prints medians in microseconds and the share by which
``cr.diagnose.watch(model)``, which looks at every tenth step, lengthens a training.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

import chainrule as cr
from chainrule import nn

REPEATS = 25
EVERY = 10


def median_seconds(call: Callable[[], object]) -> float:
    """Median duration of a call."""
    durations = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))


def measure(sizes: tuple[int, ...], batch: int) -> tuple[float, float]:
    """Seconds of a training step with Adam, and of a look at it."""
    rng = np.random.default_rng(0)
    parts: list[nn.Module] = []
    for into, out in pairwise(sizes[:-1]):
        parts += [nn.Linear(into, out), nn.ReLU()]
    model = nn.Sequential(*parts, nn.Linear(sizes[-2], sizes[-1]))
    cost, optimizer = nn.CrossEntropyLoss(), cr.optim.Adam(model.parameters())
    x = cr.tensor(rng.random((batch, sizes[0]), np.float32))
    y = rng.integers(0, sizes[-1], batch)

    def step() -> None:
        optimizer.zero_grad()
        cost(model(x), y).backward()
        optimizer.step()

    loss = cost(model(x), y)
    watch = cr.diagnose.watch(model, every=1, capacity=10**6)
    return median_seconds(step), median_seconds(lambda: watch.step(loss))


def main() -> None:
    """Print the table."""
    print(f"{'network, batch':<26}{'step µs':>10}{'look µs':>10}{'one in ten':>12}")
    for sizes, batch in (
        ((64, 32, 10), 32),
        ((784, 128, 64, 10), 64),
        ((784, 512, 512, 10), 128),
    ):
        step, look = measure(sizes, batch)
        name = f"{'-'.join(map(str, sizes))}, {batch}"
        share = f"+{look / EVERY / step:.0%}"
        print(f"{name:<26}{step * 1e6:>10.0f}{look * 1e6:>10.0f}{share:>12}")


if __name__ == "__main__":
    main()
