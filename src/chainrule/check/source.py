"""Checking hand-written backward passes: :func:`source` and :func:`backward`."""

from __future__ import annotations

import contextlib
import inspect
import os
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .coverage import coverage
from .examine import Examination, NotCheckable
from .forward_backward import ForwardBackward
from .instrument import Instrumented, instrument
from .loading import load_module
from .localise import Case, wrong_statements
from .program import Outcome, Program
from .recorder import Recorder
from .report import CANNOT_TELL, RIGHT, WRONG, ArgumentResult, Finding, Report
from .single_function import SingleFunction
from .tensor_run import TensorRuns
from .updates import as_updates, is_gradient

__all__ = ["backward", "check_program", "load", "source"]


def source(
    target: str | os.PathLike[str] | Callable[..., Any],
    /,
    *args: Any,
    cost: Callable[..., Any] | None = None,
    gradient_of: dict[str, str] | None = None,
    seed: int = 0,
    budget: float = 10.0,
    **kwargs: Any,
) -> Report:
    """The verdict on a function that computes gradients by hand, and the line that is wrong.

    Parameters
    ----------
    target : callable or path
        A function, a bound method, or ``"file.py:function"``. It returns gradients, with or
        without the cost, in whatever containers; or leaves them on its instance.
    *args, **kwargs
        What to call it with. Float arrays are promoted to float64.
    cost : callable, optional
        ``cost(a, y)`` of the output activation and the target, for code that computes only the
        derivative of its cost.
    gradient_of : dict, optional
        Names of outputs to names of inputs, where names and values do not tell.
    seed : int
        NumPy's and Python's global generators are set to it before each run, so that dropout is
        the same each time.
    budget : float
        Seconds for numerical derivatives, and about as many again for the search.

    Returns
    -------
    Report
        ``.verdict``, ``.findings``, ``.arguments``, ``.exit_code``.

    Raises
    ------
    ArgumentError
        If the function cannot be called with the arguments, or is not found in the file.

    Notes
    -----
    The code is run, many times, on copies of the arguments.

    Examples
    --------
    >>> import chainrule as cr, numpy as np
    >>> def f(x, w):
    ...     y = x @ w
    ...     return 0.5 * np.sum(y * y), x.T @ y
    >>> rng = np.random.default_rng(0)
    >>> cr.check.source(f, rng.normal(size=(5, 3)), rng.normal(size=3)).verdict
    'right'
    """
    function = load(target) if isinstance(target, (str, os.PathLike)) else target
    program = SingleFunction(function, args, kwargs, seed)
    name = getattr(function, "__qualname__", repr(function))
    return check_program(program, name, cost=cost, gradient_of=gradient_of, budget=budget)


def backward(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    /,
    *args: Any,
    gradient_of: dict[str, str] | None = None,
    seed: int = 0,
    budget: float = 10.0,
    **kwargs: Any,
) -> Report:
    """The verdict on a backward pass written as a function of its own.

    Parameters
    ----------
    forward : callable
        ``forward(*args) -> out``, ``(out, cache)`` or a cost.
    backward : callable
        ``backward(dout, cache)``, ``backward(cache)``, or a function of the same arguments as
        `forward` where that returns the cost; functions or methods. Parameters are bound by name and role.
    *args, **kwargs
        Arguments of `forward`.
    gradient_of, seed, budget
        As for :func:`source`.

    Returns
    -------
    Report

    Notes
    -----
    If the forward pass returns an array, the cost is ``Σ u ⊙ out`` with a fixed random cotangent
    ``u`` in [½, 1½), and ``u`` is what the backward pass gets.

    Examples
    --------
    >>> import chainrule as cr, numpy as np
    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout
    >>> rng = np.random.default_rng(0)
    >>> cr.check.backward(forward, backward, rng.normal(size=(5, 3)), rng.normal(size=(3, 2))).verdict
    'right'
    """
    program = ForwardBackward(forward, backward, args, kwargs, seed)
    name = getattr(backward, "__qualname__", repr(backward))
    return check_program(program, name, gradient_of=gradient_of, budget=budget)


def load(target: str | os.PathLike[str]) -> Callable[..., Any]:
    """The function that ``"file.py:function"`` or ``"file.py:Class.method"`` names."""
    path, _, name = str(target).rpartition(":")
    if not path or not path.endswith(".py"):
        path, name = str(target), ""
    if not name:
        raise ArgumentError(
            f"check.source: expected 'file.py:function' or a function, got {str(target)!r};"
            " chainrule check finds the function and its inputs by itself"
        )
    module = load_module(path)
    thing: Any = module
    for part in name.split("."):
        if not hasattr(thing, part):
            public = [k for k, v in vars(module).items() if callable(v) and not k.startswith("_")]
            raise ArgumentError(
                f"{path} has no {name!r}; it has {', '.join(public[:12]) or 'no functions'}"
            )
        thing = getattr(thing, part)
    if not callable(thing):
        raise ArgumentError(f"{name!r} in {path} is not a function")
    return thing


