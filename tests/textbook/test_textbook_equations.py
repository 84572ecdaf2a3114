"""The four equations: against differences, by sample, by layout, by reduction, by matrices."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import (
    ELEMENTWISE,
    W1_X,
    W1_Y,
    assert_all_close,
    assert_close,
    batch,
    w1_network,
)

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook import (
    Network,
    cost_names,
    difference_gradient,
    matrix_deltas,
    sigma_prime_matrix,
    unrolled_product,
)

# Network options, one row per kind of thing that may go wrong.
CASES = {
    **{f"hidden {name}": {"activations": [name, "sigmoid"]} for name in ELEMENTWISE},
    **{f"output {name}": {"activations": ["tanh", name]} for name in ELEMENTWISE},
    **{
        f"cost {name}": {"cost": name}
        for name in cost_names()
        if name not in ("l1", "hinge", "huber")
    },
    "huber(0.2)": {"cost": "huber(0.2)"},
    "l1": {"cost": "l1"},
    "hinge": {"cost": "hinge", "activations": ["tanh", "linear"]},
    "softmax, quadratic": {"activations": ["sigmoid", "softmax"]},
    "softmax hidden": {"activations": ["softmax", "sigmoid"]},
    "log_softmax, quadratic": {"activations": ["sigmoid", "log_softmax"]},
    "cross_entropy, tanh hidden": {
        "cost": "cross_entropy",
        "activations": ["tanh", "sigmoid"],
    },
    "mixed": {
        "activations": [["sigmoid", "tanh", "relu", "linear"], ["softplus", "linear", "elu"]]
    },
    "own": {
        "cost": (lambda a, y: np.cosh(a - y).sum(), lambda a, y: np.sinh(a - y)),
        "activations": [(np.sin, np.cos), (np.arctan, lambda z: 1 / (1 + z * z))],
    },
}


def make(case: str, **options) -> Network:
    return Network([5, 4, 3], seed=3, **{**CASES[case], **options})


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_gradients_equal_central_differences(case: str, reduction: str) -> None:
    """SPEC A2, A4, C1, C2: ∇w and ∇b are the derivatives of `cost`, for either reduction."""
    network = make(case, reduction=reduction)
    x, y = batch(network, 7)
    record = network.backprop(x, y)
    numeric = difference_gradient(network, x, y)
    assert_all_close(record.nabla_w, numeric.nabla_w, 2e-8)
    assert_all_close(record.nabla_b, numeric.nabla_b, 2e-8)


@pytest.mark.parametrize("case", CASES)
def test_batch_equals_sum_of_single_samples(case: str) -> None:
    """SPEC A3: one call on a batch gives what its samples give one by one, added."""
    network = make(case)
    x, y = batch(network, 6)
    together = network.backprop(x, y)
    singles = [network.backprop(x[:, [i]], y[:, [i]]) for i in range(6)]
    assert_all_close(together.nabla_w, [sum(g) for g in zip(*(s.nabla_w for s in singles))])
    assert_all_close(together.nabla_b, [sum(g) for g in zip(*(s.nabla_b for s in singles))])
    assert_close(together.cost, sum(s.cost for s in singles))
    assert_close(together.cost_by_sample, [s.cost for s in singles])
    for name in ("z", "a", "delta"):
        for layer, whole in enumerate(getattr(together, name)):
            assert_close(whole, np.hstack([getattr(s, name)[layer] for s in singles]))


@pytest.mark.parametrize("case", CASES)
def test_row_form_is_the_transposed_column_form(case: str) -> None:
    """SPEC A1: both layouts are the same computation, bit for bit."""
    column, row = make(case), make(case, layout="row")
    x, y = batch(column, 6)
    one, other = column.backprop(x, y), row.backprop(x.T, y.T)
    for name in ("z", "a", "delta"):
        for first, second in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(first.T, second)
    for name in ("nabla_w", "nabla_b"):
        for first, second in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(first, second)
    assert one.cost == other.cost
    np.testing.assert_array_equal(column.nabla_x(one).T, row.nabla_x(other))


def test_backprop_does_not_loop_over_samples(monkeypatch) -> None:
    """SPEC A3: the number of NumPy products does not depend on m."""
    from chainrule.textbook import equations

    calls = []
    original = equations.forward

    def counting(*args):
        calls.append(args[-1].shape)
        return original(*args)

    monkeypatch.setattr(equations, "forward", counting)
    network = Network([5, 4, 3], seed=0)
    x, y = batch(network, 1000)
    network.backprop(x, y)
    assert calls == [(5, 1000)]


def test_the_record_is_named_and_shaped_by_layer() -> None:
    """SPEC A2: everything by layer, plain arrays, the book's unpacking."""
    network = Network([5, 4, 3], seed=0)
    x, y = batch(network, 7)
    record = network.backprop(x, y)
    nabla_b, nabla_w = record
    assert nabla_b is record.nabla_b
    assert nabla_w is record.nabla_w
    np.testing.assert_array_equal(record.a[0], x)
    for layer in record.layers:
        n_out, n_in = network.weights[layer.layer - 1].shape
        assert layer.a_in.shape == (n_in, 7)
        assert layer.z.shape == layer.a.shape == layer.delta.shape == (n_out, 7)
        assert layer.nabla_w.shape == (n_out, n_in)
        assert layer.nabla_b.shape == (n_out, 1)
        assert {type(part) for part in layer[2:]} == {np.ndarray}
    assert record.layer(2).delta is record.delta[1]
    for outside in (0, 3, -1):
        with pytest.raises(ArgumentError, match="numbered from 1 to 2"):
            record.layer(outside)


