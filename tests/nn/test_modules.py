"""Modules: registries, modes, state, containers, errors, initialisers (SPEC C3, C6)."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.errors import ArgumentError, CheckpointError, DtypeError, ShapeError
from chainrule.nn import init

ROOT = Path(__file__).resolve().parents[2]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))
        self.register_buffer("seen", np.zeros(1))

    def forward(self, x: Any) -> Any:
        return self.rest(self.first(x))


def test_a_torch_script_runs_after_changing_its_imports() -> None:
    """SPEC C6: the script of examples/, and only its imports differ from PyTorch's."""
    script = ROOT / "examples" / "pytorch_script.py"
    out = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    predictions = re.search(r"predictions: \[(.*)\]", out.stdout)
    assert predictions is not None
    found = [float(v) for v in predictions.group(1).split(",")]
    np.testing.assert_allclose(found, [0, 1, 1, 0], atol=0.1)
    lines = script.read_text().split('"""', 2)[2].splitlines()
    assert [line for line in lines if "chainrule" in line] == [
        "import chainrule as torch",
        "import chainrule.nn as nn",
        "import chainrule.optim as optim",
    ]


def test_named_parameters_modules_and_buffers() -> None:
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "first.weight", "first.bias", "rest.2.weight", "rest.2.bias"]  # fmt: skip
    assert [n for n, _ in net.named_modules()] == [
        "",
        "first",
        "rest",
        "rest.0",
        "rest.1",
        "rest.2",
    ]
    assert [n for n, _ in net.named_buffers()] == ["seen"]
    assert [n for n, _ in net.named_children()] == ["first", "rest"]
    assert net.get_parameter("rest.2.bias") is net.rest[2].bias
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.rest[2].weight.name == "rest.2.weight"
    with pytest.raises(ArgumentError, match="no parameter 'x'"):
        net.get_parameter("x")


def test_shared_modules_come_once() -> None:
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, nn.Tanh(), layer)
    assert len(list(net.parameters())) == 2
    assert len(list(net.named_parameters(remove_duplicate=False))) == 2
    (net(np.ones((1, 2), "f4"))).sum().backward()
    assert layer.weight.grad is not None


def test_replacing_and_deleting_parts() -> None:
    net = Net()
    net.first = nn.Linear(3, 4, bias=False)
    assert "first.bias" not in dict(net.named_parameters())
    net.first = None
    assert [n for n, _ in net.named_children()] == ["rest"]
    del net.rest
    assert not list(net.parameters())
    with pytest.raises(DtypeError, match="is a parameter of Linear"):
        nn.Linear(2, 2).weight = np.zeros((2, 2))


def test_modes_and_freezing_reach_all_parts() -> None:
    net = Net().eval()
    assert not any(m.training for m in net.modules())
    x = np.ones((4, 3), "f4")
    np.testing.assert_array_equal(net(x).detach(), net(x).detach())
    net.train().requires_grad_(False)
    assert not net(x).requires_grad
    assert "frozen" in repr(net)


def test_zero_grad_and_apply() -> None:
    net = Net()
    net(np.ones((4, 3), "f4")).sum().backward()
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    visited = []
    net.apply(lambda m: visited.append(type(m).__name__))
    assert visited[-1] == "Net"


def test_dtype_changes_in_place() -> None:
    net = Net()
    weight = net.first.weight
    optimiser = cr.optim.SGD(net.parameters(), lr=1.0)
    net.double()
    assert weight is net.first.weight
    assert {p.dtype for p in net.parameters()} == {np.dtype("f8")}
    net.eval()(np.ones((2, 3))).sum().backward()
    before = weight.detach().numpy().copy()
    optimiser.step()
    assert not np.array_equal(before, weight.detach().numpy())
    with pytest.raises(ArgumentError, match="computes on the CPU"):
        net.to("cuda")


def test_state_dict_is_a_snapshot() -> None:
    net = Net()
    state = net.state_dict()
    init.zeros_(net.first.weight)
    assert np.abs(state["first.weight"].numpy()).sum() > 0
    net.load_state_dict(state)
    assert np.abs(net.first.weight.detach().numpy()).sum() > 0


