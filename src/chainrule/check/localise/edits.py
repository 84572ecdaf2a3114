"""Edits: small changes of each suspect, cheapest first, are run."""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..expressions import parts, text
from ..instrument import Site
from ..recorder import Unchanged
from ..suspects import Edit, suspects
from .case import Case
from .derivatives import Derivatives
from .evidence import Evidence

_TIERS = (1.31, 1.61, 1.86, 9.0)
#: What can be wrong in a statement of the forward pass that the cost does not show, and how much
#: later that is tried than a slip in the backward pass.
_ASIDE = 0.7
_OF_FORWARD = ("stale-variable", "wrong-variable", "wrong-layer", "index", "accumulate")


@dataclass(frozen=True)
class Fix:
    """An edit of a site that makes wrong gradients right."""

    site: Site
    edit: Edit
    mended: frozenset[int]


class EditSearch:
    """The search for an edit of one statement that makes wrong gradients right."""

    def __init__(self, case: Case, evidence: Evidence, derivatives: Derivatives) -> None:
        self.case = case
        self.evidence = evidence
        self.derivatives = derivatives
        self._harvests: dict[str, list[ast.expr]] = {}

    def best_fix(self, wrong: frozenset[int], right: list[bool]) -> Fix | None:
        whole, part = self.evidence.suspects(wrong)
        partial: list[Fix] = []
        full: list[Fix] = []
        lower = 0.0
        for upper in _TIERS:
            found: list[Fix] = []
            for site in [*whole, *part]:
                if time.perf_counter() > self.case.deadline:
                    self.case.notes.append(
                        "the search for the statement was cut short by its time limit"
                    )
                    break
                for edit in self._proposals(site, lower, upper):
                    mended = self._try(site, edit, wrong, right)
                    if mended == wrong:
                        found.append(Fix(site, edit, mended))
                    elif mended:
                        partial.append(Fix(site, edit, mended))
            full += self._confirmed(found)
            if full:
                chosen = self._choose(full)
                # A statement whose value is a true derivative already only compensates for
                # another: look further, at dearer edits, for that one.
                if not self.derivatives.is_true(chosen.site):
                    return chosen
            lower = upper
        if full:
            return self._choose(full)
        if not partial:
            return None
        most = max(len(f.mended) for f in partial)
        best = self._confirmed([f for f in partial if len(f.mended) == most])
        if not best:
            best = self._confirmed(partial)
        return self._choose(best) if best else None

    def _proposals(self, site: Site, lower: float, upper: float) -> list[Edit]:
        values = self.evidence.values.get(site.index)
        value = values[0] if values else None
        scope, harvest = self.evidence.scopes[site.index], self._harvest(site)
        if self.evidence.is_forward(site):
            # A statement of the forward pass defines what is right: what it shares or keeps for
            # later can be wrong, and that is tried after everything in the backward pass.
            shared = [
                e
                for e in suspects(site, scope, value, harvest, lower, upper)
                if e.slip == "overwritten"
            ]
            kept = [
                replace(e, cost=e.cost + _ASIDE)
                for e in suspects(site, scope, value, harvest, lower - _ASIDE, upper - _ASIDE)
                if e.slip in _OF_FORWARD
            ]
            return shared + kept
        return suspects(site, scope, value, harvest, lower, upper)

    def _harvest(self, site: Site) -> list[ast.expr]:
        """Distinct sub-expressions of the code that this function could borrow."""
        if site.filename in self._harvests:
            return self._harvests[site.filename]
        found: dict[str, ast.expr] = {}
        for other in self.case.code.sites:
            if other.filename != site.filename or (
                other.index not in self.evidence.order and other.kind != "call"
            ):
                continue
            for node, parent in parts(other.expr):
                if isinstance(parent, ast.Call) and parent.func is node:
                    continue
                if isinstance(node, (ast.BinOp, ast.Call, ast.Compare, ast.Subscript)):
                    found.setdefault(text(node), node)
        self._harvests[site.filename] = list(found.values())[:200]
        return self._harvests[site.filename]

    def _try(
        self, site: Site, edit: Edit, wrong: frozenset[int], right: list[bool]
    ) -> frozenset[int]:
        """The wrong gradients that an edit makes right, if it makes none wrong."""
        values = self.evidence.values.get(site.index, [])
        # In a loop the first pass tells nothing: an accumulation starts at zero.
        original = values[0] if len(values) == 1 else None
        overrides = {**self.case.accepted, site.index: edit.override}
        self.case.recorder.edit(overrides, site.index, original)
        try:
            outcome = self.case.exam.program.run()
        except Unchanged:
            return frozenset()
        finally:
            self.case.recorder.edit(self.case.accepted)
        if outcome.error is not None or outcome.cost is None:
            return frozenset()
        if not self.case.same_cost(outcome, 1e-10):
            return frozenset()
        claimed = self.case.exam.claimed(outcome)
        mended = frozenset(n for n in wrong if self.case.fits(n, claimed[n]))
        if not mended:
            return mended
        for n, good in enumerate(right):
            if good and not self.case.fits(n, claimed[n]):
                return frozenset()
        return mended

    def _confirmed(self, fixes: list[Fix]) -> list[Fix]:
        """Those fixes that hold at the shifted points too."""
        good = []
        for fix in sorted(fixes, key=lambda f: f.edit.cost)[:60]:
            self.case.recorder.edit({**self.case.accepted, fix.site.index: fix.edit.override})
            try:
                if self.case.exam.right_elsewhere(sorted(fix.mended)):
                    good.append(fix)
            finally:
                self.case.recorder.edit(self.case.accepted)
        return good

    def _choose(self, fixes: list[Fix]) -> Fix:
        """Among mended statements the one that is wrong in itself: see step 3 of the module."""
        sites = {f.site.index for f in fixes}
        if len(sites) == 1:
            return min(fixes, key=lambda f: f.edit.cost)
        order = {
            index: k for k, index in enumerate(sorted(sites, key=lambda i: self.evidence.order[i]))
        }
        cheapest: dict[int, Fix] = {}
        for fix in fixes:
            known = cheapest.get(fix.site.index)
            if known is None or fix.edit.cost < known.edit.cost:
                cheapest[fix.site.index] = fix

        def score(fix: Fix) -> float:
            total = fix.edit.cost + 0.02 * order[fix.site.index]
            if self.evidence.is_forward(fix.site):
                total += 0.5
            if self.derivatives.is_true(fix.site):
                total += 2.0
            return total + 0.5 * self._misnamed(fix)

        return min(list(cheapest.values())[:12], key=score)

    def _misnamed(self, fix: Fix) -> int:
        """How many statements still are not the derivative that their name says, with the fix in."""
        self.derivatives.truths()
        self.case.recorder.edit({**self.case.accepted, fix.site.index: fix.edit.override})
        events = self.case.trace()
        self.case.recorder.edit(self.case.accepted)
        last: dict[int, Any] = {}
        for event in events:
            last[event.site] = event.value
        count = 0
        for index, value in last.items():
            site = self.case.code.sites[index]
            if site.kind not in ("assign", "update") or not isinstance(value, (np.ndarray, float)):
                continue
            wanted = self.derivatives.named(site)
            if wanted and not any(
                t.site.name in wanted for t in self.derivatives.match(np.asarray(value))
            ):
                count += 1
        return count
