"""Expressions are evaluated as Python would, without running the program and without effects."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from chainrule.check.expressions import parse, replace
from chainrule.check.scope import Scope, Unknown

calls = []


def square(x):
    return x * x


def spoils(x):
    x *= 0
    return x + 1


class Layer:
    def __init__(self):
        self.scale = 3.0
        self.kept = None

    def pure(self, x):
        return self.scale * np.tanh(x)

    def keeps(self, x):
        self.kept = x
        return x


@pytest.fixture
def scope():
    rng = np.random.default_rng(0)
    local = {
        "x": rng.normal(size=(4, 3)),
        "w": rng.normal(size=(3, 2)),
        "v": rng.normal(size=4),
        "caches": [{"a": np.arange(3.0)}],
        "n": 4,
        "layer": Layer(),
        "rng": rng,
        "items": [],
    }
    return Scope(local, {"np": np, "square": square, "spoils": spoils, "calls": calls})


TEXTS = [
    "x @ w",
    "(x[:, 1:] ** 2).sum(axis=0, keepdims=True) / n",
    "np.where(x > 0, x, 0.1 * x)",
    "caches[0]['a'] * 2 - 1",
    "1 / (1 + np.exp(-v))[:, None] * x",
    "square(v) + layer.pure(v)",
    "np.einsum('ij,jk->ik', x, w)",
    "x.T.dot(v) if n > 3 else v",
    "sum(range(n)) + len(caches)",
    "[k * 2 for k in range(3)]",
    "-v[::-1]",
]


@pytest.mark.parametrize("text", TEXTS)
def test_value_is_what_python_computes(scope, text):
    expected = eval(text, {**scope.namespace, **scope.local})
    np.testing.assert_array_equal(scope.evaluate(parse(text)), expected)


@pytest.mark.parametrize("text", TEXTS[:9])
def test_swapped_is_the_value_of_the_replaced_tree(scope, text):
    root = ast.parse(text, mode="eval").body
    scope.evaluate(root)
    names = [n for n in ast.walk(root) if isinstance(n, ast.Name) and n.id in ("x", "v", "n")]
    for name in names or [root]:
        new = ast.BinOp(name, ast.Mult(), ast.Constant(2))
        tree = ast.fix_missing_locations(ast.Expression(replace(root, name, new)))
        expected = eval(compile(tree, "", "eval"), {**scope.namespace, **scope.local})
        np.testing.assert_array_equal(scope.swapped(root, name, new), expected)


@pytest.mark.parametrize(
    "text",
    [
        "items.append(1)",
        "np.multiply(x, x, out=x)",
        "np.add.at(v, 0, 1.0)",
        "np.random.rand(3)",
        "rng.normal(size=3)",
        "x.fill(0)",
        "layer.keeps(v)",
        "open('file')",
        "(lambda t: t)(v)",
        "missing + 1",
    ],
)
def test_code_with_effects_is_not_evaluated(scope, text):
    before = {name: np.copy(scope.local[name]) for name in ("x", "v")}
    with pytest.raises(Unknown):
        scope.evaluate(parse(text))
    assert scope.value(parse(text)) is None
    assert scope.local["items"] == []
    assert scope.local["layer"].kept is None
    for name, value in before.items():
        np.testing.assert_array_equal(scope.local[name], value)


def test_functions_that_write_into_their_arguments_get_copies(scope):
    before = scope.local["v"].copy()
    np.testing.assert_array_equal(scope.evaluate(parse("spoils(v)")), np.ones(4))
    np.testing.assert_array_equal(scope.local["v"], before)


def test_what_an_expression_raises_is_raised_each_time(scope):
    node = parse("x @ x")
    for _ in range(2):
        with pytest.raises(ValueError, match="matmul"):
            scope.evaluate(node)


def test_giant_arrays_are_refused():
    scope = Scope({"a": np.ones((3000, 1)), "b": np.ones((1, 3000))}, {"np": np})
    with pytest.raises(MemoryError):
        scope.evaluate(parse("a * b"))
    with pytest.raises(MemoryError):
        scope.evaluate(parse("np.outer(a, b)"))
