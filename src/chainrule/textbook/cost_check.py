"""The two assumptions about a cost, tried out in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, ChainruleError
from chainrule.textbook._types import Array, Layout
from chainrule.textbook.activations import get_activation
from chainrule.textbook.costs import Cost, get_cost

__all__ = ["CostReport", "Finding", "check_cost"]

TOLERANCE = 1e-6  # relative; central differences of a smooth cost err by about 1e-10


class Finding(NamedTuple):
    """One statement about a cost, whether it holds, and the figure that says so."""

    claim: str
    holds: bool
    detail: str


class CostReport(NamedTuple):
    """What :func:`check_cost` found; true if everything holds."""

    name: str
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return all(finding.holds for finding in self.findings)

    def __str__(self) -> str:
        lines = (
            f"  {'holds' if f.holds else 'FAILS'}  {f.claim}: {f.detail}" for f in self.findings
        )
        verdict = "fit for backpropagation" if self else "not fit for backpropagation"
        return "\n".join([f"Cost {self.name!r} is {verdict}", *lines])


def check_cost(
    cost: object,
    n_out: int = 3,
    *,
    a: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    layout: Layout = "column",
    seed: int = 0,
) -> CostReport:
    """Whether a cost meets the assumptions that backpropagation makes about it.

    Parameters
    ----------
    cost : str, Cost, pair of functions, or object
        As for :class:`~chainrule.textbook.Network`.
    n_out : int
        Number of output neurons to try it with.
    a, y : array_like, shape (n_out, m), optional
        Outputs and targets to try it at, in column form, m ≥ 2; by default random ones between
        0.1 and 0.9 (targets −1 and +1 for a cost that wants them).
    layout : {'column', 'row'}
        The form in which your functions take a and y.
    seed : int
        Of the random outputs and targets.

    Returns
    -------
    CostReport
        True if all holds; its text has one line per claim.

    Notes
    -----
    Tried: (1) the cost and the gradient of a sample do not depend on the other samples of the
    batch; (2) the cost is a function of ``a^L`` and y alone, the same each time, and changes
    neither; and that ``∇_a C`` is its derivative, by central differences. For a cost with fused
    forms also that they agree with ``∇_a C ⊙ σ'(z)``.

    Examples
    --------
    >>> import numpy as np
    >>> print(check_cost((lambda a, y: ((a - y) ** 2).sum(axis=0), lambda a, y: a - y)))
    Cost '<lambda>' is not fit for backpropagation
      holds  the cost of a batch is made of per-sample costs: largest difference 0
      holds  the cost is a function of the outputs: same value twice, arguments unchanged
      FAILS  nabla_a is the derivative: 0.5 times the derivative everywhere
    """
    got = get_cost(cost, layout)
    outputs, targets = _points(got, n_out, a, y, seed)
    claims: list[tuple[str, Callable[[], tuple[bool, str]]]] = [
        (
            "the cost of a batch is made of per-sample costs",
            lambda: _per_sample(got, outputs.copy(), targets.copy()),
        ),
        (
            "the cost is a function of the outputs",
            lambda: _function(got, outputs.copy(), targets.copy()),
        ),
        ("nabla_a is the derivative", lambda: _derivative(got, outputs, targets)),
    ]
    for name in got.fused:
        claims.append(
            (
                f"the form fused with {name} agrees",
                lambda name=name: _fused(got, name, outputs, targets),  # type: ignore[misc]
            )
        )
    findings = []
    for claim, ask in claims:
        try:
            holds, detail = ask()
        except (ChainruleError, ValueError) as error:
            writes = "read-only" in str(error)  # NumPy's word, from inside the user's function
            holds, detail = False, "it writes into its arguments" if writes else str(error)
        findings.append(Finding(claim, holds, detail))
    return CostReport(got.name, tuple(findings))


def _points(
    cost: Cost, n_out: int, a: npt.ArrayLike | None, y: npt.ArrayLike | None, seed: int
) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    outputs = rng.uniform(0.1, 0.9, (n_out, 4)) if a is None else np.asarray(a, np.float64)
    if y is not None:
        targets = np.asarray(y, np.float64)
    else:
        targets = rng.uniform(0.1, 0.9, outputs.shape)
        if cost.complaint is not None and cost.complaint(targets):
            targets = np.where(targets > 0.5, 1.0, -1.0)
    if outputs.ndim != 2 or outputs.shape != targets.shape or outputs.shape[1] < 2:
        raise ArgumentError(
            f"a and y must have the same shape (n_out, m) with m ≥ 2, got {outputs.shape} and "
            f"{targets.shape}"
        )
    return outputs, targets


def _per_sample(cost: Cost, a: Array, y: Array) -> tuple[bool, str]:
    values, gradients = cost.value(a, y), cost.nabla_a(a, y)
    worst = 0.0
    for one, target, value, gradient in _samples(a, y, values[None], gradients):
        worst = max(
            worst,
            _relative(value[0], cost.value(one, target)),
            _relative(gradient, cost.nabla_a(one, target)),
        )
    return worst <= TOLERANCE, f"largest difference {worst:.2g}"


def _samples(*batches: Array) -> Iterator[tuple[Array, ...]]:
    """Each sample on its own, ``(n, 1)``: what is asked of one must not hang on the others."""
    for j in range(batches[0].shape[1]):
        yield tuple(batch[:, j : j + 1] for batch in batches)


def _function(cost: Cost, a: Array, y: Array) -> tuple[bool, str]:
    for one, target in _samples(a, y):
        before = one.copy(), target.copy()
        first, gradient = cost.value(one, target), cost.nabla_a(one, target)
        if not (np.array_equal(one, before[0]) and np.array_equal(target, before[1])):
            return False, "it writes into its arguments"
        again, gradient_again = cost.value(one, target), cost.nabla_a(one, target)
        if not (np.array_equal(first, again) and np.array_equal(gradient, gradient_again)):
            return False, "called twice with the same outputs and targets it gave different results"
    return True, "same value twice, arguments unchanged"


def _derivative(cost: Cost, a: Array, y: Array) -> tuple[bool, str]:
    given, numeric = np.empty_like(a), np.empty_like(a)
    for one, target, to_given, to_numeric in _samples(a, y, given, numeric):
        to_given[:] = cost.nabla_a(one, target)
        for j in range(len(a)):
            step = np.zeros_like(one)
            step[j] = np.finfo(np.float64).eps ** (1 / 3) * max(1.0, abs(float(one[j, 0])))
            up, down = one + step, one - step
            change = cost.value(up, target) - cost.value(down, target)
            to_numeric[j] = change / (up - down)[j]
    worst = _relative(given, numeric)
    if worst <= TOLERANCE:
        return True, f"largest difference from central differences {worst:.2g}"
    ratios = given[numeric != 0] / numeric[numeric != 0]
    if ratios.size and np.ptp(ratios) <= TOLERANCE * max(1.0, float(np.abs(ratios).max())):
        return False, f"{float(np.median(ratios)):.6g} times the derivative everywhere"
    at = np.unravel_index(np.argmax(np.abs(given - numeric)), a.shape)
    return False, (
        f"for output {at[0]} of sample {at[1]} it gives {given[at]:.6g}, central differences give "
        f"{numeric[at]:.6g}"
    )


def _fused(cost: Cost, name: str, outputs: Array, y: Array) -> tuple[bool, str]:
    activation = get_activation(name)
    z = np.log(outputs / (1.0 - outputs)) if name == "sigmoid" else np.log(outputs)
    a = activation.f(z)
    fused = cost.fused[name]
    worst = max(
        _relative(fused.value(z, y), cost.value(a, y)),
        _relative(fused.delta(z, a, y), activation.pull(z, a, cost.nabla_a(a, y))),
    )
    return worst <= TOLERANCE, f"largest difference {worst:.2g}"


def _relative(found: Array, expected: Array) -> float:
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return float("inf")
    scale = np.maximum(1e-3, np.maximum(np.abs(found), np.abs(expected)))
    return float((np.abs(found - expected) / scale).max())
