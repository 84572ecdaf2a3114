"""Random programs, with views, writes in place and forks, against the naive engine.

A Hypothesis state machine holds pairs: a tensor, and an array of one-number Values that went
through the same steps. Values agree after every step, gradients of all leaves after a backward
pass at any moment (SPEC B4, and the issue's "never a silently wrong gradient").
"""

from __future__ import annotations

from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import chainrule as cr
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from chainrule.core.views import View

SHAPES = [(), (3,), (1,), (2, 3), (3, 2), (1, 3), (2, 1, 3)]
UNARY = {
    "tanh": np.tanh,
    "sin": np.sin,
    "square of tanh": lambda x: np.square(np.tanh(x)),
    "exp of tanh": lambda x: np.exp(np.tanh(x)),
    "negative": lambda x: -x,
    "half": lambda x: x * 0.5,
    "one minus": lambda x: 1.0 - x,
    "copy": lambda x: x.copy() if getattr(x, "shape", ()) else x * 1.0,
}
BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / (1.5 + y * y),
}
IN_PLACE = ["+=", "-=", "*="]
INDICES: list[Any] = [
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    slice(None, None, 2),
    Ellipsis,
    (Ellipsis, 0),
    (Ellipsis, slice(None, 1)),
    (None, Ellipsis),
    (0, Ellipsis),
    [0, 0],
    ([-1, 0],),
]
LIMIT = 1e4
"""Values stay below this; programs whose numbers explode say nothing about derivatives."""


class Pair:
    """The same quantity in the library and in the naive engine."""

    def __init__(self, tensor: Any, values: Any) -> None:
        self.tensor = tensor
        self.values = values

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape


