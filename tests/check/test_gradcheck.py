"""``cr.check.gradients``: right rules are never flagged, wrong ones always (SPEC D1, D3, D7)."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.check import GradientCheckError, assert_gradients, gradients, parity

PAIRS = {
    "cubic": (lambda x: float(np.sum(x**3)), lambda x: 3 * x**2),
    "log": (lambda x: float(np.sum(np.log(1 + x * x))), lambda x: 2 * x / (1 + x * x)),
    "softmax": (
        lambda x: float(np.log(np.sum(np.exp(x)))),
        lambda x: np.exp(x) / np.sum(np.exp(x)),
    ),
    "relu": (lambda x: float(np.sum(np.maximum(x, 0) ** 2)), lambda x: 2 * np.maximum(x, 0)),
    "hinge": (lambda x: float(np.sum(np.maximum(1 - x, 0))), lambda x: -1.0 * (x < 1.0)),
    "quiet": (lambda x: 1e-8 * float(np.sum(np.sin(x))), lambda x: 1e-8 * np.cos(x)),
    "offset": (lambda x: 1e4 + float(np.sum(np.sin(x))), lambda x: np.cos(x)),
}


def points(seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=7)
    if seed % 3 == 0:
        x[0], x[1] = 0.0, 1.0  # on the kinks of relu and hinge
    return x


@pytest.mark.parametrize("name", PAIRS)
def test_right_gradients_are_never_called_wrong(name):
    """SPEC D1: 40 seeds, a third of them on kinks, float64 and float32 inputs."""
    f, g = PAIRS[name]
    for seed in range(40):
        for dtype in (np.float64, np.float32):
            report = gradients((f, lambda x: g(x).astype(float)), points(seed).astype(dtype))
            assert report.verdict == "right", f"seed {seed} {dtype}\n{report}"


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_wrong_by_one_per_mille_are_caught(name):
    """SPEC D1: the meta-test: every rule is perturbed by 0.1 % and has to be seen."""
    f, g = PAIRS[name]
    for seed in range(1, 40, 3):
        report = gradients((f, lambda x: 1.001 * g(x)), points(seed))
        assert report.verdict == "wrong", f"seed {seed}\n{report}"


def test_one_wrong_entry_of_many_is_caught_and_named():
    def wrong(x):
        gradient = 2 * x
        gradient[3, 4] *= 1.001
        return gradient

    x = np.random.default_rng(0).normal(size=(6, 7))
    report = gradients((lambda x: float(np.sum(x * x)), wrong), x)
    assert report.verdict == "wrong"
    assert report.arguments[0].worst.index == (3, 4)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.tanh(x) * np.exp(-x),
        lambda x: np.maximum(x, 0.0),
        lambda x: {"a": np.abs(x).sum(), "b": [x[0] * x[1], x[2:] ** 2]},
        lambda x: cr.softmax(x, -1),
        lambda x: np.sort(x)[::2] * 1.5,
    ],
)
def test_functions_of_tensors_pass_both_modes_and_orders(f):
    for seed in (1, 2, 4):
        assert_gradients(f, points(seed), order=2)


def test_a_kink_is_counted_and_named():
    report = gradients(lambda x: np.maximum(x, 0.0), np.array([0.0, 1.0, -1.0]))
    assert report.verdict == "right"
    assert report.arguments[0].kinks == 1
    assert "maximum is at its kink in 1 element" in report.arguments[0].reason


def test_a_gradient_outside_the_one_sided_derivatives_at_a_kink_is_cannot_tell():
    report = gradients(
        (lambda x: float(np.sum(np.abs(x))), lambda x: np.array([5.0, 1.0])), np.array([0.0, 1.0])
    )
    assert (report.verdict, report.exit_code) == ("cannot tell", 3)


def test_a_function_that_is_not_deterministic_is_cannot_tell():
    rng = np.random.default_rng(0)
    report = gradients(lambda x: (x * rng.random()).sum(), np.array([0.0, 1.0, -1.0]))
    assert report.verdict == "cannot tell"
    assert "not deterministic" in str(report)


def test_a_function_that_is_not_finite_is_cannot_tell():
    report = gradients((lambda x: float(np.log(x[0])), lambda x: 1 / x), np.array([-1.0]))
    assert report.verdict == "cannot tell"
    assert "not finite" in str(report)


def test_a_function_in_float32_inside_is_judged_by_what_it_can_show():
    def f(x):
        return float(np.sum(np.tanh(x.astype(np.float32))))

    report = gradients((f, lambda x: 1 - np.tanh(x) ** 2), points(1))
    assert report.verdict != "wrong"
    assert "float32 or less" in str(report)
    assert gradients((f, lambda x: 1.2 * (1 - np.tanh(x) ** 2)), points(1)).verdict == "wrong"


def test_a_gradient_of_the_wrong_shape_is_wrong():
    report = gradients((lambda x: float(x.sum()), lambda x: np.ones((3, 1))), np.ones(3))
    assert report.verdict == "wrong"
    assert "shape (3, 1)" in report.arguments[0].reason


def test_a_function_that_changes_its_argument_is_wrong():
    def f(x):
        x *= 2
        return float(x.sum())

    report = gradients((f, lambda x: 2 * np.ones(3)), np.ones(3))
    assert "changes this argument in place" in str(report)


def test_a_wrong_custom_rule_is_caught_in_reverse_mode_and_linearity():
    cube = cr.custom_vjp(lambda x: x * x * x)
    cube.defvjp(lambda x: (x * x * x, x), lambda x, g: (g * g * 3 * x * x,))
    report = gradients(cube, points(1))
    assert report.verdict == "wrong"
    assert {a.mode for a in report.arguments if a.verdict == "wrong"} >= {"gradient", "linearity"}


def test_modules_are_checked_with_dropout_frozen():
    model = cr.nn.Sequential(
        cr.nn.Linear(3, 4), cr.nn.ReLU(), cr.nn.Dropout(0.5), cr.nn.Linear(4, 2)
    )
    rng = np.random.default_rng(0)
    report = gradients(
        model,
        rng.normal(size=(5, 3)),
        rng.normal(size=(5, 2)),
        loss=lambda o, y: ((o - y) ** 2).mean(),
    )
    assert report.verdict == "right", str(report)
    assert "0.weight" in {a.name for a in report.arguments}


def test_large_arguments_are_sampled_and_the_coverage_says_so():
    x = np.random.default_rng(0).normal(size=(300, 200))
    report = gradients((lambda x: float(np.sum(np.sin(x))), np.cos), x, budget=0.5)
    assert report.verdict == "right"
    assert report.arguments[0].checked < 60_000
    assert report.arguments[0].directions >= 1
    wrong = gradients(
        (lambda x: float(np.sum(np.sin(x))), lambda x: np.cos(x) * 1.001), x, budget=0.5
    )
    assert wrong.verdict == "wrong"


def test_the_assertion_carries_the_report():
    with pytest.raises(GradientCheckError, match="WRONG") as raised:
        assert_gradients((lambda x: float(x @ x), lambda x: x), np.ones(3))
    assert raised.value.report.exit_code == 1


def test_the_report_is_json_and_fits_80_columns():
    report = gradients(PAIRS["cubic"], points(0))
    assert json.loads(report.to_json())["verdict"] == "right"
    assert max(map(len, str(report).splitlines())) <= 80


def test_nothing_to_differentiate_by_is_a_usage_error():
    with pytest.raises(cr.errors.ArgumentError, match="nothing to differentiate"):
        gradients(lambda x: x, "text")


def test_parity_with_torch():
    """SPEC D7."""
    torch = pytest.importorskip("torch")
    ours = cr.nn.Sequential(cr.nn.Linear(4, 5), cr.nn.Tanh(), cr.nn.Linear(5, 2))
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    x = np.random.default_rng(0).normal(size=(6, 4))
    assert parity(ours, theirs, x).verdict == "right"
    theirs[1] = torch.nn.Sigmoid()
    assert parity(ours, theirs, x).verdict == "wrong"


def test_torch_functions_are_checked():
    torch = pytest.importorskip("torch")

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3.003 * g * x**2

    assert gradients(Cube.apply, torch.ones(2, 3)).verdict == "wrong"
    assert gradients(torch.tanh, torch.ones(2, 3)).verdict == "right"


def test_jax_functions_are_checked():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def sine(x):
        return jax.numpy.sin(x)

    sine.defvjp(lambda x: (jax.numpy.sin(x), x), lambda x, g: (1.001 * g * jax.numpy.cos(x),))
    assert gradients(sine, np.ones(3)).verdict == "wrong"
    assert gradients(jax.numpy.tanh, jax.numpy.ones(3), order=2).verdict == "right"
