"""``python -m benchmarks.threads``: two threads against one, with the machine free and with a core busy.

Asked: two threads at least 1.8 times as fast as one on mnist and wide; the automatic choice never
slower than one thread, also while another process keeps a core busy.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

import chainrule as cr
from benchmarks.speed import ours
from benchmarks.speed.cases import CASES, make_data
from benchmarks.speed.timing import interleaved


def _spin() -> None:
    while True:
        pass


@contextmanager
def busy_core() -> Iterator[None]:
    """Another process that never rests."""
    process = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def contenders(name: str) -> dict[str, Callable[[], object]]:
    """Epochs of a case with one thread, two, and as many as the library chooses."""
    case = CASES[name]
    data = make_data(case)
    found: dict[str, Callable[[], object]] = {}
    for label, threads in (("one", 1), ("two", 2), ("auto", None)):
        step = cr.compile(ours.make_step(case), threads=threads)
        found[label] = lambda step=step: step.epoch(data.x, data.y, batch_size=case.batch)
    return found


@click.command()
@click.option("--repeats", default=9, show_default=True)
@click.option(
    "--case", "names", multiple=True, default=("mnist", "wide", "digits"), show_default=True
)
def main(repeats: int, names: tuple[str, ...]) -> None:
    """Compare thread counts; ratios are medians over interleaved repeats."""
    cores = len(os.sched_getaffinity(0))
    click.echo(f"{cores} cores; times of one thread over those of the others (above 1: faster)")
    for name in names:
        runs = contenders(name)
        for label in ("free", "a core busy"):
            if label == "free":
                times = interleaved(runs, repeats)
            else:
                with busy_core():
                    times = interleaved(runs, repeats)
            steps = CASES[name].steps
            click.echo(
                f"{name:8}{label:12}one {times['one'].median / steps * 1e6:9.2f} us a step   "
                f"two {times['one'].over(times['two']):5.2f}x   "
                f"auto {times['one'].over(times['auto']):5.2f}x"
            )


if __name__ == "__main__":
    main()
