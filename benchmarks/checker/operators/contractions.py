"""Slips in matrix products, transposes, einsum and reductions."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from benchmarks.checker.operators import roles
from benchmarks.checker.source import Edit, Site, is_method

_REDUCTIONS = ("sum", "mean")


def _products(site: Site) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """Every matrix product as (node, left, right)."""
    for node in site.expressions:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield node, node.left, node.right
        elif isinstance(node, ast.Call):
            name = site.text(node.func)
            if name in ("np.dot", "np.matmul", "np.outer") and len(node.args) == 2:
                yield node, node.args[0], node.args[1]
            elif name.endswith(".dot") and isinstance(node.func, ast.Attribute):
                yield node, node.func.value, node.args[0]


def _transposed(site: Site, node: ast.expr) -> str:
    """The text of `node` transposed, or without its transposition."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return site.text(node.value)
    if is_method(node, "transpose") and not node.args:
        return site.text(node.func.value)
    return f"{site.operand(node)}.T"


def transposed_operand(site: Site) -> Iterator[Edit]:
    """`a.T @ b` becomes `a @ b`, `a @ b.T` and so on."""
    for node, left, right in _products(site):
        if site.text(node).startswith("np.outer"):
            continue
        for operand in (left, right):
            yield site.replace("transpose", operand, _transposed(site, operand), "transposed")
        both = ((left, _transposed(site, left)), (right, _transposed(site, right)))
        spans = tuple((*site.source.span(n), t) for n, t in both)
        yield Edit("transpose", site.line, spans, "both transposed")


def transposed_result(site: Site) -> Iterator[Edit]:
    """A matrix that should not be is transposed, or the reverse, outside products."""
    inside = {id(n) for _, left, right in _products(site) for n in (left, right)}
    for node in site.expressions:
        if id(node) in inside:
            continue
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield site.replace("transpose", node, site.text(node.value), "transpose dropped")
        if is_method(node, "transpose") and len(node.args) > 1:
            axes = [site.text(a) for a in node.args]
            axes[-1], axes[-2] = axes[-2], axes[-1]
            new = f"{site.text(node.func.value)}.transpose({', '.join(axes)})"
            yield site.replace("transpose", node, new, "axes swapped")
    for node, _, _ in _products(site):
        parent = site.parent(node)
        if isinstance(parent, ast.Assign):
            yield site.replace("transpose", node, f"{site.operand(node)}.T", "result transposed")


def swapped_operands(site: Site) -> Iterator[Edit]:
    """`a @ b` becomes `b @ a`; also the swap that transposes both, which gives the transpose."""
    for _, left, right in _products(site):
        spans = (
            (*site.source.span(left), site.operand(right)),
            (*site.source.span(right), site.operand(left)),
        )
        yield Edit("operand-order", site.line, spans, "swapped operands")


def permuted_einsum(site: Site) -> Iterator[Edit]:
    """One pair of letters of an einsum operand or result is exchanged."""
    for node in site.expressions:
        if not (isinstance(node, ast.Call) and site.text(node.func) == "np.einsum"):
            continue
        spec = node.args[0]
        if not isinstance(spec, ast.Constant):
            continue
        inputs, _, output = str(spec.value).partition("->")
        words = [*inputs.split(","), output]
        for place, word in enumerate(words):
            for i, j in itertools.combinations(range(len(word)), 2):
                letters = list(word)
                letters[i], letters[j] = letters[j], letters[i]
                new = [*words[:place], "".join(letters), *words[place + 1 :]]
                text = f'"{",".join(new[:-1])}->{new[-1]}"'
                yield site.replace("transpose", spec, text, "einsum letters swapped")


def _reductions(site: Site) -> Iterator[tuple[ast.Call, str, str, dict[str, str]]]:
    """Every sum or mean as (call, its name, the text reduced, its other arguments)."""
    for node in site.expressions:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        if name not in _REDUCTIONS:
            continue
        keywords = {k.arg or "": site.text(k.value) for k in node.keywords}
        args = list(node.args)
        if site.text(node.func.value) == "np":
            operand = args.pop(0)
        else:
            operand = node.func.value
        if args:
            keywords = {"axis": site.text(args[0]), **keywords}
        yield node, name, site.operand(operand), keywords


def _reduce(name: str, operand: str, keywords: dict[str, str]) -> str:
    return f"{operand}.{name}({', '.join(f'{k}={v}' for k, v in keywords.items())})"


def changed_reduction(site: Site) -> Iterator[Edit]:
    """A sum is dropped, runs along another axis, loses its kept dimensions, or is a mean."""
    kind = "bias-sum" if roles.is_bias(site) else "broadcast"
    for node, name, operand, keywords in _reductions(site):
        yield site.replace(kind, node, operand, "sum dropped")
        other = "mean" if name == "sum" else "sum"
        word = "bias-sum" if kind == "bias-sum" else "factor-m"
        yield site.replace(word, node, _reduce(other, operand, keywords), "sum and mean exchanged")
        for axis in _other_axes(keywords.get("axis")):
            changed = {**keywords, "axis": axis}
            yield site.replace(kind, node, _reduce(name, operand, changed), "other axis")
        if "axis" in keywords:
            bare = {k: v for k, v in keywords.items() if k not in ("axis", "keepdims")}
            yield site.replace(kind, node, _reduce(name, operand, bare), "summed over everything")
        if keywords.get("keepdims") == "True":
            bare = {k: v for k, v in keywords.items() if k != "keepdims"}
            yield site.replace(kind, node, _reduce(name, operand, bare), "keepdims lost")


def _other_axes(axis: str | None) -> list[str]:
    return {
        "0": ["1"],
        "1": ["0"],
        "-1": ["0"],
        "2": ["1"],
        "(0, 1)": ["(0, 2)", "0"],
        "(0, 2, 3)": ["(0, 1, 2)"],
    }.get(axis or "", [])


OPERATORS = (
    transposed_operand,
    transposed_result,
    swapped_operands,
    permuted_einsum,
    changed_reduction,
)
