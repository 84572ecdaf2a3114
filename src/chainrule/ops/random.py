"""Random numbers keyed by seed, site and step: the same in eager, compiled and resumed runs.

A :class:`Generator` holds its whole state in one tensor of two integers, ``(seed, step)``; every
draw uses the step and adds one to it. While a function is staged the state is an input held by
reference and its increment an update, so a compiled training step draws the numbers that the eager
one would have drawn. NumPy's global random state is neither read nor changed.

Formulas, with ``w`` the 32-bit words of :mod:`chainrule.ops.philox`:

* uniform: ``(w >> 8) 2⁻²⁴`` in float32; ``((w₁ >> 5) 2²⁶ + (w₂ >> 6)) 2⁻⁵³`` in float64;
* normal (Box and Muller 1958): with ``u₁, u₂`` uniform, ``√(-2 ln(1 - u₁))`` times
  ``cos 2πu₂`` for the first half of the elements and ``sin 2πu₂`` for the second;
* dropout mask: ``1/(1 - p)`` where ``w ≥ ⌊p 2³²⌋``, else 0;
* permutation: the stable order of 64-bit words.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError
from chainrule.ops.philox import words

__all__ = [
    "Generator",
    "default_generator",
    "manual_seed",
    "rand",
    "randint",
    "randn",
    "randperm",
]


def _words(state: Any, site: int, count: int) -> Any:
    seed, step = (int(v) & 0xFFFFFFFFFFFFFFFF for v in np.asarray(state))
    return words(seed, step, site, count)


def _doubles(state: Any, site: int, count: int) -> Any:
    bits = _words(state, site, 2 * count).astype(np.uint64)
    high, low = bits[:count] >> np.uint64(5), bits[count:] >> np.uint64(6)
    return (high * np.uint64(1 << 26) + low).astype(np.float64) * 2.0**-53


def _singles(state: Any, site: int, count: int) -> Any:
    return (_words(state, site, count) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def _uniform(state: Any, site: int, shape: tuple[int, ...], dtype: Any) -> Any:
    draw = _doubles if np.dtype(dtype).itemsize == 8 else _singles
    return draw(state, site, math.prod(shape)).astype(dtype, copy=False).reshape(shape)


def _normal(state: Any, site: int, shape: tuple[int, ...], dtype: Any) -> Any:
    count = math.prod(shape)
    half = -(-count // 2)
    draw = _doubles if np.dtype(dtype).itemsize == 8 else _singles
    u = draw(state, site, 2 * half)
    radius = np.sqrt(-2.0 * np.log1p(-u[:half]))
    angle = u[half:] * u.dtype.type(2.0 * math.pi)
    values = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return values[:count].astype(dtype, copy=False).reshape(shape)


def _mask(state: Any, site: int, shape: tuple[int, ...], p: float, dtype: Any) -> Any:
    bits = _words(state, site, math.prod(shape)).reshape(shape)
    threshold = min(int(p * 2.0**32), 0xFFFFFFFF)
    if p >= 1.0:
        return np.zeros(shape, dtype)
    return (bits >= np.uint32(threshold)).astype(dtype) * np.dtype(dtype).type(1.0 / (1.0 - p))


def _wide(state: Any, site: int, count: int) -> Any:
    bits = _words(state, site, 2 * count).astype(np.uint64)
    return (bits[:count] << np.uint64(32)) | bits[count:]


def _integers(state: Any, site: int, shape: tuple[int, ...], low: int, high: int) -> Any:
    # taking the remainder of 64 random bits favours no value by more than (high - low) / 2**64
    offset = _wide(state, site, math.prod(shape)) % np.uint64(high - low)
    return (offset.astype(np.int64) + low).reshape(shape)


def _permutation(state: Any, site: int, count: int) -> Any:
    return np.argsort(_wide(state, site, count), kind="stable")


def _shaped(state: Any, site: int, shape: tuple[int, ...], dtype: Any, **_: Any) -> Abstract:
    return Abstract(tuple(shape), np.dtype(dtype))


_STATE = np.array([42, 7])
_F8 = np.dtype(np.float64)

random_uniform: Op = defop(
    "random_uniform",
    _uniform,
    infer=_shaped,
    samples=(Sample((_STATE,), {"site": 0, "shape": (2, 3), "dtype": _F8}),),
    doc="uniform in [0, 1), keyed by (seed, step) and site; no derivative",
)
random_normal: Op = defop(
    "random_normal",
    _normal,
    infer=_shaped,
    samples=(Sample((_STATE,), {"site": 0, "shape": (2, 3), "dtype": _F8}),),
    doc="standard normal, keyed by (seed, step) and site; no derivative",
)
dropout_mask: Op = defop(
    "dropout_mask",
    _mask,
    infer=_shaped,
    samples=(Sample((_STATE,), {"site": 0, "shape": (2, 3), "p": 0.5, "dtype": _F8}),),
    doc="1/(1 - p) with probability 1 - p, else 0; no derivative",
)
random_integers: Op = defop(
    "random_integers",
    _integers,
    infer=lambda state, site, shape, low, high: Abstract(tuple(shape), np.dtype(np.int64)),
    samples=(Sample((_STATE,), {"site": 0, "shape": (5,), "low": -2, "high": 3}),),
    doc="integers in low … high - 1; no derivative",
)
random_permutation: Op = defop(
    "random_permutation",
    _permutation,
    infer=lambda state, site, count: Abstract((count,), np.dtype(np.intp)),
    samples=(Sample((_STATE,), {"site": 0, "count": 5}),),
    doc="0 … count - 1 in random order; no derivative",
)


class Generator:
    """A source of random numbers whose state is ``(seed, step)``.

    Parameters
    ----------
    seed : int
        Any integer; its low 64 bits count.
    site : int
        Generators with one seed and different sites are independent of each other.

    Examples
    --------
    >>> generator = cr.Generator(seed=1)
    >>> first = generator.normal((2,))
    >>> cr.Generator(seed=1).normal((2,)).tolist() == first.tolist()
    True
    """

    def __init__(self, seed: int = 0, site: int = 0) -> None:
        self.site = int(site)
        self._state: Tensor = wrap(np.zeros(2, np.int64), None)
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start again with this seed."""
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise ArgumentError(f"a seed is an integer, not {seed!r}")
        self.set_state((int(seed), 0))
        return self

    @property
    def seed(self) -> int:
        """The seed, as a number below 2**64."""
        return int(self._state._concrete("the seed")[0]) & 0xFFFFFFFFFFFFFFFF

    def get_state(self) -> tuple[int, int]:
        """``(seed, step)``: all there is to know."""
        seed, step = self._state._concrete("the state of a generator").tolist()
        return seed & 0xFFFFFFFFFFFFFFFF, step

    def set_state(self, state: tuple[int, int]) -> None:
        """Continue from a state that :meth:`get_state` returned."""
        seed, step = int(state[0]) & 0xFFFFFFFFFFFFFFFF, int(state[1])
        self._state.assign(wrap(np.array([seed, step], np.uint64).view(np.int64), None))

    def spawn(self, site: int) -> Generator:
        """An independent generator with the same seed."""
        return Generator(self.seed, site)

    def draw(self, op: Op, **params: Any) -> Any:
        """What ``op`` gives for the present step; the step moves on by one."""
        result = op(self._state, site=self.site, **params)
        self._state.assign(self._state + _ONE_STEP)
        return result

    def uniform(
        self, shape: Any = (), low: float = 0.0, high: float = 1.0, dtype: Any = np.float64
    ) -> Tensor:
        """Uniform numbers in ``[low, high)``."""
        u = self.draw(random_uniform, shape=_shape(shape), dtype=np.dtype(dtype))
        return u if low == 0.0 and high == 1.0 else u * (high - low) + low

    def normal(
        self, shape: Any = (), mean: float = 0.0, std: float = 1.0, dtype: Any = np.float64
    ) -> Tensor:
        """Normal numbers with this mean and standard deviation."""
        z = self.draw(random_normal, shape=_shape(shape), dtype=np.dtype(dtype))
        return z if mean == 0.0 and std == 1.0 else z * std + mean

    def integers(self, low: int, high: int, shape: Any = ()) -> Tensor:
        """Integers in ``low … high - 1``."""
        if high <= low:
            raise ArgumentError(f"integers in [{low}, {high}): the range is empty")
        drawn: Tensor = self.draw(
            random_integers, shape=_shape(shape), low=int(low), high=int(high)
        )
        return drawn

    def permutation(self, count: int) -> Tensor:
        """``0 … count - 1`` in random order."""
        drawn: Tensor = self.draw(random_permutation, count=int(count))
        return drawn

    def dropout_mask(self, shape: Any, p: float, dtype: Any) -> Tensor:
        """``1/(1 - p)`` with probability ``1 - p``, else 0."""
        drawn: Tensor = self.draw(
            dropout_mask, shape=_shape(shape), p=float(p), dtype=np.dtype(dtype)
        )
        return drawn

    def __repr__(self) -> str:
        seed, step = self.get_state()
        return f"Generator(seed={seed}, site={self.site}, step={step})"


