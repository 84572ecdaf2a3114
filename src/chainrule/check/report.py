"""What a check says: verdicts, findings and the report that holds them.

A report is one of three things: ``right``, ``wrong`` or ``cannot tell``. *Wrong* needs evidence
for each entry it names: a difference larger than a stated bound. Where the evidence is not to be
had the report says *cannot tell* and why. Nothing here computes; see :mod:`.gradcheck` and
:mod:`.localise`.
"""

from __future__ import annotations

import json
import math
import textwrap
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["ArgumentResult", "Finding", "GradientCheckError", "Report", "Worst"]

RIGHT = "right"
WRONG = "wrong"
CANNOT_TELL = "cannot tell"
_EXIT = {RIGHT: 0, WRONG: 1, CANNOT_TELL: 3}
_WIDTH = 80


class GradientCheckError(AssertionError):
    """A gradient that was asserted to be right is not; the message is the report."""

    def __init__(self, report: Report) -> None:
        super().__init__("\n" + str(report))
        self.report = report


@dataclass(frozen=True)
class Worst:
    """The element that is furthest off.

    Attributes
    ----------
    index : tuple of int
        Its index in the gradient.
    claimed, expected : float
        The value under test and the true value.
    error : float
        Estimated error of `expected`.
    bound : float
        The difference that was allowed.
    """

    index: tuple[int, ...]
    claimed: float
    expected: float
    error: float = 0.0
    bound: float = 0.0

    def __str__(self) -> str:
        place = "[" + ", ".join(map(str, self.index)) + "]" if self.index else ""
        return f"{place} claimed {self.claimed:.9g}, true {self.expected:.9g}"


@dataclass(frozen=True)
class ArgumentResult:
    """The verdict on the gradient with respect to one argument.

    Attributes
    ----------
    name, shape, dtype : str, tuple of int, str
        The argument.
    verdict : str
        ``right``, ``wrong`` or ``cannot tell``.
    reason : str
        Why, in words; empty for a plain *right*.
    checked, size : int
        Entries compared one by one, of how many.
    directions : int
        Random directions compared besides.
    worst : Worst or None
        The entry furthest from its bound.
    kinks : int
        Entries at which the function has a kink.
    mode : str
        What was checked: ``gradient``, ``forward mode``, ``second order``, ``linearity`` …
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: str
    reason: str = ""
    checked: int = 0
    size: int = 0
    directions: int = 0
    worst: Worst | None = None
    kinks: int = 0
    mode: str = "gradient"


@dataclass(frozen=True)
class Finding:
    """One error in the code that was checked.

    Attributes
    ----------
    file, line, end_line : str, int, int
        Where the statement stands.
    function : str
        The function it belongs to.
    statement : str
        Its source text.
    slip : str
        The likely slip, from the vocabulary of the checker.
    message : str
        The slip in words.
    expected : str
        What the statement should compute, in words and as a formula.
    suggestion : str or None
        The mended statement; None if none was found. A suggestion was run: with it every
        gradient it was offered for comes right, on other random inputs too.
    worst : Worst or None
        The worst element of the value of the statement, or of the gradient that it spoils.
    gradients : tuple of str
        The gradients that this error makes wrong.
    consequences : tuple of int
        Lines after it whose values are wrong only because of this one.
    method : str
        How it was found: ``edit``, ``intervention``, ``matching``, ``crash``.
    """

    file: str
    line: int
    statement: str
    slip: str
    message: str = ""
    expected: str = ""
    suggestion: str | None = None
    worst: Worst | None = None
    end_line: int = 0
    function: str = ""
    gradients: tuple[str, ...] = ()
    consequences: tuple[int, ...] = ()
    method: str = "edit"


@dataclass(frozen=True)
class Report:
    """The outcome of a check.

    Attributes
    ----------
    subject : str
        What was checked.
    arguments : tuple of ArgumentResult
        One verdict per argument and kind of check.
    findings : tuple of Finding
        Errors located in source code, in the order in which they are executed.
    notes : tuple of str
        What was assumed, promoted, inferred or left out.
    coverage : str
        What was compared and at what cost.
    rule : str
        The tolerance rule with its numbers.
    verdict : str
        Set from `arguments` unless given.
    suspicions : tuple of Finding
        What would be findings if what was made up or inferred for the check is what was meant; empty
        unless the verdict is *cannot tell* for that reason.

    Examples
    --------
    >>> report = Report("f", (ArgumentResult("x", (2,), "float64", "right", checked=2, size=2),))
    >>> report.verdict, report.exit_code
    ('right', 0)
    """

    subject: str
    arguments: tuple[ArgumentResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: str = ""
    rule: str = ""
    verdict: str = field(default="")
    suspicions: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if not self.verdict:
            object.__setattr__(self, "verdict", overall(self.arguments, self.findings))

    @property
    def exit_code(self) -> int:
        """0 right, 1 wrong, 3 cannot tell (2 is left to usage errors)."""
        return _EXIT[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain dictionaries, lists, strings and numbers; non-finite numbers as text."""
        data = asdict(self)
        data["exit_code"] = self.exit_code
        plain = _plain(data)
        assert isinstance(plain, dict)
        return plain

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def __str__(self) -> str:
        lines = [f"{self.verdict.upper()}: {self.subject}"]
        lines[0] = textwrap.shorten(lines[0], _WIDTH, placeholder=" …")
        if self.arguments:
            lines += ["", *_table(self.arguments)]
        for number, finding in enumerate(self.findings, 1):
            lines += ["", *_finding(finding, number, len(self.findings))]
        tail = [f"rule: {self.rule}"] if self.rule else []
        tail += [f"covered: {self.coverage}"] if self.coverage else []
        tail += [f"note: {note}" for note in self.notes]
        if tail:
            lines.append("")
        for entry in tail:
            lines += _wrap(entry, "  ", first="")
        return "\n".join(lines)


