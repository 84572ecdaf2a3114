"""What holds for every network: drawn at random, sizes, neurons, costs, batches (SPEC A1–A8)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from textbook_cases import ELEMENTWISE, assert_all_close, batch

import chainrule.textbook
from chainrule.textbook import (
    Network,
    count_operations,
    difference_gradient,
    matrix_deltas,
    operations,
    path_sum,
    strongest_paths,
)

SMOOTH = [name for name in ELEMENTWISE if "hard" not in name and "relu" not in name]
COSTS = ["quadratic", "mse", "cross_entropy", "log_likelihood", "kl", "huber(0.5)", "l1"]


@st.composite
def networks(draw) -> Network:
    """A network of one to four layers; neurons of a layer alike or each its own."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    name = st.sampled_from(SMOOTH)
    hidden = [draw(name | st.lists(name, min_size=n, max_size=n)) for n in sizes[1:-1]]
    cost = draw(st.sampled_from(COSTS))
    # A softmax of one neuron is 1 whatever it reads: cross-entropy is infinite there.
    output = "sigmoid" if sizes[-1] == 1 else draw(st.sampled_from(["sigmoid", "softmax"]))
    return Network(
        sizes,
        cost,
        [*hidden, output],
        layout=draw(st.sampled_from(["column", "row"])),
        reduction=draw(st.sampled_from(["sum", "mean"])),
        seed=draw(st.integers(0, 2**16)),
    )


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 6), st.integers(0, 2**16))
def test_gradients_equal_differences_and_single_samples(network, m, seed) -> None:
    """SPEC A2, A3, A4: of any network, in either layout, under either reduction."""
    x, y = batch(network, m, seed)
    record = network.backprop(x, y)
    numeric = difference_gradient(network, x, y)
    scale = max(float(np.abs(g).max()) for g in [*record.nabla_w, *record.nabla_b])
    for found, expected in zip(
        [*record.nabla_w, *record.nabla_b], [*numeric.nabla_w, *numeric.nabla_b]
    ):
        assert np.abs(found - expected).max() <= 1e-6 * scale + 1e-9
    one = (lambda part, i: part[[i]]) if network.layout == "row" else (lambda part, i: part[:, [i]])
    singles = [network.backprop(one(x, i), one(y, i)) for i in range(m)]
    whole = record.reduced("sum")
    for layer, total in enumerate(whole.nabla_w):
        added = sum(single.nabla_w[layer] for single in singles)
        assert np.abs(total - added).max() <= 1e-12 * max(scale * m, 1.0)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(0, 2**16))
def test_matrix_and_path_views_agree_with_backprop(network, seed) -> None:
    """SPEC A6, A8: δ by matrices; one weight's gradient as a sum over all its paths."""
    x, y = batch(network, 1, seed)
    record = network.backprop(x, y)
    scale = max(float(np.abs(d).max()) for d in record.delta)
    for delta, expected in zip(matrix_deltas(network, x, y), record.delta):
        assert np.abs(delta - expected.ravel()).max() <= 1e-9 * scale + 1e-12
    layer = 1 + seed % len(network.weights)
    j, k = (seed % n for n in network.weights[layer - 1].shape)
    by_paths = path_sum(network, x, y, layer, j, k)
    assert abs(by_paths - record.nabla_w[layer - 1][j, k]) <= 1e-9 * scale + 1e-12
    strongest = strongest_paths(network, x, y, layer, j, k, count=10**6)
    products = [path.product for path in strongest]
    # the sum may cancel, to nothing but rounding: it is as exact as its terms
    assert abs(sum(products) - by_paths) <= 1e-9 * sum(map(abs, products))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.integers(1, 9))
def test_counted_operations_equal_the_formula(sizes, m) -> None:
    """SPEC A10."""
    network = Network(sizes, seed=0)
    account = operations(sizes, m)
    assert count_operations(network, *batch(network, m)) == account
    assert 2.0 <= account.forward_passes < 3.0


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(1, 8), st.integers(1, 9), st.floats(0, 2), st.floats(0, 2))
def test_training_does_not_depend_on_layout_or_reduction(network, m, size, eta, lmbda) -> None:
    """SPEC A1, A4, A9: the same steps from the same start."""
    other = Network(
        network.sizes,
        network.cost,
        network.activations,
        layout="row" if network.layout == "column" else "column",
        reduction="sum" if network.reduction == "mean" else "mean",
    )
    other.weights, other.biases = network.weights, network.biases
    x, y = batch(network, m)
    network.SGD((x, y), 2, size, eta, lmbda, seed=1)
    other.SGD((x.T, y.T), 2, size, eta, lmbda, seed=1)
    assert_all_close(network.weights, other.weights, 0.0)
    assert_all_close(network.biases, other.biases, 0.0)


def test_the_textbook_stands_apart_from_the_graph() -> None:
    """SPEC D7: a reference that used the graph would not be one.

    ``native.py``, which compiles these equations, is the one exception; it is imported when a
    training is to be compiled, and is itself compared with the NumPy path.
    """
    imports = re.compile(
        r"chainrule\.(core|ops|nn|optim|compiler|numpy|special)\b|^import chainrule$"
    )
    folder = Path(chainrule.textbook.__file__).parent
    sources = sorted(folder.glob("*.py"))
    assert len(sources) > 20
    for source in sources:
        if source.name == "native.py":
            continue
        for line in source.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith(("import ", "from ")):
                assert not imports.search(line), f"{source.name}: {line}"
