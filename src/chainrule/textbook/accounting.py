"""What the gradient costs: operations counted by formula, counted while running, and timed.

For layers of n_0 … n_L neurons and m samples, in multiply-additions of the matrix products:

    forward      m Σ_l n_l n_(l-1)                               w a
    backward     m Σ_l n_l n_(l-1) + m Σ_(l≥2) n_l n_(l-1)       δ aᵀ and wᵀ δ

so backpropagation costs at most two further forward passes, and just one where the first layer
dominates, whatever the number P of parameters is. A finite-difference gradient takes P + 1
forward passes one-sided and 2P two-sided.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError
from chainrule.textbook import equations
from chainrule.textbook._types import Array
from chainrule.textbook.activations import Activation, LayerActivation
from chainrule.textbook.counting import Tally, counted

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = [
    "Accounts",
    "Differences",
    "Operations",
    "Timing",
    "count_operations",
    "difference_gradient",
    "operations",
    "time_passes",
]


class Operations(NamedTuple):
    """Operations of one pass.

    Attributes
    ----------
    multiply_adds : int
        In the matrix products, a multiplication and an addition each.
    elementwise : int
        Numbers added, subtracted or multiplied outside of them: biases, ``a − y``, ``⊙ σ'``, and
        the sums of BP3.
    activations : int
        Evaluations of σ or σ'.
    """

    multiply_adds: int
    elementwise: int
    activations: int

    def __add__(self, other: object) -> Operations:
        if not isinstance(other, Operations):
            return NotImplemented
        return Operations(*(a + b for a, b in zip(self, other)))


@dataclass(frozen=True)
class Accounts:
    """Operations of a forward and of a backward pass over m samples.

    Attributes
    ----------
    sizes : tuple of int
    m : int
    parameters : int
        P.
    forward, backward : Operations
        The backward pass is what comes on top of the forward pass.
    """

    sizes: tuple[int, ...]
    m: int
    parameters: int
    forward: Operations
    backward: Operations

    @property
    def backprop(self) -> Operations:
        """Forward and backward pass together."""
        return self.forward + self.backward

    @property
    def forward_passes(self) -> float:
        """Multiply-additions of the whole gradient, in forward passes; between 2 and 3."""
        return self.backprop.multiply_adds / self.forward.multiply_adds

    def difference_passes(self, sided: Literal["one", "two"] = "two") -> int:
        """Forward passes of a finite-difference gradient: P + 1 or 2P."""
        return self.parameters + 1 if sided == "one" else 2 * self.parameters

    def __str__(self) -> str:
        rows = [
            ("", "multiply-adds", "elementwise", "σ or σ'", "forward passes"),
            *(
                (name, *(f"{n:,}" for n in part), f"{part[0] / self.forward[0]:.2f}")
                for name, part in (
                    ("forward", self.forward),
                    ("backward", self.backward),
                    ("backpropagation", self.backprop),
                )
            ),
            *(
                (
                    f"differences, {sided}-sided",
                    f"{self.difference_passes(sided) * self.forward.multiply_adds:,}",
                    "",
                    "",
                    f"{self.difference_passes(sided):,}",
                )
                for sided in _SIDES
            ),
        ]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = (
            "  "
            + row[0].ljust(widths[0])
            + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
            for row in rows
        )
        head = f"Network {'-'.join(map(str, self.sizes))}, m = {self.m}, P = {self.parameters:,}"
        return "\n".join([head, *lines])


_SIDES: tuple[Literal["one", "two"], ...] = ("one", "two")


def operations(sizes: npt.ArrayLike, m: int = 1) -> Accounts:
    """The operations of a network of these sizes, by formula.

    Parameters
    ----------
    sizes : sequence of int
    m : int
        Samples in the batch.

    Notes
    -----
    For elementwise activations and the quadratic cost; other costs differ in terms of order
    ``m n_L``.

    Examples
    --------
    >>> print(operations([784, 30, 10]))
    Network 784-30-10, m = 1, P = 23,860
                              multiply-adds  elementwise  σ or σ'  forward passes
      forward                        23,820           40       40            1.00
      backward                       24,120           90       40            1.01
      backpropagation                47,940          130       80            2.01
      differences, one-sided    568,369,020                                23,861
      differences, two-sided  1,136,690,400                                47,720
    """
    layers = [int(n) for n in np.asarray(sizes)]
    pairs = list(zip(layers[1:], layers))
    products = [n_out * n_in for n_out, n_in in pairs]
    neurons = sum(layers[1:])
    return Accounts(
        tuple(layers),
        m,
        sum(products) + neurons,
        Operations(m * sum(products), m * neurons, m * neurons),
        Operations(
            m * (sum(products) + sum(products[1:])), m * (layers[-1] + 2 * neurons), m * neurons
        ),
    )


def count_operations(network: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> Accounts:
    """The operations of one forward and one backward pass, counted while they run.

    Every matrix product and every elementwise function of the equations is noted as NumPy is
    asked for it; evaluations of σ and σ' count as one each, whatever they are made of.
    """
    xs, ys = network.columns(x, y)
    tally = Tally()
    weights = [counted(w, tally) for w in network.weights]
    biases = [counted(b, tally) for b in network.biases]
    activations = [_noted(activation, tally) for activation in network.activations]
    z, a = equations.forward(weights, biases, activations, counted(xs, tally))
    forward = Operations(*tally.take())
    delta = equations.backward(weights, activations, network.cost, z, a, counted(ys, tally))
    equations.gradients(a, delta)
    backward = Operations(*tally.take())
    return Accounts(tuple(network.sizes), xs.shape[1], network.parameter_count, forward, backward)


def _noted(activation: LayerActivation, tally: Tally) -> Any:
    """An activation that notes one evaluation per number, and nothing of its inside."""
    if not isinstance(activation, Activation):
        raise ArgumentError(
            f"operations are counted for elementwise activations, not for {activation.name}"
        )

    def note(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
        def noted(z: Array) -> Array:
            tally.activations += z.size
            return counted(function(np.asarray(z)), tally)

        return noted

    return replace(activation, f=note(activation.f), prime=note(activation.prime))


class Differences(NamedTuple):
    """A finite-difference gradient, and what it took."""

    nabla_b: list[Array]
    nabla_w: list[Array]
    forward_passes: int


def difference_gradient(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    sided: Literal["one", "two"] = "two",
    step: float | None = None,
) -> Differences:
    """The gradient of :meth:`Network.backprop` by differences, one parameter at a time.

    Parameters
    ----------
    sided : {'one', 'two'}
        ``(C(w + ε) − C(w)) / ε`` with P + 1 forward passes, or
        ``(C(w + ε) − C(w − ε)) / 2ε`` with 2P.
    step : float, optional
        ε; by default ``√eps`` or ``∛eps`` of float64, times ``max(1, |w|)``.

    Notes
    -----
    Computes in the network's dtype; a float32 network gives about three digits.
    """
    if sided not in _SIDES:
        raise ArgumentError(f"sided must be 'one' or 'two', got {sided!r}")
    eps = float(np.finfo(network.dtype).eps)
    base = step if step is not None else eps ** (1 / 2 if sided == "one" else 1 / 3)
    passes = 0

    def cost() -> float:
        nonlocal passes
        passes += 1
        return network.batch_cost(x, y)

    at_rest = cost() if sided == "one" else 0.0
    gradients: list[Array] = []
    for array in [*network.biases, *network.weights]:
        gradient = np.empty_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index]
            try:
                # What is divided by is the step that was taken, after rounding.
                array[index] = kept + base * max(1.0, abs(float(kept)))
                up, there = cost(), float(array[index])
                if sided == "one":
                    gradient[index] = (up - at_rest) / (there - float(kept))
                else:
                    array[index] = kept - base * max(1.0, abs(float(kept)))
                    gradient[index] = (up - cost()) / (there - float(array[index]))
            finally:
                array[index] = kept
        gradients.append(gradient)
    layers = len(network.biases)
    return Differences(gradients[:layers], gradients[layers:], passes)


class Timing(NamedTuple):
    """Seconds, each the best of several runs.

    Attributes
    ----------
    forward : float
        One forward pass.
    backprop : float
        Forward and backward pass.
    differences_one, differences_two : float
        What P + 1 and 2P such forward passes take.
    """

    forward: float
    backprop: float
    differences_one: float
    differences_two: float

    @property
    def forward_passes(self) -> float:
        """The gradient's time in forward passes."""
        return self.backprop / self.forward

    def __str__(self) -> str:
        return (
            f"forward {self.forward * 1e6:.1f} µs, backpropagation {self.backprop * 1e6:.1f} µs "
            f"({self.forward_passes:.2f} forward passes), finite differences "
            f"{self.differences_one:.3g} s one-sided, {self.differences_two:.3g} s two-sided"
        )


def time_passes(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, *, repeats: int = 20
) -> Timing:
    """Time of a forward pass and of a gradient over the batch (x, y), best of `repeats`."""
    xs, ys = network.columns(x, y)
    arguments = network.weights, network.biases, network.activations, xs

    def forward() -> object:
        return equations.forward(*arguments)

    def backprop() -> object:
        z, a = equations.forward(*arguments)
        delta = equations.backward(network.weights, network.activations, network.cost, z, a, ys)
        return equations.gradients(a, delta)

    best = [float("inf"), float("inf")]
    for _ in range(repeats):  # alternating, so that both meet the same machine
        for i, call in enumerate((forward, backprop)):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
    parameters = network.parameter_count
    return Timing(best[0], best[1], best[0] * (parameters + 1), best[0] * 2 * parameters)
