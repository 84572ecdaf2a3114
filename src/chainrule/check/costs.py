"""Where the cost comes from when the code computes only its derivative.

The book's network has ``cost_derivative(output_activations, y)`` and no cost at all. Then the cost
is a function of the output activation ``a`` and the target ``y``: given by the user, or inferred. The
output activation is found in the run itself, so that every value before it has a true derivative.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .examine import Examination, NotCheckable
from .instrument import Instrumented
from .leaves import follow
from .program import CostReader
from .recorder import Event, Recorder
from .signatures import required_parameters
from .single_function import SingleFunction

__all__ = ["supply_cost"]

_TARGETS = (
    "y",
    "target",
    "targets",
    "labels",
    "label",
    "t",
    "ytrue",
    "yt",
    "desired",
    "expected",
    "truth",
)
_FORWARD = (
    "feedforward",
    "forward",
    "feed_forward",
    "forward_pass",
    "predict",
    "__call__",
    "output",
)
_OUTPUTS = (
    "a",
    "output",
    "out",
    "yhat",
    "pred",
    "probs",
    "activation",
    "activations",
    "p",
    "predictions",
)


def _bernoulli(a: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    return -(y * np.log(a) + (1 - y) * np.log(1 - a))


#: Costs that a derivative of the form ``a − y`` can belong to; the last axis or the first is the batch.
_FAMILIES: list[tuple[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]]] = [
    ("½‖a − y‖²", lambda a, y: 0.5 * (a - y) ** 2),
    ("‖a − y‖²", lambda a, y: (a - y) ** 2),
    ("the cross-entropy −Σ y ln a + (1 − y) ln(1 − a)", _bernoulli),
    ("the cross-entropy −Σ y ln a", lambda a, y: -y * np.log(a)),
]


def supply_cost(
    program: SingleFunction,
    recorder: Recorder,
    code: Instrumented | None,
    exam: Examination,
    cost: Callable[..., Any] | None,
) -> list[str]:
    """Give the program a cost; returns what has to be said about it.

    Raises
    ------
    NotCheckable
        If the output activation or the target cannot be found.
    """
    if cost is not None and len(required_parameters(cost, inspect.ismethod(cost))) != 2:
        arguments = cost
        program.external = lambda root: float(arguments(*root[1], **root[2]))
        return []
    if code is None:
        raise NotCheckable("the cost is not computed by the code, and its source is not to be had")
    target = _target(program)
    if target is None:
        raise NotCheckable(
            "the code returns no cost, and none of its arguments is named like a target (y): it"
            " cannot be inferred; return the cost along with the gradients"
        )
    y = np.asarray(program.root[1][target], dtype=np.float64)
    places = _outputs(program, recorder, code, y)
    if not places:
        raise NotCheckable(
            f"no value of the run has the shape of the target {y.shape}: the output activation"
            " was not found; return the cost along with the gradients"
        )
    if cost is not None:
        program.external = _Reader(program, recorder, places[0], target, cost)
        return []
    return _infer(program, recorder, code, exam, places, target, y)


def _target(program: SingleFunction) -> int | None:
    names = program.parameters[: len(program.root[1])]
    for wanted in _TARGETS:
        for i, name in enumerate(names):
            if name.replace("_", "").lower() == wanted and isinstance(
                program.root[1][i], (np.ndarray, float)
            ):
                return i
    arrays = [i for i, v in enumerate(program.root[1]) if isinstance(v, np.ndarray)]
    return arrays[-1] if len(arrays) == 2 else None


def _outputs(
    program: SingleFunction, recorder: Recorder, code: Instrumented, y: NDArray[Any]
) -> list[Event]:
    """Executed statements whose value could be the output activation, the likeliest first."""
    recorder.reset()
    recorder.events = []
    program.run()
    events = recorder.events
    recorder.events = None
    fitting = [
        e
        for e in events
        if isinstance(e.value, (np.ndarray, float))
        and np.shape(e.value) == y.shape
        and code.sites[e.site].kind in ("assign", "return", "update", "argument")
    ]
    known = _by_method(program, y)
    if known is not None:
        exact = [e for e in fitting if np.array_equal(e.value, known)]
        if exact:
            return exact[:1]
    compared = _compared_with(code, program.parameters[_target(program) or 0])
    named = [e for e in fitting if code.sites[e.site].name in compared]
    usual = [e for e in fitting if _stem(code.sites[e.site].name) in _OUTPUTS]
    ordered = [*named[-1:], *usual[-1:], *fitting]
    return list({(e.site, e.pass_): e for e in ordered}.values())[:8]


def _stem(name: str) -> str:
    return name.split("[")[0].split(".")[-1].rstrip("0123456789").replace("_", "").lower()


def _by_method(program: SingleFunction, y: NDArray[Any]) -> NDArray[Any] | None:
    """The result of the instance's own forward pass."""
    owner = program.fresh()[0]
    for name in _FORWARD:
        method = getattr(owner, name, None) if owner is not None else None
        if method is None or not inspect.ismethod(method):
            continue
        try:
            a = method(program.fresh()[1][0])
        except Exception:
            continue
        if isinstance(a, np.ndarray) and a.shape == y.shape:
            return a
    return None