def check_program(
    program: Program,
    name: str,
    *,
    cost: Callable[..., Any] | None = None,
    gradient_of: dict[str, str] | None = None,
    budget: float = 10.0,
) -> Report:
    """Examine a program and, if it is wrong, locate the error."""
    recorder = Recorder()
    program.on_start = recorder.begin
    program.on_backward = recorder.backward_begins
    code = _instrumented(program)
    notes: list[str] = []
    if program.promoted:
        notes.append("float32 inputs were promoted to float64 for the check")
    if all(leaf.value.dtype.kind != "f" for leaf in program.leaves):
        notes.append("the arguments are integers, and so may be the results: write 1.0 for 1")
    if code is None:
        notes.append("the source text is not to be had, so no line can be named")
    scope = code.installed(recorder) if code is not None else contextlib.nullcontext()
    with scope:
        try:
            return _check(program, name, recorder, code, cost, gradient_of, budget, notes)
        except NotCheckable as reason:
            return Report(name, notes=(*notes, str(reason)), verdict=CANNOT_TELL)


def _instrumented(program: Program) -> Instrumented | None:
    files = []
    for function in program.functions:
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is not None and code.co_filename not in files:
            files.append(code.co_filename)
    try:
        return instrument(files) if files else None
    except (OSError, SyntaxError):
        return None


def _check(
    program: Program,
    name: str,
    recorder: Recorder,
    code: Instrumented | None,
    cost: Callable[..., Any] | None,
    gradient_of: dict[str, str] | None,
    budget: float,
    notes: list[str],
) -> Report:
    tensors = TensorRuns(program, recorder, code) if code is not None else None
    exam = Examination(program, budget=budget, gradient_of=gradient_of, tensors=tensors)
    base = program.run()
    if base.error is not None:
        return _crashed(name, base.error, code, notes)
    if isinstance(program, SingleFunction) and (cost is not None or base.cost is None):
        from .costs import supply_cost

        notes += supply_cost(program, recorder, code, exam, cost)
        base = program.run()
        if base.error is not None:
            return _crashed(name, base.error, code, notes)
    if not any(is_gradient(leaf, program.leaves) for leaf in base.outputs):
        base = as_updates(program, exam, base, notes)
    exam.prepare(base)
    results = exam.results(base)
    kinks = sum(r.kinks for r in results)
    if kinks or (any(r.verdict != RIGHT for r in results) and not exam.is_exact):
        exam, base, results = _elsewhere(program, exam, base, results, kinks, notes)
    wrong = [r for r in results if r.verdict == WRONG]
    findings: list[Finding] = []
    if wrong and code is not None:
        case = Case(exam, code, recorder, base, seconds=budget)
        try:
            findings = wrong_statements(case)
        except Exception as error:
            # The verdict stands without it, and is not to be lost with it.
            notes.append(f"the search for the statement failed: {type(error).__name__}: {error}")
        notes += case.notes
    notes += exam.notes
    if tensors is not None and tensors.why:
        notes.append(f"the forward code was not run on tensors: {tensors.why}")
    return Report(
        name,
        tuple(results),
        tuple(findings),
        tuple(notes),
        coverage(exam, base),
        exam.tolerance.rule(),
    )


def _elsewhere(
    program: Program,
    exam: Examination,
    base: Outcome,
    results: list[ArgumentResult],
    kinks: int,
    notes: list[str],
) -> tuple[Examination, Outcome, list[ArgumentResult]]:
    """The same examination at a nearby point in general position, where that tells more.

    At a tie or kink a right program may differ from every derivative: relu(x) - relu(-x) is x, and
    each convention for relu'(0) but one half is wrong there. A gradient that is wrong only at the
    point given, and right in every entry nearby, is such a case.
    """
    point = exam.generic_point()
    kept = {number: np.array(program.leaves[number].value) for number in point}
    program.rebase(point)
    moved = program.run()
    again = Examination(
        program, exam.tolerance, exam.budget, exam.gradient_of, exam.seed + 1, exam.tensors
    )
    try:
        if moved.error is not None or moved.cost is None or not np.isfinite(moved.cost):
            raise NotCheckable("not defined nearby")
        again.prepare(moved)
    except NotCheckable:
        program.rebase(kept)
        return exam, base, results
    nearby = again.results(moved)
    same = {(r.name, r.verdict) for r in results} == {(r.name, r.verdict) for r in nearby}
    if not kinks and same:
        program.rebase(kept)
        return exam, base, results
    words = (
        f"{kinks} entries at the point given lie at kinks"
        if kinks
        else "the point given is a special one"
    )
    notes.append(f"{words}: the verdict is that at a nearby point in general position")
    return again, moved, nearby


def _crashed(name: str, error: Exception, code: Instrumented | None, notes: list[str]) -> Report:
    frames = traceback.extract_tb(error.__traceback__)
    files = set(code.trees) if code is not None else set()
    mine = [f for f in frames if f.filename in files]
    if not mine or code is None:
        raise NotCheckable(f"the code raises {type(error).__name__}: {error}")
    frame = mine[-1]
    line = frame.lineno or 0
    sites = [
        s
        for s in code.sites
        if s.filename == frame.filename and s.line <= line <= (s.statement.end_lineno or s.line)
    ]
    inner = max(sites, key=lambda s: s.line, default=None)
    finding = Finding(
        frame.filename,
        inner.line if inner is not None else line,
        code.text(inner) if inner is not None else (frame.line or ""),
        "crash",
        f"{type(error).__name__}: {error}",
        "a statement that runs",
        None,
        None,
        (inner.statement.end_lineno or inner.line) if inner is not None else line,
        frame.name,
        method="crash",
    )
    return Report(name, (), (finding,), tuple(notes))
