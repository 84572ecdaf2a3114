"""Records of recurrent networks, attention and integrators."""

from benchmarks.checker.corpus import Program


def _normal(rng, *shape):
    return rng.standard_normal(shape)


def _characters(rng):
    hidden, vocab = 5, 4
    return {
        "inputs": [int(k) for k in rng.integers(0, vocab, 4)],
        "targets": [int(k) for k in rng.integers(0, vocab, 4)],
        "hprev": _normal(rng, hidden, 1),
        "Wxh": _normal(rng, hidden, vocab),
        "Whh": 0.7 * _normal(rng, hidden, hidden),
        "Why": _normal(rng, vocab, hidden),
        "bh": _normal(rng, hidden, 1),
        "by": _normal(rng, vocab, 1),
    }


def _gru(rng):
    names = ["Wz", "Uz", "Wr", "Ur", "Wn", "Un"]
    return {
        "x": _normal(rng, 4, 6),
        "h": _normal(rng, 5, 6),
        **{n: _normal(rng, 5, 4 if n[0] == "W" else 5) for n in names},
    }


def _order(*names):
    return {f"out.{k}": name for k, name in enumerate(names)}


PROGRAMS = [
    Program(
        name="char_rnn_bptt",
        style="dicts indexed by time, column vectors, loss summed over the steps, hidden gradient carried backwards",
        form="loss-and-grads",
        entry="lossFun",
        inputs=_characters,
        gradients={f"out.{k}": n for k, n in enumerate(["Wxh", "Whh", "Why", "bh", "by"], start=1)},
        backward=("lossFun@# backward pass",),
        slips=(
            (
                "stale-variable|missing-derivative",
                "dhnext = np.dot(Whh.T, dhraw)",
                "dhnext = np.dot(Whh.T, dh)",
            ),
            ("missing-term", "dh = np.dot(Why.T, dy) + dhnext", "dh = np.dot(Why.T, dy)"),
            ("index", "dWhh += np.dot(dhraw, hs[t - 1].T)", "dWhh += np.dot(dhraw, hs[t].T)"),
        ),
    ),
    Program(
        name="rnn_layer_steps",
        style="a step function and a loop that calls it, arrays (N, T, H), caches in a list",
        form="forward-backward",
        entry="rnn_forward, rnn_backward",
        inputs=lambda rng: {
            "x": _normal(rng, 3, 4, 5),
            "h0": _normal(rng, 3, 6),
            "Wx": _normal(rng, 5, 6),
            "Wh": 0.7 * _normal(rng, 6, 6),
            "b": _normal(rng, 6),
        },
        gradients=_order("x", "h0", "Wx", "Wh", "b"),
        backward=("rnn_step_backward", "rnn_backward"),
    ),
    Program(
        name="gru_cell",
        style="one step, column layout, six matrices, input and state gradients accumulated from three gates",
        form="forward-backward",
        entry="gru_forward, gru_backward",
        inputs=_gru,
        gradients=_order("x", "h", "Wz", "Uz", "Wr", "Ur", "Wn", "Un"),
        backward=("gru_backward",),
    ),
    Program(
        name="lstm_cell",
        style="one step with two outputs, gates stacked in one matrix and cut by slices",
        form="forward-backward",
        entry="lstm_step_forward, lstm_step_backward",
        outputs=2,
        inputs=lambda rng: {
            "x": _normal(rng, 3, 4),
            "prev_h": _normal(rng, 3, 5),
            "prev_c": _normal(rng, 3, 5),
            "Wx": _normal(rng, 4, 20),
            "Wh": _normal(rng, 5, 20),
            "b": _normal(rng, 20),
        },
        gradients=_order("x", "prev_h", "prev_c", "Wx", "Wh", "b"),
        backward=("lstm_step_backward",),
    ),
    Program(
        name="lstm_sequence",
        style="whole sequence in one function, weights concatenated with the bias row, error of every step",
        form="loss-and-grads",
        entry="lstm_loss",
        inputs=lambda rng: {
            "W": 0.6 * _normal(rng, 3 + 4 + 1, 16),
            "V": _normal(rng, 4, 2),
            "X": _normal(rng, 3, 5, 3),
            "Y": _normal(rng, 3, 5, 2),
        },
        gradients={"out.1": "W", "out.2": "V", "out.3": "X"},
        backward=("lstm_loss@# backwards through time",),
    ),
    Program(
        name="attention_single_head",
        style="one sequence, one head, helper softmax, input gradient from three paths",
        form="forward-backward",
        entry="attention_forward, attention_backward",
        inputs=lambda rng: {
            "X": _normal(rng, 5, 3),
            "Wq": _normal(rng, 3, 3),
            "Wk": _normal(rng, 3, 3),
            "Wv": _normal(rng, 3, 3),
        },
        gradients=_order("X", "Wq", "Wk", "Wv"),
        backward=("attention_backward",),
        softmax=("dS = A",),
        slips=(
            (
                "softmax-jacobian",
                "dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))",
                "dS = A * (1 - A) * dA",
            ),
            (
                "softmax-jacobian",
                "np.sum(dA * A, axis=-1, keepdims=True)",
                "np.sum(dA, axis=-1, keepdims=True)",
            ),
        ),
    ),
    Program(
        name="attention_causal_batch",
        style="layer class, einsum, causal mask, in-place softmax in forward",
        form="layer",
        entry="CausalAttention.forward, CausalAttention.backward",
        inputs=lambda rng: {
            "self": {},
            "q": _normal(rng, 2, 4, 3),
            "k": _normal(rng, 2, 4, 3),
            "v": _normal(rng, 2, 4, 3),
        },
        gradients=_order("q", "k", "v"),
        backward=("backward",),
        softmax=("grad_s = p", "inner = "),
        slips=(
            ("softmax-jacobian", "grad_s = p * (grad_p - inner)", "grad_s = p * (1 - p) * grad_p"),
        ),
    ),
    Program(
        name="pendulum_adjoint",
        style="explicit Euler in Python lists of numbers, adjoint state swept backwards, names …_bar",
        form="loss-and-grads",
        entry="cost_and_adjoint",
        inputs=lambda rng: {
            "u": _normal(rng, 5),
            "theta0": 0.4,
            "omega0": -0.3,
            "dt": 0.2,
            "damping": 0.3,
        },
        gradients={"out.1": "u", "out.2": "theta0", "out.3": "omega0", "out.4": "damping"},
        backward=("cost_and_adjoint@# adjoint sweep",),
    ),
]
