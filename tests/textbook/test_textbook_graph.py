"""The hand-written equations and the graph, each the other's check (SPEC A2, D7)."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import W1_X, W1_Y, assert_all_close, assert_close, batch, w1_network

import chainrule as cr
from chainrule.textbook import Network, activation_names

# The library's gates by the textbook's names; a is (features, m), so softmax runs along axis 0.
ACTIVATIONS = {
    "sigmoid": cr.sigmoid,
    "tanh": np.tanh,
    "relu": cr.relu,
    "leaky_relu": lambda z: cr.leaky_relu(z, 0.01),
    "linear": lambda z: z,
    "elu": cr.elu,
    "selu": cr.selu,
    "gelu": lambda z: 0.5 * z * cr.erfc(-z / np.sqrt(2)),
    "gelu_tanh": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": cr.silu,
    "mish": cr.mish,
    "softplus": cr.softplus,
    "softsign": cr.softsign,
    "relu6": lambda z: np.clip(z, 0.0, 6.0),
    "hard_sigmoid": cr.hardsigmoid,
    "hard_tanh": cr.hardtanh,
    "hard_swish": cr.hardswish,
    "softmax": lambda z: cr.softmax(z, axis=0),
    "log_softmax": lambda z: cr.log_softmax(z, axis=0),
}
# Each cost written out in NumPy, the sum over the batch, from the output's a and z.
COSTS = {
    "quadratic": lambda a, y: 0.5 * np.sum((y - a) ** 2),
    "squared_error": lambda a, y: np.sum((y - a) ** 2),
    "mse": lambda a, y: np.sum(np.mean((y - a) ** 2, axis=0)),
    "half_mse": lambda a, y: 0.5 * np.sum(np.mean((y - a) ** 2, axis=0)),
    "cross_entropy": lambda a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)),
    "binary_cross_entropy": lambda a, y: (
        -np.sum(np.mean(y * np.log(a) + (1 - y) * np.log(1 - a), axis=0))
    ),
    "log_likelihood": lambda a, y: -np.sum(y * np.log(a)),
    "softmax_cross_entropy": lambda a, y: -np.sum(y * np.log(a)),
    "nll": lambda a, y: -np.sum(y * a),
    "kl": lambda a, y: np.sum(y * (np.log(y) - np.log(a))),
    "l1": lambda a, y: np.sum(np.abs(a - y)),
    "hinge": lambda a, y: np.sum(np.maximum(0.0, 1 - y * a)),
}
CASES = [
    *((name, "sigmoid", "quadratic") for name in ACTIVATIONS),
    *(("tanh", name, "quadratic") for name in ACTIVATIONS),
    *(("tanh", "sigmoid", cost) for cost in COSTS if cost not in ("softmax_cross_entropy", "nll")),
    *(("tanh", "softmax", cost) for cost in ("log_likelihood", "softmax_cross_entropy", "kl")),
    ("tanh", "log_softmax", "nll"),
    ("tanh", "linear", "hinge"),
]


def test_every_activation_is_compared() -> None:
    assert set(ACTIVATIONS) == set(activation_names())


def graph_cost(parameters, x, y, hidden: str, output: str, cost: str):
    """The same network as NumPy code that the graph records."""
    weights, biases = parameters
    a = x
    for w, b, activation in zip(weights, biases, (hidden, hidden, output), strict=True):
        a = ACTIVATIONS[activation](np.matmul(w, a) + b)
    return COSTS[cost](a, y)


@pytest.mark.parametrize(("hidden", "output", "cost"), CASES)
def test_gradients_equal_the_graphs(hidden: str, output: str, cost: str) -> None:
    """SPEC A2, C1, C2, D7: ∇w, ∇b and C, to rounding."""
    network = Network([5, 6, 4, 3], cost, [hidden, hidden, output], seed=4)
    x, y = batch(network, 7)
    record = network.backprop(x, y)
    value, (nabla_w, nabla_b) = cr.value_and_grad(graph_cost)(
        (network.weights, network.biases), x, y, hidden, output, cost
    )
    assert_close(record.cost, value, 1e-12)
    assert_all_close(record.nabla_w, nabla_w, 1e-11)
    assert_all_close(record.nabla_b, nabla_b, 1e-11)


def test_errors_of_every_layer_equal_the_graphs() -> None:
    """SPEC A2, B3: δ^l = ∂C/∂z^l and ∂C/∂x, as gradients with respect to intermediates."""
    network = Network([5, 6, 3], "cross_entropy", seed=4)
    x, y = batch(network, 7)
    record = network.backprop(x, y)
    start = cr.tensor(x, requires_grad=True)
    a, weighted = start, []
    for w, b in zip(network.weights, network.biases):
        z = np.matmul(w, a) + b
        z.retain_grad()
        weighted.append(z)
        a = cr.sigmoid(z)
    COSTS["cross_entropy"](a, y).backward()
    for z, delta in zip(weighted, record.delta):
        assert_close(np.asarray(z.grad), delta, 1e-11)
    assert_close(np.asarray(start.grad), network.nabla_x(record), 1e-11)


def test_w1_by_the_graph() -> None:
    """SPEC W1, D7: the worked example by unmodified NumPy code on tensors."""
    network = w1_network()
    value, (nabla_w, _) = cr.value_and_grad(
        lambda p: (
            0.5
            * np.sum(
                (W1_Y - cr.sigmoid(p[0][1] @ cr.sigmoid(p[0][0] @ W1_X + p[1][0]) + p[1][1])) ** 2
            )
        )
    )((network.weights, network.biases))
    assert abs(float(value) - 0.261618055022) <= 1e-12
    assert abs(float(np.asarray(nabla_w[0])[0, 0]) - 0.003428002147) <= 1e-12
    assert abs(float(np.asarray(nabla_w[1])[1, 2]) - 0.041980104990) <= 1e-12


def test_w2_by_the_graph() -> None:
    """SPEC W2: f = (x + y) z at (−2, 5, −4)."""
    x, y, z = (cr.tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    q = x + y
    q.retain_grad()
    f = q * z
    f.backward()
    assert (q.item(), f.item()) == (3.0, -12.0)
    assert [float(np.asarray(v.grad)) for v in (x, y, z, q)] == [-4.0, -4.0, 3.0, -4.0]


def test_w3_by_the_graph() -> None:
    """SPEC W3: the sigmoid neuron, against the textbook's one-neuron network."""
    w, x = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])

    def neuron(w, x):
        return cr.sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])

    value, (dw, dx) = cr.value_and_grad(neuron, argnums=(0, 1))(w, x)
    assert abs(float(value) - 0.731058578630) <= 1e-12
    expected_w = [-0.196611933241, -0.393223866483, 0.196611933241]
    np.testing.assert_allclose(np.asarray(dw), expected_w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        np.asarray(dx), [0.393223866483, -0.589835799724], rtol=0, atol=1e-12
    )


