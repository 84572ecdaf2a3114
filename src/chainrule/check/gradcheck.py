"""Checking gradients by numbers: :func:`gradients` and :func:`assert_gradients`.

Three independent things are compared: the gradient that the tool claims, numerical differences, and,
where there are both modes, forward against reverse by the adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩. A
random cotangent in [½, 1½) stands in for the cost of a function that returns arrays: with a constant
one the gradient of a normalisation layer is zero whether its rule is right or wrong.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .backends.base import PullbackRaised
from .backends.choice import backend_for
from .backends.modules import module_backend
from .budget import Budget
from .compare import Tolerance
from .first_order import FirstOrder
from .properties import forward_mode, linearity, mutations, second_order
from .report import CANNOT_TELL, RIGHT, WRONG, ArgumentResult, GradientCheckError, Report
from .subject import Subject, equal

__all__ = ["assert_gradients", "gradients"]

#: Evaluations below which there is no verdict: noise, one direction, and the second looks.
_FEWEST = 64


def gradients(
    f: Any,
    *args: Any,
    loss: Callable[..., Any] | None = None,
    order: int = 1,
    budget: float = 10.0,
    evaluations: int | None = None,
    tolerance: Tolerance | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Report:
    """The verdict on the gradient of a function with respect to each of its arguments.

    Parameters
    ----------
    f : callable, module or pair of callables
        A function of tensors; a module (its parameters are checked, with `loss`); a function of
        PyTorch tensors, a ``torch.autograd.Function.apply``, a JAX function; or a pair
        ``(f, grad_f)`` of plain NumPy where `f` returns a number.
    *args
        Where to check. Float arrays, numbers and tensors in any containers are differentiated by; they are
        promoted to float64. Everything else is passed on.
    loss : callable, optional
        For a module: ``loss(module(args[0]), *args[1:])`` is the function.
    order : {1, 2}
        2 also checks the derivative of the gradient.
    budget : float
        Seconds of processor time to spend. Small arguments are compared in every entry, large ones
        along random directions and in a sample of entries of *every* argument.
    evaluations : int, optional
        The number of evaluations to spend, instead of one settled from `budget` and from what an
        evaluation takes: with it the report is the same on every machine.
    tolerance : Tolerance, optional
        The constants of the rule; see :mod:`chainrule.check.compare`.
    seed : int
        For cotangents, directions and samples.
    name : str, optional
        What to call the function in the report.

    Returns
    -------
    Report
        One result per argument and kind of check: gradient, forward mode, linearity, second order.

    Raises
    ------
    ArgumentError
        If there is nothing to differentiate by, or the function returns no numbers.

    Notes
    -----
    *Cannot tell* is a verdict: a kink was crossed, precision is exhausted, the function is not
    deterministic or not finite. At a kink any gradient between the one-sided derivatives is
    accepted.

    Examples
    --------
    >>> import chainrule as cr, numpy as np
    >>> print(cr.check.gradients(lambda x: np.tanh(x).sum(), np.array([0.5, -1.0])).verdict)
    right
    >>> pair = (lambda x: float(np.sum(x**3)), lambda x: 2 * x**2)
    >>> report = cr.check.gradients(pair, np.array([1.0, 2.0]))
    >>> report.verdict, report.arguments[0].worst.index
    ('wrong', (1,))
    """
    if order not in (1, 2):
        raise ArgumentError(f"check.gradients: order is 1 or 2, got {order!r}")
    if _is_module(f):
        backend = module_backend(f, args, loss)
    elif loss is not None:
        raise ArgumentError(
            "check.gradients: loss= goes with a module; compose the functions yourself"
        )
    else:
        backend = backend_for(f, args)
    label = name or _label(f)
    with backend.context():
        subject = Subject(backend, Budget(budget, evaluations), tolerance, seed)
        return _check(subject, label, order)


def assert_gradients(f: Any, *args: Any, **options: Any) -> Report:
    """The report of :func:`gradients`, or an AssertionError that carries it.

    Raises
    ------
    GradientCheckError
        An :class:`AssertionError` whose message is the report, unless every verdict is *right*.

    Examples
    --------
    >>> import chainrule as cr, numpy as np
    >>> cr.check.assert_gradients(lambda x: (x * x).sum(), np.arange(3.0)).verdict
    'right'
    """
    report = gradients(f, *args, **options)
    if report.verdict != RIGHT:
        raise GradientCheckError(report)
    return report


def _check(at: Subject, label: str, order: int) -> Report:
    backend = at.backend
    low = sorted({str(d) for d in backend.parts.dtypes if d.itemsize < 8})
    if low:
        at.notes.append(f"{', '.join(low)} arguments were promoted to float64 for the check")
    try:
        at.outs = at.evaluate(at.values)
    except ArithmeticError as error:
        return _undecided(at, label, f"not finite: {type(error).__name__}: {error}")
    if not at.outs or not all(o.dtype.kind in "fiub" for o in at.outs):
        raise ArgumentError(
            "check.gradients: the function has to return real numbers or arrays of them"
        )
    if not equal(at.outs, at.evaluate(at.values)) or not at.is_same_nearby():
        return _undecided(
            at,
            label,
            "not deterministic: two evaluations at one point differ; fix the seed inside the"
            " function",
        )
    if not all(np.isfinite(o).all() for o in at.outs if o.dtype.kind == "f"):
        return _undecided(at, label, "not finite: the function itself is not finite at this point")
    try:
        at.pull()
        mutated = mutations(at)
    except PullbackRaised as error:
        return _raised(at, label, f"the backward pass raises {error}")
    at.settle()
    if at.budget.allowed < _FEWEST:
        return _undecided(at, label, f"{at.too_little()}: at least {_FEWEST} are needed")
    at.measure()
    first = FirstOrder(at)
    results = [*mutated, *first.results(), *linearity(at)]
    if backend.has_forward_mode:
        results += forward_mode(at)
    if order == 2:
        results += second_order(at)
    return Report(
        label,
        tuple(results),
        (),
        (*backend.notes, *at.notes),
        _coverage(at, results, first, order),
        at.tolerance.rule(),
    )


def _raised(at: Subject, label: str, reason: str) -> Report:
    parts = at.backend.parts
    results = tuple(
        ArgumentResult(n, v.shape, str(d), WRONG, reason, 0, v.size)
        for n, v, d in zip(parts.names, parts.values, parts.dtypes)
    )
    return Report(label, results, notes=tuple(at.notes))


def _undecided(at: Subject, label: str, reason: str) -> Report:
    parts = at.backend.parts
    results = tuple(
        ArgumentResult(n, v.shape, str(d), CANNOT_TELL, reason, 0, v.size)
        for n, v, d in zip(parts.names, parts.values, parts.dtypes)
    )
    return Report(label, results, notes=tuple(at.notes))


def _coverage(at: Subject, results: Sequence[ArgumentResult], first: FirstOrder, order: int) -> str:
    checked = sum(r.checked for r in results if r.mode == "gradient")
    size = sum(r.size for r in results if r.mode == "gradient")
    by = "differences"
    if first.by_complex_steps:
        by = "complex steps, confirmed by differences"
        if first.by_complex_steps < checked:
            by = f"differences, {first.by_complex_steps} of them by complex steps"
    words = (
        f"{checked} of {size} entries of {len(at.values)} arguments by {by},"
        f" {sum(r.directions for r in results)} random directions; {at.budget}"
    )
    if first.joint is not None:
        words += "; one direction through all arguments at once"
    extras = ["linearity of the pullback"] if at.backend.is_linear_in_cotangent else []
    unchecked = " ".join(at.notes)
    if at.backend.has_forward_mode and "forward mode was not checked" not in unchecked:
        extras.append("forward mode by the adjoint identity")
    if order == 2 and "second order was not checked" not in unchecked:
        extras.append("second order")
    return "; ".join([words, ", ".join(extras)] if extras else [words])


def _label(f: Any) -> str:
    if isinstance(f, tuple) and len(f) == 2:
        return f"{_label(f[1])} as the gradient of {_label(f[0])}"
    code = getattr(f, "__code__", None)
    if code is not None and f.__name__ == "<lambda>":
        return f"lambda of {os.path.basename(code.co_filename)}:{code.co_firstlineno}"
    owner = getattr(f, "__self__", None)
    if isinstance(owner, type):
        return f"{owner.__name__}.{f.__name__}"
    return getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__name__


def _is_module(f: Any) -> bool:
    return hasattr(f, "named_parameters") and callable(f) and not isinstance(f, type)
