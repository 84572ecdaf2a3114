"""Edits of a whole statement: ``=`` for ``+=``, another operator, another target, left out."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator

import numpy as np

from ..expressions import parse, parts, replace, text
from ..instrument import Site, as_load
from ..leaves import is_gradient_name
from ..recorder import Deferred, Override
from ..scope import Scope, shape_of
from .arithmetic import comparisons
from .indices import indices, other_slices
from .statement import Edit, Statement
from .trees import fits_into
from .words import scale_slip


def statement_edits(here: Statement) -> Iterator[Edit]:
    site, scope, value = here.site, here.scope, here.value
    source = text(site.expr)
    name = site.name
    if site.kind == "update":
        yield from _added_at(site)
        load = as_load(site.target) if site.target is not None else None
        for other in {"+": "-", "-": "+", "*": "/", "/": "*"}.get(site.operator, ""):
            slip = "sign" if other in "+-" else scale_slip(scope.value(site.expr), site.expr)
            yield Edit(
                slip,
                Override(Deferred(site.expr), other),
                f"{name} {other}= {source}",
                1.0,
                f"{site.operator}= where {other}= is needed",
            )
        yield Edit(
            "accumulate",
            Override(Deferred(site.expr)),
            f"{name} = {source}",
            1.2,
            "adds to an old value that should be replaced",
        )
        slip = "factor" if site.operator in "*/" else "accumulate"
        if site.operator in "*/":
            slip = scale_slip(scope.value(site.expr), site.expr)
        yield Edit(
            slip,
            Override(None),
            f"(leave out) {name} {site.operator}= {source}",
            1.5,
            "one update too many",
        )
        if load is not None:
            whole = ast.BinOp(load, OPERATORS[site.operator](), site.expr)
            yield Edit(
                "overwritten",
                Override(Deferred(whole), fresh=True),
                f"{name} = {name} {site.operator} {source}",
                1.1,
                "changed in place while something else still needs the old value",
            )
    if site.kind == "assign" and site.element is None and site.target is not None:
        old = scope.value(as_load(site.target))
        if shape_of(old) is not None and shape_of(value) is not None:
            load = as_load(site.target)
            whole = ast.BinOp(load, ast.Add(), site.expr)
            yield Edit(
                "accumulate",
                Override(Deferred(whole)),
                f"{name} += {source}",
                1.1,
                "= overwrites a contribution that += would keep",
            )
            yield Edit(
                "accumulate",
                Override(Deferred(ast.BinOp(load, ast.Sub(), site.expr))),
                f"{name} -= {source}",
                1.6,
                "= overwrites a contribution that has to be kept",
            )
    if site.kind in ("assign", "update") and site.target is not None:
        yield from other_targets(here)
    if site.kind == "call":
        yield Edit("accumulate", Override(None), f"(leave out) {source}", 1.9, "one call too many")


def other_targets(here: Statement) -> Iterator[Edit]:
    """The value stored elsewhere: under another index, or in another array."""
    site, scope, value = here.site, here.scope, here.value
    target = site.target
    assert target is not None
    if isinstance(target, ast.Tuple):
        for k, element in enumerate(target.elts):
            if isinstance(element, ast.Subscript):
                for index, words in indices(element.slice, scope):
                    elements = list(target.elts)
                    elements[k] = ast.Subscript(element.value, index, ast.Load())
                    new = ast.Tuple(elements, ast.Load())
                    yield _stored(site, new, "index", 1.6, f"under the wrong index: {words}")
        return
    if isinstance(target, ast.Name) and site.kind == "update":
        yield from _other_sums(site, scope, target.id)
    if not isinstance(target, ast.Subscript):
        return
    for index, words in indices(target.slice, scope):
        place = ast.Subscript(target.value, index, ast.Load())
        yield _stored(site, place, "index", 1.6, f"under the wrong index: {words}")
    yield from _other_masks(site, scope, target)
    for index in other_slices(here, target.slice):
        place = ast.Subscript(target.value, index, ast.Load())
        yield _stored(site, place, "index", 1.65, f"under the wrong slice: {text(index)}")
    for node, parent in parts(target.slice):
        if isinstance(node, ast.Compare):
            for change in comparisons(Statement(site, scope, value, []), node, parent):
                index = replace(target.slice, node, change.form.new)
                place = ast.Subscript(target.value, index, ast.Load())
                yield _stored(site, place, change.slip, change.cost, f"where {text(node)}")
    current = text(target.value)
    # A backward pass has no business in an array that is not meant to hold a gradient.
    word = re.sub(r"\W.*", "", current.rpartition(".")[2])
    cost = 1.5 if is_gradient_name(word) else 1.2
    for name, other in scope.atoms():
        if name == current or not isinstance(other, np.ndarray) or other.dtype.kind != "f":
            continue
        place = ast.Subscript(parse(name), target.slice, ast.Load())
        room, needed = shape_of(scope.value(place)), shape_of(value)
        if room is not None and (needed in (None, (), room) or fits_into(needed, room)):
            words = f"in {current} where {name} is meant"
            yield _stored(site, place, "wrong-variable", cost, words)


def _other_sums(site: Site, scope: Scope, current: str) -> Iterator[Edit]:
    """The value added to another gradient: ``db2 += d`` for ``db1 += d``."""
    added = scope.shape(site.expr)
    for name, other in scope.atoms():
        word = re.split(r"\W", name)[0]
        if name == current or not isinstance(other, np.ndarray) or other.dtype.kind != "f":
            continue
        if other.ndim and fits_into(added, other.shape) and is_gradient_name(word):
            place = ast.Subscript(parse(name), ast.Constant(...), ast.Load())
            words = f"in {current} where {name} is meant"
            edit = _stored(site, place, "wrong-variable", 1.5, words)
            plain = f"{name} {site.operator}= {text(site.expr)}"
            yield dataclasses.replace(edit, text=plain)


def _other_masks(site: Site, scope: Scope, target: ast.Subscript) -> Iterator[Edit]:
    """The mask of a store taken at another variable: ``dz[z <= 0] = 0`` for ``dz[dz <= 0] = 0``."""
    for node, parent in parts(target.slice):
        if not isinstance(parent, ast.Compare) or not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        shape = scope.shape(node)
        for name, other in scope.atoms():
            if shape and shape_of(other) == shape and name != text(node):
                index = replace(target.slice, node, parse(name))
                place = ast.Subscript(target.value, index, ast.Load())
                yield _stored(site, place, "mask", 1.5, f"where {text(node)}: {name} is meant")


def _added_at(site: Site) -> Iterator[Edit]:
    """``np.add.at(a, i, v)`` for ``a[i] += v``, which adds but once where an index comes twice."""
    target = site.target
    if not isinstance(target, ast.Subscript) or site.operator not in ("+", "-"):
        return
    if any(isinstance(node, ast.Slice) for node in ast.walk(target.slice)):
        return  # slices meet every element once
    array, index = text(target.value), text(target.slice)
    function = "add" if site.operator == "+" else "subtract"
    call = f"np.{function}.at({array}, {index}, {{}})"
    lines = f"{call.format('__value__')}\n__kept__ = {text(as_load(target))}"
    yield Edit(
        "accumulate",
        Override(
            Deferred(site.expr), None, compile(f"import numpy as np\n{lines}", "<edit>", "exec")
        ),
        call.format(text(site.expr)),
        1.25,
        "an index that comes more than once is added but once",
    )


def _stored(site: Site, place: ast.expr, slip: str, cost: float, words: str) -> Edit:
    """The edit that stores the value at `place`; what was written to keeps its value."""
    assert site.target is not None
    value = site.expr
    if site.kind == "update":
        value = ast.BinOp(as_load(place), OPERATORS[site.operator](), site.expr)
    stored, kept = text(place), text(as_load(site.target))
    lines = f"{stored} = __value__\ntry:\n    __kept__ = {kept}\nexcept LookupError:\n    pass"
    override = Override(Deferred(value), None, compile(lines, "<edit>", "exec"))
    symbol = f"{site.operator}=" if site.kind == "update" else "="
    return Edit(slip, override, f"{stored} {symbol} {text(site.expr)}", cost, f"stored {words}")


OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "@": ast.MatMult,
    "**": ast.Pow,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
