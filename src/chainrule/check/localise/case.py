"""What every stage of the search works on: the examined program and how it is run edited."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..examine import Examination
from ..instrument import Instrumented
from ..match import fits
from ..program import Outcome
from ..recorder import Event, Override, Recorder
from ..report import Worst


@dataclass
class Case:
    """An examined program with the edits accepted so far.

    Parameters
    ----------
    exam : Examination
        Prepared: pairs and truths known.
    code : Instrumented
        The user's files, installed.
    recorder : Recorder
        The one that the installed code reports to.
    base : Outcome
        The run of the unedited program.
    seconds : float
        Time to spend.
    """

    exam: Examination
    code: Instrumented
    recorder: Recorder
    base: Outcome
    seconds: float = 20.0
    accepted: dict[int, Override] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.deadline = time.perf_counter() + self.seconds

    def trace(self) -> list[Event]:
        self.recorder.events = []
        self.exam.program.run()
        events = self.recorder.events
        self.recorder.events = None
        return events

    def same_cost(self, outcome: Outcome, rtol: float) -> bool:
        if outcome.cost is None or self.base.cost is None:
            return False
        return bool(np.isclose(outcome.cost, self.base.cost, rtol=rtol, atol=0))

    def fits(self, n: int, leaf: Any) -> bool:
        """A quick form of the comparison: every smooth entry within the bound."""
        truth = self.exam.truths[n]
        if leaf is None or not (
            fits(leaf.value.shape, truth.shape) or leaf.value.size == 1 == truth.size
        ):
            return False
        return self.exam._compare_one(self.exam.pairs[n], truth, leaf).verdict != "wrong"

    def right(self, outcome: Outcome) -> list[bool]:
        if outcome.error is not None:
            return [False] * len(self.exam.pairs)
        right = [self.fits(n, leaf) for n, leaf in enumerate(self.exam.claimed(outcome))]
        # What is wrong only elsewhere (a coincidence or a kink here) is wrong all the same.
        for n, good in enumerate(right):
            if good and not self.exam.right_elsewhere([n]):
                right[n] = False
        return right

    def right_quickly(self, outcome: Outcome, n: int) -> bool:
        return outcome.error is None and self.fits(n, self.exam.claimed(outcome)[n])

    def names(self, wrong: frozenset[int]) -> tuple[str, ...]:
        return tuple(self.exam.program.leaves[self.exam.pairs[n].leaf].name for n in sorted(wrong))

    def worst_output(self, wrong: frozenset[int]) -> Worst | None:
        comparisons = self.exam.compare(self.base)
        return next((comparisons[n].worst for n in sorted(wrong) if comparisons[n].worst), None)
