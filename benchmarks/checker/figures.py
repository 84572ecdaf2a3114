"""The figures: tables of what was found, by kind of slip and by program."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One mutant with its answer and score, as plain values that go to JSON."""

    program: str
    number: int
    status: str
    kind: str
    kinds: list[str]
    line: int
    lines: list[int]
    operator: str
    diff: str
    answer: dict[str, Any] = field(default_factory=dict)
    score: dict[str, Any] = field(default_factory=dict)


@dataclass
class Trial:
    """One correct program on one set of inputs, with the verdict."""

    program: str
    seed: int
    dtype: str
    kinked: bool
    verdict: str
    seconds: float
    answer: dict[str, Any] = field(default_factory=dict)


def share(hits: int, total: int) -> str:
    return f"{100 * hits / total:6.1f}" if total else "     –"


def _row(name: str, records: list[Record]) -> str:
    total = len(records)

    def hits(key: str) -> str:
        return share(sum(bool(r.score[key]) for r in records), total)

    offered = [r for r in records if r.score["mends"] is not None]
    mended = share(sum(r.score["mends"] for r in offered), len(offered))
    seconds = statistics.median(r.answer["seconds"] for r in records)
    return (
        f"{name:<26}{total:>6}{hits('detected'):>9}{hits('line'):>8}{hits('line_accepted'):>9}"
        f"{hits('named'):>7}{hits('single'):>8}{share(len(offered), total):>9}{mended:>8}"
        f"{seconds:>8.2f}"
    )


_HEAD = (
    f"{'':<26}{'slips':>6}{'found %':>9}{'line %':>8}{'line* %':>9}{'kind %':>7}{'one %':>8}"
    f"{'mended?':>9}{'mends %':>8}{'s':>8}"
)


def _table(title: str, records: list[Record], key: Callable[[Record], str]) -> Iterable[str]:
    yield ""
    yield title
    yield _HEAD
    for name in sorted({key(r) for r in records}):
        yield _row(name, [r for r in records if key(r) == name])
    yield _row("all", records)


def failures(records: list[Record], trials: list[Trial]) -> str:
    """Every answer that is not what it should be, with the slip and what the checker said."""
    lines: list[str] = ["# Answers that are not what they should be", ""]
    for trial in trials:
        if trial.verdict != "right":
            inputs = "kinked" if trial.kinked else "random"
            on = f"seed {trial.seed}, {trial.dtype}, {inputs}"
            lines.append(f"- correct {trial.program}, {on}: {_said(trial.answer)}")
    asked = [r for r in records if r.status != "equivalent" and not _fine(r)]
    for record in sorted(asked, key=_severity):
        missed = [
            k for k in ("detected", "line_accepted", "named", "single") if not record.score[k]
        ]
        if record.score["mends"] is False:
            missed.append("mends")
        lines += [
            "",
            f"## {record.program}#{record.number} {record.kind} ({record.operator}, {record.status}): "
            + "not "
            + ", not ".join(missed),
            "```",
            record.diff,
            "```",
            f"wanted: {' or '.join(record.kinds)} on line {' or '.join(map(str, record.lines))}; "
            f"got: {_said(record.answer)}",
        ]
    return "\n".join(lines) + "\n"


def _severity(record: Record) -> tuple[bool, ...]:
    """Undetected slips first, then those on another line, then those by another name."""
    return tuple(bool(record.score[k]) for k in ("detected", "line_accepted", "named"))


def _fine(record: Record) -> bool:
    keys = ("detected", "line_accepted", "named", "single")
    return all(record.score[k] for k in keys) and record.score["mends"] is not False


def _said(answer: dict[str, Any]) -> str:
    if answer["error"]:
        return f"{answer['verdict']}: ```{answer['error'][-900:]}```"
    said = f"{answer['verdict']}, line {answer['line']}, {answer['slip']}, `{answer['statement']}`"
    if answer["suggestion"]:
        said += f", suggests `{answer['suggestion']}`"
    return f"{said}, {answer['findings']} finding(s), expected: {answer['expected'][:200]}"


def report(records: list[Record], trials: list[Trial]) -> str:
    """Everything as text."""
    lines: list[str] = []
    silent = [r for r in records if r.status == "silent"]
    loud = [r for r in records if r.status == "loud"]
    if silent:
        lines += _table("Silent slips by kind", silent, lambda r: r.kind)
        lines += _table("Silent slips by program", silent, lambda r: r.program)
    if loud:
        lines += _table("Slips that raise", loud, lambda r: "loud")
    if trials:
        lines += _correct(trials)
    if silent:
        lines += ["", *_summary(silent, loud, records)]
    if silent:
        lines += [
            "",
            "found: verdict 'wrong'. line: the first finding is on the planted line; line*: on it or",
            "on one that cannot be told from it (docs/decisions/0040). kind: the slip is named, on an",
            "accepted line. one: exactly one finding. mended?: a suggestion was offered; mends: it does.",
        ]
    return "\n".join(lines)


def _summary(silent: list[Record], loud: list[Record], records: list[Record]) -> Iterable[str]:
    total = len(silent)

    def percent(key: str) -> str:
        return share(sum(bool(r.score[key]) for r in silent), total).strip()

    equivalent = sum(r.status == "equivalent" for r in records)
    yield f"planted {len(records)}: {total} silent, {len(loud)} loud, {equivalent} equivalent"
    yield f"detected              {percent('detected'):>6} %   (required 100)"
    planted = percent("line")
    accepted = percent("line_accepted")
    yield f"first wrong line      {accepted:>6} %   (required 97; on the planted line {planted} %)"
    yield f"likely slip named     {percent('named'):>6} %   (required 85)"


def _correct(trials: list[Trial]) -> Iterable[str]:
    yield ""
    yield "Correct programs"
    yield (
        f"{'':<26}{'dtype':>9}{'inputs':>9}{'checks':>8}{'right':>8}{'cannot tell':>13}{'WRONG':>7}"
        f"{'other':>7}{'s':>8}"
    )
    names = sorted({t.program for t in trials})
    groups = [(dtype, kinked) for dtype in ("float64", "float32") for kinked in (False, True)]
    for name in [*names, "all"]:
        for dtype, kinked in groups:
            some = [
                t
                for t in trials
                if (name == "all" or t.program == name) and (t.dtype, t.kinked) == (dtype, kinked)
            ]
            if not some or (name != "all" and all(t.verdict == "right" for t in some)):
                continue
            verdicts = [t.verdict for t in some]
            right, wrong, cannot = (verdicts.count(v) for v in ("right", "wrong", "cannot tell"))
            other = len(some) - right - wrong - cannot
            seconds = statistics.median(t.seconds for t in some)
            kind = "kinks" if kinked else "random"
            yield (
                f"{name:<26}{dtype:>9}{kind:>9}{len(some):>8}{right:>8}{cannot:>13}{wrong:>7}"
                f"{other:>7}{seconds:>8.2f}"
            )
    yield f"{len(names)} programs; those right every time have no row of their own."
    wrong = sum(t.verdict == "wrong" for t in trials)
    yield f"false alarms          {wrong:>6} of {len(trials)} checks   (required 0)"
