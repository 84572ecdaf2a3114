"""One compiled form of a function: for given shapes, dtypes and static arguments.

Holds the program, the machine code, the arena and the homes of its state, and runs one step.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import tree
from chainrule.core.tensor import Tensor, wrap

from .binding import Binding
from .forms import Compilation, Shared
from .memory import Arena, Home, Homes, home_of, make_home, strided
from .program import Program
from .recipe import Recipe
from .runtime import Engine
from .staged import Staged
from .target import Target

if TYPE_CHECKING:
    from .build import Build

__all__ = ["Specialisation", "within"]

Array = np.ndarray[Any, Any]
_COPY_LIMIT = 1 << 16
_UNSIGNED = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}


def within(array: Array, low: int, high: int) -> bool:
    """Tell whether all numbers of an integer array lie in ``low … high - 1``."""
    if not array.size:
        return True
    dtype = array.dtype
    if low == 0 and dtype.kind == "i" and dtype.isnative:
        # Read as unsigned, negative numbers are larger than any bound: one pass is enough. The
        # place of the maximum is found in a third of the time that reductions take to start.
        array = array.view(_UNSIGNED[dtype.itemsize])
        return bool(array.item(array.argmax()) < high)
    return bool(array.min() >= low and array.max() < high)


class Specialisation:
    """A staged function with its machine code, bound to tensors.

    Parameters
    ----------
    staged : Staged
        What is computed.
    binding : Binding, optional
        The tensors read and written; those found while staging, if left out.

    Attributes
    ----------
    addresses : list of int
        Where states lie.
    moves : int
        How often any of these addresses has changed.
    """

    def __init__(self, staged: Staged, binding: Binding | None = None) -> None:
        self.staged = staged
        self.source: Program = staged.program
        self.target: Target = staged.target
        self.batched = staged.batched
        self.binding: Binding = staged.release() if binding is None else binding
        self.guards_hold = self.binding.holds
        # Several ops may ask the same of an input.
        self._bounds = list(dict.fromkeys((c.input, c.low, c.high) for c in self.source.checks))
        self.homes: list[Home | None] = [home_of(t, s) for t, s in self.binding.states]
        self.compilation: Compilation = staged.found.compilation
        self._single = staged.structure.kind == "leaf"
        self.lock = threading.Lock()
        self._place()

    @property
    def build(self) -> Build:
        """The road from the program to its code."""
        return self.staged.build

    @property
    def recipe(self) -> Recipe:
        """Sizes, offsets and layouts."""
        return self.compilation.recipe

    @property
    def engine(self) -> Engine:
        """The machine code for one thread."""
        return self.compilation.alone

    @property
    def tiled(self) -> bool:
        """Whether a step goes over its rows tile by tile."""
        return self.recipe.tiled

    @property
    def resident(self) -> bool:
        """Whether an epoch keeps its state in registers."""
        return self.recipe.resident

    # -- memory -------------------------------------------------------------------------

    def _place(self) -> None:
        """Make arena, homes and the table of addresses."""
        recipe = self.recipe
        self.arena = Arena(recipe.arena)
        for place, data in recipe.constants:
            self.arena.view(place.offset, place.layout, place.dtype)[...] = data
        for index, (tensor, slot) in enumerate(self.binding.states):
            if self.homes[index] is None:
                _, layout, dtype = recipe.states[index]
                self.homes[index] = make_home(tensor, slot, layout, dtype)
        inputs = len(self.source.inputs)
        self.between: list[Arena] = []  # what the parts of the program keep for one another
        added = recipe.states[len(self.binding.states) :]
        for (_, layout, dtype), number in zip(added, recipe.neutral, strict=True):
            block = Arena(max(64, layout.size * dtype.itemsize))
            strided(block.bytes, 0, layout, dtype)[...] = number
            self.between.append(block)
        self.moves = 0
        self.addresses = [h.address for h in self.homes if h is not None]
        self.addresses += [block.address for block in self.between]
        self._table = np.zeros(max(1, inputs + len(self.addresses)), np.int64)
        self._table[inputs : inputs + len(self.addresses)] = self.addresses
        self._held: list[Array | None] = []
        for index, v in enumerate(self.source.inputs):
            small = v.size * v.dtype.itemsize <= _COPY_LIMIT
            held = np.zeros(v.shape, v.dtype) if small else None
            self._held.append(held)
            if held is not None:
                self._table[index] = held.__array_interface__["data"][0]
        self._inputs: list[Array | None] = [None] * inputs
        self.results: list[Array] = [self.arena.view(*place) for place in recipe.results]
        if self.batched is None:
            self._run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(
                self.engine.address("run")
            )
        self._table_address = self._table.__array_interface__["data"][0]
        changed = self.binding.changed
        pairs = zip(self.binding.states, self.homes, strict=True)
        self._homes = Homes([(t, h) for (t, _), h in pairs if h is not None], changed)
        self._written = [h for i in changed if (h := self.homes[i]) is not None]
        self._gradients = [h for h in self._written if h.slot == "grad"]

    def threaded(self, threads: int) -> Shared:
        """Return what several threads need, made when it is first wanted."""
        return self.compilation.threaded(threads, self.target, lambda: self.build)

    # -- running ------------------------------------------------------------------------

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Run one step and return its results; one caller at a time, as there is one arena."""
        with self.lock:
            self.step(leaves)
            return self.outputs()

    def verify(self, arrays: Sequence[Array]) -> None:
        """Check inputs that are indices.

        Raises
        ------
        IndexError
            Naming the op that uses the index, as the eager op would.
        """
        for i, low, high in self._bounds:
            if not within(arrays[i], low, high):
                break
        else:
            return
        for wanted in self.source.checks:
            array = arrays[wanted.input]
            if within(array, wanted.low, wanted.high):
                continue
            outside = (array < wanted.low) | (array >= wanted.high)
            if wanted.ignore is not None:
                outside &= array != wanted.ignore
            if outside.any():
                wrong = array[outside].ravel()[0]
                raise IndexError(
                    f"index {wrong} is outside {wanted.low} … {wanted.high - 1}, in {wanted.what}"
                )

    def sync(self) -> None:
        """Bring in state that was assigned since the last call; leave alone what others hold."""
        if not self._homes.moved():
            return
        first = len(self.source.inputs)
        addresses = self.addresses
        for index, home in enumerate(self.homes):
            if home is not None and addresses[index] != home.address:
                addresses[index] = self._table[first + index] = home.address
                self.moves += 1

    def step(self, leaves: Sequence[Any]) -> None:
        """Run one step on the leaves of the arguments."""
        table = self._table
        if self.source.checks:
            self.verify([v._value if isinstance(v, Tensor) else np.asarray(v) for v in leaves])
        for index, value in enumerate(leaves):
            if isinstance(value, Tensor):
                value = value._value
            held = self._held[index]
            if held is not None:
                held[...] = value
            else:
                v = self.source.inputs[index]
                array = np.ascontiguousarray(value, v.dtype)
                self._inputs[index] = array  # kept alive for the call
                table[index] = array.__array_interface__["data"][0]
        self.sync()
        self._run(self.arena.address, self._table_address)
        self.settle()

    def settle(self, interrupted: bool = False) -> None:
        """After a run: tensors show what was written, cleared gradients are None.

        Values were in their homes when the run began. They still are, unless Python code had a
        chance to assign to them (``interrupted``).
        """
        for home in self._written if interrupted else self._gradients:
            if not home.current():
                home.show()
        for tensor in self.binding.cleared:
            tensor._grad = None

    def outputs(self) -> Any:
        """Return the results as the function would."""
        made: list[Any] = [np.array(r) for r in self.results]
        if self.staged.as_tensors:
            made = [wrap(m, None) for m in made]
        return made[0] if self._single else tree.unflatten(self.staged.structure, made)
