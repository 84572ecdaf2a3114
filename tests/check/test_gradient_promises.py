"""``cr.check.gradients``: mutation, missing and raising gradients, float32, complex steps (SPEC D1, D7).

Each check is tested by something made wrong on purpose.
"""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.check import gradients, parity
from chainrule.errors import ArgumentError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))


def squares(x):
    return np.sum(x * x)


def test_a_gradient_that_changes_its_argument_is_wrong():
    def gradient(x):
        found = 2 * x
        x *= 0
        return found

    report = gradients((squares, gradient), X)
    assert report.verdict == "wrong"
    [result] = [a for a in report.arguments if a.mode == "inputs"]
    assert "its gradient changes this argument" in result.reason


def test_every_argument_that_is_changed_is_named_once():
    def f(x, w):
        x += 1
        w += 1
        return np.sum(x * w)

    report = gradients((f, lambda x, w: (w + 1, x + 1)), X, X + 2)
    changed = [(a.name, a.reason) for a in report.arguments if a.mode == "inputs"]
    words = "the function changes this argument in place"
    assert changed == [("x", words), ("w", words)]


def test_a_function_of_tensors_that_writes_to_its_argument_is_told_so():
    def f(x):
        x *= 2
        return (x * x).sum()

    report = gradients(f, X)
    assert "changes this argument" in " ".join(a.reason for a in report.arguments)


def test_a_forgotten_return_is_no_gradient():
    report = gradients((squares, lambda x: None), X)
    assert report.verdict == "wrong"
    assert "no gradient, though the function depends on it" in report.arguments[0].reason


def test_nested_lists_are_gradients():
    assert gradients((squares, lambda x: (2 * x).tolist()), X).verdict == "right"
    pair = (
        lambda x, w: np.sum(x @ w),
        lambda x, w: [(np.ones((3, 2)) @ w.T).tolist(), x.sum(0)[:, None] + np.zeros((4, 2))],
    )
    assert gradients(pair, X, RNG.normal(size=(4, 2))).verdict == "right"
    assert gradients((squares, lambda x: (3 * x).tolist()), X).verdict == "wrong"


def test_a_gradient_that_raises_is_wrong_and_says_what():
    def gradient(x):
        raise ValueError("shapes (3,4) and (3,4) not aligned")

    report = gradients((squares, gradient), X)
    assert (report.verdict, report.exit_code) == ("wrong", 1)
    assert "raises ValueError: shapes" in report.arguments[0].reason


def test_a_function_that_raises_is_not_the_gradients_fault():
    def f(x):
        raise ValueError("no such file")

    with pytest.raises(ValueError, match="no such file"):
        gradients((f, lambda x: x), X)


def test_another_dtype_of_a_gradient_is_noted():
    report = gradients((squares, lambda x: (2 * x).astype(np.float32)), X)
    assert report.verdict == "right"
    assert "dtype float32" in " ".join(report.notes)


def in_float32(x):
    return float(np.sum(np.sin(x.astype(np.float32)), dtype=np.float32))


@pytest.mark.parametrize("seed", range(12))
def test_code_in_float32_is_judged_by_what_it_can_show(seed):
    x = np.random.default_rng(seed).normal(size=10)
    report = gradients((in_float32, np.cos), x)
    assert report.verdict != "wrong", str(report)
    assert "float32" in " ".join(report.notes)
    for factor in (-1.0, 0.5, 1.25, 2.0):
        wrong = gradients((in_float32, lambda x, k=factor: k * np.cos(x)), x)
        assert wrong.verdict == "wrong", f"{factor}\n{wrong}"


def test_most_gradients_in_float32_are_right():
    found = [
        gradients((in_float32, np.cos), np.random.default_rng(seed).normal(size=10)).verdict
        for seed in range(12)
    ]
    assert found.count("right") >= 9


def test_complex_steps_confirm_analytic_functions():
    f, g = lambda x: np.sum(np.exp(x) * x), lambda x: np.exp(x) * (1 + x)
    report = gradients((f, g), X)
    assert report.verdict == "right"
    assert "complex steps" in report.coverage
    assert gradients((f, lambda x: g(x) * (1 + 1e-5)), X).verdict == "wrong"


def test_a_function_that_takes_complex_numbers_but_is_not_analytic_is_left_to_differences():
    """|z| of a complex number is not what abs is of a real one."""
    f, g = lambda x: np.sum(np.abs(x) ** 3), lambda x: 3 * x * np.abs(x)
    report = gradients((f, g), X)
    assert report.verdict == "right"
    assert "complex" not in report.coverage
    assert gradients((f, lambda x: 0 * x), X).verdict == "wrong"


def test_kinks_are_left_to_differences():
    f, g = lambda x: np.sum(np.maximum(x, 0)), lambda x: (x >= 0) * 1.0
    report = gradients((f, g), np.array([0.0, 1.0, -1.0]))
    assert report.verdict == "right"
    assert "complex" not in report.coverage


class TestTorch:
    torch = None

    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    def cube(self, backward):
        torch = self.torch

        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x**3

        Cube.backward = staticmethod(backward)
        return Cube.apply

    def test_a_cotangent_that_is_changed_in_place_is_wrong(self):
        def backward(ctx, g):
            found = g * 3 * ctx.saved_tensors[0] ** 2
            g.zero_()
            return found

        report = gradients(self.cube(backward), self.torch.tensor(X))
        assert report.verdict == "wrong"
        assert "cotangent" in report.arguments[0].name

    def test_a_gradient_of_the_wrong_shape_is_wrong_and_not_an_exception(self):
        def backward(ctx, g):
            return (g * 3 * ctx.saved_tensors[0] ** 2).sum(0)

        report = gradients(self.cube(backward), self.torch.tensor(X))
        assert report.verdict == "wrong"
        assert "invalid gradient" in report.arguments[0].reason

    def test_parity_names_parameters_that_differ(self):
        ours = cr.nn.Linear(4, 2)
        with pytest.raises(ArgumentError, match=r"weight: \(2, 4\) here, \(3, 4\) there"):
            parity(ours, self.torch.nn.Linear(4, 3), X)


def test_a_function_of_jax_is_recognised_by_what_it_calls():
    """Given plain arrays nothing else tells."""
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def f(x):
        return (x**3).sum()

    f.defvjp(lambda x: ((x**3).sum(), x), lambda x, g: (g * 2 * x**2,))
    assert gradients(lambda x: 2 * f(x), X[0]).verdict == "wrong"
