"""Networks that are healthy, and networks that are ill in a known way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import chainrule as cr
from chainrule import nn


def moons(seed: int, count: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Two half moons, scaled, with their classes."""
    rng = np.random.default_rng(seed)
    angle, kind = rng.random(count) * np.pi, rng.integers(0, 2, count)
    x = np.c_[np.cos(angle), np.sin(angle)]
    x[kind == 1] = np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)][kind == 1]
    x = (x - x.mean(0)) / x.std(0) + rng.normal(size=x.shape) * 0.1
    return x.astype(np.float32), kind


def layers(
    activation: Callable[[], nn.Module], depth: int, width: int, init: Callable[..., object] | None = None,
    inputs: int = 2, outputs: int = 2,
) -> nn.Sequential:  # fmt: skip
    """``depth`` times Linear and activation, and a Linear."""
    parts: list[nn.Module] = []
    for number in range(depth):
        layer = nn.Linear(width if number else inputs, width)
        if init is not None:
            init(layer)
        parts += [layer, activation()]
    return nn.Sequential(*parts, nn.Linear(width, outputs))


class Recurrent(nn.Module):
    """A recurrent layer whose last output is read; the same input at every step."""

    def __init__(self, kind: Callable[..., nn.Module], steps: int, width: int = 8) -> None:
        super().__init__()
        self.steps = steps
        self.rnn, self.out = kind(2, width), nn.Linear(width, 2)

    def forward(self, x):
        repeated = x.reshape(1, -1, 2) * cr.ones((self.steps, 1, 1)).astype(x.dtype)
        return self.out(self.rnn(repeated)[0][-1])


class Residual(nn.Module):
    """Blocks with layer normalisation and a way around them; ReLU as a function, not a module."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.inp, self.out = nn.Linear(2, 16), nn.Linear(16, 2)
        self.norms = nn.ModuleList([nn.LayerNorm(16) for _ in range(blocks)])
        self.ups = nn.ModuleList([nn.Linear(16, 16) for _ in range(blocks)])
        self.downs = nn.ModuleList([nn.Linear(16, 16) for _ in range(blocks)])

    def forward(self, x):
        h = self.inp(x)
        for norm, up, down in zip(self.norms, self.ups, self.downs):
            h = h + down(cr.relu(up(norm(h))))
        return self.out(h)


class Attention(nn.Module):
    """The two inputs as a sequence through a transformer layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(1, 8), nn.Linear(16, 2)
        self.layer = nn.TransformerEncoderLayer(8, 2, 32, batch_first=True)

    def forward(self, x):
        return self.out(self.layer(self.embed(x.reshape(-1, 2, 1))).reshape(-1, 16))


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        nn.Unflatten(1, (1, 1, 2)), nn.Conv2d(1, 16, 1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, (1, 2)), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2),
    )  # fmt: skip


HEALTHY: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": lambda: layers(nn.Sigmoid, 2, 16),
    "tanh": lambda: layers(nn.Tanh, 4, 16),
    "relu": lambda: layers(nn.ReLU, 5, 32),
    "gelu": lambda: layers(nn.GELU, 2, 16),
    "gru": lambda: Recurrent(nn.GRU, 5),
    "residual": lambda: Residual(4),
    "convolutional": convolutional,
    "attention": Attention,
}


def trained(
    model: nn.Module,
    seed: int = 0,
    steps: int = 30,
    every: int = 5,
    optimizer: cr.optim.Optimizer | None = None,
    x: np.ndarray | None = None,
) -> cr.diagnose.Watch:
    """A watch on some steps of training on the moons."""
    inputs, kind = moons(seed)
    inputs = inputs if x is None else x
    optimizer = optimizer or cr.optim.Adam(model.parameters(), lr=1e-2)
    watch = cr.diagnose.watch(model, every=every)
    rng = np.random.default_rng(seed)
    cost = nn.CrossEntropyLoss()
    for _ in range(steps):
        rows = rng.integers(0, len(inputs), 32)
        optimizer.zero_grad()
        with np.errstate(all="ignore"):
            value = cost(model(cr.tensor(inputs[rows])), kind[rows])
            value.backward()
        watch.step(value)
        optimizer.step()
    return watch
