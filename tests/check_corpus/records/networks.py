"""Records of the programs that are whole networks."""

import itertools

import numpy as np
from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


def _probability(rng, *shape):
    return rng.uniform(0.1, 0.9, shape)


def _book_network(cls, attributes):
    weights = attributes["weights"]
    network = cls([weights[0].shape[1]] + [len(w) for w in weights])
    network.weights = weights
    network.biases = attributes["biases"]
    return network


def _layers(rng, sizes):
    return {
        "weights": [_normal(rng, o, i) for i, o in itertools.pairwise(sizes)],
        "biases": [_normal(rng, o, 1) for o in sizes[1:]],
    }


def _mlp(rng):
    sizes = [5, 6, 6, 3]
    params = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        params[f"W{i}"] = _normal(rng, fan_in, fan_out)
        params[f"b{i}"] = _normal(rng, fan_out)
    return {
        "self": {"params": params, "reg": 0.3},
        "X": _normal(rng, 7, 5),
        "y": rng.integers(0, 3, 7),
    }


def _two_layer(rng):
    return {
        "X": _normal(rng, 7, 5),
        "y": rng.integers(0, 3, 7),
        "model": {
            "W1": _normal(rng, 5, 6),
            "b1": _normal(rng, 6),
            "W2": _normal(rng, 6, 3),
            "b2": _normal(rng, 3),
        },
        "reg": 0.7,
    }


def _columns(rng, sizes, m=7):
    parameters = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        parameters[f"W{i}"] = 0.7 * _normal(rng, fan_out, fan_in)
        parameters[f"b{i}"] = _normal(rng, fan_out, 1)
    return {
        "parameters": parameters,
        "X": _normal(rng, sizes[0], m),
        "Y": rng.integers(0, 2, (sizes[-1], m)).astype(float),
    }


def _elu(rng):
    return {
        "Ws": [_normal(rng, 5, 4), _normal(rng, 5, 4), _normal(rng, 5, 3)],
        "X": _normal(rng, 6, 4),
        "T": _normal(rng, 6, 3),
    }


def _convnet(rng):
    return {
        "cw": _normal(rng, 3, 4, 5),
        "cb": _normal(rng, 5),
        "dw": _normal(rng, 5, 3),
        "db": _normal(rng, 3),
        "x": _normal(rng, 7, 6, 4),
        "y": rng.integers(0, 3, 7),
    }


