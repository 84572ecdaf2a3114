"""The textbook network on real handwritten digits (SPEC A9, C7)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data.book import book_format, digits
from chainrule.textbook import Network


@pytest.fixture(scope="module")
def data():
    """Training and test part of the 1797 scans: 1437 and 360, shuffled by a fixed seed."""
    scans = digits()
    order = np.random.default_rng(0).permutation(len(scans))
    return scans.take(order[:1437]), scans.take(order[1437:])


@pytest.mark.parametrize(
    ("cost", "activations", "eta"),
    [
        ("quadratic", None, 3.0),
        ("cross_entropy", None, 0.5),
        ("softmax_cross_entropy", None, 0.3),
        ("softmax_cross_entropy", ["relu", "softmax"], 0.1),
    ],
)
def test_digits_are_learnt(data, cost, activations, eta) -> None:
    """SPEC A9, C1: at least 95 % of 360 unseen digits after 30 epochs of 64-30-10."""
    training, test = data
    network = Network([64, 30, 10], cost, activations, seed=0)
    history = network.SGD(
        book_format(training),
        30,
        10,
        eta,
        evaluation_data=book_format(test, vectors=False),
        monitor_evaluation_accuracy=True,
    )
    assert history.evaluation_accuracy[-1] >= 0.95 * 360


def test_float32_rows_learn_as_well(data) -> None:
    training, test = data
    network = Network([64, 30, 10], "cross_entropy", layout="row", dtype=np.float32, seed=0)
    network.SGD((training.inputs, training.targets), 30, 10, 0.5)
    assert network.accuracy((test.inputs, test.targets)) >= 0.95 * 360


def test_regularisation_shrinks_the_weights(data) -> None:
    """The book's λ: smaller weights, and still as good."""
    training, test = data
    norms, right = [], []
    for lmbda in (0.0, 1.0):
        network = Network([64, 30, 10], "cross_entropy", seed=0)
        network.SGD((training.inputs.T, training.targets), 30, 10, 0.5, lmbda)
        norms.append(sum(float((w**2).sum()) for w in network.weights))
        right.append(network.accuracy((test.inputs.T, test.targets)))
    assert norms[1] < 0.6 * norms[0]
    assert min(right) >= 0.95 * 360
