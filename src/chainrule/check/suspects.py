"""The catalogue of slips: small edits of a statement, each tied to the slip that it undoes.

An edit is only a proposal. :mod:`.localise` runs the program with it and keeps it if the gradients
come right. `cost` orders the proposals: taking away what is there comes before putting in what is
not, and what needs no new name before what does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from .expressions import Scope, atoms, parse, parts, replace, shape_of, text
from .instrument import Site, as_load
from .leaves import gradient_name, is_gradient_name
from .recorder import Deferred, Override

__all__ = ["Edit", "suspects"]


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
class _Change:
    slip: str
    expr: ast.expr
    cost: float
    message: str


def suspects(
    site: Site,
    scope: Scope,
    value: Any,
    harvest: list[ast.expr],
    lower: float = 0.0,
    upper: float = 9.0,
) -> list[Edit]:
    """Edits of the statement at `site` with ``lower <= cost < upper``, the likeliest first.

    Parameters
    ----------
    site : Site
        The statement.
    scope : Scope
        What it can read.
    value : object
        What it computed.
    harvest : list of ast.expr
        Sub-expressions found elsewhere in the code: the missing factor or term is often written
        there for another layer.
    """
    catalogue = _Catalogue(site, scope, value, harvest)
    edits: dict[str, Edit] = {}
    original = text(site.expr)
    for change in catalogue.changes(upper):
        if not lower <= change.cost < upper:
            continue
        source = text(change.expr)
        if source == original:
            continue
        edit = _of_expression(site, change, source)
        known = edits.get(edit.text)
        if known is None or edit.cost < known.cost:
            edits[edit.text] = edit
    for edit in _statement_edits(site, scope, value):
        if not lower <= edit.cost < upper:
            continue
        known = edits.get(edit.text)
        if known is None or edit.cost < known.cost:
            edits[edit.text] = edit
    return sorted(edits.values(), key=lambda e: e.cost)


def _of_expression(site: Site, change: _Change, source: str) -> Edit:
    in_place = site.operator if site.kind == "update" else None
    override = Override(Deferred(change.expr), in_place)
    return Edit(change.slip, override, rendered(site, source), change.cost, change.message)


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


# -- whole statements --------------------------------------------------------------------------


def _statement_edits(site: Site, scope: Scope, value: Any) -> Iterator[Edit]:
    source = text(site.expr)
    name = site.name
    if site.kind == "update":
        load = as_load(site.target) if site.target is not None else None
        for other in {"+": "-", "-": "+", "*": "/", "/": "*"}.get(site.operator, ""):
            slip = "sign" if other in "+-" else _scale_slip(scope.value(site.expr), site.expr)
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
            slip = _scale_slip(scope.value(site.expr), site.expr)
        yield Edit(
            slip,
            Override(None),
            f"(leave out) {name} {site.operator}= {source}",
            1.5,
            "one update too many",
        )
        if load is not None:
            whole = ast.BinOp(load, _OPS[site.operator](), site.expr)
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
        yield from _other_targets(site, scope)
    if site.kind == "call":
        yield Edit("accumulate", Override(None), f"(leave out) {source}", 1.9, "one call too many")


def _other_targets(site: Site, scope: Scope) -> Iterator[Edit]:
    target = site.target
    assert isinstance(target, ast.Subscript)
    for index, words in _indices(target.slice, scope):
        new = ast.Subscript(target.value, index, ast.Load())
        if site.kind == "update":
            value: ast.expr = ast.BinOp(as_load(new), _OPS[site.operator](), site.expr)
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


_OPS: dict[str, type[ast.operator]] = {
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

_REGULAR = re.compile(
    r"(?:^|_)(?:reg|lam|lmb|lambda|lmbda|alpha|decay|weight_decay|l2|wd|rho)", re.I
)


def _scale_slip(value: Any, node: ast.expr) -> str:
    """What kind of factor a number is: a batch size, two, or some other constant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        if abs(node.value) in (2, 0.5):
            return "factor-2"
        return "factor"
    if isinstance(node, ast.BinOp):
        kinds = {_scale_slip(None, n) for n in (node.left, node.right) if _is_countable(n)}
        if kinds == {"factor-2", "factor-m"} or "factor-m" in kinds:
            return "factor-m"
    if isinstance(node, ast.Name) and _REGULAR.search(node.id):
        return "regularisation"
    if value is None and _is_countable(node):
        return "factor-m"
    if isinstance(value, (int, np.integer)):
        return "factor-m"
    if (
        isinstance(value, float)
        and value.is_integer()
        and value > 2
        and not isinstance(node, ast.Call)
    ):
        return "factor-m"
    if isinstance(value, np.ndarray) and value.ndim:
        return "missing-derivative"
    return "factor"


def _is_countable(node: ast.expr) -> bool:
    source = text(node)
    return (
        "shape" in source
        or source.startswith("len(")
        or source in ("m", "n", "N", "B", "M", "batch_size")
    )


# -- expressions -------------------------------------------------------------------------------

_REDUCTIONS = (
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "amax",
    "amin",
    "std",
    "var",
    "argmax",
    "argmin",
    "cumsum",
)
_PRODUCTS = (
    "dot",
    "matmul",
    "outer",
    "multiply",
    "subtract",
    "divide",
    "add",
    "inner",
    "kron",
    "tensordot",
)
_SWAPS = {
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "max": "min",
    "min": "max",
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "sum": "mean",
    "mean": "sum",
    "exp": "log",
    "log": "exp",
    "tril": "triu",
    "triu": "tril",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "hstack": "vstack",
    "vstack": "hstack",
    "dot": "outer",
    "outer": "dot",
    "cumsum": "sum",
    "sign": "abs",
    "floor": "ceil",
    "ceil": "floor",
}


