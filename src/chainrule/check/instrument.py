"""Source code in which every executed value is passed through a recorder.

The code objects of the user's functions are replaced, for the time of a check, by ones compiled
from an instrumented syntax tree. In it each simple statement is a :class:`Site`::

    dz = da * s                 dz = (R.edited(7) if R.on == 7 else R.value(7, da * s))
    grads["W"] += x.T @ dz      grads["W"] = (R.edited_update(8, grads["W"]) if R.on == 8
                                              else R.update(8, "+", grads["W"], x.T @ dz))
    return dx, dw               return (… site 9 …, … site 10 …)
    out.append(dz)              (R.edited(11) if R.on == 11 else out.append(R.value(12, dz)))

so that the recorder ``R`` can note a value, put another in its place, or compute the statement
from an edited expression in the live frame, all without compiling anything again. Loop headers
and conditions are sites as well. Line numbers are those of the user's file.

Replacing ``__code__`` rather than re-executing the file leaves instances, closures, decorators and
module state as they are.
"""

from __future__ import annotations

import ast
import gc
import linecache
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

__all__ = ["Instrumented", "Site", "compiled", "instrument"]

#: The name under which the recorder is reached from the user's code; dunder names are not mangled.
HOOK = "__chainrule__"

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


@dataclass(frozen=True)
class Site:
    """One place in the source whose value is recorded.

    Attributes
    ----------
    index : int
        Number of the site.
    kind : str
        ``assign``, ``update`` (``+=`` and its kin), ``return``, ``call`` (a call for its effect),
        ``argument`` (of such a call), ``loop`` (what a ``for`` runs over) or ``test`` (the
        condition of an ``if`` or ``while``).
    statement : ast.stmt
        The whole statement.
    expr : ast.expr
        The expression whose value it is; for an update, the right-hand side.
    target : ast.expr or None
        What is assigned to.
    function : str
        Qualified name of the enclosing function.
    filename : str
        The file.
    parent : int
        For an ``argument``, the site of its call; else -1.
    element : int or None
        Position in a tuple, list or dictionary display that is taken apart.
    """

    index: int
    kind: str
    statement: ast.stmt
    expr: ast.expr
    target: ast.expr | None
    function: str
    filename: str
    parent: int = -1
    element: int | None = None

    @property
    def line(self) -> int:
        """Line on which the statement begins."""
        return self.statement.lineno

    @property
    def operator(self) -> str:
        """Operator of an update, without the ``=``."""
        assert isinstance(self.statement, ast.AugAssign)
        return _OPERATORS[type(self.statement.op)]

    @property
    def name(self) -> str:
        """Source text of the target, or an empty string."""
        return ast.unparse(self.target) if self.target is not None else ""


@dataclass
class Instrumented:
    """The sites of some files and the code objects that report them."""

    sites: list[Site] = field(default_factory=list)
    codes: dict[tuple[str, str, int], CodeType] = field(default_factory=dict)
    trees: dict[str, ast.Module] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    transformed: dict[str, ast.Module] = field(default_factory=dict)
    live: list[FunctionType] = field(default_factory=list)

    def text(self, site: Site) -> str:
        """The statement as the user wrote it, on one line."""
        lines = self.sources[site.filename]
        statement = site.statement
        if isinstance(statement, (ast.For, ast.While, ast.If)):
            return lines[statement.lineno - 1].strip()
        segment = ast.get_source_segment("".join(lines), statement) or ast.unparse(statement)
        return " ".join(part.strip() for part in segment.splitlines())

    def lines(self, filename: str, first: int, last: int) -> str:
        """Some lines of a file as the user wrote them, but for their indentation."""
        return textwrap.dedent("".join(self.sources[filename][first - 1 : last])).rstrip("\n")

    @contextmanager
    def installed(self, recorder: Any) -> Iterator[None]:
        """Run the user's functions instrumented inside the ``with`` block.

        Every live function whose code came from the instrumented files gets the new code; on
        leaving, each has its own back.
        """
        changed: list[tuple[FunctionType, CodeType]] = []
        touched: list[dict[str, Any]] = []
        files = set(self.trees)
        for thing in gc.get_objects():
            if type(thing) is not FunctionType or thing.__code__.co_filename not in files:
                continue
            code = thing.__code__
            new = self.codes.get((code.co_filename, code.co_name, code.co_firstlineno))
            if new is None or len(new.co_freevars) != len(code.co_freevars):
                continue
            if new.co_freevars != code.co_freevars:
                continue
            changed.append((thing, code))
            self.live.append(thing)
            thing.__code__ = new
            if thing.__globals__.get(HOOK) is not recorder:
                thing.__globals__[HOOK] = recorder
                touched.append(thing.__globals__)
        try:
            yield
        finally:
            self.live.clear()
            for function, code in changed:
                function.__code__ = code
            for namespace in touched:
                namespace.pop(HOOK, None)


