"""A forward and a backward pass in two functions.

The cost is the forward result itself if it is a number, else its product with a fixed random
cotangent, which is what the backward pass gets.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .leaves import Leaf, gradient_name, is_gradient_name, same_name
from .program import Program
from .results import name_results
from .returned import result_names, return_names, unused_gradients
from .signatures import bind_names, input_names, required_parameters, unbind

__all__ = ["ForwardBackward"]


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
        self.result_names = result_names(self.backward)
        self.unused = unused_gradients(self.backward)
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
