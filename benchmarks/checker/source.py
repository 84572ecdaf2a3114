"""The backward statements of a program, and edits of its text that keep the line numbers.

Notation: a *site* is one statement of the backward part with what an operator needs to plant slips
there; an `Edit` is one slip as a replacement of spans of text.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any

import numpy as np

from benchmarks.checker import corpus
from benchmarks.checker.corpus import Program

Shape = tuple[int, ...]

_ATOMS = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant, ast.List, ast.Dict)
_OPEN = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Attribute, ast.Subscript)


@dataclass(frozen=True)
class Edit:
    """One slip: its kind and the spans of text (start, end, replacement) that plant it.

    `line` is the line of the statement that has become wrong; `also` holds further lines that are
    as right an answer, for slips that leave no statement behind (see `operators.flow`).
    `of_a_variable` tells a lost factor with a name from a lost number.
    """

    kind: str
    line: int
    spans: tuple[tuple[int, int, str], ...]
    operator: str
    also: tuple[int, ...] = ()
    of_a_variable: bool = False


@dataclass(frozen=True)
class Source:
    """A program's text with its syntax tree."""

    program: Program
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        starts, total = [0], 0
        for line in self.text.splitlines(keepends=True):
            total += len(line)
            starts.append(total)
        return starts

    def offset(self, line: int, column: int) -> int:
        """The position in the text of a node's line and column (which ast counts in bytes)."""
        start = self._starts[line - 1]
        content = self.text[start:].split("\n", 1)[0]
        return start + len(content.encode()[:column].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where `node` stands in the text."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def segment(self, node: ast.AST) -> str:
        """The text of `node`."""
        start, end = self.span(node)
        return self.text[start:end]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def applied(self, edit: Edit) -> str:
        """The text with `edit` in it; the number of lines does not change."""
        text = self.text
        for start, end, new in sorted(edit.spans, reverse=True):
            lost = text[start:end].count("\n") - new.count("\n")
            if lost < 0:
                raise ValueError("an edit may not add lines")
            text = text[:start] + new + text[end:]
            if lost:
                rest = text.find("\n", start + len(new))
                rest = len(text) if rest < 0 else rest
                text = text[:rest] + "\n" * lost + text[rest:]
        return text


@dataclass(frozen=True)
class Site:
    """A backward statement: where slips are planted."""

    source: Source
    statement: ast.stmt
    function: ast.FunctionDef
    block: list[ast.stmt]
    shapes: dict[str, Shape]
    loops: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        return self.source.program

    @property
    def line(self) -> int:
        return self.statement.lineno

    def text(self, node: ast.AST) -> str:
        return self.source.segment(node)

    def operand(self, node: ast.AST) -> str:
        """The text of `node` with the parentheses that an operand needs."""
        text = self.text(node)
        compound = ast.BinOp | ast.UnaryOp | ast.Compare | ast.IfExp | ast.Lambda
        return f"({text})" if isinstance(node, compound) else text

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.source.parents.get(node)

    @cached_property
    def targets(self) -> str:
        """Text of what the statement assigns, "" for others."""
        if isinstance(self.statement, ast.Assign):
            return ", ".join(self.text(t) for t in self.statement.targets)
        if isinstance(self.statement, ast.AugAssign):
            return self.text(self.statement.target)
        return ""

    @cached_property
    def expressions(self) -> list[ast.expr]:
        """Every expression in the statement, or in the header of a compound one."""
        if isinstance(self.statement, ast.For):
            roots: list[ast.AST] = [self.statement.iter]
        elif isinstance(self.statement, ast.If | ast.While):
            roots = [self.statement.test]
        else:
            roots = [self.statement]
        return [n for root in roots for n in ast.walk(root) if isinstance(n, ast.expr)]

    def replace(
        self, kind: str, node: ast.AST, new: str, operator: str, also: tuple[int, ...] = ()
    ) -> Edit:
        """The slip that puts `new` in the place of `node`, in parentheses where they are needed."""
        start, end = self.source.span(node)
        parent = self.parent(node)
        index = isinstance(parent, ast.Subscript) and node is parent.slice
        enclosed = self.source.text[start - 1] == "(" and self.source.text[end : end + 1] == ")"
        if not (index or enclosed or isinstance(node, ast.Slice)) and needs_parentheses(
            new, parent
        ):
            new = f"({new})"
        return Edit(kind, self.line, ((start, end, new),), operator, also)


def is_method(node: ast.AST, name: str) -> bool:
    """Whether `node` is a call of the form ``value.name(…)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    )


def needs_parentheses(new: str, parent: ast.AST | None) -> bool:
    """Whether the expression `new` changes its meaning when it stands bare under `parent`."""
    parsed = ast.parse(new.strip(), mode="eval").body
    if isinstance(parsed, _ATOMS):
        return False
    return isinstance(parent, _OPEN)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node


def _statements(
    body: list[ast.stmt], loops: tuple[str, ...] = ()
) -> Iterator[tuple[ast.stmt, list[ast.stmt], tuple[str, ...]]]:
    for statement in body:
        yield statement, body, loops
        inner = loops
        if isinstance(statement, ast.For):
            names = [n.id for n in ast.walk(statement.target) if isinstance(n, ast.Name)]
            inner = loops + tuple(names)
        for part in ("body", "orelse"):
            if not isinstance(statement, ast.FunctionDef):
                yield from _statements(getattr(statement, part, []), inner)


def sites(source: Source) -> list[Site]:
    """Every statement of the backward part, as the program's record delimits it."""
    shapes = observe(source)
    found: dict[int, Site] = {}
    for entry in source.program.backward:
        name, _, marker = entry.partition("@")
        count: int | None = None
        if match := re.search(r":(\d+)$", marker):
            marker, count = marker[: match.start()], int(match.group(1))
        matched = False
        for function in _functions(source.tree):
            if function.name != name:
                continue
            first = _first_line(source, function, marker)
            inside = [s for s in _statements(function.body) if s[0].lineno >= first]
            for statement, block, loops in inside[:count]:
                matched = True
                seen = shapes.get(statement.lineno, {})
                found[statement.lineno] = Site(source, statement, function, block, seen, loops)
        if not matched:
            raise ValueError(f"{source.program.name}: no backward statements at {entry!r}")
    return [found[line] for line in sorted(found)]


def _first_line(source: Source, function: ast.FunctionDef, marker: str) -> int:
    if not marker:
        return function.lineno
    lines = source.text.splitlines()
    for number in range(function.lineno, (function.end_lineno or 0) + 1):
        if marker in lines[number - 1]:
            return number
    raise ValueError(f"{source.program.name}: {function.name} has no line with {marker!r}")


def observe(source: Source, seed: int = 5) -> dict[int, dict[str, Shape]]:
    """Shapes of the local variables when each line was last about to run, from one real run."""
    module = corpus.load(source.program.path)
    filename = str(source.program.path)
    seen: dict[int, dict[str, Shape]] = {}

    def shapes_of(frame: FrameType) -> dict[str, Shape]:
        found = {}
        for name, value in frame.f_locals.items():
            if isinstance(value, np.ndarray):
                found[name] = value.shape
            elif isinstance(value, float | np.floating):
                found[name] = ()
        return found

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != filename:
            return None
        if event == "line":
            seen.setdefault(frame.f_lineno, {}).update(shapes_of(frame))
        return trace

    inputs = source.program.make_inputs(np.random.default_rng(seed))
    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        corpus.gradients(source.program, module, inputs)
    finally:
        sys.settrace(previous)
        corpus.unload(module)
    return seen
