"""Checking every backward pass of a file: what ``chainrule check`` does.

Arguments are those of the first call that the file makes when it is run as a script; if it makes
none, or cannot run here, they are made up from the names of the parameters, and instances from those
of the constructor. On such arguments code can turn out to be right, but never wrong: see :mod:`.doubt`.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .apart import in_a_process
from .composite import Composite, bind_backward, is_target, outputs_of
from .doubt import CALL_IT, doubted, why_not_wrong
from .forward_backward import ForwardBackward
from .inputs import Call, recorded
from .loading import definitions
from .made_up import Layout, arguments, instances, layouts, sizes_of, targets_like
from .program import Program
from .report import CANNOT_TELL, RIGHT, WRONG, Report
from .signatures import required_parameters
from .single_function import SingleFunction
from .source import check_program
from .surroundings import quiet
from .targets import Case, find_targets

__all__ = ["check_file", "check_made_up"]

_FROM_CALL = "arguments: those of the first call that the file makes"
#: Sets of made-up arguments with which the code runs that are tried before it is called wrong.
_TRIES = 6


def check_file(target: str, *, budget: float = 10.0, seed: int = 0) -> list[Report]:
    """One report for each backward pass of ``FILE.py`` or for that of ``FILE.py:function``.

    Raises
    ------
    ArgumentError
        If the file or the function is not there.
    """
    path, _, name = target.partition(".py:")
    path = path if path.endswith(".py") else path + ".py"
    cases = find_targets(path, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_check(path, case, budget, seed) for case in cases]


def _check(path: str, case: Case, budget: float, seed: int) -> Report:
    left_out: list[str] = []
    notes: list[str] = []
    try:
        calls = recorded(path, case, left_out)
        if calls is not None:
            trials = (_Trial(p, _FROM_CALL) for p in _of_calls(case, *calls, seed))
            report = _first_verdict(trials, case, budget, partly=bool(left_out))
            if report.verdict != CANNOT_TELL:
                return _with_notes(report, *_skipped(left_out))
            notes = [f"with the arguments of the file's own call: {n}" for n in report.notes[:2]]
    except ArgumentError as error:
        notes = [f"with the arguments of the file's own call: {error}"]
    except SystemExit:
        notes = ["with the arguments of the file's own call: the code ends the program"]
    report = in_a_process(path, case, budget, seed)
    return _with_notes(report, *notes) if report.verdict == CANNOT_TELL else report


def check_made_up(path: str, case: Case, budget: float, seed: int) -> Report:
    """The report on made-up arguments: *right* or *cannot tell*.

    The code runs in this process, on arguments that it was not written for: see :mod:`.apart`.
    """
    module, left_out = definitions(path)
    try:
        report = _first_verdict(_made_up(module, case, seed), case, budget)
    except ArgumentError as error:
        report = Report(case.name, notes=(str(error),), verdict=CANNOT_TELL)
    return _with_notes(report, *_skipped(left_out))


def _skipped(left_out: list[str]) -> list[str]:
    """The first few statements of the file that failed, as notes."""
    more = [f"and {len(left_out) - 3} more statements"] if len(left_out) > 3 else []
    return [f"skipped {words}" for words in (*left_out[:3], *more)]


@dataclass(frozen=True)
class _Trial:
    """A program with arguments, and where they come from."""

    program: Program
    note: str
    single: bool = False


def _first_verdict(
    trials: Iterator[_Trial], case: Case, budget: float, partly: bool = False
) -> Report:
    """The report on the first arguments that give a verdict; of made-up ones, the first right.

    A layout that was not meant can run all the same and give nonsense: what is wrong with one set
    of arguments and right with another is right, unless that one has a single sample, for which
    sums and means agree. With `partly`, a part of the file did not run, and a crash tells nothing.
    """
    wrong: Report | None = None
    doubtful: Report | None = None
    tried = 0
    deadline = time.monotonic() + 4 * budget
    for trial in trials:
        try:
            report = check_program(trial.program, case.name, budget=budget)
        except ArgumentError as error:
            report = Report(case.name, notes=(str(error),), verdict=CANNOT_TELL)
        crashed = next((f for f in report.findings if f.method == "crash"), None)
        made_up = trial.note != _FROM_CALL
        if crashed is not None and (made_up or partly):
            words = f"line {crashed.line} raises {crashed.message}"
            report = Report(case.name, notes=(words,), verdict=CANNOT_TELL)
        elif report.verdict == WRONG:
            reason = why_not_wrong(trial.program, made_up)
            if not reason:
                return _with_notes(report, trial.note)
            wrong = wrong or _with_notes(doubted(report, reason), trial.note)
            tried += 1
        elif report.verdict == RIGHT and not (wrong is not None and trial.single):
            return _with_notes(report, trial.note)
        report = _with_notes(report, trial.note)
        if crashed is None:
            doubtful = doubtful or report
        if tried >= _TRIES or time.monotonic() > deadline:
            break
    return (
        wrong
        or doubtful
        or Report(case.name, notes=(f"no made-up arguments fit: {CALL_IT}",), verdict=CANNOT_TELL)
    )


def _with_notes(report: Report, *notes: str) -> Report:
    return replace(report, notes=(*report.notes, *notes), verdict=report.verdict)


# -- programs from calls that were seen ---------------------------------------------------------


def _of_calls(case: Case, call: Call, back: Call | None, seed: int) -> Iterator[Program]:
    """The forms that the calls could have, the likeliest first."""
    last = (case.backward or "").rpartition(".")[2]
    if case.backward is None or call.function.__name__ == last:
        yield SingleFunction(call.function, *_positional(call.function, call.args), seed)
        return
    owner = getattr(call.function, "__self__", None)
    backward = getattr(owner, last) if owner is not None else call.function.__globals__.get(last)
    if backward is None:
        return
    yield from _of_pair(call.function, backward, call.args, back.args if back else None, seed)


def _of_pair(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    args: dict[str, Any],
    given: dict[str, Any] | None,
    seed: int,
) -> Iterator[Program]:
    """A pair as a map with a cotangent, or as one function of the arguments of both."""
    result, after = _run_once(forward, args)
    if isinstance(result, Exception):
        raise ArgumentError(f"{forward.__name__} raises {type(result).__name__}: {result}")
    pieces = outputs_of(result)
    names = list(given) if given is not None else required_parameters(backward, False)
    plain = any(isinstance(p, (np.ndarray, float, int, np.number)) for p in pieces)
    number = bool(pieces) and isinstance(pieces[0], (float, np.floating))
    apart = not plain or any(is_target(n) and n not in args for n in names) or not (names or number)
    if not apart:
        yield ForwardBackward(forward, backward, *_positional(forward, args), seed)
        return
    plan = bind_backward(backward, pieces, given)
    wanted = [n for kind, n in plan if kind == "outside"]
    if given is not None:
        outside = {n: given[n] for n in wanted}
        yield Composite(forward, backward, args, outside, plan, seed)
        return
    output = next((p for p in pieces if isinstance(p, np.ndarray)), None)
    if output is None and pieces and isinstance(pieces[-1], list) and pieces[-1]:
        # The activations of every layer: the last is the output.
        output = pieces[-1][-1]
    if not isinstance(output, np.ndarray):
        output = _last_array(after)
    for target in targets_like(output, seed):
        outside = {}
        for name in wanted:
            if is_target(name) or len(wanted) == 1:
                outside[name] = args.get(name, target)
            elif name in args:
                outside[name] = args[name]
            else:
                outside[name] = arguments(_taking(name), Layout(), seed)[name]
        yield Composite(forward, backward, args, outside, plan, seed)


def _positional(
    function: Callable[..., Any], values: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by name as a call would have them: by position as far as that goes."""
    args, rest = [], dict(values)
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in rest or parameter.kind not in (
            parameter.POSITIONAL_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
        ):
            break
        args.append(rest.pop(name))
    return tuple(args), rest


