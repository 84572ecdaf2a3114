"""Edits of layout: transposes, reduced axes, kept dimensions, reshapes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations

from ..expressions import fill, text
from .statement import Change, Statement
from .trees import number, pairs
from .words import is_for_bias


def transposes(here: Statement, node: ast.expr, parent: ast.AST | None) -> Iterator[Change]:
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield Change(
            "transpose",
            here.with_node(node, node.value),
            1.0,
            f"{text(node.value)} is transposed, and should not be",
        )
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        function, name = node.func, node.func.attr
        if name in ("transpose", "swapaxes", "moveaxis", "permute"):
            plain = isinstance(function.value, ast.Name) and function.value.id == here.np
            operand = node.args[0] if plain and node.args else function.value
            yield Change(
                "transpose",
                here.with_node(node, operand),
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
                    yield Change(
                        "transpose",
                        here.with_node(node, new),
                        1.3,
                        "the axes are permuted in the wrong order",
                    )
        if name == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
            for spec in _einsum_specs(str(node.args[0].value)):
                yield Change(
                    "transpose",
                    here.with_node(node.args[0], ast.Constant(spec)),
                    1.3,
                    f"the subscripts should be {spec!r}",
                )
    if isinstance(parent, ast.Attribute):
        return
    shape = here.scope.shape(node)
    if shape is not None and len(shape) == 2 and max(shape) > 1:
        in_product = isinstance(parent, (ast.BinOp, ast.Call)) or parent is None
        if in_product:
            yield Change(
                "transpose",
                here.with_node(node, ast.Attribute(node, "T", ast.Load())),
                1.15 if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else 1.4,
                f"{text(node)} should be transposed",
            )
    elif shape is not None and len(shape) > 2 and not isinstance(parent, ast.Subscript):
        swapped = fill(f"{here.np}.swapaxes(_, -1, -2)", node)
        yield Change(
            "transpose",
            here.with_node(node, swapped),
            1.5,
            f"the last two axes of {text(node)} should be exchanged",
        )
    elif parent is None and here.shape is not None and len(here.shape) == 2:
        yield Change(
            "transpose",
            here.with_node(node, ast.Attribute(node, "T", ast.Load())),
            1.3,
            "the result should be transposed",
        )


def moved_transpose(a: ast.expr, b: ast.expr) -> tuple[ast.expr, ast.expr] | None:
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


def _einsum_specs(spec: str) -> Iterator[str]:
    """The same product with two letters of one operand, or of the result, exchanged."""
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    operands = inputs.split(",")
    for k, letters in enumerate([*operands, output]):
        for i, j in pairs(len(letters)):
            swapped = list(letters)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            new = [*operands, output]
            new[k] = "".join(swapped)
            yield ",".join(new[:-1]) + arrow + new[-1]


def reductions(here: Statement, node: ast.Call, name: str, method: bool) -> Iterator[Change]:
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
    shape = here.scope.shape(operand)
    ndim = len(shape) if shape is not None else 3
    slip = "bias-sum" if is_for_bias(here) else "broadcast"
    if name not in ("sum", "mean"):
        slip = "wrong-winner" if "m" in name else "index"
    keeps: list[ast.expr | None] = [keep] if keep is None else [keep, None]
    if keep is None:
        keeps.append(ast.Constant(True))
    axes: list[ast.expr | None] = [None, *[number(a) for a in range(ndim)], number(-1)]
    if ndim > 2:
        axes += [
            ast.Tuple([number(a) for a in pair], ast.Load())
            for pair in (*pairs(ndim), *([(0, 2, 3)] if ndim == 4 else []))
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
                kind = "broadcast" if not is_for_bias(here) else "bias-sum"
                kind = "shape"
            cost = 1.1 if same_axis or new_keep is keep else 1.3
            yield Change(
                kind,
                here.with_node(node, new),
                cost,
                "kept dimensions are wrong"
                if same_axis
                else "the reduction runs along the wrong axis",
            )


REDUCTIONS = (
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


def reshapes(here: Statement, node: ast.Call, method: bool) -> Iterator[Change]:
    args = list(node.args if method else node.args[1:])
    tuple_form = len(args) == 1 and isinstance(args[0], ast.Tuple)
    numbers = list(args[0].elts) if tuple_form and isinstance(args[0], ast.Tuple) else args
    if not 2 <= len(numbers) <= 5:
        return
    for order in permutations(numbers):
        inner: list[ast.expr] = [ast.Tuple(list(order), ast.Load())] if tuple_form else list(order)
        new = ast.Call(node.func, inner if method else [node.args[0], *inner], node.keywords)
        yield Change(
            "shape",
            here.with_node(node, new),
            1.4,
            "the reshape has its dimensions in the wrong order",
        )
