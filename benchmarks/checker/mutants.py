"""Mutants: a program with one slip planted, and what running it says of the slip.

A mutant is *equivalent* when every gradient agrees with the correct program's on several random
inputs (and in shape) to 1e-12 of the largest entry; where the difference is small, both are run in
extended precision, so that rounding is not taken for a slip. It is *loud* when it raises; the rest
are *silent*: they give a wrong gradient without a word, which is what a checker is for.
"""

from __future__ import annotations

import ast
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from benchmarks.checker import corpus
from benchmarks.checker.corpus import Program
from benchmarks.checker.operators import OPERATORS
from benchmarks.checker.source import Edit, Source, sites

SEEDS = (11, 12, 13)
EQUIVALENT = 1e-12
SMALL = 1e-7
Status = Literal["silent", "equivalent", "loud"]


@dataclass
class Mutant:
    """One slip in one program.

    `kinds` and `lines` are every answer that is accepted (see docs/decisions/0040); the first of
    each is what was planted. `seed` makes inputs on which a silent slip shows.
    """

    program: Program
    number: int
    edit: Edit
    source: str
    status: Status = "silent"
    kinds: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raised_at: int | None = None
    seed: int = SEEDS[0]
    signature: list[np.ndarray] = field(default_factory=list, repr=False)

    @property
    def kind(self) -> str:
        return self.edit.kind

    @property
    def line(self) -> int:
        return self.edit.line

    @property
    def name(self) -> str:
        return f"{self.program.name}#{self.number}"

    def diff(self) -> str:
        """The changed lines, as ``- old`` and ``+ new`` with their numbers."""
        old, new = self.program.source.splitlines(), self.source.splitlines()
        out = []
        for i, (a, b) in enumerate(zip(old, new, strict=False), start=1):
            if a != b:
                out += [f"{i:4d} - {a.strip()}", f"{i:4d} + {b.strip()}"]
        return "\n".join(out)


def planted(program: Program) -> list[list[Edit]]:
    """Every slip of every operator and those written by hand; edits of the same effect together."""
    source = Source(program, program.source)
    edits: dict[str, list[Edit]] = {}
    for site in sites(source):
        for operator in OPERATORS:
            for edit in operator(site):
                edits.setdefault(source.applied(edit), []).append(edit)
    for kind, old, new in program.slips:
        if program.source.count(old) != 1:
            raise ValueError(f"{program.name}: {old!r} must occur once")
        start = program.source.index(old)
        line = _statement_line(source, start)
        span = (start, start + len(old), new)
        by_hand = [Edit(word, line, (span,), "by hand") for word in kind.split("|")]
        edits[source.applied(by_hand[0])] = by_hand + edits.get(source.applied(by_hand[0]), [])
    edits.pop(program.source, None)
    return list(edits.values())


def _statement_line(source: Source, offset: int) -> int:
    line = source.text.count("\n", 0, offset) + 1
    holding = [
        n
        for n in ast.walk(source.tree)
        if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)
    ]
    return max(n.lineno for n in holding)


def gradients_of(program: Program, text: str, dtype: Any = np.float64) -> list[np.ndarray]:
    """All gradients of the program with source `text` on every seed."""
    module = ModuleType(f"mutant_of_{program.name}")
    exec(compile(text, f"<{program.name}>", "exec", dont_inherit=True), module.__dict__)
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for seed in SEEDS:
            inputs = program.make_inputs(np.random.default_rng(seed), dtype)
            gradients = corpus.gradients(program, module, inputs)
            found += [np.asarray(g, dtype=dtype) for g in gradients.values()]
    return found


def same(one: list[np.ndarray], other: list[np.ndarray], tolerance: float = EQUIVALENT) -> bool:
    """Whether two lists of gradients agree in shape and, to `tolerance`, in value."""
    for a, b in zip(one, other, strict=True):
        if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return False
        finite = np.isfinite(a)
        scale = max(np.abs(b[finite]).max(initial=0.0), 1e-300)
        if np.abs(a[finite] - b[finite]).max(initial=0.0) > tolerance * scale:
            return False
    return True


def _is_equivalent(mutant: Mutant, correct: list[np.ndarray]) -> bool:
    if same(mutant.signature, correct):
        return True
    if not same(mutant.signature, correct, SMALL):
        return False
    program = mutant.program
    texts = (mutant.source, program.source)
    return same(*(gradients_of(program, text, np.longdouble) for text in texts))


def _telling_seed(mutant: Mutant, correct: list[np.ndarray]) -> int:
    """The first seed on whose inputs the mutant's gradients differ, or the first of all."""
    size = len(correct) // len(SEEDS)
    for place, seed in enumerate(SEEDS):
        part = slice(place * size, (place + 1) * size)
        if not same(mutant.signature[part], correct[part], SMALL):
            return seed
    return SEEDS[0]


def mutants(program: Program) -> list[Mutant]:
    """Every mutant of `program`, classified, with the answers that are accepted."""
    correct = gradients_of(program, program.source)
    source = Source(program, program.source)
    found = []
    for number, edits in enumerate(planted(program)):
        edit = edits[0]
        mutant = Mutant(program, number, edit, source.applied(edit))
        mutant.kinds = list(dict.fromkeys(e.kind for e in edits))
        mutant.lines = list(dict.fromkeys((edit.line, *edit.also)))
        try:
            mutant.signature = gradients_of(program, mutant.source)
        except Exception as error:
            mutant.status = "loud"
            mutant.raised_at = _raised_at(error, program)
        else:
            if _is_equivalent(mutant, correct):
                mutant.status = "equivalent"
            mutant.seed = _telling_seed(mutant, correct)
        found.append(mutant)
    _accept_coincidences(program, found)
    return found


def _raised_at(error: BaseException, program: Program) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == f"<{program.name}>"]
    return lines[-1] if lines else None


def _accept_coincidences(program: Program, found: list[Mutant]) -> None:
    """Accept kinds and lines that running cannot tell from what was planted."""
    silent = [m for m in found if m.status == "silent"]
    for i, one in enumerate(silent):
        for other in silent[i + 1 :]:
            if not same(one.signature, other.signature, 1e-10):
                continue
            if one.line == other.line:
                one.kinds = list(dict.fromkeys(one.kinds + other.kinds))
                other.kinds = list(dict.fromkeys(other.kinds + one.kinds))
            elif _meaningless_between(program, one.line, other.line):
                one.lines = list(dict.fromkeys([*one.lines, other.line]))
                other.lines = list(dict.fromkeys([*other.lines, one.line]))


def _meaningless_between(program: Program, one: int, other: int) -> bool:
    """Whether no statement from the earlier line up to the later assigns a true gradient.

    The later statement itself is not asked: its value is wrong whichever of the two is to blame.
    """
    first, last = sorted((one, other))
    for node in ast.walk(ast.parse(program.source)):
        if isinstance(node, ast.Assign | ast.AugAssign) and first <= node.lineno < last:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            while isinstance(target, ast.Subscript):
                target = target.value
            name = target.id if isinstance(target, ast.Name) else ast.unparse(target)
            if name not in program.helpers:
                return False
    return True


def all_mutants(programs: Iterator[Program] | list[Program]) -> Iterator[Mutant]:
    for program in programs:
        yield from mutants(program)


def write(mutant: Mutant, folder: Path) -> Path:
    """The mutant as a file of its own."""
    path = folder / f"{mutant.program.name}_{mutant.number:03d}.py"
    path.write_text(mutant.source, encoding="utf-8")
    return path
