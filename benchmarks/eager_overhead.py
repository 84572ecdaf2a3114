"""Cost of an eager training step beside PyTorch's, in one process: ``python -m benchmarks.eager_overhead``.

The step: 64-32-10, batch 32, ReLU, softmax cross-entropy, SGD, float32; zero_grad, forward, backward,
step. Rounds alternate between the two libraries, PyTorch runs with one thread (the faster for this
size), and minima over rounds are compared: a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH, SIZES = 32, (64, 32, 10)


def chainrule_step(x: Any, y: Any) -> Callable[[], Any]:
    """A training step of this library."""
    import chainrule as cr
    from chainrule import nn

    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    loss = nn.CrossEntropyLoss()
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    inputs, targets = cr.tensor(x), cr.tensor(y)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()

    return step


def torch_step(x: Any, y: Any) -> Callable[[], Any]:
    """The same step in PyTorch."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs, targets = torch.tensor(x), torch.tensor(y)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()

    return step


def microseconds(step: Callable[[], Any], repeats: int) -> float:
    """Time of one step."""
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats * 1e6


def measure(rounds: int = 15, repeats: int = 200) -> dict[str, float]:
    """Best times of both, in microseconds, and their ratio."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, SIZES[0])).astype(np.float32)
    y = rng.integers(0, SIZES[-1], BATCH)
    ours, theirs = chainrule_step(x, y), torch_step(x, y)
    for step in (ours, theirs):
        microseconds(step, repeats)
    pairs = [(microseconds(ours, repeats), microseconds(theirs, repeats)) for _ in range(rounds)]
    mine, peer = min(a for a, _ in pairs), min(b for _, b in pairs)
    return {"chainrule_us": mine, "torch_us": peer, "ratio": mine / peer}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        print(json.dumps(found))
        return
    print("eager training step, 64-32-10, batch 32, float32, one thread")
    print(f"  chainrule  {found['chainrule_us']:7.1f} µs")
    print(f"  PyTorch    {found['torch_us']:7.1f} µs")
    print(f"  ratio      {found['ratio']:7.2f}")


if __name__ == "__main__":
    main()
