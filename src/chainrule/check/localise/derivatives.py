"""Matching: the true derivative of the cost with respect to every value of the forward pass."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..expressions import atoms, text
from ..instrument import Site
from ..leaves import gradient_name, same_name
from ..recorder import Event
from ..scope import shape_of
from .case import Case
from .evidence import Evidence
from .slopes import is_slope_of_its_function

#: Ways to align the passes of two loops that are tried.
_ALIGNMENTS = 12


@dataclass
class TrueDerivative:
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


class Derivatives:
    """True derivatives with respect to forward values, and which statements hold one.

    They come from the run of the code on tensors where there was one, else from differences, which
    are taken when first asked for: many slips are found without.
    """

    def __init__(self, case: Case, evidence: Evidence) -> None:
        self.case = case
        self.evidence = evidence
        self._truths: list[TrueDerivative] | None = None
        self._true: dict[int, bool] = {}

    def truths(self) -> list[TrueDerivative]:
        """True derivatives with respect to the values of the forward pass, along three directions."""
        if self._truths is not None:
            return self._truths
        self._truths = []
        self.case.recorder.edit({})
        rng = np.random.default_rng(5)
        budget = time.process_time() + max(2.0, self.case.seconds / 5)
        for event in self.evidence.events:
            site = self.case.code.sites[event.site]
            if event.site not in self.evidence.forward or site.kind not in (
                "assign",
                "update",
                "return",
                "argument",
            ):
                continue
            if not isinstance(event.value, (np.ndarray, float, np.floating)):
                continue
            value = np.asarray(event.value)
            if value.dtype.kind != "f" or value.size == 0:
                continue
            exact = self._on_tensors(event)
            if exact is None and time.process_time() > budget:
                continue
            probes = [
                rng.uniform(0.5, 1.5, value.shape) * rng.choice((-1.0, 1.0), value.shape)
                for _ in range(3)
            ]
            if exact is not None:
                along = np.array([np.sum(exact * probe) for probe in probes])
            else:
                along = np.array([self._derivative(event, probe) for probe in probes])
            if np.isfinite(along).all() and np.abs(along).max() > 0:
                self._truths.append(
                    TrueDerivative(site, event.pass_, value.shape, probes, along, exact)
                )
        self.case.recorder.changes = {}
        self.case.recorder.edit(self.case.accepted)
        return self._truths

    def _on_tensors(self, event: Event) -> NDArray[np.float64] | None:
        """The derivative from the run of the code on tensors, if there was one."""
        exact = self.case.exam.exact
        found = exact.values.get((event.site, event.pass_)) if exact is not None else None
        return found if found is not None and found.shape == np.shape(event.value) else None

    def _derivative(self, event: Event, probe: NDArray[np.float64]) -> float:
        typical = (
            float(np.sqrt(np.mean(np.square(np.asarray(event.value, dtype=np.float64))))) or 1.0
        )
        step = 2.0**-17 * max(typical, 1e-3)

        def moved(t: float) -> float:
            def change(value: Any, pass_: int) -> Any:
                return value + t * probe if pass_ == event.pass_ else value

            self.case.recorder.changes = {event.site: change}
            return self.case.exam.program.cost()

        first = (moved(step) - moved(-step)) / (2 * step)
        second = (moved(step / 2) - moved(-step / 2)) / step
        return (4 * second - first) / 3

    def after(self, evidence: Evidence) -> Derivatives:
        """The same true derivatives beside what the program computes with an edit accepted."""
        derivatives = Derivatives(self.case, evidence)
        derivatives._truths = self.truths()
        return derivatives

    def is_true(self, site: Site) -> bool:
        """True if every value of the site is a true derivative, and of what its name says."""
        if site.index not in self._true:
            self._true[site.index] = self._is_true(site)
        return self._true[site.index]

    def _is_true(self, site: Site) -> bool:
        values = self.evidence.values.get(site.index, [])
        if not values or site.kind not in ("assign", "update", "return"):
            return False
        if self._is_in_right_helper(site):
            return True
        arrays = [np.asarray(v) for v in values if isinstance(v, (np.ndarray, float, np.floating))]
        matched = [self.match(array) for array in arrays]
        if not matched or not all(matched):
            return False
        wanted = self.named(site)
        if wanted:
            return _are_distinct([[t for t in found if t.name in wanted] for found in matched])
        if self._named_after_something(site):
            return False
        # A copy of what it was made from says nothing of what it should be.
        return not self._is_copy(site, arrays[-1])

    def _is_in_right_helper(self, site: Site) -> bool:
        """True in a function that returned derivatives of the one it is named after, every time."""
        returns = [
            other
            for other in self.case.code.sites
            if other.kind == "return"
            and (other.filename, other.function) == (site.filename, site.function)
            and self.evidence.values.get(other.index)
        ]
        return bool(returns) and all(
            is_slope_of_its_function(
                other,
                self.evidence.passes.get(other.index, []),
                self.evidence.values[other.index],
                self.case.code.live,
            )
            for other in returns
        )

    def _named_after_something(self, site: Site) -> bool:
        """True if it is named after a variable, whose true derivative is just not known."""
        words = gradient_name(site.name) + ([site.name[2:]] if site.name.startswith("g_") else [])
        known = {
            part.id
            for other in self.case.code.sites
            if other.target is not None and other.filename == site.filename
            for part in ast.walk(other.target)
            if isinstance(part, ast.Name)
        }
        return any(word in known for word in words)

    def is_multiple(self, site: Site) -> bool:
        """True if the value is a true derivative times a count: the mean may be taken later."""
        values = self.evidence.values.get(site.index, [])
        arrays = [np.asarray(v) for v in values if isinstance(v, (np.ndarray, float, np.floating))]
        floats = [array for array in arrays if array.dtype.kind == "f"]
        return bool(floats) and any(
            all(self.match(array / count) for array in floats) for count in self.counts()
        )

    def counts(self) -> list[int]:
        """Numbers of samples and the like that a mean could be taken over."""
        leaves = self.case.exam.program.leaves
        return sorted({size for leaf in leaves for size in leaf.value.shape if size > 1})

    def _is_copy(self, site: Site, value: NDArray[Any]) -> bool:
        scope = self.evidence.scopes.get(site.index)
        if scope is None:
            return False
        read = [scope.value(node) for node, _ in atoms(site.expr)]
        return any(shape_of(v) == value.shape and np.array_equal(v, value) for v in read)

    def named(self, site: Site) -> set[str]:
        """Forward variables that the name of a site says it is the derivative of."""
        word = site.name.split(".")[-1]
        if isinstance(site.target, ast.Subscript) and isinstance(site.target.slice, ast.Constant):
            word = str(site.target.slice.value)
        names = {t.name for t in self.truths()}
        meant = gradient_name(word) + ([word[2:]] if word.startswith("g_") else [])
        wanted = {n for n in names for g in meant if same_name(g, n) >= 2}
        # dmu of mu_B: a name with something added to it
        wanted = wanted or {n for n in names for g in meant if n.startswith(f"{g}_")}
        wanted = wanted or {
            t.name for t in self.truths() for g in meant if self._is_element(t.site, g)
        }
        return wanted or {n for g in meant for n in self._other_names(site, g)}

    def _other_names(self, site: Site, word: str) -> set[str]:
        """Names that a variable which the site can read had in the forward pass: a cache renames."""
        scope = self.evidence.scopes.get(site.index)
        value = scope.local.get(word) if scope is not None else None
        if not isinstance(value, np.ndarray) or value.size < 2:
            return set()
        return {
            t.name
            for t in self.truths()
            if t.shape == value.shape
            and np.array_equal(self.evidence.values[t.site.index][t.pass_], value)
        }

    def _is_element(self, site: Site, word: str) -> bool:
        """True if `word` names one of a list that a value is put into: ``h`` for ``hs[t]``."""
        if isinstance(site.target, ast.Subscript):
            holder = text(site.target.value)
        elif site.kind == "argument":
            call = self.case.code.sites[site.parent].expr
            assert isinstance(call, ast.Call)
            if not isinstance(call.func, ast.Attribute) or call.func.attr != "append":
                return False
            holder = text(call.func.value)
        else:
            return False
        return same_name(holder, word) >= 2 or same_name(holder, f"{word}s") >= 2

    def meant_by(self, site: Site) -> Iterator[dict[int, NDArray[np.float64]]]:
        """True derivatives that the name of a site announces, by pass, for each way to read it.

        The passes of a site in a loop go with those of a variable of the forward pass one by one, in this
        order or the other, where some may be left out. Only what tensors gave is known in full.
        """
        wanted = self.named(site)
        if not wanted:
            return
        held = [np.shape(v) for v in self.evidence.values[site.index]]
        sources = {t.site.index: t.site for t in self.truths() if t.name in wanted}
        for index in sources:
            by_pass = {t.pass_: t.full for t in self.truths() if t.site.index == index}
            count = len(self.evidence.values.get(index, []))
            for order in islice(combinations(range(count), len(held)), _ALIGNMENTS):
                for passes in dict.fromkeys((order[::-1], order)):
                    values: dict[int, NDArray[np.float64]] = {}
                    for pass_, source in enumerate(passes):
                        full, shape = by_pass.get(source), held[pass_]
                        if full is not None and full.shape != shape and full.shape == shape[::-1]:
                            full = full.T
                        # A factor that is missing may be what gives the value its shape.
                        if full is not None and (full.shape == shape or site.kind == "assign"):
                            values[pass_] = full
                    if len(values) == len(held):
                        yield values

    def match(self, value: NDArray[Any]) -> list[TrueDerivative]:
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

    def full(self, truth: TrueDerivative) -> NDArray[np.float64]:
        """Every entry of a true derivative."""
        if truth.full is None:
            event = next(
                e
                for e in self.evidence.events
                if e.site == truth.site.index and e.pass_ == truth.pass_
            )
            full = np.zeros(truth.shape)
            for k in range(full.size):
                unit = np.zeros(truth.shape)
                unit.reshape(-1)[k] = 1.0
                full.reshape(-1)[k] = self._derivative(event, unit)
            self.case.recorder.changes = {}
            truth.full = full
        return truth.full


def _are_distinct(matched: list[list[TrueDerivative]]) -> bool:
    """True if each pass matches one of its derivatives that no other pass needs.

    A value that should change from pass to pass and stays the same is right in one of them at most.
    """
    taken: dict[tuple[int, int], int] = {}

    def place(pass_: int, tried: set[tuple[int, int]]) -> bool:
        for truth in matched[pass_]:
            key = (truth.site.index, truth.pass_)
            if key in tried:
                continue
            tried.add(key)
            if key not in taken or place(taken[key], tried):
                taken[key] = pass_
                return True
        return False

    return all(place(pass_, set()) for pass_ in range(len(matched)))
