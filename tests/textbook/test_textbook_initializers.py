"""Initial weights and biases (SPEC C3)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.textbook import Initializer, Network, get_initializer, initializer_names

OUT, IN = 300, 500
# name: (standard deviation, bound of a uniform law or None)
LAWS = {
    "book": (1 / math.sqrt(IN), None),
    "large": (1.0, None),
    "xavier_uniform": (math.sqrt(2 / (IN + OUT)), math.sqrt(6 / (IN + OUT))),
    "xavier_normal": (math.sqrt(2 / (IN + OUT)), None),
    "xavier_normal(2.0)": (2 * math.sqrt(2 / (IN + OUT)), None),
    "kaiming_uniform": (math.sqrt(2 / IN), math.sqrt(6 / IN)),
    "kaiming_normal": (math.sqrt(2 / IN), None),
    "kaiming_normal(1.0)": (math.sqrt(1 / IN), None),
    "lecun_uniform": (math.sqrt(1 / IN), math.sqrt(3 / IN)),
    "lecun_normal": (math.sqrt(1 / IN), None),
    "uniform": (2 / math.sqrt(12), 1.0),
    "uniform(-0.5, 0.5)": (1 / math.sqrt(12), 0.5),
    "normal": (1.0, None),
    "normal(0.0, 0.01)": (0.01, None),
}


@pytest.mark.parametrize("name", LAWS)
def test_weights_follow_the_law(name: str) -> None:
    """SPEC C3: standard deviation, bound, and shape of the law over 150 000 draws."""
    weights, biases = get_initializer(name).draw(np.random.default_rng(7), OUT, IN)
    std, bound = LAWS[name]
    assert weights.shape == (OUT, IN)
    assert biases.shape == (OUT, 1)
    assert abs(weights.mean()) < 5 * std / math.sqrt(weights.size)
    assert abs(weights.std() / std - 1) < 0.01
    kurtosis = ((weights / std) ** 4).mean()
    assert abs(kurtosis - (3.0 if bound is None else 1.8)) < 0.06  # normal: 3; uniform: 9/5
    if bound is not None:
        assert 0.999 * bound < np.abs(weights).max() <= bound


@pytest.mark.parametrize("name", initializer_names())
def test_biases_are_the_books_or_zero(name: str) -> None:
    _, biases = get_initializer(name).draw(np.random.default_rng(7), 2000, 2)
    if name in ("book", "large"):
        assert abs(biases.std() - 1) < 0.06
    else:
        assert not biases.any()


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, int]) -> None:
    """SPEC C3: W Wᵀ or Wᵀ W is gain² times the identity."""
    weights, _ = get_initializer("orthogonal(2.0)").draw(np.random.default_rng(0), *shape)
    gram = weights @ weights.T if shape[0] <= shape[1] else weights.T @ weights
    np.testing.assert_allclose(gram, 4 * np.eye(min(shape)), atol=1e-13)


def test_orthogonal_is_uniform_over_the_rotations() -> None:
    """Without the sign correction the diagonal of Q would have a preferred sign."""
    rng, draw = np.random.default_rng(0), get_initializer("orthogonal").weights
    signs = [np.sign(np.diag(draw(rng, 2, 2))) for _ in range(400)]
    assert np.abs(np.mean(signs, axis=0)).max() < 0.2


def test_constant() -> None:
    weights, _ = get_initializer("constant(0.25)").draw(np.random.default_rng(0), 2, 3)
    np.testing.assert_array_equal(weights, np.full((2, 3), 0.25))


def test_the_same_seed_gives_the_same_network() -> None:
    """SPEC C3: seeded by an int or a Generator; another seed gives another network."""
    one, two = Network([4, 3, 2], seed=5), Network([4, 3, 2], seed=np.random.default_rng(5))
    for w, other in zip(one.weights + one.biases, two.weights + two.biases):
        np.testing.assert_array_equal(w, other)
    assert not np.array_equal(one.weights[0], Network([4, 3, 2], seed=6).weights[0])
    rng = np.random.default_rng(5)
    first, second = Network([4, 3], seed=rng), Network([4, 3], seed=rng)
    assert not np.array_equal(first.weights[0], second.weights[0])


def test_seeding_touches_no_global_state() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 (the state that must stay as it is)
    Network([4, 3], seed=5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_names_in_the_repr_and_the_books_methods() -> None:
    """SPEC C3: the name is in the repr; the book's two methods draw anew."""
    network = Network([100, 50], initializer="he_normal", seed=0)
    assert "initialiser kaiming_normal" in repr(network)
    network.large_weight_initializer()
    assert "initialiser large" in repr(network)
    assert abs(network.weights[0].std() - 1) < 0.05
    network.default_weight_initializer()
    assert "initialiser book" in repr(network)
    assert abs(network.weights[0].std() - 0.1) < 0.005
    assert get_initializer("glorot_uniform").name == "xavier_uniform"


def test_an_initialiser_of_the_users() -> None:
    mine = Initializer("ramp", lambda rng, out, n: np.arange(out * n, dtype=float).reshape(out, n))
    np.testing.assert_array_equal(Network([2, 2], initializer=mine).weights[0], [[0, 1], [2, 3]])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("xaver_normal", "did you mean 'xavier_normal'"),
        ("book(1)", "too many parameters"),
        ("uniform(1, 1)", "low < high"),
        ("normal(0, -1)", "std ≥ 0"),
        (None, "a name or an Initializer"),
    ],
)
def test_what_is_no_initialiser_is_refused(given, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Network([2, 2], initializer=given)
