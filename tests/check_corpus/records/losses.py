"""Records of losses, similarities and staged expressions."""

import numpy as np
from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


PROGRAMS = [
    Program(
        name="staged_expression",
        style="scalars, one gradient per intermediate, named d… after it",
        form="loss-and-grads",
        entry="expression",
        inputs=lambda rng: {"x": float(rng.uniform(1, 3)), "y": float(rng.uniform(-4, 0))},
        gradients={"out.1": "x", "out.2": "y"},
        backward=("expression@# backprop f",),
    ),
    Program(
        name="lennard_jones",
        style="physics: pairs of particles in loops, energy and gradient as two functions",
        form="cost-and-gradient",
        entry="energy, gradient",
        inputs=lambda rng: {
            "pos": np.array([[0.0, 0, 0], [1.2, 0.1, 0], [0.2, 1.3, 0.3], [0.1, 0.3, 1.4]])
            + 0.1 * _normal(rng, 4, 3),
            "eps": 0.7,
            "sigma": 0.9,
        },
        gradients={"out.0": "pos", "out.1": "eps", "out.2": "sigma"},
        backward=("gradient",),
        helpers=("r", "r2", "q", "s6"),
    ),
    Program(
        name="skipgram_negative",
        style="rows of two tables, repeated negative samples accumulated in a loop, camel case",
        form="loss-and-grads",
        entry="neg_sampling_loss_and_gradient",
        inputs=lambda rng: {
            "centerWordVectors": _normal(rng, 6, 4),
            "outsideVectors": _normal(rng, 6, 4),
            "centerIdx": 2,
            "outsideIdx": 1,
            "negIdx": [3, 5, 3, 0],
        },
        gradients={"out.1": "centerWordVectors", "out.2": "outsideVectors"},
        backward=("neg_sampling_loss_and_gradient@gradCenter = ",),
        slips=(
            (
                "accumulate",
                "gradOutside[idx] += (1 - p_k[k]) * v_c",
                "gradOutside[idx] = (1 - p_k[k]) * v_c",
            ),
        ),
    ),
    Program(
        name="center_loss",
        style="integer labels choose the centre, gradient of the centres in a loop",
        form="loss-and-grads",
        entry="center_loss",
        inputs=lambda rng: {
            "features": _normal(rng, 7, 4),
            "centers": _normal(rng, 3, 4),
            "labels": rng.integers(0, 3, 7),
            "lam": 0.6,
        },
        gradients={"out.1": "features", "out.2": "centers"},
        backward=("center_loss@grad_features = ",),
    ),
    Program(
        name="contrastive_loss",
        style="forward and backward of a scalar loss, upstream gradient a number",
        form="forward-backward",
        entry="forward, backward",
        inputs=lambda rng: {
            "x1": _normal(rng, 7, 4),
            "x2": _normal(rng, 7, 4),
            "same": rng.integers(0, 2, 7).astype(float),
            "margin": 3.0,
        },
        gradients={"out.0": "x1", "out.1": "x2"},
        backward=("backward",),
        notes={
            "kinks": "rounded inputs can coincide, where the distance has no gradient and the code divides by it"
        },
    ),
    Program(
        name="triplet_loss",
        style="three gradients written out by hand, a mask of active triplets",
        form="loss-and-grads",
        entry="triplet",
        inputs=lambda rng: {
            "anchor": _normal(rng, 7, 4),
            "positive": _normal(rng, 7, 4),
            "negative": _normal(rng, 7, 4),
        },
        gradients={"out.1": "anchor", "out.2": "positive", "out.3": "negative"},
        backward=("triplet@active = ",),
        helpers=("active",),
        kinks=True,
    ),
    Program(
        name="cosine_similarity",
        style="staged through dot product and norms, rows with kept dimensions",
        form="loss-and-grads",
        entry="cosine",
        inputs=lambda rng: {"a": _normal(rng, 5, 4), "b": _normal(rng, 5, 4)},
        gradients={"out.1": "a", "out.2": "b"},
        backward=("cosine@dcos = ",),
    ),
    Program(
        name="gaussian_mixture_nll",
        style="responsibilities, log-sigmas, gradients in closed form",
        form="loss-and-grads",
        entry="gmm_nll",
        inputs=lambda rng: {
            "logits": _normal(rng, 3),
            "means": _normal(rng, 3),
            "log_sigma": 0.4 * _normal(rng, 3),
            "data": _normal(rng, 8),
        },
        gradients={"out.1": "logits", "out.2": "means", "out.3": "log_sigma"},
        backward=("gmm_nll@resp = ",),
        helpers=("resp",),
    ),
]
