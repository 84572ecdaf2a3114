"""Convolutional networks that run some samples at a time: equal to eager, whatever the parts.

The sizes are such that activations of a batch outgrow the caches (only then is a program divided),
with products that the tiles share (a large matrix) and statistics over all samples in between.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_kernels import close

import chainrule as cr
from chainrule import nn, optim
from chainrule.compiler.program import base_of


def network(kind, dtype="f"):
    """Return a small network whose activations are large."""
    cr.manual_seed(3)
    if kind == "few channels":
        layers = [
            nn.Conv2d(2, 5, 5, padding=1, dtype=dtype),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(5, 7, 3, dtype=dtype),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(7 * 7 * 7, 11, dtype=dtype),
        ]
    elif kind == "many channels":
        layers = [
            nn.Conv2d(2, 32, 3, padding=1, stride=2, dtype=dtype),
            nn.ReLU(),
            nn.Conv2d(32, 33, 3, padding=1, dtype=dtype),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(33 * 25, 180, dtype=dtype),  # large enough to be read once per batch
            nn.ReLU(),
            nn.Linear(180, 11, dtype=dtype),
        ]
    else:
        layers = [
            nn.Conv2d(2, 32, 3, dtype=dtype),
            nn.BatchNorm2d(32, dtype=dtype),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, dtype=dtype),
            nn.Dropout(0.3) if kind == "dropout" else nn.Sigmoid(),
            nn.Flatten(),
            nn.Linear(32 * 16 * 16, 11, dtype=dtype),
        ]
    return nn.Sequential(*layers)


def data(rows, dtype="f"):
    rng = np.random.default_rng(rows)
    return rng.standard_normal((rows, 2, 20, 20)).astype(dtype), rng.integers(0, 11, rows)


def training(kind, dtype="f"):
    module = network(kind, dtype)
    rule = optim.Adam(module.parameters(), lr=1e-3, eps=1e-3)

    def step(x, y):
        rule.zero_grad()
        loss = nn.functional.cross_entropy(module(x), y)
        loss.backward()
        rule.step()
        return loss

    return step, module


def parts(compiled):
    """Return how often each part of a compiled step runs."""
    return [phase.repeat for phase in compiled.form.build.phases]


@pytest.mark.parametrize(
    ("kind", "rows", "dtype", "expected"),
    [
        ("few channels", 64, "f", [1, 2, 1]),
        ("few channels", 96, "d", [1, 3, 1]),
        ("few channels", 67, "f", [1]),
        ("many channels", 24, "f", None),
        ("many channels", 30, "d", None),
        ("statistics", 24, "f", None),
        ("dropout", 24, "f", [1]),
    ],
)
def test_a_step_in_parts_equals_eager(kind, rows, dtype, expected):
    x, y = data(rows, dtype)
    step, module = training(kind, dtype)
    eager = [step(x, y).item() for _ in range(3)]
    want = [p.detach().numpy().copy() for p in module.parameters()]
    step, module = training(kind, dtype)
    compiled = cr.compile(step)
    got = [compiled(x, y).item() for _ in range(3)]
    np.testing.assert_allclose(got, eager, rtol=1e-5 if dtype == "f" else 1e-12)
    for p, w in zip(module.parameters(), want, strict=True):
        np.testing.assert_allclose(
            p.detach().numpy(), w, rtol=0, atol=2e-5 if dtype == "f" else 1e-12
        )
    counts = parts(compiled)
    if expected is not None:
        assert counts == expected
    else:  # tiles, the whole batch, tiles, the whole batch
        assert counts[1::2] == [1] * (len(counts) // 2)
        assert all(n > 1 for n in counts[::2])
        assert len(counts) == 4 if kind == "many channels" else len(counts) >= 4


@pytest.mark.parametrize("kind", ["few channels", "many channels"])
def test_any_number_of_threads_gives_the_same_bits_in_parts(kind):
    x, y = data(128 if kind == "few channels" else 48)
    found = []
    for threads in (1, 2, 3):
        step, module = training(kind)
        compiled = cr.compile(step, threads=threads)
        result = compiled.epoch(x, y, batch_size=len(x) // 2)
        found.append([result.outputs, *(p.detach().numpy().copy() for p in module.parameters())])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_parts_need_less_memory_than_a_whole_batch_in_flight():
    """Activations that only one tile needs are as large as a tile."""
    x, y = data(96)
    step, _ = training("few channels")
    compiled = cr.compile(step)
    compiled(x, y)
    memory = compiled.memory()
    activations = 96 * 4 * 2 * (5 * 18 * 18 + 7 * 7 * 7)  # forward and backward
    assert memory.arena < activations
    assert memory.arena > 32 * 4 * 5 * 18 * 18, "but it holds a tile"


def test_weights_whose_first_axis_is_longer_than_the_batch_are_no_samples():
    """A kernel of 40 channels is an argument here, beside 24 samples."""
    x, w = data(24)[0], np.random.default_rng(0).standard_normal((40, 2, 3, 3)).astype("f")

    def pull(x, w):
        return cr.value_and_grad(lambda w: (nn.functional.conv2d(x, w) ** 2).mean())(w)

    compiled = cr.compile(pull)
    got, want = compiled(x, w), pull(x.astype("d"), w.astype("d"))
    for g, e in zip(got, want, strict=True):
        close(np.asarray(g), np.asarray(e), np.float32)
    assert max(parts(compiled)) > 1


def test_only_what_all_tiles_share_is_copied_once():
    """Weights are the same for every tile; what an earlier part has kept is not."""
    x, y = data(96)
    step, _ = training("few channels")
    compiled = cr.compile(step)
    compiled(x, y)
    first = len(compiled.form.homes)
    for phase in compiled.form.build.phases:
        for kernel in phase.plan.once:
            source, _ = base_of(kernel.anchor.args[0])
            assert source.kind == "state"
            assert source.data < first, "a tensor of the user's, not an array between parts"
            assert source.data not in {number for number, _ in phase.program.updates}


def test_an_activation_made_for_the_whole_batch_feeds_a_convolution_in_tiles():
    """A large matrix before a convolution: tiles read slices of what the whole batch has made."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((64, 150))
    a, k = rng.standard_normal((2 * 20 * 20, 150)) / 12, rng.standard_normal((5, 2, 3, 3))
    found = []
    for dtype in ("d", "f"):
        weights = [cr.tensor(w.astype(dtype), requires_grad=True) for w in (a, k)]

        def step(x, weights=weights):
            h = nn.functional.relu(x @ weights[0].T).reshape(64, 2, 20, 20)
            loss = (nn.functional.conv2d(cr.tanh(h), weights[1]) ** 2).mean()
            loss.backward()
            return loss

        f = cr.compile(step, keep_gradients=True) if dtype == "f" else step
        for _ in range(2):
            loss = f(x.astype(dtype))
        found.append([loss.item(), *(np.asarray(w.grad) for w in weights)])
    for want, got in zip(*found, strict=True):
        close(np.asarray(got), np.asarray(want), np.float32)
    assert max(parts(f)) > 1
