"""A statement in its changed form, as text and as an override for the recorder."""

from __future__ import annotations

import ast
from typing import Any

from ..expressions import parse, text
from ..instrument import Site
from ..recorder import Deferred, Override
from .statement import Change, Edit


def edit_of(site: Site, change: Change) -> Edit:
    """The change as an edit that can be run."""
    expr = change.form.expr()
    in_place = site.operator if site.kind == "update" else None
    override = Override(Deferred(expr), in_place)
    return Edit(change.slip, override, rendered(site, text(expr)), change.cost, change.message)


def rendered(site: Site, source: str) -> str:
    """The statement with `source` in the place of the expression of the site."""
    if site.kind == "update":
        return f"{site.name} {site.operator}= {source}"
    if site.kind == "assign" and site.element is None:
        assert isinstance(site.statement, (ast.Assign, ast.AnnAssign))
        if isinstance(site.statement, ast.Assign):
            targets = " = ".join(text(t) for t in site.statement.targets)
            return f"{targets} = {source}"
        return f"{site.name} = {source}"
    if site.kind == "call":
        return source
    if site.kind == "loop":
        return f"for {site.name} in {source}:"
    if site.kind == "test":
        word = "while" if isinstance(site.statement, ast.While) else "if"
        return f"{word} {source}:"
    if site.kind == "return" and site.element is None:
        return f"return {source}"
    return _with_element(site, source)


def _with_element(site: Site, source: str) -> str:
    """A statement whose value is a display, with one element exchanged."""

    class _Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return parse(source) if node is site.expr else self.generic_visit(_shallow(node))

    return text(_Exchange().visit(site.statement))


def _shallow(node: ast.AST) -> ast.AST:
    fields = {k: (list(v) if isinstance(v, list) else v) for k, v in ast.iter_fields(node)}
    return ast.copy_location(type(node)(**fields), node)
