"""Initial weights and biases, drawn from a :class:`numpy.random.Generator`.

fan_in is the number of neurons that a neuron reads from, fan_out the number of its layer.

============================ ======================================= ========= ====================
name                         weights                                 biases    source
============================ ======================================= ========= ====================
``book`` (default)           normal, std 1/√fan_in                   N(0, 1)   Nielsen, ch. 3
``large``                    normal, std 1                           N(0, 1)   Nielsen, ch. 1
``xavier_uniform(gain=1)``   uniform, ±gain √(6/(fan_in + fan_out))  0         Glorot & Bengio 2010
``xavier_normal(gain=1)``    normal, gain √(2/(fan_in + fan_out))    0         the same
``kaiming_uniform(gain=√2)`` uniform, ±gain √(3/fan_in)              0         He et al. 2015
``kaiming_normal(gain=√2)``  normal, gain/√fan_in                    0         the same
``lecun_uniform``            uniform, ±√(3/fan_in)                   0         LeCun et al. 1998
``lecun_normal``             normal, 1/√fan_in                       0         the same
``orthogonal(gain=1)``       gain Q, rows or columns orthonormal     0         Saxe et al. 2014
``uniform(low=-1, high=1)``  uniform in [low, high)                  0
``normal(mean=0, std=1)``    normal                                  0
``constant(value=0)``        all equal                               0
============================ ======================================= ========= ====================

``glorot_…`` and ``he_…`` are other names of ``xavier_…`` and ``kaiming_…``. The gain √2 is ReLU's.
Parameters follow in brackets: ``"normal(0, 0.01)"``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.textbook._spec import format_spec, parse_spec, unknown
from chainrule.textbook._types import Array

__all__ = ["Initializer", "get_initializer", "initializer_names"]

Draw: TypeAlias = Callable[[np.random.Generator, int, int], Array]


@dataclass(frozen=True)
class Initializer:
    """A way to draw a layer's first parameters.

    Parameters
    ----------
    name : str
        Name used in reprs and saved files.
    weights : callable
        ``weights(rng, fan_out, fan_in) -> (fan_out, fan_in)``, float64.
    normal_biases : bool
        Biases from N(0, 1) as in the book, else 0.
    named : bool
        Whether `name` alone brings the record back.
    """

    name: str
    weights: Draw
    normal_biases: bool = False
    named: bool = False

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickles by name, as the library's own laws are not picklable."""
        if self.named:
            return get_initializer, (self.name,)
        return Initializer, (self.name, self.weights, self.normal_biases)

    def draw(self, rng: np.random.Generator, fan_out: int, fan_in: int) -> tuple[Array, Array]:
        """Weights ``(fan_out, fan_in)`` and biases ``(fan_out, 1)``, float64.

        Examples
        --------
        >>> import numpy as np
        >>> w, b = get_initializer("constant(0.5)").draw(np.random.default_rng(0), 1, 2)
        >>> w, b
        (array([[0.5, 0.5]]), array([[0.]]))
        """
        biases = rng.standard_normal((fan_out, 1)) if self.normal_biases else np.zeros((fan_out, 1))
        return self.weights(rng, fan_out, fan_in), biases


def _uniform(low: float = -1.0, high: float = 1.0) -> Draw:
    if not low < high:
        raise ArgumentError(f"uniform needs low < high, got low={low:g}, high={high:g}")
    return lambda rng, fan_out, fan_in: rng.uniform(low, high, (fan_out, fan_in))


def _normal(mean: float = 0.0, std: float = 1.0) -> Draw:
    if not std >= 0:
        raise ArgumentError(f"normal needs std ≥ 0, got {std:g}")
    return lambda rng, fan_out, fan_in: rng.normal(mean, std, (fan_out, fan_in))


def _scaled_uniform(std: Callable[[int, int], float]) -> Draw:
    def draw(rng: np.random.Generator, fan_out: int, fan_in: int) -> Array:
        bound = math.sqrt(3.0) * std(fan_out, fan_in)  # a uniform law on ±b has std b/√3
        return rng.uniform(-bound, bound, (fan_out, fan_in))

    return draw


def _scaled_normal(std: Callable[[int, int], float]) -> Draw:
    return lambda rng, fan_out, fan_in: rng.normal(0.0, std(fan_out, fan_in), (fan_out, fan_in))


def _glorot(gain: float = 1.0) -> Callable[[int, int], float]:
    return lambda fan_out, fan_in: gain * math.sqrt(2.0 / (fan_in + fan_out))


def _he(gain: float = math.sqrt(2.0)) -> Callable[[int, int], float]:
    return lambda fan_out, fan_in: gain / math.sqrt(fan_in)


def _orthogonal(gain: float = 1.0) -> Draw:
    def draw(rng: np.random.Generator, fan_out: int, fan_in: int) -> Array:
        tall = (max(fan_out, fan_in), min(fan_out, fan_in))
        q, r = np.linalg.qr(rng.standard_normal(tall))
        q = q * np.sign(np.diag(r))  # makes the law uniform over the orthogonal matrices (Haar)
        out: Array = gain * (q if fan_out >= fan_in else q.T)
        return out

    return draw


def _constant(value: float = 0.0) -> Draw:
    return lambda rng, fan_out, fan_in: np.full((fan_out, fan_in), value)


_DRAWS: dict[str, Callable[..., Draw]] = {
    "book": lambda: _scaled_normal(_he(1.0)),
    "large": lambda: _normal(),
    "xavier_uniform": lambda gain=1.0: _scaled_uniform(_glorot(gain)),
    "xavier_normal": lambda gain=1.0: _scaled_normal(_glorot(gain)),
    "kaiming_uniform": lambda *gain: _scaled_uniform(_he(*gain)),
    "kaiming_normal": lambda *gain: _scaled_normal(_he(*gain)),
    "lecun_uniform": lambda: _scaled_uniform(_he(1.0)),
    "lecun_normal": lambda: _scaled_normal(_he(1.0)),
    "orthogonal": _orthogonal,
    "uniform": _uniform,
    "normal": _normal,
    "constant": _constant,
}
_BOOK = frozenset({"book", "large"})


def initializer_names() -> tuple[str, ...]:
    """The names that :func:`get_initializer` knows."""
    return tuple(_DRAWS)


def get_initializer(given: object) -> Initializer:
    """The initialiser that `given` stands for: a name, with or without parameters, or a record.

    Raises
    ------
    ArgumentError
        If it is neither, or its parameters are not acceptable.
    """
    if isinstance(given, Initializer):
        return given
    if not isinstance(given, str):
        raise ArgumentError(f"an initialiser is a name or an Initializer, got {given!r}")
    name, parameters = parse_spec(given, "initialiser")
    name = name.lower().replace("glorot_", "xavier_").replace("he_", "kaiming_")
    if name not in _DRAWS:
        raise unknown("initialiser", name, _DRAWS)
    try:
        draw = _DRAWS[name](*parameters)
    except TypeError:
        raise ArgumentError(
            f"initialiser {given!r} has too many parameters ({len(parameters)})"
        ) from None
    return Initializer(format_spec(name, parameters), draw, name in _BOOK, named=True)
