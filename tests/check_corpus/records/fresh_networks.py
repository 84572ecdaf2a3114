"""Records of networks written afresh, in the ways of course work, blog posts and small libraries."""

import itertools

import numpy as np
from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


def _one_hot(rng, classes, *shape):
    return np.eye(classes)[rng.integers(0, classes, shape)]


def _dense_layers(rng):
    sizes, activations = [4, 6, 5, 3], ["tanh", "leaky_relu", "linear"]
    return {
        "self": {
            "layers": [
                {"W": _normal(rng, i, o), "b": _normal(rng, 1, o), "activation": activation}
                for (i, o), activation in zip(itertools.pairwise(sizes), activations, strict=True)
            ],
            "weight_decay": 0.3,
        },
        "X": _normal(rng, 7, 4),
        "labels": rng.integers(0, 3, 7),
    }


def _three_layers(rng):
    return {
        "X": _normal(rng, 8, 4),
        "y": _one_hot(rng, 3, 8),
        "W1": _normal(rng, 4, 6),
        "b1": _normal(rng, 6),
        "W2": _normal(rng, 6, 5),
        "b2": _normal(rng, 5),
        "W3": _normal(rng, 5, 3),
        "b3": _normal(rng, 3),
        "lr": 0.1,
        "lam": 0.4,
    }


