"""Random small networks, trained for an epoch as machine code and step by step, end alike.

Sizes around the lengths of vectors, mini-batches with a rest, activations by layer: what decides
which kernels a step is made of.
"""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

SIZES = (1, 2, 3, 4, 5, 8, 9, 12, 16, 17, 31, 33, 64, 70)
BATCHES = (1, 2, 3, 5, 8, 10, 16, 33)
ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.LeakyReLU, nn.SiLU, nn.Softplus)


def convolutions(rng, dtype):
    """Return layers that begin with a convolution, the shape of a sample, and the width after."""
    channels, height, width = (int(rng.integers(*r)) for r in ((1, 4), (6, 13), (6, 13)))
    made, kernel = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    layers = [nn.Conv2d(channels, made, kernel, dtype=dtype), rng.choice(ACTIVATIONS)()]
    after = [height - kernel + 1, width - kernel + 1]
    layers += [rng.choice((nn.MaxPool2d, nn.AvgPool2d))(2), nn.Flatten()]
    return layers, (channels, height, width), made * (after[0] // 2) * (after[1] // 2)


def network(rng, dtype):
    """Return a network, the shape of a sample and the number of outputs."""
    if rng.random() < 0.3:
        layers, shape, width = convolutions(rng, dtype)
    else:
        layers, width = [], int(rng.choice(SIZES))
        shape = (width,)
    for _ in range(int(rng.integers(0, 3))):
        following = int(rng.choice(SIZES))
        layers += [nn.Linear(width, following, dtype=dtype)]
        layers += [nn.LayerNorm(following, dtype=dtype)] if rng.random() < 0.2 else []
        layers += [rng.choice(ACTIVATIONS)()]
        layers += [nn.Dropout(0.3)] if rng.random() < 0.2 else []
        width = following
    outputs = int(rng.choice((1, 2, 3, 10)))
    return nn.Sequential(*layers, nn.Linear(width, outputs, dtype=dtype)), shape, outputs


def trained(seed, compiled):
    """Return the parameters after an epoch."""
    rng = np.random.default_rng(seed)
    cr.manual_seed(seed)
    model, shape, outputs = network(rng, np.float64)
    parameters = model.parameters()
    optimizer = (
        cr.optim.Adam(parameters, lr=0.01)
        if rng.random() < 0.4
        else cr.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=1e-3)
    )
    batch = int(rng.choice(BATCHES))
    rows = 2 * batch + int(rng.integers(0, batch))
    x, classes = rng.standard_normal((rows, *shape)), rng.random() < 0.5
    y = rng.integers(0, outputs, rows) if classes else rng.standard_normal((rows, outputs))
    loss = nn.functional.cross_entropy if classes else nn.functional.mse_loss
    clip = rng.random() < 0.3
    order = rng.permutation(rows)

    def step(x, y):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        if clip:
            nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    if compiled:
        threads = 1 if rng.random() < 0.7 else 2
        cr.compile(step, threads=threads).epoch(x, y, batch_size=batch, order=order)
    else:
        for start in range(0, rows, batch):
            taken = order[start : start + batch]
            step(cr.tensor(x[taken]), cr.tensor(y[taken]))
    return [p.detach().numpy() for p in parameters]


@pytest.mark.parametrize("seed", range(40))
def test_a_compiled_epoch_equals_its_eager_steps(seed):
    for found, wanted in zip(trained(seed, True), trained(seed, False), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-10)
