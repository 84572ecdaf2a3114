"""Nested containers of leaves (pytrees): dict, list, tuple, namedtuple, dataclass, None.

A tree is flattened into a list of leaves and a :class:`TreeDef` that rebuilds it. Whatever is not
one of the containers above is a leaf. ``None`` is a container with no leaves, as in JAX.
Dictionaries keep their insertion order; two dictionaries with the same keys in another order have
the same structure.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from chainrule.errors import ArgumentError

__all__ = ["TreeDef", "flatten", "flatten_up_to", "leaves", "tree_map", "unflatten"]


class TreeDef(NamedTuple):
    """The structure of a tree: its container kind, its keys or class, and its children."""

    kind: str
    meta: Any
    children: tuple[TreeDef, ...]

    def __repr__(self) -> str:
        return f"TreeDef({_show(self)})"


LEAF = TreeDef("leaf", None, ())


def _show(definition: TreeDef) -> str:
    parts = [_show(child) for child in definition.children]
    match definition.kind:
        case "leaf":
            return "*"
        case "none":
            return "None"
        case "dict":
            pairs = (f"{key!r}: {part}" for key, part in zip(definition.meta[1], parts))
            return "{" + ", ".join(pairs) + "}"
        case "list":
            return "[" + ", ".join(parts) + "]"
        case "tuple":
            return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
    return f"{definition.meta.__name__}({', '.join(parts)})"


def _open(tree: Any) -> tuple[str, Any, list[Any]] | None:
    """Kind, meta and children of a container; ``None`` for a leaf."""
    if tree is None:
        return "none", None, []
    if isinstance(tree, dict):
        if type(tree) not in (dict, OrderedDict, defaultdict):
            return None
        return "dict", (type(tree), tuple(tree)), list(tree.values())
    if isinstance(tree, tuple):
        if hasattr(tree, "_fields"):
            return "namedtuple", type(tree), list(tree)
        return ("tuple", None, list(tree)) if type(tree) is tuple else None
    if type(tree) is list:
        return "list", None, tree
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [getattr(tree, field.name) for field in dataclasses.fields(tree)]
        return "dataclass", type(tree), fields
    return None


def flatten(tree: Any) -> tuple[list[Any], TreeDef]:
    """Leaves of a tree, left to right, and the structure that rebuilds it.

    >>> flatten({"w": [1.0, 2.0], "b": 3.0})
    ([1.0, 2.0, 3.0], TreeDef({'w': [*, *], 'b': *}))
    """
    found: list[Any] = []
    return found, _flatten(tree, found)


def _flatten(tree: Any, found: list[Any]) -> TreeDef:
    opened = _open(tree)
    if opened is None:
        found.append(tree)
        return LEAF
    kind, meta, children = opened
    return TreeDef(kind, meta, tuple(_flatten(child, found) for child in children))


def leaves(tree: Any) -> list[Any]:
    """Leaves of a tree, left to right."""
    return flatten(tree)[0]


def unflatten(definition: TreeDef, values: Any) -> Any:
    """The tree of this structure with these leaves."""
    iterator = iter(values)
    tree = _build(definition, iterator)
    if next(iterator, LEAF) is not LEAF:
        raise ArgumentError(f"more leaves than {definition} has places for")
    return tree


def _build(definition: TreeDef, values: Any) -> Any:
    if definition.kind == "leaf":
        try:
            return next(values)
        except StopIteration:
            raise ArgumentError("fewer leaves than the structure has places for") from None
    children = [_build(child, values) for child in definition.children]
    match definition.kind:
        case "none":
            return None
        case "list":
            return children
        case "tuple":
            return tuple(children)
        case "dict":
            kind, keys = definition.meta
            pairs = zip(keys, children)
            return OrderedDict(pairs) if kind is OrderedDict else dict(pairs)
        case "namedtuple":
            return definition.meta(*children)
    names = [field.name for field in dataclasses.fields(definition.meta)]
    rebuilt = object.__new__(definition.meta)
    for name, child in zip(names, children):
        object.__setattr__(rebuilt, name, child)
    return rebuilt


def flatten_up_to(definition: TreeDef, tree: Any, what: str = "tree") -> list[Any]:
    """Leaves of ``tree``, which must have the structure ``definition``.

    Raises
    ------
    ArgumentError
        If the structures differ; the message shows both.
    """
    found: list[Any] = []
    if not _match(definition, tree, found):
        raise ArgumentError(
            f"the {what} must have the structure {_show(definition)}, "
            f"but it has {_show(flatten(tree)[1])}"
        )
    return found


def _match(definition: TreeDef, tree: Any, found: list[Any]) -> bool:
    if definition.kind == "leaf":
        found.append(tree)
        return True
    opened = _open(tree)
    if opened is None or opened[0] != definition.kind:
        return False
    kind, meta, children = opened
    if kind == "dict":
        keys = definition.meta[1]
        if set(keys) != set(meta[1]):
            return False
        children = [tree[key] for key in keys]
    elif meta is not definition.meta and kind in ("namedtuple", "dataclass"):
        return False
    if len(children) != len(definition.children):
        return False
    return all(_match(sub, child, found) for sub, child in zip(definition.children, children))


def tree_map(function: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """The tree whose leaves are ``function(leaf, *leaves of rest at the same place)``.

    >>> tree_map(lambda x, y: x + y, {"a": 1, "b": (2, 3)}, {"a": 10, "b": (20, 30)})
    {'a': 11, 'b': (22, 33)}
    """
    first, definition = flatten(tree)
    others = [flatten_up_to(definition, other) for other in rest]
    return unflatten(definition, [function(*group) for group in zip(first, *others)])
