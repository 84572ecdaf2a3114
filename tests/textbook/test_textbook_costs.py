"""Costs: values, gradients, fused forms, and the two assumptions (SPEC A4, A5, C1)."""

from __future__ import annotations

import re

import numpy as np
import pytest
from textbook_cases import assert_all_close, assert_close, batch

from chainrule.errors import ArgumentError, DataError, ShapeError
from chainrule.textbook import (
    Cost,
    CrossEntropyCost,
    Network,
    QuadraticCost,
    check_cost,
    cost_names,
    difference_gradient,
    get_activation,
    get_cost,
)

A = np.array([[0.8, 0.3], [0.1, 0.6]])
Y = np.array([[1.0, 0.0], [0.0, 1.0]])
SOFT = np.array([[0.7, 0.2], [0.3, 0.8]])

# name: (outputs, targets, C_x of the two samples, ∇_a C), worked by hand
BY_HAND = {
    "quadratic": (A, Y, [0.025, 0.125], [[-0.2, 0.3], [0.1, -0.4]]),
    "squared_error": (A, Y, [0.05, 0.25], [[-0.4, 0.6], [0.2, -0.8]]),
    "mse": (A, Y, [0.025, 0.125], [[-0.2, 0.3], [0.1, -0.4]]),
    "half_mse": (A, Y, [0.0125, 0.0625], [[-0.1, 0.15], [0.05, -0.2]]),
    "cross_entropy": (
        A,
        Y,
        [-np.log(0.8) - np.log(0.9), -np.log(0.7) - np.log(0.6)],
        [[-1 / 0.8, 1 / 0.7], [1 / 0.9, -1 / 0.6]],
    ),
    "binary_cross_entropy": (
        A,
        Y,
        [(-np.log(0.8) - np.log(0.9)) / 2, (-np.log(0.7) - np.log(0.6)) / 2],
        [[-0.5 / 0.8, 0.5 / 0.7], [0.5 / 0.9, -0.5 / 0.6]],
    ),
    "log_likelihood": (A, Y, [-np.log(0.8), -np.log(0.6)], [[-1 / 0.8, 0], [0, -1 / 0.6]]),
    "softmax_cross_entropy": (A, Y, [-np.log(0.8), -np.log(0.6)], [[-1 / 0.8, 0], [0, -1 / 0.6]]),
    "nll": (np.log(A), Y, [-np.log(0.8), -np.log(0.6)], -Y),
    "kl": (
        A,
        SOFT,
        [
            0.7 * np.log(0.7 / 0.8) + 0.3 * np.log(0.3 / 0.1),
            0.2 * np.log(0.2 / 0.3) + 0.8 * np.log(0.8 / 0.6),
        ],
        [[-0.7 / 0.8, -0.2 / 0.3], [-0.3 / 0.1, -0.8 / 0.6]],
    ),
    "l1": (A, Y, [0.3, 0.7], [[-1, 1], [1, -1]]),
    "huber": (
        np.array([[0.5, 3.0], [0.0, -2.5]]),
        np.zeros((2, 2)),
        [0.125, 2.5 + 2.0],
        [[0.5, 1.0], [0.0, -1.0]],
    ),
    "hinge": (
        np.array([[0.5, 2.0], [-0.25, 0.5]]),
        np.array([[1.0, 1.0], [-1.0, -1.0]]),
        [0.5 + 0.75, 1.5],
        [[-1, 0], [1, 1]],
    ),
}


def test_every_cost_has_a_row() -> None:
    assert set(BY_HAND) == set(cost_names())


@pytest.mark.parametrize("name", BY_HAND)
def test_value_and_gradient_by_hand(name: str) -> None:
    """SPEC C1: C_x and ∇_a C worked out with a pencil."""
    a, y, value, gradient = BY_HAND[name]
    cost = get_cost(name)
    assert_close(cost.value(a, y), value)
    assert_close(cost.nabla_a(a, y), gradient)