def test_loading_is_all_or_nothing() -> None:
    net = Net()
    before = net.first.weight.detach().numpy().copy()
    state = {k: v.numpy() * 0 for k, v in net.state_dict().items()}
    state["rest.2.bias"] = np.zeros(7)
    with pytest.raises(CheckpointError, match=r"rest.2.bias: saved \(7,\), here \(2,\)"):
        net.load_state_dict(state)
    state["rest.2.bias"] = np.zeros(2)
    state["frist.weight"] = state.pop("first.weight")
    with pytest.raises(CheckpointError, match=r"did it become 'frist.weight'"):
        net.load_state_dict(state)
    np.testing.assert_array_equal(net.first.weight.detach().numpy(), before)
    report = net.load_state_dict(state, strict=False)
    assert report.missing_keys == ["first.weight"]
    assert report.unexpected_keys == ["frist.weight"]


def test_copies_and_pickles_are_independent() -> None:
    net = Net().eval()
    x = np.ones((2, 3), "f4")
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(twin(x).detach(), net(x).detach())
        init.zeros_(twin.first.weight)
        assert np.abs(net.first.weight.detach().numpy()).sum() > 0
        assert [n for n, _ in twin.named_parameters()] == [n for n, _ in net.named_parameters()]


def test_sequential_slices_and_edits() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert isinstance(net[1], nn.ReLU)
    assert [type(m) for m in net[:2]] == [nn.Linear, nn.ReLU]
    assert net[:1][0].weight is net[0].weight
    net[1] = nn.Tanh()
    net.append(nn.Sigmoid())
    del net[0]
    assert [type(m) for m in net] == [nn.Tanh, nn.Linear, nn.Sigmoid]
    named = nn.Sequential({"a": nn.Linear(2, 2), "b": nn.ReLU()})
    assert list(named.state_dict()) == ["a.weight", "a.bias"]
    with pytest.raises(ArgumentError, match="Sequential takes modules, argument 0 is function"):
        nn.Sequential(F.relu)
    with pytest.raises(IndexError, match="index 5 in a container of 3 modules"):
        net[5]


def test_lists_and_dictionaries_register() -> None:
    many = nn.ModuleList([nn.Linear(1, 1)])
    many.append(nn.Linear(1, 2))
    many.insert(0, nn.ReLU())
    assert [type(m) for m in many] == [nn.ReLU, nn.Linear, nn.Linear]
    assert len(many[1:]) == 2
    table = nn.ModuleDict({"x": nn.Linear(1, 1)})
    table["y"] = nn.ReLU()
    assert list(table) == ["x", "y"]
    assert "x" in table
    with pytest.raises(KeyError, match="there are"):
        table["z"]


def test_shape_errors_name_the_layer_and_what_would_fit() -> None:
    with pytest.raises(ShapeError) as caught:
        Net()(np.ones((5, 4), "f4"))
    message = str(caught.value)
    assert "x must have 3 features on its last axis" in message
    assert "in layer 'first', Linear(in_features=3, out_features=4" in message
    assert message.count("in layer") == 1
    with pytest.raises(ShapeError, match=r"the transposed input, x.T, would fit"):
        nn.Linear(3, 2)(np.ones((3, 5), "f4"))
    with pytest.raises(ShapeError, match=r"takes \(N, C\) or \(N, C, L\) with C = 3"):
        nn.BatchNorm1d(3)(np.ones((2, 4), "f4"))
    with pytest.raises(ShapeError, match=r"Conv2d takes \(N, 3, H, W\)"):
        nn.Conv2d(3, 4, 3)(np.ones((2, 5, 5, 3), "f4"))
    with pytest.raises(ShapeError, match="does not fit into the spatial axes"):
        nn.Conv2d(1, 1, 5)(np.ones((1, 1, 3, 3), "f4"))
    with pytest.raises(ShapeError, match="has no variance"):
        nn.BatchNorm1d(3)(np.ones((1, 3), "f4"))


@pytest.mark.parametrize(
    "loss", [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.BCEWithLogitsLoss()]
)
def test_a_target_that_would_broadcast_is_refused(loss: Any) -> None:
    """The slip that trains on nonsense: (n, 1) against (n,)."""
    with pytest.raises(ShapeError, match=r"target.reshape\(\(5, 1\)\) would fit"):
        loss(np.zeros((5, 1)), np.zeros(5))
    assert float(loss(np.zeros((5, 1)), 0.5)) > 0


def test_repr_shows_shapes_and_initialisers() -> None:
    """SPEC C3."""
    layer = nn.Linear(3, 4)
    init.orthogonal_(layer.weight)
    assert "weight (4, 3) orthogonal(gain=1)" in repr(layer)
    assert "(rest): Sequential(" in repr(Net())


