"""NumPy's functions on tensors: values and dtypes equal NumPy's, derivatives equal differences.

SPEC B1, B6, B7: each call of ``numpy_cases`` is checked for its value, its gradient in every entry
(central differences), the adjoint identity ⟨u, J v⟩ = ⟨Jᵀ u, v⟩, and its second derivative.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy_cases import CASES, I34, IN_PLACE, MASK, Operand

import chainrule as cr

NAMES = {"np": np, "MASK": MASK, "I34": I34, "Ellipsis": Ellipsis}
STEP = 6e-6


def operands(case: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """The expression and its operands, the same in every run."""
    expression, *specs = case
    rng = np.random.default_rng(sum(map(ord, expression)))
    made: list[Any] = []
    for spec in specs:
        if isinstance(spec, dict):
            made[0] = made[0].reshape(spec["reshape"])
        elif isinstance(spec, Operand):
            made.append(np.asarray(spec.make(rng)))
        elif isinstance(spec, tuple):
            made.append(np.asarray(rng.standard_normal(spec)))
        else:
            made.append(np.array(spec))
    return expression, made


def function_of(expression: str) -> Any:
    """The expression as a function that gives a flat list of arrays."""
    code = compile(expression, "<case>", "eval")

    def function(*args: Any) -> list[Any]:
        out = eval(code, {**NAMES, **dict(zip("abc", args))})
        return list(out) if isinstance(out, tuple | list) else [out]

    return function


def plain(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, cr.Tensor) else np.asarray(value)


def weighted(function: Any, weights: list[Any]) -> Any:
    """One number from all outputs: the sum of each times its weights."""

    def total(*args: Any) -> Any:
        return sum((w * o).sum() for w, o in zip(weights, function(*args)))

    return total


def differences(function: Any, args: list[Any]) -> list[Any]:
    """Central differences of a function of arrays with one result, in every entry."""
    gradients = []
    for i, x in enumerate(args):
        g = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            step = STEP * max(1.0, abs(x[place])) if np.isfinite(x[place]) else 0.0
            if step == 0.0:
                continue
            values = []
            for sign in (1.0, -1.0):
                moved = x.copy()
                moved[place] += sign * step
                values.append(function(*args[:i], moved, *args[i + 1 :]))
            g[place] = (values[0] - values[1]) / (2 * step)
        gradients.append(g)
    return gradients


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1:]}"[:90])
def test_value_and_derivatives_equal_numpys_and_differences(case: tuple[Any, ...]) -> None:
    expression, args = operands(case)
    function = function_of(expression)
    copies = [x.copy() for x in args]

    with warnings.catch_warnings(record=True) as theirs:
        warnings.simplefilter("always")
        expected = [np.asarray(o) for o in function(*args)]
    with warnings.catch_warnings():
        if not theirs:
            warnings.simplefilter("error")
        found = function(*(cr.tensor(x, requires_grad=True) for x in args))
    assert len(found) == len(expected)
    for f, e in zip(found, expected):
        assert isinstance(f, cr.Tensor)
        value = plain(f)
        assert value.shape == e.shape
        assert value.dtype == e.dtype
        np.testing.assert_allclose(value, e, rtol=1e-12, atol=1e-12)

    rng = np.random.default_rng(7)
    weights = [rng.uniform(0.5, 1.5, e.shape) for e in expected]
    total = weighted(function, weights)
    numbers = tuple(range(len(args)))
    gradients = cr.grad(total, numbers)(*args)
    for g, d, x in zip(gradients, differences(total, args), args):
        assert g.shape == x.shape
        assert g.dtype == x.dtype
        np.testing.assert_allclose(g, d, rtol=2e-6, atol=2e-8)

    tangents = [rng.uniform(0.5, 1.5, x.shape) for x in args]
    moved = cr.jvp(total, args, tangents)[1]
    paired = sum((g * t).sum() for g, t in zip(gradients, tangents))
    np.testing.assert_allclose(moved, paired, rtol=1e-9, atol=1e-10)

    def slope(*xs: Any) -> Any:
        return sum((g * t).sum() for g, t in zip(cr.grad(total, numbers)(*xs), tangents))

    second = cr.grad(slope, numbers)(*args)
    for g, d in zip(second, differences(slope, args)):
        np.testing.assert_allclose(g, d, rtol=2e-5, atol=2e-6)
    for x, copy in zip(args, copies):
        np.testing.assert_array_equal(x, copy)


@pytest.mark.parametrize("case", IN_PLACE, ids=lambda case: f"{case[0]} {case[1:]}"[:90])
def test_functions_that_write_in_place_follow_numpy_and_are_differentiated(
    case: tuple[Any, ...],
) -> None:
    """SPEC B4: after a write in place the gradients are those of what was computed."""
    statement, args = operands(case)
    code = compile(statement, "<case>", "exec")

    def function(a: Any, *rest: Any) -> Any:
        out = a * 1.0
        exec(code, {**NAMES, **dict(zip("bc", rest)), "out": out})
        return out

    tracked = [cr.tensor(x, requires_grad=True) for x in args]
    np.testing.assert_array_equal(plain(function(*tracked)), function(*args))
    weights = np.random.default_rng(3).uniform(0.5, 1.5, args[0].shape)

    def total(*xs: Any) -> Any:
        return (function(*xs) ** 2 * weights).sum()

    gradients = cr.grad(total, tuple(range(len(args))))(*args)
    for g, d in zip(gradients, differences(total, args)):
        np.testing.assert_allclose(g, d, rtol=1e-6, atol=1e-8)
