"""Transforms within transforms: every pair and triple of them, and perturbation confusion.

SPEC B7: the gradient of a chain is itself a function that can be differentiated again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def by_vjp(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: cr.vjp(f, x)[1](1.0)[0]


def by_jvp(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: cr.jvp(f, (x,), (1.0,))[1]


def by_backward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The define-by-run form, made differentiable again with ``create_graph``."""

    def derivative(x: Any) -> Any:
        leaf = x * 1.0 if isinstance(x, cr.Tensor) else cr.tensor(x, requires_grad=True)
        if isinstance(x, cr.Tensor):
            leaf.retain_grad()
        out = f(leaf)
        leaf.grad = None  # an inner backward leaves its gradient here too
        out.backward(create_graph=True)
        return leaf.grad

    return derivative


def by_value_and_grad(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: cr.value_and_grad(f)(x)[1]


WAYS: dict[str, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]] = {
    "grad": cr.grad,
    "value_and_grad": by_value_and_grad,
    "jacobian": cr.jacobian,
    "elementwise_grad": cr.elementwise_grad,
    "vjp": by_vjp,
    "jvp": by_jvp,
    "backward": by_backward,
}
"""Each gives the derivative of a scalar function of a scalar."""


def quartic(x: Any) -> Any:
    return x**4 + np.sin(2.0 * x)


def derivative_of_quartic(order: int, x: float) -> float:
    power = {1: 4 * x**3, 2: 12 * x**2, 3: 24 * x}[order]
    wave = {1: 2 * np.cos(2 * x), 2: -4 * np.sin(2 * x), 3: -8 * np.cos(2 * x)}[order]
    return power + wave


@pytest.mark.parametrize("ways", list(itertools.product(WAYS, repeat=2)), ids="-of-".join)
def test_second_derivative_by_every_pair(ways: tuple[str, ...]) -> None:
    f = quartic
    for way in reversed(ways):
        f = WAYS[way](f)
    out = f(0.7)
    value = out.item() if isinstance(out, cr.Tensor) else out
    assert value == pytest.approx(derivative_of_quartic(2, 0.7), rel=1e-13)
    if "backward" not in ways:
        assert isinstance(out, float), f"a float came back as {type(out).__name__}"


@pytest.mark.parametrize(
    "ways",
    list(itertools.product(["grad", "jvp", "vjp", "jacobian"], repeat=3)),
    ids="-of-".join,
)
def test_third_derivative_by_every_triple(ways: tuple[str, ...]) -> None:
    f = quartic
    for way in reversed(ways):
        f = WAYS[way](f)
    assert f(0.7) == pytest.approx(derivative_of_quartic(3, 0.7), rel=1e-12)


@pytest.mark.parametrize("outer", [w for w in WAYS if w != "backward"])
@pytest.mark.parametrize("inner", [w for w in WAYS if w != "backward"])
def test_no_perturbation_confusion(outer: str, inner: str) -> None:
    """d/dx [x · d/dy (x + y)] = 1: the inner derivative does not see the outer x as its own."""
    f = WAYS[outer](lambda x: x * WAYS[inner](lambda y: x + y)(2.0))
    assert f(5.0) == 1.0


@pytest.mark.parametrize("outer", [w for w in WAYS if w != "backward"])
@pytest.mark.parametrize("inner", [w for w in WAYS if w != "backward"])
def test_inner_derivative_that_depends_on_the_outer_variable(outer: str, inner: str) -> None:
    """d/dx [x · d/dy (x y²)] at y = 3 is d/dx 6x² = 12x; and where both are the same point."""
    f = WAYS[outer](lambda x: x * WAYS[inner](lambda y: x * y**2)(3.0))
    assert f(5.0) == pytest.approx(60.0)
    g = WAYS[outer](lambda x: WAYS[inner](lambda y: x * y**2)(x))
    assert g(5.0) == pytest.approx(4 * 5.0)  # d/dx 2x²


def test_three_levels_of_closures() -> None:
    """∂/∂x ∂/∂y ∂/∂z of x y² z³ + x y z, inner functions closing over the outer variables."""

    def f(x: Any) -> Any:
        return cr.grad(
            lambda y: cr.grad(lambda z: x * y**2 * z**3 + x * y * z + z * z)(2.0) + x * y
        )(3.0)

    # ∂z: 3 x y² z² + x y + 2z ; ∂y: 6 x y z² + x ; + x ; ∂x at y=3, z=2: 72 + 1 + 1
    assert cr.grad(f)(7.0) == pytest.approx(74.0)
    assert cr.jvp(f, (7.0,), (1.0,))[1] == pytest.approx(74.0)


def test_derivative_in_the_direction() -> None:
    """Derivatives in tangents and cotangents, which are linear, come back as plain numbers."""
    x = np.array([0.3, -0.8])
    J = np.diag(np.cos(x))
    v = np.array([1.0, 2.0])
    g = cr.grad(lambda v: np.sum(cr.jvp(np.sin, (x,), (v,))[1] * v))(v)
    assert isinstance(g, np.ndarray)
    np.testing.assert_allclose(g, 2 * J @ v)
    pull = cr.vjp(np.sin, x)[1]
    g = cr.grad(lambda u: np.sum(pull(u)[0] ** 2))(v)
    assert isinstance(g, np.ndarray)
    np.testing.assert_allclose(g, 2 * J @ J @ v)
    t = cr.jvp(lambda u: pull(u)[0], (v,), (np.ones(2),))[1]
    assert isinstance(t, np.ndarray)
    np.testing.assert_allclose(t, J @ np.ones(2))
    np.testing.assert_allclose(cr.jacobian(lambda u: pull(u)[0])(v), J)


