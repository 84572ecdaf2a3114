"""``chainrule check`` on files that were not written for it: what is said, and what never is (SPEC D2)."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import chainrule as cr
from chainrule.check.loading import execute
from chainrule.check.made_up import Layout, arguments
from chainrule.check.targets import find_targets
from chainrule.cli import main

NETWORK = """
import numpy as np


class Network:
    def __init__(self, input_size, output_size):
        self.W = np.random.randn(input_size, output_size)
        self.b = np.zeros(output_size)

    def forward(self, X):
        self.X = X
        z = X @ self.W + self.b
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, y):
        dz = (self.p - y) / len(y)
        self.dW = self.X.T @ dz
        self.db = dz.sum(axis=0)
"""

LAYER = """
import numpy as np


def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
"""

STEPS = """
import numpy as np


class Regression:
    def __init__(self):
        self.w = np.array([0.5, -1.0, 0.25])
        self.b = np.array([0.1, 0.2])

    def loss_gradient_step(self, X, y, backward=True):
        r = X @ self.w + self.b.sum() - y
        loss = 0.5 * np.sum(r * r)
        self.w -= 0.01 * X.T @ r
        self.b -= 0.01 * np.full(2, r.sum())
        return loss


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    Regression().loss_gradient_step(rng.normal(size=(8, 3)), rng.normal(size=8))
"""


@pytest.fixture
def check(tmp_path):
    def call(text, suffix="", code=None):
        file = tmp_path / "program.py"
        file.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(main, ["check", f"{file}{suffix}", "--json", "--budget", "0.5"])
        assert code is None or result.exit_code == code, result.output
        assert result.exit_code in (0, 1, 3), result.output
        record = json.loads(result.stdout)
        return result.exit_code, record["reports"]

    return call


def test_forward_and_backward_of_a_class_nobody_calls_are_found_right(check):
    check(NETWORK, code=0)


def test_a_layer_nobody_calls_is_found_right(check):
    check(LAYER, code=0)


@pytest.mark.parametrize(
    ("text", "right", "slip"),
    [
        (NETWORK, "dz.sum(axis=0)", "dz.mean(axis=0)"),
        (NETWORK, "self.X.T @ dz", "self.X.T @ dz * 2"),
        (LAYER, "= x.T @ dout", "= -x.T @ dout"),
    ],
)
def test_a_slip_seen_on_made_up_arguments_is_cannot_tell_and_says_what_to_give(
    check, text, right, slip
):
    _, reports = check(text.replace(right, slip), code=3)
    notes = " ".join(reports[0]["notes"])
    assert "made up" in notes
    assert "__main__" in notes
    assert not reports[0]["findings"]
    assert reports[0]["suspicions"][0]["line"] > 1
    assert {a["verdict"] for a in reports[0]["arguments"]} <= {"right", "cannot tell"}


def test_a_slip_in_a_layer_is_wrong_with_the_arguments_of_the_files_own_call(check):
    call = """
if __name__ == "__main__":
    rng = np.random.default_rng(0)
    out, cache = affine_forward(
        rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    )
    affine_backward(np.ones_like(out), cache)
"""
    _, reports = check((LAYER + call).replace("dout.sum(axis=0)", "dout.mean(axis=0)"), code=1)
    assert reports[0]["findings"][0]["slip"] == "bias-sum"


def test_a_result_without_a_name_is_compared_though_it_is_made_of_an_argument():
    def forward(x, w, b):
        return x @ w + b, (x, w, b)

    def backward(dout, cache):
        x, w, _ = cache
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    rng = np.random.default_rng(0)
    shapes = [(6, 4), (4, 3), (3,)]
    report = cr.check.backward(forward, backward, *(rng.normal(size=s) for s in shapes))
    assert report.verdict == "wrong"
    assert [a.verdict for a in report.arguments] == ["right", "right", "wrong"]


def test_updates_are_judged_as_gradients_and_never_wrong(check):
    check(STEPS, suffix=":Regression.loss_gradient_step", code=0)
    decayed = STEPS.replace("X.T @ r", "(X.T @ r + self.w)")
    _, reports = check(decayed, suffix=":Regression.loss_gradient_step", code=3)
    assert "weight decay" in " ".join(reports[0]["notes"])


def test_gradients_set_back_to_zero_after_an_update_are_not_wrong(check):
    text = STEPS.replace("        return loss", "        self.grad_b *= 0\n        return loss")
    text = text.replace(
        "        self.b = np", "        self.grad_b = np.ones(2)\n        self.b = np"
    )
    check(text, suffix=":Regression.loss_gradient_step", code=0)


@pytest.mark.parametrize(
    "top", ["import no_such_package_at_all", "raise OSError('no data')", "x = open('/no/such')"]
)
def test_a_top_level_that_fails_leaves_the_rest_to_be_checked(check, top):
    _, reports = check(f"{top}\n{LAYER}", code=0)
    assert "skipped line 1" in " ".join(reports[0]["notes"])


def test_a_crash_for_want_of_an_import_is_not_wrong(check):
    text = "import no_such_package_at_all as p\n" + PLAIN_CALL
    _, reports = check(text, code=3)
    assert "skipped line 1" in " ".join(reports[0]["notes"])


PLAIN_CALL = """
import numpy as np