class Programs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.leaves: list[Pair] = []
        self.pairs: list[Pair] = []
        self.steps: list[str] = []
        self.numbers = np.random.default_rng(0)

    def pick(self, index: int) -> Pair:
        return self.pairs[-1 - index % len(self.pairs)]

    def enter(self, tensor: Any, values: Any, step: str) -> None:
        if np.size(values) and np.max(np.abs(naive.data(values))) > LIMIT:
            return
        self.steps.append(step)
        self.pairs.append(Pair(tensor, values))

    @initialize()
    def begin(self) -> None:
        self.leaf((3,))
        self.leaf((2, 3))

    @rule(shape=st.sampled_from(SHAPES))
    def new_leaf(self, shape: tuple[int, ...]) -> None:
        self.leaf(shape)

    def leaf(self, shape: tuple[int, ...]) -> None:
        array = self.numbers.uniform(-1.5, 1.5, shape)
        pair = Pair(cr.tensor(array, requires_grad=True), naive.lift(array))
        self.leaves.append(pair)
        # leaves refuse writes: the program works on a copy of each
        self.pairs.append(Pair(pair.tensor * 1.0, pair.values * 1.0))
        self.steps.append(f"leaf {shape}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), name=st.sampled_from(sorted(UNARY)))
    def unary(self, i: int, name: str) -> None:
        p, f = self.pick(i), UNARY[name]
        self.enter(f(p.tensor), f(p.values), f"{name} {i}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), j=st.integers(0, 30), name=st.sampled_from([*BINARY, "max"]))
    def binary(self, i: int, j: int, name: str) -> None:
        p, q = self.pick(i), self.pick(j)
        if not broadcasts(p.shape, q.shape):
            return
        if name == "max":
            self.enter(np.maximum(p.tensor, q.tensor), naive.maximum(p.values, q.values), name)
        else:
            f = BINARY[name]
            self.enter(f(p.tensor, q.tensor), f(p.values, q.values), f"{i} {name} {j}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), axis=st.sampled_from([None, 0, -1]))
    def reduce(self, i: int, axis: int | None) -> None:
        p = self.pick(i)
        if p.shape or axis is None:
            values = np.sum(p.values, axis=axis) if p.shape else p.values
            tensor = np.sum(p.tensor, axis=axis) if p.shape else p.tensor
            self.enter(tensor, values, f"sum {i} over {axis}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), j=st.integers(0, 30))
    def matmul(self, i: int, j: int) -> None:
        p, q = self.pick(i), self.pick(j)
        if len(p.shape) == 2 and len(q.shape) in (1, 2) and p.shape[1] == q.shape[0]:
            self.enter(p.tensor @ q.tensor, p.values @ q.values, f"{i} @ {j}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), index=st.sampled_from(INDICES))
    def index(self, i: int, index: Any) -> None:
        p = self.pick(i)
        if fits(p, index):
            self.enter(p.tensor[index], p.values[index], f"{i}[{index}]")

    @precondition(lambda self: self.pairs)
    @rule(
        i=st.integers(0, 30),
        how=st.sampled_from(["T", "flat", "flat T", "column", "alias", "squeeze"]),
    )
    def view(self, i: int, how: str) -> None:
        p = self.pick(i)
        if not p.shape:
            if how == "alias":
                self.enter(p.tensor, p.values, f"alias {i}")
            return
        f = {
            "T": lambda x: x.T,
            "flat": lambda x: x.reshape(-1),
            "flat T": lambda x: x.T.reshape(-1),
            "column": lambda x: x.reshape(-1, 1),
            "alias": lambda x: x,
            "squeeze": lambda x: x.squeeze(),
        }[how]
        self.enter(f(p.tensor), f(p.values), f"{how} of {i}")

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), j=st.integers(0, 30), how=st.sampled_from(IN_PLACE))
    def in_place(self, i: int, j: int, how: str) -> None:
        p, q = self.pick(i), self.pick(j)
        if not broadcasts(p.shape, q.shape) or np.broadcast_shapes(p.shape, q.shape) != p.shape:
            return
        new = {"+=": p.values + q.values, "-=": p.values - q.values, "*=": p.values * q.values}[how]
        if np.size(new) and np.max(np.abs(naive.data(new))) > LIMIT:
            return
        self.steps.append(f"{i} {how} {j}")
        # as a program would: a, b = names[i], names[j]; a += b; names[i] = a
        tensor, values = p.tensor, p.values
        if how == "+=":
            tensor += q.tensor
            values += q.values
        elif how == "-=":
            tensor -= q.tensor
            values -= q.values
        else:
            tensor *= q.tensor
            values *= q.values
        p.tensor, p.values = tensor, values

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), j=st.integers(0, 30), index=st.sampled_from(INDICES))
    def write(self, i: int, j: int, index: Any) -> None:
        p, q = self.pick(i), self.pick(j)
        if not isinstance(p.values, np.ndarray) or not fits(p, index):
            return
        target = np.shape(p.values[index])
        if not broadcasts(target, q.shape) or np.broadcast_shapes(target, q.shape) != target:
            return
        self.steps.append(f"{i}[{index}] = {j}")
        p.tensor[index] = q.tensor
        # an array of no axes would be stored as an object; its element is meant
        p.values[index] = q.values if np.ndim(q.values) else np.asarray(q.values, object)[()]

    @precondition(lambda self: self.pairs)
    @rule(i=st.integers(0, 30), number=st.sampled_from([0.0, 1.0, -0.25]))
    def overwrite(self, i: int, number: float) -> None:
        p = self.pick(i)
        if len(p.shape) and p.shape[0]:
            self.steps.append(f"{i}[0] = {number}")
            p.tensor[0] = number
            p.values[0] = (
                naive.Value(number)
                if len(p.shape) == 1
                else naive.lift(np.full(p.shape[1:], number))
            )

    @invariant()
    def values_agree(self) -> None:
        for place, pair in enumerate(self.pairs):
            expected = naive.data(pair.values)
            found = pair.tensor.detach().numpy()
            assert found.shape == expected.shape, (place, self.steps)
            np.testing.assert_allclose(
                found, expected, rtol=1e-10, atol=1e-12, err_msg=f"{place}: {self.steps}"
            )

    @precondition(lambda self: self.pairs)
    @rule()
    def gradients_agree(self) -> None:
        """Backward through a mixture of all that is alive."""
        total_t: Any = 0.0
        total_v: Any = naive.Value(0.0)
        for place, pair in enumerate(self.pairs[-6:]):
            weight = 0.3 + 0.2 * place
            total_t = total_t + np.sum(np.sin(pair.tensor)) * weight
            total_v = total_v + np.sum(np.sin(np.asarray(pair.values, object))) * weight
        if not getattr(total_t, "requires_grad", False):
            return
        for pair in self.leaves:
            pair.tensor.grad = None
            for v in np.asarray(pair.values, object).flat:
                v.grad = 0.0
        total_t.backward()
        naive.backward(total_v)
        for place, pair in enumerate(self.leaves):
            expected = naive.grad(pair.values)
            found = pair.tensor.grad
            found = np.zeros_like(expected) if found is None else found.numpy()
            scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
            np.testing.assert_allclose(
                found, expected, rtol=1e-9, atol=1e-10 * scale, err_msg=f"{place}: {self.steps}"
            )

    def teardown(self) -> None:
        if self.pairs:
            self.gradients_agree()


def broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def fits(pair: Pair, index: Any) -> bool:
    if not isinstance(pair.values, np.ndarray):
        return False
    try:
        return np.size(pair.values[index]) > 0
    except IndexError:
        return False


SETTINGS = settings(
    max_examples=300,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_random_programs_agree_with_the_naive_engine() -> None:
    run_state_machine_as_test(Programs, settings=SETTINGS)


def forgets_its_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tensor, "_add_view", lambda self, view, read, write: None)


def copies_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    def follow(self: Tensor, view: Tensor, read: Any, write: Any) -> None:
        self._follow(view, View(self, read, write))

    monkeypatch.setattr(Tensor, "_add_view", follow)


def writes_leave_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    def hold(self: Tensor, new: Tensor) -> None:
        self._value = new._value

    monkeypatch.setattr(Tensor, "_hold", hold)


def scalars_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tensor, "_is_scalar", lambda self: False)


def a_rule_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = OPS["multiply"].rules
    wrong = lambda g, out, x, y: first(g, out, x, y) * (1 + 1e-6)  # noqa: E731
    monkeypatch.setattr(OPS["multiply"], "rules", (wrong, second))


def an_index_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of ``x[[0, 0]]`` without adding: the last one counts."""

    def scatter(g: Any, shape: tuple[int, ...], index: Any) -> Any:
        zeros = np.zeros(shape, g.dtype)
        zeros[index] = g
        return zeros

    monkeypatch.setattr(OPS["scatter_add"], "forward", scatter)


@pytest.mark.parametrize(
    "fault",
    [
        forgets_its_base,
        copies_follow,
        writes_leave_the_graph,
        scalars_change,
        a_rule_is_off,
        an_index_is_read_twice,
    ],
)
def test_the_machine_finds_faults(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker checked: with a fault put into the engine, a program that shows it is found."""
    fault(monkeypatch)
    first_failure = settings(
        SETTINGS, phases=[Phase.generate], print_blob=False, report_multiple_bugs=False
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Programs, settings=first_failure)