@pytest.mark.parametrize("name", [*BY_HAND, "huber(0.05)"])
@pytest.mark.parametrize("n_out", [1, 3])
def test_every_cost_meets_the_two_assumptions(name: str, n_out: int) -> None:
    """SPEC A5, C1: per sample, a function of a^L, ∇_a C its derivative, fused forms equal."""
    report = check_cost(name, n_out)
    assert report, str(report)
    assert len(report.findings) == 3 + len(get_cost(name).fused)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        # Slip 3: the factor 2 where the cost has ½, and the reverse.
        (
            (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), lambda a, y: 2 * (a - y)),
            "2 times the derivative everywhere",
        ),
        (
            (lambda a, y: ((a - y) ** 2).sum(axis=0), lambda a, y: a - y),
            "0.5 times the derivative everywhere",
        ),
        (
            (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), lambda a, y: y - a),
            "-1 times the derivative everywhere",
        ),
        # Slip 2: 1/m in the cost's gradient or value; the network would divide again.
        (
            (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), lambda a, y: (a - y) / a.shape[1]),
            r"factor 1/4: it divides by the number of samples",
        ),
        (
            (lambda a, y: ((a - y) ** 2).sum(axis=0) / a.shape[1], lambda a, y: 2 * (a - y)),
            r"factor 1/4: it divides by the number of samples",
        ),
        # Samples that are not independent.
        (
            (
                lambda a, y: ((a - a.mean(axis=1, keepdims=True)) ** 2).sum(axis=0),
                lambda a, y: 2 * (a - a.mean(axis=1, keepdims=True)),
            ),
            "differs between this batch of 4 and the sample on its own",
        ),
        (
            (lambda a, y: ((a - y) ** 2).sum(axis=1), lambda a, y: 2 * (a - y)),
            "one cost per sample",
        ),
        ((lambda a, y: (a - y) ** 2, lambda a, y: 2 * (a - y)), "one cost per sample"),
        (
            (lambda a, y: ((a - y) ** 2).sum(axis=0), lambda a, y: (a - y).sum(axis=0)),
            "expected the shape of a",
        ),
        (
            (lambda a, y: (a**3).sum(axis=0), lambda a, y: 2 * a),
            r"for output \d of sample \d it gives .* central differences give",
        ),
    ],
)
def test_a_wrong_cost_is_found(cost, words: str) -> None:
    """SPEC A5, slips 2 and 3: each assumption broken on purpose."""
    report = check_cost(cost)
    assert not report
    assert "is not fit for backpropagation" in str(report)
    assert re.search(words, str(report)), str(report)


def test_a_cost_with_a_memory_is_found() -> None:
    """SPEC A5: the cost must be a function of the output, the same each time."""
    calls = []

    def value(a, y):
        calls.append(1)
        return (a - y).sum(axis=0) * len(calls)

    assert "FAILS" in str(check_cost((value, lambda a, y: np.ones_like(a))))

    def writes(a, y):
        a -= y
        return (a**2).sum(axis=0)

    assert "it writes into its arguments" in str(check_cost((writes, lambda a, y: 2 * (a - y))))


def test_a_fused_form_that_disagrees_is_found() -> None:
    """SPEC C1: the fused δ and value must be those of value, ∇_a C and σ'."""
    good = get_cost("cross_entropy")
    (fused,) = good.fused.values()
    for wrong in (
        fused._replace(delta=lambda z, a, y: 2 * (a - y)),
        fused._replace(value=lambda z, y: fused.value(z, y) + 1),
    ):
        cost = Cost("wrong", good.value, good.nabla_a, {"sigmoid": wrong})
        report = check_cost(cost)
        assert [finding.holds for finding in report.findings] == [True, True, True, False]


def test_a_cost_cannot_write_into_the_record() -> None:
    def value(a, y):
        a -= y
        return (a**2).sum(axis=0)

    network = Network([4, 3, 2], (value, lambda a, y: 2 * (a - y)), seed=0)
    with pytest.raises(ValueError, match="read-only"):
        network.backprop(*batch(network, 3))


def test_check_cost_takes_points_and_says_which_fit() -> None:
    a = np.array([[0.2, 0.4], [0.6, 0.3]])
    assert check_cost("quadratic", a=a, y=a)
    with pytest.raises(ArgumentError, match="m ≥ 2"):
        check_cost("quadratic", a=a[:, :1], y=a[:, :1])


