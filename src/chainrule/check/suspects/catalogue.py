"""Every proposal for one statement, ordered by how far-fetched it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..expressions import parts
from .arithmetic import comparisons, constants, operators
from .calls import calls
from .indices import index_nodes, loops, subscripts
from .layouts import transposes
from .missing_factors import factors, powers, scales
from .missing_terms import copies, softmax, sums, terms
from .names import names
from .statement import Change, Edit, Statement
from .statements import statement_edits


def suspects(here: Statement, lower: float = 0.0, upper: float = 9.0) -> list[Change | Edit]:
    """Changed forms of a statement with ``lower <= cost < upper``, the likeliest first.

    Those of its expression come as changes, from which :func:`.rendering.edit_of` makes edits; most
    are found wanting before.
    """
    found: list[Change | Edit] = [c for c in changes(here, upper) if lower <= c.cost < upper]
    found += [
        e for e in statement_edits(here.site, here.scope, here.value) if lower <= e.cost < upper
    ]
    return sorted(found, key=lambda c: c.cost)


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
        yield from softmax(here)
        yield from powers(here)


def _arguments(here: Statement) -> list[ast.expr]:
    assert isinstance(here.expr, ast.Call)
    return list(here.expr.args)
