"""Names found by assignment, source lines, and errors that say them (SPEC B3, B6)."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import AxisError, ChainruleError, DtypeError, GradientError, ShapeError

BOX = SimpleNamespace()
GLOBAL: Any = None


def names_of(f: Any, *args: Any) -> list[str]:
    """Names of the computed values of a trace, unnamed ones left out."""
    graph = cr.trace(f, *args)
    return [g.name for g in graph.values() if g.node.inputs and not g.name.startswith("%")]


def test_forms_of_assignment() -> None:
    """Plain, chained, annotated, augmented, walrus, attribute, global, dictionary, one-line."""

    def f(x: Any) -> Any:
        global GLOBAL
        plain = x * 2.0
        first = second = plain + 1.0
        annotated: Any = np.sin(second)
        annotated += 1.0
        if (walrus := annotated * first) is not None:
            BOX.attribute = walrus - 1.0
        GLOBAL = BOX.attribute * 3.0
        cache = {}
        cache["keyed"] = GLOBAL + 1.0
        left = cache["keyed"] * 2.0; right = left + 1.0  # noqa: E702  # fmt: skip
        return left * right

    assert names_of(f, 1.5) == [
        "plain",
        "first",
        "annotated",
        "annotated_2",
        "walrus",
        "attribute",
        "GLOBAL",
        "keyed",
        "left",
        "right",
    ]


def test_names_in_closures_loops_and_calls() -> None:
    def helper(v: Any) -> Any:
        inner = v * 2.0
        return inner  # noqa: RET504

    def f(x: Any) -> Any:
        captured = x + 1.0

        def use() -> Any:
            nonlocal captured
            captured = captured * 2.0
            return captured

        state = x
        for _ in range(3):
            state = helper(state)
        total = use() + state
        return total  # noqa: RET504

    assert names_of(f, 1.0) == [
        "captured",
        "inner",
        "inner_2",
        "inner_3",
        "captured_2",
        "total",
    ]


def test_the_result_of_a_composite_function_has_the_name() -> None:
    """``w = np.mean(x)`` makes several gates; the last one is w."""

    def f(x: Any) -> Any:
        w = np.mean(x)
        s = np.var(x)
        return w * s

    graph = cr.trace(f, np.array([1.0, 2.0, 4.0]))
    assert float(graph["w"].value) == pytest.approx(7 / 3)
    assert float(graph["s"].value) == pytest.approx(np.var([1.0, 2.0, 4.0]))


def test_unpacked_results_have_their_names() -> None:
    def f(x: Any) -> Any:
        p, q = np.split(x, 2)
        a, b = x[0], x[1] * 2.0
        return np.sum(p) * np.sum(q) + a + b

    graph = cr.trace(f, np.arange(4.0))
    np.testing.assert_array_equal(graph["p"].value, [0.0, 1.0])
    np.testing.assert_array_equal(graph["q"].value, [2.0, 3.0])


def test_names_never_belong_to_another_value() -> None:
    """A name is given only where the result of the call itself is stored."""

    def f(x: Any) -> Any:
        listed = [x * 2.0, x * 3.0]
        boxed = {"key": x * 4.0}
        negated = -(x * 5.0)
        return listed[0] + listed[1] + boxed["key"] + negated

    graph = cr.trace(f, 1.0)
    assert float(graph["negated"].value) == -5.0
    for gate in graph.values():
        if gate.name in ("listed", "boxed"):
            raise AssertionError(f"{gate.name} names an element: {gate}")


def test_an_unknown_name_lists_the_known_ones() -> None:
    graph = cr.trace(lambda x: x * 2.0, 1.0)
    with pytest.raises(KeyError, match="there are: x"):
        graph["missing"]


def test_gates_know_their_line() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        return np.cos(
            y,
        )

    start = inspect.getsourcelines(f)[1]
    graph = cr.trace(f, 1.0)
    location = graph["y"].location
    assert location.line == start + 1
    assert location.function == "f"
    assert location.text == "y = np.sin(x)"
    assert str(location) == f"test_source_lines.py:{start + 1}"
    last = list(graph.values())[-1].location
    assert last.line in (start + 2, start + 3, start + 4)


def test_code_without_a_file_has_no_text_but_works() -> None:
    space: dict[str, Any] = {"np": np}
    exec(
        compile("def f(x):\n    made = np.sin(x)\n    return made * x\n", "<made up>", "exec"),
        space,
    )
    graph = cr.trace(space["f"], 1.0)
    assert graph["made"].location.line == 2
    assert graph["made"].location.text == ""
    assert "made" in str(graph)


# ---- errors


def message_of(kind: type[Exception], run: Any) -> str:
    with pytest.raises(kind) as caught:
        run()
    assert isinstance(caught.value, ChainruleError), repr(caught.value)
    return str(caught.value)


W = cr.tensor(np.ones((3, 4)), requires_grad=True)


def test_shape_errors_say_operands_shapes_and_line() -> None:
    message = message_of(ShapeError, lambda: W + np.ones(3))
    assert "float64[3, 4]" in message
    assert "float64[3]" in message
    assert "axis -1: 4 against 3" in message
    assert "operand 2[:, None] would fit" in message
    assert "W + np.ones(3)" in message
    message = message_of(ShapeError, lambda: np.concatenate([W, np.ones((2, 3))]))
    assert "float64[2, 3]" in message
    assert "axis=0" in message


@pytest.mark.parametrize(
    ("shapes", "fits"),
    [
        (((3, 4), (3, 2)), ["X.T @ Y -> (4, 2)"]),
        (((3, 4), (5, 4)), ["X @ Y.T -> (3, 5)"]),
        (((3, 4), (5, 3)), ["Y @ X -> (5, 4)", "X.T @ Y.T -> (4, 5)"]),
        (((3, 4), (3,)), ["X.T @ Y -> (4,)"]),
        (((3, 4), (5, 6)), []),
        (((4,), (3, 4)), ["Y @ X -> (3,)"]),
    ],
)
def test_the_product_that_fits_is_offered_and_does_fit(shapes: Any, fits: list[str]) -> None:
    """SPEC B6: dimension analysis; what is offered is tried."""
    X, Y = cr.tensor(np.ones(shapes[0]), requires_grad=True), np.ones(shapes[1])
    message = message_of(ShapeError, lambda: X @ Y)
    assert any(fit in message for fit in fits) or not fits, message
    offered = message.split("would fit: ")[1].splitlines()[0] if "would fit" in message else ""
    for product in filter(None, offered.split(" or ")):
        formula, _, shape = product.partition(" -> ")
        found = eval(formula, {"X": np.ones(shapes[0]), "Y": Y})
        assert str(found.shape) == shape, product
    assert bool(offered) == bool(fits), message


def test_operands_are_called_as_the_user_calls_them() -> None:
    """By a variable that holds them, else by number; letters stand for what has no name."""
    left, right = W, np.ones((3, 2))
    message = message_of(ShapeError, lambda: left @ right)
    assert "left: float64[3, 4]" in message
    assert "right: float64[3, 2]" in message
    assert "would fit: left.T @ right -> (4, 2)" in message
    message = message_of(ShapeError, lambda: left @ np.ones((3, 2)))
    assert "operand 2: float64[3, 2]" in message
    assert "would fit, with X, Y the operands: X.T @ Y -> (4, 2)" in message


def test_axis_errors_are_numpys_class() -> None:
    """A ValueError and an IndexError, as in NumPy."""
    for run in (
        lambda: W.sum(axis=2),
        lambda: np.max(W, axis=-3),
        lambda: np.concatenate([W, W], axis=2),
        lambda: np.swapaxes(W, 0, 2),
        lambda: np.expand_dims(W, 7),
        lambda: np.cumsum(W, axis=5),
    ):
        with pytest.raises(np.exceptions.AxisError):
            run()
        with pytest.raises(IndexError):
            run()
    with pytest.raises(ValueError, match="axis"):
        W.sum(axis=(0, 0))
    assert issubclass(AxisError, np.exceptions.AxisError)


def test_kinds_of_errors_are_numpys() -> None:
    for kind, run in (
        (ValueError, lambda: W @ np.ones(3)),
        (ValueError, lambda: W.reshape(5, 2)),
        (ValueError, lambda: np.broadcast_to(W, (3, 5))),
        (ValueError, lambda: np.stack([W, np.ones(3)])),
        (ValueError, lambda: np.squeeze(W, 0)),
        (IndexError, lambda: W[7]),
        (IndexError, lambda: W[0, 0, 0]),
        (TypeError, lambda: W + "text"),
        (TypeError, lambda: W @ 1j),
        (TypeError, lambda: np.invert(W)),
        (TypeError, lambda: W & 1),
    ):
        with pytest.raises(kind) as caught:
            run()
        assert isinstance(caught.value, ChainruleError), repr(caught.value)


def test_the_line_is_the_users_even_deep_in_the_library() -> None:
    """The innermost line outside the package, also inside transforms."""

    def inner(w: Any) -> Any:
        return (w @ w).sum()  # the wrong line

    for run in (
        lambda: cr.grad(inner)(np.ones((2, 3))),
        lambda: cr.jvp(inner, (np.ones((2, 3)),), (np.ones((2, 3)),)),
        lambda: cr.hessian(inner)(np.ones((2, 3))),
        lambda: cr.trace(inner, cr.Abstract((2, 3))),
    ):
        assert "the wrong line" in message_of(ShapeError, run)


def test_the_first_line_of_an_error_says_the_op_once() -> None:
    message = message_of(ShapeError, lambda: W @ np.ones((3, 3)))
    assert message.count("matmul:") == 1


def test_refusals_name_a_line() -> None:
    for kind, run in (
        (GradientError, lambda: np.asarray(W)),
        (DtypeError, lambda: W + np.array([1j])),
    ):
        message_of(kind, run)