def test_a_cost_need_not_vanish_at_the_target() -> None:
    """SPEC A5: cross-entropy at a = y = ½ is ln 2, with gradient 0."""
    half = np.full((1, 1), 0.5)
    cost = get_cost("cross_entropy")
    assert_close(cost.value(half, half), [np.log(2)])
    assert cost.nabla_a(half, half).item() == 0
    assert check_cost((lambda a, y: 7 + ((a - y) ** 2).sum(axis=0), lambda a, y: 2 * (a - y)))


class LogCosh:
    """A user's own cost as an object."""

    name = "log-cosh"

    def value(self, a, y):
        return np.log(np.cosh(a - y)).sum(axis=0)

    def nabla_a(self, a, y):
        return np.tanh(a - y)


OWN = {
    "object": LogCosh(),
    "class": type(
        "Static",
        (),
        {
            "value": staticmethod(lambda a, y: np.log(np.cosh(a - y)).sum(axis=0)),
            "nabla_a": staticmethod(lambda a, y: np.tanh(a - y)),
        },
    ),
    "pair": (LogCosh().value, LogCosh().nabla_a),
    "pair of one sample": (
        lambda a, y: np.log(np.cosh(a - y)).sum(),
        lambda a, y: np.tanh(a - y),
    ),
    "keepdims": (
        lambda a, y: np.log(np.cosh(a - y)).sum(axis=0, keepdims=True),
        lambda a, y: np.tanh(a - y),
    ),
    "record": Cost("log-cosh", LogCosh().value, LogCosh().nabla_a),
}


@pytest.mark.parametrize("form", OWN)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_a_users_own_cost_plugs_in(form: str, reduction: str) -> None:
    """SPEC A5: value and ∇_a C, as an object, a class, a pair, or a record."""
    network = Network([4, 3, 2], OWN[form], reduction=reduction, seed=0)
    x, y = batch(network, 5)
    record = network.backprop(x, y)
    a = record.a[-1]
    expected = np.log(np.cosh(a - y)).sum(axis=0)
    assert_close(record.cost_by_sample, expected)
    assert_close(record.cost, expected.sum() if reduction == "sum" else expected.mean())
    assert_all_close(record.nabla_w, difference_gradient(network, x, y).nabla_w, 1e-8)


def test_own_costs_receive_the_networks_layout() -> None:
    """SPEC A1, A5: in row layout a and y are (m, n), and the axis to sum over is 1."""
    shapes = []

    def value(a, y):
        shapes.append(a.shape)
        return ((a - y) ** 2).sum(axis=1)

    row = Network([4, 3, 2], (value, lambda a, y: 2 * (a - y)), layout="row", seed=0)
    record = row.backprop(*batch(row, 5))
    assert shapes[0] == (5, 2)
    column = Network([4, 3, 2], "squared_error", seed=0)
    assert_close(record.cost, column.backprop(*batch(column, 5)).cost)
    wrong = Network([4, 3, 2], (value, lambda a, y: 2 * (a - y)), seed=0)
    with pytest.raises(ShapeError, match=r"shape \(5,\): sum over the output neurons \(axis 0\)"):
        wrong.backprop(*batch(wrong, 5))


def test_a_sum_over_the_wrong_axis_is_found_even_where_the_shape_fits() -> None:
    """SPEC A5: with as many samples as outputs the shape says nothing; the numbers do."""
    network = Network(
        [4, 3, 2], (lambda a, y: ((a - y) ** 2).sum(axis=1), lambda a, y: 2 * (a - y)), seed=0
    )
    with pytest.raises((ArgumentError, ShapeError)):
        network.backprop(*batch(network, 2))


def test_a_gradient_divided_by_m_is_refused_while_training() -> None:
    """SPEC A4, slip 2: a cost that averages over the batch would be averaged twice."""
    network = Network(
        [4, 3, 2],
        (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), lambda a, y: (a - y) / y.shape[1]),
        seed=0,
    )
    x, y = batch(network, 6)
    network.backprop(x[:, :1], y[:, :1])  # of one sample there is nothing to see
    for call in (lambda: network.backprop(x, y), lambda: network.SGD((x, y), 1, 3, 0.1)):
        with pytest.raises(ArgumentError, match=r"divides by the number of samples.*once"):
            call()


