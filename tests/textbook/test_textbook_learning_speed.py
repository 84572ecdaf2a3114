"""Why neurons learn slowly, in figures and words (SPEC A11)."""

from __future__ import annotations

import numpy as np
import pytest
from textbook_cases import assert_close, batch

from chainrule.textbook import Network, learning_speed


def healthy() -> Network:
    return Network([5, 8, 3], activations="tanh", initializer="xavier_normal", seed=0)


def test_nothing_stands_out_in_a_healthy_network() -> None:
    """SPEC A11: no alarm where there is no fire."""
    network = healthy()
    report = learning_speed(network, *batch(network, 200))
    assert report.findings == ()
    assert str(report).endswith("Nothing slows the learning.")


@pytest.mark.parametrize("layout", ["column", "row"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_figures_are_those_of_the_gradient(layout: str, reduction: str) -> None:
    """SPEC A11: per layer and per neuron, means over the batch for either reduction and layout."""
    network = Network([5, 8, 3], seed=0, layout=layout, reduction=reduction)
    x, y = batch(network, 50)
    report = learning_speed(network, x, y)
    reference = Network([5, 8, 3], seed=0)
    record = reference.backprop(*batch(reference, 50))
    for part, expected in zip(report.layers, record.layers, strict=True):
        slope = expected.a * (1 - expected.a)
        assert_close(part.slope, slope.mean(axis=1))
        assert part.steepest == 0.25
        assert_close(part.saturated, (slope < 0.0125).mean(axis=1))
        assert_close(part.mean_z, np.abs(expected.z).mean(axis=1))
        assert_close(part.inputs, np.abs(expected.a_in).mean(axis=1))
        assert_close(part.delta, np.abs(expected.delta).mean(axis=1))
        assert_close(part.weight_speed, np.linalg.norm(expected.nabla_w / 50, axis=1))
        assert_close(part.speed, np.linalg.norm(expected.nabla_b / 50))


def test_a_saturated_layer_is_named_with_a_remedy() -> None:
    """SPEC A11: σ'(z) ≈ 0 in the hidden layer."""
    network = Network([5, 8, 3], seed=0)
    network.weights[0] *= 100
    report = learning_speed(network, *batch(network, 200))
    assert report.layers[0].saturated_share > 0.9
    (finding,) = [f for f in report.findings if "saturated" in f]
    assert finding.startswith("Layer 1 is saturated: 9")
    assert "below 5% of the steepest slope 0.25" in finding
    assert "smaller initial weights, inputs scaled" in finding


def test_a_saturated_output_is_named_unless_the_cost_is_fused() -> None:
    """SPEC A11: with cross-entropy δ^L = a − y, and saturation does not slow the output."""
    for cost, named in (("quadratic", True), ("cross_entropy", False)):
        network = Network([5, 8, 3], cost, seed=0)
        network.biases[1][:] = 12.0
        report = learning_speed(network, *batch(network, 200))
        found = [f for f in report.findings if f.startswith("Layer 2 is saturated")]
        assert bool(found) is named
        if named:
            assert "a cross-entropy cost, whose δ^L has no σ'" in found[0]


def test_a_saturated_neuron_is_named() -> None:
    """SPEC A11: one neuron of a healthy layer."""
    network = healthy()
    network.biases[0][3] = 10.0
    report = learning_speed(network, *batch(network, 200))
    assert any("Layer 1: neuron 3 is saturated" in finding for finding in report.findings)
    network.biases[0][5] = -9.0
    report = learning_speed(network, *batch(network, 200))
    assert any("Layer 1: neurons 3, 5 are saturated" in finding for finding in report.findings)


def test_dead_relu_neurons_count_as_saturated() -> None:
    """SPEC A11: a ReLU that is off for every sample has σ' = 0."""
    network = Network([5, 8, 3], activations=["relu", "linear"], seed=0)
    network.biases[0][2] = -100.0
    report = learning_speed(network, *batch(network, 200))
    assert report.layers[0].saturated[2] == 1.0
    assert any("neuron 2 is saturated" in finding for finding in report.findings)


def test_small_inputs_are_named() -> None:
    """SPEC A11: ∂C/∂w = a_in δ is small where a_in is."""
    network = healthy()
    x, y = batch(network, 200)
    x[2] *= 1e-4
    report = learning_speed(network, x, y)
    assert report.layers[0].small_inputs.tolist() == [2]
    assert any(
        "Layer 1 reads small values from the network's inputs: input 2 is below 5%" in finding
        for finding in report.findings
    )
    ratio = np.abs(network.backprop(x, y).nabla_w[0][:, 2]).max()
    assert ratio < 1e-3 * np.abs(network.backprop(x, y).nabla_w[0][:, 1]).max()


def test_inputs_that_are_all_zero_are_named() -> None:
    network = healthy()
    x, y = batch(network, 10)
    report = learning_speed(network, 0 * x, y)
    assert any("reads nothing but zeros" in finding for finding in report.findings)


def test_vanishing_and_exploding_gradients_are_named() -> None:
    """SPEC A11, C4: the speeds ‖δ^l‖ of the first and the last layer."""
    deep = Network([5, *[10] * 6, 3], seed=0)
    x, y = batch(deep, 200)
    assert any("the gradient vanishes" in f for f in learning_speed(deep, x, y).findings)
    linear = Network([5, *[10] * 6, 3], activations="linear", initializer="normal(0, 1)", seed=0)
    assert any("the gradient explodes" in f for f in learning_speed(linear, x, y).findings)


def test_softmax_outputs_have_a_slope_of_their_own() -> None:
    """SPEC A11: ∂a_j/∂z_j = a_j (1 − a_j)."""
    network = Network([5, 3], "softmax_cross_entropy", seed=0)
    x, y = batch(network, 20)
    report = learning_speed(network, x, y)
    a = network.feedforward(x)
    assert_close(report.layers[0].slope, (a * (1 - a)).mean(axis=1))


def test_one_sample_will_do() -> None:
    network = Network([5, 8, 3], seed=0)
    report = learning_speed(network, np.ones(5), np.ones(3))
    assert [part.delta.shape for part in report.layers] == [(8,), (3,)]


def test_the_table_reads_well() -> None:
    """SPEC A11."""
    network = Network([5, 8, 3], seed=0)
    lines = str(learning_speed(network, *batch(network, 200))).splitlines()
    assert " ".join(lines[0].split()) == (
        "layer activation speed ‖δ‖ mean |σ'| saturated small inputs"
    )
    assert lines[1].startswith("1      sigmoid     ")
    assert lines[1].endswith("0 of 5")
