"""Trying the changed forms of one statement: by evaluation where that tells, by a run where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..instrument import Site, as_load
from ..recorder import IN_PLACE, Override, Unchanged, snapshot
from ..scope import Scope, Unknown
from ..suspects import Change, Edit, Statement, edit_of
from .case import Case
from .response import FirstPass, Response

#: Slips after which a value has the shape that it should have.
_OF_SHAPE = ("sign", "factor-m", "factor-2", "factor", "power", "mask", "regularisation")
#: Passes at which two edits have to agree to be taken for the same.
_PROBED = 4


@dataclass(frozen=True)
class Fix:
    """An edit of a site that makes wrong gradients right."""

    site: Site
    edit: Edit
    mended: frozenset[int]


class Trials:
    """The changed forms of one statement that have been tried, and what is known of its effect.

    Parameters
    ----------
    case : Case
        The program.
    here : Statement
        The statement.
    values : list
        What it computed, pass by pass.
    scopes : list of Scope
        What it could read, pass by pass; empty where that is not known.
    is_backward : bool
        False if the cost depends on it.
    """

    def __init__(
        self,
        case: Case,
        here: Statement,
        values: list[Any],
        scopes: list[Scope],
        is_backward: bool,
    ) -> None:
        self.case = case
        self.here = here
        self.response: Response | None = None
        self._values = values
        self._scopes = scopes
        self._first: FirstPass | None = None
        self._sums = False
        kind = here.site.kind
        self._evaluable = kind in ("assign", "update", "return") and 0 < len(values) == len(scopes)
        if self._evaluable and is_backward:
            self._learn_response()
        self.forget()

    def _learn_response(self) -> None:
        site, values = self.here.site, self._values
        if len(values) > 1 and site.kind == "update":
            self._sums = self._adds_up()
            if not self._sums:
                return
            last = len(values) - 1
            self.response = Response(self.case, site, {last: values[last]})
            return
        response = Response(self.case, site, dict(enumerate(values)))
        if len(values) > 1:
            if not response.is_complete:
                return
            if response.feeds_itself():
                self._first = response.first_pass()
        self.response = response

    def _adds_up(self) -> bool:
        """True if an update adds to one and the same array or number, pass after pass."""
        if self.here.site.operator not in "+-":
            return False
        values = self._values
        if len({np.shape(v) for v in values}) > 1 or not all(_is_float(v) for v in values):
            return False
        sign = 1.0 if self.here.site.operator == "+" else -1.0
        try:
            self._terms = [sign * np.asarray(s.evaluate(self.here.expr)) for s in self._scopes]
            return all(
                np.allclose(before + term, after, rtol=1e-9, atol=1e-12)
                for before, term, after in zip(values, self._terms[1:], values[1:])
            )
        except Exception:
            return False

    def forget(self) -> None:
        """Let forms that have been tried be tried again, for a part of what is wrong."""
        self._texts: set[str] = set()
        self._met: set[bytes] = set()
        self._hopeless: frozenset[int] = frozenset()

    def may_mend(self, wrong: frozenset[int]) -> bool:
        """False if no values of the statement, in the shapes they have, make `wrong` right."""
        if self.response is None or not self.response.is_complete:
            return True
        if self.response.wanted(wrong) is None:
            self._hopeless = wrong
        return not self._hopeless

    def attempt(
        self, proposal: Change | Edit, wrong: frozenset[int], right: list[bool]
    ) -> Fix | None:
        """The proposal as a fix, if it makes some of `wrong` right and none of `right` wrong."""
        if self._hopeless == wrong and proposal.slip in _OF_SHAPE:
            return None
        values: list[Any] | None = None
        if isinstance(proposal, Change) and self._evaluable and proposal.slip != "overwritten":
            try:
                values = self._computed(proposal)
            except Unknown:
                pass
            except Exception:
                return None
            if values is not None and not self._is_promising(values, wrong, right):
                return None
        edit = edit_of(self.here.site, proposal) if isinstance(proposal, Change) else proposal
        if edit.text in self._texts:
            return None
        self._texts.add(edit.text)
        mended = self._run(edit, values, wrong, right)
        return Fix(self.here.site, edit, mended) if mended else None

    def _is_promising(self, values: list[Any], wrong: frozenset[int], right: list[bool]) -> bool:
        """Whether a run is worth while: it might mend something, and was not made before."""
        print_ = b";".join(_fingerprint(value) for value in values)
        if print_ in self._met:
            return False
        self._met.add(print_)
        if self.response is None:
            return True
        if self._first is not None:
            return self._first.admits(values[0]) or len(wrong) < len(right) - sum(right)
        claimed = self.response.predict(values)
        if claimed is None:
            return True
        if self._hopeless == wrong:
            return False
        good = self.case.gauge.right(claimed, self.response.there, slack=3.0)
        return bool(_mended(good, wrong, right))

    def _computed(self, change: Change) -> list[Any]:
        """What the statement would compute in each pass; for an update, its target afterwards."""
        site = self.here.site
        with np.errstate(all="ignore"):
            if self._sums:
                sign = 1.0 if site.operator == "+" else -1.0
                total = self._values[-1]
                for scope, term in zip(self._scopes, self._terms):
                    total = total + (sign * change.form.value(scope) - term)
                return [total]
            scopes = self._scopes
            if self._first is not None or self.response is None:
                scopes = scopes[: _PROBED - 1] + scopes[_PROBED - 1 :][-1:]
            values = [change.form.value(scope) for scope in scopes]
            if site.kind != "update":
                return values
            assert site.target is not None
            target = as_load(site.target)
            return [
                IN_PLACE[site.operator](snapshot(scope.evaluate(target)), value)
                for scope, value in zip(scopes, values)
            ]

    def _run(
        self, edit: Edit, values: list[Any] | None, wrong: frozenset[int], right: list[bool]
    ) -> frozenset[int]:
        site, case = self.here.site, self.case
        # In a loop the first pass tells nothing: an accumulation starts at zero.
        original = self._values[0] if len(self._values) == 1 else None
        overrides: dict[int, Override] = {**case.accepted, site.index: edit.override}
        case.recorder.edit(overrides, site.index, original)
        try:
            outcome = case.exam.program.run()
        except Unchanged:
            return frozenset()
        finally:
            case.recorder.edit(case.accepted)
        if outcome.error is not None or not case.same_cost(outcome, 1e-10):
            return frozenset()
        claimed, there = case.gauge.read(outcome)
        if values is not None and self.response is not None and len(self._values) == 1:
            self.response.learn(values, claimed, there)
        return _mended(case.gauge.right(claimed, there), wrong, right)


def _mended(good: Any, wrong: frozenset[int], right: list[bool]) -> frozenset[int]:
    """Those of `wrong` that are good, if every one of `right` still is."""
    if any(was and not good[n] for n, was in enumerate(right)):
        return frozenset()
    return frozenset(n for n in wrong if good[n])


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    return isinstance(value, (float, np.floating))


def _fingerprint(value: Any) -> bytes:
    """Equal for values that are equal to the last bit."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return f"{value.shape}{value.dtype.char}".encode() + value.tobytes()
    if type(value) in (tuple, list):
        return b"(" + b",".join(_fingerprint(v) for v in value) + b")"
    return repr((type(value).__name__, value)).encode()
