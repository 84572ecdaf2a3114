"""Copies of a network: pickled, deep-copied."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from textbook_cases import batch

from chainrule.textbook import Initializer, Network, get_activation, get_cost, get_initializer

NETWORKS = {
    "default": {},
    "softmax": {"cost": "softmax_cross_entropy", "activations": ["gelu", "softmax"]},
    "mixed": {"cost": "huber(0.3)", "activations": [["tanh", "elu(0.5)", "linear"], "sigmoid"]},
    "own functions": {"activations": [(np.sin, np.cos), "sigmoid"]},
    "orthogonal": {"initializer": "orthogonal(2.0)", "dtype": np.float32, "layout": "row"},
}


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_goes_on_as_the_original_does(way: str, name: str) -> None:
    """The same parameters, and the same shuffling to come."""
    network = Network([4, 3, 2], seed=0, **NETWORKS[name])
    x, y = batch(network, 12)
    network.SGD((x, y), 1, 5, 0.1)
    other = pickle.loads(pickle.dumps(network)) if way == "pickle" else copy.deepcopy(network)
    assert repr(other) == repr(network)
    for one in (network, other):
        one.SGD((x, y), 2, 5, 0.1)
    for w, expected in zip(other.weights + other.biases, network.weights + network.biases):
        np.testing.assert_array_equal(w, expected)
        assert w is not expected


def test_a_record_can_be_pickled() -> None:
    network = Network([4, 3, 2], seed=0)
    record = network.backprop(*batch(network, 5))
    again = pickle.loads(pickle.dumps(record))
    assert repr(again) == repr(record)


def test_names_give_one_record() -> None:
    assert get_activation("relu") is get_activation("relu")
    assert get_cost("quadratic") is get_cost("quadratic")
    assert pickle.loads(pickle.dumps(get_activation("leaky_relu(0.2)"))).name == "leaky_relu(0.2)"
    assert pickle.loads(pickle.dumps(get_initializer("normal(0, 2)"))).name == "normal(0.0, 2.0)"


def ramp(rng: np.random.Generator, fan_out: int, fan_in: int) -> np.ndarray:
    return np.arange(fan_out * fan_in, dtype=float).reshape(fan_out, fan_in)


def test_an_initialiser_of_the_users_is_pickled_with_its_function() -> None:
    again = pickle.loads(pickle.dumps(Initializer("ramp", ramp)))
    assert again.weights is ramp