class _Catalogue:
    def __init__(self, site: Site, scope: Scope, value: Any, harvest: list[ast.expr]) -> None:
        self.site = site
        self.expr = site.expr
        self.scope = scope
        self.value = value
        self.shape = shape_of(value)
        self.harvest = harvest
        self.np = scope.np
        self.atoms = scope.atoms()

    def changes(self, upper: float) -> Iterator[_Change]:
        """Every proposal, and possibly dearer ones than `upper`, which are not worth making."""
        indices = _index_nodes(self.expr, self.site.kind == "loop")
        for node, parent in parts(self.expr):
            if isinstance(parent, ast.Call) and parent.func is node:
                continue
            local = [
                *self._operators(node, parent),
                *self._constants(node, parent),
                *self._transposes(node, parent),
                *self._calls(node, parent),
                *self._comparisons(node, parent),
                *self._subscripts(node, parent),
            ]
            for change in local:
                if id(node) in indices and change.slip not in ("index", "wrong-layer"):
                    change = _Change("index", change.expr, change.cost, "the index is off")
                yield change
        if upper > 1.3:
            yield from self._names()
        if self.site.kind == "call":
            roots: list[ast.expr | None] = list(self._arguments())
        elif self.site.kind in ("loop", "test"):
            roots = []
            yield from self._loops()
        else:
            roots = [None]
        for root in roots:
            yield from self._copies(root)
            yield from self._scales(root, upper)
            if upper > 1.4:
                yield from self._sums(root)
            if upper > 1.5:
                yield from self._factors(root, upper)
        if roots == [None] and upper > 1.5:
            yield from self._terms(upper)
            yield from self._softmax()
            yield from self._powers()

    def _arguments(self) -> list[ast.expr]:
        assert isinstance(self.expr, ast.Call)
        return list(self.expr.args)

    def _with(self, node: ast.AST, new: ast.expr) -> ast.expr:
        return replace(self.expr, node, new)

    # -- what is there ---------------------------------------------------------------------------

    def _operators(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and not isinstance(node.operand, ast.Constant)
        ):
            yield _Change("sign", self._with(node, node.operand), 0.9, "a minus sign too many")
            one = ast.BinOp(ast.Constant(1), ast.Sub(), node.operand)
            yield _Change("missing-term", self._with(node, one), 1.15, "the 1 of 1 − … is missing")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Invert, ast.Not)):
            yield _Change("mask", self._with(node, node.operand), 1.0, "the mask is inverted")
        if not isinstance(node, ast.BinOp):
            return
        left, right, op = node.left, node.right, node.op

        def binary(a: ast.expr, operator: ast.operator, b: ast.expr) -> ast.expr:
            return self._with(node, ast.BinOp(a, operator, b))

        if isinstance(op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
            yield _Change(
                "operand-order",
                binary(right, op, left),
                1.0,
                "the operands stand in the wrong order",
            )
        if isinstance(op, ast.Sub):
            yield _Change("sign", binary(left, ast.Add(), right), 1.05, "− where + is needed")
        if isinstance(op, ast.Add):
            yield _Change("sign", binary(left, ast.Sub(), right), 1.05, "+ where − is needed")
            yield _Change(
                "sign", binary(right, ast.Sub(), left), 1.3, "the sign of one term is wrong"
            )
        if isinstance(op, ast.Mult):
            yield _Change(
                self._kind(right), binary(left, ast.Div(), right), 1.2, "× where ÷ is needed"
            )
            yield _Change(
                self._kind(left), binary(right, ast.Div(), left), 1.4, "× where ÷ is needed"
            )
            yield _Change(
                "operand-order", binary(left, ast.MatMult(), right), 1.7, "* where @ is needed"
            )
        if isinstance(op, ast.Div):
            yield _Change(
                self._kind(right), binary(left, ast.Mult(), right), 1.2, "÷ where × is needed"
            )
        if isinstance(op, ast.MatMult):
            yield _Change(
                "operand-order", binary(left, ast.Mult(), right), 1.9, "@ where * is needed"
            )
            moved = _moved_transpose(left, right)
            if moved:
                yield _Change(
                    "transpose",
                    binary(moved[0], op, moved[1]),
                    1.05,
                    "the wrong operand is transposed",
                )
        if isinstance(op, (ast.Mult, ast.Div)):
            yield _Change(
                self._dropped(right),
                self._with(node, left),
                1.1,
                f"the factor {text(right)} is too many",
            )
        if isinstance(op, ast.Mult):
            yield _Change(
                self._dropped(left),
                self._with(node, right),
                1.1,
                f"the factor {text(left)} is too many",
            )
        if isinstance(op, ast.Div):
            inverse = ast.BinOp(ast.Constant(1.0), ast.Div(), right)
            yield _Change(
                self._dropped(left),
                self._with(node, inverse),
                1.5,
                f"the factor {text(left)} is too many",
            )
        if isinstance(op, (ast.Add, ast.Sub)):
            yield _Change(
                self._extra(right),
                self._with(node, left),
                1.2,
                f"the term {text(right)} is too many",
            )
            kept = right if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), right)
            yield _Change(
                self._extra(left), self._with(node, kept), 1.2, f"the term {text(left)} is too many"
            )
        if isinstance(op, ast.Pow):
            slip = "factor-m" if isinstance(self.scope.value(left), (int, np.integer)) else "power"
            yield _Change(slip, self._with(node, left), 1.15, "the power is too many")

    def _kind(self, node: ast.expr) -> str:
        """Slip of multiplying with `node` where dividing by it is right, or the reverse."""
        slip = _scale_slip(self.scope.value(node), node)
        return "power" if slip == "missing-derivative" else slip

    def _dropped(self, node: ast.expr) -> str:
        value = self.scope.value(node)
        slip = _scale_slip(value, node)
        if slip == "factor-2" and self._in_regularisation(node):
            return "regularisation"
        if slip == "factor" and self.shape == () and not isinstance(node, ast.Constant):
            return "missing-derivative"
        if slip != "missing-derivative":
            return slip
        if isinstance(value, np.ndarray) and value.dtype == bool:
            return "mask"
        return "missing-derivative"

    def _in_regularisation(self, node: ast.expr) -> bool:
        """Inside a product with a regularisation strength."""
        for ancestor in _ancestors(self.expr, node):
            if isinstance(ancestor, ast.BinOp) and isinstance(ancestor.op, (ast.Mult, ast.Div)):
                if self._extra(ancestor) == "regularisation":
                    return True
            elif isinstance(ancestor, ast.BinOp):
                return False
        return False

    def _extra(self, node: ast.expr) -> str:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if any(_REGULAR.search(n) for n in names):
            return "regularisation"
        if any(isinstance(n, ast.Attribute) and _REGULAR.search(n.attr) for n in ast.walk(node)):
            return "regularisation"
        return "missing-term"

    def _constants(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if not isinstance(node, ast.Constant):
            return
        value = node.value
        if isinstance(value, bool):
            yield _Change(
                "shape", self._with(node, ast.Constant(not value)), 1.2, "kept dimensions are wrong"
            )
            return
        if not isinstance(value, (int, float)):
            return
        exponent = (
            isinstance(parent, ast.BinOp)
            and isinstance(parent.op, ast.Pow)
            and parent.right is node
        )
        inside_index = isinstance(parent, (ast.Subscript, ast.Slice, ast.Tuple)) and isinstance(
            value, int
        )
        if exponent:
            assert isinstance(parent, ast.BinOp)
            base = self.scope.value(parent.left)
            slip = "factor-m" if isinstance(base, (int, np.integer)) else "power"
            for new in (
                value + 1,
                value - 1,
                -value,
                value * 2,
                value / 2,
                value + 0.5,
                value - 0.5,
            ):
                yield _Change(
                    slip, self._with(node, ast.Constant(new)), 1.2, f"the exponent should be {new}"
                )
            return
        slip = "index" if inside_index else "factor"
        for new, cost in ((value + 1, 1.3), (value - 1, 1.3), (-value, 1.25)):
            yield _Change(
                "sign" if new == -value else slip,
                self._with(node, _number(new)),
                cost,
                f"{value} where {new} is needed",
            )
        for new in (value * 2, value / 2):
            kind = "factor-2" if not inside_index else "index"
            yield _Change(
                kind, self._with(node, _number(new)), 1.1, f"{value:g} where {new:g} is needed"
            )
        if value not in (1, -1):
            kind = "factor-2" if value in (2, 0.5) else slip
            yield _Change(
                kind, self._with(node, ast.Constant(1)), 1.15, f"the factor {value} is too many"
            )
        if value:
            yield _Change(
                "factor",
                self._with(node, ast.Constant(1 / value)),
                1.3,
                f"{value} where 1/{value} is needed",
            )
        for name, other in self.atoms:
            if shape_of(other) == () and not isinstance(other, bool) and other != value:
                yield _Change(
                    _scale_slip(other, parse(name)),
                    self._with(node, parse(name)),
                    1.9,
                    f"{value} where {name} is needed",
                )

    def _transposes(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            yield _Change(
                "transpose",
                self._with(node, node.value),
                1.0,
                f"{text(node.value)} is transposed, and should not be",
            )
            return
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            function, name = node.func, node.func.attr
            if name in ("transpose", "swapaxes", "moveaxis", "permute"):
                plain = isinstance(function.value, ast.Name) and function.value.id == self.np
                operand = node.args[0] if plain and node.args else function.value
                yield _Change(
                    "transpose",
                    self._with(node, operand),
                    1.0,
                    f"{text(operand)} is transposed, and should not be",
                )
                numbers = node.args[1:] if plain else node.args
                holder = (
                    numbers[0].elts
                    if len(numbers) == 1 and isinstance(numbers[0], ast.Tuple)
                    else numbers
                )
                if 2 <= len(holder) <= 5 and name == "transpose":
                    axes = [ast.Constant(i) for i in range(len(holder))]
                    for order in permutations(axes):
                        args: list[ast.expr] = [ast.Tuple(list(order), ast.Load())]
                        new = ast.Call(function, ([operand, *args] if plain else args), [])
                        yield _Change(
                            "transpose",
                            self._with(node, new),
                            1.3,
                            "the axes are permuted in the wrong order",
                        )
            if name == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
                for spec in _einsum_specs(str(node.args[0].value)):
                    yield _Change(
                        "transpose",
                        self._with(node.args[0], ast.Constant(spec)),
                        1.3,
                        f"the subscripts should be {spec!r}",
                    )
        if isinstance(parent, ast.Attribute):
            return
        shape = self.scope.shape(node)
        if shape is not None and len(shape) == 2 and max(shape) > 1:
            in_product = isinstance(parent, (ast.BinOp, ast.Call)) or parent is None
            if in_product:
                yield _Change(
                    "transpose",
                    self._with(node, ast.Attribute(node, "T", ast.Load())),
                    1.15 if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else 1.4,
                    f"{text(node)} should be transposed",
                )
        elif shape is not None and len(shape) > 2 and not isinstance(parent, ast.Subscript):
            swapped = parse(f"{self.np}.swapaxes(_, -1, -2)")
            assert isinstance(swapped, ast.Call)
            swapped.args[0] = node
            yield _Change(
                "transpose",
                self._with(node, swapped),
                1.5,
                f"the last two axes of {text(node)} should be exchanged",
            )
        elif parent is None and self.shape is not None and len(self.shape) == 2:
            yield _Change(
                "transpose",
                ast.Attribute(node, "T", ast.Load()),
                1.3,
                "the result should be transposed",
            )

    def _calls(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if not isinstance(node, ast.Call):
            return
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        method = isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id == self.np
        )
        if len(node.args) == 2 and name in ("dot", "matmul") and not method:
            moved = _moved_transpose(*node.args)
            if moved:
                call = ast.Call(node.func, list(moved), node.keywords)
                yield _Change(
                    "transpose", self._with(node, call), 1.05, "the wrong operand is transposed"
                )
        if len(node.args) == 2 and (name in _PRODUCTS or not method):
            swapped = ast.Call(node.func, [node.args[1], node.args[0]], node.keywords)
            cost = 1.0 if name in _PRODUCTS else 1.5
            yield _Change(
                "operand-order",
                self._with(node, swapped),
                cost,
                "the operands stand in the wrong order",
            )
        if method and len(node.args) == 1 and name in ("dot", "matmul"):
            assert isinstance(node.func, ast.Attribute)
            other = ast.Call(ast.Attribute(node.args[0], name, ast.Load()), [node.func.value], [])
            yield _Change(
                "operand-order",
                self._with(node, other),
                1.0,
                "the operands stand in the wrong order",
            )
        if name == "where" and len(node.args) == 3:
            swapped = ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)
            yield _Change("mask", self._with(node, swapped), 1.1, "the two branches are exchanged")
        if name in _REDUCTIONS:
            yield from self._reduction(node, name, method)
        if name in _SWAPS and isinstance(node.func, ast.Attribute):
            new = ast.Call(
                ast.Attribute(node.func.value, _SWAPS[name], ast.Load()), node.args, node.keywords
            )
            slip = {"mean": "factor-m", "sum": "factor-m"}.get(
                name, "wrong-winner" if "m" in name else "missing-derivative"
            )
            if name in ("sum", "mean"):
                slip = "bias-sum" if self._for_bias() else "factor-m"
            if name in ("tril", "triu"):
                slip = "mask"
            yield _Change(
                slip, self._with(node, new), 1.2, f"{name} where {_SWAPS[name]} is needed"
            )
        operand = (
            node.args[0] if node.args and not (method and name not in ("sum", "mean")) else None
        )
        if (
            method
            and isinstance(node.func, ast.Attribute)
            and name
            in (
                "copy",
                "astype",
                "reshape",
                "ravel",
                "squeeze",
                "sum",
                "mean",
                "flatten",
                "clip",
                "conj",
                "repeat",
            )
        ):
            yield _Change(
                "broadcast" if name in ("sum", "mean") else "shape",
                self._with(node, node.func.value),
                1.5,
                f"{name} is too many",
            )
        elif (
            (operand is not None and len(node.args) == 1)
            or name
            in ("sum", "mean", "reshape", "squeeze", "repeat", "tile", "broadcast_to", "flip")
        ) and operand is not None:
            slip = "missing-derivative"
            if name in ("sum", "mean"):
                slip = "bias-sum" if self._for_bias() else "broadcast"
            elif name in ("reshape", "squeeze"):
                slip = "shape"
            elif name in ("sqrt", "square"):
                slip = "power"
            elif name == "flip":
                slip = "index"
            yield _Change(slip, self._with(node, operand), 1.5, f"{name} is too many")
        if name == "reshape":
            yield from self._reshapes(node, method)
        if isinstance(node.func, ast.Name) or (method and isinstance(node.func, ast.Attribute)):
            yield from self._other_functions(node)
        yield from self._function_of(node, name, method)

    def _function_of(self, node: ast.Call, name: str, method: bool) -> Iterator[_Change]:
        """``1 - tanh(x)`` where ``1 - tanh(x)**2``: handled by powers; axis=… by reductions."""
        for keyword in node.keywords:
            if keyword.arg in ("axis", "axes") and name not in _REDUCTIONS:
                for axis in (0, 1, -1, -2, 2):
                    yield _Change(
                        "index",
                        self._with(keyword.value, _number(axis)),
                        1.3,
                        f"the axis should be {axis}",
                    )

    def _for_bias(self) -> bool:
        name = self.site.name.lower().replace("_", "")
        return bool(
            re.search(r"(?:^|[^a-z])(?:d|grad|nabla)?b(?:ias(?:es)?)?\d*(?:\W|$)|beta|bias", name)
        )

    def _reduction(self, node: ast.Call, name: str, method: bool) -> Iterator[_Change]:
        operand = (
            node.func.value
            if method and isinstance(node.func, ast.Attribute)
            else (node.args[0] if node.args else None)
        )
        if operand is None:
            return
        rest = list(node.args if method else node.args[1:])
        axis = next((k.value for k in node.keywords if k.arg == "axis"), rest[0] if rest else None)
        keep = next((k.value for k in node.keywords if k.arg == "keepdims"), None)
        shape = self.scope.shape(operand)
        ndim = len(shape) if shape is not None else 3
        slip = "bias-sum" if self._for_bias() else "broadcast"
        if name not in ("sum", "mean"):
            slip = "wrong-winner" if "m" in name else "index"
        keeps: list[ast.expr | None] = [keep] if keep is None else [keep, None]
        if keep is None:
            keeps.append(ast.Constant(True))
        axes: list[ast.expr | None] = [None, *[_number(a) for a in range(ndim)], _number(-1)]
        if ndim > 2:
            axes += [
                ast.Tuple([_number(a) for a in pair], ast.Load())
                for pair in (*_pairs(ndim), *([(0, 2, 3)] if ndim == 4 else []))
            ]
        current = text(axis) if axis is not None else ""
        for new_axis in axes:
            for new_keep in keeps:
                keywords = [k for k in node.keywords if k.arg not in ("axis", "keepdims")]
                if new_axis is not None:
                    keywords.append(ast.keyword("axis", new_axis))
                if new_keep is not None:
                    keywords.append(ast.keyword("keepdims", new_keep))
                args = [] if method else [operand]
                new = ast.Call(node.func, args, keywords)
                same_axis = (text(new_axis) if new_axis is not None else "") == current
                kind = "shape" if same_axis else slip
                if same_axis and name in ("sum", "mean"):
                    kind = "broadcast" if not self._for_bias() else "bias-sum"
                    kind = "shape"
                cost = 1.1 if same_axis or new_keep is keep else 1.3
                yield _Change(
                    kind,
                    self._with(node, new),
                    cost,
                    "kept dimensions are wrong"
                    if same_axis
                    else "the reduction runs along the wrong axis",
                )

    def _reshapes(self, node: ast.Call, method: bool) -> Iterator[_Change]:
        args = list(node.args if method else node.args[1:])
        tuple_form = len(args) == 1 and isinstance(args[0], ast.Tuple)
        numbers = list(args[0].elts) if tuple_form and isinstance(args[0], ast.Tuple) else args
        if not 2 <= len(numbers) <= 5:
            return
        for order in permutations(numbers):
            inner: list[ast.expr] = (
                [ast.Tuple(list(order), ast.Load())] if tuple_form else list(order)
            )
            new = ast.Call(node.func, inner if method else [node.args[0], *inner], node.keywords)
            yield _Change(
                "shape",
                self._with(node, new),
                1.4,
                "the reshape has its dimensions in the wrong order",
            )

    def _other_functions(self, node: ast.Call) -> Iterator[_Change]:
        current = text(node.func)
        for name in self._functions():
            if (
                name != current and name.split(".")[0] == current.split(".")[0]
            ) or "." not in name + current:
                if name == current:
                    continue
                new = ast.Call(parse(name), node.args, node.keywords)
                slip = (
                    "missing-derivative"
                    if _is_derivative(name) or _is_derivative(current)
                    else "wrong-variable"
                )
                yield _Change(slip, self._with(node, new), 1.4, f"{current} where {name} is needed")

    def _functions(self) -> list[str]:
        """The user's own functions of one argument, methods included."""
        names = [
            k
            for k, v in self.scope.namespace.items()
            if callable(v)
            and getattr(getattr(v, "__code__", None), "co_filename", "") == self.site.filename
            and v.__code__.co_argcount <= 3
        ]
        owner = self.scope.local.get("self")
        if owner is not None:
            for k in dir(type(owner)):
                v = getattr(type(owner), k, None)
                code = getattr(v, "__code__", None)
                if (
                    code is not None
                    and code.co_filename == self.site.filename
                    and code.co_argcount <= 3
                    and not k.startswith("__")
                ):
                    names.append(f"self.{k}")
        return names[:30]

    def _comparisons(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            source = text(self.expr)
            slip = "wrong-winner" if "max" in source or "min" in source else "mask"
            for op in (ast.Gt, ast.Lt, ast.GtE, ast.LtE, ast.Eq, ast.NotEq):
                if isinstance(node.ops[0], op):
                    continue
                new = ast.Compare(node.left, [op()], node.comparators)
                yield _Change(
                    slip, self._with(node, new), 1.1, f"the comparison should be {text(new)}"
                )
            for number in (-1, 0, 1):
                if (
                    isinstance(node.comparators[0], ast.Constant)
                    and node.comparators[0].value == number
                ):
                    continue
                new = ast.Compare(node.left, node.ops, [_number(number)])
                yield _Change(
                    slip, self._with(node, new), 1.6, f"the comparison should be {text(new)}"
                )
            return
        value = self.scope.value(node)
        if (
            isinstance(value, np.ndarray)
            and value.dtype == bool
            and not isinstance(node, ast.UnaryOp)
        ):
            inverted = ast.UnaryOp(ast.Invert(), node)
            yield _Change("mask", self._with(node, inverted), 1.2, "the mask is inverted")
        elif (
            isinstance(value, np.ndarray)
            and isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
            and value.size > 1
            and np.isin(value, (0.0, 1.0)).all()
        ):
            inverted2 = ast.BinOp(ast.Constant(1), ast.Sub(), node)
            yield _Change("mask", self._with(node, inverted2), 1.3, "the mask is inverted")

    def _subscripts(self, node: ast.expr, parent: ast.AST | None) -> Iterator[_Change]:
        if not isinstance(node, ast.Subscript) or (
            isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        ):
            return
        holder = self.scope.value(node.value)
        slip = "wrong-layer" if isinstance(holder, (list, tuple)) else "index"
        for index, words in _indices(node.slice, self.scope):
            new = ast.Subscript(node.value, index, ast.Load())
            yield _Change(slip, self._with(node, new), 1.4, f"the index should be {words}")
        if isinstance(holder, np.ndarray):
            yield _Change("index", self._with(node, node.value), 1.7, "the index is too many")

    # -- names -----------------------------------------------------------------------------------

    def _names(self) -> Iterator[_Change]:
        for node, parent in atoms(self.expr):
            value = self.scope.value(node)
            shape = shape_of(value)
            current = text(node)
            if shape is None:
                if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                    pass
                else:
                    continue
            for name, other in [*self.atoms, *self._written_atoms(), *self._other_holders(node)]:
                if name == current or name.startswith(f"{current}["):
                    continue
                other_shape = shape_of(other)
                if other_shape is None:
                    continue
                if shape is not None and len(other_shape) != len(shape) and shape != ():
                    continue
                if (shape == ()) != (other_shape == ()):
                    continue
                cost = 1.5 if other_shape == shape else 1.9
                slip = self._renamed(current, name, node, parent)
                if slip == "wrong-layer":
                    cost -= 0.2
                message = f"{current} where {name} is needed"
                yield _Change(slip, self._with(node, parse(name)), cost, message)

    def _other_holders(self, node: ast.expr) -> list[tuple[str, Any]]:
        """The same element of another list or dictionary: ``zs[-l]`` for ``activations[-l]``."""
        if not isinstance(node, ast.Subscript):
            return []
        found = []
        for name, value in self.scope.local.items():
            if isinstance(value, (list, tuple, dict)) and name != text(node.value):
                other = ast.Subscript(ast.Name(name, ast.Load()), node.slice, ast.Load())
                element = self.scope.value(other)
                if shape_of(element) is not None:
                    found.append((text(other), element))
        return found

    def _written_atoms(self) -> list[tuple[str, Any]]:
        """Elements and attributes as the code writes them: ``zs[-l]``, ``cache["A1"]``."""
        found = []
        for node in self.harvest:
            if isinstance(node, (ast.Subscript, ast.Attribute)):
                value = self.scope.value(node)
                if shape_of(value) is not None:
                    found.append((text(node), value))
        return found

    def _renamed(self, current: str, name: str, node: ast.expr, parent: ast.AST | None) -> str:
        if re.sub(r"\d+", "#", current) == re.sub(r"\d+", "#", name) and current != name:
            return "wrong-layer"
        value = self.scope.value(node)
        word = current.split("[")[0].split(".")[-1]
        upstream = bool(gradient_name(word)) or is_gradient_name(word)
        if upstream and any(isinstance(a, ast.Compare) for a in _ancestors(self.expr, node)):
            return "mask"
        if isinstance(parent, ast.Call) and _is_derivative(text(parent.func)) and not upstream:
            return "derivative-argument"
        if isinstance(parent, (ast.Subscript, ast.Slice)):
            return "index"
        if shape_of(value) == () and (self.shape != () or isinstance(value, (int, np.integer))):
            return _scale_slip(value, node)
        stem_a, stem_b = _stem(current), _stem(name)
        if stem_a == stem_b:
            return "stale-variable"
        if self._is_derivative_position(node) and not upstream:
            return "derivative-argument"
        return "wrong-variable"

    def _is_derivative_position(self, node: ast.expr) -> bool:
        """Inside ``1 - a**2``, ``a * (1 - a)``, ``z > 0`` and the like."""
        chain = _ancestors(self.expr, node)
        for ancestor in chain:
            if isinstance(ancestor, ast.Compare):
                return True
            if not isinstance(ancestor, ast.BinOp):
                continue
            sides = (ancestor.left, ancestor.right)
            if isinstance(ancestor.op, (ast.Sub, ast.Add)) and any(
                isinstance(side, ast.Constant) for side in sides
            ):
                return True
        source = text(self.expr).replace(" ", "")
        inner = re.escape(text(node).replace(" ", ""))
        return bool(re.search(rf"{inner}\*\(1(?:\.0)?-{inner}", source))

    # -- what is not there -----------------------------------------------------------------------

    def _places(self, root: ast.expr | None = None) -> list[tuple[ast.expr, float]]:
        """Where a factor can be put in: the whole, its terms, operands of products, arguments."""
        whole = root if root is not None else self.expr
        found: list[tuple[ast.expr, float]] = [(whole, 0.0)]
        for node, parent in parts(whole):
            if node is whole or isinstance(node, ast.Constant):
                continue
            if (
                (
                    isinstance(parent, ast.BinOp)
                    and isinstance(parent.op, (ast.Add, ast.Sub, ast.MatMult))
                )
                or (isinstance(parent, ast.Call) and parent.func is not node)
                or (
                    isinstance(parent, ast.Attribute)
                    and parent.attr
                    in (
                        *_REDUCTIONS,
                        "reshape",
                        "dot",
                    )
                )
            ):
                found.append((node, 0.2))
            elif isinstance(parent, ast.UnaryOp):
                found.append((node, 0.3))
        return [(n, c) for n, c in found if self._numeric(n)]

    def _numeric(self, node: ast.expr) -> bool:
        return not isinstance(
            node, (ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred)
        )

    def _scales(self, root: ast.expr | None, upper: float) -> Iterator[_Change]:
        for place, extra in self._places(root):
            minus = ast.UnaryOp(ast.USub(), place)
            yield _Change("sign", self._with(place, minus), 1.2 + extra, "a minus sign is missing")
            if upper <= 1.35 + extra:
                continue
            for number in (2, 0.5):
                new = ast.BinOp(ast.Constant(number), ast.Mult(), place)
                yield _Change(
                    "factor-2",
                    self._with(place, new),
                    1.35 + extra,
                    f"a factor {number:g} is missing",
                )
            for name, slip, cost in self._scalars():
                factor = parse(name)
                for op, word in ((ast.Div(), "division by"), (ast.Mult(), "factor")):
                    new = ast.BinOp(place, op, factor)
                    yield _Change(
                        slip, self._with(place, new), cost + extra, f"the {word} {name} is missing"
                    )

    def _scalars(self) -> list[tuple[str, str, float]]:
        """Numbers in scope that could be a missing factor, with the slip each would be."""
        found: list[tuple[str, str, float]] = []
        for name, value in self.atoms:
            if shape_of(value) == () and np.isfinite(value) and value not in (0, 1, -1):
                slip = _scale_slip(value, parse(name))
                if slip == "factor" and self.shape == ():
                    # In code on plain numbers a variable is no constant.
                    slip = "missing-derivative"
                found.append((name, slip, 1.4 if slip == "factor-m" else 1.5))
        for name, value in self.atoms:
            if isinstance(value, np.ndarray) and value.ndim and "[" not in name:
                for axis, size in enumerate(value.shape):
                    if size > 1:
                        found.append((f"{name}.shape[{axis}]", "factor-m", 1.55))
        seen: set[Any] = set()
        unique = []
        for name, slip, cost in found:
            number = self.scope.value(parse(name))
            if number in seen:
                continue
            seen.add(number)
            unique.append((name, slip, cost))
        roots = []
        for name, slip, cost in unique:
            if slip == "factor-m":
                roots.append((f"{self.np}.sqrt({name})", "factor", cost + 0.25))
            if slip in ("factor", "regularisation", "missing-derivative"):
                roots.append((f"(1 - {name})", slip, cost + 0.2))
        return unique[:16] + roots[:12]

    def _sums(self, root: ast.expr | None) -> Iterator[_Change]:
        slip = "bias-sum" if self._for_bias() else "broadcast"
        for place, extra in self._places(root):
            shape = self.shape if place is self.expr else self.scope.shape(place)
            ndim = len(shape) if shape is not None else 2
            if ndim == 0:
                continue
            axes = [str(a) for a in range(ndim)] + ["None"]
            if ndim > 2:
                axes += [str(p) for p in _pairs(ndim)]
            if ndim == 4:
                axes.append("(0, 2, 3)")
            for function, dearer in (("sum", 0.0), ("mean", 0.15)):
                for axis in axes:
                    for keep in ("", ", keepdims=True"):
                        new = parse(f"{self.np}.{function}(_, axis={axis}{keep})")
                        assert isinstance(new, ast.Call)
                        new.args[0] = place
                        cost = 1.4 + extra + dearer
                        yield _Change(
                            slip,
                            self._with(place, new),
                            cost,
                            f"the {function} that undoes a broadcast is missing",
                        )
        if self.shape is not None and len(self.shape) == 1:
            for new_text in ("(_)[:, None]", "(_)[None, :]"):
                node = parse(new_text)
                assert isinstance(node, ast.Subscript)
                whole = root if root is not None else self.expr
                yield _Change(
                    "shape",
                    self._with(whole, ast.Subscript(whole, node.slice, ast.Load())),
                    1.6,
                    "a dimension is missing",
                )

    def _factors(self, root: ast.expr | None, upper: float) -> Iterator[_Change]:
        """A missing local derivative or mask: code from elsewhere, or made from values at hand."""
        for place, extra in self._places(root):
            shape = self.shape if place is self.expr else self.scope.shape(place)
            for candidate, slip, cost in self._multipliers(shape):
                if cost + extra >= upper:
                    continue
                new = ast.BinOp(place, ast.Mult(), candidate)
                yield _Change(
                    slip,
                    self._with(place, new),
                    cost + extra,
                    f"the factor {text(candidate)} is missing",
                )
                if slip != "mask":
                    new = ast.BinOp(place, ast.Div(), candidate)
                    yield _Change(
                        slip,
                        self._with(place, new),
                        cost + extra + 0.1,
                        f"the division by {text(candidate)} is missing",
                    )

    def _suits(self, factor: tuple[int, ...], shape: tuple[int, ...] | None) -> bool:
        """True if a factor can stand at a place of this shape: it may spread it to the whole's."""
        return shape is None or fits_into(factor, shape) or fits_into(factor, self.shape)

    def _multipliers(self, shape: tuple[int, ...] | None) -> list[tuple[ast.expr, str, float]]:
        key = shape
        cache = self.__dict__.setdefault("_multiplier_cache", {})
        if key in cache:
            found: list[tuple[ast.expr, str, float]] = cache[key]
            return found
        found = []
        functions = list(self._functions())
        for node in self.harvest:
            value = self.scope.value(node)
            if isinstance(value, np.ndarray) and value.size > 1 and self._suits(value.shape, shape):
                found.append((node, _factor_slip(value), 1.5))
        for name, value in self.atoms:
            if not isinstance(value, (np.ndarray, float, np.floating)) or not self._suits(
                shape_of(value) or (), shape
            ):
                continue
            if shape is not None and shape != () and shape_of(value) == ():
                continue
            found.append((parse(name), _factor_slip(value, name), 1.65))
            if isinstance(value, np.ndarray) and value.dtype == bool:
                continue
            for form in (
                "(1 - {0} ** 2)",
                "{0} * (1 - {0})",
                "(1 - {0})",
                "({0} > 0)",
                "{np}.exp({0})",
                "2 * {0}",
                "{0} ** 2",
                "(1 / {0})",
                "{np}.sign({0})",
                "(1 / {np}.cosh({0}) ** 2)",
                "(1 - {np}.tanh({0}) ** 2)",
                "{np}.cos({0})",
                "(-{np}.sin({0}))",
                "{np}.where({0} > 0, 1.0, 0.01)",
            ):
                slip = "mask" if ">" in form else "missing-derivative"
                found.append((parse(form.format(name, np=self.np)), slip, 1.7))
            for function in functions:
                cost = 1.5 if _is_derivative(function) else 1.9
                found.append((parse(f"{function}({name})"), "missing-derivative", cost))
        cache[key] = found
        return found

    def _terms(self, upper: float) -> Iterator[_Change]:
        """A missing summand: a variable at hand, code from elsewhere, or regularisation."""
        shape = self.shape
        if shape is None:
            return
        scalars = [n for n, v in self.atoms if shape_of(v) == () and v not in (0, 1)]
        whole = self.expr
        inner = [
            n
            for n, p in parts(whole)
            if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Add, ast.Sub)) and n is not whole
        ]
        for place, extra in [(whole, 0.0), *[(n, 0.15) for n in inner]]:
            candidates: list[tuple[ast.expr, str, float]] = []
            for name, value in self.atoms:
                if (
                    shape_of(value) != shape
                    and place is whole
                    and not fits_into(shape_of(value), shape)
                ):
                    continue
                if isinstance(value, np.ndarray) and value.dtype == bool:
                    continue
                candidates.append((parse(name), "missing-term", 1.6))
                if isinstance(value, np.ndarray) and value.ndim >= 1 and place is whole:
                    for scalar in scalars:
                        regular = bool(_REGULAR.search(scalar.split(".")[-1]))
                        cost = (1.7 if scalar in text(whole) else 1.5) if regular else 1.95
                        for form in (
                            "{0} * {1}",
                            "2 * {0} * {1}",
                            "{0} * {1} / {2}",
                            "{0} / {2} * {1}",
                        ):
                            if "{2}" in form and not regular:
                                continue
                            for count in self._counts() if "{2}" in form else [""]:
                                candidates.append(
                                    (
                                        parse(form.format(scalar, name, count)),
                                        "regularisation",
                                        cost,
                                    )
                                )
            for node in self.harvest:
                value = self.scope.value(node)
                if shape_of(value) is not None and (fits_into(shape_of(value), shape)):
                    candidates.append((node, "missing-term", 1.7))
            for candidate, slip, cost in candidates:
                if cost + extra >= upper:
                    continue
                for op in (ast.Add(), ast.Sub()):
                    new = ast.BinOp(place, op, candidate)
                    price = cost + extra + (0.05 if isinstance(op, ast.Sub) else 0)
                    yield _Change(
                        slip,
                        self._with(place, new),
                        price,
                        f"the term {text(candidate)} is missing",
                    )

    def _counts(self) -> list[str]:
        return [n for n, slip, _ in self._scalars() if slip == "factor-m" and "sqrt" not in n][:4]

    def _softmax(self) -> Iterator[_Change]:
        """``s * (g - sum(g * s))`` for a product of ``s`` and ``g`` that keeps only the diagonal."""
        names = [
            (n, v)
            for n, v in self.atoms
            if isinstance(v, np.ndarray) and v.ndim and v.shape == self.shape and v.dtype != bool
        ]
        probable = [(n, v) for n, v in names if _is_softmax(v)]
        for s, _ in probable:
            for g, _ in names:
                if g == s:
                    continue
                for axis in (-1, 0):
                    keep = (
                        ", keepdims=True" if self.shape is not None and len(self.shape) > 1 else ""
                    )
                    source = f"{s} * ({g} - {self.np}.sum({g} * {s}, axis={axis}{keep}))"
                    yield _Change(
                        "softmax-jacobian",
                        parse(source),
                        1.5,
                        "the term that couples the classes is missing",
                    )
        for place, _ in self._places():
            if isinstance(place, ast.BinOp) and isinstance(place.op, ast.Mult):
                for s, _ in probable:
                    for axis in (-1, 0):
                        keep = (
                            ", keepdims=True"
                            if self.shape is not None and len(self.shape) > 1
                            else ""
                        )
                        total = parse(f"{s} * {self.np}.sum(_, axis={axis}{keep})")
                        assert isinstance(total, ast.BinOp)
                        assert isinstance(total.right, ast.Call)
                        total.right.args[0] = place
                        new = ast.BinOp(place, ast.Sub(), total)
                        yield _Change(
                            "softmax-jacobian",
                            self._with(place, new),
                            1.7,
                            "the term that couples the classes is missing",
                        )

    def _copies(self, root: ast.expr | None) -> Iterator[_Change]:
        node = root if root is not None else self.expr
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            value = self.scope.value(node)
            if isinstance(value, np.ndarray):
                new = ast.Call(ast.Attribute(node, "copy", ast.Load()), [], [])
                yield _Change(
                    "overwritten",
                    self._with(node, new),
                    1.05,
                    f"{text(node)} is shared and changed in place later: it needs a copy",
                )

    def _powers(self) -> Iterator[_Change]:
        for node, parent in parts(self.expr):
            if (isinstance(parent, ast.Call) and parent.func is node) or isinstance(
                node, ast.Constant
            ):
                continue
            if isinstance(parent, (ast.Attribute, ast.Subscript)) or not self._numeric(node):
                continue
            value = self.scope.value(node)
            if (
                shape_of(value) is None
                or isinstance(value, (bool, np.bool_))
                or (isinstance(value, np.ndarray) and value.dtype.kind != "f")
            ):
                continue
            for exponent in (2, 3, 0.5):
                new = ast.BinOp(node, ast.Pow(), ast.Constant(exponent))
                yield _Change(
                    "power", self._with(node, new), 1.45, f"the exponent {exponent:g} is missing"
                )

    def _loops(self) -> Iterator[_Change]:
        node = self.expr
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "reversed" and node.args:
                yield _Change("index", node.args[0], 1.2, "the loop runs in the wrong direction")
            if node.func.id in ("range", "zip", "enumerate"):
                new = parse("reversed(list(_))")
                assert isinstance(new, ast.Call)
                assert isinstance(new.args[0], ast.Call)
                new.args[0].args[0] = node
                yield _Change("index", new, 1.3, "the loop runs in the wrong direction")
        for inner, _ in parts(node):
            if (
                isinstance(inner, ast.Call)
                and isinstance(inner.func, ast.Name)
                and inner.func.id == "range"
            ):
                for k, argument in enumerate(inner.args):
                    for op in (ast.Add(), ast.Sub()):
                        args = list(inner.args)
                        args[k] = ast.BinOp(argument, op, ast.Constant(1))
                        yield _Change(
                            "index",
                            self._with(inner, ast.Call(inner.func, args, [])),
                            1.3,
                            "a loop bound is off by one",
                        )
                if len(inner.args) > 1:
                    yield _Change(
                        "index",
                        self._with(inner, ast.Call(inner.func, [inner.args[1]], [])),
                        1.4,
                        "a loop bound is off",
                    )


