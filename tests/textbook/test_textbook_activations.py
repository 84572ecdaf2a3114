"""Activations and their derivatives (SPEC A7, C2)."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from textbook_cases import ELEMENTWISE, assert_all_close, assert_close, batch

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook import Network, activation_names, difference_gradient, get_activation

mpmath.mp.dps = 40


def _sigma(z):
    return 1 / (1 + mpmath.exp(-z))


def _cdf(z):
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2


def _gelu_tanh(z):
    return (
        z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3)))
    )


def _clip(z, low, high):
    return min(max(z, low), high)


_ALPHA = mpmath.mpf("1.6732632423543772848170429916717")
_SCALE = mpmath.mpf("1.0507009873554804934193349852946")

# Each activation by its definition, in forty digits.
DEFINITIONS = {
    "sigmoid": _sigma,
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, 0),
    "leaky_relu": lambda z: z if z > 0 else mpmath.mpf("0.01") * z,
    "linear": lambda z: z,
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "selu": lambda z: _SCALE * (z if z > 0 else _ALPHA * mpmath.expm1(z)),
    "gelu": lambda z: z * _cdf(z),
    "gelu_tanh": _gelu_tanh,
    "silu": lambda z: z * _sigma(z),
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "softsign": lambda z: z / (1 + abs(z)),
    "relu6": lambda z: _clip(z, 0, 6),
    "hard_sigmoid": lambda z: _clip(z / 6 + mpmath.mpf(1) / 2, 0, 1),
    "hard_tanh": lambda z: _clip(z, -1, 1),
    "hard_swish": lambda z: z * _clip(z / 6 + mpmath.mpf(1) / 2, 0, 1),
}
POINTS = np.array(
    [-30.0, -7.3, -3.2, -2.9, -1.1, -0.4, -1e-3, 1e-9, 0.3, 0.9, 1.7, 2.95, 4.4, 20.0]
)


def test_every_elementwise_activation_is_defined_here() -> None:
    assert set(DEFINITIONS) == set(ELEMENTWISE)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_equals_the_definition(name: str) -> None:
    """SPEC C2: relative accuracy in the tails too, where naive formulas cancel."""
    found = get_activation(name)(POINTS)
    for z, a in zip(POINTS, found):
        exact = DEFINITIONS[name](mpmath.mpf(float(z)))
        # The argument's own rounding is magnified by z² where the function falls like e^(−z²).
        bound = 4e-16 * (10 + z * z if "gelu" in name else 20)
        assert abs(mpmath.mpf(float(a)) - exact) <= bound * abs(exact), z


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_equals_that_of_the_definition(name: str) -> None:
    """SPEC C2: σ'(z) of the definition, differentiated in forty digits."""
    found = get_activation(name).prime(POINTS)
    for z, slope in zip(POINTS, found):
        exact = mpmath.diff(DEFINITIONS[name], mpmath.mpf(float(z)), h=mpmath.mpf("1e-15"))
        assert abs(mpmath.mpf(float(slope)) - exact) <= 1e-12 * abs(exact) + 1e-22, z


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_without_warning_over_the_whole_range(name: str, dtype) -> None:
    """SPEC C2: |z| up to the dtype's largest number; no overflow, no NaN, dtype kept."""
    largest = np.finfo(dtype).max
    z = np.array([-largest, -1e30, -1e4, -88.0, 0.0, 88.0, 1e4, 1e30, largest], dtype)
    if name == "selu":
        z = z[:-1]  # 1.05 times the largest number is infinite, and should be
    activation = get_activation(name)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a, slope = activation(z), activation.prime(z)
    assert a.dtype == slope.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_is_stable_over_the_whole_range(name: str, dtype) -> None:
    """SPEC C2."""
    largest = np.finfo(dtype).max
    z = np.array([[1000.0, largest, 0.0], [-1000.0, -largest, 0.0]], dtype)
    activation = get_activation(name)
    with np.errstate(over="raise", invalid="raise", divide="ignore"):
        a = activation(z)
        pulled = activation.pull(z, a, np.ones_like(z))
    assert a.dtype == dtype
    assert not np.isnan(a).any()
    if name == "softmax":
        np.testing.assert_array_equal(a, np.array([[1, 1, 0.5], [0, 0, 0.5]], dtype))
        np.testing.assert_allclose(pulled, 0, atol=1e-6)  # the outputs always sum to 1


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_not_a_number_stays_not_a_number(name: str) -> None:
    assert np.isnan(get_activation(name)(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("name", "z", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("elu(0.5)", 0.0, 0.5),
        ("relu6", 0.0, 0.0),
        ("relu6", 6.0, 0.0),
        ("hard_tanh", 1.0, 0.0),
        ("hard_tanh", -1.0, 0.0),
        ("hard_sigmoid", 3.0, 0.0),
        ("hard_swish", 3.0, 1.0),
        ("hard_swish", -3.0, 0.0),
    ],
)
def test_derivatives_at_kinks(name: str, z: float, slope: float) -> None:
    """SPEC C2: the values that the documentation states."""
    assert get_activation(name).prime(np.array([z])).item() == slope


def test_leaky_relu_has_slope_one_hundredth() -> None:
    """SPEC C2: α = 0.01 by default."""
    leaky = get_activation("leaky_relu")
    np.testing.assert_array_equal(leaky(np.array([-100.0, 3.0])), [-1.0, 3.0])
    np.testing.assert_array_equal(leaky.prime(np.array([-100.0, 3.0])), [0.01, 1.0])
    assert get_activation("leaky_relu(0.2)").name == "leaky_relu(0.2)"


@pytest.mark.parametrize("name", activation_names())
def test_jacobian_diagonal_and_pull_agree(name: str) -> None:
    """SPEC A6: Σ'(z), its diagonal, and Σ'(z)ᵀ g are one derivative."""
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=4), rng.normal(size=4)
    activation = get_activation(name)
    jacobian = activation.jacobian(z)
    numeric = np.empty((4, 4))
    for i in range(4):
        step = np.zeros((4, 1))
        step[i] = 1e-6
        difference = activation(z[:, None] + step) - activation(z[:, None] - step)
        numeric[:, i] = difference[:, 0] / 2e-6
    assert_close(jacobian, numeric, 1e-8)
    assert_close(activation.diagonal(z[:, None])[:, 0], np.diag(jacobian))
    column = activation(z[:, None])
    assert_close(activation.pull(z[:, None], column, g[:, None])[:, 0], jacobian.T @ g)


