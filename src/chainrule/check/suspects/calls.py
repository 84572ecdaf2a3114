"""Edits of a call: its arguments exchanged, another function, the call left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..expressions import parse, text
from .layouts import REDUCTIONS, moved_transpose, reductions, reshapes
from .statement import Change, Statement
from .trees import number
from .words import is_derivative, is_for_bias

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


def calls(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id == here.np
    )
    if any(keyword.arg == "out" for keyword in node.keywords):
        rest = [keyword for keyword in node.keywords if keyword.arg != "out"]
        yield Change(
            "overwritten",
            here.with_node(node, ast.Call(node.func, node.args, rest)),
            1.05,
            "the result is written over an array that is still needed",
        )
    if len(node.args) == 2 and name in ("dot", "matmul") and not method:
        moved = moved_transpose(*node.args)
        if moved:
            call = ast.Call(node.func, list(moved), node.keywords)
            yield Change(
                "transpose", here.with_node(node, call), 1.05, "the wrong operand is transposed"
            )
    if len(node.args) == 2 and (name in _PRODUCTS or not method):
        swapped = ast.Call(node.func, [node.args[1], node.args[0]], node.keywords)
        cost = 1.0 if name in _PRODUCTS else 1.5
        yield Change(
            "operand-order",
            here.with_node(node, swapped),
            cost,
            "the operands stand in the wrong order",
        )
    if method and len(node.args) == 1 and name in ("dot", "matmul"):
        assert isinstance(node.func, ast.Attribute)
        other = ast.Call(ast.Attribute(node.args[0], name, ast.Load()), [node.func.value], [])
        yield Change(
            "operand-order",
            here.with_node(node, other),
            1.0,
            "the operands stand in the wrong order",
        )
    kept = [k for k in node.keywords if k.arg != "out"]
    if len(kept) < len(node.keywords):
        call = ast.Call(node.func, node.args, kept)
        words = "written over a value that is needed later"
        yield Change("overwritten", here.with_node(node, call), 1.1, words)
    if name == "where" and len(node.args) == 3:
        swapped = ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)
        yield Change("mask", here.with_node(node, swapped), 1.1, "the two branches are exchanged")
    if name in REDUCTIONS:
        yield from reductions(here, node, name, method)
    if name in _SWAPS and isinstance(node.func, ast.Attribute):
        new = ast.Call(
            ast.Attribute(node.func.value, _SWAPS[name], ast.Load()), node.args, node.keywords
        )
        slip = {"mean": "factor-m", "sum": "factor-m"}.get(
            name, "wrong-winner" if "m" in name else "missing-derivative"
        )
        if name in ("sum", "mean"):
            slip = "bias-sum" if is_for_bias(here) else "factor-m"
        if name in ("tril", "triu"):
            slip = "mask"
        yield Change(slip, here.with_node(node, new), 1.2, f"{name} where {_SWAPS[name]} is needed")
    operand = node.args[0] if node.args and not (method and name not in ("sum", "mean")) else None
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
        yield Change(
            "broadcast" if name in ("sum", "mean") else "shape",
            here.with_node(node, node.func.value),
            1.5,
            f"{name} is too many",
        )
    elif (
        (operand is not None and len(node.args) == 1)
        or name in ("sum", "mean", "reshape", "squeeze", "repeat", "tile", "broadcast_to", "flip")
    ) and operand is not None:
        slip = "missing-derivative"
        if name in ("sum", "mean"):
            slip = "bias-sum" if is_for_bias(here) else "broadcast"
        elif name in ("reshape", "squeeze"):
            slip = "shape"
        elif name in ("sqrt", "square"):
            slip = "power"
        elif name == "flip":
            slip = "index"
        yield Change(slip, here.with_node(node, operand), 1.5, f"{name} is too many")
    if name == "reshape":
        yield from reshapes(here, node, method)
    if isinstance(node.func, ast.Name) or (method and isinstance(node.func, ast.Attribute)):
        yield from _other_functions(here, node)
    yield from _axes(here, node, name, method)


def _axes(here: Statement, node: ast.Call, name: str, method: bool) -> Iterator[Change]:
    """``1 - tanh(x)`` where ``1 - tanh(x)**2``: handled by powers; axis=… by reductions."""
    for keyword in node.keywords:
        if keyword.arg in ("axis", "axes") and name not in REDUCTIONS:
            for axis in (0, 1, -1, -2, 2):
                yield Change(
                    "index",
                    here.with_node(keyword.value, number(axis)),
                    1.3,
                    f"the axis should be {axis}",
                )


def _other_functions(here: Statement, node: ast.Call) -> Iterator[Change]:
    current = text(node.func)
    for name in user_functions(here):
        if (
            name != current and name.split(".")[0] == current.split(".")[0]
        ) or "." not in name + current:
            if name == current:
                continue
            new = ast.Call(parse(name), node.args, node.keywords)
            slip = (
                "missing-derivative"
                if is_derivative(name) or is_derivative(current)
                else "wrong-variable"
            )
            yield Change(slip, here.with_node(node, new), 1.4, f"{current} where {name} is needed")


def user_functions(here: Statement) -> list[str]:
    """The user's own functions of one argument, methods included."""
    names = [
        k
        for k, v in here.scope.namespace.items()
        if callable(v)
        and getattr(getattr(v, "__code__", None), "co_filename", "") == here.site.filename
        and v.__code__.co_argcount <= 3
    ]
    owner = here.scope.local.get("self")
    if owner is not None:
        for k in dir(type(owner)):
            v = getattr(type(owner), k, None)
            code = getattr(v, "__code__", None)
            if (
                code is not None
                and code.co_filename == here.site.filename
                and code.co_argcount <= 3
                and not k.startswith("__")
            ):
                names.append(f"self.{k}")
    return names[:30]
