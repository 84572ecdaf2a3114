"""What a piece of text stands for: a count, a strength of regularisation, a mask, a bias gradient.

The roles only choose the *word* for a slip; whether it is a slip is found by running.
"""

from __future__ import annotations

import ast
import re

from benchmarks.checker.source import Site

_REGULARISATION = re.compile(r"\b(reg|lam|lambd|lambda_|lmbda|alpha|weight_decay|ridge)\b")
_MASK = re.compile(r"(mask|known|active|winner|routed|small)\b")
_BIAS = re.compile(
    r"(^|_|\.|\['|\[\"|\b)(d|g|grad_?|nabla_?|dL_?d|dE_?d|df_?d|d_)?_?(b|bias|beta|c|bd|bm|bv|bg|cb)\d*\b"
)
_COUNT_SOURCE = (".shape", "len(", ".size")


def counts(site: Site) -> set[str]:
    """Names of the function's variables that hold a number of samples, rows or entries."""
    found: set[str] = set()
    for node in ast.walk(site.function):
        if not isinstance(node, ast.Assign) or node.lineno >= site.line:
            continue
        value = site.text(node.value)
        if not any(mark in value for mark in _COUNT_SOURCE):
            continue
        if isinstance(node.value, ast.BinOp):
            continue
        for target in node.targets:
            found |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return found - {"_", "self"}


def batch_count(site: Site) -> str | None:
    """The name that most likely holds the batch size in the site's function."""
    have = counts(site)
    for name in ("N", "m", "n", "n_samples", "num_train", "batch", "size", "B"):
        if name in have:
            return name
    return None


def is_count(site: Site, node: ast.AST) -> bool:
    """Whether `node` is a count, or a plain product or reciprocal of counts."""
    text = site.text(node)
    if isinstance(node, ast.Name):
        return node.id in counts(site)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return isinstance(node.left, ast.Constant) and is_count(site, node.right)
    return bool(re.fullmatch(r"len\([\w.]+\)|[\w.\[\]]+\.shape\[\d\]|[\w.]+\.size", text))


def is_regularisation(site: Site, node: ast.AST) -> bool:
    return bool(_REGULARISATION.search(site.text(node)))


def is_mask(site: Site, node: ast.AST) -> bool:
    if any(isinstance(n, ast.Compare) for n in ast.walk(node)):
        return True
    return bool(_MASK.search(site.text(node)))


def is_bias(site: Site) -> bool:
    """Whether the statement computes a bias gradient, by its name."""
    return bool(_BIAS.search(site.targets))


def number(node: ast.AST) -> float | None:
    """The value of a numeric literal, with its sign; None for anything else."""
    sign = 1.0
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -sign, node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return sign * node.value
    return None


def factor_kind(site: Site, node: ast.AST) -> str:
    """The kind of slip it is when the factor or divisor `node` is dropped."""
    value = number(node)
    if value is not None:
        return "factor-2" if abs(value) in (2, 0.5) else "factor"
    if is_count(site, node):
        return "factor-m"
    if is_regularisation(site, node):
        return "regularisation"
    if is_mask(site, node):
        return "mask"
    if _is_hyperparameter(site, node):
        return "factor"
    return "missing-derivative"


def _is_hyperparameter(site: Site, node: ast.AST) -> bool:
    """A constant of the computation: keep_prob, dt, sqrt(d), a penalty's weight.

    That is a scalar which is handed in and has no gradient of its own.
    """
    if re.fullmatch(r"(np|math)\.sqrt\(\w+\)|self\.scale|keep_prob", site.text(node)):
        return True
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    handed_in = {a.arg for a in site.function.args.args}
    learned = {where.split(".")[0] for where in site.program.gradients.values()}
    scalars = {n for n in names if site.shapes.get(n) == ()}
    return bool(names) and names <= scalars & handed_in - learned
