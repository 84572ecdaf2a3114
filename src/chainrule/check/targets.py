"""What in a file can be checked: functions that return gradients, pairs of forward and backward."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ArgumentError
from .leaves import gradient_name, is_gradient_name
from .loading import parse

__all__ = ["Case", "find_targets"]

_BACK = re.compile(
    r"back(?:wards?)?(?:_?(?:prop(?:agat(?:e|ion))?|pass|step))?|bwd|bprop", re.IGNORECASE
)
_FORE = re.compile(
    r"(?:feed_?)?(?:for(?:e)?wards?|feed)(?:_?(?:prop(?:agat(?:e|ion))?|pass|step))?|fwd|fprop",
    re.IGNORECASE,
)
#: Methods that run a network or layer forward under a name that does not say so.
_ALSO_FORWARD = ("__call__", "call", "predict", "run", "output")
_GRADIENTS = ("backprop", "back_prop", "grads", "gradient", "loss_and_grad")


@dataclass(frozen=True)
class Case:
    """Something to check: one function, or a forward and a backward one, by qualified name.

    Attributes
    ----------
    function : str
        The function that is called first.
    backward : str or None
        The one that goes with it.
    alone : bool
        Whether the backward one may hold the forward pass itself, as in the book's ``backprop(x, y)``.
    """

    function: str
    backward: str | None = None
    alone: bool = False

    @property
    def name(self) -> str:
        return self.backward or self.function


def find_targets(path: str, wanted: str = "") -> list[Case]:
    """What can be checked in a file: pairs of forward and backward, and functions that return gradients.

    Raises
    ------
    ArgumentError
        If `wanted` is not in the file, or nothing looks like a gradient.
    """
    functions = dict(_functions(parse(path)))
    if wanted and wanted not in functions:
        raise ArgumentError(
            f"{path} has no function {wanted!r}; it has {', '.join(functions) or 'none'}"
        )
    cases = [c for name in functions for c in _case(name, functions)]
    if wanted:
        mine = [c for c in cases if wanted == c.backward]
        mine = mine or [c for c in cases if wanted == c.function]
        return mine or [Case(wanted)]
    helpers = {c.backward for c in cases}
    cases = [c for c in cases if not (c.backward is None and c.function in helpers)]
    if not cases:
        raise ArgumentError(
            f"no function in {path} looks like a backward pass; name one: {path}:function"
            f" (there are {', '.join(functions) or 'none'})"
        )
    return cases


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name not in (
                    "__init__",
                    "__repr__",
                ):
                    yield f"{node.name}.{inner.name}", inner


def _case(name: str, functions: dict[str, ast.FunctionDef]) -> Iterator[Case]:
    node = functions[name]
    if _is_empty(node):
        return
    partner = _partner(name, functions)
    if partner is not None:
        if not _is_empty(functions[partner]):
            yield Case(partner, name, alone=len(node.args.args) > 2)
    elif _returns_gradients(node) or _BACK.fullmatch(name.rpartition(".")[2]):
        yield Case(name)


def _is_empty(node: ast.FunctionDef) -> bool:
    """True for the methods of a base class: ``pass``, a docstring, ``raise NotImplementedError``."""
    return all(
        isinstance(s, (ast.Pass, ast.Raise))
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Return) and (s.value is None or isinstance(s.value, ast.Constant)))
        for s in node.body
    )


def _partner(name: str, functions: dict[str, ast.FunctionDef]) -> str | None:
    """The forward pass that belongs to a backward pass, by name.

    ``affine_backward`` belongs to ``affine_forward``, ``back_prop`` to ``forward_prop`` or
    ``feedforward`` beside it: what is left of the two names without those words has to agree.
    """
    head, _, last = name.rpartition(".")
    match = _BACK.search(last)
    if match is None:
        return None
    rest = _plain(last[: match.start()], last[match.end() :])
    found: list[tuple[int, str]] = []
    for other in functions:
        other_head, _, other_last = other.rpartition(".")
        if other_head != head or other == name:
            continue
        fore = _FORE.search(other_last)
        if fore is not None:
            if _plain(other_last[: fore.start()], other_last[fore.end() :]) == rest:
                alike = other_last.replace("forward", "backward") == last
                found.append((0 if alike else 1, other))
        elif head and not rest and other_last in _ALSO_FORWARD[:2]:
            found.append((2, other))
    return min(found)[1] if found else None


def _plain(*parts: str) -> str:
    return "".join(parts).replace("_", "").lower()


def _returns_gradients(node: ast.FunctionDef) -> bool:
    if any(w in node.name.lower() for w in _GRADIENTS) and any(
        isinstance(n, ast.Return) and n.value is not None for n in ast.walk(node)
    ):
        return True
    for statement in ast.walk(node):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
            words = [ast.unparse(e) for e in statement.value.elts]
            if any(
                gradient_name(w) or w in ("grads", "gradients", "grad")
                for w in words
                if is_gradient_name(w)
            ):
                return True
    return False
