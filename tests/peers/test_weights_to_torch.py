"""Weights to and from PyTorch (SPEC D7)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import CheckpointError
from chainrule.interop import from_torch, to_torch

torch = pytest.importorskip("torch")


def test_a_network_goes_to_torch_and_back() -> None:
    mine = nn.Sequential(
        nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(12, 2)
    ).eval()
    layers = torch.nn
    their = layers.Sequential(
        layers.Conv1d(2, 3, 2), layers.BatchNorm1d(3), layers.Flatten(), layers.Linear(12, 2)
    ).eval()
    x = np.random.default_rng(0).normal(size=(4, 2, 5)).astype("f4")
    to_torch(mine, their)
    expected = their(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mine(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    other = nn.Sequential(
        nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(12, 2)
    ).eval()
    from_torch(other, their)
    np.testing.assert_allclose(other(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(CheckpointError, match="nothing was loaded"):
        from_torch(nn.Linear(2, 2), their)
    state = to_torch(mine)
    state["0.weight"].zero_()  # PyTorch's memory is its own
    assert np.abs(mine[0].weight.detach().numpy()).sum() > 0
