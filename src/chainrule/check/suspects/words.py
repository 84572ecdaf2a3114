"""Which slip a lost, doubled or exchanged piece of code is, by what the piece stands for."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np

from ..expressions import text
from ..leaves import gradient_name
from .statement import Statement
from .trees import ancestors

REGULARISATION = re.compile(
    r"(?:^|_)(?:reg|lam|lmb|lambda|lmbda|alpha|decay|weight_decay|l2|wd|rho)", re.I
)

#: Whole numbers that count no samples.
_GEOMETRY = re.compile(r"(?:^|_)(?:stride|pad|padding|kernel|dilation|pool|ksize|filter)", re.I)


def scale_slip(value: Any, node: ast.expr) -> str:
    """What kind of factor a number is: a batch size, two, or some other constant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        if abs(node.value) in (2, 0.5):
            return "factor-2"
        return "factor"
    if isinstance(node, ast.BinOp):
        kinds = {scale_slip(None, n) for n in (node.left, node.right) if _is_countable(n)}
        if kinds == {"factor-2", "factor-m"} or "factor-m" in kinds:
            return "factor-m"
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    if name and REGULARISATION.search(name) and np.ndim(value) == 0:
        return "regularisation"
    if _GEOMETRY.search(name):
        return "factor"
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


def factor_slip(value: Any, name: str = "") -> str:
    return "mask" if "mask" in name.lower() else "missing-derivative"


def is_derivative(name: str) -> bool:
    last = name.split(".")[-1].lower()
    if any(w in last for w in ("prime", "deriv", "grad")):
        return True
    return bool(re.match(r"d_?(?:sig|tanh|relu|act|soft|elu|gelu|silu|phi|logistic|f$|g$)", last))


def stem(name: str) -> str:
    return re.sub(
        r"(?:_?(?:prev|next|new|old|raw|hat|norm|last|cur|drop|copy|pre|out|in|shifted|flat|pad|padded)\d*|\d+|\[.*\])",
        "",
        name,
    ).strip("_")


def is_softmax(value: np.ndarray) -> bool:
    if value.dtype.kind != "f" or value.size < 2 or (value < 0).any():
        return False
    return any(np.allclose(value.sum(axis=a), 1.0) for a in {-1, 0})


def inverted_slip(here: Statement, node: ast.expr) -> str:
    """Slip of multiplying with `node` where dividing by it is right, or the reverse."""
    slip = scale_slip(here.scope.value(node), node)
    return "power" if slip == "missing-derivative" else slip


def dropped_slip(here: Statement, node: ast.expr) -> str:
    value = here.scope.value(node)
    slip = scale_slip(value, node)
    if slip == "factor-2" and _in_regularisation(here, node):
        return "regularisation"
    if slip == "factor" and here.shape == () and not isinstance(node, ast.Constant):
        return "missing-derivative"
    if slip != "missing-derivative":
        return slip
    if isinstance(value, np.ndarray) and value.dtype == bool:
        return "mask"
    return "missing-derivative"


def _in_regularisation(here: Statement, node: ast.expr) -> bool:
    """Inside a product with a regularisation strength."""
    product: ast.AST = node
    for ancestor in ancestors(here.expr, node):
        if not isinstance(ancestor, ast.BinOp) or not isinstance(ancestor.op, (ast.Mult, ast.Div)):
            break
        product = ancestor
    factors = [product]
    for part in factors:
        if isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Mult, ast.Div)):
            factors += [part.left, part.right]
    return any(
        isinstance(part, (ast.Name, ast.Attribute)) and extra_slip(here, part) == "regularisation"
        for part in factors
    )


def extra_slip(here: Statement, node: ast.expr) -> str:
    """Slip of a term too many: regularisation if a strength, which is a number, is in it."""
    for part in ast.walk(node):
        if not isinstance(part, (ast.Name, ast.Attribute)):
            continue
        name = part.id if isinstance(part, ast.Name) else part.attr
        if REGULARISATION.search(name) and np.ndim(here.scope.value(part)) == 0:
            return "regularisation"
    return "missing-term"


def is_for_bias(here: Statement) -> bool:
    word = re.split(r"\W", here.site.name)[0]
    if any(re.fullmatch(r"b(?:ias(?:es)?)?_?\d*", g, re.I) for g in gradient_name(word)):
        return True
    name = here.site.name.lower().replace("_", "")
    return bool(
        re.search(r"(?:^|[^a-z])(?:d|grad|nabla)?b(?:ias(?:es)?)?\d*(?:\W|$)|beta|bias", name)
    )
