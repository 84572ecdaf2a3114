"""When a difference is not held against the code: what it was measured by was inferred.

*Wrong* has to rest on what the user gave or wrote. Arguments made up from names may not be what the
code was written for (a softmax that expects one-hot targets is "wrong" for others); a cost inferred
from its derivative, or a step size read off the changes, may be another than the one meant.
"""

from __future__ import annotations

from dataclasses import replace

from .composite import Composite
from .program import Program
from .report import CANNOT_TELL, WRONG, Report

__all__ = ["CALL_IT", "doubted", "why_not_wrong"]

#: What to do where arguments are missing.
CALL_IT = "call it with an example under if __name__ == '__main__'"


def why_not_wrong(program: Program, made_up: bool) -> str:
    """Why a difference found in this program is not called wrong, and what would settle it; or empty.

    Parameters
    ----------
    program : Program
        After the check.
    made_up : bool
        Whether its arguments were made up.
    """
    if program.update_rate is not None:
        return (
            "the step size was inferred, and a rule such as momentum or weight decay would differ as"
            " well: for a verdict return the gradients, or keep them in attributes"
        )
    inferred = getattr(program, "external", None) is not None
    if made_up:
        cost = " and the cost as cost=" if inferred else ""
        return (
            f"the arguments were made up and may not be what the code expects: for a verdict {CALL_IT},"
            f" or give arguments{cost} to chainrule.check.source or chainrule.check.backward"
        )
    if inferred and isinstance(program, Composite):
        return (
            "the cost was inferred: for a verdict let the code compute it and return it, or give it"
            " as cost= to chainrule.check.source"
        )
    return ""


def doubted(report: Report, reason: str) -> Report:
    """A report of errors as *cannot tell*, with the place to look at as a note."""
    notes = [f"not called wrong, because {reason}"]
    if report.findings:
        first = report.findings[0]
        statement = " ".join(first.statement.split())
        notes.append(f"the first statement to look at: {first.file}:{first.line}: {statement}")
    arguments = tuple(
        replace(a, verdict=CANNOT_TELL, reason=a.reason or "differs from the derivative here")
        if a.verdict == WRONG
        else a
        for a in report.arguments
    )
    return replace(
        report,
        arguments=arguments,
        findings=(),
        suspicions=report.findings,
        notes=(*notes, *report.notes),
        verdict=CANNOT_TELL,
    )
