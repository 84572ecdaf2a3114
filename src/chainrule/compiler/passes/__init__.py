"""Passes: program to program, each followed by a check.

================== =======================================================================
``fold``           constants computed now
``simplify``       ``x * 1``, ``x + 0``, double negation, masks from what is kept anyway
``squeeze``        no axes of length 1 inside the program
``transpose_…``    products are computed the way round in which they are read
``follow_…``       what follows convolutions has its axes in the order of their results
================== =======================================================================

Common subexpressions cannot arise (values are hash-consed), dead code is never reached from a
program's roots, and transposes are absorbed by views: the builder composes them and the planner
chooses layouts so that they cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ..program import Program
from .algebra import simplify
from .canonical import squeeze, transpose_products
from .checking import check
from .fold import fold
from .permuting import follow_convolutions

__all__ = ["PASSES", "check", "optimise"]

PASSES: tuple[Callable[[Program], Program], ...] = (
    fold,
    simplify,
    squeeze,
    transpose_products,
    follow_convolutions,
)


def optimise(program: Program) -> Program:
    """Run every pass, checking the program before the first and after each."""
    check(program)
    for step in PASSES:
        program = step(program)
        check(program)
    return program
