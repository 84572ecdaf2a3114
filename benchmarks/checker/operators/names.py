"""Slips of the wrong name: another variable, another layer, another step, z for a."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from benchmarks.checker.operators import roles
from benchmarks.checker.source import Edit, Site

_TIME = {"t", "k", "step"}


def _is_matrix_operand(site: Site, node: ast.AST) -> bool:
    """Whether `node` is read as an operand of a matrix product and not inside a factor of it."""
    while node is not site.statement:
        parent = site.parent(node)
        if parent is None:
            return False
        if isinstance(parent, ast.BinOp):
            return isinstance(parent.op, ast.MatMult)
        if isinstance(parent, ast.Call) and site.text(parent.func).rsplit(".", 1)[-1] in (
            "dot",
            "matmul",
            "outer",
            "einsum",
        ):
            return True
        node = parent
    return False


def _assigned_from(site: Site, name: str) -> set[str]:
    """Names read by the last statement before the site that assigns `name` elementwise."""
    read: set[str] = set()
    for node in ast.walk(site.function):
        if not isinstance(node, ast.Assign) or node.lineno >= site.line:
            continue
        if not any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            continue
        product = any(isinstance(n, ast.MatMult) for n in ast.walk(node.value))
        if not product and "dot(" not in site.text(node.value):
            read = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
    return read


def _factors_of(site: Site, name: str) -> set[str]:
    """Names that are factors of the product which the last assignment before gives to `name`.

    Where such a factor stands for the product, the rest of the product is missing.
    """
    found: set[str] = set()
    for node in ast.walk(site.function):
        if not isinstance(node, ast.Assign) or node.lineno >= site.line:
            continue
        if any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            found, todo = set(), [node.value]
            while todo:
                part = todo.pop()
                if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult | ast.Div):
                    todo += [part.left, part.right]
                elif isinstance(part, ast.Name):
                    found.add(part.id)
            if isinstance(node.value, ast.Name):
                found = set()
    return found


def _kind(site: Site, node: ast.Name, other: str) -> str:
    stem, other_stem = (re.sub(r"\d+", "", n) for n in (node.id, other))
    if stem == other_stem:
        return "wrong-layer"
    if other in _assigned_from(site, node.id):
        return "stale-variable"
    return "wrong-variable"


def wrong_variable(site: Site) -> Iterator[Edit]:
    """A variable, where a statement first reads it, is replaced by the most similarly named one.

    Only variables of the same shape stand in, so that nothing raises.
    """
    met: set[str] = set()
    assigned = {
        n.id
        for n in ast.walk(site.statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for node in site.expressions:
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        shape = site.shapes.get(node.id)
        if shape is None or node.id in met:
            continue
        met.add(node.id)
        parent = site.parent(node)
        if isinstance(parent, ast.Attribute) and parent.attr in ("shape", "size", "dtype"):
            continue
        others = [
            n for n, s in site.shapes.items() if s == shape and n != node.id and n not in assigned
        ]
        others.sort(key=lambda n, me=node.id: (-difflib.SequenceMatcher(None, n, me).ratio(), n))
        for other in others[:1]:
            yield site.replace(_kind(site, node, other), node, other, "other variable")
            if other in _factors_of(site, node.id):
                yield site.replace("missing-derivative", node, other, "other variable")
            if roles.is_regularisation(site, node):
                yield site.replace("regularisation", node, other, "other variable")


def other_side_of_activation(site: Site) -> Iterator[Edit]:
    """The pre-activation stands for the activation or the reverse, as the record pairs them."""
    for one, other in site.program.pairs:
        for old, new in ((one, other), (other, one)):
            for node in site.expressions:
                if not isinstance(node, ast.Name | ast.Subscript | ast.BinOp | ast.Call):
                    continue
                if site.text(node) != old or not isinstance(
                    getattr(node, "ctx", ast.Load()), ast.Load
                ):
                    continue
                inside = _is_matrix_operand(site, node)
                kind = "wrong-variable" if inside else "derivative-argument"
                yield site.replace(kind, node, new, "other side of the activation")


def activation_for_its_derivative(site: Site) -> Iterator[Edit]:
    """`sigmoid_prime(z)` becomes `sigmoid(z)`, a cosine a sine."""
    defined = {n.name for n in ast.walk(site.source.tree) if isinstance(n, ast.FunctionDef)}
    swaps = {"np.cos": "np.sin", "np.sin": "np.cos"}
    for name in defined:
        base = re.sub(r"_(prime|grad|deriv|derivative)$", "", name)
        if base != name and base in defined:
            swaps[name] = base
    for node in site.expressions:
        if isinstance(node, ast.Call) and site.text(node.func) in swaps:
            new = swaps[site.text(node.func)]
            yield site.replace("missing-derivative", node.func, new, "function for derivative")


def shifted_index(site: Site) -> Iterator[Edit]:
    """An index of a layer or a step is one too large or too small."""
    for node in site.expressions:
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            for part in parts:
                yield from _shifted(site, part)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
                yield from _shifted(site, node.right)
        elif isinstance(node, ast.Call) and site.text(node.func) == "str":
            yield from _shifted(site, node.args[0])


def _shifted(site: Site, index: ast.expr) -> Iterator[Edit]:
    names = {n.id for n in ast.walk(index) if isinstance(n, ast.Name)}
    value = roles.number(index)
    if isinstance(index, ast.Slice):
        yield from _shifted_slice(site, index)
        return
    if value is not None and value == int(value):
        parent = site.parent(index)
        of_shape = isinstance(parent, ast.Subscript) and site.text(parent.value).endswith(".shape")
        kind = "factor-m" if of_shape else "wrong-layer"
        for other in (int(value) - 1, int(value) + 1):
            if (other < 0) == (value < 0):
                yield site.replace(kind, index, str(other), "shifted index")
        return
    simple = isinstance(index, ast.Name | ast.UnaryOp) or (
        isinstance(index, ast.BinOp) and isinstance(index.op, ast.Add | ast.Sub)
    )
    if not simple or not names & (set(site.loops) | {"L", "n", "T"}):
        return
    if not names <= {*site.loops, "L", "T", "stride", "self"}:
        return
    kind = "index" if names & _TIME else "wrong-layer"
    text = site.text(index)
    if isinstance(index, ast.BinOp) and roles.number(index.right) == 1:
        yield site.replace(kind, index, site.text(index.left), "shifted index")
        symbol = "+" if isinstance(index.op, ast.Add) else "-"
        yield site.replace(kind, index, f"{site.text(index.left)} {symbol} 2", "shifted index")
    elif isinstance(index, ast.Name | ast.UnaryOp):
        yield site.replace(kind, index, f"{text} - 1", "shifted index")
        yield site.replace(kind, index, f"{text} + 1", "shifted index")


def _shifted_slice(site: Site, index: ast.Slice) -> Iterator[Edit]:
    text = site.text(index)
    if text == ":-1":
        yield site.replace("index", index, "1:", "other slice")
    elif text == "1:":
        yield site.replace("index", index, ":-1", "other slice")
    elif index.lower and index.upper and isinstance(index.upper, ast.BinOp):
        lower, upper = site.text(index.lower), index.upper
        if isinstance(upper.op, ast.Add) and site.text(upper.left) == lower:
            width = site.text(upper.right)
            yield site.replace("index", index, f":{width}", "other slice")


OPERATORS = (
    wrong_variable,
    other_side_of_activation,
    activation_for_its_derivative,
    shifted_index,
)
