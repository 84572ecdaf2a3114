"""The worked examples W1, W3 and W5 on the textbook network, digit by digit."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import W1_X, W1_Y, w1_network

from chainrule.textbook import Network, get_activation, get_cost, sigmoid_prime

DIGITS = 1e-12  # the examples print twelve digits after the point

W1 = {
    "z": [[0.84, 1.14, 1.44], [1.690378795477, 2.469758647410]],
    "a": [
        [0.6, 0.4],
        [0.698465216003, 0.757679639004, 0.808454651439],
        [0.844273968671, 0.921994408387],
    ],
    "delta": [
        [0.005713336912, 0.006040864444, 0.005989328005],
        [0.005820939268, 0.051926357175],
    ],
    "nabla_b": [
        [0.005713336912, 0.006040864444, 0.005989328005],
        [0.005820939268, 0.051926357175],
    ],
    "nabla_w": [
        [
            [0.003428002147, 0.002285334765],
            [0.003624518666, 0.002416345777],
            [0.003593596803, 0.002395731202],
        ],
        [
            [0.004065723603, 0.004410407163, 0.004705965427],
            [0.036268754280, 0.039343543559, 0.041980104990],
        ],
    ],
}
W1_AFTER = {
    "weights": [
        [
            [0.099657199785, 0.199771466524],
            [0.299637548133, 0.399758365422],
            [0.499640640320, 0.599760426880],
        ],
        [
            [0.199593427640, 0.299558959284, 0.399529403457],
            [0.496373124572, 0.596065645644, 0.695801989501],
        ],
    ],
    "biases": [
        [0.699428666309, 0.799395913556, 0.899401067199],
        [0.999417906073, 1.094807364283],
    ],
}


def assert_printed(found: np.ndarray, printed: list) -> None:
    """Equal to what is printed, up to the last printed digit's rounding."""
    expected = np.array(printed)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=0, atol=DIGITS)


@pytest.mark.parametrize("layout", ["column", "row"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("quantity", W1)
def test_w1_every_quantity(quantity: str, layout: str, reduction: str) -> None:
    """SPEC W1, A2: z, a, δ, ∇w, ∇b of the 2-3-2 network."""
    x, y = (W1_X, W1_Y) if layout == "column" else (W1_X.T, W1_Y.T)
    record = w1_network(layout=layout, reduction=reduction).backprop(x, y)
    assert abs(record.cost - 0.261618055022) <= DIGITS
    found = getattr(record, quantity)
    assert len(found) == len(W1[quantity])
    for one, printed in zip(found, W1[quantity]):
        assert_printed(one, printed)


@pytest.mark.parametrize("way", ["step", "update_mini_batch", "SGD"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_w1_one_step(way: str, reduction: str) -> None:
    """SPEC W1, A9: the parameters after one step with η = 0.1."""
    network = w1_network(reduction=reduction)
    if way == "step":
        network.step(network.backprop(W1_X, W1_Y), 0.1)
    elif way == "update_mini_batch":
        network.update_mini_batch([(W1_X, W1_Y)], 0.1)
    else:
        network.SGD([(W1_X, W1_Y)], 1, 1, 0.1)
    for name, printed in W1_AFTER.items():
        for one, expected in zip(getattr(network, name), printed):
            assert_printed(one, expected)


@pytest.mark.parametrize("layout", ["column", "row"])
def test_w3_sigmoid_neuron(layout: str) -> None:
    """SPEC W3, A5, A7: one neuron whose cost is its own output, f = σ(w·x + b)."""
    network = Network([2, 1], (lambda a, y: a.ravel(), lambda a, y: np.ones_like(a)), layout=layout)
    network.weights, network.biases = [np.array([[2.0, -3.0]])], [np.array([[-3.0]])]
    x = np.array([[-1.0, -2.0]])
    x, y = (x.T, np.zeros((1, 1))) if layout == "column" else (x, np.zeros((1, 1)))
    record = network.backprop(x, y)
    assert record.z[0].item() == 1.0
    assert abs(record.cost - 0.731058578630) <= DIGITS
    assert abs(record.delta[0].item() - 0.196611933241) <= DIGITS
    assert_printed(record.nabla_w[0], [[-0.196611933241, -0.393223866483]])
    assert_printed(record.nabla_b[0], [[0.196611933241]])
    assert network.nabla_x(record).shape == x.shape
    assert_printed(network.nabla_x(record), [0.393223866483, -0.589835799724])


def test_w5_bp1_by_hand() -> None:
    """SPEC W5, A2: δ^L = ∇_a C ⊙ σ'(z^L) at a = (0.9, 0.2), y = (1, 0)."""
    a, y = np.array([[0.9], [0.2]]), np.array([[1.0], [0.0]])
    z = np.log(a / (1 - a))
    cost, sigmoid = get_cost("quadratic"), get_activation("sigmoid")
    assert_printed(cost.nabla_a(a, y), [-0.1, 0.2])
    assert_printed(sigmoid_prime(z), [0.09, 0.16])
    assert_printed(cost.output_error(sigmoid, z, a, y), [-0.009, 0.032])
    assert_printed(cost.delta(z, a, y), [-0.009, 0.032])  # as the book's cost classes are called
