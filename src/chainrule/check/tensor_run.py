"""True derivatives of every intermediate value, by running the forward code on tensors.

The user's own statements compute with tensors instead of arrays; the graph that this records gives
the derivative of the cost with respect to each input and to the value of each executed statement,
every pass of a loop by itself, in one reverse walk and without differences.

A run on tensors is believed only if it does what the run on arrays did: the same statements in the
same order, with the same values. Code for which this does not hold (it leaves NumPy, or asks for
the type of an array) is judged by differences, as is every point at which the derivative jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

from ..core.graph import Node, ancestors
from ..core.linearised import track
from ..core.reverse import pullback
from .compare import Tolerance, Truth, compare
from .differences import spread
from .instrument import Instrumented
from .leaves import follow
from .lifting import is_tracked, on_tensors, tensors_allowed
from .program import Program
from .recorder import Event, Recorder
from .report import RIGHT
from .surroundings import quiet

__all__ = ["TensorRuns", "TrueGradients"]

Key = tuple[int, int]
Floats = NDArray[np.float64]

#: Statements executed and bytes of their values beyond which the code is not run on tensors: a
#: write to one element copies the array, so loops over elements cost more there than in NumPy.
_STEPS = 30_000
_BYTES = 4e9
#: Relative displacement across which the derivative must not jump, and what counts as a jump: a tenth
#: of what a gradient may depart by (`Examination.tolerance`), entry by entry, so that no choice at a
#: tie can be told from another.
_NEARBY = 1e-9
_JUMP = Tolerance(5e-6, 1e-8)


@dataclass(frozen=True)
class TrueGradients:
    """Derivatives of the cost at one point, exact up to rounding.

    Attributes
    ----------
    leaves : dict of int to ndarray
        By number of the input.
    values : dict of (int, int) to ndarray
        By site and pass: the value of a statement in one of its executions.
    """

    leaves: dict[int, Floats]
    values: dict[Key, Floats] = field(default_factory=dict)


class _Refused(Exception):
    """The code does not run on tensors as it does on arrays; the message says why."""


class _Reached(BaseException):
    """The cost is known; what follows need not be run."""

    def __init__(self, cost: Any) -> None:
        super().__init__()
        self.cost = cost


class TensorRuns:
    """Runs of a program on tensors.

    Parameters
    ----------
    program : Program
        The code under test.
    recorder : Recorder
        The one that the installed code reports to.
    code : Instrumented
        The user's files, installed.

    Attributes
    ----------
    why : str
        Why there are no true gradients, where there are none.
    """

    def __init__(self, program: Program, recorder: Recorder, code: Instrumented) -> None:
        self.program = program
        self.recorder = recorder
        self.code = code
        self.why = ""
        self._events: list[Event] = []
        self._stop: Key | None = None

    def prepare(self, cost: float) -> TrueGradients | None:
        """The true gradients at the program's own point, or None if differences have to do.

        Parameters
        ----------
        cost : float
            What the run on arrays gave.
        """
        self._events = self._array_run()
        size = sum(np.asarray(e.value).nbytes for e in self._events if _is_array(e.value))
        if len(self._events) > _STEPS or size * len(self._events) > _BYTES * 100:
            self.why = f"it takes {len(self._events)} steps"
            return None
        self._stop = self._cost_event(cost)
        try:
            here = self._run(None, cost)
            self._require_smooth(here)
        except _Refused as reason:
            self.why = str(reason)
            return None
        return here

    def at(self, overrides: dict[int, Floats]) -> TrueGradients | None:
        """The true gradients with some inputs replaced; None where that cannot be had."""
        try:
            return self._run(overrides, None)
        except _Refused:
            return None

    # -- the run on arrays ---------------------------------------------------------------------

    def _array_run(self) -> list[Event]:
        recorder = self.recorder
        recorder.events = []
        with tensors_allowed(self.program.functions):
            self.program.run()
        events, recorder.events = recorder.events, None
        return events

    def _cost_event(self, cost: float) -> Key | None:
        """The last statement, before the results are handed over, whose value is the cost."""
        if self.program.cost_reader is not None:
            return self.program.cost_reader.place
        found = None
        for event in self._events:
            value = event.value
            scalar = isinstance(value, (float, np.floating)) or (
                isinstance(value, np.ndarray) and value.ndim == 0
            )
            kind = self.code.sites[event.site].kind
            if scalar and float(value) == cost and kind in ("assign", "update"):
                found = (event.site, event.pass_)
        return found

    # -- the run on tensors --------------------------------------------------------------------

    def _run(self, overrides: dict[int, Floats] | None, cost: float | None) -> TrueGradients:
        """One run; `cost` is given where the values have to be those of the run on arrays."""
        error: Exception | None = None
        for scalars in (True, False):
            try:
                return self._attempt(overrides, cost, scalars)
            except _Refused:
                raise
            except Exception as found:
                error = found
        words = str(error).splitlines()[0][:80] if str(error) else ""
        raise _Refused(f"{type(error).__name__}: {words}")

    def _attempt(
        self, overrides: dict[int, Floats] | None, cost: float | None, scalars: bool
    ) -> TrueGradients:
        program, recorder = self.program, self.recorder
        root = on_tensors(program.fresh(overrides), scalars)
        inputs: dict[int, Node] = {}
        for number, leaf in enumerate(program.leaves):
            tensor = follow(root, leaf.path)
            # The formula of a cost that is not the code's own reads the target as it was given.
            given = program.cost_reader is not None and leaf.path == program.cost_reader.target
            if is_tracked(tensor) and not given:
                inputs[number] = tensor._node
        expected = self._events if cost is not None else None
        watch = _Watch(expected, self._stop, set(inputs.values()))
        recorder.edit({})
        recorder.changes = {}
        recorder.watch = watch
        recorder.begin()
        try:
            with quiet(program.seed), tensors_allowed(program.functions):
                total = program.differentiable_cost(root)
        except _Reached as reached:
            total = reached.cost
            if program.cost_reader is not None:
                total = program.cost_reader.formula(total, root)
        finally:
            recorder.watch = None
            recorder.begin()
        if not is_tracked(total) or total.size != 1:
            raise _Refused("its cost does not come out as a tensor")
        if cost is not None and not np.isclose(float(total.detach().item()), cost, rtol=1e-9):
            raise _Refused("it computes another cost on tensors")
        return _gradients(total._node, inputs, watch.nodes)

    def _require_smooth(self, here: TrueGradients) -> None:
        """Refuse a point at which the derivative jumps: there the choice at the tie is no truth."""
        rng = np.random.default_rng(11)
        moves: dict[int, Floats] = {}
        for number in here.leaves:
            value = np.array(self.program.leaves[number].value, dtype=np.float64)
            scale = np.abs(value) + max(spread(value), 1e-3)
            moves[number] = _NEARBY * scale * rng.choice((-1.0, 1.0), value.shape)
        sides = []
        for sign in (1.0, -1.0):
            moved = {
                n: np.asarray(self.program.leaves[n].value, dtype=np.float64) + sign * move
                for n, move in moves.items()
            }
            sides.append(self._run(moved, None))
        for number, gradient in here.leaves.items():
            one, other = (side.leaves.get(number, gradient) for side in sides)
            if compare(one, Truth.exact(other), _JUMP).verdict != RIGHT:
                raise _Refused("the derivative jumps at this point (a tie or kink)")


class _Watch:
    """Turns what the statements compute into tensors, and keeps the node of each value."""

    def __init__(
        self, expected: Sequence[Event] | None, stop: Key | None, inputs: set[Node]
    ) -> None:
        self.expected = expected
        self.stop = stop
        self.nodes: dict[Key, Node] = {}
        self._seen = inputs
        self._count = 0

    def __call__(self, site: int, pass_: int, value: Any) -> Any:
        value = on_tensors(value, scalars=False)
        if self.expected is not None:
            self._compare(site, pass_, value)
        self._count += 1
        if is_tracked(value):
            if value._node in self._seen:
                # A second name for a value: the derivative with respect to it is its own.
                value = track(value)
            self._seen.add(value._node)
            self.nodes[site, pass_] = value._node
        if (site, pass_) == self.stop:
            raise _Reached(value)
        return value

    def _compare(self, site: int, pass_: int, value: Any) -> None:
        assert self.expected is not None
        event = self.expected[self._count] if self._count < len(self.expected) else None
        if event is None or (event.site, event.pass_) != (site, pass_):
            raise _Refused("it takes another way on tensors")
        if not isinstance(value, cr.Tensor) or value.dtype.kind != "f":
            return
        got, wanted = value.detach().numpy(), event.value
        if not isinstance(wanted, (np.ndarray, float, np.floating)):
            raise _Refused("it computes other values on tensors")
        scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
        if got.shape != np.shape(wanted) or not np.allclose(
            got, wanted, rtol=0, atol=1e-9 * scale, equal_nan=True
        ):
            raise _Refused("it computes other values on tensors")


def _gradients(root: Node, inputs: dict[int, Node], values: dict[Key, Node]) -> TrueGradients:
    nodes = ancestors([root])
    known = set(nodes)
    targets = {n for n in (*inputs.values(), *values.values()) if n in known}
    with np.errstate(all="ignore"):
        found = pullback(nodes, {root: np.ones(root.shape)}, targets)

    def of(node: Node) -> Floats:
        gradient = found.get(node)
        return np.zeros(node.shape) if gradient is None else np.asarray(gradient, dtype=np.float64)

    return TrueGradients(
        {number: of(node) for number, node in inputs.items()},
        {key: of(node) for key, node in values.items()},
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
