"""What a gradient costs, by formula, by counting and by the clock (SPEC A10)."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import assert_all_close, batch

from chainrule.errors import ArgumentError
from chainrule.textbook import (
    Network,
    count_operations,
    difference_gradient,
    equations,
    operations,
    time_passes,
)


@pytest.mark.parametrize("sizes", [[3, 2], [5, 4, 3], [784, 30, 10], [6, 6, 6, 6, 6]])
@pytest.mark.parametrize("m", [1, 8])
def test_formula_equals_what_is_counted_while_running(sizes: list[int], m: int) -> None:
    """SPEC A10: every product and every elementwise number of both passes."""
    network = Network(sizes, seed=0)
    assert count_operations(network, *batch(network, m)) == operations(sizes, m)


def test_counting_sees_what_is_added(monkeypatch) -> None:
    """The comparison above can fail: one product more is one product more."""
    original = equations.gradients

    def wasteful(a, delta):
        a[0].T @ a[0]
        return original(a, delta)

    monkeypatch.setattr(equations, "gradients", wasteful)
    network = Network([5, 4, 3], seed=0)
    found, formula = count_operations(network, *batch(network, 8)), operations([5, 4, 3], 8)
    assert found.backward.multiply_adds - formula.backward.multiply_adds == 8 * 5 * 8


def test_counting_changes_no_result() -> None:
    network = Network([5, 4, 3], seed=0)
    x, y = batch(network, 8)
    before = network.backprop(x, y)
    count_operations(network, x, y)
    after = network.backprop(x, y)
    assert_all_close(before.nabla_w, after.nabla_w, 0.0)
    assert {type(w) for w in network.weights} == {np.ndarray}


def test_backprop_is_two_to_three_forward_passes_whatever_p_is() -> None:
    """SPEC A10: from 17 parameters to 23 million."""
    sizes = [[2, 3, 2], [784, 30, 10], [784, 100, 10], [100] * 10, [3000, 3000, 3000, 1000]]
    for shape in sizes:
        assert 2.0 < operations(shape).forward_passes <= 3.0
    assert round(operations([784, 30, 10]).forward_passes, 2) == 2.01
    assert operations([784, 30, 10]).parameters == 23860


def test_difference_gradients_take_p_plus_one_and_2p_passes() -> None:
    """SPEC A10: counted where the passes are made; and they agree with backprop."""
    network = Network([4, 3, 2], seed=0)
    x, y = batch(network, 5)
    parameters = network.parameter_count
    assert parameters == 23
    calls = []
    original = equations.forward
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equations, "forward", lambda *args: calls.append(1) or original(*args))
        one = difference_gradient(network, x, y, sided="one")
        assert len(calls) == one.forward_passes == parameters + 1
        calls.clear()
        two = difference_gradient(network, x, y, sided="two")
        assert len(calls) == two.forward_passes == 2 * parameters
    account = operations([4, 3, 2], 5)
    assert account.difference_passes("one") == one.forward_passes
    assert account.difference_passes("two") == two.forward_passes
    record = network.backprop(x, y)
    assert_all_close(one.nabla_w, record.nabla_w, 1e-6)
    assert_all_close(two.nabla_w, record.nabla_w, 1e-9)
    assert_all_close(two.nabla_b, record.nabla_b, 1e-9)


def test_differences_leave_the_parameters_as_they_were() -> None:
    network = Network([4, 3, 2], seed=0)
    before = [part.copy() for part in network.weights + network.biases]
    difference_gradient(network, *batch(network, 5))
    for now, then in zip(network.weights + network.biases, before):
        np.testing.assert_array_equal(now, then)


def test_unknown_sides_are_refused() -> None:
    network = Network([4, 3, 2], seed=0)
    with pytest.raises(ArgumentError, match="sided must be 'one' or 'two'"):
        difference_gradient(network, *batch(network, 5), sided="three")


def test_softmax_layers_are_not_counted() -> None:
    network = Network([4, 3, 2], activations=["sigmoid", "softmax"], seed=0)
    with pytest.raises(ArgumentError, match="counted for elementwise activations"):
        count_operations(network, *batch(network, 5))


def test_measured_time_is_a_few_forward_passes() -> None:
    """SPEC A10: by the clock, on a network large enough for the arithmetic to count.

    About 2 by count and 2.3 by the clock on a quiet machine; 6 leaves room for a busy one, and
    is still a thousand times less than P + 1 = 23 861.
    """
    network = Network([784, 30, 10], seed=0)
    timing = time_passes(network, *batch(network, 200), repeats=30)
    assert 1.0 < timing.forward_passes < 6.0
    assert timing.differences_one > 1000 * timing.backprop
    assert timing.differences_two > 1.9 * timing.differences_one
    assert "forward passes), finite differences" in str(timing)


def test_the_account_reads_well() -> None:
    """SPEC A10."""
    text = str(operations([784, 30, 10], 10))
    assert text.splitlines()[0] == "Network 784-30-10, m = 10, P = 23,860"
    rows = {line.split("  ")[1]: line.split()[-4:] for line in text.splitlines()[2:5]}
    assert rows["backpropagation"] == ["479,400", "1,300", "800", "2.01"]
    assert text.splitlines()[5].endswith("23,861")
