"""Inputs for code that is checked from the command line, where nobody passes any.

In this order: the arguments of the first call that the file itself makes when it is run as a
script; else arrays made up from the names of the parameters, of the first shapes with which the
code runs.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import io
import itertools
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .leaves import gradient_name, is_gradient_name
from .program import required_parameters

__all__ = ["Case", "find_targets", "made_up", "recorded"]

#: Seconds for which a script may run before it calls what is to be checked.
_PATIENCE = 30.0


@dataclass(frozen=True)
class Case:
    """Something to check: one function, or a forward and a backward one, by qualified name."""

    function: str
    backward: str | None = None

    @property
    def name(self) -> str:
        return self.backward or self.function


class _Found(BaseException):
    """The call was made; carries function and arguments."""


def find_targets(path: str, wanted: str = "") -> list[Case]:
    """What can be checked in a file: pairs of forward and backward, and functions that return gradients.

    Raises
    ------
    ArgumentError
        If `wanted` is not in the file, or nothing looks like a gradient.
    """
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(f"there is no file {path}")
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), path)
    except SyntaxError as error:
        raise ArgumentError(f"{path} is not Python: line {error.lineno}: {error.msg}") from None
    functions = dict(_functions(tree))
    if wanted and wanted not in functions:
        raise ArgumentError(
            f"{path} has no function {wanted!r}; it has {', '.join(functions) or 'none'}"
        )
    cases: list[Case] = []
    for name in functions:
        partner = _partner(name, functions)
        if partner is not None:
            cases.append(Case(partner, name))
        elif _returns_gradients(functions[name]):
            cases.append(Case(name))
    if wanted:
        mine = [c for c in cases if wanted in (c.function, c.backward)]
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
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("__"):
                    yield f"{node.name}.{inner.name}", inner


def _partner(name: str, functions: dict[str, ast.FunctionDef]) -> str | None:
    """The forward pass that belongs to a backward pass, by name."""
    head, _, last = name.rpartition(".")
    for old, new in (("backward", "forward"), ("bwd", "fwd")):
        if old in last:
            other = f"{head}.{last.replace(old, new)}" if head else last.replace(old, new)
            if other in functions:
                return other
    return None


def _returns_gradients(node: ast.FunctionDef) -> bool:
    if any(w in node.name.lower() for w in ("backprop", "grads", "gradients", "loss_and_grad")):
        return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(node))
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


def recorded(path: str, case: Case) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The function and the arguments of its first call when the file is run as a script."""
    wanted = case.function.rpartition(".")[2]
    started = time.monotonic()
    resolved = os.path.realpath(path)

    def watch(frame: Any, event: str, _: Any) -> None:
        if event != "call":
            return
        if time.monotonic() - started > _PATIENCE:
            raise _Found(None)
        code = frame.f_code
        if code.co_name != wanted or os.path.realpath(code.co_filename) != resolved:
            return
        if getattr(code, "co_qualname", case.function) != case.function:
            return
        names = code.co_varnames[: code.co_argcount]
        values = [frame.f_locals[n] for n in names]
        if names[:1] == ("self",):
            function = getattr(values[0], wanted)
            values = values[1:]
        else:
            function = frame.f_globals.get(wanted)
        raise _Found((function, copy.deepcopy(tuple(values))))

    arguments, sys.argv = sys.argv, [path]
    sys.path.insert(0, str(Path(path).resolve().parent))
    found: Any = None
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            sys.setprofile(watch)
            runpy.run_path(path, run_name="__main__")
    except _Found as call:
        found = call.args[0]
    except (Exception, SystemExit):
        found = None
    finally:
        sys.setprofile(None)
        sys.argv = arguments
        sys.path.pop(0)
    if found is None or found[0] is None:
        return None
    return found[0], found[1]


def made_up(function: Callable[..., Any], seed: int = 0) -> Iterator[tuple[Any, ...]]:
    """Arguments by the names of the parameters, layout after layout.

    The caller keeps the first with which the code runs.
    """
    names = required_parameters(function, inspect.ismethod(function))
    rng = np.random.default_rng(seed)
    for columns, rows, bias, target in itertools.product(
        (3, 5, 1), (True, False), (1, 2), ("labels", "onehot", "real")
    ):
        try:
            yield tuple(_value(n, rows, bias, target, columns, rng) for n in names)
        except KeyError as error:
            raise ArgumentError(
                f"do not know what to pass for parameter {error.args[0]!r} of"
                f" {function.__name__}: call it with an example under if __name__ == '__main__',"
                " or use chainrule.check.source from Python"
            ) from None


_SIZES = {"0": 4, "1": 5, "2": 3, "3": 3}


def _value(
    name: str, rows: bool, bias: int, target: str, columns: int, rng: np.random.Generator
) -> Any:
    batch, wide = 6, _SIZES
    plain = name.replace("_", "").lower()
    digit = plain[-1] if plain[-1].isdigit() else ""
    stem = plain.rstrip("0123456789")
    out = wide.get(digit, 3)
    into = wide.get(str(int(digit) - 1), 4) if digit else 4
    if stem in ("x", "inputs", "input", "data", "inp"):
        return rng.normal(size=(batch, 4) if rows else (4, batch))
    if stem in ("y", "t", "target", "targets", "labels", "label"):
        if target == "labels":
            return rng.integers(0, columns, batch)
        hot = (
            np.eye(columns)[rng.integers(0, columns, batch)]
            if target == "onehot"
            else rng.uniform(0.1, 0.9, (batch, columns))
        )
        return hot if rows else hot.T
    if stem in ("w", "weights", "weight", "theta"):
        return rng.normal(size=(into, out) if rows else (out, into))
    if stem in ("b", "bias", "biases"):
        if bias == 1:
            return rng.normal(size=out)
        return rng.normal(size=(1, out) if rows else (out, 1))
    if stem in ("gamma", "beta", "scale", "shift"):
        return rng.uniform(0.5, 1.5, 4)
    if stem in ("reg", "lam", "lambd", "lmbda", "lambda", "alpha", "l", "decay"):
        return 0.1
    if stem in ("eps", "epsilon"):
        return 1e-5
    if stem in ("h", "hprev", "prevh", "h0"):
        return rng.normal(size=(batch, 3) if rows else (3, batch))
    raise KeyError(name)