def test_the_record_reads_well() -> None:
    """SPEC A2: names and shapes in the repr, every number in show()."""
    record = w1_network().backprop(W1_X, W1_Y)
    text = repr(record)
    assert text.startswith("Backprop of 1 sample (column layout): cost 0.261618055022")
    assert "2      sigmoid     (2, 1)       5.225e-02  (2, 3)   6.844e-02  5.225e-02" in text
    assert "  delta   = [0.005820939268 0.051926357175]" in record.show()
    network = Network([5, 4, 3], seed=0, layout="row", reduction="mean")
    text = repr(network.backprop(*batch(network, 7)))
    assert text.startswith("Backprop of 7 samples (row layout, mean over the batch): cost ")
    assert "(7, 4)" in text


def test_forward_keeps_every_z_and_a() -> None:
    """SPEC A1: z^l = w^l a^(l-1) + b^l and a^l = σ(z^l), all of them."""
    network = Network([5, 4, 3, 2], seed=0)
    x, _ = batch(network, 7)
    z, a = network.forward(x)
    assert [part.shape for part in z] == [(4, 7), (3, 7), (2, 7)]
    assert [part.shape for part in a] == [(5, 7), (4, 7), (3, 7), (2, 7)]
    for l in range(3):  # noqa: E741 (the book's letter)
        assert_close(z[l], network.weights[l] @ a[l] + network.biases[l])
        assert_close(a[l + 1], 1 / (1 + np.exp(-z[l])))
    np.testing.assert_array_equal(network.feedforward(x), a[-1])


def test_reduction_divides_once() -> None:
    """SPEC A4, slip 2: the mean is the sum over m, in C, every δ, ∇w and ∇b."""
    summed, averaged = (Network([5, 4, 3], seed=3, reduction=r) for r in ("sum", "mean"))
    x, y = batch(summed, 8)
    total, mean = summed.backprop(x, y), averaged.backprop(x, y)
    assert_close(mean.cost * 8, total.cost)
    for name in ("delta", "nabla_w", "nabla_b"):
        assert_all_close([8 * part for part in getattr(mean, name)], getattr(total, name))
    # BP3 and BP4 hold as they stand for both: no second factor is hidden in them.
    for record in (total, mean):
        for layer in record.layers:
            assert_close(layer.nabla_b, layer.delta.sum(axis=1, keepdims=True))
            assert_close(layer.nabla_w, layer.delta @ layer.a_in.T)


def test_asking_twice_for_the_mean_divides_once() -> None:
    """SPEC A4: a record knows its reduction; converting is idempotent and reversible."""
    network = Network([5, 4, 3], seed=3)
    total = network.backprop(*batch(network, 8))
    mean = total.reduced("mean")
    assert mean.reduced("mean") is mean
    assert total.reduced("sum") is total
    assert_close(mean.cost * 8, total.cost)
    for name in ("delta", "nabla_w", "nabla_b"):
        assert_all_close(getattr(mean.reduced("sum"), name), getattr(total, name))
        assert_all_close([8 * part for part in getattr(mean, name)], getattr(total, name))


def test_a_step_does_not_depend_on_the_reduction() -> None:
    """SPEC A4, A9, slip 2: η/m once, whether the record is a sum or a mean."""
    after = []
    for reduction in ("sum", "mean"):
        network = Network([5, 4, 3], seed=3, reduction=reduction)
        before = [w.copy() for w in network.weights]
        x, y = batch(network, 8)
        network.step(network.backprop(x, y), eta=0.5)
        after.append(network.weights)
        reference = Network([5, 4, 3], seed=3).backprop(x, y)
        assert_all_close(
            network.weights, [w - 0.5 / 8 * g for w, g in zip(before, reference.nabla_w)]
        )
    assert_all_close(*after)


def test_unknown_reduction_and_layout_are_refused() -> None:
    with pytest.raises(ArgumentError, match="reduction must be 'sum' or 'mean', got 'average'"):
        Network([2, 1], reduction="average")
    with pytest.raises(ArgumentError, match="layout must be 'column' or 'row', got 'rows'"):
        Network([2, 1], layout="rows")


MATRIX_CASES = [case for case in CASES if case not in ("own", "l1")]


@pytest.mark.parametrize("case", MATRIX_CASES)
def test_matrix_forms_agree_with_the_hadamard_form(case: str) -> None:
    """SPEC A6: δ by Σ' products, by recursion and unrolled to every layer."""
    network = make(case)
    x, y = batch(network, 1)
    record = network.backprop(x, y)
    for number, delta in enumerate(matrix_deltas(network, x, y), start=1):
        assert_close(delta, record.layer(number).delta[:, 0], 1e-11)
        assert_close(unrolled_product(network, x, y, number).delta, delta, 1e-11)