def loss_and_grads(X, y):
    p.log()
    return np.sum(X * y), {"X": y}


if __name__ == "__main__":
    loss_and_grads(np.ones(3), np.ones(3))
"""


@pytest.mark.parametrize("deed", ["__import__('os').abort()", "__import__('os')._exit(0)"])
def test_code_that_ends_the_interpreter_does_not_end_the_check(check, deed):
    _, reports = check(LAYER.replace("x, w, b = cache", deed), code=3)
    assert "made-up arguments" in reports[0]["notes"][0]


def test_code_that_raises_with_the_files_own_arguments_is_no_usage_error(check):
    call = "\nif __name__ == '__main__':\n    affine_forward(1, 2, 3)\n"
    check(LAYER + call)


def test_targets_that_default_to_none_and_no_regularisation_are_filled():
    def loss(X, y=None, reg=0.0, verbose=False):
        return X, y, reg, verbose

    made = arguments(loss, Layout())
    assert set(made) == {"X", "y", "reg"}
    assert made["y"] is not None
    assert made["reg"] > 0


def test_after_a_failure_only_definitions_run(tmp_path):
    file = tmp_path / "script.py"
    file.write_text("seen = []\n{}['x']\nseen.append(1)\nkept = 2\n", encoding="utf-8")
    module, left_out = execute(str(file), "__main__")
    assert (module.seen, module.kept) == ([], 2)
    assert left_out == ["line 2: KeyError: 'x'"]


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("affine_forward", "affine_backward"),
        ("forward_prop", "back_prop"),
        ("feedforward", "backprop"),
        ("conv_fwd", "conv_bwd"),
    ],
)
def test_forward_and_backward_are_paired_by_name(tmp_path, forward, backward):
    file = tmp_path / "pair.py"
    file.write_text(
        f"def {forward}(x):\n    return x * 2\n\n\ndef {backward}(dout):\n    return dout * 2\n",
        encoding="utf-8",
    )
    (case,) = find_targets(str(file))
    assert (case.function, case.backward) == (forward, backward)


SETTINGS = """
import numpy as np


def scale_forward(x, w, scale_param):
    mode, pad = scale_param["mode"], scale_param["pad"]
    eps = scale_param.get("eps", 1e-5)
    if mode == "test":
        raise ValueError("no backward pass")
    elif mode == "train":
        out = (x @ w + pad) / (2 + eps)
    return out, (x, w, eps)


def scale_backward(dout, cache):
    x, w, eps = cache
    d = dout / (2 + eps)
    return d @ w.T, x.T @ d
"""

LITERAL = """
import numpy as np


class Net:
    def __init__(self, inputs, shape):
        self.input_size = inputs
        self.layers = [np.random.rand(shape["hidden"], inputs + 1), np.random.rand(2, 4)]

    def feed_forward(self, input_vector):
        outs = []
        for w in self.layers:
            input_vector = 1 / (1 + np.exp(-w @ np.append(input_vector, 1)))
            outs.append(input_vector)
        return outs

    def backpropagate(self, input_vector, target):
        hidden, out = self.feed_forward(input_vector)
        delta = out * (1 - out) * (out - target)
        behind = hidden * (1 - hidden) * (np.delete(self.layers[1], 3, 1).T @ delta)
        self.layers[1] -= 0.1 * np.outer(delta, np.append(hidden, 1))
        self.layers[0] -= 0.1 * np.outer(behind, np.append(input_vector, 1))


data = open("there is no such file")
net = Net(11, {"hidden": 3})
"""


def test_a_dictionary_of_settings_is_made_up_from_the_keys_that_are_read(check):
    check(SETTINGS, code=0)


def test_sizes_come_from_calls_written_out_in_the_file_and_from_attributes(check):
    check(LITERAL, code=0)


def test_a_weight_changed_before_its_last_use_is_the_statement_to_look_at(check):
    lines = LITERAL.splitlines()
    behind = next(n for n, text in enumerate(lines) if "behind =" in text)
    lines[behind], lines[behind + 1] = lines[behind + 1], lines[behind]
    _, reports = check("\n".join(lines), code=3)
    # The update that comes too early, or what reads the weight after it.
    assert reports[0]["suspicions"][0]["line"] - 1 in (behind, behind + 1), reports[0]
