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
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

from ..core.graph import Node, ancestors
from ..core.linearised import track
from ..core.reverse import pullback
from .compare import Tolerance, Truth, compare
from .differences import spread, step_scale
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
#: By how much what a statement computes is moved to see what rounding does: four units in the last
#: place, since a statement rounds more than once.
_ULPS = 2.0**-51
#: Relative change of the derivative that is rounding without a closer look, and the most that can be
#: rounding, in units of what rounding does to the cost.
_STEADY = 1e-10
_MOST_NOISE = 1e6
_CLOSER = 2.0**-10


@dataclass(frozen=True)
class TrueGradients:
    """Derivatives of the cost at one point, exact up to rounding.

    Attributes
    ----------
    leaves : dict of int to ndarray
        By number of the input.
    values : dict of (int, int) to ndarray
        By site and pass: the value of a statement in one of its executions.
    rounding : dict of int to float
        By number of the input: how far rounding moves the entries of its derivative.
    noise : float
        How far rounding of all that was computed can move the cost, to first order.
    """

    leaves: dict[int, Floats]
    values: dict[Key, Floats] = field(default_factory=dict)
    rounding: dict[int, float] = field(default_factory=dict)
    noise: float = 0.0


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
        self._forward = 0

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
            here = replace(here, rounding=self._require_smooth(here))
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

    def overflow(self) -> str:
        """The first statement of the forward pass that overflows, in words; empty if none does.

        Minus infinity does not count: it is how masks are written.
        """
        if self._stop is None and not self._forward:
            # Where the backward pass begins is not known: what overflows might belong to it.
            return ""
        for event in self._events[: self._forward or None]:
            if (event.site, event.pass_) == self._stop:
                break
            if isinstance(event.value, (np.ndarray, float, np.floating)):
                value = np.asarray(event.value)
                if value.dtype.kind == "f" and np.any(np.isnan(value) | (value == np.inf)):
                    site = self.code.sites[event.site]
                    return f"neither is what line {site.line} computes on the way to the cost"
        return ""

    # -- the run on arrays ---------------------------------------------------------------------

    def _array_run(self) -> list[Event]:
        recorder = self.recorder
        recorder.events = []
        with tensors_allowed(self.program.functions):
            self.program.run()
        events, recorder.events = recorder.events, None
        # How many of them belong to the forward pass, where that is a function of its own.
        self._forward = recorder.mark
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

    def _run(
        self,
        overrides: dict[int, Floats] | None,
        cost: float | None,
        rounding: np.random.Generator | None = None,
    ) -> TrueGradients:
        """One run; `cost` is given where the values have to be those of the run on arrays.

        With `rounding` what each statement computes is moved by a few units in the last place.
        """
        error: Exception | None = None
        for scalars in (True, False):
            try:
                return self._attempt(overrides, cost, scalars, rounding)
            except _Refused:
                raise
            except Exception as found:
                error = found
        words = str(error).splitlines()[0][:80] if str(error) else ""
        raise _Refused(f"{type(error).__name__}: {words}")

    def _attempt(
        self,
        overrides: dict[int, Floats] | None,
        cost: float | None,
        scalars: bool,
        rounding: np.random.Generator | None,
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
        watch = _Watch(expected, self._stop, set(inputs.values()), rounding)
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
        return _gradients(total._node, inputs, watch.nodes, with_noise=cost is not None)

    def _require_smooth(self, here: TrueGradients) -> dict[int, float]:
        """What rounding does to the derivatives, by input.

        Refuses a point at which the derivative jumps: there the choice at the tie is no truth.

        Both come from two runs a billionth to either side, with what every statement computes moved
        in its last digits. There the curvature of a smooth derivative is nothing: its two changes
        cancel but for rounding.
        """
        rng = np.random.default_rng(11)
        moves: dict[int, Floats] = {}
        for number in here.leaves:
            value = np.array(self.program.leaves[number].value, dtype=np.float64)
            scale = np.abs(value) + step_scale(0.0, spread(value))
            # Steps of one length would leave ties of equal entries what they are.
            moves[number] = _NEARBY * scale * _signed(rng, value.shape)

        def beside(sign: float) -> TrueGradients:
            moved = {
                n: np.asarray(self.program.leaves[n].value, dtype=np.float64) + sign * move
                for n, move in moves.items()
            }
            return self._run(moved, None, rng)

        pairs = [(beside(1.0), beside(-1.0))]
        rounding = {}
        for number, gradient in here.leaves.items():
            up, down = (side.leaves.get(number, gradient) for side in pairs[0])
            moved = _largest((up - gradient) + (down - gradient))
            if moved > _STEADY * _largest(gradient) or not _is_same(up, down):
                if len(pairs) == 1:
                    pairs.append((beside(_CLOSER), beside(-_CLOSER)))
                left, right = (side.leaves.get(number, gradient) for side in pairs[1])
                value = np.asarray(self.program.leaves[number].value, dtype=np.float64)
                noise = _MOST_NOISE * here.noise / step_scale(0.0, spread(value))
                # What is smooth shrinks with the distance, what jumps does not.
                most = np.maximum(np.abs(up - down) / 8, noise)
                if not np.all(np.abs(left - right) <= most):
                    raise _Refused("the derivative jumps at this point (a tie or kink)")
                moved = min(_largest((left - gradient) + (right - gradient)), noise)
            rounding[number] = moved
        return rounding


def _is_same(one: Floats, other: Floats) -> bool:
    return compare(one, Truth.exact(other), _JUMP).verdict == RIGHT


def _largest(values: Floats) -> float:
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _signed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Random numbers in [½, 1½) with random signs."""
    return np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice((-1.0, 1.0), shape))


class _Watch:
    """Turns what the statements compute into tensors, and keeps the node of each value."""

    def __init__(
        self,
        expected: Sequence[Event] | None,
        stop: Key | None,
        inputs: set[Node],
        rounding: np.random.Generator | None = None,
    ) -> None:
        self.rounding = rounding
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
            elif self.rounding is not None:
                value = value * (1.0 + _ULPS * _signed(self.rounding, value.shape))
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


def _gradients(
    root: Node, inputs: dict[int, Node], values: dict[Key, Node], with_noise: bool
) -> TrueGradients:
    nodes = ancestors([root])
    known = set(nodes)
    targets = {n for n in (*inputs.values(), *values.values()) if n in known}
    with np.errstate(all="ignore"):
        found = pullback(nodes, {root: np.ones(root.shape)}, targets, keep_all=with_noise)

    def of(node: Node) -> Floats:
        gradient = found.get(node)
        return np.zeros(node.shape) if gradient is None else np.asarray(gradient, dtype=np.float64)

    return TrueGradients(
        {number: of(node) for number, node in inputs.items()},
        {key: of(node) for key, node in values.items()},
        noise=_noise(found) if with_noise else 0.0,
    )


def _noise(cotangents: dict[Node, Any]) -> float:
    """What rounding each computed value once does to the cost, to first order: Σ ε ∣v̄ ⊙ v∣.

    Differences cannot see all of it: a sum that absorbs its small terms, ``1 + 1e-17``, is as steady
    as an exact one.
    """
    total = 0.0
    with np.errstate(all="ignore"):
        for node, cotangent in cotangents.items():
            if isinstance(node.value, np.ndarray) and isinstance(cotangent, np.ndarray):
                moved = float(np.sum(np.abs(cotangent * node.value)))
                total += moved if np.isfinite(moved) else 0.0
    return 2.0**-53 * total


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
