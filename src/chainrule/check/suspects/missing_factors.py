"""A factor, sign or exponent that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from ..expressions import atoms, parse, parts, text
from ..scope import shape_of
from .calls import user_functions
from .indices import index_nodes
from .layouts import REDUCTIONS
from .statement import Change, Statement
from .trees import fits_into
from .words import factor_slip, is_derivative, scale_slip

#: Price of the gradient that arrives from above, as a factor where none enters.
_ARRIVES = 1.32


def places(here: Statement, root: ast.expr | None = None) -> list[tuple[ast.expr, float]]:
    """Where a factor can be put in: the whole, its terms, operands of products, arguments."""
    whole = root if root is not None else here.expr
    found: list[tuple[ast.expr, float]] = [(whole, 0.0)]
    indices = index_nodes(whole, here.site.kind == "loop")
    for node, parent in parts(whole):
        if node is whole or isinstance(node, ast.Constant) or id(node) in indices:
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
                    *REDUCTIONS,
                    "reshape",
                    "dot",
                )
            )
            or (isinstance(parent, (ast.List, ast.Tuple)) and here.site.kind != "call")
        ):
            found.append((node, 0.2))
        elif isinstance(parent, ast.UnaryOp):
            found.append((node, 0.3))
    return [(n, c) for n, c in found if n is here.expr or is_numeric(here, n)]


def is_numeric(here: Statement, node: ast.expr) -> bool:
    return not isinstance(
        node, (ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred)
    )


def scales(here: Statement, root: ast.expr | None, upper: float) -> Iterator[Change]:
    for place, extra in places(here, root):
        minus = ast.UnaryOp(ast.USub(), place)
        yield Change("sign", here.with_node(place, minus), 1.2 + extra, "a minus sign is missing")
        if upper <= 1.35 + extra:
            continue
        for number in (2, 0.5, 3, 4, 6, 10):
            slip, cost = ("factor-2", 1.35) if number in (2, 0.5) else ("factor", 1.62)
            for op in (ast.Mult(), ast.Div()) if number > 2 else (ast.Mult(),):
                new = ast.BinOp(place, op, ast.Constant(number))
                if isinstance(op, ast.Mult):
                    new = ast.BinOp(ast.Constant(number), op, place)
                yield Change(
                    slip,
                    here.with_node(place, new),
                    cost + extra,
                    f"a factor {number:g} is missing",
                )
        for name, slip, cost in scalars(here):
            factor = parse(name)
            for op, word in ((ast.Div(), "division by"), (ast.Mult(), "factor")):
                new = ast.BinOp(place, op, factor)
                yield Change(
                    slip, here.with_node(place, new), cost + extra, f"the {word} {name} is missing"
                )


def scalars(here: Statement) -> list[tuple[str, str, float]]:
    """Numbers in scope that could be a missing factor, with the slip each would be."""
    found: list[tuple[str, str, float]] = []
    factors_used = _factors_used(here)
    lacking = lacks_upstream(here)
    for name, value in here.atoms:
        if name == "_":
            continue
        if shape_of(value) == () and np.isfinite(value) and value not in (0, 1, -1):
            slip = scale_slip(value, parse(name))
            if slip == "factor":
                # A number with a name is the local derivative of a product with it.
                slip = "missing-derivative"
            cost = 1.4 if slip == "factor-m" else 1.5
            if slip in ("factor-m", "missing-derivative"):
                # What is a factor nowhere is hardly missing as one here.
                cost += 0.0 if name in factors_used else 0.12
            if lacking and _holder(name) in here.upstream:
                cost = _ARRIVES
            found.append((name, slip, cost))
    for name, value in here.atoms:
        if isinstance(value, np.ndarray) and value.ndim and "[" not in name:
            if value.ndim > 1:
                found.append((f"{name}.size", "factor-m", 1.57))
            for axis, size in enumerate(value.shape):
                if size > 1:
                    found.append((f"{name}.shape[{axis}]", "factor-m", 1.55))
    for node in here.harvest:
        value = here.scope.value(node) if isinstance(node, (ast.BinOp, ast.Call)) else None
        if isinstance(value, float) and np.isfinite(value) and value not in (0, 1, -1):
            counts = any(isinstance(here.scope.value(n), int) for n, _ in atoms(node))
            slip = "factor-m" if counts else scale_slip(None, node)
            found.append((f"({text(node)})", slip, 1.6))
    seen: set[float] = set()
    unique = []
    for name, slip, cost in found:
        number = float(here.scope.value(parse(name)))
        if number in seen:
            continue
        seen.add(number)
        unique.append((name, slip, cost))
    roots = []
    for name, slip, cost in unique:
        if slip == "factor-m":
            roots.append((f"{here.np}.sqrt({name})", "factor", cost + 0.25))
        if slip == "regularisation":
            roots.append((f"(2 * {name})", slip, cost + 0.1))
        if slip in ("factor", "regularisation", "missing-derivative"):
            roots.append((f"(1 - {name})", slip, cost + 0.2))
    return unique[:16] + roots[:12]


def _factors_used(here: Statement) -> set[str]:
    """Text of everything that the code multiplies with or divides by somewhere."""
    found = set()
    for root in [here.expr, *here.harvest]:
        for node in ast.walk(root):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
                found |= {text(node.left), text(node.right)}
    return found


def lacks_upstream(here: Statement) -> bool:
    """True if a gradient is computed here and none that arrives from above enters it."""
    if not here.upstream or isinstance(here.value, (int, np.integer)):
        return False
    return not any(isinstance(n, ast.Name) and n.id in here.upstream for n in ast.walk(here.expr))


def _holder(name: str) -> str:
    """The variable of an atom such as ``grads['W']`` or ``deltas[0]``."""
    return re.split(r"\W", name)[0]


def factors(here: Statement, root: ast.expr | None, upper: float) -> Iterator[Change]:
    """A missing local derivative or mask: code from elsewhere, or made from values at hand."""
    for place, extra in places(here, root):
        shape = here.shape if place is here.expr else here.scope.shape(place)
        for candidate, slip, cost in _multipliers(here, shape):
            if cost + extra >= upper:
                continue
            new = ast.BinOp(place, ast.Mult(), candidate)
            yield Change(
                slip,
                here.with_node(place, new),
                cost + extra,
                f"the factor {text(candidate)} is missing",
            )
            if isinstance(candidate, (ast.Name, ast.Attribute, ast.Subscript)):
                # A factor is often written with the sign of its product: -k * x.
                minus = ast.UnaryOp(ast.USub(), candidate)
                yield Change(
                    slip,
                    here.with_node(place, ast.BinOp(minus, ast.Mult(), place)),
                    cost + extra + 0.15,
                    f"the factor {text(minus)} is missing",
                )
            if slip != "mask":
                new = ast.BinOp(place, ast.Div(), candidate)
                yield Change(
                    slip,
                    here.with_node(place, new),
                    cost + extra + 0.1,
                    f"the division by {text(candidate)} is missing",
                )


def _suits(here: Statement, factor: tuple[int, ...], shape: tuple[int, ...] | None) -> bool:
    """True if a factor can stand at a place of this shape: it may spread it to the whole's."""
    if shape is None or fits_into(factor, shape) or fits_into(factor, here.shape):
        return True
    # What is missing may be what gives the product its shape.
    return fits_into(shape, factor) if shape else here.shape != ()


