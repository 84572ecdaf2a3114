"""An edit of a statement, and what the proposals of edits are made from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from ..expressions import replace
from ..instrument import Site
from ..recorder import Override
from ..scope import Scope, shape_of


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
    lines : (int, int) or None
        First and last line of what `text` stands for, where that is more than the statement.
    """

    slip: str
    override: Override
    text: str
    cost: float
    message: str
    lines: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The expression of a statement with one part exchanged, put together only when it is needed."""

    root: ast.expr
    target: ast.AST
    new: ast.expr

    def expr(self) -> ast.expr:
        """The whole in its changed form."""
        return replace(self.root, self.target, self.new)

    def value(self, scope: Scope) -> Any:
        """What it computes in a scope; raises as :meth:`Scope.evaluate`."""
        return scope.swapped(self.root, self.target, self.new)


@dataclass(frozen=True, slots=True)
class Change:
    """A changed form of the expression of a statement: an :class:`Edit` to be.

    Attributes
    ----------
    slip, cost, message
        As of :class:`Edit`.
    form : Form
        The expression in its changed form.
    """

    slip: str
    form: Form
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
    upstream : frozenset of str
        Names of gradients that arrive from above.

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

    def __init__(
        self,
        site: Site,
        scope: Scope,
        value: Any,
        harvest: list[ast.expr],
        upstream: frozenset[str] = frozenset(),
    ) -> None:
        self.site = site
        self.expr = site.expr
        self.scope = scope
        self.value = value
        self.shape = shape_of(value)
        self.harvest = harvest
        self.upstream = upstream
        self.np = scope.np
        self.atoms = scope.atoms()
        #: Factors that suit a shape; made once, since every place of the statement asks for them.
        self.multipliers: dict[tuple[int, ...] | None, list[tuple[ast.expr, str, float]]] = {}

    def with_node(self, node: ast.AST, new: ast.expr) -> Form:
        """The expression with `new` in the place of `node`."""
        return Form(self.expr, node, new)

    def constants(self) -> list[float]:
        """Numbers between 0 and 1 that the code spells out: slopes of leaky activations and the like."""
        nodes = [n for part in [self.expr, *self.harvest] for n in ast.walk(part)]
        numbers = [n.value for n in nodes if isinstance(n, ast.Constant)]
        between = [v for v in numbers if isinstance(v, float) and 0 < v < 0.5]
        return list(dict.fromkeys([*between, 0.01]))[:4]

    def whole(self, new: ast.expr) -> Form:
        """Another expression altogether."""
        return Form(self.expr, self.expr, new)
