"""What a statement announces: a name such as ``dZ`` says that the value is ∂C/∂Z.

Where the value is another, and everything comes right once the announced one is put in its place, the
slip is in that statement or in one executed before it, whatever could be made up for later on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..instrument import Site
from ..suspects.trees import is_blank
from .case import Case
from .derivatives import Derivatives
from .evidence import Evidence

Values = dict[int, NDArray[np.float64]]


@dataclass(frozen=True)
class Broken:
    """The first statement that does not hold what it announces, and could mend everything by it.

    Attributes
    ----------
    site : Site
        The statement.
    by_name : bool
        True if its name says what it holds; False if its value is a gradient that is returned.
    earlier : frozenset of int
        The sites executed before the first of its values that is wrong, and its own.
    """

    site: Site
    by_name: bool
    earlier: frozenset[int]


def first_broken(
    case: Case, evidence: Evidence, derivatives: Derivatives, wrong: frozenset[int]
) -> Broken | None:
    """The first statement with an untrue value that, with the announced one, mends all of `wrong`."""
    for index in sorted(evidence.values, key=lambda i: evidence.order[i]):
        site = case.code.sites[index]
        if site.kind not in ("assign", "update") or evidence.is_forward(site):
            continue
        if is_blank(site.expr):
            # What is not put into an array is missing after it.
            continue
        if not wrong <= (evidence.feeds.get(index) or frozenset()):
            continue
        for values, by_name in _announced(case, evidence, derivatives, site, wrong):
            if _mends(case, site, values):
                return Broken(site, by_name, _earlier(evidence, site, values))
    return None


def _announced(
    case: Case, evidence: Evidence, derivatives: Derivatives, site: Site, wrong: frozenset[int]
) -> Iterator[tuple[Values, bool]]:
    """Values that a statement could have announced, by pass, and whether by its name."""
    held = evidence.values[site.index]
    if not all(isinstance(v, (np.ndarray, float, np.floating)) for v in held):
        return
    if not derivatives.is_true(site) and not derivatives.is_multiple(site):
        for values in derivatives.meant_by(site):
            # The mean over the batch may be taken later.
            for count in (1, *derivatives.counts()):
                yield {pass_: count * value for pass_, value in values.items()}, True
    returned: Values = {}
    claimed = case.exam.claimed(case.exam.program.run())
    for n in sorted(wrong):
        leaf, truth = claimed[n], case.exam.truths[n]
        if leaf is None or not truth.is_complete or not leaf.value.any():
            continue
        for pass_, value in enumerate(held):
            if truth.size == np.size(value) and np.array_equal(value, leaf.value):
                returned[pass_] = truth.array().reshape(np.shape(value))
    if returned:
        yield returned, False


def _mends(case: Case, site: Site, values: Values) -> bool:
    def put(old: Any, pass_: int) -> Any:
        new = values.get(pass_)
        if new is None:
            return old
        return new.copy() if new.ndim or isinstance(old, np.ndarray) else float(new)

    case.recorder.changes = {site.index: put}
    try:
        return case.all_right(case.exam.program.run())
    finally:
        case.recorder.changes = {}


def _earlier(evidence: Evidence, site: Site, values: Values) -> frozenset[int]:
    """The sites executed before the first value that is not what was announced."""
    passed: set[int] = {site.index}
    for event in evidence.events:
        if event.site == site.index and event.pass_ in values:
            expected = values[event.pass_]
            if np.shape(event.value) != expected.shape or not np.allclose(
                event.value, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max(initial=0.0)
            ):
                break
        passed.add(event.site)
    return frozenset(passed)
