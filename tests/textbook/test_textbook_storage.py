"""Saving and loading as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from textbook_cases import batch

from chainrule.errors import CheckpointError
from chainrule.textbook import Initializer, Network, load

NETWORKS = {
    "default": {},
    "row mean float32": {"layout": "row", "reduction": "mean", "dtype": np.float32},
    "parameters": {
        "cost": "huber(0.3)",
        "activations": ["leaky_relu(0.2)", ["tanh", "elu(0.5)"]],
        "initializer": "normal(0, 0.1)",
    },
    "softmax": {"cost": "softmax_cross_entropy"},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_loaded_network_is_the_saved_one_to_the_last_bit(name: str, tmp_path: Path) -> None:
    network = Network([4, 3, 2], seed=0, **NETWORKS[name])
    network.save(tmp_path / "net.json")
    loaded = Network.load(tmp_path / "net.json")
    assert repr(loaded) == repr(network)
    for one, other in zip(network.weights + network.biases, loaded.weights + loaded.biases):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    x, y = batch(network, 5)
    assert loaded.backprop(x, y).cost == network.backprop(x, y).cost
    assert [p.name for p in tmp_path.iterdir()] == ["net.json"]


def test_the_books_files_are_read(tmp_path: Path) -> None:
    """network2.py writes sizes, weights, biases, and the name of the cost class."""
    path = tmp_path / "book.json"
    book = {
        "sizes": [2, 1],
        "weights": [[[0.5, -0.25]]],
        "biases": [[[0.125]]],
        "cost": "CrossEntropyCost",
    }
    path.write_text(json.dumps(book))
    network = load(path)
    assert network.cost.name == "cross_entropy"
    assert network.layout == "column"
    np.testing.assert_array_equal(network.weights[0], [[0.5, -0.25]])


def test_functions_of_the_users_are_given_again(tmp_path: Path) -> None:
    cost = (lambda a, y: ((a - y) ** 2).sum(axis=0), lambda a, y: 2 * (a - y))
    sine = (np.sin, np.cos)
    network = Network([2, 2, 1], cost, [["tanh", sine], "linear"], seed=0)
    path = tmp_path / "own.json"
    network.save(path)
    with pytest.raises(CheckpointError, match=r"load\(path, cost=…\)"):
        Network.load(path)
    with pytest.raises(CheckpointError, match=r"'sin'.*load\(path, activations=…\)"):
        Network.load(path, cost=cost)
    loaded = Network.load(path, cost=cost, activations=[["tanh", sine], "linear"])
    x, y = batch(network, 3)
    assert loaded.backprop(x, y).cost == network.backprop(x, y).cost


def test_an_initialiser_of_the_users_is_kept_by_name(tmp_path: Path) -> None:
    mine = Initializer("ramp", lambda rng, out, n: np.ones((out, n)))
    network = Network([2, 1], initializer=mine)
    network.save(tmp_path / "net.json")
    loaded = Network.load(tmp_path / "net.json")
    assert repr(loaded) == repr(network)
    with pytest.raises(CheckpointError, match="'ramp' of the saved network is not known here"):
        loaded.initialize(loaded.initializer)


def test_parameters_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    network = Network([2, 1], seed=0)
    path = tmp_path / "net.json"
    network.save(path)
    before = path.read_bytes()
    network.weights[0][0, 0] = np.nan
    with pytest.raises(CheckpointError, match="weights of layer 1 are not finite"):
        network.save(path)
    assert path.read_bytes() == before  # what was there is untouched


GOOD = {
    "format": "chainrule.textbook.Network",
    "version": 1,
    "sizes": [2, 1],
    "cost": "quadratic",
    "activations": ["sigmoid"],
    "weights": [[[0.5, 0.5]]],
    "biases": [[[0.0]]],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "has format 'other'"),
        ({"version": 2}, "version 2; this library reads"),
        ({"sizes": [2, 2]}, "does not fit together: weights of layer 1"),
        ({"sizes": "21"}, "does not fit together"),
        ({"sizes": None}, "does not fit together"),
        ({"weights": [[[0.5, "a"]]]}, "does not fit together"),
        ({"weights": [[[0.5], [0.5, 1]]]}, "does not fit together"),
        ({"weights": [[[0.5, float("nan")]]]}, "not finite"),
        ({"biases": []}, "does not fit together: biases"),
        ({"biases": {}}, "does not fit together"),
        ({"cost": "quadratish"}, "unknown cost"),
        ({"cost": 5}, "must be named by a text"),
        ({"activations": ["sigmoidal"]}, "unknown activation"),
        ({"activations": "sigmoid"}, "must be a list"),
        ({"activations": [None]}, "must be named by a text"),
        ({"layout": "diagonal"}, "layout must be"),
        ({"reduction": "max"}, "reduction must be"),
        ({"dtype": "int8"}, "float64 or float32"),
        ({"dtype": "nonsense"}, "does not fit together"),
    ],
)
def test_files_that_do_not_fit_are_refused(change: dict, words: str, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(GOOD))
    Network.load(path)
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(CheckpointError, match=words) as caught:
        Network.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b'{"sizes": [2, 1]}', b"\xff\xfe\x00", b"null"]
)
def test_files_that_hold_no_network_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"no complete JSON|holds no network|no JSON file"):
        Network.load(path)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    Network([2, 1], seed=0).save(path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError):
            Network.load(path)


def test_a_missing_file_is_pythons_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "none.json")
