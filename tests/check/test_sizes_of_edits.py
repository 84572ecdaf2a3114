"""Changed forms of a statement never ask for giant arrays (SPEC D7)."""

from __future__ import annotations

import ast
import tracemalloc

import numpy as np
import pytest

from chainrule.check import source
from chainrule.check.scope import Scope
from chainrule.check.sizes import Bound, predicted_size, product_size

N = 20_000
LONG = np.zeros(N)
COLUMN = np.zeros((N, 1))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (np.add, (np.zeros(3), np.zeros((4, 1)))),
        (np.outer, (np.zeros(3), np.zeros((2, 2)))),
        (np.kron, (np.zeros(3), np.zeros(5))),
        (np.dot, (np.zeros((2, 3)), np.zeros((3, 4)))),
        (np.dot, (np.zeros((2, 3)), np.zeros(3))),
        (np.matmul, (np.zeros((5, 2, 3)), np.zeros((3, 4)))),
        (np.where, (np.zeros(3) > 0, np.zeros((2, 1)), 0.0)),
        (np.einsum, ("ij,jk->ik", np.zeros((2, 3)), np.zeros((3, 4)))),
        (np.einsum, ("i,j", np.zeros(2), np.zeros(3))),
    ],
)
def test_the_size_of_a_result_is_known_beforehand(function, arguments):
    assert predicted_size(function, arguments) == np.size(function(*arguments))


def test_products_of_shapes_that_do_not_go_together_are_left_to_numpy():
    assert product_size((), (3,)) == 0.0
    assert predicted_size(np.add, (np.zeros(3), np.zeros(4))) == 0.0


@pytest.mark.parametrize(
    "form",
    ["a - c", "np.outer(a, a)", "c @ c.T", "c.dot(c.T)", "np.subtract(a, c)", "(a + 1)[:, None] * a",
     "np.einsum('i,j->ij', a, a)"],
)  # fmt: skip
def test_an_expression_that_asks_for_too_much_is_not_evaluated(form):
    scope = Scope({"a": LONG, "c": COLUMN}, {"np": np})
    tree = ast.parse(form, mode="eval").body
    with pytest.raises(MemoryError, match="too large to be meant"):
        scope.evaluate(tree)
    assert scope.asks_for_too_much(tree)


def test_what_is_as_large_as_the_data_is_evaluated():
    """Five million entries are no giant among five million entries."""
    x = np.zeros((1_700_000, 3))
    scope = Scope({"x": x, "b": np.ones(3)}, {"np": np})
    assert scope.evaluate(ast.parse("x + b", mode="eval").body).shape == x.shape


def test_a_value_that_would_blow_up_beside_others_is_not_run_with():
    bound = Bound([(N,), (N, 10), ()])
    assert bound.admits((10,))
    assert bound.admits((1,))
    assert not bound.admits((N, 1))


def test_the_search_in_long_arrays_stays_within_their_size():
    """(n,) against (n, 1) would be 3 GB."""

    def loss_and_grads(x, y, w):
        e = np.tanh(x * w) - y
        cost = 0.5 * np.mean(e * e)
        dw = sum([np.sum(e[k::2] * (1 - np.tanh(x[k::2] * w)) * x[k::2]) for k in range(2)])
        return cost, {"w": dw / len(y)}

    rng = np.random.default_rng(0)
    tracemalloc.start()
    report = source(loss_and_grads, rng.normal(size=N), rng.normal(size=N), 0.7, budget=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.verdict == "wrong"
    assert peak < 5e8
