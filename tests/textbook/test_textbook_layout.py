"""What a batch must look like, and what is said when it does not (SPEC A1, slips 1, 4, 6)."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import batch

from chainrule.errors import ArgumentError, DataError, DtypeError, ShapeError
from chainrule.textbook import Network

CALLS = {
    "feedforward": lambda net, x, y: net.feedforward(x),
    "forward": lambda net, x, y: net.forward(x),
    "backprop": lambda net, x, y: net.backprop(x, y),
    "SGD": lambda net, x, y: net.SGD((x, y), 1, 2, 0.1),
    "update_mini_batch": lambda net, x, y: net.update_mini_batch((x, y), 0.1),
    "total_cost": lambda net, x, y: net.total_cost((x, y)),
    "accuracy": lambda net, x, y: net.accuracy((x, y)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_batch_made_by_array_transpose_is_refused(call) -> None:
    """Slip 1: np.array([x, …]).T of (n, 1) columns has shape (1, n, m), which would broadcast."""
    network = Network([4, 3, 2], seed=0)
    samples = [(np.ones((4, 1)), np.ones((2, 1))) for _ in range(5)]
    x = np.array([x for x, _ in samples]).T
    y = np.array([y for _, y in samples]).T
    assert x.shape == (1, 4, 5)
    assert (network.weights[0] @ x).shape == (1, 3, 5)  # NumPy would have taken it
    with pytest.raises(ShapeError) as caught:
        call(network, x, y)
    text = str(caught.value)
    for part in (
        "x has shape (1, 4, 5)",
        "Network 4-3-2 in column layout expects (4, m), one column per sample",
        "np.array([…]).T of (4, 1) columns",
        "np.hstack([…]) makes the batch, and x[0] repairs this one",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("layout", "shape", "repaired"),
    [
        ("column", (1, 4, 5), lambda x: x[0]),
        ("column", (5, 4, 1), lambda x: x[:, :, 0].T),
        ("column", (5, 2, 2), lambda x: x.reshape(5, 4).T),
        ("column", (5, 4), lambda x: x.T),
        ("row", (1, 4, 5), lambda x: x[0].T),
        ("row", (5, 4, 1), lambda x: x[:, :, 0]),
        ("row", (5, 2, 2), lambda x: x.reshape(5, 4)),
        ("row", (4, 5), lambda x: x.T),
    ],
)
def test_the_repair_that_the_message_names_works(layout, shape, repaired) -> None:
    """SPEC A1, B6: the message ends with an expression; it gives the batch that was meant."""
    network = Network([4, 3, 2], layout=layout, seed=0)
    rng = np.random.default_rng(0)
    good = rng.normal(size=(5, 4))  # one row per sample
    wrong = {
        (1, 4, 5): good.T[None],
        (5, 4, 1): good[:, :, None],
        (5, 2, 2): good.reshape(5, 2, 2),
        (5, 4): good,
        (4, 5): good.T,
    }[shape]
    with pytest.raises(ShapeError) as caught:
        network.feedforward(wrong)
    expression = {
        (1, 4, 5): "x[0]",
        (5, 4, 1): "x[:, :, 0]",
        (5, 2, 2): "x.reshape(5, 4)",
        (5, 4): "x.T",
        (4, 5): "x.T",
    }[shape]
    assert expression in str(caught.value)
    fixed = repaired(wrong)
    np.testing.assert_array_equal(fixed, good.T if layout == "column" else good)
    network.feedforward(fixed)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((4, 5), None),
        ((4, 1), None),
        ((4,), None),
        ((5, 4), r"Its transpose x\.T fits, or a network made with layout='row'"),
        ((1, 4), r"Its transpose x\.T fits"),
        ((3, 7), "Each sample must have 4 features"),
        ((5,), "Each sample must have 4 features, not 5"),
        ((), r"x has shape \(\)"),
        ((4, 5, 6), "Each sample must have 4 features"),
        ((2, 4, 5, 6), r"x has shape \(2, 4, 5, 6\)"),
        ((0,), r"x has shape \(0,\)"),
    ],
)
def test_column_layout_takes_columns_only(shape, words) -> None:
    """SPEC A1: nothing is transposed by guess."""
    network = Network([4, 3, 2], seed=0)
    if words is None:
        assert network.feedforward(np.zeros(shape)).shape == (2, *shape[1:])
        return
    with pytest.raises(ShapeError, match=words):
        network.feedforward(np.zeros(shape))


def test_a_square_batch_is_read_as_the_layout_says() -> None:
    """SPEC A1: with m = n the shape says nothing; the layout's name does."""
    column, row = (Network([4, 3, 2], seed=0, layout=layout) for layout in ("column", "row"))
    x = np.random.default_rng(0).normal(size=(4, 4))
    np.testing.assert_array_equal(column.feedforward(x), row.feedforward(x.T).T)
    assert not np.allclose(column.feedforward(x), row.feedforward(x).T)


