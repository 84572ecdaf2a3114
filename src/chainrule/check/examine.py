"""Is the backward pass of a program right? The comparison with the truth.

An :class:`Examination` runs a :class:`~chainrule.check.program.Program`, pairs its results with its
inputs, takes the derivative of the cost with respect to each such input (:mod:`.truths`), and
compares: at the point given and at shifted points. The same truth then serves to try repaired
versions of the code.

A gradient that departs from the derivative taken on tensors is called wrong only where differences
show that too. Where there is none, differences along directions are compared at shifted points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .compare import Comparison, Tolerance, Truth, compare
from .differences import spread
from .leaves import Leaf
from .match import MISSING, Pair, fits, key, named_gradient, pair_outputs
from .program import Outcome, Program
from .report import CANNOT_TELL, RIGHT, WRONG, ArgumentResult
from .second_looks import SecondLooks
from .siblings import siblings_without
from .tensor_run import TensorRuns, TrueGradients
from .truths import Truths

__all__ = ["Examination", "NotCheckable"]

#: Entries in which a gradient departs from the truth on tensors that differences look at.
_DISPUTED = 8
#: Other contents of arrays made by ``np.empty`` than those of all other runs.
_OTHERWISE_EMPTY = -1.5


class NotCheckable(Exception):
    """The program cannot be checked; the message says why, in words for the report."""


@dataclass
class _Shifted:
    """A shifted point with the truth there.

    Attributes
    ----------
    overrides : dict
        The inputs that are moved.
    exact : TrueGradients or None
        Every entry, where the code runs on tensors.
    along : dict of int to (direction, Truth)
        By pair: the derivative along one direction, taken when first asked for.
    """

    overrides: dict[int, NDArray[np.float64]]
    exact: TrueGradients | None = None
    along: dict[int, tuple[NDArray[np.float64], Truth]] = field(default_factory=dict)


@dataclass
class Examination:
    """The truth about a program.

    Parameters
    ----------
    program : Program
        The code under test.
    tolerance : Tolerance
        See :mod:`.compare`.
    budget : float
        Seconds to spend on numerical derivatives.
    gradient_of : dict, optional
        Output names to input names.
    seed : int
        For directions, shifts and samples of entries.
    tensors : TensorRuns, optional
        Runs of the code on tensors.
    """

    program: Program
    tolerance: Tolerance = field(default_factory=lambda: Tolerance(5e-5, 1e-7))
    budget: float = 10.0
    gradient_of: dict[str, str] | None = None
    seed: int = 0
    tensors: TensorRuns | None = None
    pairs: list[Pair] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    shifted: list[_Shifted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def prepare(self, base: Outcome) -> None:
        """Pair outputs with inputs and take the numerical derivatives.

        Raises
        ------
        NotCheckable
            If there is no finite cost, no gradient, or the code is not deterministic.
        """
        if base.cost is None:
            raise NotCheckable(
                "the code returns no number that could be the cost: give it as cost=, a function"
                " of the output activation and the target"
            )
        if not math.isfinite(base.cost):
            raise NotCheckable(f"not finite: the cost is {base.cost} at this point")
        if not _identical(base, self.program.run(empty=_OTHERWISE_EMPTY)):
            if not _identical(base, self.program.run()):
                raise NotCheckable(
                    "not deterministic: two runs on the same input differ; pass a seeded generator"
                )
            self.notes = [
                "a result depends on what np.empty left in memory: an array is read before it is"
                " written"
            ]
        self._known = Truths(
            self.program, self.tolerance, self.budget, self.seed, self.tensors, base.cost
        )
        self._probes: dict[int, tuple[NDArray[np.float64], Truth]] = {}
        self.pairs = pair_outputs(
            base.outputs, self.program.leaves, self._is_right, self.gradient_of, self.program.unused
        )
        if not self.pairs:
            raise NotCheckable(
                "none of the results could be matched with an input: name gradients after what they"
                " are gradients of (dW for W), or pass gradient_of="
            )
        self._known.parts = max(len(self.pairs), 4)
        for number in siblings_without({p.leaf for p in self.pairs}, self.program.leaves):
            if np.any(self._known.at(number).value != 0):
                self.pairs.append(Pair(MISSING, number, True))
        self.truths = [self._known.at(pair.leaf) for pair in self.pairs]
        self._settle_disputes(base)

    def _settle_disputes(self, base: Outcome) -> None:
        """Where a gradient departs from the truth on tensors, let differences have the last word.

        If they contradict the tensors there, or meet a kink, they become the truth themselves.
        """
        for n, (pair, leaf) in enumerate(zip(self.pairs, self.claimed(base))):
            truth = self.truths[n]
            exact = self._known.on_tensors(pair.leaf)
            if exact is None or leaf is None or not fits(leaf.value.shape, truth.shape):
                continue
            if self._compare_one(pair, truth, leaf).verdict != WRONG:
                continue
            gap = np.abs(np.nan_to_num(leaf.value.reshape(-1), nan=np.inf) - exact.reshape(-1))
            entries = np.argsort(-gap, kind="stable")[:_DISPUTED]
            if not self._known.agrees_in(pair.leaf, exact, entries):
                self.truths[n] = self._known.by_differences(pair.leaf)

    def _is_right(self, output: Leaf, leaf: int) -> bool:
        """One directional derivative: enough to choose between inputs of the same shape."""
        value = np.array(self.program.leaves[leaf].value, dtype=np.float64)
        if not fits(output.value.shape, value.shape):
            return False
        exact = self._known.on_tensors(leaf)
        if exact is not None:
            claimed = output.value.reshape(value.shape)
            return compare(claimed, Truth.exact(exact), self.tolerance).verdict == RIGHT
        if leaf not in self._probes:
            self._probes[leaf] = self._known.probe(leaf, value)
        direction, truth = self._probes[leaf]
        claimed = np.asarray(output.value, dtype=np.float64).reshape(value.shape)
        along = np.array([np.sum(claimed * direction)])
        return compare(along, truth, self.tolerance).verdict == RIGHT

    def shift(self, points: int = 2) -> None:
        """Choose shifted points; the truth there is taken on tensors, or when asked for."""
        while len(self.shifted) < points:
            point = _Shifted(self._moved([pair.leaf for pair in self.pairs], 0.3))
            if self.exact is not None and self.tensors is not None:
                point.exact = self.tensors.at(point.overrides)
            self.shifted.append(point)

    def _derivative(self, n: int, point: _Shifted) -> tuple[NDArray[np.float64], Truth]:
        """The derivative at a shifted point along one direction, by differences."""
        if n not in point.along:
            leaf = self.pairs[n].leaf
            point.along[n] = self._known.probe(leaf, point.overrides[leaf], point.overrides)
        return point.along[n]

    def _moved(self, leaves: Sequence[int], by: float) -> dict[int, NDArray[np.float64]]:
        overrides: dict[int, NDArray[np.float64]] = {}
        for number in leaves:
            value = np.array(self.program.leaves[number].value, dtype=np.float64)
            factor = self._known.rng.uniform(1 - by, 1 + by, value.shape)
            step = 0.1 * (spread(value) or 1.0) * self._known.rng.standard_normal(value.shape)
            # Signs are kept: variances, concentrations and probabilities have to stay so.
            overrides[number] = value * factor + np.where(value == 0, step, 0.0)
        return overrides

    def generic_point(self) -> dict[int, NDArray[np.float64]]:
        """A point nearby in general position: ties and kinks of the point given are left behind.

        What is differentiated by moves, and float data that are no indicators with it.
        """
        paired = {pair.leaf for pair in self.pairs}
        data = []
        for number, leaf in enumerate(self.program.leaves):
            value = leaf.value
            if number in paired or value.dtype.kind != "f" or value.size < 2:
                continue
            sums = [np.allclose(value.sum(axis=a), 1.0) for a in range(value.ndim)]
            if np.isin(value, (-1.0, 0.0, 1.0)).all() or any(sums):
                continue
            data.append(number)
        return self._moved([*sorted(paired), *data], 0.1)

    # -- comparison ----------------------------------------------------------------------------

    def claimed(self, outcome: Outcome) -> list[Leaf | None]:
        """The outputs of a run in the order of the pairs; None where one is absent."""
        found = {key(leaf): leaf for leaf in outcome.outputs}
        claimed = [found.get(pair.output) for pair in self.pairs]
        for n, pair in enumerate(self.pairs):
            if pair.output == MISSING:
                spare = [o for k, o in found.items() if all(k != p.output for p in self.pairs)]
                claimed[n] = named_gradient(spare, self.program.leaves[pair.leaf])
        return claimed

    def compare(self, outcome: Outcome) -> list[Comparison]:
        """Comparison of each gradient at the point given."""
        result = []
        for pair, truth, leaf in zip(self.pairs, self.truths, self.claimed(outcome)):
            result.append(self._compare_one(pair, truth, leaf))
        return result

    def _compare_one(self, pair: Pair, truth: Truth, leaf: Leaf | None) -> Comparison:
        argument = self.program.leaves[pair.leaf]
        if leaf is None:
            return Comparison(WRONG, "no gradient is returned for it", excess=math.inf)
        if not fits(leaf.value.shape, truth.shape):
            if leaf.value.size == 1 == truth.size:
                return compare(leaf.value.reshape(truth.shape), truth, self.tolerance)
            return Comparison(
                WRONG,
                f"shape {leaf.value.shape}, but {argument.name} has shape {truth.shape}",
                excess=math.inf,
            )
        return compare(leaf.value.reshape(truth.shape), truth, self.tolerance)

    def right(self, outcome: Outcome) -> list[bool]:
        """For each pair, whether nothing speaks against its gradient at the point given."""
        if outcome.error is not None:
            return [False] * len(self.pairs)
        return [c.verdict != WRONG for c in self.compare(outcome)]

    def right_elsewhere(self, which: Sequence[int]) -> bool:
        """True if the gradients numbered `which` are right at the shifted points too."""
        self.shift()
        for point in self.shifted:
            outcome = self.program.run(point.overrides)
            if outcome.error is not None:
                return False
            claimed = self.claimed(outcome)
            for n in which:
                found = self._there(n, claimed[n], point)
                if found is not None and found.verdict == WRONG:
                    return False
        return True

    def _there(self, n: int, leaf: Leaf | None, point: _Shifted) -> Comparison | None:
        """The comparison at a shifted point; None where the cost is not finite."""
        shape = self.truths[n].shape
        if leaf is None or not (
            fits(leaf.value.shape, shape) or leaf.value.size == 1 == self.truths[n].size
        ):
            return Comparison(WRONG)
        claimed = leaf.value.reshape(shape)
        if point.exact is not None and self.pairs[n].leaf in point.exact.leaves:
            truth = Truth.exact(point.exact.leaves[self.pairs[n].leaf])
            found = compare(claimed, truth, self.tolerance)
            # Differences have the last word: there might be a tie at this point.
            if found.verdict == RIGHT:
                return found
        direction, truth = self._derivative(n, point)
        if not np.isfinite(truth.value).all():
            return None
        along = np.array([np.sum(claimed * direction)])
        # Cancellation in the sum is not an error: compare on the scale of its terms.
        floor = self.tolerance.rtol * float(np.sum(np.abs(claimed * direction)))
        if abs(along[0] - truth.value[0]) <= floor:
            return Comparison(RIGHT)
        return compare(along, truth, self.tolerance)

    def results(self, base: Outcome) -> list[ArgumentResult]:
        """The verdict on each gradient: the point given, then the shifted ones."""
        self.shift()
        comparisons = self.compare(base)
        elsewhere: list[list[str]] = [[] for _ in self.pairs]
        for point in self.shifted:
            outcome = self.program.run(point.overrides)
            if outcome.error is not None:
                continue
            claimed = self.claimed(outcome)
            for n in range(len(self.pairs)):
                found = self._there(n, claimed[n], point)
                if found is not None:
                    elsewhere[n].append(found.verdict)
        looks = SecondLooks(self.program, self._known, self.tolerance)
        results = []
        for n, (pair, comparison) in enumerate(zip(self.pairs, comparisons)):
            leaf = self.program.leaves[pair.leaf]
            verdict, reason = comparison.verdict, comparison.reason
            if verdict != WRONG and elsewhere[n] and all(v == WRONG for v in elsewhere[n]):
                verdict = WRONG
                reason = "wrong at shifted points"
            elif verdict == CANNOT_TELL and elsewhere[n] and all(v == RIGHT for v in elsewhere[n]):
                verdict, reason = RIGHT, f"{reason}; right at {len(elsewhere[n])} shifted points"
            elif verdict == WRONG:
                doubt = looks.doubt(pair.leaf, self.claimed(base)[n], self.truths[n], comparison)
                verdict, reason = (CANNOT_TELL, doubt) if doubt else (verdict, reason)
            truth = self.truths[n]
            results.append(
                ArgumentResult(
                    leaf.name,
                    truth.shape,
                    "float64",
                    verdict,
                    reason,
                    len(truth.entries),
                    truth.size,
                    len(self.shifted),
                    comparison.worst,
                    comparison.kinks,
                )
            )
        return results

    def complete(self) -> list[bool]:
        """For each pair, whether its truth is the one taken on tensors."""
        return [
            (exact := self._known.on_tensors(pair.leaf)) is not None
            and np.array_equal(truth.value, exact.reshape(-1))
            for pair, truth in zip(self.pairs, self.truths)
        ]

    @property
    def exact(self) -> TrueGradients | None:
        """What was taken on tensors, unless differences contradicted it."""
        return self._known.exact

    @property
    def is_exact(self) -> bool:
        """True if every truth was taken on tensors, which they are only away from ties."""
        return all(self.complete())

    @property
    def runs(self) -> int:
        """Runs of the code for differences."""
        return self._known.runs


def _identical(a: Outcome, b: Outcome) -> bool:
    if a.cost != b.cost or len(a.outputs) != len(b.outputs):
        return False
    return all(
        np.array_equal(x.value, y.value, equal_nan=True) for x, y in zip(a.outputs, b.outputs)
    )
