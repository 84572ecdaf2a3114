"""A hand-written backward pass as something that can be run again and again.

A :class:`Program` knows the inputs (arguments and the instance), how to run the code on changed
inputs, where the cost comes from and which results are gradients. Two kinds:
:class:`SingleFunction` returns gradients (and mostly the cost) from one call;
:class:`ForwardBackward` has two functions, and the cost is the forward result itself if it is a
number, else its product with a fixed random cotangent.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import io
import random
import textwrap
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .leaves import Leaf, follow, gradient_name, is_gradient_name, promote, put, same_name, walk

__all__ = ["CostReader", "ForwardBackward", "Outcome", "Program", "SingleFunction", "quiet"]

_TOTAL = (
    "loss",
    "cost",
    "totalloss",
    "totalcost",
    "objective",
    "error",
    "c",
    "j",
    "l",
    "f",
    "e",
    "nll",
)


@dataclass(frozen=True)
class Outcome:
    """What one run of the program gave.

    Attributes
    ----------
    cost : float or None
        The cost, if the run computed it.
    outputs : list of Leaf
        Everything the run returned or stored that could be a gradient.
    error : Exception or None
        What it raised.
    """

    cost: float | None
    outputs: list[Leaf]
    error: Exception | None = None


class CostReader(ABC):
    """A cost that the program does not compute: a formula of one value of the run and the target.

    Attributes
    ----------
    place : (int, int)
        Site and pass of the value: the output activation.
    target : tuple
        Path of the target among the inputs.
    """

    place: tuple[int, int]
    target: tuple[tuple[str, Any], ...]

    @abstractmethod
    def __call__(self, root: list[Any]) -> float:
        """The cost of a run on `root`, which may be changed."""

    @abstractmethod
    def formula(self, output: Any, root: list[Any]) -> Any:
        """The cost given the value, on arrays or on tensors."""


class Program(ABC):
    """A forward and a backward pass with their inputs.

    Attributes
    ----------
    root : list
        ``[instances, arguments, keyword arguments]``, promoted to float64.
    leaves : list of Leaf
        The float arrays and numbers among the inputs.
    """

    root: list[Any]
    leaves: list[Leaf]
    #: Where set, the changes of inputs, divided by it, are results: see :mod:`.updates`.
    update_rate: float | None = None

    def __init__(self, root: list[Any], seed: int) -> None:
        self.promoted = any(
            leaf.value.dtype in (np.float32, np.float16) for leaf in walk(root, "root")
        )
        self.root = promote(root)
        self.seed = seed
        self.on_start: Callable[[], None] = _nothing
        self.on_backward: Callable[[], None] = _nothing
        self.leaves = list(self._input_leaves(self.root))

    # -- to be supplied ------------------------------------------------------------------------

    @property
    @abstractmethod
    def functions(self) -> list[Callable[..., Any]]:
        """The functions whose source is followed, the entry first."""

    @abstractmethod
    def _names(self, root: list[Any]) -> list[tuple[Any, str, tuple[tuple[str, Any], ...]]]:
        """The inputs as (value, name, path) triples."""

    @abstractmethod
    def _call(self, root: list[Any], gradients: bool) -> tuple[float | None, list[Leaf]]:
        """Run on `root`, which may be changed; without `gradients` only the cost is wanted."""

    @abstractmethod
    def differentiable_cost(self, root: list[Any]) -> Any:
        """The cost as the code leaves it, before it is made a float: a tensor if `root` holds tensors."""

    @property
    def cost_reader(self) -> CostReader | None:
        """Where the cost comes from, if the code does not compute it."""
        return None

    # -- running -------------------------------------------------------------------------------

    def fresh(self, overrides: dict[int, NDArray[np.float64]] | None = None) -> list[Any]:
        """A copy of the inputs with some leaves replaced."""
        root: list[Any] = copy.deepcopy(self.root)
        for number, value in (overrides or {}).items():
            leaf = self.leaves[number]
            put(root, leaf.path, value, leaf.scalar)
        return root

    def run(
        self, overrides: dict[int, NDArray[np.float64]] | None = None, gradients: bool = True
    ) -> Outcome:
        """Run once; exceptions of the user's code are returned, not raised."""
        root = self.fresh(overrides)
        before = {}
        if gradients:
            before = {leaf.path: np.array(leaf.value) for leaf in self._input_leaves(root)}
        self.on_start()
        with quiet(self.seed):
            try:
                cost, outputs = self._call(root, gradients)
            except Exception as error:
                return Outcome(None, [], error)
            if gradients:
                outputs = outputs + self._stored(before, root)
                if self.update_rate is not None:
                    outputs = outputs + self._changes(before, root, self.update_rate)
        return Outcome(cost, outputs)

    def cost(self, overrides: dict[int, NDArray[np.float64]] | None = None) -> float:
        """The cost, NaN if the code raises or returns none."""
        outcome = self.run(overrides, gradients=False)
        if outcome.cost is None:
            return float("nan")
        return outcome.cost

    def rebase(self, overrides: dict[int, NDArray[np.float64]]) -> None:
        """Make another point the one that runs start from."""
        for number, value in overrides.items():
            leaf = self.leaves[number]
            put(self.root, leaf.path, value, leaf.scalar)
            self.leaves[number] = Leaf(leaf.tokens, leaf.path, np.array(value), leaf.scalar)

    def to_float(self, number: int) -> None:
        """Make an integer input a float one, so that it can be moved."""
        leaf = self.leaves[number]
        if leaf.value.dtype.kind == "f":
            return
        node = follow(self.root, leaf.path[:-1])
        kind, step = leaf.path[-1]
        value = leaf.value.astype(np.float64)
        new = float(value) if leaf.scalar else value
        if kind == "item":
            node[step] = new
        else:
            object.__setattr__(node, step, new)
        self.leaves[number] = Leaf(leaf.tokens, leaf.path, value, leaf.scalar)

    # -- inputs and outputs --------------------------------------------------------------------

    def _input_leaves(self, root: list[Any]) -> Iterator[Leaf]:
        seen: set[int] = set()
        for value, name, path in self._names(root):
            for leaf in walk(value, name, integers=True):
                if not leaf.scalar and id(leaf.value) in seen:
                    continue
                seen.add(id(leaf.value))
                yield Leaf(leaf.tokens, path + leaf.path, leaf.value, leaf.scalar)

    def _stored(
        self, start: dict[tuple[tuple[str, Any], ...], NDArray[Any]], root: list[Any]
    ) -> list[Leaf]:
        """Gradients that the code left in instances or containers among its inputs."""
        before = {leaf.path: leaf for leaf in self.leaves}
        words = {leaf.word for leaf in self.leaves}
        found = []
        now = list(self._input_leaves(root))
        # After an update gradients are set back to zero: what is left there is no claim.
        updated = any(
            leaf.path in start
            and not is_gradient_name(leaf.word)
            and not np.array_equal(start[leaf.path], leaf.value)
            for leaf in now
        )
        for leaf in now:
            if updated and not np.any(leaf.value):
                continue
            holders = [t for t in leaf.tokens[:-1] if isinstance(t, str)]
            named = [g for g in gradient_name(leaf.word) if any(same_name(g, w) for w in words)]
            inside = any(is_gradient_name(h) and not h.startswith("d_") for h in holders[1:])
            if not (named or inside):
                continue
            old = before.get(leaf.path)
            if old is not None and np.array_equal(old.value, leaf.value, equal_nan=True):
                continue
            found.append(leaf)
        return found

    def _changes(
        self,
        before: dict[tuple[tuple[str, Any], ...], NDArray[Any]],
        root: list[Any],
        rate: float,
    ) -> list[Leaf]:
        """Inputs that the code changed, as the gradients that would change them so."""
        found = []
        for leaf in self._input_leaves(root):
            old = before.get(leaf.path)
            if (
                old is None
                or leaf.value.dtype.kind != "f"
                or old.dtype.kind != "f"
                or leaf.value.shape != old.shape
                or leaf.value.size < 2
                or is_gradient_name(leaf.word)
                or np.array_equal(old, leaf.value, equal_nan=True)
            ):
                continue
            last = max(k for k, t in enumerate(leaf.tokens) if isinstance(t, str))
            tokens = (*leaf.tokens[:last], f"d_{leaf.tokens[last]}", *leaf.tokens[last + 1 :])
            change = (old - leaf.value) / rate
            found.append(Leaf(tokens, (*leaf.path, ("change", "")), change, False))
        return found


