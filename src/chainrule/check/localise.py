"""Which statement is wrong, and how should it read?

Given a program whose gradients are wrong somewhere, and the truth about each of them:

1. *Dependence.* Each statement's value is disturbed once; what changes tells the statements of the
   forward pass (the cost changes) from those of the backward pass, and which gradients each feeds.
   A single culprit feeds every wrong gradient.
2. *Edits.* Small edits of each suspect, cheapest first (:mod:`.suspects`), are run. A statement that
   one small edit turns into one with which every gradient is right, here and at shifted points, is
   the culprit.
3. *Matching.* Where more than one statement can be mended, the true derivative of the cost with
   respect to every value of the forward pass decides: a statement whose value already equals one of
   these is right, whatever its neighbours can be made to compensate.
4. *Intervention.* Where no edit helps, the value of one executed statement is replaced by a true
   derivative of fitting shape; if the gradients then come right, that is what it should have been.

Errors that are independent are taken one after the other: an edit that makes some wrong gradients
right and none wrong is kept, and the search goes on for the rest.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .examine import Examination
from .expressions import Scope, parts, text
from .instrument import Instrumented, Site
from .leaves import gradient_name, same_name
from .match import fits
from .program import Outcome
from .recorder import Event, Override, Recorder, Unchanged, map_arrays
from .report import Finding, Worst
from .suspects import Edit, suspects

__all__ = ["Localiser"]

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


@dataclass
class _True:
    """The true derivative of the cost with respect to one value of the forward pass."""

    site: Site
    pass_: int
    shape: tuple[int, ...]
    probes: list[NDArray[np.float64]]
    along: NDArray[np.float64]
    full: NDArray[np.float64] | None = None

    @property
    def name(self) -> str:
        return self.site.name or text(self.site.expr)


@dataclass
class Localiser:
    """Search for the wrong statements of an examined program.

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

    def run(self) -> list[Finding]:
        """The findings, in the order in which the statements are executed."""
        self._deadline = time.perf_counter() + self.seconds
        self.recorder.reset()
        self.events = self._trace()
        self._order: dict[int, int] = {}
        self._values: dict[int, list[Any]] = {}
        for event in self.events:
            self._order.setdefault(event.site, len(self._order))
            self._values.setdefault(event.site, []).append(event.value)
        for site in self.code.sites:
            if site.kind == "call" and site.index not in self._order:
                children = [c.index for c in self.code.sites if c.parent == site.index]
                seen = [self._order[c] for c in children if c in self._order]
                if seen:
                    self._order[site.index] = max(seen)
        self.scopes = self._scopes()
        self._begin = self._backward_begins()
        self._classify()
        self._truths: list[_True] | None = None
        self._harvests: dict[str, list[ast.expr]] = {}
        findings: list[tuple[int, Finding]] = []
        right = self._right(self.base)
        for _ in range(8):
            wrong = frozenset(n for n, good in enumerate(right) if not good)
            if not wrong:
                break
            fix = self._best_fix(wrong, right)
            if fix is not None and fix.mended == wrong:
                findings.append(self._report(fix))
                break
            # One wrong statement without a small edit is likelier than several with one each.
            culprit = self._intervene(wrong)
            if culprit is not None:
                findings.append(culprit)
                break
            if fix is None:
                findings.append(self._last_resort(wrong))
                break
            findings.append(self._report(fix))
            self.accepted = {**self.accepted, fix.site.index: fix.edit.override}
            self.recorder.edit(self.accepted)
            right = self._right(self.exam.program.run())
        self.recorder.reset()
        merged: dict[tuple[str, int], tuple[int, Finding]] = {}
        for order, finding in findings:
            merged.setdefault((finding.file, finding.line), (order, finding))
        return [f for _, f in sorted(merged.values(), key=lambda pair: pair[0])]

    # -- what runs and what it feeds -----------------------------------------------------------

    def _trace(self) -> list[Event]:
        self.recorder.events = []
        self.exam.program.run()
        events = self.recorder.events
        self.recorder.events = None
        return events

    def _scopes(self) -> dict[int, Scope]:
        self.recorder.scopes = {}
        self.exam.program.run()
        recorded = self.recorder.scopes
        self.recorder.scopes = None
        spaces = {f.__code__.co_filename: f.__globals__ for f in self.exam.program.functions}
        scopes = {}
        for site in self.code.sites:
            names = recorded.get(site.index)
            if names is None and site.kind == "call":
                children = [c.index for c in self.code.sites if c.parent == site.index]
                names = next((recorded[c] for c in children if c in recorded), None)
            if names is not None and site.filename in spaces:
                scopes[site.index] = Scope(names, spaces[site.filename])
        return scopes

    def _backward_begins(self) -> int:
        """Order number of the first site of a separate backward pass; 0 if there is none."""
        mark = self.recorder.mark
        first = [e.site for e in self.events[mark:]] if mark else []
        earlier = {e.site for e in self.events[:mark]}
        return min((self._order[i] for i in first if i not in earlier), default=0)

    def _classify(self) -> None:
        """Disturb each site once; note whether the cost and which gradients change."""
        self.forward: set[int] = set()
        self.feeds: dict[int, frozenset[int] | None] = {}
        rng = np.random.default_rng(3)

        def disturb(value: Any, pass_: int) -> Any:
            del pass_
            if isinstance(value, np.ndarray) and value.dtype == bool:
                return value ^ (rng.random(value.shape) < 0.5)
            return map_arrays(lambda a: a * rng.uniform(1.1, 1.6, np.shape(a)) + 0.013, value)

        base = self.exam.claimed(self.base)
        everything = frozenset(range(len(self.exam.pairs)))
        for index in self._order:
            if self.code.sites[index].kind == "call":
                continue
            if not _has_floats(self._values.get(index, [])):
                self.feeds[index] = None
                continue
            self.recorder.changes = {index: disturb}
            outcome = self.exam.program.run()
            if outcome.error is not None:
                self.feeds[index] = everything
                continue
            if not self._same_cost(outcome, 1e-12):
                self.forward.add(index)
            changed = set()
            for n, (old, new) in enumerate(zip(base, self.exam.claimed(outcome))):
                if (
                    old is None
                    or new is None
                    or old.value.shape != new.value.shape
                    or not np.array_equal(old.value, new.value, equal_nan=True)
                ):
                    changed.add(n)
                elif not np.isfinite(old.value).all():
                    # What is not finite stays so, whatever it is multiplied with.
                    changed.add(n)
            self.feeds[index] = frozenset(changed) or None
        self.recorder.changes = {}
        for site in self.code.sites:
            if site.kind == "call" and site.index in self._order:
                children = [c.index for c in self.code.sites if c.parent == site.index]
                sets = [self.feeds.get(c) for c in children]
                known = [s for s in sets if s is not None]
                self.feeds[site.index] = frozenset().union(*known) if known else None
                if any(c in self.forward for c in children):
                    self.forward.add(site.index)

    def _same_cost(self, outcome: Outcome, rtol: float) -> bool:
        if outcome.cost is None or self.base.cost is None:
            return False
        return bool(np.isclose(outcome.cost, self.base.cost, rtol=rtol, atol=0))

    def _suspects(self, wrong: frozenset[int]) -> tuple[list[Site], list[Site]]:
        """Sites that could explain everything wrong, and those that could explain a part."""
        whole, part = [], []
        for index in sorted(self.feeds, key=lambda i: self._order[i]):
            site = self.code.sites[index]
            if site.kind == "argument" or index in self.accepted or index not in self.scopes:
                continue
            fed = self.feeds[index]
            if fed is None or wrong <= fed:
                whole.append(site)
            elif fed & wrong:
                part.append(site)
        key = lambda s: (s.index in self.forward, self._order[s.index])  # noqa: E731
        return sorted(whole, key=key), sorted(part, key=key)

    # -- edits ---------------------------------------------------------------------------------

    def _best_fix(self, wrong: frozenset[int], right: list[bool]) -> Fix | None:
        whole, part = self._suspects(wrong)
        partial: list[Fix] = []
        full: list[Fix] = []
        lower = 0.0
        for upper in _TIERS:
            found: list[Fix] = []
            for site in [*whole, *part]:
                if time.perf_counter() > self._deadline:
                    self.notes.append(
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
                if not self._is_true(chosen.site):
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
        values = self._values.get(site.index)
        value = values[0] if values else None
        scope, harvest = self.scopes[site.index], self._harvest(site)
        if self._is_forward(site):
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

    def _is_forward(self, site: Site) -> bool:
        return site.index in self.forward or self._order[site.index] < self._begin

    def _harvest(self, site: Site) -> list[ast.expr]:
        """Distinct sub-expressions of the code that this function could borrow."""
        if site.filename in self._harvests:
            return self._harvests[site.filename]
        found: dict[str, ast.expr] = {}
        for other in self.code.sites:
            if other.filename != site.filename or (
                other.index not in self._order and other.kind != "call"
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
        values = self._values.get(site.index, [])
        # In a loop the first pass tells nothing: an accumulation starts at zero.
        original = values[0] if len(values) == 1 else None
        overrides = {**self.accepted, site.index: edit.override}
        self.recorder.edit(overrides, site.index, original)
        try:
            outcome = self.exam.program.run()
        except Unchanged:
            return frozenset()
        finally:
            self.recorder.edit(self.accepted)
        if outcome.error is not None or outcome.cost is None:
            return frozenset()
        if not self._same_cost(outcome, 1e-10):
            return frozenset()
        claimed = self.exam.claimed(outcome)
        mended = frozenset(n for n in wrong if self._fits(n, claimed[n]))
        if not mended:
            return mended
        for n, good in enumerate(right):
            if good and not self._fits(n, claimed[n]):
                return frozenset()
        return mended

    def _fits(self, n: int, leaf: Any) -> bool:
        """A quick form of the comparison: every smooth entry within the bound."""
        truth = self.exam.truths[n]
        if leaf is None or not (
            fits(leaf.value.shape, truth.shape) or leaf.value.size == 1 == truth.size
        ):
            return False
        return self.exam._compare_one(self.exam.pairs[n], truth, leaf).verdict != "wrong"

    def _right(self, outcome: Outcome) -> list[bool]:
        if outcome.error is not None:
            return [False] * len(self.exam.pairs)
        right = [self._fits(n, leaf) for n, leaf in enumerate(self.exam.claimed(outcome))]
        # What is wrong only elsewhere (a coincidence or a kink here) is wrong all the same.
        for n, good in enumerate(right):
            if good and not self.exam.right_elsewhere([n]):
                right[n] = False
        return right

    def _confirmed(self, fixes: list[Fix]) -> list[Fix]:
        """Those fixes that hold at the shifted points too."""
        good = []
        for fix in sorted(fixes, key=lambda f: f.edit.cost)[:60]:
            self.recorder.edit({**self.accepted, fix.site.index: fix.edit.override})
            try:
                if self.exam.right_elsewhere(sorted(fix.mended)):
                    good.append(fix)
            finally:
                self.recorder.edit(self.accepted)
        return good

    def _choose(self, fixes: list[Fix]) -> Fix:
        """Among mended statements the one that is wrong in itself: see step 3 of the module."""
        sites = {f.site.index for f in fixes}
        if len(sites) == 1:
            return min(fixes, key=lambda f: f.edit.cost)
        order = {index: k for k, index in enumerate(sorted(sites, key=lambda i: self._order[i]))}
        cheapest: dict[int, Fix] = {}
        for fix in fixes:
            known = cheapest.get(fix.site.index)
            if known is None or fix.edit.cost < known.edit.cost:
                cheapest[fix.site.index] = fix

        def score(fix: Fix) -> float:
            total = fix.edit.cost + 0.02 * order[fix.site.index]
            if self._is_forward(fix.site):
                total += 0.5
            if self._is_true(fix.site):
                total += 2.0
            return total + 0.5 * self._misnamed(fix)

        return min(list(cheapest.values())[:12], key=score)

    def _misnamed(self, fix: Fix) -> int:
        """How many statements still are not the derivative that their name says, with the fix in."""
        self.truths()
        self.recorder.edit({**self.accepted, fix.site.index: fix.edit.override})
        events = self._trace()
        self.recorder.edit(self.accepted)
        last: dict[int, Any] = {}
        for event in events:
            last[event.site] = event.value
        count = 0
        for index, value in last.items():
            site = self.code.sites[index]
            if site.kind not in ("assign", "update") or not isinstance(value, (np.ndarray, float)):
                continue
            wanted = self._named(site)
            if wanted and not any(t.site.name in wanted for t in self._match(np.asarray(value))):
                count += 1
        return count

    # -- matching ------------------------------------------------------------------------------

    def truths(self) -> list[_True]:
        """True derivatives with respect to the values of the forward pass, along three directions."""
        if self._truths is not None:
            return self._truths
        self._truths = []
        self.recorder.edit({})
        rng = np.random.default_rng(5)
        budget = time.perf_counter() + max(2.0, self.seconds / 5)
        for event in self.events:
            site = self.code.sites[event.site]
            if event.site not in self.forward or site.kind not in (
                "assign",
                "update",
                "return",
                "argument",
            ):
                continue
            if not isinstance(event.value, (np.ndarray, float, np.floating)):
                continue
            value = np.asarray(event.value)
            if value.dtype.kind != "f" or value.size == 0 or time.perf_counter() > budget:
                continue
            probes = [
                rng.uniform(0.5, 1.5, value.shape) * rng.choice((-1.0, 1.0), value.shape)
                for _ in range(3)
            ]
            along = np.array([self._derivative(event, probe) for probe in probes])
            if np.isfinite(along).all() and np.abs(along).max() > 0:
                self._truths.append(_True(site, event.pass_, value.shape, probes, along))
        self.recorder.changes = {}
        self.recorder.edit(self.accepted)
        return self._truths

    def _derivative(self, event: Event, probe: NDArray[np.float64]) -> float:
        typical = (
            float(np.sqrt(np.mean(np.square(np.asarray(event.value, dtype=np.float64))))) or 1.0
        )
        step = 2.0**-17 * max(typical, 1e-3)

        def moved(t: float) -> float:
            def change(value: Any, pass_: int) -> Any:
                return value + t * probe if pass_ == event.pass_ else value

            self.recorder.changes = {event.site: change}
            return self.exam.program.cost()

        first = (moved(step) - moved(-step)) / (2 * step)
        second = (moved(step / 2) - moved(-step / 2)) / step
        return (4 * second - first) / 3

    def _is_true(self, site: Site) -> bool:
        """True if every value of the site is a true derivative, and of what its name says."""
        values = self._values.get(site.index, [])
        if not values or site.kind not in ("assign", "update", "return"):
            return False
        matched = [
            self._match(np.asarray(v))
            for v in values
            if isinstance(v, (np.ndarray, float, np.floating))
        ]
        if not matched or not all(matched):
            return False
        wanted = self._named(site)
        if wanted:
            return any(t.site.name in wanted for found in matched for t in found)
        return True

    def _named(self, site: Site) -> set[str]:
        """Forward variables that the name of a site says it is the derivative of."""
        word = site.name.split(".")[-1]
        if isinstance(site.target, ast.Subscript) and isinstance(site.target.slice, ast.Constant):
            word = str(site.target.slice.value)
        names = {t.site.name for t in self.truths()}
        return {n for n in names for g in gradient_name(word) if same_name(g, n) >= 2}

    def _match(self, value: NDArray[Any]) -> list[_True]:
        """The forward values whose true derivative `value` is."""
        if value.dtype.kind != "f":
            return []
        found = []
        for truth in self.truths():
            for candidate in (value, value.T) if value.ndim == 2 else (value,):
                if candidate.shape != truth.shape:
                    continue
                along = np.array([np.sum(candidate * probe) for probe in truth.probes])
                scale = np.array([np.sum(np.abs(candidate * probe)) for probe in truth.probes])
                if np.all(
                    np.abs(along - truth.along) <= 1e-5 * scale + 1e-7 * np.abs(truth.along).max()
                ):
                    found.append(truth)
                    break
        return found

    # -- intervention --------------------------------------------------------------------------

    def _full(self, truth: _True) -> NDArray[np.float64]:
        """Every entry of a true derivative."""
        if truth.full is None:
            event = next(
                e for e in self.events if e.site == truth.site.index and e.pass_ == truth.pass_
            )
            full = np.zeros(truth.shape)
            for k in range(full.size):
                unit = np.zeros(truth.shape)
                unit.reshape(-1)[k] = 1.0
                full.reshape(-1)[k] = self._derivative(event, unit)
            self.recorder.changes = {}
            truth.full = full
        return truth.full

    def _intervene(self, wrong: frozenset[int]) -> tuple[int, Finding] | None:
        whole, _ = self._suspects(wrong)
        everything = list(range(len(self.exam.pairs)))
        for site in whole:
            values = self._values.get(site.index, [])
            if (
                site.index in self.forward
                or len(values) != 1
                or site.kind not in ("assign", "update")
            ):
                continue
            if not isinstance(values[0], (np.ndarray, float, np.floating)):
                continue
            value = np.asarray(values[0])
            if value.dtype.kind != "f" or value.size > 400:
                continue
            for name, true in self._quantities(site, value):
                if time.perf_counter() > self._deadline + 5:
                    return None
                self.recorder.changes = {site.index: _instead(true)}
                outcome = self.exam.program.run()
                self.recorder.changes = {}
                if all(self._right_quickly(outcome, n) for n in everything):
                    return self._order[site.index], self._finding_by_value(
                        site, name, value, true, wrong
                    )
        return None

    def _right_quickly(self, outcome: Outcome, n: int) -> bool:
        return outcome.error is None and self._fits(n, self.exam.claimed(outcome)[n])

    def _quantities(
        self, site: Site, value: NDArray[Any]
    ) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """True derivatives that the site could be meant to hold, those it is named after first."""
        wanted = self._named(site)
        counts = {1.0} | {float(s) for t in self.exam.truths for s in t.shape[:1] if s > 1}
        for leaf in self.exam.program.leaves:
            counts |= {float(s) for s in leaf.value.shape if s > 1}
        named = sorted(self.truths(), key=lambda t: t.site.name not in wanted)
        for n, truth in enumerate(self.exam.truths):
            if truth.is_complete and truth.shape == value.shape:
                yield self.exam.program.leaves[self.exam.pairs[n].leaf].name, truth.array()
        for true in named:
            if true.shape not in (value.shape, value.shape[::-1]):
                continue
            full = self._full(true)
            if full.shape != value.shape:
                full = full.T
            for count in sorted(counts):
                yield true.name, full * count

    def _finding_by_value(
        self,
        site: Site,
        name: str,
        value: NDArray[Any],
        true: NDArray[np.float64],
        wrong: frozenset[int],
    ) -> Finding:
        slip, message = describe_difference(value, true)
        k = int(np.argmax(np.abs(value - true))) if value.shape == true.shape else 0
        index = tuple(int(i) for i in np.unravel_index(k, true.shape)) if true.shape else ()
        worst = Worst(index, float(value.reshape(-1)[k]), float(true.reshape(-1)[k]))
        return Finding(
            site.filename,
            site.line,
            self.code.text(site),
            slip,
            message,
            f"the derivative of the cost with respect to {name} (∂C/∂{name}); with that value every"
            " gradient is right",
            None,
            worst,
            site.statement.end_lineno or site.line,
            site.function,
            self._names(wrong),
            (),
            "intervention",
        )

    def _last_resort(self, wrong: frozenset[int]) -> tuple[int, Finding]:
        """The first statement on the way to the wrong gradients whose value is no true derivative."""
        whole, part = self._suspects(wrong)
        candidates = [
            s
            for s in whole or part
            if s.index not in self.forward and s.kind != "test" and s.kind != "loop"
        ]
        candidates = [s for s in candidates if self.feeds[s.index]] or candidates
        if not candidates:
            candidates = [s for s in self.code.sites if s.index in self._order]
        exact = [s for s in candidates if self.feeds.get(s.index) == wrong] or candidates
        after = 0
        for k, site in enumerate(exact):
            if self._is_true(site):
                after = k + 1
        site = exact[min(after, len(exact) - 1)]
        wanted = sorted(self._named(site))
        expected = f"∂C/∂{wanted[0]}" if wanted else ""
        finding = Finding(
            site.filename,
            site.line,
            self.code.text(site),
            "missing-term",
            "no small edit of one statement makes the gradients right; this is the first one whose value"
            " is not a true derivative of the cost",
            expected,
            None,
            self._worst_output(wrong),
            site.statement.end_lineno or site.line,
            site.function,
            self._names(wrong),
            (),
            "matching",
        )
        return self._order.get(site.index, 0), finding

    # -- words ---------------------------------------------------------------------------------

    def _names(self, wrong: frozenset[int]) -> tuple[str, ...]:
        return tuple(self.exam.program.leaves[self.exam.pairs[n].leaf].name for n in sorted(wrong))

    def _worst_output(self, wrong: frozenset[int]) -> Worst | None:
        comparisons = self.exam.compare(self.base)
        return next((comparisons[n].worst for n in sorted(wrong) if comparisons[n].worst), None)

    def _report(self, fix: Fix) -> tuple[int, Finding]:
        site, edit = fix.site, fix.edit
        self.recorder.edit({**self.accepted, site.index: edit.override})
        mended = self._trace()
        self.recorder.edit(self.accepted)
        after: dict[int, list[Any]] = {}
        for event in mended:
            after.setdefault(event.site, []).append(event.value)
        worst = _worst_of(self._values.get(site.index, []), after.get(site.index, []))
        lines = set()
        for index, values in self._values.items():
            other = self.code.sites[index]
            if other.line == site.line and other.filename == site.filename:
                continue
            if (
                _differ(values, after.get(index, []))
                and self._order[index] > self._order[site.index]
            ):
                lines.add(other.line)
        expected = edit.text
        for value in after.get(site.index, [])[:1]:
            matches = (
                self._match(np.asarray(value))
                if isinstance(value, np.ndarray) and value.size > 1
                else []
            )
            if matches and not edit.text.startswith("("):
                expected = f"∂C/∂{matches[-1].name}:  {edit.text}"
        finding = Finding(
            site.filename,
            site.line,
            self.code.text(site),
            edit.slip,
            edit.message,
            expected,
            edit.text,
            worst or self._worst_output(fix.mended),
            site.statement.end_lineno or site.line,
            site.function,
            self._names(fix.mended),
            tuple(sorted(lines)),
            "edit",
        )
        return self._order[site.index], finding


def describe_difference(value: NDArray[Any], true: NDArray[np.float64]) -> tuple[str, str]:
    """The slip that turns `true` into `value`, read off the numbers alone.

    Examples
    --------
    >>> describe_difference(np.array([2.0, 4.0]), np.array([1.0, 2.0]))[0]
    'factor-2'
    >>> describe_difference(np.array([-1.0, 2.0]), np.array([1.0, -2.0]))[0]
    'sign'
    """
    if value.shape == true.shape:
        weight = float(np.sum(true * true))
        ratio = float(np.sum(value * true)) / weight if weight else 0.0
        if ratio and np.allclose(value, ratio * true, rtol=1e-5, atol=1e-9 * abs(ratio)):
            if np.isclose(ratio, -1):
                return "sign", "the sign is wrong"
            if np.isclose(abs(ratio), 2) or np.isclose(abs(ratio), 0.5):
                return "factor-2", f"it is {ratio:g} times what it should be"
            for m in range(3, 1025):
                if np.isclose(abs(ratio), m) or np.isclose(abs(ratio), 1 / m):
                    return "factor-m", f"it is {ratio:g} times what it should be"
            if value.size > 1:
                return "factor", f"it is {ratio:g} times what it should be"
        if (
            true.ndim == 2
            and true.shape[0] == true.shape[1]
            and np.allclose(value, true.T, rtol=1e-5)
        ):
            return "transpose", "it is transposed"
        with np.errstate(all="ignore"):
            zero = np.isclose(true, 0) & ~np.isclose(value, 0)
            rest = np.isclose(value, true, rtol=1e-5)
        if zero.any() and (zero | rest).all():
            return "mask", "entries that should be zero are not"
    elif value.ndim == 2 and value.T.shape == true.shape and np.allclose(value.T, true, rtol=1e-5):
        return "transpose", "it is transposed"
    return "missing-term", "it is not the derivative of the cost that it should be"


def _instead(value: NDArray[np.float64]) -> Callable[[Any, int], Any]:
    """A change that puts `value` in the place of whatever comes."""
    return lambda old, pass_: value.copy()


def _has_floats(values: list[Any]) -> bool:
    found = []
    for value in values:
        if isinstance(value, np.ndarray) and value.dtype == bool:
            return True
        map_arrays(lambda a: found.append(1) or a, value)  # type: ignore[func-returns-value]
    return bool(found)


def _differ(a: list[Any], b: list[Any]) -> bool:
    if len(a) != len(b):
        return True
    for x, y in zip(a, b):
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
            if x.shape != y.shape or not np.allclose(x, y, rtol=1e-9, atol=0, equal_nan=True):
                return True
        elif isinstance(x, (float, np.floating)) and isinstance(y, (float, np.floating)) and x != y:
            return True
    return False


def _worst_of(before: list[Any], after: list[Any]) -> Worst | None:
    for x, y in zip(before, after):
        if not all(isinstance(v, (np.ndarray, int, float, np.number)) for v in (x, y)):
            continue
        a, b = np.asarray(x), np.asarray(y)
        if a.shape != b.shape or a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
            continue
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
        if gap.size and np.nanmax(gap) > 0:
            k = int(np.nanargmax(gap))
            index = tuple(int(i) for i in np.unravel_index(k, a.shape)) if a.shape else ()
            return Worst(index, float(a.reshape(-1)[k]), float(b.reshape(-1)[k]))
    return None
