"""Programs that write in place, staged: the same ops as eager, and the same values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_in_place import PROGRAMS, X

import chainrule as cr
from chainrule.errors import StagingError


def replay(graph: cr.Graph, *args: Any) -> Any:
    """The outputs of a graph for given inputs, op by op."""
    known: dict[Any, Any] = dict(zip(graph.inputs, args))
    for node in graph.nodes:
        if node in known:
            continue
        if node.op.name == "constant":
            known[node] = np.asarray(node.params["value"])
            continue
        values = [
            value if parent is None else known[parent]
            for parent, value in zip(node.inputs, node.values)
        ]
        known[node] = node.op.forward(*values, **node.params)
    return [known[node] for node in graph.outputs]


@pytest.mark.parametrize("name", PROGRAMS)
def test_traced_with_values(name: str) -> None:
    f = PROGRAMS[name]
    graph = cr.trace(f, X.copy())
    assert float(graph.outputs[0].value) == pytest.approx(float(f(X.copy())), rel=1e-14)
    np.testing.assert_allclose(graph.gradients()["x"], cr.grad(f)(X.copy()), rtol=1e-13)
    again = X[::-1] * 0.9
    np.testing.assert_allclose(replay(graph, again)[0], f(again.copy()), rtol=1e-13)


LAYOUT_DECIDES = "reshape_of_a_transpose_is_a_copy"
ABSTRACT = [name for name in PROGRAMS if name != LAYOUT_DECIDES]


@pytest.mark.parametrize("wrap", [lambda f: f, cr.grad])
def test_a_write_that_only_the_layout_could_decide_is_refused(wrap: Any) -> None:
    """Whether ``x.T.reshape(-1)`` shares memory is not known from shapes."""
    with pytest.raises(StagingError, match=r"r \*= 3\.0"):
        cr.trace(wrap(PROGRAMS[LAYOUT_DECIDES]), cr.Abstract(X.shape))

    def base_written(x: Any) -> Any:
        a = x * 1.0
        r = a.T.reshape(-1)
        a *= 2.0
        return np.sum(r * r)

    with pytest.raises(StagingError, match="shares memory"):
        cr.trace(base_written, cr.Abstract((2, 3)))
    assert cr.grad(base_written)(np.ones((2, 3))).sum() == 12.0


@pytest.mark.parametrize("name", ABSTRACT)
def test_traced_with_shapes_only(name: str) -> None:
    """What is compiled: from shapes alone, replayed at two points."""
    f = PROGRAMS[name]
    graph = cr.trace(f, cr.Abstract(X.shape))
    for x in (X, X[::-1] * 0.9):
        np.testing.assert_allclose(replay(graph, x)[0], f(x.copy()), rtol=1e-13)


@pytest.mark.parametrize("name", ABSTRACT)
def test_gradient_traced_with_shapes_only(name: str) -> None:
    f = PROGRAMS[name]
    graph = cr.trace(cr.grad(f), cr.Abstract(X.shape))
    for x in (X, X[::-1] * 0.9):
        found = replay(graph, x)[0]
        np.testing.assert_allclose(found, cr.grad(f)(x.copy()), rtol=1e-12, atol=1e-14)
