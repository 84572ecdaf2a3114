"""An edit of a statement, and what the proposals of edits are made from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..expressions import parse, replace, text
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


def _follows_loop(index: ast.expr, scope: Scope) -> bool:
    """True for an index that contains a whole number with a name, and nothing but whole numbers."""
    if isinstance(index, ast.Tuple):
        numbers = [e for e in index.elts if not isinstance(e, ast.Slice) or text(e) != ":"]
        return len(numbers) == 1 and _follows_loop(numbers[0], scope)
    named = [n for n in ast.walk(index) if isinstance(n, ast.Name)]
    value = scope.value(index)
    return bool(named) and isinstance(value, (int, np.integer)) and not isinstance(value, bool)


_ANY = -1


def _lengths(holder: Any) -> set[int]:
    """How long an array, list or dictionary is along each axis.

    Lists of what belongs to layers or steps are told apart by one: there are more activations than
    weighted inputs.
    """
    if isinstance(holder, np.ndarray):
        return set(holder.shape)
    if isinstance(holder, (list, tuple)):
        return {len(holder), len(holder) + 1}
    return {len(holder)} if isinstance(holder, dict) else set()


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
    elements : list of (str, object)
        Elements and slices at the indices that the code around uses: ``zs[-l]``, ``dh[:, t]``.
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

    @cached_property
    def elements(self) -> list[tuple[str, Any]]:
        indices: dict[str, set[int]] = {}
        for root in [self.expr, *self.harvest]:
            for node in ast.walk(root):
                if isinstance(node, ast.Subscript) and _follows_loop(node.slice, self.scope):
                    words = text(node.slice)
                    lengths = indices.setdefault(words.strip("()"), set())
                    # A holder that is not to be seen from here could be of any length.
                    lengths |= _lengths(self.scope.value(node.value)) or {_ANY}
        met = {name for name, _ in self.atoms}
        found = []
        for name, value in self.scope.local.items():
            if not isinstance(value, (np.ndarray, list, dict)) or not name.isidentifier():
                continue
            for index, lengths in list(indices.items())[:8]:
                if not lengths & {_ANY, *_lengths(value)}:
                    continue
                element = self.scope.value(parse(f"{name}[{index}]"))
                if shape_of(element) is not None and f"{name}[{index}]" not in met:
                    found.append((f"{name}[{index}]", element))
        return found[:60]

    def with_node(self, node: ast.AST, new: ast.expr) -> Form:
        """The expression with `new` in the place of `node`."""
        return Form(self.expr, node, new)

    def constants(self) -> list[float]:
        """Numbers between 0 and 1 that the code spells out: slopes of leaky activations and the like."""
        nodes = [n for part in [self.expr, *self.harvest] for n in ast.walk(part)]
        numbers = [n.value for n in nodes if isinstance(n, ast.Constant)]
        between = [v for v in numbers if isinstance(v, float) and 0 < v < 0.5]
        return list(dict.fromkeys([*between, 0.01]))[:4]

    def slices(self) -> list[ast.Slice]:
        """Slices found elsewhere in the code."""
        found: dict[str, ast.Slice] = {}
        for node in self.harvest:
            if isinstance(node, ast.Subscript):
                index = node.slice
                for part in index.elts if isinstance(index, ast.Tuple) else [index]:
                    if isinstance(part, ast.Slice):
                        found.setdefault(text(part), part)
        return list(found.values())

    def whole(self, new: ast.expr) -> Form:
        """Another expression altogether."""
        return Form(self.expr, self.expr, new)