def test_forward_mode_by_two_pullbacks() -> None:
    """The transpose of the transpose: d/du ⟨pull(u), t⟩ = J t."""

    def f(x: Any) -> Any:
        return np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) @ np.tanh(x)

    x, t = np.array([0.2, -0.4]), np.array([1.0, -3.0])
    pull = cr.vjp(f, x)[1]
    transposed = cr.vjp(lambda u: pull(u)[0], np.zeros(3))[1]
    np.testing.assert_allclose(transposed(t)[0], cr.jvp(f, (x,), (t,))[1], rtol=1e-14)


def test_second_derivative_through_pullback_with_outer_cotangent() -> None:
    """Both the primal and the cotangent carry the outer variable."""
    f = cr.grad(lambda s: cr.vjp(lambda x: x**3, s)[1](s**2)[0])
    assert f(2.0) == pytest.approx(4 * 3 * 2.0**3)  # s² · 3s² = 3s⁴
    f = cr.grad(lambda s: cr.jvp(lambda x: x**3, (s,), (s**2,))[1])
    assert f(2.0) == pytest.approx(12 * 2.0**3)


def test_hessian_of_hvp_and_jacobian_of_hessian() -> None:
    x = np.array([0.5, 1.5])
    third = cr.jacobian(cr.hessian(lambda x: x[0] ** 3 * x[1] ** 2))(x)
    assert third.shape == (2, 2, 2)
    assert third[0, 0, 0] == pytest.approx(6 * 1.5**2)
    assert third[0, 1, 1] == third[1, 0, 1] == pytest.approx(6 * 0.25)
    fourth = cr.hessian(lambda x: cr.hvp(lambda y: np.sum(y**4))(x, x) @ x)(x)
    np.testing.assert_allclose(fourth, np.diag(12 * 12 * x**2))


def test_jvp_of_jvp_of_grad_on_arrays() -> None:
    x = np.array([0.5, 1.5, -0.5])
    a, b = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 2.0])
    g = cr.grad(lambda x: np.sum(x**4))
    once = lambda x: cr.jvp(g, (x,), (a,))[1]  # noqa: E731
    np.testing.assert_allclose(cr.jvp(once, (x,), (b,))[1], 24 * x * a * b)


def test_a_leaf_of_define_by_run_under_two_transforms() -> None:
    """A requires_grad leaf inside a Hessian inside a loss: third derivatives arrive in .grad."""
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    curvature = cr.hessian(lambda x: np.sum(w * x**3))(np.array([0.5, -1.0]))
    np.testing.assert_allclose(curvature.detach().numpy(), np.diag([3.0, -12.0]))
    curvature.sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), [3.0, -6.0])


def test_gradient_penalty_in_the_define_by_run_style() -> None:
    """Double backward: the norm of a gradient is trained on (as in Wasserstein critics)."""
    w = cr.tensor([0.5, -1.5], requires_grad=True)
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    out = np.tanh(w @ x)
    out.backward(create_graph=True)
    penalty = (x.grad**2).sum()
    w.grad = None
    penalty.backward()

    def reference(w: Any) -> Any:
        return np.sum(cr.grad(lambda x: np.tanh(w @ x))(np.array([1.0, 2.0])) ** 2)

    h = 1e-6
    expected = [
        (reference(np.array([0.5, -1.5]) + h * e) - reference(np.array([0.5, -1.5]) - h * e))
        / (2 * h)
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-7)


def test_inner_gradient_that_is_not_used_or_constant() -> None:
    assert cr.grad(lambda x: cr.grad(lambda y: y * 3.0)(x))(2.0) == 0.0
    assert cr.grad(lambda x: x + 0.0 * cr.grad(lambda y: 1.0)(x))(2.0) == 1.0
    assert cr.hessian(lambda x: 2.0 * x)(1.0) == 0.0
    np.testing.assert_array_equal(cr.hessian(lambda x: np.sum(x))(np.ones(2)), np.zeros((2, 2)))


def test_stopped_outer_variable_inside_an_inner_derivative() -> None:
    f = cr.grad(lambda x: cr.grad(lambda y: cr.stop_gradient(x) * y * y)(x))
    assert f(3.0) == 6.0  # 2 · stop(x) · x


def test_nested_gradients_do_not_share_handles() -> None:
    """Writing to one result of an inner transform leaves the others alone."""

    def f(x: Any) -> Any:
        gx, gy = cr.grad(lambda a, b: np.sum((a + b) * x), (0, 1))(x, x * 2.0)
        gx *= 3.0
        return np.sum(gx + gy)

    np.testing.assert_array_equal(cr.grad(f)(np.array([1.0, 2.0])), [4.0, 4.0])
