"""Values of expressions in a recorded scope, found without running the program.

A :class:`Scope` holds the names that a statement could read, with the values they had when it ran.
It evaluates syntax trees piece by piece and keeps every piece, so that a thousand changed forms of
one statement cost little more than what differs in each. What cannot be evaluated safely raises
:class:`Unknown`: code with effects, comprehensions around a changed part, random numbers.
"""

from __future__ import annotations

import ast
import builtins
import dis
import operator
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .expressions import numpy_name, text
from .instrument import HOOK
from .recorder import snapshot
from .sizes import Bound, predicted_size

__all__ = ["Scope", "Unknown", "shape_of"]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
    ast.Pow: operator.pow,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_BUILTINS = ("len", "float", "int", "abs", "sum", "min", "max", "range", "str", "slice", "round",
             "list", "tuple", "reversed", "zip", "enumerate", "sorted", "bool")  # fmt: skip
#: Functions and methods that change an argument or their own array.
_EFFECTS = ("at", "copyto", "put", "place", "putmask", "fill_diagonal", "sort", "fill", "itemset",
            "resize", "partition", "setflags", "setfield", "tofile", "dump", "save", "shuffle",
            "pop", "append", "insert", "extend", "remove", "clear", "update", "popitem",
            "setdefault", "byteswap", "reverse", "seed")  # fmt: skip
_WRITES = ("STORE_ATTR", "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL", "YIELD_VALUE")
_BY_PYTHON = (ast.ListComp, ast.GeneratorExp, ast.Dict, ast.SetComp, ast.DictComp)


class Unknown(Exception):
    """The value cannot be had without running the program."""


