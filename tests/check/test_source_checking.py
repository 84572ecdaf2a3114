"""Hand-written backward passes: the wrong line is named, right ones are left alone (SPEC D2)."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.check import backward, source

TEXT = """
import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def loss_and_grads(params, X, y, reg):
    m = X.shape[0]
    z1 = X @ params["W1"] + params["b1"]
    a1 = np.maximum(z1, 0)
    s = a1 @ params["W2"] + params["b2"]
    s = s - s.max(axis=1, keepdims=True)
    p = np.exp(s)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(m), y]).mean()
    loss += 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
    ds = p.copy()
    ds[np.arange(m), y] -= 1
    ds /= m
    grads = {}
    grads["W2"] = a1.T @ ds + reg * params["W2"]
    grads["b2"] = ds.sum(axis=0)
    da1 = ds @ params["W2"].T
    dz1 = da1 * (z1 > 0)
    grads["W1"] = X.T @ dz1 + reg * params["W1"]
    grads["b1"] = dz1.sum(axis=0)
    return loss, grads


class Net:
    def __init__(self, sizes, rng):
        self.num_layers = len(sizes)
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights = [rng.normal(size=(n, k)) for k, n in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def cost_derivative(self, out, y):
        return out - y

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].T)
        for l in range(2, self.num_layers):
            sp = sigmoid_prime(zs[-l])
            delta = np.dot(self.weights[-l + 1].T, delta) * sp
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].T)
        return nabla_b, nabla_w


def rnn_forward(x, h0, Wx, Wh, b):
    hs = [h0]
    for t in range(x.shape[0]):
        hs.append(np.tanh(x[t] @ Wx + hs[-1] @ Wh + b))
    return np.stack(hs[1:]), (x, hs, Wx, Wh)


def rnn_backward(dout, cache):
    x, hs, Wx, Wh = cache
    dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
    db = np.zeros(Wx.shape[1])
    dh = np.zeros_like(hs[0])
    for t in reversed(range(x.shape[0])):
        dh = dh + dout[t]
        da = dh * (1 - hs[t + 1] ** 2)
        dx[t] = da @ Wx.T
        dWx += x[t].T @ da
        dWh += hs[t].T @ da
        db += da.sum(axis=0)
        dh = da @ Wh.T
    return dx, dh, dWx, dWh, db


def staged(x, y):
    sigy = 1.0 / (1 + np.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + np.exp(-x))
    xpy = x + y
    den = sigx + xpy**2
    invden = 1.0 / den
    f = num * invden
    dnum = invden
    dinvden = num
    dden = (-1.0 / (den**2)) * dinvden
    dsigx = 1 * dden
    dxpy = (2 * xpy) * dden
    dx = 1 * dxpy
    dy = 1 * dxpy
    dx += ((1 - sigx) * sigx) * dsigx
    dx += 1 * dnum
    dy += ((1 - sigy) * sigy) * dnum
    return f, dx, dy
