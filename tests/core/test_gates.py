"""Grouping functions into gates and opening them (SPEC B2); how graphs print."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError

X = np.array([0.5, -1.0, 2.0])


@cr.gate
def swish(x: Any, beta: float = 1.0) -> Any:
    return x / (1.0 + np.exp(-beta * x))


@cr.gate
def affine(x: Any, w: Any, b: Any) -> Any:
    return np.tanh(x @ w + b)


def test_a_gate_has_the_derivatives_of_what_it_does() -> None:
    """SPEC B2: gradients, second order and forward mode through the group."""
    plain = lambda x: x / (1.0 + np.exp(-2.0 * x))  # noqa: E731
    gate = lambda x: swish(x, beta=2.0)  # noqa: E731
    np.testing.assert_allclose(cr.vjp(gate, X)[1](X)[0], cr.vjp(plain, X)[1](X)[0], rtol=1e-14)
    np.testing.assert_allclose(
        cr.jvp(gate, (X,), (X,))[1], cr.jvp(plain, (X,), (X,))[1], rtol=1e-13
    )
    for f, h in ((gate, plain),):
        np.testing.assert_allclose(
            cr.hessian(lambda x: np.sum(f(x) ** 2))(X),  # noqa: B023
            cr.hessian(lambda x: np.sum(h(x) ** 2))(X),  # noqa: B023
            rtol=1e-12,
            atol=1e-13,
        )
    assert swish(1.0) == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert swish.__name__ == "swish"


def test_a_gate_of_several_inputs() -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    u = rng.normal(size=(4, 2))
    found = cr.vjp(affine, x, w, b)[1](u)
    expected = cr.vjp(lambda x, w, b: np.tanh(x @ w + b), x, w, b)[1](u)
    for f, e in zip(found, expected):
        np.testing.assert_allclose(f, e, rtol=1e-13)


def layer(x: Any, w: Any, b: Any) -> Any:
    a = affine(x, w, b)
    s = swish(a, beta=0.5)
    return np.sum(s)


ARGS = (np.ones((4, 3)), np.full((3, 2), 0.1), np.zeros(2))


def ops(graph: cr.Graph) -> list[str]:
    return [graph[name].op for name in graph if graph[name].node.inputs]


def test_one_gate_in_the_graph_and_its_parts_when_opened() -> None:
    """SPEC B2."""
    graph = cr.trace(layer, *ARGS)
    assert ops(graph) == ["affine", "swish", "sum"]
    opened = graph.open("a")
    assert ops(opened) == ["matmul", "add", "tanh", "swish", "sum"]
    all_opened = graph.open()
    assert "swish" not in ops(all_opened)
    assert "exp" in ops(all_opened)
    for other in (opened, all_opened):
        assert float(other.outputs[0].value) == pytest.approx(float(graph.outputs[0].value))
        for name in ("x", "w", "b"):
            np.testing.assert_allclose(
                other.gradients()[name], graph.gradients()[name], rtol=1e-12, atol=1e-15
            )


def test_library_gates_open_too() -> None:
    def f(x: Any) -> Any:
        p = cr.softmax(x, axis=0)
        return np.sum(p * p)

    graph = cr.trace(f, X)
    opened = graph.open("p")
    assert "softmax" in ops(graph)
    assert "softmax" not in ops(opened)
    np.testing.assert_allclose(opened.gradients()["x"], graph.gradients()["x"], rtol=1e-12)


def test_opening_shapes_only() -> None:
    graph = cr.trace(layer, cr.Abstract((4, 3)), cr.Abstract((3, 2)), cr.Abstract((2,)))
    assert ops(graph) == ["affine", "swish", "sum"]
    assert ops(graph.open("a")) == ["matmul", "add", "tanh", "swish", "sum"]


def test_what_cannot_be_opened_is_said() -> None:
    graph = cr.trace(layer, *ARGS)
    with pytest.raises(ArgumentError, match=r"no gate is called 'z'.*there are: x, w, b, a, s"):
        graph.open("z")
    with pytest.raises(ArgumentError, match="not made of smaller gates"):
        cr.trace(lambda x: np.sin(x), 1.0).open("%1")


# ---- printing


def test_a_printed_graph_has_names_ops_shapes_and_lines() -> None:
    """SPEC B3, D6: one line per gate, in order, columns aligned."""
    text = str(cr.trace(layer, *ARGS))
    lines = text.splitlines()
    assert lines[0] == "layer(x: float64[4, 3], w: float64[3, 2], b: float64[2]) -> float64[]"
    gates = [line for line in lines if re.match(r"\s+\S+\s*= ", line)]
    assert [g.split()[0] for g in gates] == ["a", "s", "%1"]
    assert "affine(x, w, b)" in gates[0]
    assert gates[0].endswith("float64[4, 2]")
    assert len({line.rindex("float64") for line in gates}) == 1, "columns are not aligned"
    assert "test_gates.py" in text
    assert "a = affine(x, w, b)" in text
    assert lines[-1].strip() == "return %1"


def test_other_forms_name_every_gate() -> None:
    """SPEC D6: DOT, Mermaid, SVG, plain data."""
    graph = cr.trace(layer, *ARGS)
    plain = json.loads(json.dumps(graph.to_dict()))
    assert {n["name"] for n in plain["nodes"]} >= {"x", "w", "b", "a", "s"}
    for text in (graph.to_dot(), graph.to_mermaid(), graph.to_svg(), str(plain)):
        for name in ("x", "w", "b", "a", "s", "affine", "swish"):
            assert name in text
    root = ElementTree.fromstring(graph.to_svg())
    assert root.tag.endswith("svg")
    assert graph.to_dot().count("->") == 5
    assert graph.to_dot().startswith("digraph")


def test_hostile_names_do_not_break_the_pictures() -> None:
    """Constants, lambdas and quotes are escaped."""
    graph = cr.trace(lambda x: x * 2.0 < 3.0, X)
    ElementTree.fromstring(graph.to_svg())
    named = cr.trace(lambda d: d['<a&"b">'] * 2.0, {'<a&"b">': 1.0})
    ElementTree.fromstring(named.to_svg())
    assert '"b"' not in named.to_dot().replace('\\"b\\"', "")
