"""One compiled form of a function: for given shapes, dtypes and static arguments.

Holds the program, the machine code, the arena and the homes of its state, and runs one step.
"""

from __future__ import annotations

import ctypes
import functools
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core import tree
from chainrule.core.graph import INPUT, Node
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.trace import Graph

from .build import Build
from .fingerprint import fingerprint
from .forms import Compilation, find
from .layout import Layout
from .memory import Arena, Home, home_of, make_home, strided
from .program import Program
from .recipe import Recipe
from .runtime import Engine
from .target import Target
from .translate import translate

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
    """A staged function, compiled.

    Parameters
    ----------
    graph : Graph
        Staged with shapes only.
    target : Target
    keep_gradients : bool
        Whether gradients that the function leaves in ``.grad`` are kept. Otherwise a gradient is
        used where it is made and never written to memory, and ``.grad`` is None afterwards.
    batched : list of str, optional
        For an epoch: how each input is taken; see ``codegen.generate``.
    """

    def __init__(
        self,
        graph: Graph,
        target: Target,
        keep_gradients: bool = False,
        batched: list[str] | None = None,
        as_tensors: bool = True,
    ) -> None:
        self.graph = graph
        self.as_tensors = as_tensors
        self.target = target
        self.batched = batched
        start = time.perf_counter()
        self._take_state(graph, keep_gradients)
        self.source: Program = translate(
            graph.inputs, self._state_nodes, self._outputs, self._updates
        )
        # Several ops may ask the same of an input.
        self._bounds = list(dict.fromkeys((c.input, c.low, c.high) for c in self.source.checks))
        self.homes: list[Home | None] = [home_of(t, s) for t, s in self.states]
        self._layouts: dict[int, Layout | None] = {
            i: h.layout if h else None for i, h in enumerate(self.homes)
        }
        name = fingerprint(self.source, self._layouts, target, batched)
        translated = time.perf_counter() - start
        found = find(name, target, lambda: self.build)
        self.compilation: Compilation = found.compilation
        self.cached = found.cached
        self.seconds = {"translate": translated, **found.seconds}
        self.lock = threading.Lock()
        self._place()

    @functools.cached_property
    def build(self) -> Build:
        """The road from the program to its code; taken anew if the code was found in the cache."""
        return Build(self.source, self._layouts, self.target, self.batched)

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

    # -- state --------------------------------------------------------------------------

    def _take_state(self, graph: Graph, keep_gradients: bool) -> None:
        """List the state: tensors read or written, with their nodes and updates."""
        self.states: list[tuple[Tensor, str]] = []
        self._state_nodes: list[Node] = []
        place: dict[tuple[int, str], int] = {}

        def enter(tensor: Tensor, slot: str, node: Node) -> int:
            place[id(tensor), slot] = len(self.states)
            self.states.append((tensor, slot))
            self._state_nodes.append(node)
            return len(self.states) - 1

        for tensor, slot, node in graph.state:
            enter(tensor, slot, node)
        self._updates: list[tuple[int, Node]] = []
        self.cleared: list[Tensor] = []
        for update in graph.updates:
            key = (id(update.tensor), update.slot)
            if update.node is None:
                self.cleared.append(update.tensor)
                continue
            if update.slot == "grad" and key not in place and not keep_gradients:
                self.cleared.append(update.tensor)
                continue
            index = place.get(key)
            if index is None:
                value = update.node.value
                leaf = Node(INPUT, (), (), {}, Abstract(tuple(value.shape), value.dtype))
                index = enter(update.tensor, update.slot, leaf)
            self._updates.append((index, update.node))
        self._outputs = list(graph.outputs)
        self._single = graph.out_structure.kind == "leaf"
        self._guards = [(t, True) for t, slot, _ in graph.state if slot == "grad"]
        self._guards += [(t, False) for t in graph.absent]
        self._modes = graph.modes

    def _place(self) -> None:
        """Make arena, homes and the table of addresses."""
        recipe = self.recipe
        self.arena = Arena(recipe.arena)
        for place, data in recipe.constants:
            self.arena.view(place.offset, place.layout, place.dtype)[...] = data
        for index, (tensor, slot) in enumerate(self.states):
            if self.homes[index] is None:
                _, layout, dtype = recipe.states[index]
                self.homes[index] = make_home(tensor, slot, layout, dtype)
        inputs = len(self.source.inputs)
        self.between: list[Arena] = []  # what the parts of the program keep for one another
        added = recipe.states[len(self.states) :]
        for (_, layout, dtype), number in zip(added, recipe.neutral, strict=True):
            block = Arena(max(64, layout.size * dtype.itemsize))
            strided(block.bytes, 0, layout, dtype)[...] = number
            self.between.append(block)
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
        changed = sorted({i for i, _ in self._updates})
        self._watched = [(h, i in changed) for i, h in enumerate(self.homes) if h is not None]
        self._written = [self.homes[i] for i in changed]

    def threaded_engine(self) -> Engine:
        """Return the machine code for several threads, generated when it is first wanted."""
        return self.compilation.threaded(self.target, lambda: self.build)

    def reset_counter(self) -> None:
        """Set the counter of the barriers to zero, before threads enter."""
        start = self.recipe.counter
        self.arena.bytes[start : start + 8] = 0

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
        first = len(self.source.inputs)
        addresses = self.addresses
        for index, (home, written) in enumerate(self._watched):
            if not home.ready(written):
                if not home.current():
                    home.enter()
                elif written and home.shared():
                    home.renew()
            if addresses[index] != home.address:
                addresses[index] = self._table[first + index] = home.address

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

    def settle(self) -> None:
        """After a run: tensors show what was written, cleared gradients are None."""
        for home in self._written:
            if not home.current():  # type: ignore[union-attr]
                home.show()  # type: ignore[union-attr]
        for tensor in self.cleared:
            tensor._grad = None

    def outputs(self) -> Any:
        """Return the results as the function would."""
        made: list[Any] = [np.array(r) for r in self.results]
        if self.as_tensors:
            made = [wrap(m, None) for m in made]
        return made[0] if self._single else tree.unflatten(self.graph.out_structure, made)

    def guards_hold(self) -> bool:
        """Tell whether the function would be staged to the same graph now.

        A gradient that was absent (present) when the function asked for it must be so again, and
        modules must be in the same mode (training or evaluation).
        """
        for tensor, there in self._guards:
            if (tensor._grad is not None) != there:
                return False
        for module, mode in self._modes:  # noqa: SIM110 - a loop takes half the time of all(…)
            if module.training is not mode:
                return False
        return True
