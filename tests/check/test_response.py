"""The response of the gradients to one statement foretells what runs give, and finds the culprit."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.check import source
from chainrule.check.examine import Examination
from chainrule.check.instrument import instrument
from chainrule.check.localise.case import Case
from chainrule.check.localise.evidence import Evidence
from chainrule.check.localise.response import Response
from chainrule.check.recorder import Recorder
from chainrule.check.single_function import SingleFunction

TEXT = """
import numpy as np


def net(W1, W2, x, t):
    h = np.tanh(x @ W1)
    y = h @ W2
    loss = 0.5 * np.sum((y - t) ** 2)
    dy = y - t
    dW2 = h.T @ dy
    dh = dy @ W2.T
    slope = 1 - np.tanh(x @ W1) ** 2
    dz = dh * slope
    dW1 = x.T @ dz
    return loss, dW1, dW2


def rnn(W, U, x, t):
    hs = [np.zeros(U.shape[0])]
    for k in range(len(x)):
        hs.append(np.tanh(x[k] @ W + hs[-1] @ U))
    loss = 0.5 * np.sum((hs[-1] - t) ** 2)
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    dh = hs[-1] - t
    for k in reversed(range(len(x))):
        dz = dh * (1 - hs[k + 1] ** 2)
        dW += np.outer(x[k], dz)
        dU += np.outer(hs[k], dz)
        dx[k] = W @ dz
        dh = U @ dz
    return loss, dW, dU, dx
"""


@pytest.fixture
def load(load):
    return lambda text=TEXT: load(text)


def inputs(name):
    rng = np.random.default_rng(1)
    if name == "net":
        return [rng.normal(size=s) for s in ((3, 4), (4, 2), (9, 3), (9, 2))]
    return [rng.normal(size=s) for s in ((5, 3), (3, 3), (4, 5), (3,))]


def examined(load, name, old="", new=""):
    """The case of a program, its evidence, and a function from a line's text to its response."""
    assert TEXT.count(old) == 1 or not old
    function = getattr(load(TEXT.replace(old, new) if old else TEXT), name)
    program = SingleFunction(function, tuple(inputs(name)), {}, 0)
    recorder = Recorder()
    program.on_start = recorder.begin
    code = instrument([function.__code__.co_filename])
    return function, program, recorder, code


def with_case(load, name, work, old="", new=""):
    _, program, recorder, code = examined(load, name, old, new)
    with code.installed(recorder):
        base = program.run()
        exam = Examination(program)
        exam.prepare(base)
        case = Case(exam, code, recorder, base)
        evidence = Evidence(case)

        def response(text):
            site = next(
                s for s in code.sites if s.function == name and code.text(s).startswith(text)
            )
            values = evidence.values[site.index]
            return Response(case, site, dict(enumerate(values))), values

        return work(case, response)


@pytest.mark.parametrize(("name", "statement"), [("net", "dh ="), ("net", "dz ="), ("rnn", "dz =")])
def test_prediction_equals_a_run_with_that_value(load, name, statement):
    def work(case, response):
        found, values = response(statement)
        assert found.is_linear
        assert found.is_complete
        rng = np.random.default_rng(3)
        others = [v + rng.normal(size=v.shape) for v in values]
        injected = found._inject(np.concatenate([v.reshape(-1) for v in others]))
        claimed, _ = case.gauge.read(injected)
        np.testing.assert_allclose(found.predict(others), claimed, rtol=1e-9, atol=1e-9)

    with_case(load, name, work)


def test_values_computed_again_are_linear_only_where_they_are_factors(load):
    def work(case, response):
        assert response("slope =")[0].is_linear
        assert not response("h =")[0].is_linear

    with_case(load, "net", work)


def test_the_wanted_value_is_the_right_one_and_others_are_no_suspects(load):
    """dz has lost its local derivative: a right dz exists, a right dW2 does not help."""

    def work(case, response):
        right = case.right(case.base)
        wrong = frozenset(n for n, good in enumerate(right) if not good)
        everything = frozenset(range(len(right)))
        assert response("dz =")[0].wanted(everything) is not None
        assert response("dW2 =")[0].wanted(everything) is None
        assert response("dy =")[0].wanted(everything) is None
        assert len(wrong) == 1

    with_case(load, "net", work, "dz = dh * slope", "dz = dh * 1.0")


def test_the_first_pass_of_a_loop_is_held_to_what_later_ones_cannot_make_up_for(load):
    def work(case, response):
        found, values = response("dz =")
        condition = found.first_pass()

        assert condition.tells
        assert condition.admits(2 * values[0])
        assert not condition.admits(values[0])
        assert not condition.admits(-values[0])

    with_case(load, "rnn", work, "dz = dh * (1", "dz = 0.5 * dh * (1")


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "slips"),
    [
        ("net", "dz = dh * slope", "dz = slope", "dz = slope", {"missing-derivative"}),
        ("rnn", "dz = dh * (1 - hs[k + 1] ** 2)", "dz = dh", "dz = dh", {"missing-derivative"}),
        ("rnn", "dx[k] = W @ dz", "x[k] = W @ dz", "x[k] =", {"wrong-variable"}),
        ("rnn", "dx[k] = W @ dz", "dx[k - 1] = W @ dz", "dx[k - 1] =", {"index"}),
        ("net", "return loss, dW1, dW2", "return loss, dW1, dW1", "return", {"wrong-layer"}),
    ],
)
def test_slips_that_need_the_response_are_named(load, name, old, new, line, slips):
    text = TEXT.replace(old, new)
    assert text != TEXT
    arguments = inputs(name)
    if "dW1, dW1" in new:
        arguments = [
            np.random.default_rng(2).normal(size=s) for s in ((3, 3), (3, 3), (9, 3), (9, 3))
        ]
    report = source(getattr(load(text), name), *arguments)
    assert report.verdict == "wrong"
    (finding,) = report.findings
    assert finding.statement.startswith(line), str(report)
    assert finding.slip in slips, str(report)


def test_claims_that_are_not_finite_are_never_right(load):
    def work(case, response):
        claimed, there = case.gauge.read(case.base)
        assert case.gauge.right(claimed, there).all()
        for bad in (np.inf, -np.inf, np.nan):
            spoilt = claimed.copy()
            spoilt[-1] = bad
            assert case.gauge.right(spoilt, there).tolist() == [True, False]

    with_case(load, "net", work)
