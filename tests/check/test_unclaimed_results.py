"""Results that by name belong to no input: wrong where another was meant, else left alone (SPEC D2)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.check import backward, source

AFFINE = """
import numpy as np


def forward(x, w, b):
    return np.tanh(x @ w + b), (x, w, b)


def back(dout, cache):
    x, w, b = cache
    dz = dout * (1 - np.tanh(x @ w + b) ** 2)
    dx = dz @ w.T
    dw = x.T @ dz
    db = dz.sum(axis=0)
    return dx, dw, db


def loss_and_gradients(k, c, t):
    e = np.exp(-k * t) * c
    mean = e.mean()
    loss = 0.5 * mean**2
    de = mean / e.size * np.ones_like(e)
    dk = np.sum(de * e * -t)
    dc = np.sum(de * e) / c
    return loss, dk, dc


def nested(s, t, y):
    r = s * y + t
    loss = np.sum(r * r)
    return loss, (np.sum(2 * r * y), np.sum(2 * r))


def nested_by_name(p, q, y):
    r = p * y + q
    loss = np.sum(r * r)
    gp, gq = np.sum(2 * r * y), np.sum(2 * r)
    return loss, (gp, gq)


def adjoint(u, h0, decay):
    h = [h0]
    for k in range(len(u)):
        h.append(decay * np.tanh(h[k]) + u[k])
    cost = 0.5 * h[-1] ** 2
    h_bar = h[-1]
    u_bar = np.empty(len(u))
    decay_bar = 0.0
    for k in reversed(range(len(u))):
        u_bar[k] = h_bar
        decay_bar += h_bar * np.tanh(h[k])
        h_bar = decay * h_bar * (1 - np.tanh(h[k]) ** 2)
    return cost, u_bar, h_bar, decay_bar