def test_w4_by_the_graph_stage_by_stage() -> None:
    """SPEC W4, B3: every staged value and gradient of f = (x + σ(y)) / (σ(x) + (x + y)²)."""
    x, y = cr.tensor(3.0, requires_grad=True), cr.tensor(-4.0, requires_grad=True)
    sigy = cr.sigmoid(y)
    num = x + sigy
    sigx = cr.sigmoid(x)
    xpy = x + y
    den = sigx + xpy**2
    invden = 1.0 / den
    f = num * invden
    staged = {
        "sigy": (sigy, 0.017986209962, 0.512144448840),
        "num": (num, 3.017986209962, 0.512144448840),
        "sigx": (sigx, 0.952574126822, None),
        "xpy": (xpy, -1.0, 1.583186894545),
        "den": (den, 1.952574126822, -0.791593447273),
        "invden": (invden, 0.512144448840, 3.017986209962),
    }
    for tensor, _, _ in staged.values():
        tensor.retain_grad()
    f.backward()
    assert abs(f.item() - 1.545644884107) <= 1e-12
    for name, (tensor, value, gradient) in staged.items():
        assert abs(tensor.item() - value) <= 1e-12, name
        if gradient is not None:
            assert abs(float(np.asarray(tensor.grad)) - gradient) <= 1e-12, name
    assert abs(float(np.asarray(x.grad)) - 2.059569795572) <= 1e-12
    assert abs(float(np.asarray(y.grad)) - 1.592232751484) <= 1e-12


def test_tensors_are_not_detached_silently() -> None:
    """The textbook network is plain NumPy: a tensor that needs a gradient is refused, not read."""
    network = w1_network()
    with pytest.raises((TypeError, RuntimeError)):
        network.feedforward(cr.tensor(W1_X, requires_grad=True))


def test_a_rule_scaled_by_a_thousandth_would_be_seen() -> None:
    """The comparison above can fail."""
    network = Network([5, 6, 4, 3], seed=4)
    x, y = batch(network, 7)
    record = network.backprop(x, y)
    _, (nabla_w, _) = cr.value_and_grad(graph_cost)(
        (network.weights, network.biases), x, y, "sigmoid", "sigmoid", "quadratic"
    )
    with pytest.raises(AssertionError):
        assert_all_close(record.nabla_w, [1.001 * np.asarray(g) for g in nabla_w], 1e-11)
