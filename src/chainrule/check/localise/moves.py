"""Statements in the wrong order: one is moved before or after another that depends on it.

What such a slip spoils is the value that the reader computes, and no small edit of the reader says
what is wrong. So each simple statement is moved past those near it with which it shares a variable
that either writes, and the program is run so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..arrangement import arranged, blocks
from ..instrument import Instrumented, Site
from ..recorder import Override
from ..suspects import Edit
from .case import Case
from .evidence import Evidence

__all__ = ["COST", "Move", "moves"]

#: Statements that one may be moved past.
_FARTHEST = 8
#: How far-fetched it is that two neighbours are exchanged.
COST = 1.35
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)


@dataclass(frozen=True)
class _Statement:
    """A statement of a block with the variables it reads and writes."""

    node: ast.stmt
    site: Site | None
    reads: frozenset[str] = field(default_factory=frozenset)
    writes: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Move:
    """A statement in another place of its block.

    Attributes
    ----------
    site : Site
        The statement that reads another value then.
    edit : Edit
        The block in the other order.
    """

    site: Site
    edit: Edit


def moves(case: Case, evidence: Evidence, suspects: list[Site]) -> Iterator[Move]:
    """Every move of a statement past another that depends on it, or on which it depends.

    Parameters
    ----------
    case, evidence : Case, Evidence
        The program, and what a run of it showed.
    suspects : list of Site
        Statements whose value may be wrong: the move has to be past one of them, or of one.
    """
    suspected = {site.index for site in suspects if not evidence.is_forward(site)}
    for filename, tree in case.code.trees.items():
        places = _places(case.code, evidence, filename)
        for block in blocks(tree):
            known = [_read(node, places.get((node.lineno, node.col_offset))) for node in block]
            lines = [node.lineno for node in block]
            if len(set(lines)) < len(lines):
                continue  # several statements on one line: there is no telling them apart
            for here, to in _dependent(known):
                if here < to and _is_idle(tree, known[here], known[to]):
                    continue
                sites = (known[here].site, known[to].site)
                if any(site is not None and site.index in suspected for site in sites):
                    move = _moved(case, filename, known, here, to)
                    if move is not None:
                        yield move


def _places(code: Instrumented, evidence: Evidence, filename: str) -> dict[tuple[int, int], Site]:
    """The executed statements of a file by their place."""
    found: dict[tuple[int, int], Site] = {}
    for site in code.sites:
        if site.filename == filename and site.kind != "argument" and site.index in evidence.order:
            found.setdefault((site.statement.lineno, site.statement.col_offset), site)
    return found


def _dependent(block: list[_Statement]) -> Iterator[tuple[int, int]]:
    """Pairs of positions: a simple statement, and another one that it may have to be moved past."""
    for distance in range(1, _FARTHEST + 1):
        for first in range(len(block) - distance):
            one, other = block[first], block[first + distance]
            if one.site is None or other.site is None:
                continue
            if not (one.writes & (other.reads | other.writes) or one.reads & other.writes):
                continue
            if isinstance(one.node, _SIMPLE):
                yield first, first + distance
            if isinstance(other.node, _SIMPLE) and (
                distance > 1 or not isinstance(one.node, _SIMPLE)
            ):
                yield first + distance, first


def _is_idle(tree: ast.AST, moved: _Statement, to: _Statement) -> bool:
    """True if nothing would read what a statement writes, were it moved behind another.

    That is no repair: it says that the gradients are right without the statement.
    """
    if not moved.writes or not all(name.isidentifier() for name in moved.writes):
        return False
    if not isinstance(moved.node, ast.Assign) or not isinstance(moved.node.targets[0], ast.Name):
        return False  # it changes an array, which may have other names
    function = _enclosing(tree, moved.node)
    if function is None or any(
        isinstance(part, (ast.For, ast.While)) and _spans(part, moved.node)
        for part in ast.walk(function)
    ):
        return False
    end = to.node.end_lineno or to.node.lineno
    return not any(
        isinstance(part, ast.Name)
        and part.id in moved.writes
        and isinstance(part.ctx, ast.Load)
        and part.lineno > end
        for part in ast.walk(function)
    )


def _enclosing(tree: ast.AST, node: ast.stmt) -> ast.FunctionDef | None:
    """The innermost function around a statement."""
    around = [
        part
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef) and part is not node and _spans(part, node)
    ]
    return max(around, key=lambda part: part.lineno, default=None)


def _spans(whole: ast.stmt, part: ast.stmt) -> bool:
    return whole.lineno <= part.lineno <= (whole.end_lineno or whole.lineno)


def _moved(case: Case, filename: str, block: list[_Statement], here: int, to: int) -> Move | None:
    """The statement at `here` moved past the one at `to`."""
    if _would_be_lost(block, here, to):
        return None
    order = list(range(len(block)))
    order.insert(to, order.pop(here))
    arrangement = arranged(case.code, filename, [s.node for s in block], order)
    if arrangement is None:
        return None
    earlier, later = (block[here], block[to]) if to < here else (block[to], block[here])
    shared = sorted(earlier.reads & later.writes)
    if shared:
        slip, reader = "overwritten", earlier
        why = f"it reads {shared[0]} before that is changed there"
    else:
        slip, reader = "stale-variable", later
        written = sorted(earlier.writes & (later.reads | later.writes)) or [""]
        why = f"it gives {written[0]} the value that is needed there"
    message = f"line {earlier.node.lineno} belongs before line {later.node.lineno}: {why}"
    start, end = min(here, to), max(here, to)
    lines = (block[start].node.lineno, block[end].node.end_lineno or block[end].node.lineno)
    source = [
        case.code.lines(filename, block[k].node.lineno, block[k].node.end_lineno or 0)
        for k in order[start : end + 1]
    ]
    override = Override(None, arrangement=arrangement)
    cost = COST + 0.025 * (end - start - 1)
    edit = Edit(slip, override, "\n".join(source), cost, message, lines)
    assert reader.site is not None
    return Move(reader.site, edit)


def _would_be_lost(block: list[_Statement], here: int, to: int) -> bool:
    """True if after the move nothing reads what the statement computes: that is to leave it out."""
    moved = block[here]
    if not _is_plain(moved.node):
        return False
    following = block[to + 1 :] if here < to else [*block[to:here], *block[here + 1 :]]
    for later in following:
        if moved.writes & later.reads:
            return False
        if _is_plain(later.node) and moved.writes <= later.writes:
            return True
    return isinstance(block[-1].node, ast.Return)


def _is_plain(node: ast.stmt) -> bool:
    """True for a statement that does nothing but give variables a value."""
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets)


# -- what a statement reads and writes -----------------------------------------------------------


def _read(node: ast.stmt, site: Site | None) -> _Statement:
    reads: set[str] = set()
    writes: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.AugAssign):
            reads.add(_holder(part.target))
            writes.add(_holder(part.target))
        elif isinstance(part, ast.Call):
            writes |= _changed_by(part)
        elif isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
            if isinstance(part.ctx, ast.Load):
                if not isinstance(part, ast.Subscript):
                    reads.add(ast.unparse(part))
            else:
                writes.add(_holder(part))
    return _Statement(node, site, frozenset(reads), frozenset(writes))


def _holder(target: ast.expr) -> str:
    """The variable or attribute that an assignment to `target` changes."""
    while isinstance(target, (ast.Subscript, ast.Starred)):
        target = target.value
    return ast.unparse(target)


def _changed_by(call: ast.Call) -> set[str]:
    """What a call may change: the array given as ``out``; for one made for its effect, see below."""
    changed = {_holder(k.value) for k in call.keywords if k.arg == "out"}
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _CHANGES_OWNER and isinstance(call.func, ast.Attribute):
        changed.add(_holder(call.func.value))
    if name in _CHANGES_FIRST and call.args:
        changed.add(_holder(call.args[0]))
    return changed


_CHANGES_OWNER = ("append", "insert", "extend", "pop", "update", "fill", "sort", "reverse")
_CHANGES_FIRST = ("at", "copyto", "put", "place", "putmask", "fill_diagonal")
