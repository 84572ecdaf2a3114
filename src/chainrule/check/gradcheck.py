"""Checking gradients by numbers: :func:`gradients` and :func:`assert_gradients`.

Three independent things are compared: the gradient that the tool claims, numerical differences, and,
where there are both modes, forward against reverse by the adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩. A
random cotangent in [½, 1½) stands in for the cost of a function that returns arrays: with a constant
one the gradient of a normalisation layer is zero whether its rule is right or wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .backends.base import Backend, is_unasked
from .backends.choice import backend_for
from .backends.modules import module_backend
from .budget import DEAREST, Budget
from .compare import Comparison, Tolerance, Truth, compare
from .differences import spread
from .numerical import direction_truth, entry_truth, guard, noise_level
from .report import CANNOT_TELL, RIGHT, WRONG, ArgumentResult, GradientCheckError, Report, Worst

__all__ = ["assert_gradients", "gradients"]

Array = NDArray[Any]

#: Entries per argument up to which every one is compared, if the budget allows.
_ALL = 2000
#: Evaluations below which there is no verdict: noise, one direction, and the second looks.
_FEWEST = 64
#: Entries looked at of an argument that is larger, or dearer.
_SAMPLE = 50
#: Random directions per argument.
_DIRECTIONS = 3


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
        return _Check(backend, label, order, Budget(budget, evaluations), tolerance, seed).run()


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


@dataclass
class _Check:
    backend: Backend
    label: str
    order: int
    budget: Budget
    tolerance: Tolerance | None
    seed: int
    notes: list[str] = field(default_factory=list)

    def run(self) -> Report:
        backend = self.backend
        parts = backend.parts
        self.rng = np.random.default_rng(self.seed)
        self.values = [np.array(v) for v in parts.values]
        low = sorted({str(d) for d in parts.dtypes if d.itemsize < 8})
        if low:
            self.notes.append(f"{', '.join(low)} arguments were promoted to float64 for the check")
        try:
            self.outs = self._evaluate(self.values)
        except ArithmeticError as error:
            return self._undecided(f"not finite: {type(error).__name__}: {error}")
        if not self.outs or not all(o.dtype.kind in "fiub" for o in self.outs):
            raise ArgumentError(
                "check.gradients: the function has to return real numbers or arrays of them"
            )
        again = self._evaluate(self.values)
        if not _equal(self.outs, again) or not self._same_nearby():
            return self._undecided(
                "not deterministic: two evaluations at one point differ; fix the seed inside the"
                " function"
            )
        if not all(np.isfinite(o).all() for o in self.outs if o.dtype.kind == "f"):
            return self._undecided("not finite: the function itself is not finite at this point")
        mutated = self._mutated()
        if len(self.outs) == 1 and self.outs[0].size == 1:
            self.cotangents = [np.ones(self.outs[0].shape)]
        else:
            self.cotangents = [self.rng.uniform(0.5, 1.5, o.shape) for o in self.outs]
        self.claimed = backend.pull(self.values, self.cotangents)
        results = []
        if mutated:
            results.append(mutated)
        widest = int(np.argmax([v.size for v in self.values]))
        cost, value = self._cost_of(widest), self.values[widest]
        # An evaluation at a moved point: that is what the derivatives are made of.
        self.budget.settle(lambda: cost(value + 2.0**-40 * value))
        if self.budget.allowed < _FEWEST:
            return self._undecided(f"{self._too_little()}: at least {_FEWEST} are needed")
        self._set_noise()
        asked = [i for i in range(len(self.values)) if not is_unasked(self.claimed[i])]
        self._take_joint(asked)
        begun = self.budget.spent / self.budget.allowed
        for k, i in enumerate(asked):
            results.append(self._first(i, begun + (1 - begun) * (k + 1) / len(asked)))
        results += self._linearity()
        if backend.has_forward_mode:
            results += self._forward_mode()
        if self.order == 2:
            results += self._second_order()
        return self._report(results)

    def _same_nearby(self) -> bool:
        """Two evaluations at a moved point: at the point itself zeros may hide the noise."""
        moved = [
            v + 0.01 * self.rng.standard_normal(v.shape) * max(spread(v), 1e-3) for v in self.values
        ]
        try:
            first, second = self._evaluate(moved), self._evaluate(moved)
        except (ArithmeticError, ValueError):
            return True
        return _equal(first, second)

    # -- evaluation ------------------------------------------------------------------------------

    def _evaluate(self, values: Sequence[Array]) -> list[Array]:
        self.budget.count()
        with np.errstate(all="ignore"):
            return [np.asarray(o) for o in self.backend.evaluate(values)]

    def _cost(self, values: Sequence[Array]) -> float:
        outs = self._evaluate(values)
        return float(sum(np.sum(u * o, dtype=np.float64) for u, o in zip(self.cotangents, outs)))

    def _cost_of(self, i: int) -> Callable[[Array], float]:
        def cost(value: Array) -> float:
            return self._cost([value if k == i else v for k, v in enumerate(self.values)])

        return guard(cost)

    def _set_noise(self) -> None:
        self.centre = self._cost(self.values)
        sizes = [v.size for v in self.values]
        widest = int(np.argmax(sizes))
        quick = self.budget.allowed < 300
        noise = noise_level(self._cost_of(widest), self.values[widest], self.rng, quick)
        magnitude = max(
            sum(float(np.sum(np.abs(u * o))) for u, o in zip(self.cotangents, self.outs)), 1e-300
        )
        floor = 2.0**-52 * magnitude * 0.5
        self.noise = max(noise, floor) if math.isfinite(noise) else 1e-14 * magnitude
        relative = self.noise / magnitude
        rtol = 1e-6
        if relative > 1e-11:
            rtol = min(max(1e-6, 1e3 * relative), 1e-3)
            self.notes.append(
                f"the function computes to about {relative:.0e} (float32 or less somewhere inside):"
                " it is judged by what that can show"
            )
        if self.tolerance is None:
            self.tolerance = Tolerance(rtol, max(1e-9, rtol * 1e-2))

    # -- the gradient ----------------------------------------------------------------------------

    def _first(self, i: int, share: float) -> ArgumentResult:
        """The gradient of one argument; evaluations may be spent up to a share of the budget."""
        value, claimed = self.values[i], self.claimed[i]
        assert self.tolerance is not None
        shape_fault = self._shape_fault(i, claimed)
        if shape_fault:
            return self._result(i, Comparison(WRONG, shape_fault), 0, 0)
        gradient = (
            np.zeros(value.shape) if claimed is None else np.asarray(claimed, dtype=np.float64)
        )
        cost = self._cost_of(i)
        go_on = lambda: self.budget.affords(DEAREST, share)  # noqa: E731
        everything = value.size <= _ALL and self.budget.affords(8 * value.size, share)
        # Directions first: they see every entry, though none of them sharply.
        along = [] if everything else self._along(i, gradient, go_on)
        entries = np.arange(value.size) if everything else self._sample(value.size)
        truth = entry_truth(cost, value, entries, self.noise, centre=self.centre, go_on=go_on)
        comparison = compare(gradient, truth, self.tolerance)
        if not len(truth.entries) and value.size:
            comparison = self._by_directions(along)
        if comparison.verdict == WRONG and not self._stands(i, gradient, truth):
            comparison = replace(
                comparison, verdict=CANNOT_TELL, reason="differences at two sets of steps disagree"
            )
        elif comparison.verdict == RIGHT:
            wrong = [c for c in along if c.verdict == WRONG]
            if wrong:
                words = "wrong along a random direction, though right in the sampled entries"
                comparison = replace(wrong[0], reason=words, kinks=comparison.kinks)
        if claimed is None and comparison.verdict == RIGHT:
            comparison = replace(
                comparison, reason="no gradient, and the function does not depend on it here"
            )
        return self._result(i, comparison, len(truth.entries), len(along))

    def _sample(self, size: int) -> NDArray[np.intp]:
        """Entries of a large argument, at random: the more the budget pays for, the more of them."""
        if size <= _SAMPLE:
            return np.arange(size)
        return self.rng.choice(size, _SAMPLE, replace=False)

    def _stands(self, i: int, gradient: Array, truth: Truth) -> bool:
        """Repeat the worst differences with other steps: is it still wrong?"""
        assert self.tolerance is not None
        got = gradient.reshape(-1)[truth.entries]
        distance = np.nan_to_num(np.abs(got - truth.value), nan=np.inf)
        worst = truth.entries[np.argsort(-distance)[:3]]
        if not self.budget.affords(DEAREST * len(worst)):
            return True
        again = entry_truth(
            self._cost_of(i), self.values[i], worst, self.noise, centre=self.centre, first=0.3
        )
        return compare(gradient, again, self.tolerance).verdict == WRONG

    def _along(self, i: int, gradient: Array, go_on: Callable[[], bool]) -> list[Comparison]:
        """Comparisons along random directions."""
        assert self.tolerance is not None
        value = self.values[i]
        cost = self._cost_of(i)
        found = []
        for _ in range(_DIRECTIONS):
            direction = self.rng.uniform(0.5, 1.5, value.shape) * self.rng.choice(
                (-1.0, 1.0), value.shape
            )
            direction *= max(spread(value), 1e-3) / math.sqrt(value.size)
            if not go_on():
                break
            truth = direction_truth(_line(cost, value, direction), 1.0, self.noise, self.centre)
            terms = gradient * direction
            along = float(np.sum(terms))
            # What rounding and a relative error of rtol in every entry can do to the sum.
            slack = self.tolerance.rtol * float(np.sqrt(np.sum(terms * terms)))
            comparison = compare(np.array([along]), truth, self.tolerance)
            if comparison.verdict == WRONG and abs(along - truth.value[0]) <= slack:
                comparison = Comparison(RIGHT)
            found.append(_without_index(comparison))
        return found

    def _by_directions(self, along: list[Comparison]) -> Comparison:
        """The verdict where the budget paid for no entries."""
        for verdict in (WRONG, CANNOT_TELL):
            for comparison in along:
                if comparison.verdict == verdict:
                    return comparison
        if along:
            return along[0]
        if self.joint is not None and self.joint.verdict == RIGHT:
            return replace(
                self.joint,
                reason="only along one direction through all arguments at once:"
                f" {self._too_little()}",
            )
        return Comparison(CANNOT_TELL, f"not reached: {self._too_little()}")

    def _too_little(self) -> str:
        number = f"{self.budget.allowed} evaluations of this function"
        if self.budget.fixed is not None:
            return f"evaluations= allows {number}"
        return f"the budget of {self.budget.seconds:g} s pays for {number}; give more as budget="

    def _take_joint(self, asked: list[int]) -> None:
        """One direction through all arguments, if they are too many for one each."""
        self.joint: Comparison | None = None
        if self.budget.affords(2 * DEAREST * len(asked)):
            return
        assert self.tolerance is not None
        directions = {}
        along = 0.0
        for i in asked:
            value, claimed = self.values[i], self.claimed[i]
            if claimed is None or self._shape_fault(i, claimed):
                continue
            direction = self.rng.uniform(0.5, 1.5, value.shape)
            direction *= self.rng.choice((-1.0, 1.0), value.shape)
            direction *= max(spread(value), 1e-3) / math.sqrt(max(value.size, 1))
            directions[i] = direction
            along += float(np.sum(direction * np.asarray(claimed, dtype=np.float64)))

        def cost(t: float) -> float:
            return self._cost(
                [v + t * directions[i] if i in directions else v for i, v in enumerate(self.values)]
            )

        truth = direction_truth(guard(cost), 1.0, self.noise, self.centre)
        self.joint = _without_index(compare(np.array([along]), truth, self.tolerance))

    def _shape_fault(self, i: int, claimed: Any) -> str:
        if claimed is None:
            return ""
        array = np.asarray(claimed)
        shape = self.values[i].shape
        if array.shape != shape:
            return f"the gradient has shape {array.shape}, the argument {shape}"
        if array.dtype.kind != "f":
            return f"the gradient has dtype {array.dtype}, the argument is a float array"
        return ""

    def _mutated(self) -> ArgumentResult | None:
        """An input that the function or its gradient changed in place."""
        self._evaluate(self.values)
        after = self.backend.inputs_after()
        if after is None:
            return None
        for name, old, new in zip(self.backend.parts.names, self.values, after):
            if not np.array_equal(old, new, equal_nan=True):
                return ArgumentResult(
                    name,
                    old.shape,
                    "float64",
                    WRONG,
                    "the function changes this argument in place",
                    size=old.size,
                    mode="inputs",
                )
        return None

    def _result(
        self, i: int, comparison: Comparison, checked: int, directions: int
    ) -> ArgumentResult:
        reason = comparison.reason
        if comparison.verdict != RIGHT or comparison.kinks:
            from .kinks import explain_kinks

            where = explain_kinks(self.backend, self.values) if "kink" in reason else ""
            reason = f"{reason} ({where})" if where else reason
        return ArgumentResult(
            self.backend.parts.names[i],
            self.values[i].shape,
            str(self.backend.parts.dtypes[i]),
            comparison.verdict,
            reason,
            checked,
            self.values[i].size,
            directions,
            comparison.worst,
            comparison.kinks,
        )

    # -- properties of the maps ------------------------------------------------------------------

    def _linearity(self) -> list[ArgumentResult]:
        """pull(2u + v) = 2 pull(u) + pull(v), and pull(0) = 0."""
        if not self.backend.is_linear_in_cotangent:
            return []
        other = [self.rng.uniform(0.5, 1.5, o.shape) for o in self.outs]
        mixed = [2 * u + v for u, v in zip(self.cotangents, other)]
        pulls = [
            self.backend.pull(self.values, c)
            for c in (other, mixed, [np.zeros(o.shape) for o in self.outs])
        ]
        results = []
        for i, value in enumerate(self.values):
            parts = [self.claimed[i], *[p[i] for p in pulls]]
            if any(p is None or np.shape(p) != value.shape for p in parts):
                continue
            u, v, mix, zero = (np.asarray(p, dtype=np.float64) for p in parts)
            assert self.tolerance is not None
            slack = self.tolerance.rtol * (2 * np.abs(u) + np.abs(v)) + self.tolerance.atol * max(
                np.max(np.abs(mix), initial=0.0), 1e-300
            )
            bad = np.abs(mix - (2 * u + v)) > slack
            reason = ""
            if bad.any():
                reason = "the pullback is not linear in the cotangent"
            elif np.any(zero != 0):
                reason = "the pullback of a zero cotangent is not zero"
            if reason:
                k = int(
                    np.argmax(
                        np.where(
                            slack > 0, np.abs(mix - (2 * u + v)) / np.maximum(slack, 1e-300), 0
                        )
                    )
                )
                index = (
                    tuple(int(j) for j in np.unravel_index(k, value.shape)) if value.shape else ()
                )
                worst = Worst(index, float(mix.reshape(-1)[k]), float((2 * u + v).reshape(-1)[k]))
                results.append(self._property(i, reason, worst, "linearity"))
        return results

    def _property(
        self, i: int, reason: str, worst: Worst | None, mode: str, verdict: str = WRONG
    ) -> ArgumentResult:
        value = self.values[i]
        return ArgumentResult(
            self.backend.parts.names[i],
            value.shape,
            str(self.backend.parts.dtypes[i]),
            verdict,
            reason,
            value.size,
            value.size,
            0,
            worst,
            mode=mode,
        )

    def _forward_mode(self) -> list[ArgumentResult]:
        """Adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for a tangent along each argument."""
        results: list[ArgumentResult] = []
        for i, value in enumerate(self.values):
            if self.claimed[i] is None or np.shape(self.claimed[i]) != value.shape:
                continue
            tangents = [np.zeros(v.shape) for v in self.values]
            tangents[i] = self.rng.uniform(0.5, 1.5, value.shape) * self.rng.choice(
                (-1.0, 1.0), value.shape
            )
            try:
                out = self.backend.push(self.values, tangents)
            except (NotImplementedError, TypeError) as error:
                self.notes.append(
                    f"forward mode was not checked: {str(error).splitlines()[0][:120]}"
                )
                return results
            forward = float(sum(np.sum(u * o) for u, o in zip(self.cotangents, out)))
            terms = np.asarray(self.claimed[i], dtype=np.float64) * tangents[i]
            reverse = float(np.sum(terms))
            assert self.tolerance is not None
            slack = self.tolerance.rtol * (float(np.sum(np.abs(terms))) + abs(forward)) + self.noise
            if abs(forward - reverse) > slack or not math.isfinite(forward):
                worst = Worst((), forward, reverse, 0.0, slack)
                results.append(
                    self._property(
                        i,
                        "forward mode disagrees with reverse mode: ⟨u, Jv⟩ ≠ ⟨Jᵀu, v⟩",
                        worst,
                        "forward mode",
                    )
                )
        return results

    def _second_order(self) -> list[ArgumentResult]:
        """The gradient of ⟨w, pull(u)⟩ against its own differences."""
        if not self.backend.has_second_order:
            self.notes.append(
                f"second order was not checked: not to be had from {self.backend.kind}"
            )
            return []
        weights = [self.rng.uniform(0.5, 1.5, v.shape) for v in self.values]
        claimed = self.backend.second(self.values, self.cotangents, weights)

        def inner(values: Sequence[Array]) -> float:
            found = self.backend.pull(values, self.cotangents)
            self.budget.count()
            return float(sum(np.sum(w * g) for w, g in zip(weights, found) if g is not None))

        results = []
        centre = inner(self.values)
        assert self.tolerance is not None
        for i, value in enumerate(self.values):
            cost = guard(
                lambda v, i=i: inner([v if k == i else x for k, x in enumerate(self.values)])
            )
            noise = max(noise_level(cost, value, self.rng), 2.0**-52 * abs(centre))
            share = 1 + (i + 1) / len(self.values)
            go_on = lambda share=share: self.budget.affords(DEAREST, share)  # noqa: E731
            everything = value.size <= _ALL and self.budget.affords(8 * value.size, share)
            entries = np.arange(value.size) if everything else self._sample(value.size)
            truth = entry_truth(cost, value, entries, noise, centre=centre, go_on=go_on)
            given = (
                np.zeros(value.shape)
                if claimed[i] is None
                else np.asarray(claimed[i], dtype=np.float64)
            )
            if given.shape != value.shape:
                comparison = Comparison(WRONG, f"the second derivative has shape {given.shape}")
            else:
                comparison = compare(given, truth, self.tolerance)
            results.append(
                replace(self._result(i, comparison, len(truth.entries), 0), mode="second order")
            )
        return results

    # -- reports ---------------------------------------------------------------------------------

    def _undecided(self, reason: str) -> Report:
        results = tuple(
            ArgumentResult(n, v.shape, str(d), CANNOT_TELL, reason, 0, v.size)
            for n, v, d in zip(
                self.backend.parts.names, self.backend.parts.values, self.backend.parts.dtypes
            )
        )
        return Report(self.label, results, notes=tuple(self.notes))

    def _report(self, results: list[ArgumentResult]) -> Report:
        assert self.tolerance is not None
        checked = sum(r.checked for r in results if r.mode == "gradient")
        size = sum(r.size for r in results if r.mode == "gradient")
        coverage = (
            f"{checked} of {size} entries of {len(self.values)} arguments by differences,"
            f" {sum(r.directions for r in results)} random directions; {self.budget}"
        )
        if self.joint is not None:
            coverage += "; one direction through all arguments at once"
        extras = ["linearity of the pullback"] if self.backend.is_linear_in_cotangent else []
        extras += ["forward mode by the adjoint identity"] if self.backend.has_forward_mode else []
        extras += ["second order"] if self.order == 2 else []
        if extras:
            coverage += "; " + ", ".join(extras)
        return Report(
            self.label,
            tuple(results),
            (),
            (*self.backend.notes, *self.notes),
            coverage,
            self.tolerance.rule(),
        )


def _equal(a: Sequence[Array], b: Sequence[Array]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b))


def _without_index(comparison: Comparison) -> Comparison:
    """A comparison of one number: along a direction there is no entry to name."""
    if comparison.worst is None:
        return comparison
    return replace(comparison, worst=replace(comparison.worst, index=()))


def _line(
    cost: Callable[[Array], float], value: Array, direction: Array
) -> Callable[[float], float]:
    return lambda t: cost(value + t * direction)


def _label(f: Any) -> str:
    if isinstance(f, tuple) and len(f) == 2:
        return f"{_label(f[1])} as the gradient of {_label(f[0])}"
    owner = getattr(f, "__self__", None)
    if isinstance(owner, type):
        return f"{owner.__name__}.{f.__name__}"
    return getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__name__


def _is_module(f: Any) -> bool:
    return hasattr(f, "named_parameters") and callable(f) and not isinstance(f, type)
