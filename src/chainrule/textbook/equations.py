"""The four equations of backpropagation, on plain arrays in column form.

This file is the algorithm; everything else in the package is around it. Samples are columns:
``a`` and ``z`` of layer l have shape ``(n_l, m)``, ``w`` is ``(n_l, n_(l-1))`` and ``b`` is
``(n_l, 1)``. Lists run over the layers 1 … L, except ``a``, which starts with the input
``a^0 = x``; so ``a[i]`` is what the layer with weights ``w[i]`` reads.

References
----------
M. Nielsen, *Neural Networks and Deep Learning* (2015), ch. 2, equations BP1–BP4.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.textbook._types import Array
from chainrule.textbook.activations import LayerActivation
from chainrule.textbook.costs import Cost

__all__ = ["backward", "forward", "gradients"]


def forward(
    weights: Sequence[Array],
    biases: Sequence[Array],
    activations: Sequence[LayerActivation],
    x: Array,
) -> tuple[list[Array], list[Array]]:
    """Weighted inputs ``z^l = w^l a^(l-1) + b^l`` and activations ``a^l = σ(z^l)``, all kept."""
    z: list[Array] = []
    a: list[Array] = [x]
    for w, b, activation in zip(weights, biases, activations):
        weighted = w @ a[-1]  # (n_l, m)
        weighted += b
        z.append(weighted)
        a.append(activation.f(weighted))
    return z, a


def backward(
    weights: Sequence[Array],
    activations: Sequence[LayerActivation],
    cost: Cost,
    z: Sequence[Array],
    a: Sequence[Array],
    y: Array,
    share: float = 1.0,
) -> list[Array]:
    """The errors ``δ^1 … δ^L``: ``δ^L`` from the cost (BP1), the others backwards from it (BP2).

    `share` is what a sample counts: 1 for the sum over the batch, 1/m for the mean. It enters
    here and nowhere else, so BP2, BP3 and BP4 hold as they stand for either.
    """
    output_error = cost.output_error(activations[-1], z[-1], a[-1], y)
    delta: list[Array] = [output_error if share == 1.0 else output_error * share]
    for i in range(len(weights) - 2, -1, -1):
        upstream = weights[i + 1].T @ delta[-1]  # ∂C/∂a^l, (n_l, m)
        delta.append(activations[i].pull(z[i], a[i + 1], upstream))
    delta.reverse()
    return delta


def gradients(a: Sequence[Array], delta: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """``∂C/∂w^l = δ^l (a^(l-1))ᵀ`` (BP4) and ``∂C/∂b^l = Σ δ^l`` (BP3), summed over the batch."""
    nabla_w: list[Array] = [d @ previous.T for d, previous in zip(delta, a)]
    nabla_b: list[Array] = [d.sum(axis=1, keepdims=True) for d in delta]
    return nabla_w, nabla_b