class SingleFunction(Program):
    """One function that returns the gradients, with or without the cost.

    Parameters
    ----------
    function : callable
        A function, bound method or callable instance.
    args, kwargs : tuple, dict
        Its arguments.
    cost : callable, optional
        ``cost(a, y)`` of the output activation and the target, or ``cost(*args)``.
    seed : int
        For NumPy's and Python's global generators, set before each run.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seed: int = 0,
    ) -> None:
        self.function, owner = unbind(function)
        self.parameters = bind_names(self.function, args, kwargs, owner is not None)
        self.result_names = return_names(self.function)
        self.external: Callable[[list[Any]], float] | None = None
        self._cost_paths: list[tuple[tuple[str, Any], ...]] = []
        super().__init__([owner, list(args), dict(kwargs)], seed)

    @property
    def functions(self) -> list[Callable[..., Any]]:
        return [self.function]

    def _names(self, root: list[Any]) -> list[tuple[Any, str, tuple[tuple[str, Any], ...]]]:
        return input_names(root, self.parameters)

    def _call(self, root: list[Any], gradients: bool) -> tuple[float | None, list[Leaf]]:
        if self.external is not None and not gradients:
            return self.external(root), []
        owner, args, kwargs = root
        external = None
        if self.external is not None:
            external = self.external(copy.deepcopy(root))
        result = (
            self.function(owner, *args, **kwargs)
            if owner is not None
            else self.function(*args, **kwargs)
        )
        named = name_results(result, self.result_names)
        scalars, outputs = split_costs(named, self.leaves)
        chosen = pick_cost(scalars)
        self._cost_paths = [leaf.path for leaf in chosen]
        cost = external
        if self.external is None and chosen:
            cost = float(sum(float(leaf.value) for leaf in chosen))
        if self.external is not None:
            outputs = [leaf for leaf in outputs if leaf.value.size >= 1]
        return cost, outputs

    def differentiable_cost(self, root: list[Any]) -> Any:
        owner, args, kwargs = root
        front = [] if owner is None else [owner]
        result = self.function(*front, *args, **kwargs)
        return sum(follow(result, path) for path in self._cost_paths)

    @property
    def cost_reader(self) -> CostReader | None:
        return self.external if isinstance(self.external, CostReader) else None


class ForwardBackward(Program):
    """Two functions: a forward pass and its backward pass.

    The arguments of the backward pass are bound by name and role: names such as ``dout`` get the
    cotangent, names of forward arguments those arguments, and what is left the other results of
    the forward pass in order.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seed: int = 0,
    ) -> None:
        self.forward, owner = unbind(forward)
        self.backward, other = unbind(backward)
        self.same_owner = other is owner
        self.has_other = other is not None
        self.parameters = bind_names(self.forward, args, kwargs, owner is not None)
        self.result_names = return_names(self.backward)
        self.forward_names = return_names(self.forward)
        self.cotangents: list[Any] = []
        self.plan: list[tuple[str, Any]] | None = None
        super().__init__(
            [[owner, None if self.same_owner else other], list(args), dict(kwargs)], seed
        )

    @property
    def functions(self) -> list[Callable[..., Any]]:
        return [self.backward, self.forward]

    def _names(self, root: list[Any]) -> list[tuple[Any, str, tuple[tuple[str, Any], ...]]]:
        owners, args, kwargs = root
        names = input_names([owners[0], args, kwargs], self.parameters)
        names = [(v, n, ((("item", 0), *p) if n == "self" else p)) for v, n, p in names]
        if owners[1] is not None:
            names.append((owners[1], "self", (("item", 0), ("item", 1))))
        return names

    def _call(self, root: list[Any], gradients: bool) -> tuple[float | None, list[Leaf]]:
        owners, args, kwargs = root
        kept = copy.deepcopy(args) if gradients else args
        front = [] if owners[0] is None else [owners[0]]
        result = self.forward(*front, *args, **kwargs)
        pieces = list(result) if isinstance(result, tuple) else [result]
        if self.plan is None:
            self.plan = self._bind(pieces, args)
        outs = [value for kind, value in self.plan if kind == "out"]
        cost = self._cost(pieces, outs)
        if not gradients:
            return cost, []
        bound: list[Any] = []
        names = dict(zip(self.parameters, [*kept, *kwargs.values()]))
        for kind, value in self.plan:
            if kind == "out":
                bound.append(self._cotangent(value, pieces[value]))
            elif kind == "piece":
                bound.append(pieces[value])
            elif kind == "argument":
                bound.append(names[value])
        self.on_backward()
        back = owners[0] if self.same_owner else owners[1]
        gradient = self.backward(*([] if back is None else [back]), *bound)
        return cost, list(name_results(gradient, self.result_names))

    def differentiable_cost(self, root: list[Any]) -> Any:
        owners, args, kwargs = root
        front = [] if owners[0] is None else [owners[0]]
        result = self.forward(*front, *args, **kwargs)
        pieces = list(result) if isinstance(result, tuple) else [result]
        assert self.plan is not None
        outs = [value for kind, value in self.plan if kind == "out"]
        if not outs:
            return pieces[0]
        return sum((self.cotangents[i] * pieces[i]).sum() for i in outs)

    def _cost(self, pieces: list[Any], outs: list[int]) -> float:
        if not outs:
            first = np.asarray(pieces[0])
            if first.size != 1:
                raise ArgumentError(
                    "check.backward: the backward pass takes no cotangent, so the forward pass has to"
                    f" return a number; it returned an array of shape {first.shape}"
                )
            return float(first.reshape(()))
        total = 0.0
        for index in outs:
            total += float(np.sum(self._cotangent(index, pieces[index]) * pieces[index]))
        return total

    def _cotangent(self, index: int, value: Any) -> Any:
        while len(self.cotangents) <= index:
            self.cotangents.append(None)
        if self.cotangents[index] is None:
            rng = np.random.default_rng(self.seed + 7 * index + 1)
            # In [½, 1½): a zero mean would hide sums, a constant would hide what a
            # normalisation projects out.
            self.cotangents[index] = rng.uniform(0.5, 1.5, np.shape(value))
        cotangent = self.cotangents[index]
        if np.ndim(value) == 0 and not isinstance(value, np.ndarray):
            return float(cotangent)
        return np.array(cotangent)

    def _bind(self, pieces: list[Any], args: list[Any]) -> list[tuple[str, Any]]:
        """For each parameter of the backward pass, where its value comes from."""
        wanted = required_parameters(self.backward, self.has_other)
        mine = list(self.parameters)
        results = [n or "" for n in self.forward_names]
        if len(results) != len(pieces):
            results = [""] * len(pieces)
        if wanted and all(n in mine for n in wanted) and _is_number(pieces[0]):
            return [("argument", n) for n in wanted]
        if _is_number(pieces[0]) and len(wanted) == len(mine) and len(pieces) == 1:
            return [("argument", n) for n in mine]
        plan: list[tuple[str, Any] | None] = [None] * len(wanted)
        free = list(range(len(pieces)))
        arrays = [
            i for i, p in enumerate(pieces) if isinstance(p, (np.ndarray, float, np.floating))
        ]
        upstream = [k for k, n in enumerate(wanted) if _is_upstream(n, mine, results)]
        if not upstream and wanted and not (_is_number(pieces[0]) and len(wanted) < 2):
            unknown = [k for k, n in enumerate(wanted) if n not in mine and n not in results]
            if not _is_number(pieces[0]) and unknown:
                upstream = unknown[:1]
        for k in upstream:
            named = [
                i
                for i in arrays
                if i in free and any(same_name(g, results[i]) for g in gradient_name(wanted[k]))
            ]
            choice = named or [i for i in arrays if i in free]
            if choice:
                plan[k] = ("out", choice[0])
                free.remove(choice[0])
        if not upstream and free and _is_number(pieces[0]):
            free.remove(0)
        for k, name in enumerate(wanted):
            if plan[k] is not None:
                continue
            if name in results and results.index(name) in range(len(pieces)):
                plan[k] = ("piece", results.index(name))
                if results.index(name) in free:
                    free.remove(results.index(name))
            elif name in mine:
                plan[k] = ("argument", name)
        for k in range(len(wanted)):
            if plan[k] is None and free:
                plan[k] = ("piece", free.pop(0))
        spare = [n for n in mine if ("argument", n) not in plan]
        for k, name in enumerate(wanted):
            if plan[k] is None:
                if len(pieces) == 1:
                    used = sum(p is not None and p[0] == "argument" for p in plan)
                    if used < len(mine) and spare:
                        plan[k] = ("argument", spare.pop(0))
                        continue
                raise ArgumentError(
                    f"check.backward: do not know what to pass for parameter {name!r} of"
                    f" {self.backward.__name__}; name it like an argument of the forward pass"
                    f" ({', '.join(mine)}), like one of its results"
                    f" ({', '.join(r for r in results if r) or 'unnamed'}), or like the cotangent (dout)"
                )
        return [p for p in plan if p is not None]


