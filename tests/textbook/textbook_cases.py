"""Networks and batches that several of the textbook tests use."""

from __future__ import annotations

import numpy as np

from chainrule.textbook import Network, activation_names

W1_WEIGHTS = [
    np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
    np.array([[0.2, 0.3, 0.4], [0.5, 0.6, 0.7]]),
]
W1_BIASES = [np.array([[0.7], [0.8], [0.9]]), np.array([[1.0], [1.1]])]
W1_X, W1_Y = np.array([[0.6], [0.4]]), np.array([[0.8], [0.2]])

ELEMENTWISE = [name for name in activation_names() if "softmax" not in name]


def w1_network(**options) -> Network:
    """The 2-3-2 network of worked example W1."""
    network = Network([2, 3, 2], **options)
    network.weights, network.biases = W1_WEIGHTS, W1_BIASES
    return network


def batch(network: Network, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs and targets in the network's layout; targets are probabilities, or ±1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(network.sizes[0], m))
    y = rng.uniform(0.05, 0.95, (network.sizes[-1], m))
    if network.cost.off == -1:
        y = np.where(y > 0.5, 1.0, -1.0)
    if network.cost.name in ("log_likelihood", "softmax_cross_entropy", "nll", "kl"):
        y /= y.sum(axis=0)
    return (x, y) if network.layout == "column" else (x.T, y.T)


def assert_close(found, expected, tolerance: float = 1e-12) -> None:
    """Element by element, relative to the largest expected magnitude; same shapes."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = max(float(np.abs(expected).max(initial=0.0)), 1e-300)
    assert float(np.abs(found - expected).max(initial=0.0)) <= tolerance * scale


def assert_all_close(found, expected, tolerance: float = 1e-12) -> None:
    """:func:`assert_close` for two lists of arrays."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert_close(one, other, tolerance)