def test_one_dimensional_arrays_are_one_sample() -> None:
    """1-D in, 1-D out, in both layouts, the same numbers as the column."""
    for layout in ("column", "row"):
        network = Network([4, 3, 2], seed=0, layout=layout)
        x, y = np.arange(4.0), np.array([0.0, 1.0])
        as_batch = (x[:, None], y[:, None]) if layout == "column" else (x[None], y[None])
        flat, full = network.backprop(x, y), network.backprop(*as_batch)
        assert flat.m == 1
        assert [part.shape for part in flat.z] == [(3,), (2,)]
        assert [part.shape for part in flat.a] == [(4,), (3,), (2,)]
        for name in ("z", "a", "delta"):
            for one, other in zip(getattr(flat, name), getattr(full, name)):
                np.testing.assert_array_equal(one, other.ravel())
        for name in ("nabla_w", "nabla_b"):
            for one, other in zip(getattr(flat, name), getattr(full, name)):
                np.testing.assert_array_equal(one, other)
        assert network.feedforward(x).shape == (2,)
        assert network.nabla_x(flat).shape == (4,)


def test_one_dimensional_batches_of_one_feature_are_not_guessed() -> None:
    """A 1-D array is one sample, so five numbers for one input neuron are refused with the way out."""
    for layout, fits in (("column", r"reshape\(1, 5\)"), ("row", r"reshape\(5, 1\)")):
        network = Network([1, 2], seed=0, layout=layout)
        with pytest.raises(ShapeError, match=fits):
            network.feedforward(np.zeros(5))


def test_numbers_of_samples_must_agree() -> None:
    network = Network([4, 3, 2], seed=0)
    with pytest.raises(ShapeError, match=r"x has 5 samples .* and y has 4"):
        network.backprop(np.zeros((4, 5)), np.zeros((2, 4)))
    with pytest.raises(ShapeError, match=r"x has 5 samples .* and y has 1"):
        network.backprop(np.zeros((4, 5)), np.zeros(2))
    with pytest.raises(ShapeError, match="without samples has no gradient"):
        network.backprop(np.zeros((4, 0)), np.zeros((2, 0)))
    assert network.feedforward(np.zeros((4, 0))).shape == (2, 0)


@pytest.mark.parametrize("given", [np.ones((4, 2)) * 1j, np.array([["a"] * 2] * 4), [[None]] * 4])
def test_what_is_no_real_number_is_refused(given) -> None:
    with pytest.raises(DtypeError, match="expected real numbers"):
        Network([4, 3, 2], seed=0).feedforward(given)


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(ShapeError, match="x is not a rectangular array"):
        Network([2, 1], seed=0).feedforward([[1.0, 2.0], [3.0]])