"""


@pytest.fixture
def load(load):
    return lambda text=TEXT: load(text)


def run_softmax(m, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    params = {k: rng.normal(size=s).astype(dtype) for k, s in shapes.items()}
    return source(
        m.loss_and_grads, params, rng.normal(size=(6, 4)).astype(dtype), rng.integers(0, 3, 6), 0.1
    )


def run_book(m, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    net = m.Net([4, 5, 4, 3], rng)
    return source(
        net.backprop,
        rng.normal(size=(4, 1)).astype(dtype),
        rng.random(size=(3, 1)).astype(dtype),
        cost=lambda a, y: 0.5 * np.sum((a - y) ** 2),
    )


def run_rnn(m, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = [(3, 2, 3), (2, 4), (3, 4), (4, 4), (4,)]
    return backward(
        m.rnn_forward, m.rnn_backward, *[rng.normal(size=s).astype(dtype) for s in shapes]
    )


def run_staged(m, seed=0, dtype=np.float64):
    return source(m.staged, 3 - seed, -4)


RUNS = {"softmax": run_softmax, "book": run_book, "rnn": run_rnn, "staged": run_staged}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_right_programs_are_never_called_wrong(load, name, dtype):
    module = load()
    for seed in range(6):
        report = RUNS[name](module, seed, dtype)
        assert report.verdict == "right", f"seed {seed}\n{report}"
        assert report.findings == ()


def test_kinks_hit_on_purpose_are_no_false_alarm(load):
    module = load()
    rng = np.random.default_rng(0)
    params = {
        "W1": np.round(rng.normal(size=(4, 5)) * 2) / 2,
        "b1": np.zeros(5),
        "W2": np.round(rng.normal(size=(5, 3)) * 2) / 2,
        "b2": np.zeros(3),
    }
    X = np.round(rng.normal(size=(6, 4)) * 2) / 2
    X[0] = 0.0
    report = source(module.loss_and_grads, params, X, rng.integers(0, 3, 6), 0.1)
    assert report.verdict == "right", str(report)


SLIPS = [
    ("softmax", "ds /= m", "ds /= 1", {"factor-m"}),
    ("softmax", "ds[np.arange(m), y] -= 1", "ds[np.arange(m), y] += 1", {"sign"}),
    ("softmax", "dz1 = da1 * (z1 > 0)", "dz1 = da1 * (z1 < 0)", {"mask"}),
    ("softmax", "dz1 = da1 * (z1 > 0)", "dz1 = da1", {"mask", "missing-derivative"}),
    ("softmax", 'X.T @ dz1 + reg * params["W1"]', "X.T @ dz1", {"regularisation"}),
    ("softmax", "dz1.sum(axis=0)", "dz1.mean(axis=0)", {"bias-sum", "factor-m"}),
    ("softmax", "ds.sum(axis=0)", "ds.sum(axis=1)", {"bias-sum", "broadcast"}),
    ("softmax", 'ds @ params["W2"].T', 'ds @ params["W2"]', {"crash"}),
    ("softmax", "X.T @ dz1", "X.T @ da1", {"wrong-variable"}),
    ("book", "* sigmoid_prime(zs[-1])", "", {"missing-derivative"}),
    ("book", "sigmoid_prime(zs[-l])", "sigmoid_prime(activations[-l])", {"derivative-argument"}),
    ("book", "activations[-l - 1].T", "activations[-l].T", {"wrong-layer", "index"}),
    ("book", "return out - y", "return y - out", {"operand-order", "sign"}),
    ("book", "delta) * sp", "delta) * sp * 2", {"factor-2"}),
    ("rnn", "dh = dh + dout[t]", "dh = dout[t]", {"accumulate", "missing-term"}),
    ("rnn", "dWh += hs[t].T @ da", "dWh = hs[t].T @ da", {"accumulate"}),
    ("rnn", "hs[t].T @ da", "hs[t + 1].T @ da", {"index", "wrong-layer", "stale-variable"}),
    ("rnn", "(1 - hs[t + 1] ** 2)", "(1 - hs[t + 1])", {"power"}),
    ("rnn", "dh = da @ Wh.T", "dh = da @ Wh", {"transpose"}),
    ("staged", "dx += 1 * dnum", "dx = 1 * dnum", {"accumulate"}),
    ("staged", "(den**2)", "den", {"power", "missing-derivative", "factor"}),
    ("staged", "(2 * xpy)", "xpy", {"factor-2"}),
    ("staged", "-1.0 /", "1.0 /", {"sign"}),
]


@pytest.mark.parametrize(("name", "old", "new", "slips"), SLIPS)
def test_the_slip_and_its_line_are_named(load, name, old, new, slips):
    """SPEC D2: verdict, line, likely slip; a mended statement is offered only if it mends."""
    at = TEXT.rindex(old) if name == "rnn" else TEXT.index(old)
    module = load(TEXT[:at] + new + TEXT[at + len(old) :])
    report = RUNS[name](module)
    assert report.verdict == "wrong"
    assert report.exit_code == 1
    (finding,) = report.findings
    assert finding.line == TEXT[:at].count("\n") + 1, str(report)
    assert finding.slip in slips, str(report)
    if finding.slip != "crash":
        lines = (TEXT[:at] + new + TEXT[at + len(old) :]).splitlines()
        indent = lines[finding.line - 1][: -len(lines[finding.line - 1].lstrip())]
        lines[finding.line - 1] = indent + finding.suggestion
        assert RUNS[name](load("\n".join(lines) + "\n")).verdict == "right", finding.suggestion


def test_two_independent_slips_are_two_findings(load):
    text = TEXT.replace("dz1.sum(axis=0)", "2 * dz1.sum(axis=0)").replace(
        "a1.T @ ds + reg", "-a1.T @ ds + reg"
    )
    report = run_softmax(load(text))
    lines = text.splitlines()
    found = [lines[f.line - 1] for f in report.findings]
    assert len(found) == 2
    assert "-a1.T" in found[0]
    assert "2 * dz1" in found[1]


def test_consequences_are_marked_and_not_reported_again(load):
    report = run_softmax(load(TEXT.replace("ds /= m", "ds /= 2 * m")))
    (finding,) = report.findings
    assert finding.gradients == (
        "params['W2']",
        "params['b2']",
        "params['W1']",
        "params['b1']",
    ) or set(finding.gradients) == {"params['W2']", "params['b2']", "params['W1']", "params['b1']"}
    assert len(finding.consequences) >= 4
    assert finding.line not in finding.consequences


def test_a_cost_that_is_not_computed_is_inferred_and_said(load):
    rng = np.random.default_rng(0)
    net = load().Net([4, 5, 3], rng)
    report = source(net.backprop, rng.normal(size=(4, 1)), rng.random(size=(3, 1)))
    assert report.verdict == "right"
    assert any("inferred" in note and "½‖a − y‖²" in note for note in report.notes)


def test_a_parameter_without_a_gradient_is_wrong(load):
    report = run_softmax(load(TEXT.replace('    grads["b1"] = dz1.sum(axis=0)\n', "")))
    assert report.verdict == "wrong"
    assert "no gradient is returned" in str(report)


def test_a_bias_gradient_of_a_shape_that_would_broadcast_is_wrong(load):
    text = TEXT.replace("nabla_b[-l] = delta", "nabla_b[-l] = delta.ravel()")
    report = run_book(load(text))
    assert report.verdict == "wrong"
    assert "shape (4,)" in str(report)


def test_user_functions_have_their_own_code_back_afterwards(load):
    module = load()
    before = module.loss_and_grads.__code__
    run_softmax(module)
    assert module.loss_and_grads.__code__ is before
    assert not hasattr(module, "__chainrule__")


def test_arguments_are_not_changed(load):
    module = load()
    x = np.ones((3, 2, 3))
    args = [x, np.ones((2, 4)), np.ones((3, 4)), np.ones((4, 4)), np.ones(4)]
    backward(module.rnn_forward, module.rnn_backward, *args)
    assert all((a == 1).all() for a in args)


def test_layers_that_keep_their_gradients_on_themselves():
    class Linear:
        def __init__(self, rng):
            self.W, self.b = rng.normal(size=(4, 3)), rng.normal(size=3)

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T

    class Wrong(Linear):
        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.mean(axis=0)
            return dout @ self.W.T

    rng = np.random.default_rng(0)
    layer, wrong = Linear(rng), Wrong(rng)
    report = backward(layer.forward, layer.backward, rng.normal(size=(5, 4)))
    assert report.verdict == "right", str(report)
    assert {a.name for a in report.arguments} == {"x", "self.W", "self.b"}
    report = backward(wrong.forward, wrong.backward, rng.normal(size=(5, 4)))
    assert report.findings[0].slip in ("bias-sum", "factor-m")
    assert report.findings[0].statement == "self.db = dout.mean(axis=0)"


def test_a_weight_without_a_gradient_beside_its_bias_is_wrong_and_a_buffer_is_not():
    class Affine:
        def __init__(self, kernel, bias):
            self.kernel, self.bias, self.offset = kernel, bias, np.full(4, 0.5)

        def forward(self, x):
            self.x = x
            return (x + self.offset) @ self.kernel + self.bias

        def backward(self, dout):
            self.dbias = dout.sum(axis=0)
            return dout @ self.kernel.T

    class Whole(Affine):
        def backward(self, dout):
            self.dkernel = (self.x + self.offset).T @ dout
            return Affine.backward(self, dout)

    rng = np.random.default_rng(0)
    kernel, bias, x = (rng.normal(size=s) for s in ((4, 3), (3,), (5, 4)))
    verdicts = {}
    for kind in (Affine, Whole):
        layer = kind(kernel, bias)
        verdicts[kind] = backward(layer.forward, layer.backward, x, budget=1.0)
    assert verdicts[Whole].verdict == "right", str(verdicts[Whole])
    assert verdicts[Affine].verdict == "wrong"
    assert "self.kernel: no gradient is returned" in str(verdicts[Affine])
    assert verdicts[Affine].findings[0].statement == "return dout @ self.kernel.T"


def test_lists_of_parameters_and_gradients_on_a_layer_are_matched_by_position():
    class Affine:
        def __init__(self, W, b):
            self.params = [W, b]
            self.grads = [np.zeros_like(W), np.zeros_like(b)]

        def forward(self, x):
            self.x = x
            return x @ self.params[0] + self.params[1]

        def backward(self, dout):
            self.grads[0][...] = self.x.T @ dout
            self.grads[1][...] = 2 * dout.sum(axis=0)
            return dout @ self.params[0].T

    rng = np.random.default_rng(0)
    layer = Affine(rng.normal(size=(4, 3)), rng.normal(size=3))
    report = backward(layer.forward, layer.backward, rng.normal(size=(5, 4)))
    verdicts = {a.name: a.verdict for a in report.arguments}
    assert verdicts == {"x": "right", "self.params[0]": "right", "self.params[1]": "wrong"}
    assert report.findings[0].statement == "self.grads[1][...] = 2 * dout.sum(axis=0)"


def test_cost_and_gradient_with_the_same_arguments():
    def cost(w, X, y):
        return float(np.mean((X @ w - y) ** 2))

    def gradient(w, X, y):
        return 2 * X.T @ (X @ w - y)

    rng = np.random.default_rng(0)
    report = backward(
        cost, gradient, rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)
    )
    assert report.verdict == "wrong"
    assert report.findings[0].slip == "factor-m"


def test_code_that_is_not_deterministic_is_cannot_tell():
    rng = np.random.default_rng(0)

    def f(w):
        mask = rng.random(w.shape) < 0.5
        return float(np.sum(mask * w)), mask * 1.0

    report = source(f, np.ones(5))
    assert (report.verdict, report.exit_code) == ("cannot tell", 3)


def test_reports_fit_80_columns_and_are_json(load):
    report = run_softmax(load(TEXT.replace("ds /= m", "ds /= 2 * m")))
    assert json.loads(report.to_json())["findings"][0]["slip"] == report.findings[0].slip
    path = report.findings[0].file
    assert all(len(line) <= 80 or path[:40] in line for line in str(report).splitlines())


def test_wrong_arguments_are_a_usage_error(load):
    with pytest.raises(cr.errors.ArgumentError, match="cannot be called"):
        source(load().loss_and_grads, 1)


def test_a_missing_function_is_a_usage_error(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("def f(x):\n    return x\n", encoding="utf-8")
    with pytest.raises(cr.errors.ArgumentError, match="has no 'g'; it has f"):
        source(f"{file}:g", 1.0)
