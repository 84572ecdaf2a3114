"""``python -m benchmarks.threads``: two threads against one, with the machine free and with a core busy.

Asked: two threads at least 1.8 times as fast as one on mnist and wide; the automatic choice never
slower than one thread, also while another process keeps a core busy.

What two threads can gain depends on what the machine gives them, which on virtual machines changes
within minutes. So every repeat also measures multiply-adds on two cores against one (2 if there are
two whole cores) and a barrier between two threads (0.1 µs if the cores share a cache, several times
that if they do not).
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import numpy as np

import chainrule as cr
from benchmarks.speed import ours
from benchmarks.speed.cases import CASES, make_data
from benchmarks.speed.peak import peak_loop
from benchmarks.speed.timing import Timing, interleaved
from chainrule.compiler.ir import I64, PTR, Function, Module
from chainrule.compiler.lower.sharing import LINE, barrier
from chainrule.compiler.runtime import load
from chainrule.compiler.target import host
from chainrule.compiler.threads import team

_MEETINGS = 20_000
_PEAKS = 100
_WHOLE = 1.85  # of two cores: where another process takes little


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


def meetings() -> Callable[[], object]:
    """Return a function in which two threads meet many times."""
    target = host()
    module = Module(target.vector_bits, target.has_fma)
    meet = barrier(module, target.is_x86, 2)
    f = Function(module, "meet", [("lines", PTR, ""), ("thread", I64, "")], internal=False)
    lines, thread = f.args
    f.loop(0, _MEETINGS, 1, lambda i, _: f.run(meet, [lines, thread, f.index(f.iadd(i, 1))]))
    module.add(f)
    engine = load(module.text(), target)
    enter = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(engine.address("meet"))
    memory = np.zeros(4 * LINE, np.uint8)

    def run() -> object:
        memory[:] = 0
        team(2).run(lambda t: enter(memory.ctypes.data, t))
        return engine

    return run


def contenders(name: str) -> dict[str, Callable[[], object]]:
    """Epochs of a case with one thread, two, and as many as the library chooses."""
    case = CASES[name]
    data = make_data(case)
    found: dict[str, Callable[[], object]] = {}
    for label, threads in (("one", 1), ("two", 2), ("auto", None)):
        step = cr.compile(ours.make_step(case), threads=threads)
        found[label] = lambda step=step: step.epoch(data.x, data.y, batch_size=case.batch)
    peak, _ = peak_loop("float32")

    def peaks(_: int = 0) -> None:
        for _ in range(_PEAKS):
            peak()

    found["peak"] = peaks
    found["peaks"] = lambda: team(2).run(peaks)
    found["meetings"] = meetings()
    return found


def describe(name: str, label: str, times: dict[str, Timing]) -> str:
    """One line of the table."""
    cores = [2 * a / b for a, b in zip(times["peak"].seconds, times["peaks"].seconds, strict=True)]
    gained = [a / b for a, b in zip(times["one"].seconds, times["two"].seconds, strict=True)]
    whole = [g for g, c in zip(gained, cores, strict=True) if c >= _WHOLE]
    if label == "free":
        on_two = f"{statistics.median(whole):5.2f}x" if whole else "  none"
        on_two = f"   {on_two} in the {len(whole)} of {len(cores)} repeats that had two whole cores"
    else:
        on_two = ""
    return (
        f"{name:8}{label:12}one {times['one'].median / CASES[name].steps * 1e6:9.2f} us a step   "
        f"two {times['one'].over(times['two']):5.2f}x   auto {times['one'].over(times['auto']):5.2f}x   "
        f"cores {statistics.median(cores):4.2f}   "
        f"barrier {times['meetings'].median / _MEETINGS * 1e6:5.2f} us{on_two}"
    )


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
        click.echo(describe(name, "free", interleaved(runs, repeats)))
        with busy_core():
            click.echo(describe(name, "a core busy", interleaved(runs, repeats)))


if __name__ == "__main__":
    main()
