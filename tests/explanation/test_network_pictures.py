"""Networks as layers of neurons, weights on the edges (SPEC D6)."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.explanation.network import layers_of, network_text, one_pass

SVG = "{http://www.w3.org/2000/svg}"


def worked() -> cr.Network:
    """SPEC W1."""
    net = cr.Network([2, 3, 2])
    net.weights = [
        np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
        np.array([[0.2, 0.3, 0.4], [0.5, 0.6, 0.7]]),
    ]
    net.biases = [np.array([[0.7], [0.8], [0.9]]), np.array([[1.0], [1.1]])]
    return net


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}title")]


def test_every_neuron_and_weight_of_a_small_network_is_drawn_with_its_number() -> None:
    svg = cr.explanation.network_svg(worked(), [0.6, 0.4], [0.8, 0.2])
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter(f"{SVG}circle"))) == 7
    assert len([e for e in root.iter(f"{SVG}line") if e.get("class") == "weight"]) == 12
    for number in ("0.1", "0.7", "0.698", "0.844", "0.00582", "0.0519", "0.00571"):
        assert number in texts(svg)
    assert "w2[2, 3] = 0.7" in titles(svg)
    assert any(
        "a = 0.698465" in t and "δ = 0.00571334" in t and "bias 0.7" in t for t in titles(svg)
    )


def test_labels_of_weights_do_not_cover_each_other() -> None:
    root = ElementTree.fromstring(cr.explanation.network_svg(worked()))
    spots = [
        (float(t.get("x", 0)), float(t.get("y", 0)))
        for t in root.iter(f"{SVG}text")
        if t.get("class") == "weight-label"
    ]
    assert len(spots) == 12
    for i, (x, y) in enumerate(spots):
        assert all(abs(x - a) > 20 or abs(y - b) > 10 for a, b in spots[:i])


def test_colour_and_width_tell_sign_and_size() -> None:
    net = worked()
    net.weights = [np.array([[0.5, -1.0], [0.0, 0.0], [0.0, 0.0]]), net.weights[1]]
    svg = cr.explanation.network_svg(net)
    drawn = {m[2]: m[1] for m in re.finditer(r'stroke="([^"]*)"[^>]*><title>(w1\[1, \d\])', svg)}
    assert drawn == {"w1[1, 1]": "#3465a4", "w1[1, 2]": "#ce5c00"}
    widths = {
        m[2]: float(m[1])
        for m in re.finditer(r'stroke-width="([\d.]+)"[^>]*><title>(w1\[1, \d\])', svg)
    }
    assert widths["w1[1, 2]"] > 1.5 * widths["w1[1, 1]"]


@pytest.mark.parametrize("size", [10, 11, 784])
def test_large_layers_say_how_many_neurons_are_left_out(size: int) -> None:
    svg = cr.explanation.network_svg(cr.Network([size, 2]))
    drawn = sum("of input" in t for t in titles(svg))
    left_out = [int(m[1]) for t in texts(svg) if (m := re.match(r"… (\d+) more", t))]
    assert drawn + sum(left_out) == size
    assert (left_out == []) == (size <= 10)
    assert f"{size} inputs" in texts(svg)
    assert any(f"neuron {size} of input" in t for t in titles(svg))


def sequence() -> cr.nn.Sequential:
    return cr.nn.Sequential(
        cr.nn.Flatten(),
        cr.nn.Linear(4, 3),
        cr.nn.ReLU(),
        cr.nn.Dropout(0.5),
        cr.nn.Sequential(cr.nn.Linear(3, 2, bias=False), cr.nn.Tanh()),
    )


def test_a_sequence_of_linear_layers_is_the_same_as_its_network() -> None:
    model = sequence()
    layers = layers_of(model)
    assert layers.sizes == [4, 3, 2]
    assert layers.activations == ["relu", "tanh"]
    assert layers.left_out == ["Flatten", "Dropout"]
    x, y = np.array([1.0, -2.0, 0.5, 3.0], np.float32), np.array([0.3, -0.1], np.float32)
    passed = one_pass(model, x, y, cr.nn.MSELoss())
    hidden = np.maximum(layers.weights[0] @ x + layers.biases[0], 0)
    out = np.tanh(layers.weights[1] @ hidden)
    np.testing.assert_allclose(passed.activations[1], hidden, rtol=1e-5)
    np.testing.assert_allclose(passed.activations[2], out, rtol=1e-5)
    delta = (out - y) * (1 - out**2)  # MSELoss means over the two outputs: 2/2
    np.testing.assert_allclose(passed.errors[1], delta, rtol=1e-4)
    assert all(p.grad is None for p in model.parameters())  # looking changes nothing


def test_the_table_has_a_row_for_every_layer() -> None:
    lines = network_text(layers_of(sequence())).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["input", "4"], ["1", "3"], ["2", "2"]]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (cr.nn.Sequential(cr.nn.Conv2d(1, 2, 3)), r"layer '0' \(Conv2d\) is not drawn as neurons"),
        (cr.nn.Sequential(cr.nn.Flatten()), "no Linear layer"),
        (3, "not int"),
    ],
)
def test_what_has_no_neurons_is_refused_by_name(model: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        cr.explanation.network_svg(model)


def test_errors_need_a_cost() -> None:
    with pytest.raises(ArgumentError, match="give loss="):
        cr.explanation.network_svg(sequence(), np.ones(4), np.ones(2))
