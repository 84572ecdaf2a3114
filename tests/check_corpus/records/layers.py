"""Records of the programs that are one layer, mostly pairs of forward and backward."""

from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


def _batchnorm(rng):
    return {
        "x": 1.5 * _normal(rng, 7, 4) + 0.5,
        "gamma": rng.uniform(0.5, 1.5, 4),
        "beta": _normal(rng, 4),
    }


PROGRAMS = [
    Program(
        name="affine_relu_functions",
        style="layers as pairs of functions, composed; inputs of four axes flattened; ReLU that passes the gradient at 0",
        form="forward-backward",
        entry="affine_relu_forward, affine_relu_backward",
        inputs=lambda rng: {
            "x": _normal(rng, 7, 2, 3),
            "w": _normal(rng, 6, 5),
            "b": _normal(rng, 5),
        },
        gradients={"out.0": "x", "out.1": "w", "out.2": "b"},
        backward=("affine_backward", "relu_backward", "affine_relu_backward"),
        kinks=True,
    ),
    Program(
        name="batchnorm_staged",
        style="every elementary step on its own line with its own gradient name",
        form="forward-backward",
        entry="batchnorm_forward, batchnorm_backward",
        inputs=_batchnorm,
        gradients={"out.0": "x", "out.1": "gamma", "out.2": "beta"},
        backward=("batchnorm_backward",),
    ),
    Program(
        name="batchnorm_compact",
        style="layer class, gradients of parameters left on self, dx in one line",
        form="layer",
        entry="BatchNorm.forward, BatchNorm.backward",
        inputs=lambda rng: {
            "self": {"gamma": rng.uniform(0.5, 1.5, 4), "beta": _normal(rng, 4)},
            "x": 1.5 * _normal(rng, 7, 4) + 0.5,
        },
        gradients={"out": "x", "self.dgamma": "self.gamma", "self.dbeta": "self.beta"},
        backward=("backward",),
    ),
    Program(
        name="batchnorm_paper",
        style="the formulas of the paper, names dL_d…, powers -0.5 and -1.5",
        form="forward-backward",
        entry="bn_forward, bn_backward",
        inputs=lambda rng: {**_batchnorm(rng), "eps": 1e-4},
        gradients={"out.0": "x", "out.1": "gamma", "out.2": "beta"},
        backward=("bn_backward",),
    ),
    Program(
        name="layernorm",
        style="three axes, sums over tuples of axes, dx finished in place",
        form="forward-backward",
        entry="layernorm_forward, layernorm_backward",
        inputs=lambda rng: {
            "x": _normal(rng, 3, 4, 5),
            "w": _normal(rng, 5),
            "b": _normal(rng, 5),
        },
        gradients={"out.0": "x", "out.1": "w", "out.2": "b"},
        backward=("layernorm_backward",),
        helpers=("dx",),
    ),
    Program(
        name="rmsnorm",
        style="layer class, staged through the mean square",
        form="layer",
        entry="RMSNorm.forward, RMSNorm.backward",
        inputs=lambda rng: {"self": {"scale": _normal(rng, 5)}, "x": _normal(rng, 7, 5)},
        gradients={"out": "x", "self.grad_scale": "self.scale"},
        backward=("backward",),
    ),
    Program(
        name="conv2d_loops",
        style="four nested loops, stride and padding in a dict",
        form="forward-backward",
        entry="conv_forward_naive, conv_backward_naive",
        inputs=lambda rng: {
            "x": _normal(rng, 2, 3, 5, 5),
            "w": _normal(rng, 2, 3, 3, 3),
            "b": _normal(rng, 2),
            "conv_param": {"stride": 2, "pad": 1},
        },
        gradients={"out.0": "x", "out.1": "w", "out.2": "b"},
        backward=("conv_backward_naive",),
    ),
    Program(
        name="conv_im2col",
        style="layer class on im2col and col2im, transposes and reshapes",
        form="layer",
        entry="Conv2D.forward, Conv2D.backward",
        inputs=lambda rng: {
            "self": {"kernel": _normal(rng, 3, 2, 3, 3), "bias": _normal(rng, 3)},
            "x": _normal(rng, 2, 2, 5, 5),
        },
        gradients={"out": "x", "self.dkernel": "self.kernel", "self.dbias": "self.bias"},
        backward=("backward", "col2im"),
    ),
    Program(
        name="maxpool_loops",
        style="loops with argmax and unravel_index; the first of equal maxima wins",
        form="forward-backward",
        entry="maxpool_forward, maxpool_backward",
        inputs=lambda rng: {"x": _normal(rng, 2, 3, 4, 4)},
        gradients={"out": "x"},
        backward=("maxpool_backward",),
        kinks=True,
        slips=(
            ("wrong-winner", "np.argmax(patch)", "np.argmax(np.abs(patch))"),
            ("wrong-winner", "i * stride + r, j * stride + q", "i * stride + q, j * stride + r"),
        ),
    ),
    Program(
        name="avgpool_reshape",
        style="layer class by reshape and broadcast_to, nothing to learn",
        form="layer",
        entry="AvgPool.forward, AvgPool.backward",
        inputs=lambda rng: {"self": {"p": 2}, "x": _normal(rng, 2, 3, 4, 6)},
        gradients={"out": "x"},
        backward=("backward",),
    ),
    Program(
        name="embedding_bag",
        style="integer lookup, np.repeat, np.add.at",
        form="forward-backward",
        entry="bag_forward, bag_backward",
        inputs=lambda rng: {
            "table": _normal(rng, 6, 4),
            "tokens": rng.integers(0, 6, (5, 3)),
            "w": _normal(rng, 4, 3),
        },
        gradients={"out.0": "table", "out.1": "w"},
        backward=("bag_backward",),
        slips=(
            ("accumulate", "np.add.at(dtable, tokens, demb)", "dtable[tokens] += demb"),
            ("accumulate", "np.add.at(dtable, tokens, demb)", "dtable[tokens] = demb"),
        ),
    ),
    Program(
        name="maxout_layer",
        style="layer class, the winner of k linear pieces, gradients left on self",
        form="layer",
        entry="Maxout.forward, Maxout.backward",
        inputs=lambda rng: {
            "self": {"W": _normal(rng, 3, 4, 5), "b": _normal(rng, 3, 5)},
            "x": _normal(rng, 7, 4),
        },
        gradients={"out": "x", "self.dW": "self.W", "self.db": "self.b"},
        backward=("backward",),
        kinks=True,
        slips=(("wrong-winner", "(self.winner == k)", "(self.winner == (k + 1) % 3)"),),
    ),
    Program(
        name="log_sum_exp",
        style="soft maximum with a temperature that gets a gradient of its own",
        form="forward-backward",
        entry="lse_forward, lse_backward",
        inputs=lambda rng: {"x": _normal(rng, 5, 4), "temperature": 0.8},
        gradients={"out.0": "x", "out.1": "temperature"},
        backward=("lse_backward",),
    ),
]