_ONE_STEP = np.array([0, 1])


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)


default_generator = Generator(0)
"""What initialisers, dropout and ``cr.randn`` draw from when no generator is given."""


def manual_seed(seed: int) -> Generator:
    """Seed the default generator. It starts with seed 0: runs repeat unless told otherwise."""
    return default_generator.manual_seed(seed)


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    return _shape(size[0]) if len(size) == 1 else _shape(size)


def _made(values: Tensor, requires_grad: bool) -> Tensor:
    if requires_grad:
        values.requires_grad = True
    return values


def randn(
    *size: Any,
    dtype: Any = np.float64,
    requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Standard normal numbers of shape ``size``.

    Examples
    --------
    >>> cr.randn(2, 3).shape
    (2, 3)
    """
    return _made((generator or default_generator).normal(_sizes(size), dtype=dtype), requires_grad)


def rand(
    *size: Any,
    dtype: Any = np.float64,
    requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Uniform numbers in [0, 1) of shape ``size``."""
    return _made((generator or default_generator).uniform(_sizes(size), dtype=dtype), requires_grad)


def randint(
    low: int, high: int | None = None, size: Any = (), generator: Generator | None = None
) -> Tensor:
    """Integers in ``low … high - 1``, or ``0 … low - 1`` with one bound."""
    if high is None:
        low, high = 0, low
    elif not isinstance(high, int | np.integer):  # randint(high, size)
        low, high, size = 0, low, high
    return (generator or default_generator).integers(low, high, size)


def randperm(n: int, generator: Generator | None = None) -> Tensor:
    """``0 … n - 1`` in random order."""
    return (generator or default_generator).permutation(n)
