"""Arrays that are made first and filled afterwards: which of the statements that fill one is wrong?"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..expressions import text
from ..instrument import Site
from .case import Case
from .derivatives import Derivatives
from .evidence import Evidence
from .trials import Trials

Mask = NDArray[np.bool_]


class Filling:
    """The statements that put something into arrays.

    Parameters
    ----------
    case, evidence, derivatives
        As for the search for edits.
    trials_of : callable
        The trials of a statement.
    """

    def __init__(
        self,
        case: Case,
        evidence: Evidence,
        derivatives: Derivatives,
        trials_of: Callable[[Site], Trials],
    ) -> None:
        self._case = case
        self._evidence = evidence
        self._derivatives = derivatives
        self._trials_of = trials_of

    def suspects(self, blank: Site, wanted: frozenset[int]) -> list[Site]:
        """The statements to look at where the array that `blank` makes ends up with wrong entries.

        Those that write to a wrong entry; where none does, the one that should is missing, and the
        last that writes to entries before them stands for it.
        """
        stores = self._stores(blank)
        wrong = self._wrong_entries(blank, wanted)
        if wrong is None or not wrong.any():
            return [s for s in stores if not self._trials_of(s).hopeless] or stores[:1] or [blank]
        regions = {site.index: self._region(site, wrong.shape) for site in stores}
        hit = [site for site in stores if (regions[site.index] & wrong).any()]
        if hit:
            return [s for s in hit if not self._trials_of(s).hopeless] or hit
        first = int(np.flatnonzero(wrong)[0])
        before = [s for s in stores if int(np.flatnonzero(regions[s.index])[0]) < first]
        return before[-1:] or stores[:1] or [blank]

    def _stores(self, blank: Site) -> list[Site]:
        found = [
            site
            for site in self._case.code.sites
            if site.index in self._evidence.values
            and site.function == blank.function
            and isinstance(site.target, ast.Subscript)
            and text(site.target.value) == blank.name
        ]
        return sorted(found, key=lambda site: self._evidence.order[site.index])

    def _wrong_entries(self, blank: Site, wanted: frozenset[int]) -> Mask | None:
        """Entries of the array that have to be others, in any pass."""
        response = self._trials_of(blank).response
        shapes = {np.shape(value) for value in self._evidence.values[blank.index]}
        if response is None or not response.is_complete or len(shapes) != 1:
            return None
        values = response.wanted(wanted)
        if values is None:
            return None
        gap = np.abs(values[0] - response.start).reshape(-1, *shapes.pop()).max(axis=0)
        return np.asarray(gap > 1e-6 * gap.max(initial=0.0))

    def _region(self, store: Site, shape: tuple[int, ...]) -> Mask:
        """The entries that a statement writes to, in any pass; all where that is not known."""
        assert isinstance(store.target, ast.Subscript)
        region = np.zeros(shape, dtype=bool)
        places = np.arange(region.size).reshape(shape)
        read = ast.Subscript(ast.Name("__hole__", ast.Load()), store.target.slice, ast.Load())
        for scope in self._evidence.passes.get(store.index, []):
            scope.local["__hole__"] = places
            touched = scope.value(read)
            del scope.local["__hole__"]
            if touched is None:
                return np.ones(shape, dtype=bool)
            region.reshape(-1)[np.asarray(touched).reshape(-1)] = True
        return region if region.any() else np.ones(shape, dtype=bool)

    def last_change(self, site: Site) -> Site:
        """The last statement that changes the variable of `site` in place, if only a scale is missing.

        A value that is a true derivative but for a count when it is read was not divided after that.
        """
        order = self._evidence.order
        later = [
            other
            for other in self._case.code.sites
            if other.function == site.function and order.get(other.index, -1) > order[site.index]
        ]
        changes = [
            other
            for other in later
            if (other.kind == "update" and other.name == site.name)
            or (isinstance(other.target, ast.Subscript) and text(other.target.value) == site.name)
        ]
        if not changes or not isinstance(site.target, ast.Name):
            return site
        last = max(changes, key=lambda other: order[other.index])
        for reader in sorted(later, key=lambda other: order[other.index]):
            names = {n.id for n in ast.walk(reader.expr) if isinstance(n, ast.Name)}
            scopes = self._evidence.passes.get(reader.index)
            if order[reader.index] <= order[last.index] or site.name not in names or not scopes:
                continue
            value = scopes[0].local.get(site.name)
            if isinstance(value, np.ndarray) and self._is_unscaled(value):
                return last
            break
        return site

    def _is_unscaled(self, value: NDArray[np.float64]) -> bool:
        match = self._derivatives.match
        return not match(value) and any(match(value / n) for n in self._derivatives.counts())
