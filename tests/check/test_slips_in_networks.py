"""Slips in networks of the usual make are found where they are and called what they are: D1, D2."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from chainrule import check
from chainrule.check.report import Report

Load = Callable[[str], ModuleType]

NETWORK = """
import numpy as np


def tanh(z):
    return np.tanh(z)


def tanh_prime(z):
    return 1.0 - np.tanh(z) ** 2


def square(z):
    return 0.5 * z ** 2


def square_prime(z):
    return z


class Net:
    def __init__(self, layers, weight_decay):
        self.layers = layers
        self.weight_decay = weight_decay

    def loss(self, X, Y):
        acts, zs = [X], []
        for layer in self.layers:
            zs.append(acts[-1] @ layer["W"])
            acts.append(layer["act"](zs[-1]))
        cost = 0.5 * np.sum((acts[-1] - Y) ** 2)
        for layer in self.layers:
            cost += 0.5 * self.weight_decay * np.sum(layer["W"] ** 2)

        Y = Y.reshape(acts[-1].shape)
        dA = acts[-1] - Y
        grads = [None] * len(self.layers)
        for i in reversed(range(len(self.layers))):
            layer = self.layers[i]
            dZ = dA * layer["prime"](zs[i])
            dW = acts[i].T @ dZ
            dW = dW + self.weight_decay * layer['W']
            grads[i] = {"dW": dW}
            dA = dZ @ layer["W"].T
        return cost, grads
"""

PROJECTIONS = """
import numpy as np


class Projections:
    def __init__(self, w_q, w_k):
        self.w_q, self.w_k = w_q, w_k

    def forward(self, x):
        self.flat = x.reshape(-1, x.shape[-1])
        mixed = np.tanh(self.flat @ self.w_q) * (self.flat @ self.w_k)
        return mixed.reshape(x.shape)

    def backward(self, grad_out):
        grad_mixed = grad_out.reshape(self.flat.shape)
        tanh_q = np.tanh(self.flat @ self.w_q)
        grad_q = grad_mixed * (self.flat @ self.w_k) * (1 - tanh_q ** 2)
        grad_k = grad_mixed * tanh_q
        grad_x = np.zeros_like(self.flat)
        for name, grad in (("q", grad_q), ("k", grad_k)):
            setattr(self, "grad_w_" + name, self.flat.T @ grad)
            grad_x += grad @ getattr(self, "w_" + name).T
        return grad_x.reshape(grad_out.shape)
"""

KEYS = """
import numpy as np


def tanh(z):
    return np.tanh(z)


def tanh_prime(z):
    return 1.0 - np.tanh(z) ** 2


def loss(params, X, Y):
    cache = {"A0": X}
    for i in (1, 2):
        z = cache[f"A{i - 1}"] @ params[f"W{i}"]
        cache[f"Z{i}"], cache[f"A{i}"] = z, tanh(z)
    cost = 0.5 * np.sum((cache["A2"] - Y) ** 2)
    grads = {}
    dA = cache["A2"] - Y
    for i in (2, 1):
        dZ = dA * tanh_prime(cache[f"Z{i}"])
        grads[f"W{i}"] = cache[f"A{i - 1}"].T @ dZ
        dA = dZ @ params[f"W{i}"].T
    return cost, grads
"""

LAYERS = """
import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def loss(weights, X, Y):
    a, zs = [X], []
    for w in weights:
        zs.append(a[-1] @ w)
        a.append(sigmoid(zs[-1]))
    cost = -np.sum(Y * np.log(a[-1]) + (1 - Y) * np.log(1 - a[-1]))
    grads = [None] * len(weights)
    delta = a[-1] - Y
    grads[-1] = a[-2].T @ delta
    for l in range(len(weights) - 2, -1, -1):
        delta = (delta @ weights[l + 1].T) * sigmoid_prime(zs[l])
        grads[l] = a[l].T @ delta
    return cost, grads
"""

SOFTMAX = """
import numpy as np


def loss(W, X, V):
    z = X @ W
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    cost = np.sum(p * V)
    dp = V
    dz = p * (dp - np.sum(p * dp, axis=1, keepdims=True))
    return cost, X.T @ dz