def instrument(filenames: list[str]) -> Instrumented:
    """The instrumented form of some source files.

    Parameters
    ----------
    filenames : list of str
        ``co_filename`` of the functions; read through :mod:`linecache`, so notebook cells work.

    Raises
    ------
    SyntaxError
        If a file is not Python.
    OSError
        If the source of a file cannot be had.
    """
    result = Instrumented()
    for filename in filenames:
        lines = linecache.getlines(filename)
        if not lines:
            raise OSError(f"no source text for {filename}")
        source = "".join(lines)
        tree = ast.parse(source, filename)
        result.trees[filename] = ast.parse(source, filename)
        result.sources[filename] = lines
        transformed = _Transformer(filename, result.sites).visit(tree)
        ast.fix_missing_locations(transformed)
        result.transformed[filename] = transformed
        result.codes.update(compiled(transformed, filename))
    return result


def compiled(module: ast.Module, filename: str) -> dict[tuple[str, str, int], CodeType]:
    """The code objects of every function in a module: file, name and first line to code."""
    codes: dict[tuple[str, str, int], CodeType] = {}
    pending = [compile(module, filename, "exec", dont_inherit=True)]
    while pending:
        code = pending.pop()
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                # Lambdas hold no sites, and two on one line could not be told apart.
                if constant.co_name != "<lambda>":
                    codes[(filename, constant.co_name, constant.co_firstlineno)] = constant
                pending.append(constant)
    return codes


