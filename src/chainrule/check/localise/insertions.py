"""A statement that is not there: a gradient is computed, and nothing adds it to where it belongs.

Code does not compute what it does not need. Where a function of the backward pass gives a variable a
value that it never reads, the statement that reads it was forgotten, and mostly that is an addition
to another gradient of the same shape.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..arrangement import arranged, blocks
from ..expressions import parse, text
from ..instrument import Site
from ..recorder import Override
from ..scope import Scope, shape_of
from ..suspects import Edit
from .case import Case
from .evidence import Evidence
from .moves import Move

__all__ = ["COST", "insertions"]

#: How far-fetched it is that an addition was forgotten, where its summand is there.
COST = 1.32
_MOST = 24


@dataclass(frozen=True)
class _Unread:
    """A variable that is given a value and never read.

    Attributes
    ----------
    name : str
        The variable.
    block, at : list of ast.stmt, int
        The block and the position in it of the statement that gives it the value.
    scope : Scope
        The names that a later statement could read, with it among them.
    """

    name: str
    block: list[ast.stmt]
    at: int
    scope: Scope


def insertions(case: Case, evidence: Evidence) -> Iterator[Move]:
    """Every addition of a gradient that is never read to another one of the same shape."""
    for filename, tree in case.code.trees.items():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            sites = _backward_sites(case, evidence, filename, function)
            for unread in _unread(function, sites, evidence):
                for target in _targets(sites, unread)[:_MOST]:
                    for symbol in (ast.Add(), ast.Sub()):
                        move = _inserted(case, filename, sites, unread, target, symbol)
                        if move is not None:
                            yield move


def _backward_sites(
    case: Case, evidence: Evidence, filename: str, function: ast.FunctionDef
) -> list[Site]:
    """The executed assignments of a function that the cost does not depend on."""
    return [
        site
        for site in case.code.sites
        if site.filename == filename
        and function.lineno <= site.line <= (function.end_lineno or 0)
        and site.index in evidence.order
        and site.kind in ("assign", "update")
        and not evidence.is_forward(site)
    ]


def _unread(function: ast.FunctionDef, sites: list[Site], evidence: Evidence) -> Iterator[_Unread]:
    lines = {site.line for site in sites}
    for block in blocks(function):
        for at, statement in enumerate(block):
            if not isinstance(statement, ast.Assign) or statement.lineno not in lines:
                continue
            targets = [n for target in statement.targets for n in _elements(target)]
            for name in [t.id for t in targets if isinstance(t, ast.Name)]:
                if name.startswith("_") or _is_read_after(function, block, at, name):
                    continue
                scopes = [evidence.scopes[s.index] for s in sites if s.index in evidence.scopes]
                scope = next((s for s in reversed(scopes) if name in s.local), None)
                if scope is not None:
                    yield _Unread(name, block, at, scope)


def _elements(target: ast.expr) -> list[ast.expr]:
    return list(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _is_read_after(function: ast.FunctionDef, block: list[ast.stmt], at: int, name: str) -> bool:
    """True if anything may read the value that the statement at a position gives a variable."""
    following = block[at + 1 :]
    if any(isinstance(n, (ast.For, ast.While)) and n.body is block for n in ast.walk(function)):
        following += block[: at + 1]
    for statement in following:
        if _reads(statement, name):
            return True
        if isinstance(statement, ast.Assign) and any(
            isinstance(n, ast.Name) and n.id == name
            for target in statement.targets
            for n in _elements(target)
        ):
            return False
    end = block[-1].end_lineno or block[-1].lineno
    return any(s.lineno > end and _reads(s, name) for part in blocks(function) for s in part)


def _reads(statement: ast.stmt, name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        for n in ast.walk(statement)
    ) or (isinstance(statement, ast.AugAssign) and text(statement.target) == name)


def _targets(sites: list[Site], unread: _Unread) -> list[str]:
    """What the gradient could be added to: whatever has its shape and is computed beside it."""
    shape = shape_of(unread.scope.value(parse(unread.name)))
    found: list[str] = []
    for site in sites:
        for name in [text(t) for t in _elements(site.target)] if site.target is not None else []:
            if name == unread.name or name in found or shape is None:
                continue
            if shape_of(unread.scope.value(parse(name))) == shape:
                found.append(name)
    return found


def _inserted(
    case: Case,
    filename: str,
    sites: list[Site],
    unread: _Unread,
    target: str,
    symbol: ast.operator,
) -> Move | None:
    """The block with an addition after the statement that computes what is never read."""
    sign = "+" if isinstance(symbol, ast.Add) else "-"
    added = f"{target} = {target} {sign} {unread.name}"
    statement = ast.parse(added).body[0]
    for part in ast.walk(statement):
        if isinstance(part, (ast.stmt, ast.expr)):
            ast.copy_location(part, unread.block[unread.at])
    order: list[int | ast.stmt] = list(range(len(unread.block)))
    order.insert(unread.at + 1, statement)
    arrangement = arranged(case.code, filename, unread.block, order)
    site = _named_for(sites, unread, target)
    if arrangement is None or site is None:
        return None
    first, last = unread.block[unread.at].lineno, unread.block[unread.at].end_lineno or 0
    inside = [s.lineno for s in unread.block]
    lines = (min(site.line, first), max(last, site.statement.end_lineno or last))
    if site.line not in inside:
        lines = (first, last)
    kept = case.code.lines(filename, lines[0], last)
    after = case.code.lines(filename, last + 1, lines[1]) if lines[1] > last else ""
    source = "\n".join(part for part in (kept, added, after) if part)
    message = f"{unread.name} is computed and never used: {added} is missing"
    cost = COST + (0.05 if sign == "-" else 0.0)
    edit = Edit(
        "missing-term", Override(None, arrangement=arrangement), source, cost, message, lines
    )
    return Move(site, edit)


def _named_for(sites: list[Site], unread: _Unread, target: str) -> Site | None:
    """The statement that gave the other gradient its value last, or else the next one to do so."""
    line = unread.block[unread.at].lineno
    writers = [site for site in sites if _writes(site, target)]
    before = [site for site in writers if site.line <= line]
    inside = {s.lineno for s in unread.block}
    near = [site for site in before if site.line in inside] or before or writers
    return max(near, key=lambda s: s.line, default=None)


def _writes(site: Site, target: str) -> bool:
    return site.target is not None and target in [text(t) for t in _elements(site.target)]
