"""``python -m benchmarks.latency``: what waits for the user: imports, first steps, one-row predictions.

Asked: one-row predictions of a digits network in at most 5 µs; import and first compiled step in
less than PyTorch takes to be imported; compilation in at most 0.5 s, 0.05 s from the disk cache.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

import click
import numpy as np

import chainrule as cr
from benchmarks.speed import ours
from benchmarks.speed.cases import CASES, make_data
from benchmarks.speed.timing import interleaved, pin

_IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
_FIRST_STEP = """
import time
t = time.perf_counter()
import chainrule as cr
from benchmarks.speed import ours
from benchmarks.speed.cases import CASES, make_data
case = CASES[{!r}]
data = make_data(case)
step = cr.compile(ours.make_step(case), threads=1)
t1 = time.perf_counter()
step(data.x[: case.batch], data.y[: case.batch])
print(time.perf_counter() - t, time.perf_counter() - t1)
"""


def fresh(code: str, cache: str | None = None, repeats: int = 3) -> list[float]:
    """Medians of the numbers printed by a fresh interpreter running ``code``."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    if cache is not None:
        environment["CHAINRULE_CACHE"] = cache
    rows = []
    for _ in range(repeats):
        printed = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout
        rows.append([float(word) for word in printed.split()])
    return [statistics.median(column) for column in zip(*rows)]


@click.command()
def main() -> None:
    """Print the figures."""
    (numpy,) = fresh(_IMPORT.format("numpy"))
    (mine,) = fresh(_IMPORT.format("chainrule"))
    click.echo(f"import        numpy {numpy:.3f} s   chainrule {mine:.3f} s (NumPy included)")
    try:
        (torch,) = fresh(_IMPORT.format("torch"))
        click.echo(f"import        torch {torch:.3f} s")
    except subprocess.CalledProcessError:
        click.echo("import        torch is not installed")
    for name in ("digits", "mnist", "wide", "lenet"):
        code = _FIRST_STEP.format(name)
        total, cold = fresh(code, "0")
        with tempfile.TemporaryDirectory() as folder:
            fresh(code, folder, repeats=1)
            _, warm = fresh(code, folder)
        click.echo(
            f"first step    {name:8} compiled in {cold:.3f} s, from the disk cache in {warm:.3f} s; "
            f"import and first step {total:.3f} s"
        )
    pin(1)
    case = CASES["digits"]
    predict = cr.compile(ours.build(case))
    row = np.ascontiguousarray(make_data(case).x[:1])

    def thousand() -> None:
        for _ in range(1000):
            predict(row)

    timing = interleaved({"predict": thousand}, 7)["predict"]
    click.echo(f"one row       digits   {timing.median * 1e3:.2f} us a prediction from Python")


if __name__ == "__main__":
    main()
