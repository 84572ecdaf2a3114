"""The statements of a block in another order, as code that can be run.

A statement that stands before what it depends on cannot be mended by another expression. So the
instrumented tree is compiled once more with the statements of one block exchanged; sites keep their
numbers, and the live functions get that code for as long as the edit is in force.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType

from .instrument import Instrumented, compiled

__all__ = ["Arrangement", "arranged", "blocks"]


@dataclass(frozen=True)
class Arrangement:
    """Other code for some live functions.

    Attributes
    ----------
    codes : tuple of (FunctionType, CodeType, CodeType)
        Each function with its code as it is and as it is with the arrangement in force.
    """

    codes: tuple[tuple[FunctionType, CodeType, CodeType], ...]

    def enter(self) -> None:
        """Put the arrangement in force."""
        for function, _, new in self.codes:
            function.__code__ = new

    def leave(self) -> None:
        """Put the old code back."""
        for function, old, _ in self.codes:
            function.__code__ = old


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements that follow each other."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def arranged(
    code: Instrumented, filename: str, block: Sequence[ast.stmt], order: Sequence[int | ast.stmt]
) -> Arrangement | None:
    """The code in which the statements of `block` stand in another order, or new ones among them.

    Parameters
    ----------
    code : Instrumented
        The files, installed.
    filename : str
        The file of the block.
    block : sequence of ast.stmt
        A block of ``code.trees[filename]``, see :func:`blocks`.
    order : sequence of int or ast.stmt
        Positions in `block` in the order wanted, and statements that are to stand between them.

    Returns
    -------
    Arrangement or None
        None if no live function is concerned.
    """
    start = _place(block[0])
    for top in code.transformed[filename].body:
        if not top.lineno <= block[0].lineno <= (top.end_lineno or top.lineno):
            continue
        for statements in blocks(top):
            if _place(statements[0]) == start and len(statements) == len(block):
                return _compiled_so(code, filename, top, statements, order)
    return None


def _compiled_so(
    code: Instrumented,
    filename: str,
    top: ast.stmt,
    statements: list[ast.stmt],
    order: Sequence[int | ast.stmt],
) -> Arrangement | None:
    kept = list(statements)
    statements[:] = [kept[k] if isinstance(k, int) else k for k in order]
    try:
        new = compiled(ast.Module([top], []), filename)
    except SyntaxError:
        return None
    finally:
        statements[:] = kept
    changed = []
    for function in code.live:
        old = function.__code__
        other = new.get((old.co_filename, old.co_name, old.co_firstlineno))
        if other is not None and other.co_freevars == old.co_freevars:
            changed.append((function, old, other))
    return Arrangement(tuple(changed)) if changed else None


def _place(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset
