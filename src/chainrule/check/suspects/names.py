"""Another variable, layer or step in the place of the one that is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..expressions import atoms, parse, replace, text
from ..leaves import gradient_name, is_gradient_name
from ..scope import shape_of
from .indices import is_scatter
from .statement import Change, Statement
from .trees import ancestors
from .words import is_derivative, scale_slip, stem


def names(here: Statement) -> Iterator[Change]:
    for node, parent in atoms(here.expr):
        value = here.scope.value(node)
        shape = shape_of(value)
        current = text(node)
        written = _is_written(node, parent)
        if shape is None:
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                pass
            else:
                continue
        others = [*here.atoms, *here.elements, *_written_atoms(here), *_other_holders(here, node)]
        for name, other in [*others, *_other_keys(here, node)]:
            if name in (current, "_") or name.startswith(f"{current}["):
                continue
            other_shape = shape_of(other)
            if other_shape is None:
                continue
            if shape is not None and len(other_shape) != len(shape) and shape != ():
                continue
            if (shape == ()) != (other_shape == ()):
                continue
            cost = 1.5 if other_shape == shape else 1.9
            slip = _renamed(here, current, name, node, parent)
            if slip == "wrong-layer":
                cost -= 0.2
            if written and not is_gradient_name(name):
                # A backward pass has no business in an array that is not meant to hold a gradient.
                cost += 0.3
            message = f"{current} where {name} is needed"
            yield Change(slip, here.with_node(node, parse(name)), cost, message)


def _is_written(node: ast.expr, parent: ast.AST | None) -> bool:
    """True for the array that a call writes into: ``out=dz``, ``np.add.at(dw, …)``."""
    if not isinstance(parent, ast.Call):
        return False
    out = any(k.arg == "out" and k.value is node for k in parent.keywords)
    return out or (is_scatter(parent) and parent.args[0] is node)


def _other_holders(here: Statement, node: ast.expr) -> list[tuple[str, Any]]:
    """The same element of another list or dictionary: ``zs[-l]`` for ``activations[-l]``."""
    if not isinstance(node, ast.Subscript):
        return []
    found = []
    for name, value in here.scope.local.items():
        if isinstance(value, (list, tuple, dict)) and name != text(node.value):
            other = ast.Subscript(ast.Name(name, ast.Load()), node.slice, ast.Load())
            element = here.scope.value(other)
            if shape_of(element) is not None:
                found.append((text(other), element))
    return found


def _other_keys(here: Statement, node: ast.expr) -> list[tuple[str, Any]]:
    """The element under another key that is built in the same way: ``cache["Z" + str(i)]``."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, (ast.Constant, ast.Slice)):
        return []
    holder, key = here.scope.value(node.value), here.scope.value(node.slice)
    if not isinstance(holder, dict) or not isinstance(key, str):
        return []
    found = []
    for part in ast.walk(node.slice):
        if not isinstance(part, ast.Constant) or not isinstance(part.value, str):
            continue
        # What stands before a placeholder: "W" of "W%d" and of "W{}".
        written = re.split(r"[%{]", part.value)[0]
        if not written or not key.startswith(written):
            continue
        rest = key[len(written) :]
        for known in holder:
            if not isinstance(known, str) or known == key or not known.endswith(rest):
                continue
            instead = known[: len(known) - len(rest)] + part.value[len(written) :]
            built = replace(node.slice, part, ast.Constant(instead))
            other = ast.Subscript(node.value, built, ast.Load())
            element = here.scope.value(other)
            if shape_of(element) is not None:
                found.append((text(other), element))
    return found


def _written_atoms(here: Statement) -> list[tuple[str, Any]]:
    """Elements and attributes as the code writes them: ``zs[-l]``, ``cache["A1"]``."""
    found = []
    for node in here.harvest:
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            value = here.scope.value(node)
            if shape_of(value) is not None:
                found.append((text(node), value))
    return found


def _renamed(
    here: Statement, current: str, name: str, node: ast.expr, parent: ast.AST | None
) -> str:
    if re.sub(r"\d+", "#", current) == re.sub(r"\d+", "#", name) and current != name:
        return "wrong-layer"
    value = here.scope.value(node)
    word = current.split("[")[0].split(".")[-1]
    upstream = bool(gradient_name(word)) or is_gradient_name(word)
    if upstream and any(isinstance(a, ast.Compare) for a in ancestors(here.expr, node)):
        return "mask"
    if isinstance(parent, ast.Call) and is_derivative(text(parent.func)) and not upstream:
        return "derivative-argument"
    if isinstance(parent, ast.Slice) or (
        isinstance(parent, ast.Subscript) and parent.value is not node
    ):
        return "index"
    if isinstance(value, (int, np.integer)):
        return scale_slip(value, node)
    stem_a, stem_b = stem(current), stem(name)
    if stem_a == stem_b:
        return "stale-variable"
    if _is_derivative_position(here, node) and not upstream:
        other = here.scope.value(parse(name))
        return "derivative-argument" if _is_activation(value, other) else "wrong-variable"
    return "wrong-variable"


def _is_activation(a: Any, b: Any) -> bool:
    """True if one array could be a monotonic function of the other, entry by entry: z and σ(z)."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or a.shape != b.shape:
        return False
    for one, other in ((a, b), (b, a)):
        steps = np.diff(other.reshape(-1)[np.argsort(one.reshape(-1), kind="stable")])
        if (steps >= 0).all() or (steps <= 0).all():
            return True
    return False


def _is_derivative_position(here: Statement, node: ast.expr) -> bool:
    """Inside ``1 - a**2``, ``a * (1 - a)``, ``z > 0`` and the like."""
    chain = ancestors(here.expr, node)
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
    source = text(here.expr).replace(" ", "")
    inner = re.escape(text(node).replace(" ", ""))
    return bool(re.search(rf"{inner}\*\(1(?:\.0)?-{inner}", source))