def test_unrolled_product_names_its_factors() -> None:
    """SPEC A6: Σ'(z^1) (w^2)ᵀ Σ'(z^2) ∇_a C, each factor at hand."""
    network = w1_network()
    product = unrolled_product(network, W1_X, W1_Y, layer=1)
    assert product.names == ("Σ'(z^1)", "(w^2)ᵀ", "Σ'(z^2)", "∇_a C")
    assert str(product) == "δ^1 = Σ'(z^1) (w^2)ᵀ Σ'(z^2) ∇_a C   (3×3 3×2 2×2 2)"
    record = network.backprop(W1_X, W1_Y)
    np.testing.assert_array_equal(product.factors[0], sigma_prime_matrix(record.z[0]))
    np.testing.assert_array_equal(product.factors[1], network.weights[1].T)
    assert_close(product.factors[-1], record.a[-1][:, 0] - W1_Y[:, 0])


def test_sigma_prime_matrix_is_diagonal_for_neurons_and_full_for_softmax() -> None:
    """SPEC A6: Σ'(z) diagonal; the softmax Jacobian diag(a) − a aᵀ."""
    z = np.array([0.3, -1.0, 2.0])
    diagonal = sigma_prime_matrix(z, "tanh")
    assert_close(diagonal, np.diag(1 - np.tanh(z) ** 2))
    a = np.exp(z) / np.exp(z).sum()
    assert_close(sigma_prime_matrix(z[:, None], "softmax"), np.diag(a) - np.outer(a, a))
    assert_close(sigma_prime_matrix(z[None, :], "log_softmax"), np.eye(3) - np.outer(np.ones(3), a))
    with pytest.raises(ShapeError, match="expected one sample"):
        sigma_prime_matrix(np.zeros((3, 2)))


def test_single_sample_views_refuse_batches() -> None:
    """SPEC A6, A8: the matrix and path views are of one sample."""
    network = w1_network()
    two = np.hstack([W1_X, W1_X])
    with pytest.raises(ShapeError, match=r"x has shape \(2, 2\), a batch of 2 in column layout"):
        matrix_deltas(network, two, W1_Y)
    with pytest.raises(ArgumentError, match="numbered from 1 to 2, got 0"):
        unrolled_product(network, W1_X, W1_Y, layer=0)


def test_inputs_are_not_written_to() -> None:
    network = Network([5, 4, 3], seed=0)
    x, y = batch(network, 6)
    x.flags.writeable = y.flags.writeable = False
    network.backprop(x, y)
    network.update_mini_batch((x, y), 0.1)
    network.SGD((x, y), 2, 3, 0.1)


@pytest.mark.parametrize("activations", [None, ["tanh", "softmax"], ["gelu", "softplus"]])
def test_float32_stays_float32(activations) -> None:
    """Everything in the network's dtype, close to the float64 result."""
    narrow = Network([5, 4, 3], activations=activations, dtype=np.float32, seed=1)
    wide = Network([5, 4, 3], activations=activations, seed=1)
    wide.weights, wide.biases = narrow.weights, narrow.biases
    x, y = (part.astype(np.float32) for part in batch(narrow, 6))
    found, expected = narrow.backprop(x, y), wide.backprop(x, y)
    for name in ("z", "a", "delta", "nabla_w", "nabla_b"):
        assert {part.dtype for part in getattr(found, name)} == {np.dtype(np.float32)}
        assert_all_close(getattr(found, name), getattr(expected, name), 2e-5)
    again = Network([5, 4, 3], activations=activations, dtype=np.float32, seed=1)
    narrow.SGD((x, y), 2, 4, np.float64(0.1), 0.1)  # a NumPy scalar widens nothing on its way
    again.SGD((x, y), 2, 4, 0.1, 0.1)
    assert {w.dtype for w in narrow.weights + narrow.biases} == {np.dtype(np.float32)}
    assert_all_close(narrow.weights, again.weights, 0.0)


def test_float64_inputs_to_a_float32_network_are_converted() -> None:
    network = Network([2, 3, 2], dtype=np.float32, seed=0)
    assert network.feedforward(np.array([[0.5], [0.5]])).dtype == np.float32


def test_a_wrong_derivative_is_caught_by_the_differences() -> None:
    """The comparison above can fail: σ' scaled by 1.001, and σ'(a) in place of σ'(z)."""
    from chainrule.textbook import sigmoid, sigmoid_prime

    for wrong in (lambda z: 1.001 * sigmoid_prime(z), lambda z: sigmoid_prime(sigmoid(z))):
        network = Network([5, 4, 3], activations=[(sigmoid, wrong), "sigmoid"], seed=3)
        x, y = batch(network, 7)
        with pytest.raises(AssertionError):
            assert_all_close(
                network.backprop(x, y).nabla_w, difference_gradient(network, x, y).nabla_w, 2e-8
            )