def overall(arguments: tuple[ArgumentResult, ...], findings: tuple[Finding, ...] = ()) -> str:
    """The verdict on the whole: one wrong makes it wrong, one doubt makes it *cannot tell*."""
    verdicts = {a.verdict for a in arguments}
    if WRONG in verdicts or findings:
        return WRONG
    if CANNOT_TELL in verdicts or not verdicts:
        return CANNOT_TELL
    return RIGHT


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _wrap(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=True,
    ) or [""]


def _table(arguments: tuple[ArgumentResult, ...]) -> list[str]:
    rows = [("argument", "shape", "checked", "worst", "claimed", "true", "verdict")]
    for a in arguments:
        worst = a.worst
        rows.append(
            (
                _fit(a.name if a.mode == "gradient" else f"{a.name} ({a.mode})", 22),
                _fit(_shape(a.shape), 12),
                f"{a.checked}/{a.size}" + (f"+{a.directions}" if a.directions else ""),
                _fit(_shape(worst.index), 9) if worst is not None and worst.index else "",
                f"{worst.claimed:.5g}" if worst is not None else "",
                f"{worst.expected:.5g}" if worst is not None else "",
                a.verdict,
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            c.ljust(w) if i in (0, 1, 6) else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths))
        ]
        lines.append(" ".join(cells).rstrip())
    if max(map(len, lines)) > _WIDTH:
        lines = []
        for row in rows:
            cells = [
                row[i].ljust(widths[i]) if i != 2 else row[i].rjust(widths[i]) for i in (0, 1, 2, 6)
            ]
            lines.append(" ".join(cells).rstrip())
    named: dict[str, list[str]] = {}
    for a in arguments:
        if a.reason:
            named.setdefault(a.reason, []).append(a.name)
    for reason, names in named.items():
        lines += _wrap(f"{', '.join(names)}: {reason}", "    ", first="  ")
    return lines


def _shape(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _finding(finding: Finding, number: int, total: int) -> list[str]:
    head = f"{finding.file}:{finding.line}"
    if finding.function:
        head += f" in {finding.function}"
    if total > 1:
        head = f"[{number}/{total}] {head}"
    lines = _wrap(head, "    ", first="")
    for line in finding.statement.splitlines() or [""]:
        lines += _wrap(line, "        ", first="    ")
    label = finding.slip + (f": {finding.message}" if finding.message else "")
    lines += _wrap(f"likely slip   {label}", " " * 16, first="  ")
    if finding.expected:
        lines += _wrap(f"should be     {finding.expected}", " " * 16, first="  ")
    for n, line in enumerate((finding.suggestion or "").splitlines()):
        label = " " * 14 if n else "mended        "
        lines += _wrap(f"{label}{line}", " " * 18 if n else " " * 16, first="  ")
    if finding.worst is not None:
        lines += _wrap(f"worst element {finding.worst}", " " * 16, first="  ")
    if finding.gradients:
        lines += _wrap(f"spoils        {', '.join(finding.gradients)}", " " * 16, first="  ")
    if finding.consequences:
        shown = ", ".join(map(str, finding.consequences))
        lines += _wrap(
            f"consequence   wrong only because of it: line {shown}", " " * 16, first="  "
        )
    return lines
