"""Every proposal for one statement, ordered by how far-fetched it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..expressions import parts
from ..leaves import is_gradient_name
from .arithmetic import comparisons, constants, operators
from .calls import calls
from .indices import index_nodes, loops, subscripts
from .layouts import transposes
from .missing_factors import factors, powers, scales
from .missing_terms import copies, inner_terms, new_axes, softmax, sums, terms
from .names import names
from .statement import Change, Edit, Statement
from .statements import statement_edits
from .trees import is_blank


def suspects(here: Statement, lower: float = 0.0, upper: float = 9.0) -> list[Change | Edit]:
    """Changed forms of a statement with ``lower <= cost < upper``, the likeliest first.

    Those of its expression come as changes, from which :func:`.rendering.edit_of` makes edits; most
    are found wanting before.
    """
    dearer = doubt(here)
    found: list[Change | Edit] = [
        replace(c, cost=c.cost + dearer) if c.slip not in _PLAUSIBLE and dearer else c
        for c in changes(here, upper)
    ]
    found += statement_edits(here)
    return sorted((c for c in found if lower <= c.cost < upper), key=lambda c: c.cost)


def sharing(here: Statement) -> list[Change | Edit]:
    """The forms of a statement that compute the same, but into an array of their own."""
    found: list[Change | Edit] = list(copies(here, None))
    found += [e for e in statement_edits(here) if e.slip == "overwritten"]
    return found


#: What can well be wrong in any statement.
_PLAUSIBLE = ("wrong-variable", "wrong-layer", "stale-variable", "index", "overwritten", "factor-m")


def doubt(here: Statement) -> float:
    """How much less likely than in others a slip is in a statement that hardly computes anything."""
    if here.site.kind == "return" and isinstance(here.expr, (ast.Name, ast.Attribute)):
        # What a returned name lacks was forgotten where the name got its value.
        return 0.45 if here.site.element is not None else 0.1
    if is_blank(here.expr):
        return 0.5
    if isinstance(here.value, (int, np.integer)) and not is_gradient_name(here.site.name):
        return 0.8
    return 0.0


def changes(here: Statement, upper: float) -> Iterator[Change]:
    """Every proposal, and possibly dearer ones than `upper`, which are not worth making."""
    indices = index_nodes(here.expr, here.site.kind == "loop")
    for node, parent in parts(here.expr):
        if isinstance(parent, ast.Call) and parent.func is node:
            continue
        local = [
            *operators(here, node, parent),
            *constants(here, node, parent),
            *transposes(here, node, parent),
            *calls(here, node, parent),
            *comparisons(here, node, parent),
            *subscripts(here, node, parent),
        ]
        for change in local:
            if id(node) in indices and change.slip not in ("index", "wrong-layer"):
                change = Change("index", change.form, change.cost, "the index is off")
            yield change
    if upper > 1.3:
        yield from names(here)
    if here.site.kind == "call":
        roots: list[ast.expr | None] = list(_arguments(here))
    elif here.site.kind in ("loop", "test"):
        roots = []
        yield from loops(here)
    else:
        roots = [None]
    for root in roots:
        yield from copies(here, root)
        yield from scales(here, root, upper)
        if upper > 1.4:
            yield from sums(here, root)
        if upper > 1.5:
            yield from factors(here, root, upper)
    if roots == [None] and upper > 1.5:
        yield from terms(here, upper)
        yield from inner_terms(here)
        yield from new_axes(here)
        yield from softmax(here)
        yield from powers(here)


def _arguments(here: Statement) -> list[ast.expr]:
    assert isinstance(here.expr, ast.Call)
    return list(here.expr.args)
