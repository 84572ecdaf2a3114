"""The numbers inside arguments and results, with the names people gave them.

A leaf is a float array or number found in a nest of containers, instances and arguments. Its
`tokens` are the names and indices on the way to it: ``("params", "W1")``, ``("self", "weights", 0)``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "OPAQUE",
    "Leaf",
    "follow",
    "gradient_name",
    "is_gradient_name",
    "is_initial",
    "promote",
    "put",
    "replace_at",
    "same_name",
    "walk",
]

Token = str | int
OPAQUE = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type, str, bytes)
_DEPTH = 6


@dataclass(frozen=True)
class Leaf:
    """A number or array of numbers and where it is.

    Attributes
    ----------
    tokens : tuple of str and int
        Names and indices from the outside in.
    path : tuple
        The steps that reach it: ``("item", key)`` and ``("attr", name)``.
    value : numpy.ndarray
        Its value (a view of the array itself, or a 0-d array).
    scalar : bool
        True if it is a Python or NumPy number, which cannot be written in place.
    """

    tokens: tuple[Token, ...]
    path: tuple[tuple[str, Any], ...]
    value: NDArray[Any]
    scalar: bool

    @property
    def name(self) -> str:
        """A name to print: ``W1``, ``self.weights[0]``, ``params['W1']``."""
        text = ""
        for kind, token in zip(self._kinds, self.tokens):
            if not text:
                text = str(token)
            elif kind == "attr":
                text += f".{token}"
            else:
                text += f"[{token!r}]"
        return text

    @property
    def _kinds(self) -> tuple[str, ...]:
        kinds = tuple(kind for kind, _ in self.path)
        return ("root", *kinds[-(len(self.tokens) - 1) :]) if len(self.tokens) > 1 else ("root",)

    @property
    def word(self) -> str:
        """The innermost name."""
        return next((t for t in reversed(self.tokens) if isinstance(t, str)), "")

    @property
    def series(self) -> tuple[str, ...]:
        """Its name up to digits and indices: one for ``W1`` and ``W2``, one for ``Ws[0]`` and ``Ws[1]``."""
        return tuple(re.sub(r"\d+", "#", str(token)) for token in self.tokens)

    @property
    def indices(self) -> tuple[int, ...]:
        """The indices on the way."""
        return tuple(t for t in self.tokens if isinstance(t, int))


def walk(value: Any, name: str, integers: bool = False) -> Iterator[Leaf]:
    """The leaves of a nest, outermost first.

    Parameters
    ----------
    value : object
        Array, number, container, or instance with a ``__dict__``.
    name : str
        The name of the whole; may be empty.
    integers : bool
        Count integer arrays and numbers too.
    """
    seen: set[int] = set()
    stack: list[tuple[Any, tuple[Token, ...], tuple[tuple[str, Any], ...]]] = [
        (value, (name,) if name else (), ())
    ]
    while stack:
        node, tokens, path = stack.pop()
        if isinstance(node, (bool, np.bool_)) or node is None:
            continue
        if isinstance(node, np.ndarray):
            if node.dtype.kind == "f" or (integers and node.dtype.kind in "iu"):
                yield Leaf(tokens, path, node, False)
            continue
        if isinstance(node, (float, np.floating)) or (
            integers and isinstance(node, (int, np.integer))
        ):
            yield Leaf(tokens, path, np.asarray(node), True)
            continue
        if isinstance(node, OPAQUE) or len(path) >= _DEPTH or id(node) in seen:
            continue
        children: list[tuple[Any, Token, tuple[str, Any]]] = []
        if isinstance(node, dict):
            children = [(v, _token(k), ("item", k)) for k, v in node.items()]
        elif isinstance(node, tuple) and hasattr(node, "_fields"):
            children = [(v, k, ("item", i)) for i, (k, v) in enumerate(zip(node._fields, node))]
        elif isinstance(node, (list, tuple)):
            if len(node) > 10_000:
                continue
            children = [(v, i, ("item", i)) for i, v in enumerate(node)]
        elif hasattr(node, "__dict__"):
            children = [(v, k, ("attr", k)) for k, v in vars(node).items()]
        else:
            continue
        seen.add(id(node))
        for child, token, step in reversed(children):
            stack.append((child, (*tokens, token), (*path, step)))


def _token(key: Any) -> Token:
    return key if isinstance(key, int) else str(key)


def follow(root: Any, path: tuple[tuple[str, Any], ...]) -> Any:
    """What stands at `path` below `root`."""
    node = root
    for kind, key in path:
        node = node[key] if kind == "item" else getattr(node, key)
    return node


def put(
    root: list[Any], path: tuple[tuple[str, Any], ...], value: NDArray[Any], scalar: bool
) -> None:
    """Write `value` at `path` below the list `root`: in place for arrays."""
    if scalar:
        replace_at(root, path, float(value))
    else:
        follow(root, path)[...] = value


def replace_at(root: list[Any], path: tuple[tuple[str, Any], ...], new: Any) -> None:
    """Make `new` what stands at `path` below the list `root`; tuples on the way are made anew.

    Examples
    --------
    >>> root = [{"betas": (0.9, 0.999)}]
    >>> replace_at(root, (("item", 0), ("item", "betas"), ("item", 1)), 0.99)
    >>> root
    [{'betas': (0.9, 0.99)}]
    """
    holder = follow(root, path[:-1])
    kind, key = path[-1]
    if kind == "attr":
        object.__setattr__(holder, key, new)
    elif isinstance(holder, tuple):
        items = [*holder[:key], new, *holder[key + 1 :]]
        made = type(holder)(*items) if hasattr(holder, "_fields") else type(holder)(items)
        replace_at(root, path[:-1], made)
    else:
        holder[key] = new


def promote(value: Any, depth: int = _DEPTH) -> Any:
    """A deep copy in which every float array is float64 and can be written to.

    Instances are copied and their attributes promoted; integers stay integers.
    """
    return _promote(copy.deepcopy(value), depth, {})


def _promote(value: Any, depth: int, done: dict[int, Any]) -> Any:
    if id(value) in done:
        return done[id(value)][1]
    new = value
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            new = np.array(value, dtype=np.float64)
    elif isinstance(value, np.floating):
        new = float(value)
    elif isinstance(value, OPAQUE) or depth == 0:
        pass
    elif isinstance(value, dict):
        done[id(value)] = (value, value)
        for key in list(value):
            value[key] = _promote(value[key], depth - 1, done)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        new = type(value)(*[_promote(v, depth - 1, done) for v in value])
    elif type(value) is tuple:
        new = tuple(_promote(v, depth - 1, done) for v in value)
    elif isinstance(value, list):
        done[id(value)] = (value, value)
        value[:] = [_promote(v, depth - 1, done) for v in value]
    elif hasattr(value, "__dict__"):
        done[id(value)] = (value, value)
        for key, item in list(vars(value).items()):
            vars(value)[key] = _promote(item, depth - 1, done)
    done[id(value)] = (value, new)  # the old value is kept so that its id stays taken
    return new


# -- names -------------------------------------------------------------------------------------

_PREFIX = re.compile(
    r"^(?:d[A-Za-z]{1,5}_d_?|d[LJCE]d_?|grads?_?(?:of_|wrt_)?|gradient_?|nabla_?|delta_?|del_|∇_?|∂|d_?|D(?=[A-Z_])_?)"
)
_SUFFIX = re.compile(r"(?:_grads?|_gradients?|_bar|_d|_g|grad|_delta|_?diffs?)$")
#: Words that say "gradients" without saying of what.
_CONTAINERS = re.compile(
    r"^(?:grads?|gradients?|nablas?|g|result|out|derivs?|derivatives?|d|deltas?)$", re.I
)


def _plain(name: str) -> str:
    text = name.replace("_", "").lower()
    text = re.sub(r"^weights?(?=\d|$)", "w", text)
    return re.sub(r"^bias(?:es)?(?=\d|$)", "b", text)


def is_gradient_name(name: str) -> bool:
    """True for a name that announces a gradient: ``dW1``, ``grad_b``, ``nabla_w``, ``W_grad``.

    Examples
    --------
    >>> [is_gradient_name(n) for n in ("dW1", "grads", "W", "depth")]
    [True, True, False, True]
    """
    return bool(_CONTAINERS.match(name) or _PREFIX.match(name) or _SUFFIX.search(name))


def gradient_name(name: str) -> list[str]:
    """What a gradient of this name could be the gradient of, the likeliest first.

    Examples
    --------
    >>> gradient_name("dW1"), gradient_name("nabla_w"), gradient_name("W_grad"), gradient_name("W1")
    (['W1'], ['w'], ['W'], [])
    """
    found = []
    match = _PREFIX.match(name)
    if match and match.end() < len(name):
        found.append(name[match.end() :])
        if name[0] in "dD" and match.end() != 1:
            found.append(name[1:].lstrip("_"))
    match = _SUFFIX.search(name)
    if match and match.start() > 0:
        found.append(name[: match.start()])
    return [f for f in found if f]


def same_name(a: str, b: str) -> int:
    """How well two names agree: 3 equal, 2 up to case and underscores, 1 by synonym, 0 not.

    Examples
    --------
    >>> same_name("W1", "W1"), same_name("w1", "W1"), same_name("w", "weights"), same_name("w", "b")
    (3, 2, 1, 0)
    """
    if a == b:
        return 3
    if a.replace("_", "").lower() == b.replace("_", "").lower():
        return 2
    return 1 if _plain(a) == _plain(b) else 0


_INITIAL = re.compile(r"_?(?:0|init|initial|start|prev)$|^(?:init|initial|start|prev)_")


def is_initial(name: str, of: str) -> bool:
    """True for the name of the initial or previous value of a quantity.

    Examples
    --------
    >>> is_initial("h0", "h"), is_initial("prev_h", "h"), is_initial("h", "h"), is_initial("w0", "h")
    (True, True, False, False)
    """
    stem = _INITIAL.sub("", name)
    return stem != name and bool(stem) and same_name(stem, of) > 0
