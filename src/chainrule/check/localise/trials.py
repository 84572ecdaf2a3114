"""Trying the changed forms of one statement: by evaluation where that tells, by a run where not."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..instrument import Site, as_load
from ..recorder import IN_PLACE, Override, Unchanged, snapshot
from ..scope import Scope, Unknown
from ..suspects import Change, Edit, Statement, edit_of
from .case import Case
from .response import Condition, Response

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
        self._first: Condition | None = None
        self._tainted: set[str] = set()
        self._own_names: set[str] = set()
        self._sums = False
        self._whole = True
        self._hopeless = False
        self._texts: set[str] = set()
        self._met: set[bytes] = set()
        kind = here.site.kind
        self._evaluable = kind in ("assign", "update", "return") and 0 < len(values) == len(scopes)
        if self._evaluable and is_backward:
            self._learn_response()

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
            self._tainted = response.reaches(self._scopes)
            self._first = response.first_pass()
            self._own_names = _names(self.here.expr)
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

    def aim(self, wrong: frozenset[int], right: list[bool], at_all: bool = True) -> bool:
        """Look from now on for what makes all of `wrong` right, or with `at_all` False one of them.

        Returns False if no values of the statement, in the shapes they have, do that.
        """
        self._texts, self._met = set(), set()
        if self._evaluable and len(self._values) == 1:
            self._met.add(_fingerprint(self._values[0]))
        self._whole = at_all
        self._hopeless = False
        response = self.response
        if response is not None and response.is_complete:
            kept = frozenset(n for n, good in enumerate(right) if good)
            aims = [wrong] if at_all else [frozenset({n}) for n in wrong]
            self._hopeless = all(response.wanted(aim | kept) is None for aim in aims)
        return not self._hopeless

    def attempt(
        self, proposal: Change | Edit, wrong: frozenset[int], right: list[bool]
    ) -> Fix | None:
        """The proposal as a fix, if it makes some of `wrong` right and none of `right` wrong."""
        if self._hopeless and proposal.slip in _OF_SHAPE:
            return None
        values: list[Any] | None = None
        if isinstance(proposal, Change) and self._evaluable and proposal.slip != "overwritten":
            try:
                values = self._computed(proposal)
            except Unknown:
                if self.first_scope.asks_for_too_much(proposal.form.new):
                    return None
            except Exception:
                return None
            if values is not None and not self._is_promising(proposal, values, wrong, right):
                return None
        edit = edit_of(self.here.site, proposal) if isinstance(proposal, Change) else proposal
        if edit.text in self._texts:
            return None
        self._texts.add(edit.text)
        mended = self._run(edit, values, wrong, right)
        if mended and values is not None:
            # Another form with the same values here may be the one that holds elsewhere, too.
            self._met.discard(_print(values))
        return Fix(self.here.site, edit, mended) if mended else None

    @property
    def hopeless(self) -> bool:
        """True if no values of the statement, in the shapes they have, help: see :meth:`aim`."""
        return self._hopeless

    @property
    def first_scope(self) -> Scope:
        """What the first pass could read."""
        return self._scopes[0] if self._scopes else self.here.scope

    def condition(self) -> Condition | None:
        """What the value of the first pass has to satisfy to make everything right, if that is known."""
        response = self.response
        if response is None or not response.is_complete or self._sums or self._hopeless:
            return None
        return response.first_pass()

    def run(self, change: Change, wrong: frozenset[int], right: list[bool]) -> Fix | None:
        """The change as a fix, by running the program with it."""
        edit = edit_of(self.here.site, change)
        mended = self._run(edit, None, wrong, right)
        return Fix(self.here.site, edit, mended) if mended else None

    def _is_promising(
        self, proposal: Change, values: list[Any], wrong: frozenset[int], right: list[bool]
    ) -> bool:
        """Whether a run is worth while: it might mend something, and was not made before."""
        print_ = _print(values)
        if print_ in self._met:
            return False
        self._met.add(print_)
        if self.response is None:
            return True
        if self._first is not None and self._is_tainted(proposal):
            return not self._whole or self._first.admits(values[0])
        claimed = self.response.predict(values)
        if claimed is None:
            return True
        if self._hopeless:
            return False
        good = self.case.gauge.right(claimed, self.response.there, slack=3.0)
        return bool(_mended(good, wrong, right))

    def _is_tainted(self, change: Change) -> bool:
        """True if the changed form reads what earlier passes of the statement have a part in.

        Then the recorded names do not tell what later passes would compute.
        """
        read = self._own_names | _names(change.form.new)
        return bool(read & self._tainted) or "self" in read

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
            if self.response is None or (self._first is not None and self._is_tainted(change)):
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
        # What was written over another value may be right in itself.
        single = len(self._values) == 1 and edit.slip != "overwritten"
        original = self._values[0] if single else None
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


def mended_by(
    case: Case, site: Site, edit: Edit, wrong: frozenset[int], right: list[bool]
) -> frozenset[int]:
    """Those of `wrong` that a run with the edit of a site makes right, if it makes none wrong."""
    case.recorder.edit({**case.accepted, site.index: edit.override})
    try:
        outcome = case.exam.program.run()
    finally:
        case.recorder.edit(case.accepted)
    if outcome.error is not None or not case.same_cost(outcome, 1e-10):
        return frozenset()
    return _mended(case.gauge.right(*case.gauge.read(outcome)), wrong, right)


def _mended(good: Any, wrong: frozenset[int], right: list[bool]) -> frozenset[int]:
    """Those of `wrong` that are good, if every one of `right` still is."""
    if any(was and not good[n] for n, was in enumerate(right)):
        return frozenset()
    return frozenset(n for n in wrong if good[n])


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    return isinstance(value, (float, np.floating))


def _print(values: list[Any]) -> bytes:
    """A fingerprint of the values of all passes."""
    return b";".join(_fingerprint(value) for value in values)


def _fingerprint(value: Any) -> bytes:
    """Equal for values that are equal to the last bit."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return f"{value.shape}{value.dtype.char}".encode() + value.tobytes()
    if type(value) in (tuple, list):
        return b"(" + b",".join(_fingerprint(v) for v in value) + b")"
    return repr((type(value).__name__, value)).encode()
