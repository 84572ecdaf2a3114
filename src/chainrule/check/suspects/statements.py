"""Edits of a whole statement: ``=`` for ``+=``, another operator, another target, left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..expressions import text
from ..instrument import Site, as_load
from ..recorder import Deferred, Override
from ..scope import Scope, shape_of
from .indices import indices
from .statement import Edit
from .words import scale_slip


def statement_edits(site: Site, scope: Scope, value: Any) -> Iterator[Edit]:
    source = text(site.expr)
    name = site.name
    if site.kind == "update":
        load = as_load(site.target) if site.target is not None else None
        for other in {"+": "-", "-": "+", "*": "/", "/": "*"}.get(site.operator, ""):
            slip = "sign" if other in "+-" else scale_slip(scope.value(site.expr), site.expr)
            yield Edit(
                slip,
                Override(Deferred(site.expr), other),
                f"{name} {other}= {source}",
                1.0,
                f"{site.operator}= where {other}= is needed",
            )
        yield Edit(
            "accumulate",
            Override(Deferred(site.expr)),
            f"{name} = {source}",
            1.2,
            "adds to an old value that should be replaced",
        )
        slip = "factor" if site.operator in "*/" else "accumulate"
        if site.operator in "*/":
            slip = scale_slip(scope.value(site.expr), site.expr)
        yield Edit(
            slip,
            Override(None),
            f"(leave out) {name} {site.operator}= {source}",
            1.5,
            "one update too many",
        )
        if load is not None:
            whole = ast.BinOp(load, OPERATORS[site.operator](), site.expr)
            yield Edit(
                "overwritten",
                Override(Deferred(whole), fresh=True),
                f"{name} = {name} {site.operator} {source}",
                1.1,
                "changed in place while something else still needs the old value",
            )
    if site.kind == "assign" and site.element is None and site.target is not None:
        old = scope.value(as_load(site.target))
        if shape_of(old) is not None and shape_of(value) is not None:
            load = as_load(site.target)
            whole = ast.BinOp(load, ast.Add(), site.expr)
            yield Edit(
                "accumulate",
                Override(Deferred(whole)),
                f"{name} += {source}",
                1.1,
                "= overwrites a contribution that += would keep",
            )
            yield Edit(
                "accumulate",
                Override(Deferred(ast.BinOp(load, ast.Sub(), site.expr))),
                f"{name} -= {source}",
                1.6,
                "= overwrites a contribution that has to be kept",
            )
    if site.kind in ("assign", "update") and isinstance(site.target, ast.Subscript):
        yield from other_targets(site, scope)
    if site.kind == "call":
        yield Edit("accumulate", Override(None), f"(leave out) {source}", 1.9, "one call too many")


def other_targets(site: Site, scope: Scope) -> Iterator[Edit]:
    target = site.target
    assert isinstance(target, ast.Subscript)
    for index, words in indices(target.slice, scope):
        new = ast.Subscript(target.value, index, ast.Load())
        if site.kind == "update":
            value: ast.expr = ast.BinOp(as_load(new), OPERATORS[site.operator](), site.expr)
        else:
            value = site.expr
        stored, kept = text(new), text(as_load(target))
        lines = f"{stored} = __value__\ntry:\n    __kept__ = {kept}\nexcept LookupError:\n    pass"
        override = Override(Deferred(value), None, compile(lines, "<edit>", "exec"))
        symbol = f"{site.operator}=" if site.kind == "update" else "="
        yield Edit(
            "index",
            override,
            f"{stored} {symbol} {text(site.expr)}",
            1.6,
            f"stored under the wrong index: {words}",
        )


OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "@": ast.MatMult,
    "**": ast.Pow,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
