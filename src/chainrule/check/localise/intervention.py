"""Intervention: the value of one statement is replaced by a true derivative of fitting shape."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..instrument import Site
from ..leaves import is_gradient_name
from ..match import MISSING
from ..report import Finding, Worst
from ..suspects.trees import is_blank
from .case import Case
from .derivatives import Derivatives
from .differences import describe_difference, differ
from .edits import EditSearch
from .evidence import Evidence
from .filled import Filling
from .naming import is_vague


class Intervention:
    """What is left where no edit helps: values are put in, and the first untrue one is named."""

    def __init__(
        self, case: Case, evidence: Evidence, derivatives: Derivatives, edits: EditSearch
    ) -> None:
        self.edits = edits
        self.case = case
        self.evidence = evidence
        self.derivatives = derivatives
        self.filling = Filling(case, evidence, derivatives, edits.trials_of)

    def culprit(
        self, wrong: frozenset[int], right: list[bool], proven: bool = True
    ) -> tuple[int, Finding] | None:
        """A statement that a change of its value alone mends, and that is not true already.

        With `proven` False also where that is only a matter of having entries enough.
        """
        chosen = self._untrue(wrong, right, proven)
        if chosen is None:
            return None
        return self.evidence.order[chosen.index], self._finding_by_value(chosen, wrong)

    def _untrue(self, wrong: frozenset[int], right: list[bool], proven: bool) -> Site | None:
        """The likeliest of the statements that another value would mend, and that are not true."""
        broken = self.edits.broken
        if broken is not None and broken.by_name:
            return self._never_changed(broken.site) or broken.site
        whole, _ = self.evidence.suspects(wrong)
        kept = wrong | frozenset(n for n, good in enumerate(right) if good)
        found: list[Site] = []
        for site in sorted(whole, key=lambda s: self.evidence.order[s.index]):
            if self.evidence.is_forward(site) or site.kind not in ("assign", "update", "return"):
                continue
            if broken is not None and site.index not in broken.earlier:
                continue
            if not self._can_mend(site, kept, proven):
                continue
            if self.derivatives.is_true(site):
                # What is wrong lies behind it.
                found = [other for other in found if self.evidence.reaches(site, other)]
            else:
                found.append(site)
        return self._likeliest(found, kept)

    def _likeliest(self, found: list[Site], kept: frozenset[int]) -> Site | None:
        """The one with most places for a slip: what is short has no slip that was not tried."""
        # What the forward pass keeps for later, and what only gets its value handed on, come last.
        for site in found:
            values = self.evidence.values[site.index]
            if site.kind == "update" and site.operator in "*/" and not any(map(np.any, values)):
                # It scales zeros: nothing was added to them.
                return site
        parts: list[Site] = []
        for site in found:
            parts += self.filling.suspects(site, kept) if is_blank(site.expr) else [site]
        for wanted in (self._carries, self.evidence.is_late, lambda site: True):
            some = [site for site in parts if wanted(site)]
            if some:
                chosen = max(some, key=lambda s: (_places(s), -self.evidence.order[s.index]))
                return self.filling.last_change(chosen)
        return None

    def _carries(self, site: Site) -> bool:
        return self.evidence.is_late(site) and not (is_vague(site) or _hands_on(site))

    def _never_changed(self, site: Site) -> Site | None:
        """What a statement in a loop reads in every pass, if that should have been carried on.

        Its value is right in some pass and the same in all: what it reads was set before the loop.
        """
        values = self.evidence.values[site.index]
        if len(values) < 2 or differ(values[:-1], values[1:]):
            return None
        read = {n.id for n in ast.walk(site.expr) if isinstance(n, ast.Name)}
        setters = [
            other
            for other in self.case.code.sites
            if other.name in read
            and other.function == site.function
            and self.evidence.order.get(other.index, self.evidence.order[site.index])
            < self.evidence.order[site.index]
            and is_gradient_name(other.name)
        ]
        return max(setters, key=lambda s: self.evidence.order[s.index], default=None)

    def _can_mend(self, site: Site, wanted: frozenset[int], proven: bool) -> bool:
        trials = self.edits.trials_of(site)
        response = trials.response
        if response is not None and response.is_complete:
            return not trials.hopeless and (not proven or response.proves(wanted))
        values = self.evidence.values.get(site.index, [])
        if len(values) != 1 or not isinstance(values[0], (np.ndarray, float, np.floating)):
            return False
        return self._true_value(site, np.asarray(values[0])) is not None

    def _true_value(
        self, site: Site, value: NDArray[Any]
    ) -> tuple[str, NDArray[np.float64]] | None:
        """The true derivative that the site has to hold for every gradient to come right."""
        if value.dtype.kind != "f" or value.size > 400:
            return None
        for name, true in self._quantities(site, value):
            if time.process_time() > self.case.deadline + 5:
                return None
            self.case.recorder.changes = {site.index: _instead(true)}
            outcome = self.case.exam.program.run()
            self.case.recorder.changes = {}
            if self.case.all_right(outcome):
                return name, true
        return None

    def _quantities(
        self, site: Site, value: NDArray[Any]
    ) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """True derivatives that the site could be meant to hold, those it is named after first."""
        wanted = self.derivatives.named(site)
        counts = {1.0} | {float(s) for t in self.case.exam.truths for s in t.shape[:1] if s > 1}
        for leaf in self.case.exam.program.leaves:
            counts |= {float(s) for s in leaf.value.shape if s > 1}
        named = sorted(self.derivatives.truths(), key=lambda t: t.name not in wanted)
        for n, truth in enumerate(self.case.exam.truths):
            if truth.is_complete and truth.shape == value.shape:
                yield (
                    self.case.exam.program.leaves[self.case.exam.pairs[n].leaf].name,
                    truth.array(),
                )
        for true in named:
            if true.shape not in (value.shape, value.shape[::-1]):
                continue
            full = self.derivatives.full(true)
            if full.shape != value.shape:
                full = full.T
            for count in sorted(counts):
                yield true.name, full * count

    def _finding_by_value(self, site: Site, wrong: frozenset[int]) -> Finding:
        values = self.evidence.values[site.index]
        named: tuple[str, NDArray[np.float64]] | None = None
        if len(values) == 1 and isinstance(values[0], (np.ndarray, float, np.floating)):
            named = self._true_value(site, np.asarray(values[0]))
        value = np.asarray(values[0]) if named else None
        slip, message = self._by_value(site, wrong) or self._unexplained(site)
        worst = self.case.worst_output(wrong)
        expected = "another value: there is one with which every gradient is right"
        if named is not None and value is not None:
            name, true = named
            read = describe_difference(value, true, self._inputs())
            if read is not None:
                slip, message = read
            k = int(np.argmax(np.abs(value - true)))
            index = tuple(int(i) for i in np.unravel_index(k, true.shape)) if true.shape else ()
            worst = Worst(index, float(value.reshape(-1)[k]), float(true.reshape(-1)[k]))
            expected = (
                f"the derivative of the cost with respect to {name} (∂C/∂{name}); with that value"
                " every gradient is right"
            )
        return Finding(
            site.filename,
            site.line,
            self.case.code.text(site),
            slip,
            message,
            expected,
            None,
            worst,
            site.statement.end_lineno or site.line,
            site.function,
            self.case.names(wrong),
            (),
            "intervention",
        )

    def _by_value(self, site: Site, wrong: frozenset[int]) -> tuple[str, str] | None:
        """The slip read off the one value of the first pass with which everything is right."""
        response = self.edits.trials_of(site).response
        if response is None or not response.is_complete or is_blank(site.expr):
            return None
        found = response.wanted(wrong)
        values = self.evidence.values[site.index]
        if found is None or not found[1] or not isinstance(values[0], np.ndarray):
            return None
        wanted = found[0][: values[0].size].reshape(values[0].shape)
        return describe_difference(values[0], wanted, self._inputs())

    def _inputs(self) -> list[NDArray[Any]]:
        return [leaf.value for leaf in self.case.exam.program.leaves]

    def _unexplained(self, site: Site) -> tuple[str, str]:
        """The likeliest slip where only the statement is known.

        A gradient is a product of what arrives from above with local derivatives. A statement that
        adds nothing up has lost a factor; one that does may have lost a summand.
        """
        sums = [
            node
            for node in ast.walk(site.expr)
            if isinstance(node, ast.BinOp)
            and isinstance(node.op, (ast.Add, ast.Sub))
            and not isinstance(node.left, ast.Constant)
        ]
        values = self.evidence.values.get(site.index, [])
        empty = values and all(isinstance(v, np.ndarray) and not v.any() for v in values)
        if empty or is_blank(site.expr) or isinstance(site.expr, ast.Constant) or _hands_on(site):
            return "missing-term", "something that belongs to it is not added, or not put into it"
        words = [n.id for n in ast.walk(site.expr) if isinstance(n, ast.Name)]
        known = self.evidence.scopes[site.index].local if site.index in self.evidence.scopes else {}
        # gq beside q is a gradient, too.
        if not any(
            is_gradient_name(word) or (word[:1] == "g" and word[1:] in known) for word in words
        ):
            return "missing-derivative", "nothing that arrives from above enters it"
        if sums:
            return "missing-term", "it is not the derivative of the cost that it should be"
        return "missing-derivative", "a factor of the chain rule is missing"

    def last_resort(self, wrong: frozenset[int]) -> tuple[int, Finding]:
        """The first statement on the way to the wrong gradients whose value is no true derivative."""
        if all(self.case.exam.pairs[n].output == MISSING for n in wrong):
            return self._never_computed(wrong)
        whole, part = self.evidence.suspects(wrong)
        candidates = [
            s
            for s in whole or part
            if s.index not in self.evidence.forward and s.kind != "test" and s.kind != "loop"
        ]
        candidates = [s for s in candidates if self.evidence.feeds[s.index]] or candidates
        # What the forward pass keeps for later is mostly right.
        backward = [s for s in candidates if not self.evidence.is_forward(s)]
        candidates = [s for s in backward if self.evidence.is_late(s)] or backward or candidates
        if not candidates:
            candidates = [s for s in self.case.code.sites if s.index in self.evidence.order]
        exact = [s for s in candidates if self.evidence.feeds.get(s.index) == wrong] or candidates
        after = 0
        for k, site in enumerate(exact):
            if self.derivatives.is_true(site):
                after = k + 1
        site = exact[min(after, len(exact) - 1)]
        wanted = sorted(self.derivatives.named(site))
        expected = f"∂C/∂{wanted[0]}" if wanted else ""
        finding = Finding(
            site.filename,
            site.line,
            self.case.code.text(site),
            self._unexplained(site)[0],
            "no small edit of one statement makes the gradients right; this is the first one whose value"
            " is not a true derivative of the cost",
            expected,
            None,
            self.case.worst_output(wrong),
            site.statement.end_lineno or site.line,
            site.function,
            self.case.names(wrong),
            (),
            "matching",
        )
        return self.evidence.order.get(site.index, 0), finding

    def _never_computed(self, wrong: frozenset[int]) -> tuple[int, Finding]:
        """Where the backward pass ends, for gradients that no statement computes."""
        order = self.evidence.order
        run = [s for s in self.case.code.sites if s.index in order]
        ends = [s for s in run if s.kind == "return" and s.index not in self.evidence.forward]
        site = max(ends or run, key=lambda s: order[s.index])
        names = self.case.names(wrong)
        finding = Finding(
            site.filename,
            site.line,
            self.case.code.text(site),
            "missing-term",
            f"by here the gradient of {', '.join(names)} should have been computed",
            "",
            None,
            None,
            site.statement.end_lineno or site.line,
            site.function,
            names,
            (),
            "matching",
        )
        return order[site.index], finding


def _instead(value: NDArray[np.float64]) -> Callable[[Any, int], Any]:
    """A change that puts `value` in the place of whatever comes."""
    return lambda old, pass_: value.copy()


def _places(site: Site) -> int:
    """How many names and numbers a statement has: each could be another."""
    parts = [site.expr] if site.target is None else [site.expr, site.target]
    return sum(isinstance(n, (ast.Name, ast.Constant)) for part in parts for n in ast.walk(part))


def _hands_on(site: Site) -> bool:
    """True for ``return dw`` and ``d = p.copy()``: the value is only handed on."""
    expr = site.expr
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and not expr.args:
        return expr.func.attr == "copy"
    return site.kind == "return" and isinstance(expr, (ast.Name, ast.Attribute, ast.Subscript))
