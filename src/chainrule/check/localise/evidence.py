"""Dependence: what ran, with which values, and which gradients each statement feeds."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import Any

import numpy as np

from ..instrument import Site
from ..leaves import is_gradient_name
from ..recorder import PASSES, map_arrays
from ..scope import Scope
from .case import Case
from .differences import differ


class Evidence:
    """One traced run of the program and what disturbing each statement showed.

    Attributes
    ----------
    events : list of Event
        Every execution of a statement, in order.
    order : dict of int to int
        Site to its place among the sites by first execution.
    values : dict of int to list
        Site to what it computed, pass by pass.
    scopes : dict of int to Scope
        Site to what it can read: names of its last pass, and others that only earlier ones had.
    passes : dict of int to list of Scope
        Site to what it can read, pass by pass; empty where there are too many.
    begin : int
        Order number of the first site of a separate backward pass; 0 if there is none.
    forward : set of int
        Sites whose value the cost depends on.
    feeds : dict of int to frozenset or None
        Site to the gradients that depend on it; None where a disturbance tells nothing.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.events = case.trace()
        self.order: dict[int, int] = {}
        self.values: dict[int, list[Any]] = {}
        for event in self.events:
            self.order.setdefault(event.site, len(self.order))
            self.values.setdefault(event.site, []).append(event.value)
        for site in case.code.sites:
            if site.kind == "call" and site.index not in self.order:
                children = [c.index for c in case.code.sites if c.parent == site.index]
                seen = [self.order[c] for c in children if c in self.order]
                if not children:
                    # A call without arguments records nothing: it ran if what stands before it did.
                    seen = [self.order[s.index] for s in self._before(site)]
                if seen:
                    self.order[site.index] = max(seen)
        self.scopes = self._scopes()
        self.begin = self._backward_begins()
        self._classify()

    def _before(self, site: Site) -> list[Site]:
        """Executed sites of the same function that stand before this one, the nearest first."""
        found = [
            s
            for s in self.case.code.sites
            if s.index in self.order
            and (s.filename, s.function) == (site.filename, site.function)
            and s.line < site.line
        ]
        return found[::-1]

    def _scopes(self) -> dict[int, Scope]:
        self.case.recorder.scopes = {}
        self.case.exam.program.run()
        recorded = self.case.recorder.scopes
        self.case.recorder.scopes = None
        spaces = {f.__code__.co_filename: f.__globals__ for f in self.case.exam.program.functions}
        scopes = {}
        self.passes: dict[int, list[Scope]] = {}
        for site in self.case.code.sites:
            names = recorded.get(site.index)
            if names is None and site.kind == "call":
                children = [c.index for c in self.case.code.sites if c.parent == site.index]
                names = next((recorded[c] for c in children if c in recorded), None)
                if names is None and site.index in self.order:
                    names = next(
                        (recorded[s.index] for s in self._before(site) if s.index in recorded), None
                    )
            if names is None or site.filename not in spaces:
                continue
            globals_ = spaces[site.filename]
            merged = {name: value for scope in names for name, value in scope.items()}
            scopes[site.index] = Scope(merged, globals_)
            if len(names) <= PASSES:
                self.passes[site.index] = (
                    [scopes[site.index]]
                    if len(names) == 1
                    else [Scope(scope, globals_) for scope in names]
                )
        return scopes

    def _backward_begins(self) -> int:
        """Order number of the first site of a separate backward pass; 0 if there is none."""
        mark = self.case.recorder.mark
        first = [e.site for e in self.events[mark:]] if mark else []
        earlier = {e.site for e in self.events[:mark]}
        return min((self.order[i] for i in first if i not in earlier), default=0)

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

        base = self.case.exam.claimed(self.case.base)
        everything = frozenset(range(len(self.case.exam.pairs)))
        for index in self.order:
            if self.case.code.sites[index].kind == "call":
                continue
            if not _has_floats(self.values.get(index, [])):
                self.feeds[index] = None
                continue
            self.case.recorder.changes = {index: disturb}
            outcome = self.case.exam.program.run()
            if outcome.error is not None:
                self.feeds[index] = everything
                continue
            if not self.case.same_cost(outcome, 1e-12):
                self.forward.add(index)
            changed = set()
            for n, (old, new) in enumerate(zip(base, self.case.exam.claimed(outcome))):
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
        self.case.recorder.changes = {}
        for site in self.case.code.sites:
            if site.kind == "call" and site.index in self.order:
                children = [c.index for c in self.case.code.sites if c.parent == site.index]
                sets = [self.feeds.get(c) for c in children]
                known = [s for s in sets if s is not None]
                self.feeds[site.index] = frozenset().union(*known) if known else None
                if any(c in self.forward for c in children):
                    self.forward.add(site.index)

    def reaches(self, site: Site, other: Site) -> bool:
        """True if what `site` computes has a part in what `other` computes."""
        recorder = self.case.recorder
        rng = np.random.default_rng(4)

        def disturb(value: Any, pass_: int) -> Any:
            # At random: a normalisation undoes a scale and a shift.
            return map_arrays(lambda a: a * rng.uniform(1.1, 1.6, np.shape(a)) + 0.01, value)

        recorder.changes = {site.index: disturb}
        events = self.case.trace()
        recorder.changes = {}
        after = [event.value for event in events if event.site == other.index]
        return differ(self.values.get(other.index, []), after)

    def suspects(self, wrong: frozenset[int]) -> tuple[list[Site], list[Site]]:
        """Sites that could explain everything wrong, and those that could explain a part."""
        whole, part = [], []
        for index in sorted(self.feeds, key=lambda i: self.order[i]):
            site = self.case.code.sites[index]
            if site.kind == "argument" or index in self.case.accepted or index not in self.scopes:
                continue
            fed = self.feeds[index]
            if fed is None or wrong <= fed or (fed & wrong and _writes(site)):
                whole.append(site)
            elif fed & wrong:
                part.append(site)
        key = lambda s: (s.index in self.forward, self.order[s.index])  # noqa: E731
        return sorted(whole, key=key), sorted(part, key=key)

    def is_forward(self, site: Site) -> bool:
        return site.index in self.forward or self.order[site.index] < self.begin

    def is_late(self, site: Site) -> bool:
        """False for what only keeps values of the forward pass: it is executed before the cost is known."""
        if self.order[site.index] > self._turn or site.target is None:
            return self.order[site.index] > self._turn
        words = [n.id for n in ast.walk(site.target) if isinstance(n, ast.Name)]
        return any(is_gradient_name(word) for word in words)

    @cached_property
    def _turn(self) -> int:
        """Order number of the last statement of the forward pass that is no ``return``."""
        code = self.case.code
        return max(
            (self.order[i] for i in self.forward if code.sites[i].kind != "return"), default=0
        )


def _writes(site: Site) -> bool:
    """True for what may write into the wrong array: the one that it should does not depend on it."""
    return site.kind == "call" or (
        site.kind in ("assign", "update") and isinstance(site.target, ast.Subscript)
    )


def _has_floats(values: list[Any]) -> bool:
    found: list[Any] = []

    def note(array: Any) -> Any:
        found.append(array)
        return array

    for value in values:
        if isinstance(value, np.ndarray) and value.dtype == bool:
            return True
        map_arrays(note, value)
    return bool(found)
