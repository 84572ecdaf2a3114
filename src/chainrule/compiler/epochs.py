"""A whole epoch in few native calls: a compiled step in a native loop over mini-batches.

The loop runs in chunks of some 50 to 100 ms: between them Python reports progress and sees Ctrl-C.
A chunk is never cut short, so parameters are always those after a whole step.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.core import tree
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor
from chainrule.core.trace import stage

from ..errors import ArgumentError, ShapeError
from .specialisation import Specialisation
from .threads import Pace, team

if TYPE_CHECKING:
    from .compiled import Compiled

__all__ = ["EpochResult", "run_epoch"]

_CHUNK_SECONDS = 0.07
_LOOK_SECONDS = 0.008
_FIRST = 32  # steps of the first chunk, when nothing is known yet
Array = np.ndarray[Any, Any]
Progress = Callable[[int, int, Any], None]


class EpochResult(NamedTuple):
    """What the steps of an epoch returned.

    Attributes
    ----------
    outputs : array or container of arrays
        What the function returns, stacked: one entry per step. Steps of whole mini-batches.
    partial : same structure, or None
        What the last, smaller mini-batch returned.
    steps : int
        Number of steps, the partial one included.
    """

    outputs: Any
    partial: Any
    steps: int

    @property
    def last(self) -> Any:
        """Return the results of the last step."""
        if self.partial is not None:
            return self.partial
        return tree.tree_map(lambda a: a[-1], self.outputs)


def _array(x: Any) -> Array:
    value = x._value if isinstance(x, Tensor) else x
    return np.ascontiguousarray(value)


class _Loop:
    """One form of an epoch: a step for one size of mini-batch, with its native loop."""

    def __init__(self, form: Specialisation, threads: int | None) -> None:
        self.form = form
        types = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2
        self.alone = ctypes.CFUNCTYPE(None, *types)(form.engine.address("epoch"))
        self.together: Any = None
        self.pace = Pace(1 if form.tiled else threads)

    def _call(self, threads: int, table: int, rows: int, low: int, high: int) -> None:
        """Run steps ``low`` to ``high`` on some threads."""
        form = self.form
        arena = form.arena.address
        if threads == 1:
            self.alone(arena, table, rows, low, high)
            return
        if self.together is None:
            address = form.threaded_engine().address("epoch")
            types = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 4
            self.together = ctypes.CFUNCTYPE(None, *types)(address)
        form.reset_counter()
        enter = self.together
        team(threads).run(lambda t, n: enter(arena, table, rows, low, high, t, n))

    def prepare(self, arrays: list[Array], steps: int, start: int) -> tuple[Array, list[Array]]:
        """Return the address table for ``steps`` steps from row ``start`` on, and the results."""
        form = self.form
        states = len(form.addresses)
        results = [np.empty((steps, *r.shape), r.dtype) for r in form.results]
        table = np.zeros(len(arrays) + states + len(results) + 1, np.int64)
        assert form.batched is not None
        for i, (a, how) in enumerate(zip(arrays, form.batched, strict=True)):
            skip = start * a.strides[0] if how == "rows" and a.ndim else 0
            table[i] = a.__array_interface__["data"][0] + skip
        table[len(arrays) : len(arrays) + states] = form.addresses
        for i, r in enumerate(results):
            table[len(arrays) + states + i] = r.__array_interface__["data"][0]
        return table, results

    def run(
        self,
        arrays: list[Array],
        steps: int,
        start: int,
        order: Array | None,
        report: Callable[[int], None] | None,
    ) -> list[Array]:
        """Run the steps in chunks."""
        form = self.form
        form.sync()  # before the table is made: it may move state
        table, results = self.prepare(arrays, steps, start)
        address = table.__array_interface__["data"][0]
        rows = 0 if order is None else order.__array_interface__["data"][0]
        done = 0
        pace = self.pace
        try:
            while done < steps:
                alone = pace.rate.get(1)
                threads = pace.choose(None if alone is None else alone * (steps - done))
                rate = pace.rate.get(threads, alone)
                length = _LOOK_SECONDS if pace.trying(threads) else _CHUNK_SECONDS
                chunk = _FIRST if rate is None else max(1, int(length / max(rate, 1e-9)))
                upto = min(steps, done + chunk)
                if threads > 1 and self.together is None:
                    form.threaded_engine()  # compiled outside the time taken
                began = time.perf_counter()
                self._call(threads, address, rows, done, upto)
                spent = time.perf_counter() - began
                if upto - done > 2 or spent > 0.0005:
                    pace.note(threads, spent, upto - done)
                done = upto
                if report is not None:
                    report(done)
        finally:
            form.settle()
        return results


def _loop(
    compiled: Compiled,
    rows: list[Array],
    per_step: dict[str, Array],
    whole: dict[str, Any],
    size: int,
) -> _Loop:
    """Return the form of an epoch for mini-batches of ``size`` rows."""
    leaves, structure = tree.flatten(whole)
    key = (
        "epoch",
        size,
        tuple((a.shape[1:], a.dtype.str) for a in rows),
        tuple((k, a.shape[1:], a.dtype.str) for k, a in per_step.items()),
        structure,
        tuple((np.shape(x), str(getattr(x, "dtype", type(x)))) for x in leaves),
    )
    kept: list[_Loop] = compiled.loops.setdefault(key, [])
    found = next((loop for loop in kept if loop.form.guards_hold()), None)
    if found is not None:
        return found
    batch = [Abstract((size, *a.shape[1:]), a.dtype) for a in rows]
    named = {k: Abstract(tuple(a.shape[1:]), a.dtype) for k, a in per_step.items()}
    fixed = tree.tree_map(lambda x: Abstract(tuple(np.shape(x)), _array(x).dtype), whole)
    graph = stage(compiled.function, tuple(batch), {**named, **fixed}, abstract=True)
    batched = ["rows"] * len(rows) + ["steps"] * len(per_step) + ["whole"] * len(leaves)
    form = Specialisation(graph, compiled.target, compiled.keep_gradients, batched)
    kept.append(_Loop(form, compiled.threads))
    return kept[-1]


def run_epoch(
    compiled: Compiled,
    data: tuple[Any, ...],
    batch_size: int,
    order: Any = None,
    per_step: Mapping[str, Any] | None = None,
    whole: Mapping[str, Any] | None = None,
    drop_last: bool = False,
    progress: Progress | None = None,
) -> EpochResult:
    """See :meth:`Compiled.epoch`."""
    rows = [_array(a) for a in data]
    if not rows or any(a.ndim == 0 for a in rows):
        raise ArgumentError(
            "epoch: give at least one array of rows, e.g. epoch(x, y, batch_size=32)"
        )
    count = rows[0].shape[0]
    if any(a.shape[0] != count for a in rows):
        shapes = ", ".join(str(a.shape) for a in rows)
        raise ShapeError(f"epoch: all arrays must have as many rows as the first; got {shapes}")
    if batch_size < 1:
        raise ArgumentError(f"epoch: batch_size must be at least 1, got {batch_size}")
    permutation = None
    if order is not None:
        permutation = np.ascontiguousarray(order, np.int64)
        if permutation.ndim != 1:
            raise ShapeError(
                f"epoch: order is a list of row numbers, got shape {permutation.shape}"
            )
        if permutation.size and (permutation.min() < 0 or permutation.max() >= count):
            raise ArgumentError(f"epoch: order has row numbers outside 0 … {count - 1}")
        count = permutation.size
    steps, rest = divmod(count, batch_size)
    rest = 0 if drop_last else rest
    total = steps + (1 if rest else 0)
    each = {k: _array(v) for k, v in (per_step or {}).items()}
    for k, v in each.items():
        if v.shape[:1] != (total,):
            raise ShapeError(f"epoch: {k} needs one entry per step, {total}; got shape {v.shape}")
    fixed = dict(whole or {})
    constants = [_array(x) for x in tree.leaves(fixed)]
    outputs: Any = None
    partial: Any = None

    def report(offset: int, results: list[Array]) -> Callable[[int], None] | None:
        if progress is None:
            return None
        return lambda done: progress(offset + done, total, results)

    if steps:
        loop = _loop(compiled, rows, each, fixed, batch_size)
        compiled._last = loop.form
        arrays = [*rows, *each.values(), *constants]
        loop.form.verify(arrays)
        with loop.form.lock:
            results = loop.run(arrays, steps, 0, permutation, report(0, []))
        outputs = tree.unflatten(loop.form.graph.out_structure, results)
    if rest:
        loop = _loop(compiled, rows, each, fixed, rest)
        done = steps * batch_size
        tail = [np.ascontiguousarray(v[steps:]) for v in each.values()]
        cut = None if permutation is None else permutation[done:]
        arrays = [*rows, *tail, *constants]
        if not steps:
            loop.form.verify(arrays)
        with loop.form.lock:
            first = done if permutation is None else 0
            results = loop.run(arrays, 1, first, cut, report(steps, []))
        partial = tree.unflatten(loop.form.graph.out_structure, [r[0] for r in results])
        if compiled._last is None:
            compiled._last = loop.form
    return EpochResult(outputs, partial, total)
