"""An edit of a statement, and what the proposals of edits are made from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from ..expressions import Scope, replace, shape_of
from ..instrument import Site
from ..recorder import Override


@dataclass(frozen=True)
class Edit:
    """A changed form of one statement.

    Attributes
    ----------
    slip : str
        What was wrong if this form is right.
    override : Override
        For the recorder.
    text : str
        The statement in its changed form.
    cost : float
        How far-fetched the edit is.
    message : str
        The slip in words.
    """

    slip: str
    override: Override
    text: str
    cost: float
    message: str


@dataclass(frozen=True)
class Change:
    """A changed form of the expression of a statement: an :class:`Edit` to be.

    Attributes
    ----------
    slip, cost, message
        As of :class:`Edit`.
    expr : ast.expr
        The whole expression in its changed form.
    """

    slip: str
    expr: ast.expr
    cost: float
    message: str


class Statement:
    """What the proposals for one statement are made from.

    Parameters
    ----------
    site : Site
        The statement.
    scope : Scope
        What it can read.
    value : object
        What it computed.
    harvest : list of ast.expr
        Sub-expressions found elsewhere in the code.

    Attributes
    ----------
    expr : ast.expr
        The expression of the site.
    shape : tuple of int or None
        Shape of the value.
    np : str
        The name by which the code knows NumPy.
    atoms : list of (str, object)
        Everything that can be named here, with its value.
    """

    def __init__(self, site: Site, scope: Scope, value: Any, harvest: list[ast.expr]) -> None:
        self.site = site
        self.expr = site.expr
        self.scope = scope
        self.value = value
        self.shape = shape_of(value)
        self.harvest = harvest
        self.np = scope.np
        self.atoms = scope.atoms()
        #: Factors that suit a shape; made once, since every place of the statement asks for them.
        self.multipliers: dict[tuple[int, ...] | None, list[tuple[ast.expr, str, float]]] = {}

    def with_node(self, node: ast.AST, new: ast.expr) -> ast.expr:
        """The expression with `new` in the place of `node`."""
        return replace(self.expr, node, new)
