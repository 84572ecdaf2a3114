"""How many evaluations a budget of seconds pays for.

A check is bounded by a number of evaluations, settled before it begins from what one evaluation
takes. The number is a power of two, and processor time is what is measured, so that a busy machine
or a second run hardly ever changes it; functions faster than 0.1 ms always get the most there is.
Samples are drawn so that a larger budget extends what a smaller one looks at.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

__all__ = ["DEAREST", "Budget"]

#: The most evaluations that one numerical derivative takes: five rungs of six, and the centre.
DEAREST = 31
_MOST = 2**16


class Budget:
    """A number of evaluations to spend.

    Parameters
    ----------
    seconds : float
        Processor time to spend on evaluations.
    evaluations : int, optional
        The number itself, instead of one settled from the time that an evaluation takes.

    Attributes
    ----------
    allowed, spent : int
        Evaluations in all, and so far.

    Examples
    --------
    >>> budget = Budget(10.0, evaluations=100)
    >>> budget.spent = 80
    >>> budget.affords(20), budget.affords(DEAREST)
    (True, False)
    """

    def __init__(self, seconds: float, evaluations: int | None = None) -> None:
        self.seconds = seconds
        self.fixed = evaluations
        self.allowed = evaluations if evaluations is not None else _MOST
        self.spent = 0

    def settle(self, evaluate: Callable[[], object]) -> None:
        """Set the number from the quickest of three evaluations."""
        if self.fixed is not None:
            return
        one = math.inf
        for _ in range(3):
            started = time.process_time()
            evaluate()
            one = min(one, time.process_time() - started)
            if one > self.seconds / 100:
                break
        wanted = self.seconds / max(one, 1e-9)
        self.allowed = int(min(2.0 ** math.floor(math.log2(max(wanted, 1.0))), _MOST))

    def count(self) -> None:
        """Note an evaluation."""
        self.spent += 1

    def affords(self, evaluations: int, share: float = 1.0) -> bool:
        """True if so many more stay within the given share of all."""
        return self.spent + evaluations <= share * self.allowed

    def __str__(self) -> str:
        return f"{self.spent} evaluations of at most {self.allowed}"