@pytest.mark.parametrize("given", [5, None, (np.sin,), (1, 2), "quadrat", "l1(2)", object()])
def test_what_is_no_cost_is_refused(given) -> None:
    with pytest.raises(ArgumentError, match="cost"):
        get_cost(given)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'quadratic'"):
        get_cost("quadratc")


def test_a_cost_class_of_the_book_is_told_what_to_change() -> None:
    class Book:
        @staticmethod
        def fn(a, y):
            return 0.5 * np.linalg.norm(a - y) ** 2

        @staticmethod
        def delta(z, a, y):
            return a - y

    with pytest.raises(ArgumentError, match="giving ∇_a C itself instead of delta"):
        get_cost(Book)


def test_the_books_names_are_known() -> None:
    assert QuadraticCost is get_cost("QuadraticCost")
    assert CrossEntropyCost is get_cost("CrossEntropyCost")
    assert Network([2, 1], cost=CrossEntropyCost).cost.name == "cross_entropy"
    z = np.array([[0.3], [-1.0]])
    a, y = 1 / (1 + np.exp(-z)), np.array([[1.0], [0.0]])
    assert_close(CrossEntropyCost.delta(z, a, y), a - y)
    assert_close(QuadraticCost.delta(z, a, y), (a - y) * a * (1 - a))
    assert_close(QuadraticCost.fn(a, y), 0.5 * np.linalg.norm(a - y) ** 2)


FUSED = [
    ("cross_entropy", "sigmoid"),
    ("binary_cross_entropy", "sigmoid"),
    ("log_likelihood", "softmax"),
    ("softmax_cross_entropy", "softmax"),
    ("kl", "softmax"),
    ("nll", "log_softmax"),
]


@pytest.mark.parametrize(("cost", "output"), FUSED)
def test_fused_forms_are_finite_where_the_output_saturates(cost: str, output: str) -> None:
    """SPEC C1: z = ±1000 gives a finite cost and δ, without a warning."""
    network = Network([2, 2], cost, output, seed=0)
    network.weights, network.biases = [1000 * np.eye(2)], [np.zeros((2, 1))]
    record = network.backprop([[1.0, -1.0], [-1.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]])
    assert np.isfinite(record.cost_by_sample).all()
    per_output = {"cross_entropy": 2000, "binary_cross_entropy": 1000}.get(cost, 2000)
    assert_close(record.cost_by_sample, [per_output, 0.0])
    scale = 0.5 if cost == "binary_cross_entropy" else 1.0
    assert_close(record.delta[0], scale * np.array([[1.0, 0.0], [-1.0, 0.0]]))


def test_softmax_cross_entropy_delta_is_prediction_minus_target() -> None:
    """SPEC C1: δ^L = ŷ − y."""
    network = Network([4, 3], "softmax_cross_entropy", seed=0)
    assert [act.name for act in network.activations] == ["softmax"]  # the cost brings it
    x = np.random.default_rng(0).normal(size=(4, 5))
    y = np.eye(3)[:, [0, 1, 2, 0, 1]]
    record = network.backprop(x, y)
    assert_close(record.delta[-1], record.a[-1] - y, 1e-14)


def test_cross_entropy_delta_has_no_sigma_prime() -> None:
    """SPEC C1: sigmoid and cross-entropy give δ^L = a − y."""
    network = Network([4, 3], "cross_entropy", seed=0)
    x, y = batch(network, 5)
    record = network.backprop(x, y)
    assert_close(record.delta[-1], record.a[-1] - y, 1e-14)


def test_costs_that_need_an_output_say_so() -> None:
    with pytest.raises(ArgumentError, match="needs softmax output neurons, got sigmoid"):
        Network([2, 2], "softmax_cross_entropy", "sigmoid")
    with pytest.raises(ArgumentError, match="needs log_softmax output neurons"):
        Network([2, 2], "nll", ["softmax"])
    assert Network([2, 2], "nll").activations[-1].name == "log_softmax"


