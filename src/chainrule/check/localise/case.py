"""What every stage of the search works on: the examined program and how it is run edited."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..examine import Examination
from ..instrument import Instrumented
from ..program import Outcome
from ..recorder import Event, Override, Recorder
from ..report import Worst
from .gauge import Gauge


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
        self.deadline = time.process_time() + self.seconds
        self.gauge = Gauge(self.exam)

    def inputs(self) -> list[NDArray[Any]]:
        """The arrays and numbers that the program is given."""
        return [leaf.value for leaf in self.exam.program.leaves]

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

    def right(self, outcome: Outcome) -> list[bool]:
        if outcome.error is not None:
            return [False] * len(self.exam.pairs)
        right = [bool(good) for good in self.gauge.right(*self.gauge.read(outcome))]
        # What is wrong only elsewhere (a coincidence or a kink here) is wrong all the same.
        for n, good in enumerate(right):
            if good and not self.exam.right_elsewhere([n]):
                right[n] = False
        return right

    def all_right(self, outcome: Outcome) -> bool:
        """True if nothing speaks against any gradient at the point given."""
        return outcome.error is None and bool(self.gauge.right(*self.gauge.read(outcome)).all())

    def names(self, wrong: frozenset[int]) -> tuple[str, ...]:
        return tuple(self.exam.program.leaves[self.exam.pairs[n].leaf].name for n in sorted(wrong))

    def worst_output(self, wrong: frozenset[int]) -> Worst | None:
        comparisons = self.exam.compare(self.base)
        return next((comparisons[n].worst for n in sorted(wrong) if comparisons[n].worst), None)