def _multipliers(
    here: Statement, shape: tuple[int, ...] | None
) -> list[tuple[ast.expr, str, float]]:
    if shape in here.multipliers:
        return here.multipliers[shape]
    found: list[tuple[ast.expr, str, float]] = []
    functions = list(user_functions(here))
    named = {
        (value.shape, value.tobytes())
        for _, value in here.atoms
        if isinstance(value, np.ndarray) and value.dtype.kind in "bf"
    }
    for node in here.harvest:
        value = here.scope.value(node)
        if shape == () and isinstance(value, (float, np.floating)):
            found.append((node, factor_slip(value), 1.7))
        if isinstance(value, np.ndarray) and value.size > 1 and _suits(here, value.shape, shape):
            # Nobody writes out again what has a name.
            cost = 1.75 if (value.shape, value.tobytes()) in named else 1.5
            found.append((node, factor_slip(value), cost))
    if shape is not None and len(shape) == 2:
        for name, value in here.atoms:
            if isinstance(value, np.ndarray) and value.shape == shape[:1] and value.size > 1:
                found.append((parse(f"{name}[:, None]"), factor_slip(value, name), 1.7))
    slopes = here.constants()
    source, lacking = text(here.expr), lacks_upstream(here)
    for name, value in [*here.atoms, *here.elements]:
        if not isinstance(value, (np.ndarray, float, np.floating)) or not _suits(
            here, shape_of(value) or (), shape
        ):
            continue
        if shape is not None and shape != () and shape_of(value) == ():
            continue
        if lacking and _holder(name) in here.upstream:
            found.append((parse(name), "missing-derivative", _ARRIVES))
            found.append((parse(f"(-{name})"), "missing-derivative", _ARRIVES + 0.05))
            continue
        found.append((parse(name), factor_slip(value, name), _cost_of(name, source)))
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
            "{np}.where({0} > 0, 1.0, {np}.exp({0}))",
            *(f"{{np}}.where({{0}} > 0, 1.0, {slope!r})" for slope in slopes),
        ):
            found.append((parse(form.format(name, np=here.np)), "missing-derivative", 1.7))
        for function in functions:
            cost = 1.5 if is_derivative(function) else 1.9
            found.append((parse(f"{function}({name})"), "missing-derivative", cost))
    here.multipliers[shape] = found
    return found


def _cost_of(name: str, source: str) -> float:
    """The half of s·(1 − s) that is there calls for the other."""
    halves = (f"1 - {name})", f"1.0 - {name})", f"1 - {name} ", f"1.0 - {name} ")
    return 1.42 if any(half in source for half in halves) else 1.65


def powers(here: Statement) -> Iterator[Change]:
    for node, parent in parts(here.expr):
        if (isinstance(parent, ast.Call) and parent.func is node) or isinstance(node, ast.Constant):
            continue
        if isinstance(parent, (ast.Attribute, ast.Subscript)) or not is_numeric(here, node):
            continue
        value = here.scope.value(node)
        if (
            shape_of(value) is None
            or isinstance(value, (bool, np.bool_))
            or (isinstance(value, np.ndarray) and value.dtype.kind != "f")
        ):
            continue
        for exponent in (2, 3, 0.5):
            new = ast.BinOp(node, ast.Pow(), ast.Constant(exponent))
            # Nobody writes out again what has a name: s where s ** 2 is called t, and t where
            # t ** 0.5 is called s, is rather the wrong name.
            cost = 1.6 if _has_name(here, new) else 1.45
            yield Change(
                "power", here.with_node(node, new), cost, f"the exponent {exponent:g} is missing"
            )


def _has_name(here: Statement, node: ast.expr) -> bool:
    """True if a variable holds the value of `node`, up to rounding."""
    value = here.scope.value(node)
    shape = shape_of(value)
    if shape is None:
        return False
    with np.errstate(all="ignore"):
        return any(
            shape_of(other) == shape and np.allclose(other, value, rtol=1e-12, atol=0)
            for _, other in here.atoms
        )
