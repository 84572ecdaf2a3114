"""Checking every backward pass of a file: what ``chainrule check`` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError
from .inputs import Case, find_targets, made_up, recorded
from .report import CANNOT_TELL, Report
from .source import backward, load_module, source

__all__ = ["check_file"]


def check_file(target: str, *, budget: float = 10.0, seed: int = 0) -> list[Report]:
    """One report for each backward pass of ``FILE.py`` or for that of ``FILE.py:function``.

    Raises
    ------
    ArgumentError
        If the file or the function is not there.
    """
    path, _, name = target.partition(".py:")
    path = path if path.endswith(".py") else path + ".py"
    reports = []
    for case in find_targets(path, name):
        reports.append(_check(path, case, budget, seed))
    return reports


def _check(path: str, case: Case, budget: float, seed: int) -> Report:
    call = recorded(path, case)
    if call is not None:
        function, args = call
        report = _run(case, function, args, budget, seed)
        return _with_note(report, "arguments: those of the first call that the file makes")
    if "." in case.function:
        return Report(
            case.name,
            notes=(
                f"the file does not call {case.function} when it is run, so there is no instance to check:"
                " call it under if __name__ == '__main__'",
            ),
            verdict=CANNOT_TELL,
        )
    function = getattr(load_module(path), case.function)
    doubtful: Report | None = None
    try:
        for args in made_up(function, seed):
            report = _run(case, function, args, budget, seed)
            crashed = any(f.method == "crash" for f in report.findings)
            if report.verdict == "right" or (report.verdict == "wrong" and not crashed):
                return _with_note(report, "arguments: made up from the names of the parameters")
            doubtful = doubtful or report
    except ArgumentError as error:
        return Report(case.name, notes=(str(error),), verdict=CANNOT_TELL)
    note = "no made-up arguments fit: call the function with an example under if __name__ == '__main__'"
    notes = (*(doubtful.notes if doubtful is not None else ()), note)
    return Report(case.name, notes=notes, verdict=CANNOT_TELL)


def _run(
    case: Case, function: Callable[..., Any], args: tuple[Any, ...], budget: float, seed: int
) -> Report:
    if case.backward is None:
        return source(function, *args, budget=budget, seed=seed)
    last = case.backward.rpartition(".")[2]
    owner = getattr(function, "__self__", None)
    partner = getattr(owner, last) if owner is not None else function.__globals__[last]
    return backward(function, partner, *args, budget=budget, seed=seed)


def _with_note(report: Report, note: str) -> Report:
    return Report(
        report.subject,
        report.arguments,
        report.findings,
        (*report.notes, note),
        report.coverage,
        report.rule,
        report.verdict,
    )