def test_integers_and_booleans_are_data() -> None:
    """The inputs of XOR are written as 0 and 1."""
    network = Network([2, 2, 1], seed=0)
    expected = network.feedforward(np.array([[0.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(network.feedforward([[0, 1], [1, 1]]), expected)
    np.testing.assert_array_equal(network.feedforward([[False, True], [True, True]]), expected)


@pytest.mark.parametrize("layout", ["column", "row"])
def test_gradients_have_the_shapes_of_the_parameters(layout) -> None:
    """Slips 4 and 6: ∇w (out, in) and ∇b (out, 1), summed over the batch, in both layouts."""
    network = Network([4, 3, 2], layout=layout, seed=0)
    record = network.backprop(*batch(network, 3))  # m = n_1 = 3: transposes would multiply too
    for w, g in zip(network.weights, record.nabla_w):
        assert w.shape == g.shape
    sample_axis = 1 if layout == "column" else 0
    for b, g, delta in zip(network.biases, record.nabla_b, record.delta):
        assert b.shape == g.shape
        np.testing.assert_allclose(g.ravel(), delta.sum(axis=sample_axis), rtol=1e-14)


def test_parameters_of_a_wrong_shape_are_refused_by_layer() -> None:
    network = Network([4, 3, 2], seed=0)
    with pytest.raises(ShapeError, match=r"weights of layer 2 .* shape \(3, 2\).*expects \(2, 3\)"):
        network.weights = [np.zeros((3, 4)), np.zeros((3, 2))]
    with pytest.raises(ShapeError, match="its transpose fits"):
        network.weights = [np.zeros((4, 3)), np.zeros((2, 3))]
    with pytest.raises(ShapeError, match="2 layers with weights, got 1"):
        network.weights = [np.zeros((3, 4))]
    with pytest.raises(ShapeError, match=r"biases of layer 1 .* shape \(3,\).*expects \(3, 1\)"):
        network.biases = [np.zeros(3), np.zeros((2, 1))]
    network.weights[1] = np.zeros((3, 2))  # past the setter: the next pass finds it
    for call in CALLS.values():
        with pytest.raises(ShapeError, match="weights of layer 2"):
            call(network, np.zeros((4, 2)), np.zeros((2, 2)))


def test_a_record_of_another_network_is_refused_whole() -> None:
    network, other = Network([4, 3, 2], seed=0), Network([4, 3, 1], seed=0)
    record = other.backprop(*batch(other, 3))
    before = network.weights[0].copy()
    with pytest.raises(ShapeError, match=r"nabla_w of layer 2 .* shape \(1, 3\)"):
        network.step(record, 0.1)
    np.testing.assert_array_equal(network.weights[0], before)


def test_parameters_are_copied_in() -> None:
    network = Network([2, 1], seed=0)
    mine = np.array([[1.0, 2.0]])
    network.weights = [mine]
    network.update_mini_batch([(np.ones((2, 1)), np.zeros((1, 1)))], 1.0)
    np.testing.assert_array_equal(mine, [[1.0, 2.0]])


@pytest.mark.parametrize("sizes", [[], [3], [3, 0], [3, 2.5], [3, "2"], [3, True]])
def test_sizes_that_make_no_network_are_refused(sizes) -> None:
    with pytest.raises(ArgumentError, match="sizes are the numbers of neurons per layer"):
        Network(sizes)


def test_other_dtypes_are_refused() -> None:
    for dtype in (np.float16, np.int64, np.complex128):
        with pytest.raises(DtypeError, match="float64 or float32"):
            Network([2, 1], dtype=dtype)


def test_the_repr_states_layout_cost_reduction_and_initialiser() -> None:
    """SPEC A1, A4: the choices are visible."""
    network = Network([4, 3, 2], "cross_entropy", reduction="mean", layout="row", seed=0)
    assert repr(network) == (
        "Network 4-3-2: row layout (m, features), weights (out, in), biases (out, 1), float64\n"
        "  layer 1: 4 -> 3  sigmoid\n"
        "  layer 2: 3 -> 2  sigmoid\n"
        "  cost cross_entropy, reduction mean, fused with sigmoid; initialiser book; 23 parameters"
    )


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ([], DataError, "no samples"),
        (zip([], []), DataError, "used up before"),
        (5, DataError, "iterable of pairs"),
        (np.zeros((3, 2)), DataError, "iterable of pairs"),
        ([1, 2], DataError, "item 0 is not a pair"),
        ([(np.zeros((4, 1)), np.zeros((2, 1)), 1)], DataError, "item 0 is not a pair"),
        ([(np.zeros((4, 1)), 0), (np.zeros((5, 1)), 0)], ShapeError, "x of sample 1 has shape"),
        ([(np.zeros((4, 2)), 0)], ShapeError, "a pair .x, y. is one sample"),
        ([(np.zeros((4, 1)), 2)], DataError, "label 2 of sample 0 is outside 0 … 1"),
        ([(np.zeros((4, 1)), 0.5)], DataError, "give a vector of 2 per sample, or integer labels"),
        ([(np.zeros((4, 1)), np.zeros((3, 1)))], ShapeError, "y of sample 0 has shape"),
        ((np.zeros((4, 3)), np.zeros((2, 2))), ShapeError, "3 samples x but 2 targets"),
        ([(np.full((4, 1), np.nan), 0)], DataError, "x of sample 0 holds NaN"),
        ([(np.zeros((4, 1)), np.full((2, 1), np.inf))], DataError, "y of sample 0 holds NaN"),
    ],
)
def test_training_data_in_another_form_are_refused(data, error, words) -> None:
    network = Network([4, 3, 2], seed=0)
    with pytest.raises(error, match=words) as caught:
        network.SGD(data, 1, 2, 0.1)
    assert "training_data" in str(caught.value)


def test_the_forms_of_training_data_are_equivalent() -> None:
    """Pairs of columns, of 1-D samples, with labels, a zip, and two arrays train alike."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 4)), rng.integers(0, 2, 6)
    one_hot = np.eye(2)[labels]
    columns = [(a[:, None], b[:, None]) for a, b in zip(x, one_hot)]
    rows = [(a[None], b[None]) for a, b in zip(x, one_hot)]
    forms = {
        "pairs of columns": columns,
        "zip": zip([a for a, _ in columns], [b for _, b in columns]),
        "1-D samples": list(zip(x, one_hot)),
        "columns with labels": [(a[:, None], int(b)) for a, b in zip(x, labels)],
        "NumPy labels": [(a[:, None], b) for a, b in zip(x, labels)],
        "two arrays": (x.T, one_hot.T),
        "array and labels": (x.T, labels),
    }
    trained = {}
    for name, data in forms.items():
        trained[name] = Network([4, 3, 2], seed=0)
        trained[name].SGD(data, 2, 2, 0.5)
    trained["rows"] = Network([4, 3, 2], seed=0, layout="row")
    trained["rows"].SGD(rows, 2, 2, 0.5)
    trained["row arrays"] = Network([4, 3, 2], seed=0, layout="row")
    trained["row arrays"].SGD((x, one_hot), 2, 2, 0.5)
    for name, network in trained.items():
        for w, expected in zip(network.weights, trained["pairs of columns"].weights):
            np.testing.assert_array_equal(w, expected, err_msg=name)