class _Transformer(ast.NodeTransformer):
    def __init__(self, filename: str, sites: list[Site]) -> None:
        self.filename = filename
        self.sites = sites
        self.scope: list[str] = []
        self.inside = 0

    # -- scopes ------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.scope.append(node.name)
        self.inside += 1
        node.body = self._body(node.body)
        self.inside -= 1
        self.scope.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.scope.append(node.name)
        inside, self.inside = self.inside, 0
        node.body = self._body(node.body)
        self.inside = inside
        self.scope.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(statement) for statement in body]

    # -- sites -------------------------------------------------------------------------------

    def _site(
        self,
        kind: str,
        statement: ast.stmt,
        expr: ast.expr,
        target: ast.expr | None = None,
        parent: int = -1,
        element: int | None = None,
    ) -> int:
        site = Site(
            len(self.sites),
            kind,
            statement,
            expr,
            target,
            ".".join(self.scope),
            self.filename,
            parent,
            element,
        )
        self.sites.append(site)
        return site.index

    def _value(
        self,
        kind: str,
        statement: ast.stmt,
        expr: ast.expr,
        target: ast.expr | None = None,
        element: int | None = None,
    ) -> ast.expr:
        index = self._site(kind, statement, expr, target, element=element)
        recorded = _call("value", index, expr)
        return _choice(index, _call("edited", index), recorded)

    def _display(
        self, kind: str, statement: ast.stmt, expr: ast.expr, target: ast.expr | None
    ) -> ast.expr:
        """A value, or each element of a tuple, list or dictionary display."""
        if isinstance(expr, ast.Tuple) and not _starred(expr.elts):
            targets: list[ast.expr | None] = [None] * len(expr.elts)
            if isinstance(target, ast.Tuple) and len(target.elts) == len(expr.elts):
                targets = list(target.elts)
            elements = [
                self._display(kind, statement, e, t)
                if isinstance(e, (ast.Dict, ast.Tuple))
                else self._value(kind, statement, e, t, i)
                for i, (e, t) in enumerate(zip(expr.elts, targets))
            ]
            return ast.copy_location(ast.Tuple(elements, ast.Load()), expr)
        if isinstance(expr, ast.Dict) and all(k is not None for k in expr.keys) and expr.keys:
            values = []
            for i, (key, value) in enumerate(zip(expr.keys, expr.values)):
                name = _key_target(target, key)
                values.append(self._value(kind, statement, value, name, i))
            return ast.copy_location(ast.Dict(expr.keys, values), expr)
        return self._value(kind, statement, expr, target)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if not self.inside:
            return node
        value = self._display("assign", node, node.value, node.targets[0])
        return ast.copy_location(ast.Assign(node.targets, value), node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if not self.inside or node.value is None:
            return node
        value = self._display("assign", node, node.value, node.target)
        new = ast.AnnAssign(node.target, node.annotation, value, node.simple)
        return ast.copy_location(new, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        # The target is evaluated twice below, so it must be free of effects.
        if not self.inside or not all(_is_pure(n) for n in ast.walk(node.target)):
            return node
        index = self._site("update", node, node.value, node.target)
        current = as_load(node.target)
        operator = ast.Constant(_OPERATORS[type(node.op)])
        value = _choice(
            index,
            _call("edited_update", index, current),
            _call("update", index, operator, current, node.value),
        )
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if not self.inside or node.value is None:
            return node
        value = self._display("return", node, node.value, None)
        return ast.copy_location(ast.Return(value), node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if not self.inside or not isinstance(call, ast.Call) or _starred(call.args):
            return node
        index = self._site("call", node, call)
        arguments: list[ast.expr] = []
        for argument in call.args:
            child = self._site("argument", node, argument, None, parent=index)
            arguments.append(_call("value", child, argument))
        recorded = ast.copy_location(ast.Call(call.func, arguments, call.keywords), call)
        value = _choice(index, _call("edited", index), recorded)
        return ast.copy_location(ast.Expr(value), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        if self.inside:
            header = self._value("loop", node, node.iter, node.target)
            new = ast.For(node.target, header, self._body(node.body), self._body(node.orelse))
            return ast.copy_location(new, node)
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if self.inside:
            test = self._value("test", node, node.test)
            new = ast.If(test, self._body(node.body), self._body(node.orelse))
            return ast.copy_location(new, node)
        return self.generic_visit(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        if self.inside:
            test = self._value("test", node, node.test)
            new = ast.While(test, self._body(node.body), self._body(node.orelse))
            return ast.copy_location(new, node)
        return self.generic_visit(node)


_NOWHERE = ast.Constant(None, lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


def as_load(node: ast.expr) -> ast.expr:
    """A copy of an assignment target that reads it."""
    copy = ast.parse(ast.unparse(node), mode="eval").body
    for part in ast.walk(copy):
        if isinstance(part, ast.expr):
            if getattr(node, "end_lineno", None) is not None:
                ast.copy_location(part, node)
            else:
                # A target that was put together has no place, and half a place does not compile.
                ast.copy_location(part, _NOWHERE)
    return copy


#: Calls in a target that do no more than compute an index.
_PURE = (
    "arange",
    "range",
    "len",
    "slice",
    "int",
    "abs",
    "min",
    "max",
    "argmax",
    "argmin",
    "argsort",
    "astype",
    "nonzero",
    "flatnonzero",
    "where",
    "searchsorted",
    "ix_",
    "indices",
    "ogrid",
    "diag_indices",
    "diag_indices_from",
    "tril_indices",
    "tril_indices_from",
    "triu_indices",
    "triu_indices_from",
    "unravel_index",
)


def _is_pure(node: ast.AST) -> bool:
    """False for calls that might do more than compute: all but NumPy's ranges and lengths."""
    if not isinstance(node, ast.Call):
        return not isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _PURE


def _starred(elements: list[ast.expr]) -> bool:
    return any(isinstance(e, ast.Starred) for e in elements)


def _key_target(target: ast.expr | None, key: ast.expr | None) -> ast.expr | None:
    """``grads["W"]`` for the value under the key ``"W"`` of a dictionary assigned to ``grads``."""
    if key is None or not isinstance(key, ast.Constant):
        return None
    if target is None:
        return ast.Name(str(key.value), ast.Load())
    return ast.Subscript(as_load(target), key, ast.Load())


def _call(method: str, index: int, *arguments: ast.expr) -> ast.expr:
    function = ast.Attribute(ast.Name(HOOK, ast.Load()), method, ast.Load())
    return ast.Call(function, [ast.Constant(index), *arguments], [])


def _choice(index: int, edited: ast.expr, plain: ast.expr) -> ast.expr:
    switch = ast.Attribute(ast.Name(HOOK, ast.Load()), "on", ast.Load())
    test = ast.Compare(switch, [ast.Eq()], [ast.Constant(index)])
    return ast.IfExp(test, edited, plain)
