"""The checker as the benchmark sees it: a program and inputs in, an answer out.

Only the public functions `chainrule.check.source` and `chainrule.check.backward` are called, as
docs/decisions/0040 sets out.
"""

from __future__ import annotations

import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.checker import corpus
from benchmarks.checker.corpus import Bound, Inputs, Program


@dataclass(frozen=True)
class Answer:
    """What the checker said of one program on one set of inputs.

    `verdict` is the report's, or ``raised`` when the checker itself raised, or ``too long``; then
    `error` has the traceback.
    """

    verdict: str
    line: int | None = None
    slip: str | None = None
    statement: str = ""
    expected: str = ""
    suggestion: str | None = None
    findings: int = 0
    seconds: float = 0.0
    error: str = ""
    end_line: int | None = None


class TooLong(BaseException):
    """The time allowed for one check is over; no handler of errors in edited code is to catch it."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the block after so many seconds of processor time: a busy machine is no reason."""

    def stop(signum: int, frame: Any) -> None:
        raise TooLong

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def ask(program: Program, path: Path, inputs: Inputs, seconds: float = 120) -> Answer:
    """What the checker says of `program` with the source at `path`, on `inputs`.

    It may take `seconds` of processor time.
    """
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), limit(seconds):
            warnings.simplefilter("ignore")
            module = corpus.load(path)
            try:
                report = _call(corpus.bind(program, module, inputs))
            finally:
                corpus.unload(module)
    except TooLong:
        return Answer("too long", seconds=time.perf_counter() - start)
    except Exception:
        taken = time.perf_counter() - start
        return Answer("raised", error=traceback.format_exc(limit=-6), seconds=taken)
    taken = time.perf_counter() - start
    if not report.findings:
        return Answer(report.verdict, seconds=taken, expected=str(getattr(report, "reason", "")))
    first = report.findings[0]
    return Answer(
        verdict=report.verdict,
        line=first.line if Path(str(first.file)).name == path.name else None,
        end_line=first.end_line,
        slip=first.slip,
        statement=str(first.statement),
        expected=str(first.expected),
        suggestion=first.suggestion,
        findings=len(report.findings),
        seconds=taken,
    )


def _call(bound: Bound) -> Any:
    from chainrule import check

    program = bound.program
    if program.form == "loss-and-grads":
        return check.source(bound.functions[0], *bound.args)
    if program.form == "network":
        return check.source(bound.functions[0], *bound.args, cost=program.cost)
    return check.backward(bound.functions[0], bound.functions[1], *bound.args)
