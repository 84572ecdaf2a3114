"""``cr.explain``: steps, shares, forks and the sentences about them (SPEC B4, B5, D6)."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.op import OPS, Op
from chainrule.errors import ArgumentError, GradientError
from chainrule.explanation.patterns import LOCAL


def f(x, y, z):
    q = x + y
    return q * z


def staged(x, y):
    sigy = 1.0 / (1 + np.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + np.exp(-x))
    xpy = x + y
    den = sigx + xpy**2
    invden = 1.0 / den
    f = num * invden
    return f  # noqa: RET504  (the name is the point)


def words_of(explanation: cr.explanation.Explanation) -> str:
    return "\n".join(word for step in explanation.steps() for word in step.words)


def test_the_worked_circuit_reads_as_in_a_textbook() -> None:
    """SPEC W2."""
    explanation = cr.explain(f, -2, 5, -4)
    assert [step.formula for step in explanation.steps()] == ["x + y", "q * z", "q * z", "x + y"]
    words = words_of(explanation)
    assert "multiply swaps: q gets 1 · z = 1 · (-4) = -4; z gets 1 · q = 1 · 3 = 3" in words
    assert "add distributes: x and y each get -4" in words
    assert {n: float(g) for n, g in explanation.gradients.items() if n in "xyz"} == {
        "x": -4.0,
        "y": -4.0,
        "z": 3.0,
    }


def test_shares_at_a_fork_are_told_with_their_sum() -> None:
    """SPEC W4: x is used three times, y and xpy have two more."""
    explanation = cr.explain(staged, 3.0, -4.0)
    shares = [s for step in explanation.steps() for s in step.shares if s.name == "x"]
    assert [s.nth for s in shares] == [1, 2, 3]
    assert float(shares[-1].total) == pytest.approx(2.059569795572, abs=1e-11)
    assert "this is the last: 1.58319 + (-0.0357615) + 0.512144 = 2.05957" in words_of(explanation)


def test_a_share_is_what_arrives_times_the_local_gradient() -> None:
    """SPEC B1: by the rules of the ops, against shares found by pulling back through the gate."""
    seen = 0
    for function, args in (
        (staged, (3.0, -4.0)),
        (lambda w, x: (w @ x).sum(), (np.ones((2, 3)), np.arange(3.0))),
    ):
        for step in cr.explain(function, *args).steps():
            for share in step.shares:
                if sum(other.name == share.name for other in step.shares) == 1:
                    local = step.local[share.name]
                    axes = np.ndim(step.gradient)
                    product = np.tensordot(step.gradient, local, axes=axes)
                    np.testing.assert_allclose(product, share.value, rtol=1e-12)
                    seen += 1
    assert seen > 18
    large = cr.explain(lambda x: np.tanh(x).sum(), np.ones(1000)).steps()
    assert all(step.local == {} for step in large)


def networks():
    rng = np.random.default_rng(3)
    model = cr.nn.Sequential(
        cr.nn.Conv2d(1, 3, 3), cr.nn.BatchNorm2d(3), cr.nn.ReLU(), cr.nn.MaxPool2d(2),
        cr.nn.Flatten(), cr.nn.Linear(12, 4), cr.nn.Softmax(dim=1),
    ).double()  # fmt: skip
    image = rng.normal(size=(2, 1, 6, 6))
    yield lambda x: (model(x) ** 2).sum(), image
    yield lambda x: np.split(x * x, 2)[0].sum() + np.sort(x)[1] * np.linalg.norm(x), rng.random(4)
    yield lambda x: cr.nn.LSTM(3, 2, dtype=float)(x)[0].sum(), rng.normal(size=(3, 2, 3))
    yield lambda x: np.linalg.slogdet(x)[1], np.eye(3) + 0.1


@cr.gate
def sigmoid(t):
    """One gate, though made of four."""
    return 1.0 / (1.0 + np.exp(-t))


@cr.custom_vjp
def clipped(x):
    return x * x


clipped.defvjp(lambda x: (x * x, x), lambda x, g: (np.clip(2.0 * x * g, -1.0, 1.0),))

MADE = {
    "gate": lambda x: (sigmoid(x) * x).sum(),
    "checkpoint": lambda x: (cr.checkpoint(lambda t: np.tanh(t) ** 2)(x) * x).sum(),
    "custom derivative": lambda x: (clipped(x) * x).sum(),
    "gradient of a gradient": lambda x: (cr.grad(lambda t: (np.tanh(t) * t).sum())(x) ** 2).sum(),
}


@pytest.mark.parametrize("name", MADE)
def test_gates_that_users_make_are_explained_as_they_are_differentiated(name: str) -> None:
    x = np.array([0.3, -1.2, 2.0])
    explanation = cr.explain(MADE[name], x)
    totals = {s.name: s for step in explanation.steps() for s in step.shares}
    np.testing.assert_allclose(totals["x"].total, cr.grad(MADE[name])(x), rtol=1e-12)
    assert all(share.nth == share.count for share in totals.values())


@pytest.mark.parametrize("case", range(4))
def test_shares_of_every_value_add_up_to_its_gradient(case: int) -> None:
    """SPEC B4: against the sweep of the engine, which accumulates in its own way."""
    function, x = list(networks())[case]
    explanation = cr.explain(function, x)
    sums: dict[str, list[np.ndarray]] = defaultdict(list)
    for step in explanation.steps():
        for share in step.shares:
            sums[share.name].append(share)
    assert "x" in sums
    for name, shares in sums.items():
        assert [s.nth for s in shares] == list(range(1, shares[0].count + 1))
        total, gradient = shares[-1].total, explanation.gradients[name]
        for mine, engines in zip(
            *((v,) if not isinstance(v, tuple) else v for v in (total, gradient))
        ):
            np.testing.assert_allclose(mine, engines, rtol=1e-9, atol=1e-12)


def _samples() -> list[tuple[str, Op]]:
    return [(name, op) for name, op in OPS.items() if op.differentiable and op.samples]


@pytest.mark.parametrize(("name", "op"), _samples(), ids=[name for name, _ in _samples()])
def test_every_op_can_be_explained(name: str, op: Op) -> None:
    from op_checks import make_case

    case = make_case(op, op.samples[0], 0)

    def call(*floats: object) -> object:
        values = list(case.inputs)
        for place, value in zip(case.floating, floats):
            values[place] = value
        return op(*values, **case.params)

    text = cr.explain(call, *(np.array(case.inputs[i]) for i in case.floating)).text()
    assert "backwards: gradients of" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_local_gradients_are_as_the_table_writes_them(name: str) -> None:
    """The formula, evaluated as it is written, is the local gradient of the gate."""
    x = 0.37
    out = float(OPS[name].forward(x))
    formula = {
        "its own output": "out", "its own output · ln 2": "out * np.log(2)",
        "its own output + 1": "out + 1", "1/(2√x)": "1 / (2 * np.sqrt(x))",
        "1/(3 · output²)": "1 / (3 * out**2)", "cos x": "np.cos(x)", "-sin x": "-np.sin(x)",
        "1 + tan² x": "1 + np.tan(x)**2", "cosh x": "np.cosh(x)", "sinh x": "np.sinh(x)",
        "1 - tanh² x": "1 - np.tanh(x)**2", "1/√(1 - x²)": "1 / np.sqrt(1 - x**2)",
        "-1/√(1 - x²)": "-1 / np.sqrt(1 - x**2)", "(1 - σ) σ": "(1 - out) * out",
        "1 - σ(x)": "1 - 1 / (1 + np.exp(-x))",
        "(2/√π) exp(-x²)": "2 / np.sqrt(np.pi) * np.exp(-x**2)", "the sign of x": "np.sign(x)",
        "1/(x ln 2)": "1 / (x * np.log(2))", "1/(x ln 10)": "1 / (x * np.log(10))",
        "2x": "2 * x", "-1/x²": "-1 / x**2", "1/(1 + x²)": "1 / (1 + x**2)",
    }.get(LOCAL[name], LOCAL[name])  # fmt: skip
    written = eval(formula, {"x": x, "out": out, "np": np})
    assert float(cr.grad(OPS[name])(x)) == pytest.approx(written, rel=1e-12)


ROUTES = {
    "winner": (lambda x, y: np.maximum(x, y), (3.0, 2.0), "x is larger (3 > 2) and gets all of 1; y gets 0"),
    "loser first": (lambda x, y: np.minimum(x, y), (3.0, 2.0), "y is smaller (2 < 3) and gets all of 1"),
    "tie": (lambda x, y: np.maximum(x, y), (2.0, 2.0), "x and y tie at 2, half of g to each"),
    "relu passes": (cr.relu, (2.0,), "is above 0, and gets all of 1"),
    "relu blocks": (cr.relu, (-2.0,), "= -2 is not above 0, and gets 0"),
    "places": (lambda x, y: np.maximum(x, y).sum(), (np.array([1.0, 5.0, 2.0]), np.array([2.0, 1.0, 2.0])),
               "x is larger in 1 of 3 places and gets g there, a tie in 1; elsewhere y does"),
    "constant": (lambda x: np.maximum(x, 0).sum(), (np.array([1.0, -5.0]),), "elsewhere it is 0"),
    "swap in arrays": (lambda x, y: (x * y).sum(), (np.ones(2), np.ones(2)), "x gets g ⊙ y; y gets g ⊙ x"),
    "repeated": (lambda x, b: (x + b).sum(), (np.ones((4, 3)), np.ones(3)),
                 "b was repeated from (3,) to (4, 3): its gradient is the sum over the copies"),
    "product": (lambda w, x: (w @ x).sum(), (np.ones((2, 3)), np.ones((3, 4))),
                "w gets g @ x.T: (2, 4) @ (4, 3); x gets w.T @ g: (3, 2) @ (2, 4)"),
    "minus": (lambda x, y: x - y, (3.0, 2.0), "x gets 1; y gets -1"),
    "divide": (lambda x, y: x / y, (3.0, 2.0), "y gets -g · x / y² = -1 · 3 / 2² = -0.75"),
    "power": (lambda x: x**3, (2.0,), "x gets g · 3 · x**2 = 1 · 3 · 2**2 = 12"),
    "sum": (lambda x: x.sum(), (np.ones(5),), "each of the 5 elements of x gets 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", ROUTES.values(), ids=ROUTES)
def test_patterns_are_said_with_their_numbers(case) -> None:
    """SPEC B5: add distributes, max routes, multiply swaps."""
    function, args, sentence = case
    assert sentence in words_of(cr.explain(function, *args))


def test_numbers_in_sentences_are_those_of_the_shares() -> None:
    """Whatever a sentence says an operand gets is what the operand is sent."""
    explanation = cr.explain(staged, 3.0, -4.0)
    found = 0
    for step in explanation.steps():
        for share in step.shares:
            for word in step.words:
                for said in re.findall(
                    rf"(?:^|[ ;]){re.escape(share.name)} gets [^;]*= (-?[\d.e-]+)", word
                ):
                    found += 1
                    assert float(said) == pytest.approx(float(share.value), rel=1e-5)
    assert found >= 6


def test_a_thousandfold_input_means_a_thousandfold_gradient() -> None:
    """SPEC B5."""

    def cost(w, x):
        return 3.0 * (w @ x)

    explanation = cr.explain(cost, np.array([0.1, 0.2]), np.array([3.0, 4.0]))
    said = explanation.scaling("x")
    assert re.search(r"gradient of w .*\(1000 times\)", said)
    assert re.search(r"gradient of x .*\(1 times\)", said)
    with pytest.raises(ArgumentError, match="'q' is no input"):
        explanation.scaling("q")


def test_a_tensor_that_was_computed_is_explained_with_its_parameters() -> None:
    model = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.ReLU(), cr.nn.Linear(4, 2))
    loss = cr.nn.CrossEntropyLoss()(model(cr.ones((5, 3))), np.zeros(5, int))
    explanation = cr.explain(loss)
    assert list(explanation.given) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    loss.backward()
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(explanation.gradients[name], parameter.grad.numpy())


def test_several_outputs_and_integers_are_told_apart() -> None:
    explanation = cr.explain(lambda x: x * np.array([1.0, 2.0]), np.ones(2))
    assert "gradients of the sum of its elements" in explanation.text()
    explanation = cr.explain(lambda x: x * 2, np.ones(2), cotangent=[0.0, 1.0])
    np.testing.assert_array_equal(explanation.gradients["x"], [0.0, 2.0])
    assert "write 2.0 for a gradient" in cr.explain(lambda x, n: x * n, 1.5, 2).text()
    nothing = cr.explain(lambda x: np.floor(x), 1.5)
    assert "none" in nothing.text()
    assert nothing.gradients == {}


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((cr.tensor(1.0),), GradientError, "was not recorded"),
        ((cr.tensor(1.0, requires_grad=True) * 2, 1), ArgumentError, "no arguments go with it"),
        ((cr.Network([2, 2]),), ArgumentError, "network_svg"),
        ((3,), ArgumentError, "a function or a tensor, not int"),
        ((lambda x: x * 2, cr.Abstract((2,))), GradientError, "needs values"),
    ],
)
def test_what_cannot_be_explained_is_refused(arguments, kind, message) -> None:
    with pytest.raises(kind, match=message):
        cr.explain(*arguments)


def test_a_cotangent_of_another_shape_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"shape \(3,\), the output %1 has \(2,\)"):
        cr.explain(lambda x: x * 2.0, np.ones(2), cotangent=np.ones(3))


def test_stepping_reveals_values_forwards_and_gradients_backwards() -> None:
    stepper = cr.explain(f, -2.0, 5.0, -4.0).stepper()
    assert list(stepper.values()) == ["x", "y", "z"]
    assert stepper.gradients() == {}
    assert stepper.back() is None
    assert [stepper.forward().name for _ in range(2)] == ["q", "%1"]
    assert list(stepper.gradients()) == ["%1"]
    assert stepper.forward().direction == "backward"
    assert float(stepper.gradients()["z"][0]) == 3.0
    assert "x" not in stepper.gradients()
    stepper.go(99)
    assert stepper.position == 4
    assert stepper.forward() is None
    assert float(stepper.gradients()["x"][0]) == -4.0
    stepper.back()
    assert "x" not in stepper.gradients()


def test_frames_fit_the_screen_and_keep_the_gate_in_sight() -> None:
    def long(x):
        for _ in range(60):
            x = np.tanh(x)
        return x

    stepper = cr.explain(long, 0.5).stepper()
    for position in range(len(stepper.steps) + 1):
        stepper.go(position)
        lines = stepper.frame(20).splitlines()
        assert len(lines) <= 20
        assert max(map(len, lines)) <= 80
        marked = [line for line in lines if line.startswith(">")]
        assert bool(marked) == bool(position)
    stepper = cr.explain(staged, 3.0, -4.0).stepper()
    stepper.go(20)
    assert "1.58319 (1/3)" in stepper.frame(40)  # a gradient that is not complete says so