def _compared_with(code: Instrumented, y: str) -> set[str]:
    """What the source subtracts the target from, or calls a function on together with it."""
    found: set[str] = set()
    for site in code.sites:
        for node in ast.walk(site.expr):
            sides: list[ast.expr] = []
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
                sides = [node.left, node.right]
            elif isinstance(node, ast.Call) and len(node.args) == 2:
                sides = list(node.args)
            if any(isinstance(s, ast.Name) and s.id == y for s in sides):
                found |= {ast.unparse(s) for s in sides if ast.unparse(s) != y}
    return found


class _Reader(CostReader):
    """Runs the code, reads the output activation on the way, and applies `formula` to it."""

    def __init__(
        self,
        program: SingleFunction,
        recorder: Recorder,
        place: Event,
        target: int,
        cost: Callable[[Any, Any], Any],
    ) -> None:
        self.program = program
        self.recorder = recorder
        self.place = (place.site, place.pass_)
        self.target = (("item", 1), ("item", target))
        self.cost = cost

    def formula(self, output: Any, root: list[Any]) -> Any:
        return self.cost(output, np.array(follow(self.program.root, self.target), dtype=np.float64))

    def __call__(self, root: list[Any]) -> float:
        program, recorder = self.program, self.recorder
        site, wanted = self.place
        seen: list[Any] = []
        earlier = recorder.changes.get(site)

        def keep(value: Any, pass_: int) -> Any:
            if earlier is not None:
                value = earlier(value, pass_)
            if pass_ == wanted:
                seen.append(np.array(value, dtype=np.float64))
            return value

        events, recorder.events = recorder.events, None
        scopes, recorder.scopes = recorder.scopes, None
        recorder.changes = {**recorder.changes, site: keep}
        recorder.begin()
        owner, args, kwargs = root
        y = np.array(follow(root, self.target), dtype=np.float64)
        try:
            if owner is not None:
                program.function(owner, *args, **kwargs)
            else:
                program.function(*args, **kwargs)
        finally:
            if earlier is None:
                recorder.changes = {k: v for k, v in recorder.changes.items() if k != site}
            else:
                recorder.changes = {**recorder.changes, site: earlier}
            recorder.events, recorder.scopes = events, scopes
            recorder.begin()
        return float(np.asarray(self.cost(seen[0], y))) if seen else float("nan")


def _infer(
    program: SingleFunction,
    recorder: Recorder,
    code: Instrumented,
    exam: Examination,
    places: list[Event],
    target: int,
    y: NDArray[Any],
) -> list[str]:
    """Choose the cost whose gradient agrees with most of what the code returns."""
    batches = sorted({1, *[s for s in y.shape if s > 1]})
    families = _FAMILIES
    slope = _derivative_function(program, code)
    best: tuple[int, str, Callable[[list[Any]], float]] | None = None
    for place in places[:4]:
        a = np.asarray(place.value, dtype=np.float64)
        if slope is not None:
            families = [f for f in _FAMILIES if _has_slope(f[1], slope, a, y)] or _FAMILIES[:1]
        for words, family in families:
            for count in batches:
                external = _Reader(program, recorder, place, target, _total(family, count))
                program.external = external
                hits = _agreement(program, exam)
                said = words if count == 1 else f"{words}, divided by {count}"
                if best is None or hits > best[0]:
                    best = (hits, said, external)
    assert best is not None
    program.external = best[2]
    return [
        f"the code computes no cost; inferred from its output error: {best[1]} (give another as cost=)"
    ]


def _total(family: Callable[[Any, Any], Any], count: int) -> Callable[[Any, Any], Any]:
    return lambda a, y: np.sum(family(a, y)) / count


def _derivative_function(program: SingleFunction, code: Instrumented) -> Callable[..., Any] | None:
    """``cost_derivative`` and its kin: the code's own word on ∇_a C."""
    del code
    owner = program.fresh()[0]
    holders = [owner] if owner is not None else []
    for holder in holders:
        for name in dir(holder):
            plain = name.lower()
            if any(w in plain for w in ("cost", "loss")) and any(
                w in plain for w in ("deriv", "prime", "grad")
            ):
                method = getattr(holder, name)
                if callable(method):
                    return method
    return None


def _has_slope(
    family: Callable[[Any, Any], Any], slope: Callable[..., Any], a: NDArray[Any], y: NDArray[Any]
) -> bool:
    step = 1e-6
    with np.errstate(all="ignore"):
        numerical = (family(a + step, y) - family(a - step, y)) / (2 * step)
        try:
            claimed = np.asarray(slope(a, y))
        except Exception:
            return False
    if claimed.shape != numerical.shape:
        return False
    # Up to the sign and the batch size: those are the code's to get wrong.
    weight = float(np.sum(numerical * numerical))
    ratio = float(np.sum(claimed * numerical)) / weight if weight else 0.0
    return (
        ratio > 0
        and bool(np.allclose(claimed, ratio * numerical, rtol=1e-4))
        and (abs(ratio - 1) < 1e-4 or 1 / ratio - round(1 / ratio) < 1e-3)
    )


def _agreement(program: SingleFunction, exam: Examination) -> int:
    """How many gradients are right under the present cost, along one direction each."""
    base = program.run()
    if base.error is not None or base.cost is None or not np.isfinite(base.cost):
        return -1
    trial = Examination(program, exam.tolerance, 1.0, exam.gradient_of, exam.seed)
    try:
        trial.prepare(base)
    except NotCheckable:
        return -1
    return sum(c.verdict == "right" for c in trial.compare(base))
