"""Right code of unusual make is called right: what the instruments must not disturb. SPEC D2, D3."""

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture
def loaded(load):
    return lambda text: load("import numpy as np\n\n" + text)


LAMBDAS = """
ACTS = {'square': (lambda z: z * z, lambda z: 2 * z), 'linear': (lambda z: z, lambda z: z ** 0)}

def loss(W, X, kind):
    act, prime = ACTS[kind]
    z = X @ W
    cost = np.sum(act(z))
    dW = X.T @ prime(z)
    return cost, dW
"""


@pytest.mark.parametrize("kind", ["square", "linear"])
def test_two_lambdas_on_one_line_stay_what_they_are(loaded, kind):
    rng = np.random.default_rng(0)
    loss = loaded(LAMBDAS).loss
    report = cr.check.source(loss, rng.normal(size=(3, 2)), rng.normal(size=(4, 3)), kind)
    assert report.verdict == "right", str(report)


BUFFERS = """
class Linear:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias
        self.grad_weights, self.grad_bias = np.zeros_like(weights), np.zeros_like(bias)

    def backward(self, x, grad):
        self.grad_weights[...] = 0
        self.grad_weights += grad.T @ x
        self.grad_bias[...] = grad.sum(axis=0)
        return grad @ self.weights


class Model:
    def __init__(self, weights, bias):
        self.layer = Linear(weights, bias)

    def loss(self, inputs, targets):
        diff = inputs @ self.layer.weights.T + self.layer.bias - targets
        cost = 0.5 * np.sum(diff ** 2)
        self.layer.backward(inputs, diff)
        gradients = []
        gradients.extend([self.layer.grad_weights, self.layer.grad_bias])
        return cost, gradients
"""


def _model(module):
    rng = np.random.default_rng(1)
    # The data have the shape of the weights: only names tell them apart.
    model = module.Model(rng.normal(size=(3, 3)), rng.normal(size=3))
    return model, rng.normal(size=(3, 3)), rng.normal(size=(3, 3))


def test_gradients_collected_from_the_layers_belong_to_the_weights_not_to_their_buffers(loaded):
    model, inputs, targets = _model(loaded(BUFFERS))
    report = cr.check.source(model.loss, inputs, targets)
    assert report.verdict == "right", str(report)
    assert [a.name for a in report.arguments] == ["self.layer.weights", "self.layer.bias"]


def test_a_wrong_gradient_collected_from_a_layer_is_still_wrong(loaded):
    model, inputs, targets = _model(loaded(BUFFERS.replace("grad.T @ x", "x.T @ grad")))
    assert cr.check.source(model.loss, inputs, targets).verdict == "wrong"