_UPSTREAM = (
    "dout",
    "grad",
    "gradoutput",
    "gradout",
    "upstream",
    "g",
    "dy",
    "dl",
    "delta",
    "grads",
    "cotangent",
    "gy",
    "error",
    "d",
    "dz",
    "da",
    "dh",
    "dnext",
    "outputgradient",
    "v",
    "u",
)


def _is_upstream(name: str, arguments: list[str], results: list[str]) -> bool:
    if name in arguments or name in results:
        return False
    plain = name.replace("_", "").lower()
    if plain in _UPSTREAM:
        return True
    return is_gradient_name(name) and not plain.startswith(("data", "dim", "depth", "dict"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) or (
        isinstance(value, np.ndarray) and value.size == 1 and value.ndim == 0
    )


# -- functions ---------------------------------------------------------------------------------


def unbind(function: Callable[..., Any]) -> tuple[Callable[..., Any], Any]:
    """The plain function and the instance it is bound to, if any."""
    if inspect.ismethod(function):
        owner = function.__self__
        if inspect.isclass(owner):
            return function, None
        return function.__func__, owner
    if not inspect.isroutine(function) and not inspect.isclass(function) and callable(function):
        method = type(function).__call__
        if inspect.isfunction(method):
            return method, function
    return function, None


def bind_names(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], bound: bool
) -> list[str]:
    """A name for each positional and keyword argument."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return [f"arg{i}" for i in range(len(args))] + list(kwargs)
    front = [None] if bound else []
    try:
        signature.bind(*front, *args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", repr(function))
        raise ArgumentError(
            f"{name}{signature} cannot be called with the {len(args)} arguments given: {error}"
        ) from None
    names: list[str] = []
    parameters = list(signature.parameters.values())[len(front) :]
    for i in range(len(args)):
        if i < len(parameters) and parameters[i].kind is not inspect.Parameter.VAR_POSITIONAL:
            names.append(parameters[i].name)
        else:
            star = next((p for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL), None)
            names.append(f"{star.name if star else 'arg'}{i}")
    return names + list(kwargs)


def required_parameters(function: Callable[..., Any], bound: bool) -> list[str]:
    """Names of the parameters without a default, the instance left out."""
    parameters = list(inspect.signature(function).parameters.values())
    if bound:
        parameters = parameters[1:]
    empty = inspect.Parameter.empty
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is empty and p.kind in positional]


def input_names(
    root: list[Any], parameters: list[str]
) -> list[tuple[Any, str, tuple[tuple[str, Any], ...]]]:
    """Arguments, keyword arguments and instance with names and paths."""
    owner, args, kwargs = root
    found: list[tuple[Any, str, tuple[tuple[str, Any], ...]]] = []
    for i, (value, name) in enumerate(zip(args, parameters)):
        found.append((value, name, (("item", 1), ("item", i))))
    for name, value in kwargs.items():
        found.append((value, name, (("item", 2), ("item", name))))
    if owner is not None:
        found.append((owner, "self", (("item", 0),)))
    return found


def return_names(function: Callable[..., Any]) -> list[str]:
    """Names of the elements that a function returns, read off its last ``return``; may be empty."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    returns = []
    pending: list[ast.AST] = (
        list(tree.body[0].body) if tree.body and hasattr(tree.body[0], "body") else []
    )
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Return) and node.value is not None:
            returns.append(node)
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    if not returns:
        return []
    value = max(returns, key=lambda r: r.lineno).value
    elements = value.elts if isinstance(value, ast.Tuple) else [value]
    # dout.sum(axis=0) is made of an argument; that is no name for the result.
    arguments = {a.arg for a in ast.walk(tree.body[0]) if isinstance(a, ast.arg)}
    names = [_element_name(e) for e in elements]
    return [
        "" if isinstance(e, ast.Call) and n in arguments else n for e, n in zip(elements, names)
    ]


