"""What a check compared and what it left out, in words for the report."""

from __future__ import annotations

import numpy as np

from .examine import Examination
from .match import key
from .program import Outcome
from .unclaimed import is_returned

__all__ = ["coverage"]


def coverage(exam: Examination, base: Outcome) -> str:
    """What of the results of a run was compared, in words."""
    complete = exam.complete()
    looked = sum(len(t.entries) for t in exam.truths)
    size = sum(t.size for t in exam.truths)
    of = f"of {len(exam.pairs)} gradient{'s' if len(exam.pairs) > 1 else ''}"
    if all(complete):
        how = "with reverse mode of the forward code run on tensors, confirmed by differences"
    elif any(complete):
        how = f"{sum(complete)} with reverse mode on tensors, the others by differences"
    else:
        how = "one by one by differences"
    there = (
        "entry by entry" if all(p.exact is not None for p in exam.shifted) else "along a direction"
    )
    return (
        f"{looked} of {size} entries {of} {how}; each at {len(exam.shifted)} shifted points"
        f" {there}; {exam.runs} runs of the code for differences"
        f"{_left_out(exam, base)}"
    )


def _left_out(exam: Examination, base: Outcome) -> str:
    """Results that were compared with nothing, and inputs that matter but have no gradient."""
    known = {pair.output for pair in exam.pairs}
    results = [o.name for o in base.outputs if key(o) not in known and is_returned(o)]
    exact = {} if exam.exact is None else exam.exact.leaves
    paired = {pair.leaf for pair in exam.pairs}
    inputs = [
        leaf.name
        for number, leaf in enumerate(exam.program.leaves)
        if number not in paired and (gradient := exact.get(number)) is not None and np.any(gradient)
    ]
    words = f"; not compared: {', '.join(filter(None, results))}" if any(results) else ""
    if inputs:
        more = f" and {len(inputs) - 6} more" if len(inputs) > 6 else ""
        words += f"; no gradient is returned for {', '.join(inputs[:6])}{more}"
    return words
