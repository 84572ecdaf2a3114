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

from ..errors import ArgumentError, ShapeError
from .forms import Shared
from .lower.sharing import LINE
from .memory import Arena, address_of
from .specialisation import Specialisation, within
from .threads import Pace, team

if TYPE_CHECKING:
    from .compiled import Compiled

__all__ = ["EpochResult", "run_epoch"]

_SHORT = 0.008  # seconds of an epoch that is one call
_PER_BYTE = 12e-6  # seconds to make the code for several threads, per byte of that for one
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
    """Return data as the native loop reads it: row-major, in the machine's byte order."""
    if isinstance(x, Tensor):
        x = x._value
    if type(x) is np.ndarray and x.flags.c_contiguous and x.dtype.isnative:
        return x
    array = np.ascontiguousarray(x)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


class _Together:
    """The native loop for several threads, with memory of its own."""

    def __init__(self, shared: Shared, threads: int) -> None:
        recipe, self.engine = shared
        self.threads = threads
        self.arena = Arena(recipe.arena)
        for place, data in recipe.constants:
            self.arena.view(*place)[...] = data
        self._lines = self.arena.bytes[recipe.lines : recipe.lines + LINE * threads]
        self._epoch = self.engine.address("epoch")

    def __call__(self, table: int, rows: int, low: int, high: int) -> None:
        """Run steps ``low`` to ``high``."""
        self._lines[:] = 0
        team(self.threads).call(self._epoch, self.arena.address, table, rows, low, high)


class _Loop:
    """One form of an epoch: a step for one size of mini-batch, with its native loop.

    Short epochs are called often, so what does not change between calls is kept: the table of
    addresses that the native code reads, and where in it each thing goes.
    """

    def __init__(self, form: Specialisation, batched: list[str], threads: int | None) -> None:
        self.form = form
        types = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2
        self.alone = ctypes.CFUNCTYPE(None, *types)(form.engine.address("epoch"))
        self._together: dict[int, _Together] = {}
        self.pace = Pace(1 if form.resident else threads, _PER_BYTE * form.engine.size)
        self._rows = [i for i, how in enumerate(batched) if how == "rows"]
        self._states = slice(len(batched), len(batched) + len(form.addresses))
        self._entered = -1  # moves of the states when their addresses were entered
        self._results = [
            (i, r.shape, r.dtype) for i, r in enumerate(form.results, self._states.stop)
        ]
        self._table = (ctypes.c_int64 * (self._states.stop + len(self._results) + 1))()
        self._place = ctypes.addressof(self._table)

    def together(self, threads: int) -> _Together:
        """Return the loop for several threads, compiled when it is first wanted."""
        if threads not in self._together:
            self._together[threads] = _Together(self.form.threaded(threads), threads)
        return self._together[threads]

    def _call(self, threads: int, rows: int, low: int, high: int) -> None:
        """Run steps ``low`` to ``high`` on some threads."""
        if threads == 1:
            self.alone(self.form.arena.address, self._place, rows, low, high)
        else:
            self.together(threads)(self._place, rows, low, high)

    def prepare(self, arrays: list[Array], steps: int, start: int) -> list[Array]:
        """Enter the addresses for ``steps`` steps from row ``start`` on; return the results."""
        table = self._table
        for i, a in enumerate(arrays):
            table[i] = address_of(a)
        if self._entered != self.form.moves:
            self._entered = self.form.moves
            table[self._states] = self.form.addresses  # type: ignore[assignment]
        results = []
        for i, shape, dtype in self._results:
            made = np.empty((steps, *shape), dtype)
            table[i] = address_of(made)
            results.append(made)
        if start:
            for i in self._rows:
                table[i] += start * arrays[i].strides[0]
        return results

    def run(
        self,
        arrays: list[Array],
        steps: int,
        start: int,
        order: Array | None,
        report: Callable[[int], None] | None,
    ) -> list[Array]:
        """Run the steps in chunks; one caller at a time, as there is one arena and one table."""
        form = self.form
        form.sync()  # before the addresses are entered: it may move state
        results = self.prepare(arrays, steps, start)
        rows = 0 if order is None else address_of(order)
        pace = self.pace
        rate = pace.rate.get(1)
        try:
            if rate is not None and rate * steps < _SHORT and pace.settled:
                self._timed(1, rows, 0, steps)
                if report is not None:
                    report(steps)
            else:
                self._in_chunks(rows, steps, report)
        finally:
            form.settle(interrupted=report is not None)
        return results

    def _in_chunks(self, rows: int, steps: int, report: Callable[[int], None] | None) -> None:
        pace = self.pace
        done = 0
        while done < steps:
            alone = pace.rate.get(1)
            threads = pace.choose(None if alone is None else alone * (steps - done))
            upto = min(steps, done + pace.steps(threads))
            if threads > 1:
                self.together(threads)  # compiled outside the time taken
            self._timed(threads, rows, done, upto)
            done = upto
            if report is not None:
                report(done)

    def _timed(self, threads: int, rows: int, low: int, high: int) -> None:
        """Run some steps and note how long they took."""
        began = time.perf_counter()
        self._call(threads, rows, low, high)
        spent = time.perf_counter() - began
        if high - low > 2 or spent > 0.0005:
            self.pace.note(threads, spent, high - low)


class Familiar(NamedTuple):
    """Arrays that were met, and what was found out about them.

    Attributes
    ----------
    kinds : list of (shape, dtype)
        Of arrays that can be read in place.
    loops : dict
        By size of mini-batch: the form that ran last for rows of these, and nothing else.
    """

    kinds: list[tuple[tuple[int, ...], np.dtype[Any]]]
    loops: dict[int, _Loop]

    def has(self, data: tuple[Any, ...]) -> bool:
        """Tell whether these arrays are of the same kinds."""
        if len(data) != len(self.kinds):
            return False
        for a, (shape, dtype) in zip(data, self.kinds, strict=True):
            if type(a) is not np.ndarray or a.dtype is not dtype or a.shape != shape:
                return False
            if not a.flags.c_contiguous:
                return False
        return True


