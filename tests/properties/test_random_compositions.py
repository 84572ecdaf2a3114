"""Laws of the derivative on random compositions: no reference values are needed.

Forward and backward are transposes, Hessians are symmetric, the four ways to a Hessian-vector
product agree, ``vjp`` and ``jvp`` obey the chain rule and linearity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.core.op import OPS

M = np.random.default_rng(7).normal(size=(4, 4)) / 2.0
STEPS: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sin": np.sin,
    "softened": lambda x: x / (1.0 + x * x),
    "matmul": lambda x: np.tanh(x) @ M,
    "left matmul": lambda x: M[: x.shape[0], : x.shape[0]] @ np.sin(x),
    "reverse": lambda x: x[..., ::-1] * 1.5,
    "gather": lambda x: x[:, [0, 2, 2, 1]],
    "transpose": lambda x: np.tanh(x.T @ x)[: x.shape[0]] if x.shape[0] <= 4 else x,
    "row times all": lambda x: x * np.cos(x[0]),
    "normalise": lambda x: (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + 1.0),
    "softmax": lambda x: np.exp(np.tanh(x)) / np.sum(np.exp(np.tanh(x)), axis=1, keepdims=True),
    "concatenate": lambda x: np.concatenate([x[:1] * x[1:2], x[1:]], axis=0),
    "where": lambda x: np.where(M[: x.shape[0]] > 0, np.sin(x), x * x[::-1]),
    "power": lambda x: (1.0 + np.square(np.tanh(x))) ** 1.5,
    "written": lambda x: written(x),
    "scan": lambda x: scan(x),
    "inner grad": lambda x: cr.grad(lambda y: np.sum(np.sin(y) * np.tanh(x)))(x),
    "inner jvp": lambda x: cr.jvp(np.tanh, (x,), (np.sin(x),))[1],
}


def written(x: Any) -> Any:
    y = x * 1.0
    y[1:] *= np.tanh(x[:-1])
    y[:, 0] += x[:, 1]
    return y


def scan(x: Any) -> Any:
    state, rows = np.tanh(x[0]), []
    for row in x:
        state = np.tanh(state * 0.5 + row)
        rows.append(state)
    return np.stack(rows)


programs = st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=5)
seeds = st.integers(0, 10_000)
quick = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def compose(names: list[str]) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        for name in names:
            x = STEPS[name](x)
        return x

    return f


def draw(seed: int, count: int) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(3, 4)) for _ in range(count)]


def check_adjoint(names: list[str], seed: int) -> None:
    f = compose(names)
    x, t, u = draw(seed, 3)
    out, pull = cr.vjp(f, x)
    out_again, moved = cr.jvp(f, (x,), (t,))
    np.testing.assert_array_equal(out, out_again)
    u = u[: out.shape[0], : out.shape[1]]
    left, right = np.sum(u * moved), np.sum(pull(u)[0] * t)
    assert abs(left - right) <= 1e-11 * (1.0 + np.sum(np.abs(u * moved)))


@quick
@given(programs, seeds)
def test_forward_and_backward_are_transposes(names: list[str], seed: int) -> None:
    check_adjoint(names, seed)


@quick
@given(programs, seeds)
def test_the_tangent_is_the_limit_of_differences(names: list[str], seed: int) -> None:
    f = compose(names)
    x, t = draw(seed, 2)
    h = 1e-6
    expected = (f(x + h * t) - f(x - h * t)) / (2 * h)
    moved = cr.jvp(f, (x,), (t,))[1]
    np.testing.assert_allclose(moved, expected, rtol=1e-6, atol=1e-7)


@quick
@given(programs, seeds)
def test_four_ways_to_a_hessian_vector_product(names: list[str], seed: int) -> None:
    """SPEC B7: and the Hessian is symmetric, ⟨v, H w⟩ = ⟨w, H v⟩."""
    f = compose(names)
    x, v, w, u = draw(seed, 4)
    cost = lambda x: np.sum(f(x) * u[: len(f(x))])  # noqa: E731
    gradient = cr.grad(cost)
    reverse_over_reverse = cr.grad(lambda x: np.sum(gradient(x) * v))(x)
    forward_over_reverse = cr.jvp(gradient, (x,), (v,))[1]
    reverse_over_forward = cr.grad(lambda x: cr.jvp(cost, (x,), (v,))[1])(x)
    scale = 1.0 + np.max(np.abs(reverse_over_reverse))
    for other in (forward_over_reverse, reverse_over_forward, cr.hvp(cost)(x, v)):
        np.testing.assert_allclose(other, reverse_over_reverse, rtol=0, atol=1e-11 * scale)
    forward_over_forward = cr.jvp(lambda x: cr.jvp(cost, (x,), (v,))[1], (x,), (w,))[1]
    assert forward_over_forward == pytest.approx(
        float(np.sum(w * reverse_over_reverse)), rel=1e-9, abs=1e-10
    )


@quick
@given(programs, programs, seeds)
def test_the_chain_rule(first: list[str], second: list[str], seed: int) -> None:
    """The pullback of a composition is the composition of pullbacks."""
    f, g = compose(first), compose(second)
    x, u, t = draw(seed, 3)
    whole_out, whole = cr.vjp(lambda x: g(f(x)), x)
    middle, pull_f = cr.vjp(f, x)
    out, pull_g = cr.vjp(g, middle)
    np.testing.assert_allclose(out, whole_out, rtol=1e-13, atol=1e-13)
    u = u[: out.shape[0]]
    np.testing.assert_allclose(pull_f(pull_g(u)[0])[0], whole(u)[0], rtol=1e-9, atol=1e-11)
    pushed = cr.jvp(g, (middle,), (cr.jvp(f, (x,), (t,))[1],))[1]
    np.testing.assert_allclose(
        pushed, cr.jvp(lambda x: g(f(x)), (x,), (t,))[1], rtol=1e-9, atol=1e-11
    )


@quick
@given(programs, seeds)
def test_define_by_run_equals_the_transform(names: list[str], seed: int) -> None:
    f = compose(names)
    x, u = draw(seed, 2)
    leaf = cr.tensor(x, requires_grad=True)
    out = f(leaf)
    out.backward(u[: out.shape[0]])
    np.testing.assert_array_equal(leaf.grad.numpy(), cr.vjp(f, x)[1](u[: out.shape[0]])[0])


@quick
@given(programs, seeds)
def test_the_traced_gradient_equals_the_eager_one(names: list[str], seed: int) -> None:
    """What you ran is what you see: the recorded derivative has the same values."""
    f = compose(names)
    x, u = draw(seed, 2)
    cost = lambda x: np.sum(f(x) * u[: f(x).shape[0]])  # noqa: E731
    graph = cr.trace(cr.grad(cost), x)
    np.testing.assert_allclose(graph.outputs[0].value, cr.grad(cost)(x), rtol=1e-12, atol=1e-13)
    abstract = cr.trace(cr.grad(cost), cr.Abstract(x.shape))
    assert abstract.outputs[0].value == cr.Abstract(x.shape)


def test_a_wrong_transpose_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adjoint test checked: a backward rule off by a millionth fails it."""
    first, second = OPS["matmul"].rules
    wrong = lambda g, out, x, y: second(g, out, x, y) * (1 + 1e-6)  # noqa: E731
    monkeypatch.setattr(OPS["matmul"], "rules", (first, wrong))
    with pytest.raises(AssertionError):
        check_adjoint(["left matmul"], 0)


def test_a_wrong_forward_mode_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so does a nonlinear op whose tangent is computed as if it were linear."""
    monkeypatch.setattr(OPS["tanh"], "elementwise", False)
    monkeypatch.setattr(OPS["tanh"], "linear", True)
    with pytest.raises(AssertionError):
        check_adjoint(["tanh"], 0)