class Scope:
    """The names that a statement could read, with the values they had when it last ran.

    Parameters
    ----------
    local : dict
        Local variables.
    namespace : dict
        The module's globals.
    """

    def __init__(self, local: dict[str, Any], namespace: dict[str, Any]) -> None:
        self.local = local
        self.namespace = namespace
        self.np = numpy_name(namespace)
        # Nodes are kept beside their values, so that no other node can take their id.
        self._kept: dict[int, tuple[ast.AST, Any]] = {}
        self._ancestors: dict[int, tuple[ast.AST, dict[int, ast.AST]]] = {}

    def value(self, node: ast.expr) -> Any:
        """Value of an expression; None where it has none or where it cannot be had."""
        try:
            with np.errstate(all="ignore"):
                return self.evaluate(node)
        except Exception:
            return None

    def evaluate(self, node: ast.AST) -> Any:
        """Value of an expression.

        Raises
        ------
        Unknown
            If it cannot be had here.
        Exception
            Whatever the expression raises.
        """
        kept = self._kept.get(id(node))
        if kept is None:
            try:
                kept = (node, self._compute(node, self.evaluate))
            except Exception as error:
                kept = (node, _Raised(error))
            self._kept[id(node)] = kept
        value = kept[1]
        if type(value) is _Raised:
            raise value.error
        return value

    def swapped(self, root: ast.expr, target: ast.AST, new: ast.expr) -> Any:
        """Value of `root` with `new` in the place of its part `target`; raises as `evaluate`."""
        if target is root:
            return self.evaluate(new)
        parents = self._parents(root)
        dirty = set()
        node: ast.AST | None = parents.get(id(target))
        if node is None:
            raise Unknown
        while node is not None:
            dirty.add(id(node))
            node = parents.get(id(node))

        def get(node: ast.AST) -> Any:
            if node is target:
                return self.evaluate(new)
            if id(node) in dirty:
                return self._compute(node, get)
            return self.evaluate(node)

        return get(root)

    def _parents(self, root: ast.expr) -> dict[int, ast.AST]:
        known = self._ancestors.get(id(root))
        if known is None:
            parents = {
                id(child): node for node in ast.walk(root) for child in ast.iter_child_nodes(node)
            }
            known = self._ancestors[id(root)] = (root, parents)
        return known[1]

    # -- one node ------------------------------------------------------------------------------

    def _compute(self, node: ast.AST, get: Callable[[ast.AST], Any]) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BinOp):
            left, right = get(node.left), get(node.right)
            if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
                product = isinstance(node.op, ast.MatMult)
                self._refuse_giants(np.matmul if product else np.add, (left, right))
            return _BINARY[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp):
            return _UNARY[type(node.op)](get(node.operand))
        if isinstance(node, ast.Attribute):
            return _attribute(get(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            return get(node.value)[get(node.slice)]
        if isinstance(node, ast.Slice):
            return slice(
                *(None if b is None else get(b) for b in (node.lower, node.upper, node.step))
            )
        if isinstance(node, ast.Call):
            return self._call(node, get)
        if isinstance(node, ast.Compare):
            return _comparison(node, get)
        if isinstance(node, (ast.Tuple, ast.List)):
            items = [get(e) for e in node.elts]
            return tuple(items) if isinstance(node, ast.Tuple) else items
        if isinstance(node, ast.IfExp):
            return get(node.body) if get(node.test) else get(node.orelse)
        if isinstance(node, ast.BoolOp):
            value = None
            for operand in node.values:
                value = get(operand)
                if bool(value) == isinstance(node.op, ast.Or):
                    break
            return value
        if isinstance(node, ast.JoinedStr):
            return "".join(str(get(part)) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            if node.format_spec is not None or node.conversion != -1:
                raise Unknown
            return str(get(node.value))
        if isinstance(node, _BY_PYTHON) and get == self.evaluate:
            # Only whole, as written: `get` is the scope's own where nothing below has changed.
            return self._as_python(node)
        raise Unknown

    def _name(self, name: str) -> Any:
        if name in self.local:
            return self.local[name]
        if name in self.namespace:
            return self.namespace[name]
        if name in _BUILTINS:
            return getattr(builtins, name)
        raise Unknown

    def _as_python(self, node: ast.expr) -> Any:
        """A comprehension, evaluated by Python itself if it only computes."""
        for part in ast.walk(node):
            if isinstance(part, (ast.Lambda, ast.Await, ast.Yield, ast.NamedExpr)):
                raise Unknown
            if isinstance(part, ast.Call) and not self._only_computes(part):
                raise Unknown
        tree = ast.parse(text(node), mode="eval")
        return eval(compile(tree, "<edit>", "eval"), {**self.namespace, **self.local})

    def _only_computes(self, call: ast.Call) -> bool:
        if isinstance(call.func, ast.Name):
            return call.func.id in _BUILTINS and call.func.id not in self.namespace
        if not isinstance(call.func, ast.Attribute) or call.func.attr in _EFFECTS:
            return False
        root: ast.expr = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id == self.np:
            return "random" not in text(call.func)
        return call.func.attr in ("sum", "mean", "dot", "items", "keys", "values", "copy", "T")

    def _call(self, node: ast.Call, get: Callable[[ast.AST], Any]) -> Any:
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise Unknown
        owner: Any = None
        if isinstance(node.func, ast.Attribute):
            owner = get(node.func.value)
            if node.func.attr in _EFFECTS:
                raise Unknown
            function = getattr(owner, node.func.attr)
        else:
            function = get(node.func)
        mine = _is_users(function, owner)
        keywords = {}
        for keyword in node.keywords:
            if keyword.arg in (None, "out"):
                raise Unknown
            keywords[str(keyword.arg)] = get(keyword.value)
        arguments = [get(a) for a in node.args]
        if mine:
            # The user's code may write into its arguments.
            arguments = [snapshot(a) for a in arguments]
        else:
            self._refuse_giants(function, [owner, *arguments] if _is_method(owner) else arguments)
        return function(*arguments, **keywords)

    def _refuse_giants(self, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
        if predicted_size(function, arguments) > self._largest:
            raise MemoryError("an array too large to be meant")

    @cached_property
    def _largest(self) -> int:
        return Bound(v.shape for v in self.local.values() if isinstance(v, np.ndarray)).largest

    def asks_for_too_much(self, node: ast.AST) -> bool:
        """True if some part of an expression is larger than anything that could be meant."""
        for part in ast.walk(node):
            if isinstance(part, (ast.BinOp, ast.Call)):
                try:
                    with np.errstate(all="ignore"):
                        self.evaluate(part)
                except MemoryError:
                    return True
                except Exception:
                    continue
        return False

    # -- names ---------------------------------------------------------------------------------

    def shape(self, node: ast.expr) -> tuple[int, ...] | None:
        """Shape of the value of a node, if it is an array or a number."""
        return shape_of(self.value(node))

    def atoms(self) -> list[tuple[str, Any]]:
        """Everything that can be named: variables first, then their keys, attributes and elements.

        Of the module's globals only numbers are among them: constants of the computation.
        """
        found: list[tuple[str, Any]] = []
        for name, value in self.local.items():
            found += _members(name, value)
        found += [
            (name, value)
            for name, value in self.namespace.items()
            if isinstance(value, float) and np.isfinite(value) and not name.startswith("_")
        ]
        # Nobody writes ctx.saved[0] where the same has a name of its own.
        found.sort(key=lambda member: not member[0].isidentifier())
        first: dict[str, Any] = {}
        for name, value in found:
            first.setdefault(name, value)
        return list(first.items())


class _Raised:
    """In the place of a value: evaluating it raised this."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


def _attribute(owner: Any, name: str) -> Any:
    if isinstance(owner, ModuleType):
        if name == "random":
            raise Unknown
        return getattr(owner, name)
    if isinstance(owner, (np.ndarray, np.generic, int, float)):
        return getattr(owner, name)
    kept = getattr(owner, "__dict__", {})
    if name in kept:
        return kept[name]
    if isinstance(getattr(type(owner), name, None), property):
        raise Unknown
    return getattr(owner, name)


def _comparison(node: ast.Compare, get: Callable[[ast.AST], Any]) -> Any:
    left = get(node.left)
    result: Any = True
    for op, comparator in zip(node.ops, node.comparators):
        right = get(comparator)
        result = _COMPARE[type(op)](left, right)
        if len(node.ops) > 1 and not result:
            return result
        left = right
    return result


def _is_users(function: Any, owner: Any) -> bool:
    """True for the user's own functions, False for NumPy's and Python's.

    Raises
    ------
    Unknown
        If calling it here could have an effect.
    """
    if isinstance(function, MethodType) and isinstance(function.__func__, FunctionType):
        _refuse_effects_on_instance(function)
        return True
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, FunctionType):
        if module.partition(".")[0] == "numpy":
            return False
        if _operations(function.__code__) & set(_WRITES):
            raise Unknown
        return True
    if isinstance(owner, (np.random.Generator, np.random.RandomState)) or "random" in module:
        raise Unknown
    if isinstance(owner, (np.ndarray, np.generic, np.ufunc, str, dict, list, tuple)):
        return False
    if isinstance(function, np.ufunc) or module in ("numpy", "builtins", "math"):
        return False
    raise Unknown


def _refuse_effects_on_instance(method: MethodType) -> None:
    """A method may be called here if it does nothing but arithmetic on attributes."""
    code = method.__func__.__code__
    kept = getattr(method.__self__, "__dict__", {})
    for name in code.co_names:
        known = hasattr(np, name) or hasattr(np.ndarray, name) or name in ("np", "numpy", HOOK)
        attribute = name in kept and not callable(kept[name])
        if not (known or attribute) or name in _EFFECTS:
            raise Unknown
    if _operations(code) & {*_WRITES, "STORE_SUBSCR"}:
        raise Unknown


@lru_cache(maxsize=1_000)
def _operations(code: CodeType) -> frozenset[str]:
    """Names of the instructions of a function."""
    return frozenset(i.opname for i in dis.get_instructions(code))


def _is_method(owner: Any) -> bool:
    """True if what a function is looked up in is an array: its first argument then."""
    return isinstance(owner, np.ndarray)


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Shape of an array or number, None for anything else."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_)):
        return ()
    return None


def _members(name: str, value: Any, depth: int = 2) -> list[tuple[str, Any]]:
    if shape_of(value) is not None or isinstance(value, np.bool_):
        return [(name, value)]
    if depth == 0:
        return []
    found: list[tuple[str, Any]] = []
    if isinstance(value, dict) and len(value) <= 40:
        for k, v in value.items():
            if isinstance(k, str):
                found += _members(f"{name}[{k!r}]", v, depth - 1)
    elif isinstance(value, (list, tuple)) and len(value) <= 12:
        for i, v in enumerate(value):
            found += _members(f"{name}[{i}]", v, depth - 1)
    elif hasattr(value, "__dict__") and not callable(value) and not isinstance(value, type(np)):
        for k, v in list(vars(value).items())[:40]:
            if not k.startswith("__"):
                found += _members(f"{name}.{k}", v, depth - 1)
    return found
