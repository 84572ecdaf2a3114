"""SPEC D3: a line per parameter with its gradient's norm, or that there is none."""

from __future__ import annotations

import numpy as np

import chainrule as cr


def test_report_gives_the_figures_of_each_parameter() -> None:
    """SPEC D3: norm, largest magnitude and zeros, as NumPy computes them."""
    cr.manual_seed(1)
    model = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.ReLU(), cr.nn.Linear(4, 2))
    model[2].bias.requires_grad = False
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    (model(cr.tensor(x)) ** 2).sum().backward()
    report = model.gradient_report()
    assert [row.name for row in report] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for row, (_, parameter) in zip(report, model.named_parameters()):
        if parameter.grad is None:
            assert row.norm is None
            continue
        g = parameter.grad.numpy().astype(np.float64)
        assert row.norm == np.sqrt((g * g).sum())
        assert row.largest == np.abs(g).max()
        assert row.zeros == (g == 0).mean()
    text = str(report)
    assert "2.bias" in text
    assert text.count("no gradient") == 1
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_nan_is_not_hidden() -> None:
    layer = cr.nn.Linear(1, 1)
    layer.weight.grad = cr.tensor([[np.nan]], dtype=np.float32)
    assert np.isnan(layer.gradient_report()[0].largest)
    assert "nan" in str(layer.gradient_report())