# -- helpers -----------------------------------------------------------------------------------


def fits_into(part: tuple[int, ...] | None, whole: tuple[int, ...] | None) -> bool:
    """True if an array of shape `part` broadcasts to `whole`; a plain number does not count."""
    if part is None or whole is None or (part == () and whole != ()):
        return False
    try:
        return np.broadcast_shapes(part, whole) == whole
    except ValueError:
        return False


def _index_nodes(expr: ast.expr, whole: bool) -> set[int]:
    """Ids of the nodes inside subscripts and ranges, where arithmetic is about indices."""
    found: set[int] = set()
    for node in ast.walk(expr):
        inner: list[ast.AST] = []
        if isinstance(node, ast.Subscript):
            inner = [node.slice]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "range"
        ):
            inner = list(node.args)
        for root in inner:
            found |= {id(n) for n in ast.walk(root)}
    if whole:
        found |= {id(n) for n in ast.walk(expr)}
    return found


def _factor_slip(value: Any, name: str = "") -> str:
    if "mask" in name.lower() or (isinstance(value, np.ndarray) and value.dtype == bool):
        return "mask"
    return "missing-derivative"


def _moved_transpose(a: ast.expr, b: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """``(a, b.T)`` for ``(a.T, b)`` and the reverse."""

    def bare(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return node.value
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "transpose"
            and not node.args
        ):
            return node.func.value
        return None

    inner_a, inner_b = bare(a), bare(b)
    if (inner_a is None) == (inner_b is None):
        return None
    turned_a = ast.Attribute(a, "T", ast.Load()) if inner_a is None else inner_a
    turned_b = ast.Attribute(b, "T", ast.Load()) if inner_b is None else inner_b
    return turned_a, turned_b


def _number(value: float) -> ast.expr:
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _pairs(ndim: int) -> list[tuple[int, ...]]:
    return [(a, b) for a in range(ndim) for b in range(a + 1, ndim)]


def _is_derivative(name: str) -> bool:
    last = name.split(".")[-1].lower()
    if any(w in last for w in ("prime", "deriv", "grad")):
        return True
    return bool(re.match(r"d_?(?:sig|tanh|relu|act|soft|elu|gelu|silu|phi|logistic|f$|g$)", last))


def _stem(name: str) -> str:
    return re.sub(
        r"(?:_?(?:prev|next|new|old|raw|hat|norm|last|cur|drop|copy|pre|out|in|shifted|flat|pad|padded)\d*|\d+|\[.*\])",
        "",
        name,
    ).strip("_")


def _is_softmax(value: np.ndarray) -> bool:
    if value.dtype.kind != "f" or value.size < 2 or (value < 0).any():
        return False
    return any(np.allclose(value.sum(axis=a), 1.0) for a in {-1, 0})


def _ancestors(root: ast.expr, node: ast.AST) -> list[ast.AST]:
    parents = {id(n): p for n, p in parts(root)}
    chain = []
    current = parents.get(id(node))
    while current is not None:
        chain.append(current)
        current = parents.get(id(current))
    return chain


def _einsum_specs(spec: str) -> Iterator[str]:
    """The same product with two letters of one operand, or of the result, exchanged."""
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    operands = inputs.split(",")
    for k, letters in enumerate([*operands, output]):
        for i, j in _pairs(len(letters)):
            swapped = list(letters)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            new = [*operands, output]
            new[k] = "".join(swapped)
            yield ",".join(new[:-1]) + arrow + new[-1]


def _indices(node: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """Indices near the one written: one more, one less, the other sign, other slices."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Slice):
        found += _slices(node)
    elif isinstance(node, ast.Tuple):
        for k, element in enumerate(node.elts):
            for new, _ in _indices(element, scope):
                elements = list(node.elts)
                elements[k] = new
                found.append(ast.Tuple(elements, ast.Load()))
        if len(node.elts) == 2:
            found.append(ast.Tuple([node.elts[1], node.elts[0]], ast.Load()))
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int)
        and not isinstance(node.value, bool)
    ):
        found += [_number(node.value + 1), _number(node.value - 1), _number(-node.value)]
    elif (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        if isinstance(value, int):
            found += [_number(-value + 1), _number(-value - 1), _number(value)]
    elif isinstance(scope.value(node), (int, np.integer)) and not isinstance(
        scope.value(node), (bool, np.bool_)
    ):
        found += [
            ast.BinOp(node, ast.Add(), ast.Constant(1)),
            ast.BinOp(node, ast.Sub(), ast.Constant(1)),
        ]
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            found.append(node.left)
        found.append(ast.UnaryOp(ast.USub(), node))
        if isinstance(node, ast.UnaryOp):
            found.append(node.operand)
    for index in found:
        yield index, text(index) if not isinstance(index, ast.Tuple) else text(index)[1:-1]


def _slices(node: ast.Slice) -> list[ast.expr]:
    lower, upper, step = node.lower, node.upper, node.step
    found: list[ast.expr] = []
    one = ast.Constant(1)

    def moved(bound: ast.expr | None) -> list[ast.expr | None]:
        if bound is None:
            return [one, ast.UnaryOp(ast.USub(), one)]
        return [ast.BinOp(bound, ast.Add(), one), ast.BinOp(bound, ast.Sub(), one), None]

    for new in moved(lower):
        found.append(ast.Slice(new, upper, step))
    for new in moved(upper):
        found.append(ast.Slice(lower, new, step))
    if lower is not None and upper is None:
        found.append(
            ast.Slice(
                None,
                ast.UnaryOp(ast.USub(), lower)
                if not isinstance(lower, ast.UnaryOp)
                else lower.operand,
                step,
            )
        )
        found.append(ast.Slice(None, lower, step))
    if upper is not None and lower is None:
        found.append(
            ast.Slice(upper.operand if isinstance(upper, ast.UnaryOp) else upper, None, step)
        )
    if lower is not None and upper is not None:
        # The neighbouring block of the same width.
        width = ast.BinOp(upper, ast.Sub(), lower)
        found.append(ast.Slice(upper, ast.BinOp(upper, ast.Add(), width), step))
        found.append(ast.Slice(ast.BinOp(lower, ast.Sub(), width), lower, step))
    if step is not None:
        found.append(ast.Slice(lower, upper, None))
    else:
        found.append(ast.Slice(lower, upper, ast.UnaryOp(ast.USub(), one)))
    return found
