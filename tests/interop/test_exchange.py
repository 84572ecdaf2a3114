"""Exchange with other programs: ONNX run by onnxruntime, safetensors, DLPack, TensorBoard (SPEC C7)."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import CheckpointError, DtypeError, UnsupportedError
from chainrule.interop import export_onnx, from_dlpack, load_safetensors, save_safetensors
from chainrule.train.sanity import chance_level, overfit

ACTIVATIONS = [
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid,
    nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Identity,
]  # fmt: skip


def _spread(model: nn.Module) -> nn.Module:
    """Weights away from their initial ones and zeros, statistics away from theirs."""
    rng = np.random.default_rng(0)
    for p in model.parameters():
        p.assign(p.detach().numpy() + rng.normal(size=p.shape) * 0.2)
    for buffer in model.buffers():
        if buffer.dtype.kind == "f":
            buffer.assign(rng.uniform(0.5, 1.5, size=buffer.shape))
    return model


def _run(model: nn.Module, x: Any, path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    export_onnx(path, model, x.shape[1:], x.dtype)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"input": x})
    model.eval()
    expected = model(x).detach().numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.__name__)
def test_onnx_computes_the_same_for_every_activation(activation: Any, tmp_path: Path) -> None:
    model = _spread(nn.Sequential(nn.Linear(5, 7), activation(), nn.Linear(7, 3, bias=False)))
    x = np.random.default_rng(1).normal(size=(4, 5)).astype("f4") * 3
    _run(model, x, tmp_path / "m.onnx")


NETWORKS: list[tuple[Any, tuple[int, ...]]] = [
    (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2, padding=1, groups=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 8, (3, 2), padding="same", dilation=2, groups=2),
            nn.AvgPool2d(2, padding=1, count_include_pad=False),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(72, 5),
            nn.Softmax(dim=1),
        ),
        (3, 18, 18),
    ),
    (
        lambda: nn.Sequential(
            nn.Conv1d(2, 6, 3),
            nn.BatchNorm1d(6),
            nn.GELU("tanh"),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        ),
        (2, 9),
    ),
    (
        lambda: nn.Sequential(
            nn.Residual(nn.LayerNorm(6), nn.Linear(6, 6), nn.Tanh()),
            nn.Residual(nn.Linear(6, 4), shortcut=nn.Linear(6, 4, bias=False)),
            nn.Softplus(beta=2.0),
            nn.LogSoftmax(dim=1),
        ),
        (6,),
    ),
]


@pytest.mark.parametrize(("make", "shape"), NETWORKS, ids=["image", "signal", "residual"])
def test_onnx_computes_the_same_for_networks(
    make: Any, shape: tuple[int, ...], tmp_path: Path
) -> None:
    x = np.random.default_rng(2).normal(size=(3, *shape)).astype("f4")
    _run(_spread(make()), x, tmp_path / "m.onnx")


def test_onnx_of_an_embedding(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Embedding(7, 3), nn.Flatten(), nn.Linear(12, 2))
    _run(model, np.random.default_rng(0).integers(0, 7, (5, 4)), tmp_path / "m.onnx")


def test_what_onnx_lacks_is_named(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(UnsupportedError, match="no translation for LSTM"):
        export_onnx(tmp_path / "m", nn.Sequential(nn.LSTM(2, 2)), (3, 2))
    assert not list(tmp_path.iterdir())


def test_safetensors_are_read_by_their_own_library(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    save_safetensors(tmp_path / "w", model)
    read = load_file(tmp_path / "w")
    assert sorted(read) == sorted(model.state_dict())
    np.testing.assert_array_equal(read["0.weight"], model[0].weight.detach().numpy())
    other = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    load_safetensors(tmp_path / "w", other)
    np.testing.assert_array_equal(other[0].bias.detach().numpy(), model[0].bias.detach().numpy())
    with pytest.raises(CheckpointError, match="does not fit"):
        load_safetensors(tmp_path / "w", nn.Linear(3, 2))
    tensors = load_safetensors(tmp_path / "w")
    assert tensors["1.num_batches_tracked"].shape == ()


def test_dlpack_goes_both_ways() -> None:
    t = cr.tensor(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(np.from_dlpack(t), t.numpy())
    shared = np.arange(3.0)
    taken = from_dlpack(shared)
    shared[0] = 9.0
    assert taken.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(DtypeError, match="from_dlpack"):
        from_dlpack([1, 2])


def test_tensorboard_events_or_the_extra_named(tmp_path: Path) -> None:
    from chainrule.errors import MissingExtraError
    from chainrule.interop import TensorBoard

    trainer = cr.Trainer(nn.Linear(2, 1), "mse", "sgd")
    data = np.zeros((8, 2), "f4"), np.zeros((8, 1), "f4")
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtraError, match=r"chainrule\[tensorboard\]"):
            trainer.fit(data, callbacks=[TensorBoard(tmp_path)])
        return
    trainer.fit(data, epochs=2, callbacks=[TensorBoard(tmp_path)])
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path)).Reload()
    assert [e.step for e in events.Scalars("loss")] == [1, 2]


def test_learning_curves_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from chainrule.train import LearningCurves

    trainer = cr.Trainer(nn.Linear(2, 2), "cross_entropy", "adam", metrics=["accuracy"])
    x, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    trainer.fit((x, y), epochs=3, validation=0.25, callbacks=[LearningCurves(tmp_path / "c.png")])
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def _classifier(scale: float = 1.0) -> tuple[cr.Trainer, Any]:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    for p in model.parameters():
        p.assign(p.detach().numpy() * scale)
    x = np.random.default_rng(0).normal(size=(60, 4))
    return cr.Trainer(model, "cross_entropy", cr.optim.Adam(model.parameters(), lr=0.02)), (
        x,
        np.arange(60) % 3,
    )


def test_chance_level_passes_and_fails() -> None:
    trainer, data = _classifier()
    report = chance_level(trainer, data)
    assert report.passed
    assert "ln 3" in report.verdict
    trainer, data = _classifier(scale=30.0)
    report = chance_level(trainer, data)
    assert not report.passed
    assert "too large" in report.verdict


def test_overfitting_a_few_samples_passes_and_fails() -> None:
    """A wrong gradient (the sign of the loss) is found; the model itself is left as it was."""
    trainer, data = _classifier()
    before = copy.deepcopy(trainer.model.state_dict())
    assert overfit(trainer, data).passed
    after = trainer.model.state_dict()
    assert all((before[k].numpy() == after[k].numpy()).all() for k in before)
    for group in trainer.optimizer.param_groups:
        group["maximize"] = True
    report = overfit(trainer, data, steps=30)
    assert not report.passed
    assert "wrong gradient" in report.verdict
