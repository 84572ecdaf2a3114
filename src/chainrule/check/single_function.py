"""One function that returns gradients, mostly with the cost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .leaves import Leaf, follow
from .program import CostReader, Program
from .results import name_results, pick_cost, split_costs
from .returned import result_names, unused_gradients
from .signatures import bind_names, input_names, unbind

__all__ = ["SingleFunction"]


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
        self.result_names = result_names(self.function)
        self.unused = unused_gradients(self.function)
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
        scalars, outputs = split_costs(named, self.leaves, self.unused)
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
