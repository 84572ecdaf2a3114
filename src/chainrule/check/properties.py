"""Properties of the maps: linearity of the pullback, forward against reverse, second order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .budget import DEAREST
from .compare import Comparison, compare
from .numerical import entry_truth, guard, noise_level
from .report import WRONG, ArgumentResult, Worst
from .subject import Subject

__all__ = ["forward_mode", "linearity", "mutations", "second_order"]

Array = NDArray[Any]

#: Entries per argument up to which every one is compared, if the budget allows.
_ALL = 2000


def mutations(at: Subject) -> list[ArgumentResult]:
    """Inputs that the function or its gradient changes in place, and cotangents that the latter does."""
    backend = at.backend
    at.evaluate(at.values)
    by_function = backend.inputs_after()
    backend.pull(at.values, at.cotangents)
    by_gradient = backend.inputs_after()
    results: list[ArgumentResult] = []
    for who, after in (("the function", by_function), ("its gradient", by_gradient)):
        for i, (old, new) in enumerate(zip(at.values, after or [])):
            named = {r.name for r in results}
            if backend.parts.names[i] not in named and not same(old, new):
                words = f"{who} changes this argument in place"
                results.append(_changed(backend.parts.names[i], old, words, "inputs"))
    for old, new in zip(at.cotangents, backend.cotangents_after() or []):
        if not same(old, new):
            words = "the gradient changes the cotangent that it is given in place"
            results.append(_changed("cotangent", old, words, "inputs"))
            break
    return results


def same(old: Array, new: Array) -> bool:
    """True if no entry has changed."""
    return bool(np.array_equal(old, new, equal_nan=True))


def _changed(name: str, old: Array, words: str, mode: str) -> ArgumentResult:
    return ArgumentResult(name, old.shape, "float64", WRONG, words, size=old.size, mode=mode)


def linearity(at: Subject) -> list[ArgumentResult]:
    """pull(2u + v) = 2 pull(u) + pull(v), and pull(0) = 0."""
    if not at.backend.is_linear_in_cotangent:
        return []
    other = [at.rng.uniform(0.5, 1.5, o.shape) for o in at.outs]
    mixed = [2 * u + v for u, v in zip(at.cotangents, other)]
    pulls = [
        at.backend.pull(at.values, c) for c in (other, mixed, [np.zeros(o.shape) for o in at.outs])
    ]
    results = []
    for i, value in enumerate(at.values):
        parts = [at.claimed[i], *[p[i] for p in pulls]]
        if any(p is None or np.shape(p) != value.shape for p in parts):
            continue
        u, v, mix, zero = (np.asarray(p, dtype=np.float64) for p in parts)
        slack = at.tolerance.rtol * (2 * np.abs(u) + np.abs(v)) + at.tolerance.atol * max(
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
                    np.where(slack > 0, np.abs(mix - (2 * u + v)) / np.maximum(slack, 1e-300), 0)
                )
            )
            index = tuple(int(j) for j in np.unravel_index(k, value.shape)) if value.shape else ()
            worst = Worst(index, float(mix.reshape(-1)[k]), float((2 * u + v).reshape(-1)[k]))
            results.append(at.property_result(i, reason, worst, "linearity"))
    return results


def forward_mode(at: Subject) -> list[ArgumentResult]:
    """Adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for a tangent along each argument."""
    results: list[ArgumentResult] = []
    for i, value in enumerate(at.values):
        if at.claimed[i] is None or np.shape(at.claimed[i]) != value.shape:
            continue
        tangents = [np.zeros(v.shape) for v in at.values]
        tangents[i] = at.rng.uniform(0.5, 1.5, value.shape) * at.rng.choice(
            (-1.0, 1.0), value.shape
        )
        try:
            out = at.backend.push(at.values, tangents)
        except (NotImplementedError, TypeError) as error:
            at.notes.append(f"forward mode was not checked: {str(error).splitlines()[0][:120]}")
            return results
        forward = float(sum(np.sum(u * o) for u, o in zip(at.cotangents, out)))
        terms = np.asarray(at.claimed[i], dtype=np.float64) * tangents[i]
        reverse = float(np.sum(terms))
        slack = at.tolerance.rtol * (float(np.sum(np.abs(terms))) + abs(forward)) + at.noise
        if abs(forward - reverse) > slack or not math.isfinite(forward):
            worst = Worst((), forward, reverse, 0.0, slack)
            results.append(
                at.property_result(
                    i,
                    "forward mode disagrees with reverse mode: ⟨u, Jv⟩ ≠ ⟨Jᵀu, v⟩",
                    worst,
                    "forward mode",
                )
            )
    return results


def second_order(at: Subject) -> list[ArgumentResult]:
    """The gradient of ⟨w, pull(u)⟩ against its own differences."""
    if not at.backend.has_second_order:
        at.notes.append(f"second order was not checked: not to be had from {at.backend.kind}")
        return []
    weights = [at.rng.uniform(0.5, 1.5, v.shape) for v in at.values]
    claimed = at.backend.second(at.values, at.cotangents, weights)

    def inner(values: Sequence[Array]) -> float:
        found = at.backend.pull(values, at.cotangents)
        at.budget.count()
        return float(sum(np.sum(w * g) for w, g in zip(weights, found) if g is not None))

    results = []
    centre = inner(at.values)
    for i, value in enumerate(at.values):
        cost = guard(lambda v, i=i: inner([v if k == i else x for k, x in enumerate(at.values)]))
        noise = max(noise_level(cost, value, at.rng), 2.0**-52 * abs(centre))
        share = 1 + (i + 1) / len(at.values)
        go_on = lambda share=share: at.budget.affords(DEAREST, share)  # noqa: E731
        everything = value.size <= _ALL and at.budget.affords(8 * value.size, share)
        entries = np.arange(value.size) if everything else at.sample(value.size)
        truth = entry_truth(cost, value, entries, noise, centre=centre, go_on=go_on)
        given = (
            np.zeros(value.shape)
            if claimed[i] is None
            else np.asarray(claimed[i], dtype=np.float64)
        )
        if given.shape != value.shape:
            comparison = Comparison(WRONG, f"the second derivative has shape {given.shape}")
        else:
            comparison = compare(given, truth, at.tolerance)
        results.append(
            replace(at.result(i, comparison, len(truth.entries), 0), mode="second order")
        )
    return results