def test_softmax_has_no_elementwise_derivative() -> None:
    with pytest.raises(ArgumentError, match=r"softmax mixes the neurons.*jacobian\(z\)"):
        get_activation("softmax").prime(np.zeros(2))


def test_each_neuron_may_have_its_own_activation() -> None:
    """SPEC A7: a mixed layer is its neurons side by side."""
    names = ["sigmoid", "tanh", "linear", "relu", "leaky_relu(0.3)"]
    network = Network([3, 5, 2], activations=[names, "sigmoid"], seed=0)
    x, y = batch(network, 6)
    record = network.backprop(x, y)
    for j, name in enumerate(names):
        activation = get_activation(name)
        assert_close(record.a[1][j], activation(record.z[0][j]))
        upstream = network.weights[1].T @ record.delta[1]
        assert_close(record.delta[0][j], upstream[j] * activation.prime(record.z[0][j]))
    assert "[sigmoid, tanh, linear, relu, leaky_relu(0.3)]" in repr(network)
    assert_all_close(record.nabla_w, difference_gradient(network, x, y).nabla_w, 1e-8)


def test_a_neuron_may_have_a_function_of_the_users() -> None:
    """SPEC A7: f(Σ w x + b) with any differentiable f."""
    network = Network(
        [3, 3, 1],
        activations=[[(np.sin, np.cos), "linear", (np.square, lambda z: 2 * z)], "linear"],
        seed=0,
    )
    x, y = batch(network, 4)
    record = network.backprop(x, y)
    assert_close(record.a[1][0], np.sin(record.z[0][0]))
    assert_close(record.a[1][2], record.z[0][2] ** 2)
    assert_all_close(record.nabla_w, difference_gradient(network, x, y).nabla_w, 1e-8)


def test_equal_neurons_make_a_plain_layer() -> None:
    """A list of equal names is the layer of that name, fused forms included."""
    network = Network([2, 2], "cross_entropy", [["sigmoid", "sigmoid"]])
    assert network.activations[0].name == "sigmoid"


def test_linear_networks_work() -> None:
    """SPEC A7: σ(z) = z, where the gradient is that of least squares."""
    network = Network([3, 2], activations="linear", seed=0)
    x, y = batch(network, 10)
    record = network.backprop(x, y)
    residual = network.weights[0] @ x + network.biases[0] - y
    assert_close(record.nabla_w[0], residual @ x.T)
    assert record.z[0] is not record.a[1]  # arrays of their own: writing in one leaves the other


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("rely", "did you mean 'relu'"),
        ("relu(1)", "too many parameters"),
        ("softmax(2)", "takes no parameters"),
        ("leaky_relu(a)", "must be numbers"),
        ("leaky relu", "is not a name with optional numbers"),
        (5, "an activation is a name"),
        ((np.sin,), "2 neurons but a list of 1 activations"),
        (["relu", "relu", "relu"], "2 items|3 items for 1 layers"),
        ([["relu", "relu", "relu"]], "2 neurons but a list of 3"),
        ([["relu", "softmax"]], "neuron 1: softmax mixes a whole layer"),
    ],
)
def test_what_is_no_activation_is_refused(given, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Network([2, 2], activations=[given] if isinstance(given, tuple) else given)


def test_a_derivative_of_another_shape_is_refused() -> None:
    network = Network([2, 2], activations=[(np.tanh, lambda z: 1.0)], seed=0)
    with pytest.raises(ShapeError, match=r"σ' of activation 'tanh' returned shape \(\)"):
        network.backprop([[1.0], [1.0]], [[0.0], [0.0]])
