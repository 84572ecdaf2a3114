"""Is the batch large enough for its gradient to mean something?

A batch's gradient is the true one plus noise whose variance falls as 1/B. The *simple noise scale*
``B_noise = tr(Σ) / ‖G‖²`` of McCandlish et al. (2018, eq. 2.9) is the batch size at which both are of
one size: far below it, a larger batch saves steps almost in proportion; far above it, a larger batch
is wasted. Estimated without bias from the gradients of the batch's parts (their appendix A.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.errors import ArgumentError

__all__ = ["GradientNoise", "gradient_noise"]


class GradientNoise(NamedTuple):
    """How much of a gradient is noise.

    Attributes
    ----------
    batch : int
        Samples that were looked at.
    scale : float
        The batch size at which signal and noise are of one size; infinite where no signal was seen.
    signal, noise : float
        Estimates of ``‖G‖²`` and of ``tr(Σ)``, the variance of one sample's gradient.
    """

    batch: int
    scale: float
    signal: float
    noise: float

    def __str__(self) -> str:
        if not np.isfinite(self.scale):
            return (
                f"In {self.batch} samples the gradient cannot be told from noise: the network is near a "
                "stationary point, or needs larger batches."
            )
        return (
            f"Noise scale {self.scale:.3g}: gradients of batches much smaller than that are mostly noise, "
            "much larger ones are mostly repetition."
        )


def gradient_noise(
    model: Any, loss: Callable[[Any, Any], Any], x: Any, y: Any, parts: int = 8
) -> GradientNoise:
    """The noise scale of a model's gradient, from one batch.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(prediction, target)``, a mean over samples.
    x, y : array_like
        A batch, samples first, in random order.
    parts : int
        Into how many equal parts it is divided.

    Examples
    --------
    >>> model = cr.nn.Linear(1, 1)
    >>> x = np.random.default_rng(0).normal(size=(256, 1))
    >>> bool(cr.diagnose.gradient_noise(model, cr.nn.MSELoss(), x, x * 50).scale < 5)
    True
    """
    x, y = np.asarray(x), np.asarray(y)
    size = len(x) // parts
    if parts < 2 or size < 1:
        raise ArgumentError(f"{len(x)} samples cannot be divided into {parts} parts of one or more")
    parameters = [p for p in model.parameters() if p.requires_grad]
    kind = parameters[0].dtype

    def gradient(rows: slice) -> Any:
        inputs = x[rows].astype(kind) if x.dtype.kind == "f" else x[rows]
        targets = y[rows].astype(kind) if y.dtype.kind == "f" else y[rows]
        graph = cr.trace(lambda: loss(model(cr.tensor(inputs)), cr.tensor(targets)))
        found = graph.gradients()
        held = {id(t): graph.names[node] for t, slot, node in graph.state if slot == "value"}
        return np.concatenate([
            np.ravel(found.get(held.get(id(p), ""), np.zeros(p.shape))).astype(np.float64)
            for p in parameters
        ])  # fmt: skip

    each = np.array([gradient(slice(i * size, (i + 1) * size)) for i in range(parts)])
    total, batch = each.mean(axis=0), parts * size
    small, large = float((each**2).sum(axis=1).mean()), float(total @ total)
    signal = (batch * large - size * small) / (batch - size)
    noise = (small - large) / (1 / size - 1 / batch)
    scale = noise / signal if signal > 0 else float("inf")
    return GradientNoise(batch, max(scale, 0.0), signal, noise)
