"""``custom_vjp`` and ``checkpoint``: derivatives by hand, and recomputation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, GradientError

X = np.array([0.5, -1.0, 2.0])


def cube_with(factor: float) -> Any:
    """x³ whose hand-written derivative is wrong by ``factor``: it shows that it was used."""

    @cr.custom_vjp
    def cube(x: Any) -> Any:
        return x**3

    def forward(x: Any) -> Any:
        return x**3, x

    def backward(x: Any, g: Any) -> Any:
        return (factor * g * 3 * x**2,)

    cube.defvjp(forward, backward)
    return cube


def test_the_given_derivative_is_used() -> None:
    cube = cube_with(10.0)
    np.testing.assert_allclose(cr.grad(lambda x: np.sum(cube(x)))(X), 30 * X**2)
    np.testing.assert_allclose(cr.jvp(cube, (X,), (X,))[1], 30 * X**3)
    leaf = cr.tensor(X, requires_grad=True)
    cube(leaf).sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), 30 * X**2)
    np.testing.assert_array_equal(cube(X), X**3)


def test_higher_derivatives_are_those_of_the_backward_function() -> None:
    """SPEC B7: in every combination of modes."""
    cube = cube_with(10.0)
    cost = lambda x: np.sum(cube(x))  # noqa: E731
    np.testing.assert_allclose(cr.hessian(cost)(X), np.diag(60 * X))
    np.testing.assert_allclose(cr.hvp(cost)(X, np.ones(3)), 60 * X)
    assert cr.grad(cr.grad(cr.grad(cube)))(2.0) == 60.0
    assert cr.grad(lambda x: cr.jvp(cube, (x,), (1.0,))[1])(2.0) == 120.0
    assert cr.jvp(lambda x: cr.jvp(cube, (x,), (1.0,))[1], (2.0,), (1.0,))[1] == 120.0


def test_several_arguments_outputs_and_containers() -> None:
    @cr.custom_vjp
    def f(p: Any, scale: Any, mode: str) -> Any:
        return {"sum": p["a"] + p["b"], "product": p["a"] * p["b"] * scale}

    def forward(p: Any, scale: Any, mode: str) -> Any:
        assert mode == "plain"
        return f._function(p, scale, mode), (p, scale)

    def backward(kept: Any, g: Any) -> Any:
        p, scale = kept
        return (
            {
                "a": g["sum"] + g["product"] * p["b"] * scale,
                "b": g["sum"] + g["product"] * p["a"] * scale,
            },
            np.sum(g["product"] * p["a"] * p["b"]),
            None,
        )

    f.defvjp(forward, backward)

    def cost(f: Any, p: Any, scale: Any) -> Any:
        out = f(p, scale, "plain")
        return np.sum(out["sum"] ** 2) + np.sum(np.sin(out["product"]))

    p = {"a": X, "b": X[::-1].copy()}
    found = cr.grad(lambda p, s: cost(f, p, s), (0, 1))(p, 1.5)
    expected = cr.grad(lambda p, s: cost(f._function, p, s), (0, 1))(p, 1.5)
    for key in "ab":
        np.testing.assert_allclose(found[0][key], expected[0][key], rtol=1e-13)
    assert found[1] == pytest.approx(expected[1], rel=1e-13)
    second = cr.hessian(lambda s: cost(f, p, s))(1.5)
    assert second == pytest.approx(cr.hessian(lambda s: cost(f._function, p, s))(1.5), rel=1e-12)


def test_mistakes_in_a_hand_written_derivative_are_named() -> None:
    @cr.custom_vjp
    def f(x: Any, y: Any) -> Any:
        return x * y

    with pytest.raises(ArgumentError, match="defvjp"):
        cr.grad(f)(1.0, 2.0)
    forward = lambda x, y: (x * y, (x, y))  # noqa: E731
    f.defvjp(forward, lambda kept, g: (g * kept[1],))
    with pytest.raises(GradientError, match=r"each of its 2 arguments.*returned 1"):
        cr.grad(f)(1.0, 2.0)
    f.defvjp(forward, lambda kept, g: (g * np.ones(2), None))
    with pytest.raises(GradientError, match=r"shape \(2,\) for argument 0, which has shape \(\)"):
        cr.grad(f)(1.0, 2.0)


def test_a_tensor_from_outside_is_refused() -> None:
    """Its gradient would be zero without a word."""
    w = cr.tensor(2.0, requires_grad=True)

    @cr.custom_vjp
    def f(x: Any) -> Any:
        return x * w

    f.defvjp(lambda x: (x * w, None), lambda _, g: (g * w,))
    with pytest.raises(GradientError, match="without taking it as an argument"):
        f(cr.tensor(3.0, requires_grad=True))
    with pytest.raises(GradientError, match="without taking it as an argument"):
        cr.grad(lambda v: cr.grad(lambda x: nested(x, v))(1.0))(2.0)


def nested(x: Any, v: Any) -> Any:
    g = cr.custom_vjp(lambda x: x * v)
    g.defvjp(lambda x: (x * v, None), lambda _, g: (g * 2.0,))
    return g(x)


def test_without_gradients_the_function_itself_runs() -> None:
    calls = []

    @cr.custom_vjp
    def f(x: Any) -> Any:
        calls.append("function")
        return x * 2.0

    f.defvjp(lambda x: (calls.append("forward"), (x * 2.0, None))[1], lambda _, g: (g * 2.0,))
    assert f(3.0) == 6.0
    with cr.no_grad():
        f(cr.tensor(1.0, requires_grad=True))
    assert calls == ["function", "function"]
    assert cr.grad(f)(3.0) == 2.0
    assert calls[2:] == ["forward"]


def test_a_custom_derivative_under_two_uses_and_repeated_pulls() -> None:
    """SPEC B4: forks through a hand-written gate; a pullback called with different cotangents."""
    cube = cube_with(1.0)
    out, pull = cr.vjp(lambda x: cube(x) + x * cube(x * 2.0), X)
    np.testing.assert_allclose(out, X**3 + 8 * X**4)
    for u in (np.ones(3), X, np.ones(3)):
        np.testing.assert_allclose(pull(u)[0], u * (3 * X**2 + 32 * X**3))


# ---- checkpoint


def block(x: Any) -> Any:
    for _ in range(3):
        x = np.tanh(x * 1.5) + 0.1 * x
    return x


def test_a_checkpointed_function_has_the_same_derivatives() -> None:
    light = cr.checkpoint(block)
    cost, plain = (lambda x: np.sum(light(x) ** 2)), (lambda x: np.sum(block(x) ** 2))
    np.testing.assert_allclose(cr.grad(cost)(X), cr.grad(plain)(X), rtol=1e-14)
    np.testing.assert_allclose(cr.hessian(cost)(X), cr.hessian(plain)(X), rtol=1e-12)
    np.testing.assert_allclose(
        cr.jvp(light, (X,), (X,))[1], cr.jvp(block, (X,), (X,))[1], rtol=1e-13
    )
    graph = cr.trace(cr.grad(cost), X)
    np.testing.assert_allclose(graph.outputs[0].value, cr.grad(plain)(X), rtol=1e-14)


def test_intermediates_are_not_kept() -> None:
    x = cr.tensor(X, requires_grad=True)
    ops = lambda t: {node.op.name for node in ancestors_of(t)}  # noqa: E731
    assert "tanh" in ops(block(x))
    assert "tanh" not in ops(cr.checkpoint(block)(x))


def ancestors_of(t: Any) -> Any:
    from chainrule.core.graph import ancestors

    return ancestors([t._node])


def test_gradients_reach_tensors_from_outside() -> None:
    w = cr.tensor([2.0, 3.0, 4.0], requires_grad=True)
    x = cr.tensor(X, requires_grad=True)
    scaled = w * 2.0
    light = cr.checkpoint(lambda x: np.sin(w * x) + scaled)
    (light(x) * x).sum().backward()
    v, u = np.array([2.0, 3.0, 4.0]), np.cos(np.array([2.0, 3.0, 4.0]) * X)
    np.testing.assert_allclose(w.grad.numpy(), u * X * X + 2 * X)
    np.testing.assert_allclose(x.grad.numpy(), u * v * X + np.sin(v * X) + 2 * v)


def test_another_result_in_the_second_run_is_an_error() -> None:
    """Random numbers, or a parameter changed in between: the gradient would be of another value."""
    rng = np.random.default_rng(0)
    x = cr.tensor(X, requires_grad=True)
    noisy = cr.checkpoint(lambda x: x * rng.normal(size=3))(x)
    with pytest.raises(GradientError, match="another result"):
        noisy.sum().backward()
    w = cr.tensor([1.0, 1.0, 1.0], requires_grad=True)
    out = cr.checkpoint(lambda x: x * w)(x)
    with cr.no_grad():
        w *= 2.0
    with pytest.raises(GradientError, match="changed after the forward pass"):
        out.sum().backward()


def test_a_function_that_writes_to_its_argument_is_refused() -> None:
    def writes(x: Any) -> Any:
        x *= 2.0
        return np.sin(x)

    with pytest.raises(GradientError, match="writes to its argument"):
        cr.grad(lambda x: np.sum(cr.checkpoint(writes)(x * 1.0)))(X)


def test_nested_checkpoints_and_containers() -> None:
    inner = cr.checkpoint(lambda x: np.tanh(x) * x)
    outer = cr.checkpoint(lambda p: [inner(p["a"]) + p["b"], inner(p["b"] * 2.0)])

    def cost(f: Any) -> Any:
        return lambda p: sum(np.sum(part**2) for part in f(p))

    plain = lambda p: [np.tanh(p["a"]) * p["a"] + p["b"], np.tanh(p["b"] * 2) * p["b"] * 2]  # noqa: E731
    p = {"a": X, "b": X * 0.5}
    found, expected = cr.grad(cost(outer))(p), cr.grad(cost(plain))(p)
    for key in "ab":
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-12)
