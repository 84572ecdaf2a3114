"""One compiled form of a function: for given shapes, dtypes and static arguments.

Holds the program, the machine code, the arena and the homes of its state, and runs one step.
"""

from __future__ import annotations

import ctypes
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

from ..errors import CompileError
from .codegen import Code, Phase, generate
from .layout import Layout
from .memory import Arena, Home, home_of, make_home, strided
from .passes import check, optimise
from .passes.tiling import split_rows
from .plan import Buffer, Plan, plan
from .program import Program, Value
from .rows import listed_inputs
from .runtime import Engine, load
from .schedule import schedule
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
        self.seconds: dict[str, float] = {}
        start = time.perf_counter()
        self._take_state(graph, keep_gradients)
        self.program: Program = optimise(
            translate(graph.inputs, self._state_nodes, self._outputs, self._updates)
        )
        # Several ops may ask the same of an input.
        self._bounds = list(dict.fromkeys((c.input, c.low, c.high) for c in self.program.checks))
        self.homes: list[Home | None] = [home_of(t, s) for t, s in self.states]
        fixed: dict[int, Layout | None] = {
            i: h.layout if h else None for i, h in enumerate(self.homes)
        }
        self.phases: list[Phase] = self._phases(fixed, packed=batched is not None)
        self.plan: Plan = self.phases[-1].plan
        results = [self._result(v) for v in self.program.outputs]
        self.batched = batched
        last = self.phases[-1]
        listed = set() if self.tiled else listed_inputs(last.schedule, last.plan)
        for index, how in enumerate(batched or ()):
            if how != "rows":
                continue
            v = self.program.inputs[index]
            if index in listed:
                self.plan.listed[index] = self.plan.reserve(8 * v.shape[0])
            else:
                self.plan.gathered[index] = self.plan.reserve(v.size * v.dtype.itemsize)
        self.code: Code = generate(self.phases, target, batched, results)
        self.seconds["generate"] = time.perf_counter() - start
        self.engine: Engine = load(self.code.text, target)
        self.seconds.update(self.engine.seconds)
        self._threaded: Engine | None = None
        self.lock = threading.Lock()
        self._place()

    def _phases(self, fixed: dict[int, Layout | None], packed: bool) -> list[Phase]:
        """Schedule and plan the program, as a tile of rows and the rest where that pays."""
        split = split_rows(self.program)
        self.neutral: tuple[float, ...] = ()
        if split is None:
            s = schedule(self.program)
            return [Phase(self.program, s, plan(s, self.target, fixed, packed))]
        check(split.tile)
        check(split.rest)
        self.neutral = split.neutral
        first = schedule(split.tile)
        tile = plan(first, self.target, fixed, repeated=True)
        used = {v.data: tile.buffers[v.id].layout for v in split.tile.values() if v.kind == "state"}
        second = schedule(split.rest)
        rest = plan(second, self.target, {**fixed, **used}, packed, base=tile.arena)
        advance = {
            v.data: v.size * v.dtype.itemsize for v in split.tile.inputs if v.data in split.inputs
        }
        self.program = split.rest
        return [
            Phase(split.tile, first, tile, split.count, advance),
            Phase(split.rest, second, rest),
        ]

    @property
    def tiled(self) -> bool:
        """Whether a step goes over its rows tile by tile."""
        return len(self.phases) > 1

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

    def _result(self, v: Value) -> Buffer:
        buffer = self.plan.buffer(v)
        if buffer is None:
            raise CompileError(f"{v!r} has no place in memory: a defect of the planner")
        return buffer

    def _place(self) -> None:
        """Make arena, homes and the table of addresses."""
        p = self.plan
        self.arena = Arena(p.arena)
        for buffer, data in (c for phase in self.phases for c in phase.plan.constants):
            self.arena.view(buffer.offset, buffer.layout, buffer.dtype)[...] = data
        by_index = {v.data: v for v in self.program.states}
        for index, (tensor, slot) in enumerate(self.states):
            if self.homes[index] is None:
                v = by_index[index]
                layout = p.buffers[v.id].layout
                self.homes[index] = make_home(tensor, slot, layout, v.dtype)
        inputs = len(self.program.inputs)
        self._accumulators: list[Arena] = []
        for index, number in enumerate(self.neutral, len(self.states)):
            v = by_index[index]
            buffer = p.buffers[v.id]
            block = Arena(max(64, buffer.bytes))
            strided(block.bytes, 0, buffer.layout, v.dtype)[...] = number
            self._accumulators.append(block)
        self.addresses = [h.address for h in self.homes if h is not None]
        self.addresses += [block.address for block in self._accumulators]
        self._table = np.zeros(max(1, inputs + len(self.addresses)), np.int64)
        self._table[inputs : inputs + len(self.addresses)] = self.addresses
        self._held: list[Array | None] = []
        for index, v in enumerate(self.program.inputs):
            small = v.size * v.dtype.itemsize <= _COPY_LIMIT
            held = np.zeros(v.shape, v.dtype) if small else None
            self._held.append(held)
            if held is not None:
                self._table[index] = held.__array_interface__["data"][0]
        self._inputs: list[Array | None] = [None] * inputs
        self.results: list[Array] = []
        for v in self.program.outputs:
            b = self._result(v)
            self.results.append(self.arena.view(b.offset, b.layout, b.dtype))
        if self.batched is None:
            self._run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(
                self.engine.address("run")
            )
        self._table_address = self._table.__array_interface__["data"][0]
        changed = sorted({i for i, _ in self.program.updates if i < len(self.states)})
        self._watched = [(h, i in changed) for i, h in enumerate(self.homes) if h is not None]
        self._written = [self.homes[i] for i in changed]

    def threaded_engine(self) -> Engine:
        """Return the machine code for several threads, generated when it is first wanted."""
        if self._threaded is None:
            results = [self._result(v) for v in self.program.outputs]
            code = generate(self.phases, self.target, self.batched, results, threaded=True)
            self._threaded = load(code.text, self.target)
        return self._threaded

    def reset_counter(self) -> None:
        """Set the counter of the barriers to zero, before threads enter."""
        start = self.plan.counter
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
        for wanted in self.program.checks:
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
        first = len(self.program.inputs)
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
        if self.program.checks:
            self.verify([v._value if isinstance(v, Tensor) else np.asarray(v) for v in leaves])
        for index, value in enumerate(leaves):
            if isinstance(value, Tensor):
                value = value._value
            held = self._held[index]
            if held is not None:
                held[...] = value
            else:
                v = self.program.inputs[index]
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