@pytest.mark.parametrize(
    "name",
    ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_",
     "lecun_normal_", "lecun_uniform_", "uniform_", "normal_", "trunc_normal_"],
)  # fmt: skip
def test_initialisers_repeat_with_a_seed(name: str) -> None:
    """SPEC C3: a generator, or the default one and ``cr.manual_seed``."""
    fill = getattr(init, name)
    made = [nn.Parameter(np.zeros((6, 4))) for _ in range(4)]
    fill(made[0], generator=cr.Generator(3))
    fill(made[1], generator=cr.Generator(3))
    cr.manual_seed(3)
    fill(made[2])
    fill(made[3], generator=cr.Generator(4))
    values = [p.detach().numpy() for p in made]
    np.testing.assert_array_equal(values[0], values[1])
    np.testing.assert_array_equal(values[0], values[2])
    assert not np.array_equal(values[0], values[3])


def test_initialisers_have_the_stated_spread() -> None:
    """SPEC C3: formulas of Glorot, He, LeCun; rows of an orthogonal matrix."""
    p = nn.Parameter(np.zeros((300, 200)))
    for fill, std in (
        (init.xavier_normal_, np.sqrt(2 / 500)),
        (init.xavier_uniform_, np.sqrt(2 / 500)),
        (init.lecun_normal_, np.sqrt(1 / 200)),
        (init.lecun_uniform_, np.sqrt(1 / 200)),
        (lambda t: init.kaiming_normal_(t, nonlinearity="relu"), np.sqrt(2 / 200)),
        (lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"), np.sqrt(2 / 300)),
    ):
        fill(p)
        assert p.detach().numpy().std() == pytest.approx(std, rel=0.02)
    init.orthogonal_(p, gain=2.0)
    w = p.detach().numpy()
    np.testing.assert_allclose(w.T @ w, 4.0 * np.eye(200), atol=1e-12)
    init.dirac_(kernel := nn.Parameter(np.zeros((2, 2, 3))))
    x = np.random.default_rng(0).normal(size=(1, 2, 5))
    np.testing.assert_array_equal(F.conv1d(x, kernel, padding=1).detach(), x)
    with pytest.raises(ShapeError, match="at least two axes"):
        init.xavier_uniform_(nn.Parameter(np.zeros(3)))


def test_dropout_keeps_the_mean_and_draws_anew() -> None:
    """SPEC C5."""
    cr.manual_seed(0)
    x = np.ones((200, 200))
    first, second = F.dropout(x, 0.3), F.dropout(x, 0.3)
    values = np.asarray(first._value)
    assert set(np.unique(values)) == {0.0, 1.0 / 0.7}
    assert values.mean() == pytest.approx(1.0, abs=0.01)
    assert not np.array_equal(values, second._value)
    assert F.dropout(x, 0.3, training=False) is x
    assert not np.any(F.dropout(x, 1.0)._value)
    channels = F.dropout2d(np.ones((4, 6, 3, 3)), 0.5)._value
    assert all(np.unique(c).size == 1 for c in channels.reshape(24, 9))
    with pytest.raises(ArgumentError, match="p is a probability"):
        nn.Dropout(1.5)


def test_residual_explains_shapes_that_do_not_add() -> None:
    """SPEC C4."""
    with pytest.raises(ShapeError, match="give shortcut="):
        nn.Residual(nn.Linear(3, 4))(np.ones((2, 3), "f4"))
    out = nn.Residual(nn.Linear(3, 4), shortcut=nn.Linear(3, 4))(np.ones((2, 3), "f4"))
    assert out.shape == (2, 4)


def test_a_forward_that_is_missing_is_named() -> None:
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()(1.0)


def test_recurrent_gradients_equal_differences() -> None:
    model = nn.LSTM(2, 3, num_layers=2, bidirectional=True).double().requires_grad_(False)
    x = np.random.default_rng(0).normal(size=(4, 2, 2))

    def cost(v: Any) -> Any:
        out, (h, c) = model(v)
        return (out * out).sum() + (h * c).sum()

    gradient = cr.grad(cost)(x)
    step = 1e-6
    for index in ((0, 0, 0), (3, 1, 1), (1, 0, 1)):
        shifted = [x.copy(), x.copy()]
        shifted[0][index] += step
        shifted[1][index] -= step
        difference = (float(cost(shifted[0])) - float(cost(shifted[1]))) / (2 * step)
        assert gradient[index] == pytest.approx(difference, rel=1e-6)
