"""Records of the held-out programs, which no checker is tuned on."""

from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


def _wide(rng):
    return {
        "gewichte": [_normal(rng, 4, 5), _normal(rng, 5, 5), _normal(rng, 5, 3)],
        "schwellen": [_normal(rng, 5), _normal(rng, 5), _normal(rng, 3)],
        "eingabe": _normal(rng, 7, 4),
        "ziel": _normal(rng, 7, 3),
        "abnahme": 0.3,
    }


PROGRAMS = [
    Program(
        name="flat_theta_course",
        folder="heldout",
        style="one flat vector of parameters, unrolled and rolled up again; columns of ones; weights (out, in + 1)",
        form="loss-and-grads",
        entry="nnCostFunction",
        inputs=lambda rng: {
            "nn_params": _normal(rng, 5 * 5 + 3 * 6),
            "input_layer_size": 4,
            "hidden_layer_size": 5,
            "num_labels": 3,
            "X": _normal(rng, 7, 4),
            "y": rng.integers(0, 3, 7),
            "lambda_": 0.8,
        },
        gradients={"out.1": "nn_params"},
        backward=("nnCostFunction@# Backpropagation", "sigmoidGradient"),
        helpers=("delta_3", "delta_2", "Delta1", "Delta2"),
        pairs=(("z2", "a2[:, 1:]"),),
    ),
    Program(
        name="closures_pullbacks",
        folder="heldout",
        style="every primitive returns its value and a closure that pulls a gradient back",
        form="loss-and-grads",
        entry="value_and_grads",
        inputs=lambda rng: {
            "p": {
                "w1": _normal(rng, 4, 5),
                "b1": _normal(rng, 5),
                "w2": _normal(rng, 5, 3),
                "b2": _normal(rng, 3),
            },
            "x": _normal(rng, 7, 4),
            "t": _normal(rng, 7, 3),
        },
        gradients={"out.1.*": "p.*"},
        backward=("pull", "value_and_grads@go = "),
    ),
    Program(
        name="fortran_loops",
        folder="heldout",
        style="scalar arithmetic on array elements in nested loops, short cryptic names",
        form="loss-and-grads",
        entry="ThreeLayerPerceptron.error_and_gradients",
        inputs=lambda rng: {
            "self": {
                "wij": _normal(rng, 4, 5),
                "wjk": _normal(rng, 5, 3),
                "thj": _normal(rng, 5),
                "thk": _normal(rng, 3),
            },
            "x": _normal(rng, 4),
            "t": rng.uniform(0.1, 0.9, 3),
        },
        gradients={
            "out.1": "self.wij",
            "out.2": "self.wjk",
            "out.3": "self.thj",
            "out.4": "self.thk",
        },
        backward=("error_and_gradients@# errors of the output",),
    ),
    Program(
        name="deutsche_namen",
        folder="heldout",
        style="German names, lists of gradients built from the front with insert, one running signal",
        form="loss-and-grads",
        entry="fehler_und_ableitungen",
        inputs=_wide,
        gradients={"out.1.*": "gewichte.*", "out.2.*": "schwellen.*"},
        backward=("fehler_und_ableitungen@# rueckwaerts",),
    ),
    Program(
        name="instance_norm_images",
        folder="heldout",
        style="layer class with gradients in a dict on self, four axes, everything kept as attributes",
        form="layer",
        entry="InstanceNorm2d.forward, InstanceNorm2d.backward",
        inputs=lambda rng: {
            "self": {"weight": _normal(rng, 3), "bias": _normal(rng, 3)},
            "images": _normal(rng, 2, 3, 4, 4),
        },
        gradients={
            "out": "images",
            "self.grads.weight": "self.weight",
            "self.grads.bias": "self.bias",
        },
        backward=("backward",),
    ),
    Program(
        name="siamese_shared",
        folder="heldout",
        style="accumulators on self set to zero at the start, one embedding used by two branches, a kink in |x|",
        form="loss-and-grads",
        entry="Siamese.run",
        inputs=lambda rng: {
            "self": {"E": _normal(rng, 5, 4), "c": _normal(rng, 4), "v": _normal(rng, 4), "b": 0.3},
            "left": _normal(rng, 7, 5),
            "right": _normal(rng, 7, 5),
            "label": rng.integers(0, 2, 7).astype(float),
        },
        gradients={
            "out.1.0": "self.E",
            "out.1.1": "self.c",
            "out.1.2": "self.v",
            "out.1.3": "self.b",
        },
        backward=("embed_backward", "run@glogit = "),
        kinks=True,
    ),
    Program(
        name="transformer_block",
        folder="heldout",
        style="pre-norm block with two heads by reshape and swapaxes, swish feed-forward, helpers with their own backward",
        form="forward-backward",
        entry="block_forward, block_backward",
        inputs=lambda rng: {
            "x": _normal(rng, 5, 4),
            "wqkv": _normal(rng, 4, 12),
            "wo": _normal(rng, 4, 4),
            "w1": _normal(rng, 4, 6),
            "w2": _normal(rng, 6, 4),
        },
        gradients={"out.0": "x", "out.1": "wqkv", "out.2": "wo", "out.3": "w1", "out.4": "w2"},
        backward=("block_backward", "norm_bwd"),
        softmax=("ds = p",),
    ),
    Program(
        name="mixture_of_experts",
        folder="heldout",
        style="names …bar, einsum over three axes, new axes for broadcasting, results computed in the return statement",
        form="loss-and-grads",
        entry="moe_loss",
        inputs=lambda rng: {
            "theta": {"gate": _normal(rng, 4, 3), "experts": _normal(rng, 3, 4, 2)},
            "X": _normal(rng, 7, 4),
            "Y": _normal(rng, 7, 2),
        },
        gradients={"out.1.*": "theta.*"},
        backward=("moe_loss@Mbar = ",),
        softmax=("abar = ",),
    ),
]