@pytest.mark.parametrize(
    ("cost", "y", "words"),
    [
        ("hinge", [[0.0], [1.0]], "expects targets −1 and \\+1, got 0"),
        ("cross_entropy", [[1.5], [0.0]], "between 0 and 1, got 1.5"),
        ("kl", [[-0.5], [1.0]], "not negative, got -0.5"),
    ],
)
def test_targets_that_the_cost_is_not_made_for_are_refused(cost, y, words) -> None:
    network = Network([2, 2], cost, ["linear"], seed=0)
    with pytest.raises(DataError, match=words):
        network.backprop([[0.0], [0.0]], y)
    with pytest.raises(DataError, match=words):
        network.SGD([(np.zeros((2, 1)), np.array(y))], 1, 1, 0.1)


def test_labels_become_minus_one_and_one_for_the_hinge() -> None:
    network = Network([2, 3], "hinge", "linear", seed=0)
    prepared = network.samples("data", (np.zeros((2, 2)), np.array([1, 2])))
    np.testing.assert_array_equal(prepared.y, [[-1, 1, -1], [-1, -1, 1]])


def test_limits_at_certain_outputs() -> None:
    """SPEC C1: 0 ln 0 = 0 where it is a limit; ∞ where the cost is infinite; never NaN."""
    cost = get_cost("cross_entropy")
    sure = np.array([[1.0, 0.0, 1.0]])
    right = np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(cost.value(sure, right), [0, 0, np.inf])
    np.testing.assert_array_equal(cost.nabla_a(sure, right), [[-1, 1, np.inf]])
    np.testing.assert_array_equal(
        get_cost("log_likelihood").value(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])), [0, 0]
    )
    for name in ("l1", "hinge"):
        tie = get_cost(name)
        assert tie.nabla_a(np.array([[1.0]]), np.array([[1.0]])).item() == 0


def test_cost_derivative_is_the_books() -> None:
    """network.py's cost_derivative(output_activations, y)."""
    network = Network([2, 2], seed=0)
    assert_close(network.cost_derivative([[0.9], [0.2]], [[1.0], [0.0]]), [[-0.1], [0.2]])
    row = Network([2, 2], seed=0, layout="row")
    assert row.cost_derivative([[0.9, 0.2]], [[1.0, 0.0]]).shape == (1, 2)
    assert row.cost_derivative([0.9, 0.2], [1.0, 0.0]).shape == (2,)


def test_regularisation_is_in_cost_and_step_once() -> None:
    """Slip 7: the gradient of total_cost is ∇w of the mean plus λ/n w, and a step takes both once."""
    network = Network([4, 3, 2], seed=0)
    x, y = batch(network, 6)
    lmbda, n, eta = 0.7, 6, 0.3
    before = [w.copy() for w in network.weights]
    mean = network.backprop(x, y).reduced("mean")
    plain, whole = network.total_cost((x, y)), network.total_cost((x, y), lmbda)
    assert_close(whole - plain, lmbda / (2 * n) * sum((w**2).sum() for w in before), 1e-11)
    expected = [g + lmbda / n * w for g, w in zip(mean.nabla_w, before)]
    h = 1e-6
    for w, gradient in zip(network.weights, expected):
        w[0, 1] += h
        up = network.total_cost((x, y), lmbda)
        w[0, 1] -= 2 * h
        down = network.total_cost((x, y), lmbda)
        w[0, 1] += h
        assert abs((up - down) / (2 * h) - gradient[0, 1]) < 1e-9
    biases = [b.copy() for b in network.biases]
    network.update_mini_batch((x, y), eta, lmbda, n)
    assert_all_close(network.weights, [w - eta * g for w, g in zip(before, expected)])
    assert_all_close(network.biases, [b - eta * g for b, g in zip(biases, mean.nabla_b)])
    with pytest.raises(ArgumentError, match="lmbda needs n"):
        network.update_mini_batch((x, y), eta, lmbda)


def test_user_output_activation_is_not_fused() -> None:
    """A user's own function named `sigmoid` is not the library's: its derivative is used."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    network = Network(
        [3, 2], "cross_entropy", [(sigmoid, lambda z: 2 * sigmoid(z) * (1 - sigmoid(z)))], seed=0
    )
    x, y = batch(network, 4)
    record = network.backprop(x, y)
    assert_close(record.delta[-1], 2 * (record.a[-1] - y), 1e-10)
    assert get_activation("sigmoid").named
