"""Which statement is wrong, and how should it read?

Given a program whose gradients are wrong somewhere, and the truth about each of them:

1. *Dependence.* Each statement's value is disturbed once; what changes tells the statements of the
   forward pass (the cost changes) from those of the backward pass, and which gradients each feeds.
   A single culprit feeds every wrong gradient.
2. *Response.* Gradients are linear in what a backward pass carries: a few runs with the value of a
   statement moved tell what any other value would give (:mod:`.response`). A statement that no value
   makes right is no suspect.
3. *Edits.* Small edits of each suspect, cheapest first (:mod:`..suspects`), are evaluated where it
   stands and judged by the response; what could mend something is run (:mod:`.trials`). A statement
   that one small edit turns into one with which every gradient is right, here and at shifted points,
   is the culprit. Statements are also tried in another order (:mod:`.moves`) and with an addition
   to which only the summand is there (:mod:`.insertions`), and two factors that
   are missing at once come last (:mod:`.products`).
4. *Matching.* The true derivative of the cost with respect to every value of the forward pass is known
   (:mod:`.derivatives`). The first statement that does not hold what its name announces, and mends
   everything when it does, bounds the search (:mod:`.announced`). Where more than one statement within the
   bound can be mended, what the slip would leave odd about the program decides (:mod:`.choice`).
5. *Intervention.* Where no edit helps, a statement that another value would mend, and that is not true
   already, is named (:mod:`.intervention`).

Errors that are independent are taken one after the other: an edit that makes some wrong gradients
right and none wrong is kept, and the search goes on for the rest.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..report import Finding
from ..sizes import Bound
from .case import Case
from .derivatives import Derivatives
from .differences import differ, worst_of
from .edits import EditSearch
from .evidence import Evidence
from .intervention import Intervention
from .trials import Fix

__all__ = ["Case", "wrong_statements"]


def wrong_statements(case: Case) -> list[Finding]:
    """The wrong statements of an examined program, in the order in which they are executed."""
    # What edited forms of the code have to complain about concerns nobody.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _search(case)


def _search(case: Case) -> list[Finding]:
    case.recorder.reset()
    evidence = Evidence(case)
    arrays = [e.value for e in evidence.events if isinstance(e.value, np.ndarray)]
    case.recorder.bound = Bound([a.shape for a in [*arrays, *case.inputs()]])
    derivatives = Derivatives(case, evidence)
    edits = EditSearch(case, evidence, derivatives)
    intervention = Intervention(case, evidence, derivatives, edits)
    findings: list[tuple[int, Finding]] = []
    right = case.right(case.base)
    unproven: tuple[int, Finding] | None = None
    for _ in range(8):
        wrong = frozenset(n for n, good in enumerate(right) if not good)
        if not wrong:
            break
        fix = edits.of_everything(wrong, right)
        if fix is not None:
            findings.append(_report(case, evidence, derivatives, fix))
            break
        # One wrong statement without a small edit is likelier than several with one each.
        culprit = intervention.culprit(wrong, right)
        if culprit is not None:
            findings.append(culprit)
            break
        if not findings:
            unproven = intervention.culprit(wrong, right, proven=False)
        fix = edits.of_some(wrong, right) if len(wrong) > 1 else None
        if fix is None:
            # What a series of edits does not explain is rather one statement that none explains.
            if unproven is not None:
                findings = [unproven]
            else:
                findings.append(intervention.last_resort(wrong))
            break
        findings.append(_report(case, evidence, derivatives, fix))
        case.accepted = {**case.accepted, fix.site.index: fix.edit.override}
        case.recorder.edit(case.accepted)
        right = case.right(case.exam.program.run())
        evidence = Evidence(case)
        derivatives = derivatives.after(evidence)
        edits = EditSearch(case, evidence, derivatives)
        intervention = Intervention(case, evidence, derivatives, edits)
    case.recorder.reset()
    merged: dict[tuple[str, int], tuple[int, Finding]] = {}
    for order, finding in findings:
        merged.setdefault((finding.file, finding.line), (order, finding))
    return [f for _, f in sorted(merged.values(), key=lambda pair: pair[0])]


def _report(
    case: Case, evidence: Evidence, derivatives: Derivatives, fix: Fix
) -> tuple[int, Finding]:
    site, edit = fix.site, fix.edit
    case.recorder.edit({**case.accepted, site.index: edit.override})
    mended = case.trace()
    case.recorder.edit(case.accepted)
    after: dict[int, list[Any]] = {}
    for event in mended:
        after.setdefault(event.site, []).append(event.value)
    worst = worst_of(evidence.values.get(site.index, []), after.get(site.index, []))
    lines = set()
    for index, values in evidence.values.items():
        other = case.code.sites[index]
        if other.line == site.line and other.filename == site.filename:
            continue
        if (
            differ(values, after.get(index, []))
            and evidence.order[index] > evidence.order[site.index]
        ):
            lines.add(other.line)
    expected = edit.text
    for value in after.get(site.index, [])[:1]:
        matches = (
            derivatives.match(np.asarray(value))
            if isinstance(value, np.ndarray) and value.size > 1
            else []
        )
        if matches and not edit.text.startswith("("):
            expected = f"∂C/∂{matches[-1].name}:  {edit.text}"
    if edit.lines is not None:
        order = "the same statements in another order"
        expected = "one more statement" if edit.slip == "missing-term" else order
    first, last = edit.lines or (site.line, site.statement.end_lineno or site.line)
    statement = case.code.text(site)
    if edit.lines is not None:
        statement = case.code.lines(site.filename, first, last)
    finding = Finding(
        site.filename,
        first,
        statement,
        edit.slip,
        edit.message,
        expected,
        edit.text,
        worst or case.worst_output(fix.mended),
        last,
        site.function,
        case.names(fix.mended),
        tuple(sorted(lines)),
        "edit",
    )
    return evidence.order[site.index], finding