def _element_name(node: ast.expr | None) -> str:
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Attribute):
                # float(loss) is still the loss.
                if isinstance(node.func, ast.Name) and node.func.id == "float" and node.args:
                    node = node.args[0]
                    continue
                return ""
            node = node.func.value
        elif isinstance(node, ast.Attribute):
            return node.attr if not isinstance(node.value, ast.Call) else ""
        else:
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                return node.slice.value
            node = node.value
    return node.id if isinstance(node, ast.Name) and node.id not in ("np", "numpy") else ""


def name_results(result: Any, names: Sequence[str]) -> Iterator[Leaf]:
    """The leaves of a result, with the names its ``return`` statement gives."""
    if type(result) is tuple and len(result) == len(names):
        for i, (value, name) in enumerate(zip(result, names)):
            for leaf in walk(value, name, integers=isinstance(value, int)):
                # An unnamed element keeps its position, so that order can still tell.
                tokens = leaf.tokens or (i,)
                yield Leaf(tokens, (("item", i), *leaf.path), leaf.value, leaf.scalar)
        return
    name = names[0] if len(names) == 1 else ""
    for leaf in walk(result, name):
        yield leaf


def split_costs(named: Iterator[Leaf], inputs: list[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
    """Numbers that could be the cost, and everything else."""
    words = {leaf.word for leaf in inputs}
    numbers = {leaf.word for leaf in inputs if leaf.scalar and leaf.value.dtype.kind == "f"}
    results = list(named)
    readings = [_meant(leaf, words) for leaf in results]
    # ``k`` among gradients of numbers stands where ``dk`` was meant; alone it is handed through.
    among = any(
        leaf.value.ndim == 0 and any(same_name(m, n) for m in meant for n in numbers)
        for leaf, meant in zip(results, readings)
    )
    scalars, others = [], []
    for leaf, meant in zip(results, readings):
        if among and leaf.value.ndim == 0 and leaf.word in numbers and leaf.word not in _TOTAL:
            meant = [leaf.word]
        if leaf.path and isinstance(leaf.path[-1][1], str):
            meant = [*meant, leaf.word]
        of_input = any(same_name(g, w) for g in meant for w in words)
        number = leaf.value.size == 1 and leaf.value.ndim == 0
        plain = leaf.word.replace("_", "").lower()
        if leaf.value.dtype.kind != "f":
            # A count, or a gradient that was forgotten but for its constant.
            if of_input:
                others.append(Leaf(leaf.tokens, leaf.path, leaf.value.astype(float), leaf.scalar))
            continue
        if number and (plain in _TOTAL or not of_input):
            scalars.append(leaf)
        else:
            others.append(leaf)
    if len(scalars) > 1 and not any(_is_total(s) for s in scalars):
        # Unnamed numbers after the first are derivatives: ``return x * y, (y, x)``.
        unnamed = [s for s in scalars[1:] if not s.word]
        others = [*unnamed, *others]
        scalars = [s for s in scalars if all(s is not u for u in unnamed)]
    return scalars, others


def _meant(leaf: Leaf, words: set[str]) -> list[str]:
    """What a result is the gradient of, by its name: ``dk`` of ``k``, and ``gk`` where there is a ``k``."""
    rest = leaf.word[1:].lstrip("_")
    if leaf.value.ndim == 0 and leaf.word[:1] == "g" and rest in words:
        return [rest]
    return gradient_name(leaf.word)


def _is_total(leaf: Leaf) -> bool:
    return leaf.word.replace("_", "").lower() in _TOTAL


def pick_cost(scalars: list[Leaf]) -> list[Leaf]:
    """The numbers whose sum is the cost: the total, or its named parts."""
    totals = [s for s in scalars if _is_total(s)]
    if totals:
        return totals[:1]
    parts = [
        s for s in scalars if any(w in s.word.lower() for w in ("loss", "cost", "reg", "penalty"))
    ]
    return parts if len(parts) > 1 else scalars[:1]


def _nothing() -> None:
    return None


@contextlib.contextmanager
def quiet(seed: int) -> Iterator[None]:
    """Global generators seeded and restored, output and floating-point warnings kept back."""
    numpy_state = np.random.get_state()  # noqa: NPY002  (the user's code may use the old interface)
    python_state = random.getstate()
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
