"""Convolutions as products over window views, with their axes in the order that vectors want.

Two orders serve (``docs/decisions/0030-convolution.md``):

* *samples last*: values lie as (C, spatial …, N). Vectors run along the samples; every weight is a
  number, read where the user's array has it. For few or odd numbers of channels.
* *channels last*: values lie as (N, spatial …, C). Vectors run along the output channels.

Results are views in the library's order (N, C, spatial …); ``passes/permuting.py`` carries the order
in memory through what follows.
"""

from __future__ import annotations

from ..program import Builder, Value, base_of

__all__ = ["kernel_gradient", "samples_last", "settled", "windowed_product"]

_FEWEST_SAMPLES = 16  # one vector of float32
_CHANNELS = 32  # from here on channels fill vectors, and a sample's working set is the smaller one


def samples_last(samples: int, *channels: int) -> bool:
    """Tell whether vectors should run along the samples."""
    return samples >= _FEWEST_SAMPLES and min(channels) < _CHANNELS


def settled(b: Builder, x: Value) -> Value:
    """Return an input of the program, copied to lie samples last; other values as they are."""
    if base_of(x)[0].kind != "input":
        return x
    nd = len(x.shape)
    copy = b.map("copy", b.transpose(x, [*range(1, nd), 0]))
    return b.transpose(copy, [nd - 1, *range(nd - 1)])


def windowed_product(b: Builder, view: Value, kernel: Value, by_sample: bool) -> Value:
    """Return the product (N, O, *P) of windows (N, C, *P, *K) and a kernel (O, C, *K)."""
    nd = len(kernel.shape) - 2
    places, taps = list(range(2, 2 + nd)), list(range(2 + nd, 2 + 2 * nd))
    if by_sample:
        y = b.contract(kernel, b.transpose(view, [1, *taps, *places, 0]), 0, 1, nd + 1)
        return b.transpose(y, [nd + 1, *range(nd + 1)])  # from (O, *P, N)
    a = b.transpose(view, [0, *places, *taps, 1])
    y = b.contract(a, b.transpose(kernel, [*range(2, 2 + nd), 1, 0]), 0, nd + 1, 1)
    return b.transpose(y, [0, nd + 1, *range(1, nd + 1)])  # from (N, *P, O)


def kernel_gradient(b: Builder, view: Value, g: Value, by_sample: bool) -> Value:
    """Return (O, C, *K): windows (N, C, *P, *K) times output gradients (N, O, *P), summed."""
    nd = len(g.shape) - 2
    places, taps = list(range(2, 2 + nd)), list(range(2 + nd, 2 + 2 * nd))
    summed = [*places, 0] if by_sample else [0, *places]
    return b.contract(
        b.transpose(g, [1, *summed]), b.transpose(view, [*summed, 1, *taps]), 0, 1, nd + 1
    )