"""


def _module(load: Load, source: str, old: str, new: str) -> ModuleType:
    assert source.count(old) == 1 or not old
    return load(source.replace(old, new) if old else source)


def _report(load: Load, old: str = "", new: str = "") -> Report:
    module = _module(load, NETWORK, old, new)
    rng = np.random.default_rng(3)
    layers = [
        {"W": rng.normal(size=(4, 3)), "act": module.square, "prime": module.square_prime},
        {"W": 0.5 * rng.normal(size=(3, 3)), "act": module.tanh, "prime": module.tanh_prime},
    ]
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return check.source(module.Net(layers, 0.3).loss, x, y)


def _line(text: str) -> int:
    return next(n for n, line in enumerate(NETWORK.splitlines(), 1) if text in line)


def test_the_network_is_right(load: Load) -> None:
    assert _report(load).verdict == "right"


@pytest.mark.parametrize(
    ("old", "new", "lines", "slip"),
    [
        pytest.param(
            "dW = dW + self.weight_decay * layer['W']",
            "pass",
            ("dW = acts[i]", "dW = dW +"),
            "regularisation",
            id="decay lost",
        ),
        pytest.param(
            "Y = Y.reshape(acts[-1].shape)",
            "Y = acts[-1].reshape(acts[-1].shape)",
            ("Y = Y.reshape",),
            "wrong-variable",
            id="a statement that would be idle elsewhere",
        ),
    ],
)
def test_a_slip_is_found_and_named(
    load: Load, old: str, new: str, lines: tuple[str, ...], slip: str
) -> None:
    report = _report(load, old, new)
    assert report.verdict == "wrong"
    first = report.findings[0]
    assert first.line in [_line(text) for text in lines], str(report)
    assert first.slip == slip, str(report)


def _projections(load: Load, old: str = "", new: str = "") -> Report:
    module = _module(load, PROJECTIONS, old, new)
    rng = np.random.default_rng(4)
    layer = module.Projections(rng.normal(size=(4, 4)), rng.normal(size=(4, 4)))
    return check.backward(layer.forward, layer.backward, rng.normal(size=(2, 3, 4)))


def test_what_was_to_be_added_up_and_stays_zero_lacks_a_term(load: Load) -> None:
    assert _projections(load).verdict == "right"
    report = _projections(load, 'grad_x += grad @ getattr(self, "w_" + name).T', "pass")
    assert report.verdict == "wrong"
    assert report.findings[0].slip == "missing-term", str(report)
    assert "grad_x" in report.findings[0].statement, str(report)


@pytest.mark.parametrize("key", ['f"{}{{i}}"', '"{}" + str(i)', '"{}%d" % i', '"{}{{}}".format(i)'])
def test_another_key_built_in_the_same_way_is_blamed_and_no_right_helper(
    load: Load, key: str
) -> None:
    """``1 - z ** 2`` in ``tanh_prime`` would mend it, too, but that is the derivative of ``tanh``."""
    meant, planted = key.format("Z"), key.format("A")
    line = "dZ = dA * tanh_prime(cache[{}])"
    module = _module(load, KEYS, line.format('f"Z{i}"'), line.format(planted))
    rng = np.random.default_rng(5)
    params = {"W1": rng.normal(size=(4, 3)), "W2": 0.5 * rng.normal(size=(3, 2))}
    report = check.source(module.loss, params, rng.normal(size=(5, 4)), rng.normal(size=(5, 2)))
    first = report.findings[0]
    assert first.statement == line.format(planted)
    assert first.slip == "derivative-argument"
    assert first.suggestion == ast.unparse(ast.parse(line.format(meant)))


def test_a_lost_derivative_of_each_layer_is_put_back(load: Load) -> None:
    """Nothing else reads ``zs`` there, which is shorter by one than the list that is read."""
    module = _module(load, LAYERS, " * sigmoid_prime(zs[l])", "")
    rng = np.random.default_rng(6)
    weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 3), (3, 2))]
    targets = rng.integers(0, 2, size=(5, 2)).astype(float)
    report = check.source(module.loss, weights, rng.normal(size=(5, 4)), targets)
    [finding] = report.findings
    assert finding.slip == "missing-derivative"
    assert finding.suggestion is not None
    assert finding.suggestion.endswith("* sigmoid_prime(zs[l])")


def test_a_derivative_taken_at_the_activation_is_no_fault_of_the_helper(load: Load) -> None:
    """``s = z`` inside ``sigmoid_prime`` would mend it, too, but that is right where it is called."""
    helper = "    s = sigmoid(z)\n    return s * (1 - s)"
    source = LAYERS.replace("    return sigmoid(z) * (1 - sigmoid(z))", helper)
    module = _module(load, source, "sigmoid_prime(zs[l])", "sigmoid_prime(a[l + 1])")
    rng = np.random.default_rng(7)
    weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 3), (3, 2))]
    targets = rng.integers(0, 2, size=(5, 2)).astype(float)
    report = check.source(module.loss, weights, rng.normal(size=(5, 4)), targets)
    [finding] = report.findings
    assert finding.slip == "derivative-argument", str(report)
    assert finding.suggestion is not None
    assert "sigmoid_prime(zs[l])" in finding.suggestion


@pytest.mark.parametrize("diagonal", ["p * dp", "p * (1 - p) * dp"])
def test_a_softmax_taken_for_diagonal_is_called_so(load: Load, diagonal: str) -> None:
    """SPEC, slips: the Jacobian of softmax has p_i (1 - p_i) on its diagonal and -p_i p_j beside."""
    whole = "p * (dp - np.sum(p * dp, axis=1, keepdims=True))"
    module = _module(load, SOFTMAX, whole, diagonal)
    rng = np.random.default_rng(8)
    W, X, V = (rng.normal(size=shape) for shape in ((3, 4), (5, 3), (5, 4)))
    report = check.source(module.loss, W, X, V)
    [finding] = report.findings
    assert finding.slip == "softmax-jacobian", str(report)
    assert finding.suggestion is not None