"""


@pytest.fixture
def load(load):
    def make(*changes):
        text = AFFINE
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return load(text), text

    return make


def ask_pair(module):
    rng = np.random.default_rng(0)
    shapes = [(6, 4), (4, 4), (4,)]
    return backward(module.forward, module.back, *(rng.normal(size=s) for s in shapes), budget=1.0)


def ask_numbers(module):
    return source(module.loss_and_gradients, 0.7, 1.3, np.linspace(0.1, 1, 5), budget=1.0)


RETURN = "return dx, dw, db"
NUMBERS = "return loss, dk, dc"


@pytest.mark.parametrize(
    ("ask", "old", "new"),
    [
        (ask_pair, RETURN, "return dz, dw, db"),
        (ask_pair, RETURN, "return dout, dw, db"),
        (ask_pair, RETURN, "return dw, dw, db"),
        (ask_pair, RETURN, "return dx, dx, db"),
        (ask_pair, RETURN, "return dx, db, db"),
        (ask_pair, RETURN, "return dx, dw, dw"),
        (ask_pair, RETURN, "return dx, dw, b"),
        (ask_numbers, NUMBERS, "return loss, dk, dk"),
        (ask_numbers, NUMBERS, "return loss, dc, dc"),
        (ask_numbers, NUMBERS, "return loss, mean, dc"),
        (ask_numbers, NUMBERS, "return loss, dk, c"),
    ],
)
def test_a_result_in_place_of_a_gradient_that_was_computed_is_wrong_in_the_return(
    load, ask, old, new
):
    module, text = load((old, new))
    report = ask(module)
    assert report.verdict == "wrong", str(report)
    assert report.findings[0].line == text[: text.index(new)].count("\n") + 1, str(report)


@pytest.mark.parametrize(
    ("ask", "old", "new"),
    [
        (ask_pair, RETURN, RETURN),
        (ask_pair, RETURN, "return dw, db"),
        (ask_pair, RETURN, "return dx"),
        (ask_pair, RETURN, "return dw, db, dz"),
        (ask_pair, RETURN, "z = x @ w\n    return dw, db, z"),
        (
            ask_pair,
            "dx = dz @ w.T\n    dw = x.T @ dz\n    db = dz.sum(axis=0)\n    " + RETURN,
            "return dz, x.T @ dz, dz.sum(axis=0)",
        ),
        (ask_numbers, NUMBERS, NUMBERS),
        (ask_numbers, NUMBERS, "return loss, dc"),
        (ask_numbers, NUMBERS, "return loss, dc, mean"),
        (ask_numbers, NUMBERS, "accuracy = 0.5\n    return loss, accuracy, dk, dc"),
    ],
)
def test_code_that_returns_fewer_gradients_or_others_besides_is_right(load, ask, old, new):
    module, _ = load((old, new))
    report = ask(module)
    assert report.verdict == "right", str(report)


def test_a_gradient_whose_name_says_nothing_is_compared_if_it_is_one(load):
    module, _ = load(
        ("dx = dz @ w.T", "dx = 0\n    dx_prev = dz @ w.T"), (RETURN, "return dx_prev, dw, db")
    )
    report = ask_pair(module)
    assert report.verdict == "right", str(report)
    assert {a.name for a in report.arguments} == {"x", "w", "b"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("nested", "(np.sum(2 * r * y)", "(np.sum(r * y)"),
        ("nested_by_name", "gq = np.sum(2 * r * y)", "gq = np.sum(r * y)"),
    ],
)
def test_numbers_in_a_tuple_of_gradients_are_compared(load, name, old, new):
    verdicts = []
    for changes in ([], [(old, new)]):
        module, _ = load(*changes)
        report = source(getattr(module, name), 0.5, 0.3, np.linspace(-1, 1, 5), budget=1.0)
        assert len(report.arguments) == 2
        verdicts.append(report.verdict)
    assert verdicts == ["right", "wrong"]


def ask_adjoint(load, *changes):
    module, text = load(*changes)
    report = source(module.adjoint, np.linspace(-0.5, 1, 4), 0.7, 0.9, budget=1.0)
    return report, text


def test_what_a_backward_sweep_ends_with_is_the_gradient_of_the_initial_value(load):
    report, _ = ask_adjoint(load)
    assert report.verdict == "right", str(report)
    assert {a.name for a in report.arguments} == {"u", "h0", "decay"}
    new = "return cost, u_bar, decay_bar, decay_bar"
    report, text = ask_adjoint(load, ("return cost, u_bar, h_bar, decay_bar", new))
    assert report.verdict == "wrong", str(report)
    assert report.findings[0].line == text[: text.index(new)].count("\n") + 1


def test_memory_that_np_empty_left_is_the_same_in_every_run_and_is_spoken_of(load):
    report, _ = ask_adjoint(load, ("u_bar[k] = h_bar", "u_bar[k] += h_bar"))
    assert report.verdict == "wrong", str(report)
    assert any("np.empty" in note for note in report.notes)


def test_a_departure_too_small_in_each_entry_is_seen_in_all_together():
    """Differences of one entry drown in the rounding of the cost; along the departure they do not."""

    def cost_and_gradient(x, factor):
        return 1e4 + np.sum(x * x), factor * x

    x = np.random.default_rng(0).uniform(0.01, 0.02, 300)
    assert source(cost_and_gradient, x, 2.0, budget=1.0).verdict == "right"
    assert source(cost_and_gradient, x, 2.002, budget=1.0).verdict == "wrong"


@pytest.mark.parametrize("forgotten", ["np.ones((3, 2))", "None", "np.zeros(5)"])
def test_the_one_gradient_of_an_objective_is_wrong_in_another_length(forgotten):
    def objective(theta, x):
        w, b = theta[:3], theta[3]
        r = x @ w + b
        grads = [x.T @ r, forgotten_part]
        return 0.5 * np.sum(r * r), np.hstack([np.ravel(g) for g in grads])

    forgotten_part = eval(forgotten)
    rng = np.random.default_rng(0)
    report = source(objective, rng.normal(size=4), rng.normal(size=(6, 3)), budget=1.0)
    assert report.verdict == "wrong", str(report)


def test_the_report_says_what_was_not_compared(load):
    module, _ = load((RETURN, "return dw, dz"))
    report = ask_pair(module)
    assert report.verdict == "right"
    assert "not compared: dz" in report.coverage
    assert "no gradient is returned for x, b" in report.coverage


@pytest.mark.parametrize("axis", [0, 1, None])
def test_results_called_like_inputs_but_for_an_affix_are_their_gradients(axis):
    def fehler(gewichte, schwellen, x):
        r = [x @ g + s for g, s in zip(gewichte, schwellen)]
        abl_gewichte = [x.T @ a for a in r]
        abl_schwellen = [a.sum(axis=axis) for a in r]
        return 0.5 * sum(np.sum(a * a) for a in r), abl_gewichte, abl_schwellen

    rng = np.random.default_rng(0)
    gewichte, schwellen = (
        [rng.normal(size=(4, 3)) for _ in range(2)],
        [rng.normal(size=3), rng.normal(size=3)],
    )
    report = source(fehler, gewichte, schwellen, rng.normal(size=(6, 4)), budget=1.0)
    assert report.verdict == ("right" if axis == 0 else "wrong"), str(report)


def test_names_that_say_nothing_leave_no_result_uncompared():
    """One that is right by value must not keep the others from being compared by shape."""

    class Units:
        def __init__(self, wij, bj):
            self.wij, self.bj = wij, bj

        def run(self, x, factor):
            r = x @ self.wij + self.bj
            gij, dj = factor * np.outer(x, r), r
            return 0.5 * np.sum(r * r), gij, dj

    rng = np.random.default_rng(0)
    units, x = Units(rng.normal(size=(4, 3)), rng.normal(size=3)), rng.normal(size=4)
    assert source(units.run, x, 1.0, budget=1.0).verdict == "right"
    assert source(units.run, x, 2.0, budget=1.0).verdict == "wrong"


def test_what_is_not_finite_in_the_backward_pass_alone_is_wrong(load):
    module, _ = load(("dz = dout *", "dz = np.sqrt(x @ w) * dout *"))
    report = ask_pair(module)
    assert report.verdict == "wrong", str(report)