PROGRAMS = [
    Program(
        name="book_network_single",
        style="the book's class, one sample, column vectors, lists nabla_b and nabla_w; the code has only the derivative of the cost",
        form="network",
        entry="Network.backprop",
        construct=_book_network,
        cost=lambda a, y: 0.5 * np.sum((a - y) ** 2),
        inputs=lambda rng: {
            "self": _layers(rng, [4, 5, 5, 3]),
            "x": _normal(rng, 4, 1),
            "y": _probability(rng, 3, 1),
        },
        gradients={"out.0.*": "self.biases.*", "out.1.*": "self.weights.*"},
        backward=("backprop@# backward pass", "cost_derivative", "sigmoid_prime"),
        pairs=(("zs[-1]", "activations[-1]"), ("zs[-l]", "activations[-l]")),
        slips=(
            (
                "missing-derivative|derivative-argument",
                "sp = sigmoid_prime(z)",
                "sp = activations[-l]",
            ),
            (
                "missing-derivative",
                "self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])",
                "self.cost_derivative(activations[-1], y)",
            ),
        ),
    ),
    Program(
        name="book_network_batch",
        style="the book's class in matrix form, one column per sample, cross entropy, gradients summed over the batch",
        form="network",
        entry="Network.backprop",
        cost=lambda a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)),
        inputs=lambda rng: {
            "self": _layers(rng, [4, 5, 5, 3]),
            "X": _normal(rng, 4, 7),
            "Y": rng.integers(0, 2, (3, 7)).astype(float),
        },
        gradients={"out.0.*": "self.biases.*", "out.1.*": "self.weights.*"},
        backward=("backprop@# now backwards", "delta", "sigmoid_prime"),
        pairs=(("zs[l]", "activations[l + 1]"),),
    ),
    Program(
        name="mlp_row_relu",
        style="class with a params dict, row layout, a loop over layers, keys built from numbers",
        form="loss-and-grads",
        entry="MLP.loss",
        inputs=_mlp,
        gradients={"out.1.*": "self.params.*"},
        backward=("loss@# gradients",),
        kinks=True,
        slips=(
            ("wrong-layer|derivative-argument", "(caches[i - 2][1] > 0)", "(caches[i - 2][0] > 0)"),
            ("mask|wrong-variable|derivative-argument", "(caches[i - 2][1] > 0)", "(dh > 0)"),
        ),
    ),
    Program(
        name="two_layer_net_l2",
        style="one function, row layout, ReLU, softmax loss with labels, regularisation added at the end, grads dict",
        form="loss-and-grads",
        entry="two_layer_net",
        inputs=_two_layer,
        gradients={"out.1.*": "model.*"},
        backward=("two_layer_net@# backward",),
        kinks=True,
        pairs=(("z1", "a1"),),
    ),
    Program(
        name="planar_columns",
        style="functions that pass dicts, column layout, tanh then sigmoid; errors dZ are not divided by m, the parameters' gradients are",
        form="loss-and-grads",
        entry="cost_and_grads",
        inputs=lambda rng: _columns(rng, [5, 4, 3]),
        gradients={"out.1.d*": "parameters.*"},
        backward=("backward_propagation",),
        helpers=("dZ2", "dZ1"),
        pairs=(('cache["Z1"]', "A1"),),
    ),
    Program(
        name="deep_columns_caches",
        style="L layers of small functions with nested caches, column layout, ReLU layers and a sigmoid, L2 over m",
        form="loss-and-grads",
        entry="step",
        inputs=lambda rng: {**_columns(rng, [5, 4, 4, 3]), "lambd": 0.7},
        gradients={"out.1.d*": "parameters.*"},
        backward=("linear_backward", "linear_activation_backward", "model_backward"),
        helpers=("dZ", "dA", "dA_prev", "dAL"),
        kinks=True,
    ),
    Program(
        name="leaky_relu_einsum",
        style="einsum everywhere, weights (out, in), gradients named g_…, returned as a tuple",
        form="loss-and-grads",
        entry="mse_loss_and_grads",
        inputs=lambda rng: {
            "w1": _normal(rng, 6, 4),
            "c1": _normal(rng, 6),
            "w2": _normal(rng, 3, 6),
            "c2": _normal(rng, 3),
            "x": _normal(rng, 7, 4),
            "t": _normal(rng, 7, 3),
        },
        gradients={"out.1.0": "w1", "out.1.1": "c1", "out.1.2": "w2", "out.1.3": "c2"},
        backward=("mse_loss_and_grads@# ---- gradients", "lrelu_grad"),
        kinks=True,
        pairs=(("z", "h"),),
    ),
    Program(
        name="elu_augmented",
        style="biases folded into the weights by a column of ones, list of weights, mean over all entries",
        form="loss-and-grads",
        entry="loss_and_gradient",
        inputs=_elu,
        gradients={"out.1.*": "Ws.*"},
        backward=("loss_and_gradient@# backprop",),
        kinks=True,
        pairs=(("pres[k]", "acts[k + 1][:, :-1]"),),
    ),
    Program(
        name="autoencoder_tied",
        style="one weight matrix used twice, so its gradient has two parts; flat tuple of results",
        form="loss-and-grads",
        entry="autoencoder",
        inputs=lambda rng: {
            "W": _normal(rng, 5, 4),
            "b": _normal(rng, 4),
            "c": _normal(rng, 5),
            "X": _normal(rng, 7, 5),
        },
        gradients={"out.1": "W", "out.2": "b", "out.3": "c"},
        backward=("autoencoder@# Backward",),
        pairs=(("Z", "H"),),
    ),
    Program(
        name="residual_block",
        style="forward and backward with a cache tuple, a skip connection, square weights",
        form="forward-backward",
        entry="block_forward, block_backward",
        inputs=lambda rng: {
            "x": _normal(rng, 7, 4),
            "w1": _normal(rng, 4, 4),
            "b1": _normal(rng, 4),
            "w2": _normal(rng, 4, 4),
            "b2": _normal(rng, 4),
        },
        gradients={
            "out.0": "x",
            "out.1": "w1",
            "out.2": "b1",
            "out.3": "w2",
            "out.4": "b2",
        },
        backward=("block_backward",),
        kinks=True,
        pairs=(("u", "h"),),
        slips=(
            ("mask|wrong-variable|derivative-argument", "du = dh * (u > 0)", "du = dh * (s > 0)"),
        ),
    ),
    Program(
        name="gated_linear_unit",
        style="np.matmul, names d_…, cache as a dict",
        form="forward-backward",
        entry="glu_forward, glu_backward",
        inputs=lambda rng: {
            "inp": _normal(rng, 7, 4),
            "Wv": _normal(rng, 4, 5),
            "Wg": _normal(rng, 4, 5),
            "bv": _normal(rng, 5),
            "bg": _normal(rng, 5),
        },
        gradients={
            "out.0": "inp",
            "out.1": "Wv",
            "out.2": "Wg",
            "out.3": "bv",
            "out.4": "bg",
        },
        backward=("glu_backward",),
    ),
    Program(
        name="tiny_xor_net",
        style="one nonlin function with a deriv flag that wants the activation, names l1_delta, no biases",
        form="loss-and-grads",
        entry="error_and_slopes",
        inputs=lambda rng: {
            "syn0": _normal(rng, 3, 5),
            "syn1": _normal(rng, 5, 2),
            "X": _normal(rng, 7, 3),
            "y": _probability(rng, 7, 2),
        },
        gradients={"out.1": "syn0", "out.2": "syn1"},
        backward=("error_and_slopes@# how much each layer",),
        pairs=(("np.dot(l0, syn0)", "l1"), ("np.dot(l1, syn1)", "l2")),
    ),
    Program(
        name="layer_objects_convnet",
        style="layer classes that cache on self, gradients left on the objects, layers walked in reverse",
        form="loss-and-grads",
        entry="loss_and_grads",
        inputs=_convnet,
        gradients={f"out.1.{n}": n for n in ("cw", "cb", "dw", "db", "x")},
        backward=("backward",),
        kinks=True,
    ),
    Program(
        name="dropout_net",
        style="parameters in a tuple, gradients in a list, dropout mask given, mean without a half",
        form="loss-and-grads",
        entry="dropout_net",
        inputs=lambda rng: {
            "params": (
                _normal(rng, 4, 6),
                _normal(rng, 6),
                _normal(rng, 6, 3),
                _normal(rng, 3),
            ),
            "X": _normal(rng, 7, 4),
            "Y": _normal(rng, 7, 3),
            "mask": (rng.random((7, 6)) < 0.6).astype(float),
            "keep_prob": 0.6,
        },
        gradients={"out.1.*": "params.*"},
        backward=("dropout_net@dout = 2.0",),
        slips=(
            ("mask", "dA1 = dD1 * mask / keep_prob", "dA1 = dD1 * (1 - mask) / keep_prob"),
            (
                "derivative-argument|wrong-variable",
                "dZ1 = dA1 * (1 - A1 ** 2)",
                "dZ1 = dA1 * (1 - D1 ** 2)",
            ),
        ),
    ),
    Program(
        name="outer_single_sample",
        style="one sample as 1-d arrays, np.outer, the softmax Jacobian as a matrix, names dE_d…",
        form="loss-and-grads",
        entry="train_step_gradients",
        inputs=lambda rng: {
            "W1": _normal(rng, 5, 4),
            "b1": _normal(rng, 5),
            "W2": _normal(rng, 3, 5),
            "b2": _normal(rng, 3),
            "x": _normal(rng, 4),
            "y": rng.dirichlet(np.ones(3)),
        },
        gradients={"out.1.0": "W1", "out.1.1": "b1", "out.1.2": "W2", "out.1.3": "b2"},
        backward=("train_step_gradients@# backward",),
        helpers=("J",),
        softmax=("J = ",),
        pairs=(("s1", "h1"), ("s2", "yhat")),
    ),
    Program(
        name="policy_gradient",
        style="in-place ReLU by indexing, weights (out, in) and a vector, np.outer and ravel",
        form="loss-and-grads",
        entry="policy_loss",
        inputs=lambda rng: {
            "model": {"W1": _normal(rng, 5, 4), "W2": _normal(rng, 5)},
            "observations": _normal(rng, 7, 4),
            "actions": rng.integers(0, 2, 7).astype(float),
            "advantages": _normal(rng, 7),
        },
        gradients={"out.1.*": "model.*"},
        backward=("policy_loss@# backprop",),
        helpers=("eph",),
        kinks=True,
    ),
    Program(
        name="vae_small",
        style="params and gradients in dicts, names g_…, reparametrised noise given, two terms of the cost",
        form="loss-and-grads",
        entry="elbo",
        inputs=lambda rng: {
            "params": {
                "Wm": _normal(rng, 5, 4),
                "bm": _normal(rng, 4),
                "Wv": 0.5 * _normal(rng, 5, 4),
                "bv": 0.5 * _normal(rng, 4),
                "Wd": _normal(rng, 4, 5),
                "bd": _normal(rng, 5),
            },
            "x": 0.7 * _normal(rng, 7, 5),
            "noise": _normal(rng, 7, 4),
        },
        gradients={"out.1.*": "params.*"},
        backward=("elbo@g = {}",),
        pairs=(("(z @ params['Wd'] + params['bd'])", "xr"),),
    ),
]
