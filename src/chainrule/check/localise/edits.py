"""Edits: small changes of each suspect, cheapest first, are run."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ..expressions import parts, text
from ..instrument import Site
from ..leaves import is_gradient_name
from ..scope import shape_of
from ..suspects import Change, Edit, Statement, other_targets, sharing, suspects
from .announced import Broken, first_broken
from .case import Case
from .choice import Choice
from .derivatives import Derivatives
from .evidence import Evidence
from .insertions import insertions
from .moves import COST as MOVED
from .moves import moves
from .products import products
from .trials import Fix, Trials, mended_by

_TIERS = (1.31, 1.61, 1.86, 9.0)
#: How far-fetched it is that a statement which feeds other gradients stores in the wrong array.
_ELSEWHERE = 1.5
#: What can be wrong in a statement of the forward pass that the cost does not show, and how much
#: later that is tried than a slip in the backward pass.
_ASIDE = 0.7
_OF_GRADIENTS = ("missing-derivative", "missing-term", "regularisation", "factor", "power")
_OF_FORWARD = ("stale-variable", "wrong-variable", "wrong-layer", "index", "accumulate")


class EditSearch:
    """The search for an edit of one statement that makes wrong gradients right."""

    def __init__(self, case: Case, evidence: Evidence, derivatives: Derivatives) -> None:
        self.case = case
        self.evidence = evidence
        self.derivatives = derivatives
        self.broken: Broken | None = None
        self._choice = Choice(case, evidence, derivatives)
        self._harvests: dict[str, list[ast.expr]] = {}
        self._arriving: dict[tuple[str, str], frozenset[str]] = {}
        self._trials: dict[int, Trials] = {}

    def of_everything(self, wrong: frozenset[int], right: list[bool]) -> Fix | None:
        """The edit of one statement that makes every gradient right."""
        self.broken = first_broken(self.case, self.evidence, self.derivatives, wrong)
        whole, _ = self.evidence.suspects(wrong)
        if self.broken is not None:
            whole = [site for site in whole if site.index in self.broken.earlier]
        for site in whole:
            self.trials_of(site).aim(wrong, right)
        full: list[Fix] = []
        for lower, upper in zip((0.0, *_TIERS), _TIERS):
            found = self._moved(whole, lower, upper, wrong, right)
            if upper == _TIERS[-1]:
                # Before what is far-fetched, for which the time may not suffice.
                found += self._products(whole, wrong, right)
            if lower <= _ELSEWHERE < upper:
                found += self._stored_elsewhere(whole, wrong, right)
            found += self._found(whole, lower, upper, wrong, right)
            found += self._elsewhere(whole, lower, upper, wrong, right)
            full += self._confirmed([fix for fix in found if fix.mended == wrong])
            if full:
                chosen = self._choice.best(full)
                # Where much speaks against it, a dearer edit can still be the likelier one.
                if self._choice.alone(chosen) < max(upper, chosen.edit.cost):
                    return chosen
        return self._choice.best(full) if full else None

    def _products(self, sites: list[Site], wrong: frozenset[int], right: list[bool]) -> list[Fix]:
        found: list[Fix] = []
        for site in sites:
            if time.process_time() <= self.case.deadline:
                found += products(self.trials_of(site), wrong, right)
        return found

    def of_some(self, wrong: frozenset[int], right: list[bool]) -> Fix | None:
        """The edit of one statement that makes most of the wrong gradients right."""
        whole, part = self.evidence.suspects(wrong)
        for site in [*whole, *part]:
            self.trials_of(site).aim(wrong, right, at_all=False)
        partial: list[Fix] = []
        # Far-fetched edits mend a part of what is wrong by chance.
        for lower, upper in zip((0.0, *_TIERS[:1]), _TIERS[:2]):
            partial += self._found([*whole, *part], lower, upper, wrong, right)
            partial += self._moved([*whole, *part], lower, upper, wrong, right)
        if not partial:
            return None
        most = max(len(f.mended) for f in partial)
        best = self._confirmed([f for f in partial if len(f.mended) == most])
        if not best:
            best = self._confirmed(partial)
        return self._choice.best(best) if best else None

    def _found(
        self,
        sites: list[Site],
        lower: float,
        upper: float,
        wrong: frozenset[int],
        right: list[bool],
    ) -> list[Fix]:
        found = []
        for site in sites:
            if time.process_time() > self.case.deadline:
                note = "the search for the statement was cut short by its time limit"
                if note not in self.case.notes:
                    self.case.notes.append(note)
                break
            trials = self.trials_of(site)
            for proposal in self._proposals(trials.here, lower, upper):
                fix = trials.attempt(proposal, wrong, right)
                if fix is not None:
                    found.append(fix)
        return found

    def _elsewhere(
        self,
        known: list[Site],
        lower: float,
        upper: float,
        wrong: frozenset[int],
        right: list[bool],
    ) -> list[Fix]:
        """Fixes that store a value elsewhere: what depends on it so far tells nothing."""
        indices = {site.index for site in known}
        found = []
        for site in self._other_stores(indices, ast.Subscript):
            if (
                site.index not in self.evidence.values
                or (self.broken is not None and site.index not in self.broken.earlier)
                or time.process_time() > self.case.deadline
            ):
                continue
            trials = self.trials_of(site)
            for edit in other_targets(trials.here):
                if lower <= edit.cost < upper:
                    fix = trials.attempt(edit, wrong, right)
                    found += [fix] if fix is not None else []
        return found

    def _moved(
        self,
        sites: list[Site],
        lower: float,
        upper: float,
        wrong: frozenset[int],
        right: list[bool],
    ) -> list[Fix]:
        """Fixes by another order of the statements, or by one that is not there."""
        found = []
        if lower <= MOVED < upper:
            missing = insertions(self.case, self.evidence)
            for move in chain(moves(self.case, self.evidence, sites), missing):
                if time.process_time() > self.case.deadline:
                    break
                mended = mended_by(self.case, move.site, move.edit, wrong, right)
                if mended:
                    found.append(Fix(move.site, move.edit, mended))
        return found

    def _stored_elsewhere(
        self, whole: list[Site], wrong: frozenset[int], right: list[bool]
    ) -> list[Fix]:
        """Fixes by another target of a statement that has no part in all of what is wrong.

        What is added to the wrong array is missing in one that the statement does not feed.
        """
        found = []
        known = {site.index for site in whole} | set(self.case.accepted)
        for site in self._other_stores(known, ast.Name, ast.Subscript):
            for edit in other_targets(self._statement(site)):
                if edit.slip != "wrong-variable" or time.process_time() > self.case.deadline:
                    continue
                mended = mended_by(self.case, site, edit, wrong, right)
                if mended:
                    found.append(Fix(site, edit, mended))
        return found

    def _other_stores(self, known: set[int], *targets: type[ast.expr]) -> Iterator[Site]:
        """Statements of the backward pass, other than the known ones, that store in such a target."""
        for site in self.case.code.sites:
            if (
                site.index not in known
                and site.kind in ("assign", "update")
                and isinstance(site.target, targets)
                and site.index in self.evidence.scopes
                and not self.evidence.is_forward(site)
            ):
                yield site

    def trials_of(self, site: Site) -> Trials:
        """The trials of a statement; there is one such object per statement."""
        if site.index not in self._trials:
            values = self.evidence.values.get(site.index, [])
            scopes = self.evidence.passes.get(site.index, [])
            is_backward = site.index not in self.evidence.forward
            here = self._statement(site)
            self._trials[site.index] = Trials(self.case, here, values, scopes, is_backward)
        return self._trials[site.index]

    def _statement(self, site: Site) -> Statement:
        values = self.evidence.values.get(site.index, [])
        return Statement(
            site,
            self.evidence.scopes[site.index],
            values[0] if values else None,
            self._harvest(site),
            self._upstream(site),
        )

    def _proposals(self, here: Statement, lower: float, upper: float) -> list[Change | Edit]:
        if not self.evidence.is_forward(here.site):
            if self._carries_back(here.site):
                return suspects(here, lower, upper)
            # Factors and terms are mostly lost where gradients are multiplied and added up.
            found = suspects(here, lower - _ASIDE, upper)
            return [
                e for e in found if lower <= e.cost + _ASIDE * (e.slip in _OF_GRADIENTS) < upper
            ]
        # A statement of the forward pass defines what is right: what it shares or keeps for
        # later can be wrong, and that is tried after everything in the backward pass.
        if here.site.index in self.evidence.forward and shape_of(here.value) is not None:
            # With another value the cost would be another.
            return [e for e in sharing(here) if lower <= e.cost < upper]
        shared = [e for e in suspects(here, lower, upper) if e.slip == "overwritten"]
        kept = [
            replace(e, cost=e.cost + _ASIDE)
            for e in suspects(here, lower - _ASIDE, upper - _ASIDE)
            if e.slip in _OF_FORWARD
        ]
        return shared + kept

    def _carries_back(self, site: Site) -> bool:
        """False if the gradients are known not to be linear in what the statement computes."""
        if site.kind == "call":
            return not self._belongs_to_forward(site)
        response = self.trials_of(site).response
        return response is None or response.is_linear

    def _belongs_to_forward(self, call: Site) -> bool:
        """True for a call after which its function goes on to compute what the cost depends on."""
        sites, order = self.case.code.sites, self.evidence.order
        return any(
            (sites[i].filename, sites[i].function) == (call.filename, call.function)
            and order[i] > order[call.index]
            for i in self.evidence.forward
        )

    def _upstream(self, site: Site) -> frozenset[str]:
        """Names of gradients in the function of a site that its own may be made from."""
        key = (site.filename, site.function)
        if key not in self._arriving:
            local = self.evidence.scopes[site.index].local
            computed, backward = set(), set()
            for other in self.case.code.sites:
                if (other.filename, other.function) != key or other.target is None:
                    continue
                names = {n.id for n in ast.walk(other.target) if isinstance(n, ast.Name)}
                computed |= names
                if other.index in self.evidence.order and not self.evidence.is_forward(other):
                    backward |= names
            handed = {n for n in local if n not in computed and is_gradient_name(n)}
            self._arriving[key] = frozenset(
                name
                for name in {*handed, *backward}
                if is_gradient_name(name) or (name[:1] == "g" and name[1:].lstrip("_") in local)
            )
        return self._arriving[key]

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