def _rows(compiled: Compiled, data: tuple[Any, ...]) -> tuple[list[Array], Familiar]:
    """Return the arrays as the native loop reads them, with equally many rows, and their kinds."""
    familiar = compiled.familiar
    if familiar is not None and familiar.has(data):
        return list(data), familiar
    rows = [_array(a) for a in data]
    counts = {a.shape[:1] for a in rows}
    if len(counts) != 1 or counts == {()}:
        if not rows or () in counts:
            raise ArgumentError(
                "epoch: give at least one array of rows, e.g. epoch(x, y, batch_size=32)"
            )
        shapes = ", ".join(str(a.shape) for a in rows)
        raise ShapeError(f"epoch: all arrays must have as many rows as the first; got {shapes}")
    familiar = compiled.familiar = Familiar([(a.shape, a.dtype) for a in rows], {})
    return rows, familiar


def _loop(
    compiled: Compiled,
    rows: list[Array],
    familiar: Familiar,
    per_step: dict[str, Array],
    whole: dict[str, Any],
    size: int,
) -> _Loop:
    """Return the form of an epoch for mini-batches of ``size`` rows."""
    plain = not per_step and not whole
    found = familiar.loops.get(size) if plain else None
    if found is not None and found.form.guards_hold():
        return found
    key: Any = (size, *[(a.shape[1:], a.dtype) for a in rows])
    if not plain:
        leaves, structure = tree.flatten(whole)
        key += (
            tuple((k, a.shape[1:], a.dtype) for k, a in per_step.items()),
            structure,
            tuple((np.shape(x), str(getattr(x, "dtype", type(x)))) for x in leaves),
        )
    kept: list[_Loop] = compiled.loops.setdefault(key, [])
    for loop in kept:
        if loop.form.guards_hold():
            break
    else:
        loop = _made(compiled, rows, per_step, whole, size, key)
        kept.append(loop)
    if plain:
        familiar.loops[size] = loop
    return loop


def _made(
    compiled: Compiled,
    rows: list[Array],
    per_step: dict[str, Array],
    whole: dict[str, Any],
    size: int,
    key: Any,
) -> _Loop:
    """Return a new form of an epoch, described by ``key``."""
    batch = [Abstract((size, *a.shape[1:]), a.dtype) for a in rows]
    named = {k: Abstract(tuple(a.shape[1:]), a.dtype) for k, a in per_step.items()}
    fixed = tree.tree_map(lambda x: Abstract(tuple(np.shape(x)), _array(x).dtype), whole)
    constants = len(tree.leaves(whole))
    batched = ["rows"] * len(rows) + ["steps"] * len(per_step) + ["whole"] * constants
    form = compiled.make(tuple(batch), {**named, **fixed}, key, batched)
    return _Loop(form, batched, compiled.threads)


def _reporter(progress: Progress, before: int, total: int) -> Callable[[int], None]:
    """Return what is called with the steps done in one loop."""
    return lambda done: progress(before + done, total, [])


def _structured(form: Specialisation, results: list[Any]) -> Any:
    """Return results as the function returns them."""
    structure = form.staged.structure
    return results[0] if structure.kind == "leaf" else tree.unflatten(structure, results)


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
    rows, familiar = _rows(compiled, data)
    count = len(rows[0])
    if batch_size < 1:
        raise ArgumentError(f"epoch: batch_size must be at least 1, got {batch_size}")
    permutation = None
    if order is not None:
        permutation = _array(order)
        if permutation.dtype != np.int64:
            permutation = permutation.astype(np.int64)
        if permutation.ndim != 1:
            raise ShapeError(
                f"epoch: order is a list of row numbers, got shape {permutation.shape}"
            )
        if not within(permutation, 0, count):
            raise ArgumentError(f"epoch: order has row numbers outside 0 … {count - 1}")
        count = permutation.size
    steps, rest = divmod(count, batch_size)
    rest = 0 if drop_last else rest
    total = steps + (1 if rest else 0)
    each = {k: _array(v) for k, v in per_step.items()} if per_step else {}
    for k, v in each.items():
        if v.shape[:1] != (total,):
            raise ShapeError(f"epoch: {k} needs one entry per step, {total}; got shape {v.shape}")
    fixed = dict(whole) if whole else {}
    constants = [_array(x) for x in tree.leaves(fixed)] if fixed else []
    outputs: Any = None
    partial: Any = None
    if steps:
        loop = _loop(compiled, rows, familiar, each, fixed, batch_size)
        form = compiled._last = loop.form
        arrays = [*rows, *each.values(), *constants] if each or fixed else rows
        form.verify(arrays)
        report = None if progress is None else _reporter(progress, 0, total)
        with form.lock:
            results = loop.run(arrays, steps, 0, permutation, report)
        outputs = _structured(form, results)
    if rest:
        loop = _loop(compiled, rows, familiar, each, fixed, rest)
        done = steps * batch_size
        tail = [np.ascontiguousarray(v[steps:]) for v in each.values()]
        cut = None if permutation is None else permutation[done:]
        arrays = [*rows, *tail, *constants]
        if not steps:
            loop.form.verify(arrays)
        report = None if progress is None else _reporter(progress, steps, total)
        with loop.form.lock:
            first = done if permutation is None else 0
            results = loop.run(arrays, 1, first, cut, report)
        partial = _structured(loop.form, [r[0] for r in results])
        if compiled._last is None:
            compiled._last = loop.form
    return EpochResult(outputs, partial, total)
