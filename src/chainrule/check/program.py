"""A hand-written backward pass as something that can be run again and again.

A :class:`Program` knows the inputs (arguments and the instance), how to run the code on changed
inputs, where the cost comes from and which results are gradients. Its kinds:
:class:`~.single_function.SingleFunction` returns gradients (and mostly the cost) from one call;
:class:`~.forward_backward.ForwardBackward` has two functions;
:class:`~.composite.Composite` has two methods that share an instance.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .leaves import (
    Leaf,
    gradient_name,
    is_gradient_name,
    promote,
    put,
    replace_at,
    same_name,
    walk,
)
from .surroundings import quiet

__all__ = ["CostReader", "Outcome", "Program"]


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
    #: Gradients that the code computes but does not return: see :func:`.returned.unused_gradients`.
    unused: Sequence[str] = ()

    def __init__(self, root: list[Any], seed: int) -> None:
        self.promoted = any(
            leaf.value.dtype in (np.float32, np.float16) for leaf in walk(root, "root")
        )
        self.root = promote(root)
        self.seed = seed
        self.on_start: Callable[[], None] = _nothing
        self.on_backward: Callable[[], None] = _nothing
        self.leaves = list(self._input_leaves(self.root))
        # [[1, 2]] beside weights of floats is a weight.
        floats = {leaf.series for leaf in self.leaves if leaf.value.dtype.kind == "f"}
        for number, leaf in enumerate(self.leaves):
            if leaf.value.ndim and leaf.series in floats:
                self.to_float(number)

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
        self,
        overrides: dict[int, NDArray[np.float64]] | None = None,
        gradients: bool = True,
        empty: float = 0.75,
    ) -> Outcome:
        """Run once; exceptions of the user's code are returned, not raised.

        `empty` is what arrays made by ``np.empty`` hold: see :func:`.surroundings.quiet`.
        """
        root = self.fresh(overrides)
        before = {}
        if gradients:
            before = {leaf.path: np.array(leaf.value) for leaf in self._input_leaves(root)}
        self.on_start()
        with quiet(self.seed, empty):
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
        value = leaf.value.astype(np.float64)
        replace_at(self.root, leaf.path, float(value) if leaf.scalar else value)
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


def _nothing() -> None:
    return None
