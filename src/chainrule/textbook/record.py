"""What backpropagation computed, all of it, by layer, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.textbook._types import Array, Layout, Reduction
from chainrule.textbook.layout import check_reduction

__all__ = ["Backprop", "Forward", "LayerRecord"]


class Forward(NamedTuple):
    """The forward pass: ``z[l-1]`` is ``z^l``; ``a[0]`` is the input and ``a[l]`` is ``a^l``."""

    z: list[Array]
    a: list[Array]

    @property
    def output(self) -> Array:
        """``a^L``."""
        return self.a[-1]


class LayerRecord(NamedTuple):
    """One layer's part of a :class:`Backprop` record."""

    layer: int
    """Its number l, from 1 (the first with weights) to L (the output)."""
    activation: str
    a_in: Array
    """``a^(l-1)``, what the layer reads."""
    z: Array
    a: Array
    delta: Array
    nabla_w: Array
    nabla_b: Array


@dataclass(frozen=True, eq=False, repr=False)
class Backprop:
    """z, a, δ, ∇w and ∇b of every layer, and the cost.

    Lists run over the layers 1 … L in order, as the network's `weights` do, so ``delta[0]`` is
    ``δ^1`` and ``delta[-1]`` is ``δ^L``; only ``a`` starts one earlier, with the input ``a[0]``.
    :meth:`layer` takes the book's layer number. Unpacks as the book's ``backprop`` does:
    ``nabla_b, nabla_w = net.backprop(x, y)``.

    Attributes
    ----------
    z, delta : list of ndarray
        Shape ``(n_l, m)`` in column layout, ``(m, n_l)`` in row layout, ``(n_l,)`` for one sample
        that came as a 1-D array.
    a : list of ndarray
        The same, with the input first: one longer than z.
    nabla_w, nabla_b : list of ndarray
        ``∂C/∂w^l`` of shape ``(n_l, n_(l-1))`` and ``∂C/∂b^l`` of shape ``(n_l, 1)``.
    cost : float
        C of the batch: ``Σ C_x``, or ``(1/m) Σ C_x`` for reduction ``'mean'``. δ, ∇w and ∇b are
        derivatives of this number.
    cost_by_sample : ndarray, shape (m,)
        ``C_x``.
    reduction : {'sum', 'mean'}
        What was done over the batch, once.
    m : int
        Number of samples.
    layout : {'column', 'row'}
    activations : tuple of str
        Names, by layer.
    """

    z: list[Array]
    a: list[Array]
    delta: list[Array]
    nabla_w: list[Array]
    nabla_b: list[Array]
    cost: float
    cost_by_sample: Array
    reduction: Reduction
    m: int
    layout: Layout
    activations: tuple[str, ...]

    def __iter__(self) -> Iterator[list[Array]]:
        return iter((self.nabla_b, self.nabla_w))

    def layer(self, number: int) -> LayerRecord:
        """Layer `number`, from 1 to L: its ``a_in, z, a, delta, nabla_w, nabla_b``."""
        if not 1 <= number <= len(self.z):
            raise ArgumentError(
                f"layers are numbered from 1 to {len(self.z)} (layer 0 is the input a[0]), "
                f"got {number}"
            )
        i = number - 1
        return LayerRecord(
            number,
            self.activations[i],
            self.a[i],
            self.z[i],
            self.a[number],
            self.delta[i],
            self.nabla_w[i],
            self.nabla_b[i],
        )

    @property
    def layers(self) -> tuple[LayerRecord, ...]:
        """Every layer, from 1 to L."""
        return tuple(self.layer(number) for number in range(1, len(self.z) + 1))

    def reduced(self, reduction: Reduction) -> Backprop:
        """The same gradients under the other reduction; asking twice changes nothing."""
        check_reduction(reduction)
        if reduction == self.reduction:
            return self
        factor = 1.0 / self.m if reduction == "mean" else float(self.m)
        return replace(
            self,
            delta=[d * factor for d in self.delta],
            nabla_w=[g * factor for g in self.nabla_w],
            nabla_b=[g * factor for g in self.nabla_b],
            cost=self.cost * factor,
            reduction=reduction,
        )

    def __repr__(self) -> str:
        """Names, shapes and norms by layer."""
        rows = [
            ("layer", "activation", "z, a, delta", "‖delta‖", "nabla_w", "‖nabla_w‖", "‖nabla_b‖")
        ]
        for part in self.layers:
            rows.append(
                (
                    str(part.layer),
                    part.activation if len(part.activation) <= 24 else "mixed",
                    str(part.z.shape),
                    f"{np.linalg.norm(part.delta):.3e}",
                    str(part.nabla_w.shape),
                    f"{np.linalg.norm(part.nabla_w):.3e}",
                    f"{np.linalg.norm(part.nabla_b):.3e}",
                )
            )
        widths = [max(map(len, column)) for column in zip(*rows)]
        samples = "1 sample" if self.m == 1 else f"{self.m} samples"
        over = "" if self.m == 1 else f", {self.reduction} over the batch"
        head = (
            f"Backprop of {samples} ({self.layout} layout{over}): cost {self.cost:.12g}, "
            f"input a[0] {self.a[0].shape}"
        )
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
        return "\n".join([head, *("  " + line.rstrip() for line in lines)])

    def show(self, precision: int = 12) -> str:
        """Every number, by layer: for small networks and for the blackboard.

        Parameters
        ----------
        precision : int
            Digits after the point.
        """
        parts = [f"a^0 = x = {_text(self.a[0], precision)}"]
        for part in self.layers:
            parts.append(f"layer {part.layer} ({part.activation})")
            for name, value in (
                ("z", part.z),
                ("a", part.a),
                ("delta", part.delta),
                ("nabla_w", part.nabla_w),
                ("nabla_b", part.nabla_b),
            ):
                prefix = f"  {name:<8}= "
                parts.append(prefix + _text(value, precision, len(prefix)))
        parts.append(f"cost ({self.reduction}) = {self.cost:.{precision}f}")
        return "\n".join(parts)


def _text(value: Array, precision: int, indent: int = 0) -> str:
    shown = value.ravel() if value.ndim == 2 and value.shape[1] == 1 else value
    return np.array2string(
        shown, precision=precision, floatmode="fixed", suppress_small=True, prefix=" " * indent
    )
