"""The path view of a gradient (SPEC A8)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from textbook_cases import W1_X, W1_Y, assert_close, batch, w1_network

from chainrule.errors import ArgumentError
from chainrule.textbook import Network, all_paths, count_paths, path_sum, strongest_paths

NETWORKS = {
    "sigmoid": {},
    "mixed": {"activations": ["tanh", ["relu", "linear", "sigmoid"], "softplus"]},
    "softmax": {"cost": "log_likelihood", "activations": ["tanh", "sigmoid", "softmax"]},
    "softmax inside": {"activations": ["tanh", "softmax", "sigmoid"]},
    "row": {"layout": "row"},
    "mean": {"reduction": "mean"},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_sum_over_all_paths_equals_backprop(name: str) -> None:
    """SPEC A8: the literal sum, for every weight and bias of a 3-4-3-2 network."""
    network = Network([3, 4, 3, 2], seed=2, **NETWORKS[name])
    x, y = batch(network, 1)
    record = network.backprop(x, y)
    for part in record.layers:
        for j in range(part.nabla_w.shape[0]):
            assert_close(path_sum(network, x, y, part.layer, j), part.nabla_b[j, 0], 1e-11)
            for k in range(part.nabla_w.shape[1]):
                assert_close(path_sum(network, x, y, part.layer, j, k), part.nabla_w[j, k], 1e-11)


def test_paths_of_the_2_3_2_network_by_hand() -> None:
    """SPEC A8, W1: two paths from w^1_00, each the product of four rates."""
    network = w1_network()
    record = network.backprop(W1_X, W1_Y)
    a1, a2 = record.a[1][:, 0], record.a[2][:, 0]
    paths = list(all_paths(network, W1_X, W1_Y, layer=1, j=0, k=0))
    assert [path.neurons for path in paths] == [(0, 0), (0, 1)]
    for path, q in zip(paths, (0, 1)):
        rates = (
            a1[0] * (1 - a1[0]) * 0.6,  # ∂a^1_0/∂w^1_00
            a2[q] * (1 - a2[q]) * network.weights[1][q, 0],  # ∂a^2_q/∂a^1_0
            a2[q] - W1_Y[q, 0],  # ∂C/∂a^2_q
        )
        assert_close(path.rates, rates)
        assert_close(path.product, math.prod(rates))
    assert abs(sum(path.product for path in paths) - 0.003428002147) < 1e-12


def test_the_number_of_paths_is_the_product_of_the_layers_above() -> None:
    """SPEC A8."""
    network = Network([3, 4, 3, 2], seed=2)
    x, y = batch(network, 1)
    assert [count_paths(network, layer) for layer in (1, 2, 3)] == [6, 2, 1]
    assert len(list(all_paths(network, x, y, 1, 0, 0))) == 6
    softmax = Network([3, 4, 3, 2], "log_likelihood", ["tanh", "tanh", "softmax"], seed=2)
    assert count_paths(softmax, 3) == 2  # a weight of a softmax layer changes both outputs
    assert count_paths(Network([784, 300, 100, 10], seed=0), 1) == 1000


@pytest.mark.parametrize("name", NETWORKS)
def test_strongest_paths_are_those_of_the_full_list(name: str) -> None:
    """SPEC A8: the same paths, in the same order, as sorting all of them."""
    network = Network([3, 4, 3, 2], seed=2, **NETWORKS[name])
    x, y = batch(network, 1)
    for layer, j, k in [(1, 2, 1), (1, 0, None), (2, 1, 3), (3, 1, 0)]:
        everything = [p for p in all_paths(network, x, y, layer, j, k) if p.product != 0]
        everything.sort(key=lambda p: -abs(p.product))
        for count in (0, 1, 3, 1000):
            found = strongest_paths(network, x, y, layer, j, k, count=count)
            assert found == everything[:count]


def test_strongest_paths_of_a_network_with_too_many_to_list() -> None:
    """SPEC A8: 10^17 paths; the ten strongest, checked against a plain dynamic programme."""
    sizes = [20, *[30] * 12, 10]
    network = Network(sizes, activations="tanh", initializer="xavier_normal", seed=1)
    x, y = batch(network, 1)
    assert count_paths(network, 1) == 30**11 * 10
    found = strongest_paths(network, x, y, 1, 4, 7, count=10)
    products = [abs(path.product) for path in found]
    assert len({path.neurons for path in found}) == 10
    assert products == sorted(products, reverse=True)
    record = network.backprop(x, y)
    strongest = np.zeros(30)
    strongest[4] = abs((1 - np.tanh(record.z[0][4, 0]) ** 2) * x[7, 0])
    for i in range(1, len(network.weights)):
        slope = np.abs(network.activations[i].prime(record.z[i][:, 0]))
        strongest = (np.abs(network.weights[i]) * strongest * slope[:, None]).max(axis=1)
    assert_close(products[0], (strongest * np.abs(record.a[-1] - y)[:, 0]).max(), 1e-11)


def test_long_products_do_not_underflow_in_the_search() -> None:
    """SPEC A8: 400 layers of saturated neurons; the order is still found."""
    network = Network([1, *[2] * 400, 1], seed=0)
    for w, b in zip(network.weights, network.biases):
        w[:], b[:] = 0.1, 0.0
        w[0] = 0.05
    (path,) = strongest_paths(network, [[1.0]], [[0.0]], 1, 1, 0, count=1)
    assert path.neurons[:-1] == (1,) * 400
    assert path.product == 0.0  # the number itself is below 1e-308


def test_paths_of_product_zero_are_not_listed() -> None:
    network = Network([2, 2, 1], activations=["relu", "linear"], seed=0)
    network.weights = [np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1.0, 1.0]])]
    network.biases = [np.zeros((2, 1)), np.zeros((1, 1))]
    x, y = [[1.0], [1.0]], [[0.0]]
    assert strongest_paths(network, x, y, 1, 1, 0) == []  # a dead neuron passes nothing on
    assert len(strongest_paths(network, x, y, 1, 0, 0)) == 1


def test_too_many_paths_to_list_are_refused() -> None:
    network = Network([2, 30, 30, 30, 30, 30, 2], seed=0)
    with pytest.raises(ArgumentError, match=r"1620000 paths .* strongest_paths lists the largest"):
        next(all_paths(network, *batch(network, 1), 1, 0, 0))
    with pytest.raises(ArgumentError, match="limit=5"):
        path_sum(Network([2, 2, 3, 2]), *batch(network, 1), 1, 0, 0, limit=5)


@pytest.mark.parametrize("where", [(0, 0, 0), (3, 0, 0), (1, 3, 0), (1, 0, 2), (1, -1, 0)])
def test_weights_that_do_not_exist_are_refused(where) -> None:
    with pytest.raises(ArgumentError, match=r"numbered from 1 to 2|neurons j = 0 … 2"):
        strongest_paths(w1_network(), W1_X, W1_Y, *where)


def test_a_path_reads_well() -> None:
    """SPEC A8."""
    (path, *_) = strongest_paths(w1_network(), W1_X, W1_Y, 1, 0, 0)
    assert str(path) == "+0.00328089  neurons 0 → 1 → C  = 0.1264 · 0.03596 · 0.722"