def _run_once(forward: Callable[..., Any], args: dict[str, Any]) -> tuple[Any, Any]:
    """The result of a forward pass on copies, or what it raised; and its instance afterwards."""
    forward, args = copy.deepcopy((forward, args))
    with quiet(0):
        try:
            return forward(**args), getattr(forward, "__self__", None)
        except Exception as error:
            return error, None


def _last_array(owner: Any) -> Any:
    """The array that a forward pass without a result left behind as its output."""
    found: Any = np.zeros(1)
    for value in vars(owner).values() if hasattr(owner, "__dict__") else ():
        if isinstance(value, (list, tuple)) and value and isinstance(value[-1], np.ndarray):
            value = value[-1]
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim:
            found = value
    return found


def _taking(name: str) -> Callable[..., Any]:
    """A function of one parameter with this name."""

    def made(**values: Any) -> None:
        del values

    parameter = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    made.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    return made


# -- programs on made-up arguments --------------------------------------------------------------


def _made_up(module: Any, case: Case, seed: int) -> Iterator[_Trial]:
    """Programs on made-up arguments with which the forward pass runs."""
    head, _, last = case.function.rpartition(".")
    if not hasattr(module, head or last):
        raise ArgumentError(f"{head or last} could not be defined without what the file lacks here")
    holders: Iterator[Any] = instances(getattr(module, head), seed) if head else iter((module,))
    shown = 0
    made = False
    for holder in holders:
        made = True
        for (into, hidden), plain in itertools.product(sizes_of(holder), layouts(bool(head))):
            layout = replace(plain, into=into, hidden=hidden)
            for program in _programs(holder, case, layout, seed):
                words = f"arguments: made up from the names of the parameters, {layout.words}"
                if head:
                    words = f"instance and {words}"
                yield _Trial(program, words, layout.data in ("single", "column"))
                shown += 1
        if shown:
            return
    if head and not made:
        raise ArgumentError(f"no made-up arguments fit {head}(): {CALL_IT}")


def _programs(holder: Any, case: Case, layout: Layout, seed: int) -> Iterator[Program]:
    last = case.function.rpartition(".")[2]
    function = getattr(holder, last)
    if case.backward is None:
        values = arguments(function, layout, seed)
        yield SingleFunction(function, *_positional(function, values), seed)
        return
    backward = getattr(holder, case.backward.rpartition(".")[2])
    args = arguments(function, layout, seed)
    result, _ = _run_once(function, args)
    if isinstance(result, Exception):
        return
    yield from _of_pair(function, backward, args, None, seed)
