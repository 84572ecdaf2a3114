"""Right or wrong answers: the rules of docs/decisions/0040, applied."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.checker.corpus import Program
from benchmarks.checker.mutants import Mutant, gradients_of, same
from benchmarks.checker.source import Source
from benchmarks.checker.subject import Answer

KINDS = (
    "transpose",
    "factor-m",
    "factor-2",
    "factor",
    "sign",
    "accumulate",
    "missing-derivative",
    "derivative-argument",
    "wrong-layer",
    "bias-sum",
    "regularisation",
    "softmax-jacobian",
    "wrong-winner",
    "stale-variable",
    "wrong-variable",
    "overwritten",
    "broadcast",
    "missing-term",
    "operand-order",
    "power",
    "mask",
    "index",
    "shape",
    "crash",
)

GROUPS = (
    {"sign", "operand-order"},
    {"accumulate", "missing-term"},
    {"stale-variable", "wrong-layer", "wrong-variable"},
    {"wrong-layer", "index"},
    {"bias-sum", "broadcast"},
    {"overwritten", "stale-variable"},
)
# Groups that hold only for some ways of planting the slip.
_FORGOTTEN_MASKS = ("dropped factor", "mask forgotten", "deleted")
_LOST_DIMENSIONS = ("keepdims lost", "new axis lost", "other new axis", "sum dropped")


@dataclass(frozen=True)
class Score:
    """How one answer about a mutant fares.

    `line` is a hit on the planted line; `line_accepted` also counts the lines that cannot be told
    from it. `named` asks for the kind and for an accepted line. `mends` is None where no
    suggestion was made.
    """

    detected: bool
    line: bool
    line_accepted: bool
    named: bool
    single: bool
    mends: bool | None


def accepted_kinds(mutant: Mutant) -> set[str]:
    """Every kind that is a right answer for `mutant`."""
    kinds = set(mutant.kinds)
    accepted = set(kinds)
    for kind in kinds:
        for group in GROUPS:
            if kind in group:
                accepted |= group
    operator = mutant.edit.operator
    if "mask" in kinds and operator in _FORGOTTEN_MASKS:
        accepted.add("missing-derivative")
    if "factor" in kinds and operator == "dropped factor" and mutant.edit.of_a_variable:
        accepted.add("missing-derivative")
    if operator == "power forgotten":
        accepted.add("missing-derivative")
    if operator == "shifted index":
        accepted.add("index")
    if operator == "other side of the activation":
        accepted |= {"derivative-argument", "wrong-variable"}
    if kinds & {"broadcast", "bias-sum", "shape"} and operator in _LOST_DIMENSIONS:
        accepted |= {"broadcast", "shape"}
    if operator == "other variable" and _inside(mutant, _operands_of_comparisons):
        accepted.add("mask")
    if operator == "changed sign" and _inside(mutant, _exponents):
        accepted.add("power")
    return accepted


def _inside(mutant: Mutant, roots: Callable[[ast.AST], list[ast.expr]]) -> bool:
    """Whether the slip was planted within one of the expressions that `roots` picks from a node."""
    source = Source(mutant.program, mutant.program.source)
    spans = [source.span(r) for node in ast.walk(source.tree) for r in roots(node)]
    return all(
        any(first <= start and end <= last for first, last in spans)
        for start, end, _ in mutant.edit.spans
    )


def _operands_of_comparisons(node: ast.AST) -> list[ast.expr]:
    return [node.left, *node.comparators] if isinstance(node, ast.Compare) else []


def _exponents(node: ast.AST) -> list[ast.expr]:
    power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
    return [node.right] if power else []


def score(mutant: Mutant, answer: Answer) -> Score:
    """The score of `answer` about the silent or loud `mutant`."""
    detected = answer.verdict == "wrong"
    lines, kinds = mutant.lines, accepted_kinds(mutant)
    if mutant.status == "loud":
        lines = [mutant.line, *([mutant.raised_at] if mutant.raised_at else [])]
        kinds = kinds | {"crash"}
    accepted = detected and answer.line in lines
    return Score(
        detected=detected,
        line=detected and answer.line == lines[0],
        line_accepted=accepted,
        named=accepted and answer.slip in kinds,
        single=answer.findings == 1,
        mends=mends(mutant, answer) if answer.suggestion else None,
    )


def mends(mutant: Mutant, answer: Answer) -> bool:
    """Whether putting the suggestion in the place of the statement makes the gradients right."""
    program: Program = mutant.program
    if answer.line is None or answer.suggestion is None:
        return False
    mended = _with_statement(mutant.source, answer.line, answer.end_line, answer.suggestion)
    try:
        return mended is not None and same(
            gradients_of(program, mended), gradients_of(program, program.source), 1e-8
        )
    except Exception:
        return False


def _with_statement(text: str, line: int, end: int | None, statement: str) -> str | None:
    """`text` with the statement that begins on `line` replaced, or the simple ones up to `end`."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and node.lineno == line:
            last = node.end_lineno or line
            if isinstance(node, ast.For | ast.If | ast.While):
                last = line
            elif end is not None:
                last = max(last, end)
            indent = lines[line - 1][: node.col_offset]
            new = [indent + part for part in statement.strip().splitlines()]
            return "\n".join([*lines[: line - 1], *new, *lines[last:]]) + "\n"
    return None
