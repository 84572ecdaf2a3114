"""Which of several statements that could all be mended is the wrong one?

Results cannot tell: with each of the edits every gradient is right. Each is weighed by how likely a
slip it is and by what it leaves odd about the program; the sum plays the part of a negative log likelihood
(docs/decisions/0078).
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..instrument import Site
from ..suspects.words import is_derivative
from .case import Case
from .derivatives import Derivatives
from .evidence import Evidence
from .naming import is_vague
from .trials import Fix

#: What speaks against an edit, in units of its cost.
_IS_TRUE = 0.6
_IS_MULTIPLE = 0.3
_IS_FORWARD = 0.5
_STAYS_UNTRUE = 0.5
_IS_VAGUE = 0.15
_IS_LATER = 0.02
#: A variable that nothing reads is read with it (for it), or one is read no more (against it).
_IDLE = 0.3

#: Slips that happen where gradients are put together.
_OF_GRADIENTS = (
    "missing-derivative",
    "missing-term",
    "regularisation",
    "factor",
    "factor-m",
    "power",
)


class Choice:
    """The choice among fixes of several statements.

    Parameters
    ----------
    case, evidence, derivatives
        As for the search for edits.
    """

    def __init__(self, case: Case, evidence: Evidence, derivatives: Derivatives) -> None:
        self.case = case
        self.evidence = evidence
        self.derivatives = derivatives

    def best(self, fixes: list[Fix]) -> Fix:
        """The likeliest of the fixes; within one statement, the cheapest."""
        cheapest: dict[int, Fix] = {}
        for fix in fixes:
            known = cheapest.get(fix.site.index)
            if known is None or self._price(fix) < self._price(known):
                cheapest[fix.site.index] = fix
        if len(cheapest) == 1:
            return next(iter(cheapest.values()))
        sites = sorted(cheapest, key=lambda index: self.evidence.order[index])
        place = {index: k for k, index in enumerate(sites)}

        def weight(fix: Fix) -> float:
            # The first that is untrue is the culprit; of statements that are all true, what is
            # wrong lies behind the last.
            later = _IS_LATER * place[fix.site.index]
            if self._is_true(fix):
                later = -later
            untrue = _STAYS_UNTRUE * self._left_untrue(fix)
            return self.alone(fix) + later + untrue

        return min(list(cheapest.values())[:12], key=weight)

    def alone(self, fix: Fix) -> float:
        """The weight of a fix without regard to the others; mostly its cost."""
        return self._price(fix) + self._doubt(fix)

    def _doubt(self, fix: Fix) -> float:
        """What speaks against the statement itself."""
        site = fix.site
        found = 0.0
        if self.evidence.is_forward(site):
            found += _IS_FORWARD
        if self._is_true(fix):
            found += _IS_TRUE
        elif self.derivatives.is_multiple(site):
            found += _IS_MULTIPLE
        lost = fix.edit.slip in _OF_GRADIENTS and is_vague(site)
        if lost and not _calls_a_derivative(fix):
            found += _IS_VAGUE
        return found

    def _is_true(self, fix: Fix) -> bool:
        """True if the statement holds a true derivative, and not where another is returned."""
        if not self.derivatives.is_true(fix.site):
            return False
        held = self.evidence.values[fix.site.index][-1]
        claimed = self.case.exam.claimed(self.case.base)
        returned = [leaf.value for n in fix.mended if (leaf := claimed[n]) is not None]
        return not any(np.array_equal(held, value) for value in returned)

    def _price(self, fix: Fix) -> float:
        """The cost of an edit, less or more by what it does to variables that nothing else reads."""
        code = fix.edit.override.code
        if code is None:
            return fix.edit.cost
        old, new = _loaded(fix.site.expr), _loaded(code.expr)
        return fix.edit.cost - _IDLE * (
            self._are_idle(fix.site, new - old) - self._are_idle(fix.site, old - new)
        )

    def _are_idle(self, site: Site, names: set[str]) -> bool:
        """True if one of the names is a variable that no other statement of the function reads."""
        scope = self.evidence.scopes.get(site.index)
        if scope is None or not names:
            return False
        idle = names & set(scope.local)
        for other in self.case.code.sites:
            if other.statement is site.statement:
                continue
            if (other.filename, other.function) == (site.filename, site.function):
                idle -= _loaded(other.expr)
                if other.target is not None:
                    idle -= _loaded(other.target)
        return bool(idle)

    def _left_untrue(self, fix: Fix) -> int:
        """How many statements still are not the derivative that their name says, with the fix in."""
        self.derivatives.truths()
        self.case.recorder.edit({**self.case.accepted, fix.site.index: fix.edit.override})
        events = self.case.trace()
        self.case.recorder.edit(self.case.accepted)
        last: dict[int, Any] = {}
        for event in events:
            last[event.site] = event.value
        return sum(self._is_untrue(self.case.code.sites[i], value) for i, value in last.items())

    def _is_untrue(self, site: Site, value: Any) -> bool:
        if site.kind not in ("assign", "update") or not isinstance(value, (np.ndarray, float)):
            return False
        wanted = self.derivatives.named(site)
        matched = self.derivatives.match(np.asarray(value)) if wanted else []
        return bool(wanted) and not any(t.name in wanted for t in matched)


def _calls_a_derivative(fix: Fix) -> bool:
    """True for ``sp = sigmoid_prime(z)``: that is what a local derivative is kept for."""
    code = fix.edit.override.code
    nodes = ast.walk(code.expr) if code is not None else ()
    return any(isinstance(n, ast.Call) and is_derivative(ast.unparse(n.func)) for n in nodes)


def _loaded(expr: ast.expr) -> set[str]:
    """Names that an expression reads."""
    nodes = [n for n in ast.walk(expr) if isinstance(n, ast.Name)]
    return {n.id for n in nodes if not isinstance(n.ctx, ast.Store)}