def _columns(rng):
    sizes, parameters = [4, 6, 5, 2], {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        parameters[f"W{layer}"] = 0.7 * _normal(rng, fan_out, fan_in)
        parameters[f"b{layer}"] = _normal(rng, fan_out, 1)
    return {
        "X": _normal(rng, 4, 7),
        "Y": rng.integers(0, 2, (2, 7)).astype(float),
        "parameters": parameters,
        "keep_prob": 0.7,
    }


def _lstm(rng):
    n_x, n_a, n_y, m, steps = 3, 5, 2, 4, 3
    parameters = {}
    for gate in "fico":
        parameters[f"W{gate}"] = 0.6 * _normal(rng, n_a, n_a + n_x)
        parameters[f"b{gate}"] = _normal(rng, n_a, 1)
    parameters["Wy"] = _normal(rng, n_y, n_a)
    parameters["by"] = _normal(rng, n_y, 1)
    return {
        "x": _normal(rng, n_x, m, steps),
        "y": np.moveaxis(_one_hot(rng, n_y, m, steps), -1, 0),
        "a0": _normal(rng, n_a, m),
        "parameters": parameters,
    }


def _gru(rng):
    fan_in, hidden, classes = 3, 5, 4
    parameters = {f"U_{gate}": _normal(rng, fan_in, hidden) for gate in "zrh"}
    parameters |= {f"V_{gate}": 0.7 * _normal(rng, hidden, hidden) for gate in "zrh"}
    parameters |= {f"b_{gate}": _normal(rng, hidden) for gate in "zrh"}
    parameters |= {"W_out": _normal(rng, hidden, classes), "b_out": _normal(rng, classes)}
    return {
        "self": parameters,
        "X": _normal(rng, 6, 3, fan_in),
        "y": rng.integers(0, classes, 6),
    }


def _documents(rng):
    docs = rng.integers(1, 8, (5, 4))
    docs[0, 3], docs[2, 1:] = 0, 0
    return {
        "params": {
            "embedding": _normal(rng, 8, 3),
            "w_hidden": _normal(rng, 3, 6),
            "b_hidden": _normal(rng, 6),
            "w_out": _normal(rng, 6, 4),
            "b_out": _normal(rng, 4),
        },
        "docs": docs,
        "labels": rng.integers(0, 4, 5),
    }


def _attention(rng):
    width = 6
    weights = {f"w_{name}": 0.6 * _normal(rng, width, width) for name in "qkvo"}
    biases = {f"b_{name}": _normal(rng, width) for name in "qkvo"}
    mask = np.ones((2, 1, 1, 4), dtype=int)
    mask[1, 0, 0, 3] = 0
    return {
        "self": {**weights, **biases, "num_heads": 2},
        "x": _normal(rng, 2, 4, width),
        "mask": mask,
    }


def _blocks(rng):
    width, hidden = 4, 6
    return {
        "blocks": [
            {
                "g": _normal(rng, width),
                "b": _normal(rng, width),
                "W1": _normal(rng, width, hidden),
                "c1": _normal(rng, hidden),
                "W2": 0.5 * _normal(rng, hidden, width),
                "c2": _normal(rng, width),
            }
            for _ in range(2)
        ],
        "head": _normal(rng, width, 3),
        "x": _normal(rng, 5, width),
        "target": _normal(rng, 5, 3),
    }


PROGRAMS = [
    Program(
        name="perceptron_cache_dicts",
        folder="fresh",
        style="class with a list of layer dicts, one cache dict with string keys, activations and their derivatives in a table",
        form="loss-and-grads",
        entry="MultiLayerPerceptron.train_on_batch",
        inputs=_dense_layers,
        gradients={"out.1.*.dW": "self.layers.*.W", "out.1.*.db": "self.layers.*.b"},
        backward=("backward", "tanh_prime", "leaky_relu_prime"),
        helpers=("n_samples", "grads"),
        kinks=True,
        pairs=(("self.cache['Z' + str(i)]", "self.cache['A' + str(i)]"),),
    ),
    Program(
        name="inline_train_step",
        folder="fresh",
        style="forward, gradients and update in one function, one-letter names, errors called D1 to D3",
        form="loss-and-grads",
        entry="train_step",
        inputs=_three_layers,
        gradients={
            f"out.1.{k}": name for k, name in enumerate(["W1", "b1", "W2", "b2", "W3", "b3"])
        },
        backward=("train_step@D3 = :12",),
        kinks=True,
        pairs=(("Z1", "A1"), ("Z2", "A2")),
    ),
    Program(
        name="l_model_dropout",
        folder="fresh",
        style="helpers per activation with caches, keys 'dW' + str(l), asserts of shapes, dropout from a global seed",
        form="loss-and-grads",
        entry="model",
        inputs=_columns,
        gradients={"out.1.d*": "parameters.*"},
        backward=(
            "L_model_backward",
            "linear_activation_backward",
            "linear_backward",
            "sigmoid_backward",
            "relu_backward",
        ),
        helpers=("L", "Y", "current_cache", "m", "Z", "s", "grads"),
        kinks=True,
    ),
    Program(
        name="module_sequential",
        folder="fresh",
        style="modules with backward(grad_output) and grad_weights accumulated in place, a container, a criterion",
        form="loss-and-grads",
        entry="Regressor.loss_and_gradients",
        inputs=lambda rng: {
            "self": {
                "w_in": _normal(rng, 5, 4),
                "b_in": _normal(rng, 5),
                "w_hidden": _normal(rng, 6, 5),
                "b_hidden": _normal(rng, 6),
                "w_out": _normal(rng, 2, 6),
                "b_out": _normal(rng, 2),
            },
            "inputs": _normal(rng, 7, 4),
            "targets": _normal(rng, 7, 2),
        },
        gradients={
            "out.1.0": "self.w_in",
            "out.1.1": "self.b_in",
            "out.1.2": "self.w_hidden",
            "out.1.3": "self.b_hidden",
            "out.1.4": "self.w_out",
            "out.1.5": "self.b_out",
            "out.2": "inputs",
        },
        backward=("backward",),
        kinks=True,
    ),
    Program(
        name="lstm_caches_columns",
        folder="fresh",
        style="cell functions and a loop over time, column layout with time last, one matrix per gate, gradients added up in a dict",
        form="loss-and-grads",
        entry="lstm_loss",
        inputs=_lstm,
        gradients={"out.1.d*": "parameters.*", "out.1.dx": "x", "out.1.da0": "a0"},
        backward=("lstm_cell_backward", "lstm_loss@gradients = "),
        helpers=("n_a, m", "concat", "gradients"),
    ),
    Program(
        name="gru_many_to_one",
        folder="fresh",
        style="class with a static gate function, a stack of cache dicts popped to the end, gradients under built-up keys",
        form="loss-and-grads",
        entry="GRUClassifier.loss",
        inputs=_gru,
        gradients={"out.1.*": "self.*"},
        backward=("loss@# start of backpropagation",),
        helpers=("grads", "s"),
    ),
    Program(
        name="batchnorm_running_stats",
        folder="fresh",
        style="layer objects in a list; batch norm in stages with running statistics beside the cached ones",
        form="layer",
        entry="NormalisedNet.forward, NormalisedNet.backward",
        inputs=lambda rng: {
            "self": {
                "W_in": _normal(rng, 4, 5),
                "gamma": _normal(rng, 5),
                "beta": _normal(rng, 5),
                "W_out": _normal(rng, 5, 3),
            },
            "X": _normal(rng, 7, 4),
        },
        gradients={
            "out": "X",
            "self.layers.0.dW": "self.W_in",
            "self.layers.1.dgamma": "self.gamma",
            "self.layers.1.dbeta": "self.beta",
            "self.layers.3.dW": "self.W_out",
        },
        backward=("backward",),
        helpers=("N",),
    ),
    Program(
        name="convnet_maxpool_im2col",
        folder="fresh",
        style="padded convolution through an index table, pooling by reshape that shares ties, dense layer, all in one loss",
        form="loss-and-grads",
        entry="ThreeLayerConvNet.loss",
        inputs=lambda rng: {
            "self": {
                "params": {
                    "W1": _normal(rng, 3, 2, 3, 3),
                    "b1": _normal(rng, 3),
                    "W2": _normal(rng, 12, 3),
                    "b2": _normal(rng, 3),
                },
            },
            "X": _normal(rng, 2, 2, 4, 4),
            "y": rng.integers(0, 3, 2),
        },
        gradients={"out.1.*": "self.params.*"},
        backward=("loss@grads = ", "maxpool_backward", "conv_backward", "col2im"),
        helpers=(
            "grads",
            "mask",
            "out_newaxis",
            "n_filters, _, h_filter, w_filter",
            "N, C, H, W",
            "H_padded, W_padded",
            "k, i, j",
        ),
        kinks=True,
    ),
    Program(
        name="fasttext_classifier",
        folder="fresh",
        style="padded documents, mean of the embeddings that count, smoothed labels, table filled by two loops",
        form="loss-and-grads",
        entry="text_classifier_loss",
        inputs=_documents,
        gradients={
            "out.1.embedding": "params.embedding",
            "out.1.w_hidden": "params.w_hidden",
            "out.1.b_hidden": "params.b_hidden",
            "out.1.w_out": "params.w_out",
            "out.1.b_out": "params.b_out",
        },
        backward=("text_classifier_loss@# --- backward",),
        helpers=("g",),
        pairs=(("pooled", "hidden"),),
    ),
    Program(
        name="sparse_tied_autoencoder",
        folder="fresh",
        style="course notation with delta2 and delta3, samples in columns, biases 1-d, a penalty on mean activations",
        form="loss-and-grads",
        entry="SparseAutoencoder.cost_and_grad",
        inputs=lambda rng: {
            "self": {
                "W": _normal(rng, 5, 4),
                "b_enc": _normal(rng, 5),
                "b_dec": _normal(rng, 4),
                "rho": 0.2,
                "beta": 0.8,
                "lmbda": 0.3,
            },
            "data": rng.uniform(0.1, 0.9, (4, 7)),
        },
        gradients={"out.1.W": "self.W", "out.1.b_enc": "self.b_enc", "out.1.b_dec": "self.b_dec"},
        backward=("cost_and_grad@# back propagation",),
        helpers=("delta3", "sparsity_delta", "delta2"),
        pairs=(("z2", "a2"), ("z3", "a3")),
    ),
    Program(
        name="multihead_self_attention",
        folder="fresh",
        style="heads split by reshape and transpose, projections with biases, padding mask, gradients set by built-up names",
        form="layer",
        entry="MultiHeadSelfAttention.forward, MultiHeadSelfAttention.backward",
        inputs=_attention,
        gradients={
            "out": "x",
            **{f"self.grad_w_{name}": f"self.w_{name}" for name in "qkvo"},
            **{f"self.grad_b_{name}": f"self.b_{name}" for name in "qkvo"},
        },
        backward=("backward",),
        helpers=("c", "batch, seq, _", "dot", "x_flat"),
        softmax=("dot = ", "grad_scores = c["),
    ),
    Program(
        name="residual_layernorm_dropout",
        folder="fresh",
        style="list of block dicts, a tape of tuples, layer norm and gelu as function pairs, seeded dropout, loss beside the class",
        form="loss-and-grads",
        entry="residual_loss",
        inputs=_blocks,
        gradients={
            **{f"out.1.blocks.*.{n}": f"blocks.*.{n}" for n in ("g", "b", "W1", "c1", "W2", "c2")},
            "out.1.x": "x",
            "out.1.head": "head",
        },
        backward=("backward", "gelu_backward", "layer_norm_backward"),
        helpers=("grads", "k", "D", "dt", "n, ln_cache, h, a, t, keep"),
    ),
]
