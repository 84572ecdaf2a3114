"""The forward code run on tensors: exact derivatives of inputs and intermediates (SPEC D2)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.check import source
from chainrule.check.examine import Examination
from chainrule.check.instrument import instrument
from chainrule.check.recorder import Recorder
from chainrule.check.single_function import SingleFunction
from chainrule.check.tensor_run import TensorRuns

RNN = """
import numpy as np


def loss_and_grads(X, y, W, U, b):
    T, H = len(X), len(b)
    hs = np.zeros((T + 1, H))
    loss = 0.0
    for t in range(T):
        z = X[t] @ W + hs[t] @ U + b
        hs[t + 1] = np.tanh(z)
        err = hs[t + 1] - y[t]
        loss += float(np.sum(err**2)) / 2
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dnext = np.zeros(H)
    for t in reversed(range(T)):
        dh = hs[t + 1] - y[t] + dnext
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(X[t], dz)
        dU += np.outer(hs[t], dz)
        db += dz
        dnext = U @ dz
    return loss, {"W": dW, "U": dU, "b": db}
"""

RELU = """
import numpy as np


def loss_and_grads(X, y, W):
    z = X @ W
    a = np.where(z > 0, z, 0.0)
    loss = np.sum((a - y) ** 2)
    return loss, {"W": X.T @ (2 * (a - y) * (z >= 0))}
"""


def rnn_inputs(seed=0):
    rng = np.random.default_rng(seed)
    shapes = ((4, 3), (4, 2), (3, 2), (2, 2), (2,))
    return tuple(rng.normal(size=s) for s in shapes)


def runs(function, args):
    """The program, what is recorded of it, and its runs on tensors."""
    program = SingleFunction(function, args, {})
    recorder = Recorder()
    program.on_start = recorder.begin
    return program, recorder, instrument([function.__code__.co_filename])


def test_each_pass_of_a_loop_has_its_own_derivative(load):
    """Against differences of the value of one statement in one pass."""
    function = load(RNN).loss_and_grads
    program, recorder, code = runs(function, rnn_inputs())
    with code.installed(recorder):
        base = program.run()
        truth = TensorRuns(program, recorder, code).prepare(base.cost)
        assert truth is not None
        [site] = [s.index for s in code.sites if s.name == "z"]
        seen = {key[1]: value for key, value in truth.values.items() if key[0] == site}
        assert sorted(seen) == [0, 1, 2, 3]
        for pass_, gradient in seen.items():
            for k in range(2):

                def moved(t, k=k, pass_=pass_):
                    unit = np.eye(2)[k]
                    recorder.changes = {site: lambda v, p: v + t * unit if p == pass_ else v}
                    return program.cost()

                slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
                assert abs(slope - gradient[k]) < 1e-7 * (1 + abs(slope))
        recorder.changes = {}


def test_every_entry_is_covered_by_few_runs(load):
    function = load(RNN).loss_and_grads
    rng = np.random.default_rng(1)
    args = [rng.normal(size=s) / 9 for s in ((3, 300), (3, 90), (300, 90), (90, 90), (90,))]
    report = source(function, *args)
    assert report.verdict == "right", str(report)
    assert all(a.checked == a.size for a in report.arguments)
    assert "reverse mode" in report.coverage


def test_one_wrong_entry_of_thousands_is_found(load):
    """A sample of entries would miss it."""
    text = RNN.replace("    return loss,", "    dW[17, 5] *= 1.01\n    return loss,")
    rng = np.random.default_rng(1)
    args = [rng.normal(size=s) / 9 for s in ((3, 300), (3, 90), (300, 90), (90, 90), (90,))]
    report = source(load(text).loss_and_grads, *args)
    worst = {a.name: a for a in report.arguments}["W"]
    assert worst.verdict == "wrong"
    assert worst.worst.index == (17, 5)


def test_code_that_leaves_numpy_is_judged_by_differences_and_says_so(load):
    text = RNN.replace("np.tanh(z)", "[__import__('math').tanh(v) for v in z]")
    report = source(load(text).loss_and_grads, *rnn_inputs())
    assert report.verdict == "right", str(report)
    assert "not run on tensors" in " ".join(report.notes)
    assert "by differences" in report.coverage


def test_a_cost_that_python_sums_is_followed(load):
    """float() of a tensor would cut the graph: here it must not."""
    function = load(RNN).loss_and_grads
    program, recorder, code = runs(function, rnn_inputs())
    with code.installed(recorder):
        base = program.run()
        tensors = TensorRuns(program, recorder, code)
        truth = tensors.prepare(base.cost)
        exam = Examination(program)
        exam.prepare(base)
        for pair, measured in zip(exam.pairs, exam.truths):
            np.testing.assert_allclose(
                truth.leaves[pair.leaf].reshape(-1)[measured.entries], measured.value, rtol=1e-6
            )
    assert function.__globals__["np"] is np
    assert "float" not in function.__globals__


@pytest.mark.parametrize("seed", range(6))
def test_another_choice_at_a_kink_is_not_wrong(load, seed):
    """SPEC D3: relu'(0) = 1 here, 0 on tensors; zeros are hit on purpose."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(5, 3)))
    W = np.round(rng.normal(size=(3, 4)))
    X[0] = 0.0
    report = source(load(RELU).loss_and_grads, X, rng.normal(size=(5, 4)), W)
    assert report.verdict == "right", str(report)


def test_a_point_on_a_kink_is_refused(load):
    function = load(RELU).loss_and_grads
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 3))
    X[0] = 0.0
    program, recorder, code = runs(function, (X, rng.normal(size=(5, 4)), rng.normal(size=(3, 4))))
    with code.installed(recorder):
        base = program.run()
        tensors = TensorRuns(program, recorder, code)
        assert tensors.prepare(base.cost) is None
    assert "jumps" in tensors.why


def test_the_truth_on_tensors_is_not_believed_against_differences(load, monkeypatch):
    """A derivative that is wrong on tensors makes no right program wrong."""
    function = load(RNN).loss_and_grads
    prepare = TensorRuns.prepare

    def spoilt(self, cost):
        truth = prepare(self, cost)
        for gradient in truth.leaves.values():
            gradient *= 1.5
        return truth

    monkeypatch.setattr(TensorRuns, "prepare", spoilt)
    report = source(function, *rnn_inputs())
    assert report.verdict == "right", str(report)
    assert "contradict" in " ".join(report.notes)
