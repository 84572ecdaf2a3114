"""SPEC B1-B8 and the worked examples W2, W3, W4, with the exact values of the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError


def approx(expected: Any) -> Any:
    """Equal to the twelve digits of the contract."""
    return pytest.approx(expected, abs=6e-13, rel=6e-13)


# ---- W2


def test_w2_product_of_a_sum() -> None:
    """SPEC W2: f = (x + y) z at (-2, 5, -4): q = 3, f = -12, gradients (-4, -4, 3)."""

    def f(x: Any, y: Any, z: Any) -> Any:
        q = x + y
        f = q * z
        return f  # noqa: RET504

    assert cr.value_and_grad(f, (0, 1, 2))(-2.0, 5.0, -4.0) == (-12.0, (-4.0, -4.0, 3.0))
    graph = cr.trace(f, -2.0, 5.0, -4.0)
    assert graph["q"].value == 3.0
    assert graph["f"].value == -12.0
    gradients = graph.gradients()
    assert {k: float(v) for k, v in gradients.items()} == {
        "f": 1.0,
        "q": -4.0,
        "z": 3.0,
        "x": -4.0,
        "y": -4.0,
    }


# ---- W3


def neuron(w: Any, x: Any) -> Any:
    dot = w[0] * x[0] + w[1] * x[1] + w[2]
    f = 1.0 / (1.0 + np.exp(-dot))
    return f  # noqa: RET504


W, X = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])


def test_w3_sigmoid_neuron() -> None:
    """SPEC W3: value, ∂f/∂dot, ∂f/∂x, ∂f/∂w."""
    value, (dw, dx) = cr.value_and_grad(neuron, (0, 1))(W, X)
    assert value == approx(0.731058578630)
    np.testing.assert_allclose(dx, [0.393223866483, -0.589835799724], atol=6e-13)
    np.testing.assert_allclose(dw, [-0.196611933241, -0.393223866483, 0.196611933241], atol=6e-13)
    graph = cr.trace(neuron, W, X)
    assert graph["dot"].value == 1.0
    assert graph.gradients()["dot"] == approx(0.196611933241)
    assert graph["f"].value == approx(0.731058578630)


def test_w3_by_backward_and_by_hand() -> None:
    """SPEC W3, staged: (1 - f) f backs through the neuron."""
    w, x = cr.tensor(W, requires_grad=True), cr.tensor(X, requires_grad=True)
    f = neuron(w, x)
    f.backward()
    ddot = (1 - f.item()) * f.item()
    np.testing.assert_allclose(x.grad.numpy(), ddot * W[:2], rtol=1e-14)
    np.testing.assert_allclose(w.grad.numpy(), [ddot * -1.0, ddot * -2.0, ddot], rtol=1e-14)


# ---- W4


def staged(x: Any, y: Any) -> Any:
    sigy = 1.0 / (1 + np.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + np.exp(-x))
    xpy = x + y
    xpysqr = xpy**2
    den = sigx + xpysqr
    invden = 1.0 / den
    f = num * invden
    return f  # noqa: RET504


VALUES = {
    "sigy": 0.017986209962,
    "num": 3.017986209962,
    "sigx": 0.952574126822,
    "xpy": -1.0,
    "xpysqr": 1.0,
    "den": 1.952574126822,
    "invden": 0.512144448840,
    "f": 1.545644884107,
}
GRADIENTS = {
    "num": 0.512144448840,
    "invden": 3.017986209962,
    "den": -0.791593447273,
    "xpysqr": -0.791593447273,
    "xpy": 1.583186894545,
    "sigx": -0.791593447273,
    "sigy": 0.512144448840,
    "x": 2.059569795572,
    "y": 1.592232751484,
}


def test_w4_values_and_gradients() -> None:
    """SPEC W4."""
    value, (dx, dy) = cr.value_and_grad(staged, (0, 1))(3.0, -4.0)
    assert value == approx(1.545644884107)
    assert dx == approx(2.059569795572)
    assert dy == approx(1.592232751484)


def test_w4_every_intermediate_by_name() -> None:
    """SPEC B3, W4: each intermediate has its name, its value and its gradient."""
    graph = cr.trace(staged, 3.0, -4.0)
    for name, expected in VALUES.items():
        assert float(graph[name].value) == approx(expected), name
    gradients = graph.gradients()
    for name, expected in GRADIENTS.items():
        assert float(gradients[name]) == approx(expected), name


def test_w4_local_gradients_times_upstream() -> None:
    """SPEC B1: every gate knows its local gradients; the backward pass multiplies by the upstream."""
    graph = cr.trace(staged, 3.0, -4.0)
    gradients = graph.gradients()
    received = dict.fromkeys(gradients, 0.0)
    for gate in graph.values():
        if gate.name not in gradients:
            continue
        for operand, local in gate.local_gradients().items():
            received[operand] += float(local * gradients[gate.name])
    received["f"] = 1.0
    for name, expected in gradients.items():
        assert received[name] == pytest.approx(float(expected), rel=1e-13), name


# ---- B1


GATES = {
    "x + y": (lambda x, y: x + y, (1, 1)),
    "x - y": (lambda x, y: x - y, (1, -1)),
    "x * y": (lambda x, y: x * y, (0.7, 1.6)),
    "x / y": (lambda x, y: x / y, (1 / 0.7, -1.6 / 0.49)),
    "x ** y": (lambda x, y: x**y, (0.7 * 1.6**-0.3, 1.6**0.7 * np.log(1.6))),
    "max": (np.maximum, (1, 0)),
    "min": (np.minimum, (0, 1)),
    "exp": (lambda x, y: np.exp(x), (np.exp(1.6), 0)),
    "log": (lambda x, y: np.log(x), (1 / 1.6, 0)),
    "sqrt": (lambda x, y: np.sqrt(x), (0.5 / np.sqrt(1.6), 0)),
    "1/x": (lambda x, y: np.reciprocal(x), (-1 / 1.6**2, 0)),
    "abs": (lambda x, y: abs(-x), (1, 0)),
    "sin": (lambda x, y: np.sin(x), (np.cos(1.6), 0)),
    "cos": (lambda x, y: np.cos(x), (-np.sin(1.6), 0)),
    "tanh": (lambda x, y: np.tanh(x), (1 - np.tanh(1.6) ** 2, 0)),
    "sigmoid": (lambda x, y: 1 / (1 + np.exp(-x)), (0.1397637919, 0)),
    "where": (lambda x, y: np.where(x > y, x * y, y), (0.7, 1.6)),
}


@pytest.mark.parametrize("name", GATES)
def test_b1_local_derivatives_of_the_gates(name: str) -> None:
    """SPEC B1: the derivatives in closed form."""
    f, expected = GATES[name]
    assert cr.grad(f, (0, 1))(1.6, 0.7) == pytest.approx(expected, rel=1e-6)


# ---- B2


def test_b2_a_group_is_one_gate_and_can_be_opened() -> None:
    """SPEC B2: sigmoid as one gate with (1 - σ) σ, and as its parts."""

    @cr.gate
    def sigmoid(x: Any) -> Any:
        return 1.0 / (1.0 + np.exp(-x))

    def f(x: Any) -> Any:
        s = sigmoid(x)
        return s * x

    graph = cr.trace(f, 1.0)
    assert [g.op for g in graph.values() if g.op not in ("input", "constant")] == [
        "sigmoid",
        "multiply",
    ]
    s = 1 / (1 + np.exp(-1.0))
    assert float(graph["s"].local_gradients()["x"]) == pytest.approx((1 - s) * s, rel=1e-14)
    opened = graph.open("s")
    ops = [g.op for g in opened.values()]
    assert "exp" in ops
    assert "sigmoid" not in ops
    assert float(opened.gradients()["x"]) == pytest.approx(float(graph.gradients()["x"]))


# ---- B4


def test_b4_gradients_add_up_at_forks() -> None:
    """SPEC B4: the multivariable chain rule."""

    def f(x: Any) -> Any:
        a = x * 2.0
        b = x * x
        c = a * b + a
        return c + b * a + x

    assert cr.grad(f)(3.0) == 4 * 3 * 9 + 2 + 1  # 4x³ + 2x + x
    assert float(cr.trace(f, 3.0).gradients()["a"]) == 9 + 1 + 9


# ---- B5


def test_b5_add_distributes_max_routes_multiply_swaps() -> None:
    """SPEC B5."""
    g = 5.0
    assert cr.vjp(lambda x, y: x + y, 3.0, -4.0)[1](g) == (g, g)
    assert cr.vjp(np.maximum, 3.0, -4.0)[1](g) == (g, 0.0)
    assert cr.vjp(lambda x, y: x * y, 3.0, -4.0)[1](g) == (g * -4.0, g * 3.0)


def test_b5_scaling_the_inputs_scales_the_weights_gradient() -> None:
    """SPEC B5: ×1000 on x gives ×1000 on ∂C/∂w of a linear score."""
    x = np.array([[0.5, -1.0], [2.0, 0.25]])
    slope = cr.grad(lambda w, x: np.sum(x @ w))
    np.testing.assert_allclose(slope(np.ones(2), 1000 * x), 1000 * slope(np.ones(2), x), rtol=1e-14)


# ---- B6


def test_b6_matrix_product() -> None:
    """SPEC B6: D = W X gives dW = dD Xᵀ and dX = Wᵀ dD."""
    rng = np.random.default_rng(0)
    W, X, dD = rng.normal(size=(5, 10)), rng.normal(size=(10, 3)), rng.normal(size=(5, 3))
    D, pull = cr.vjp(lambda W, X: W @ X, W, X)
    dW, dX = pull(dD)
    np.testing.assert_allclose(D, W @ X)
    np.testing.assert_allclose(dW, dD @ X.T, rtol=1e-14)
    np.testing.assert_allclose(dX, W.T @ dD, rtol=1e-14)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 4), (4,)),
        ((3, 4), (3, 1)),
        ((3, 4), ()),
        ((2, 1, 4), (3, 1)),
        ((1,), (5, 0)),
        ((1, 1), (2, 3)),
    ],
)
def test_b6_broadcasting_sums_back(shapes: Any) -> None:
    """SPEC B6: the gradient of what was repeated is the sum over the repetitions."""
    x, y = np.ones(shapes[0]), np.full(shapes[1], 2.0)
    full = np.broadcast_shapes(*shapes)
    u = np.arange(1.0, 1.0 + np.prod(full)).reshape(full)
    gx, gy = cr.vjp(lambda x, y: x * y, x, y)[1](u)

    def back(g: Any, shape: Any) -> Any:
        g = g.sum(tuple(range(g.ndim - len(shape))))
        for axis, n in enumerate(shape):
            if n == 1:
                g = g.sum(axis, keepdims=True)
        return g

    np.testing.assert_array_equal(gx, back(2.0 * u, shapes[0]))
    np.testing.assert_array_equal(gy, back(u, shapes[1]))


def test_b6_shape_error_names_operands_shapes_line_and_the_product_that_fits() -> None:
    """SPEC B6: dimension analysis."""

    def layer(W: Any, x: Any) -> Any:
        return W @ x

    W, x = cr.tensor(np.ones((3, 4)), requires_grad=True), cr.tensor(np.ones((3, 2)))
    with pytest.raises(ShapeError) as caught:
        layer(W, x)
    message = str(caught.value)
    for part in ("float64[3, 4]", "float64[3, 2]", "W.T @ x -> (4, 2)", "return W @ x", "in layer"):
        assert part in message, message
    with pytest.raises(ShapeError) as caught:
        cr.trace(layer, cr.Abstract((3, 4)), cr.Abstract((3, 2)))
    assert "W: float64[3, 4]" in str(caught.value)
    assert "x: float64[3, 2]" in str(caught.value)


# ---- B7


def test_b7_the_gradient_is_a_function() -> None:
    """SPEC B7: gradient, Jacobian, Hessian, vector products of Rosenbrock's function."""

    def rosenbrock(p: Any) -> Any:
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    p = np.array([-1.2, 1.0])
    np.testing.assert_allclose(cr.grad(rosenbrock)(p), [-215.6, -88.0], rtol=1e-13)
    H = np.array([[1330.0, 480.0], [480.0, 200.0]])
    np.testing.assert_allclose(cr.hessian(rosenbrock)(p), H, rtol=1e-13)
    np.testing.assert_allclose(cr.jacobian(cr.grad(rosenbrock))(p), H, rtol=1e-13)
    v = np.array([0.5, -2.0])
    np.testing.assert_allclose(cr.hvp(rosenbrock)(p, v), H @ v, rtol=1e-13)
    minimum = cr.grad(rosenbrock)(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(minimum, [0.0, 0.0])


# ---- B8


def two_layer_loss(params: Any, X: Any, y: Any, reg: float) -> Any:
    """Softmax loss of a two-layer ReLU network; data and regularisation loss kept apart."""
    hidden = np.maximum(X @ params["W1"] + params["b1"], 0.0)
    scores = hidden @ params["W2"] + params["b2"]
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_normaliser = np.log(np.sum(np.exp(shifted), axis=1))
    data_loss = np.mean(log_normaliser - shifted[np.arange(len(y)), y])
    reg_loss = 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
    return data_loss + reg_loss, {"data": data_loss, "regularisation": reg_loss}


def test_b8_two_layer_network() -> None:
    """SPEC B8: a dict of gradients, equal to the hand-written backward pass of the course."""
    rng = np.random.default_rng(1)
    N, D, H, C, reg = 5, 4, 10, 3, 0.05
    X, y = rng.normal(size=(N, D)), rng.integers(C, size=N)
    params = {
        "W1": rng.normal(size=(D, H)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, C)),
        "b2": rng.normal(size=C),
    }
    (loss, parts), grads = cr.value_and_grad(two_layer_loss, has_aux=True)(params, X, y, reg)
    assert set(grads) == set(params)
    assert float(parts["data"]) + float(parts["regularisation"]) == pytest.approx(loss)

    z = X @ params["W1"] + params["b1"]
    a = np.maximum(z, 0)
    scores = a @ params["W2"] + params["b2"]
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    assert float(parts["data"]) == pytest.approx(-np.mean(np.log(p[np.arange(N), y])))
    dscores = p.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dhidden = dscores @ params["W2"].T
    dhidden[z <= 0] = 0
    by_hand = {
        "W2": a.T @ dscores + reg * params["W2"],
        "b2": dscores.sum(0),
        "W1": X.T @ dhidden + reg * params["W1"],
        "b1": dhidden.sum(0),
    }
    for name, expected in by_hand.items():
        np.testing.assert_allclose(grads[name], expected, rtol=1e-12, atol=1e-15, err_msg=name)
