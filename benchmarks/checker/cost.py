"""What checking a million parameters takes: ``python -m benchmarks.checker.cost``.

Three checks under the default budget: a module with its loss, and a hand-written NumPy network of
the same size, right and with one slip. Each line is processor and wall seconds, the budget that
bounds them, and what the check says that it covered.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import numpy as np

import chainrule as cr

BUDGET = 10.0

NETWORK = """
import numpy as np


def loss_and_grads(X, y, W1, b1, W2, b2):
    m = X.shape[0]
    z1 = X @ W1 + b1
    a1 = np.maximum(0, z1)
    s = a1 @ W2 + b2
    s = s - s.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(m), y]).mean()
    ds = p.copy()
    ds[np.arange(m), y] -= 1
    ds /= m
    dW2 = a1.T @ ds
    db2 = ds.sum(axis=0)
    dz1 = (ds @ W2.T) * (z1 > 0)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""
SLIP = ("db1 = dz1.sum(axis=0)", "db1 = dz1.mean(axis=0)")


def by_module() -> Any:
    """A module of 1 006 210 parameters with the cross-entropy."""
    cr.manual_seed(0)
    rng = np.random.default_rng(0)
    model = cr.nn.Sequential(
        cr.nn.Linear(784, 1000), cr.nn.ReLU(), cr.nn.Linear(1000, 220), cr.nn.ReLU(),
        cr.nn.Linear(220, 10),
    )  # fmt: skip
    x, y = rng.normal(size=(32, 784)), rng.integers(0, 10, 32)
    return cr.check.gradients(model, x, y, loss=cr.nn.functional.cross_entropy, budget=BUDGET)


def by_hand(text: str, folder: Path) -> Any:
    """A hand-written network of 1 001 710 parameters."""
    file = folder / f"by_hand_{abs(hash(text))}.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 784)), rng.integers(0, 10, 32)
    weights = [rng.normal(size=s) / 20 for s in ((784, 1260), (1260,), (1260, 10), (10,))]
    return cr.check.source(module.loss_and_grads, x, y, *weights, budget=BUDGET)


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m benchmarks.checker.cost", description=__doc__
    ).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases: list[tuple[str, Callable[[], Any]]] = [
            ("module", by_module),
            ("by hand, right", lambda: by_hand(NETWORK, folder)),
            ("by hand, one slip", lambda: by_hand(NETWORK.replace(*SLIP), folder)),
        ]
        for label, run in cases:
            wall, processor = time.perf_counter(), time.process_time()
            report = run()
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            found = "".join(f", line {f.line}: {f.slip}" for f in report.findings)
            print(
                f"{label}: {report.verdict}{found}\n"
                f"  {wall:.1f} s, {processor:.1f} s of processor time;"
                f" {processor / BUDGET:.2f} of the budget of {BUDGET:g} s"
            )
            print(
                textwrap.fill(
                    f"covered: {report.coverage}", 78, initial_indent="  ", subsequent_indent="    "
                )
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
