"""Activation functions ``a = σ(z)`` with their derivatives ``σ'(z)``, in plain NumPy.

Each elementwise activation is one :class:`Activation` record: a name, ``f`` and ``prime``. Both are
functions of the *weighted input* z; a derivative written as a function of a would invite the slip
of handing it the wrong one. The formulas themselves are in ``activation_formulas.py``.

:class:`VectorActivation` is for functions that mix the neurons of a layer (softmax), and
:class:`Mixed` is a layer whose neurons have activations of their own.
All three answer the same four questions, which is all that the four equations need:

``f(z)``            the activations, column form ``(neurons, m)``
``pull(z, a, g)``   ``Σ'(z)ᵀ g``: the gradient at a carried back to z
``diagonal(z)``     ``∂a_j/∂z_j``, elementwise
``jacobian(z)``     ``Σ'(z)`` of one sample, shape ``(neurons, neurons)``

Start with :func:`get_activation`, which turns what a user writes into one of the three."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook._spec import format_spec, parse_spec, unknown
from chainrule.textbook._types import Array
from chainrule.textbook.activation_formulas import (
    ALIASES,
    FAMILIES,
    VECTOR,
    Elementwise,
    VectorFormulas,
)

__all__ = [
    "Activation",
    "LayerActivation",
    "Mixed",
    "VectorActivation",
    "activation_names",
    "get_activation",
    "layer_activation",
    "sigmoid",
    "sigmoid_prime",
]


@dataclass(frozen=True)
class Activation:
    """An elementwise activation function and its derivative.

    Parameters
    ----------
    name : str
        Name used in reprs and saved files.
    f : callable
        ``f(z) -> a``, elementwise: same shape and dtype as z.
    prime : callable
        ``prime(z) -> σ'(z)``, elementwise, a function of z (not of a).
    named : bool
        Whether `name` alone brings the record back (false for a user's own pair of functions).

    Examples
    --------
    >>> import numpy as np
    >>> relu = get_activation("relu")
    >>> relu(np.array([-1.0, 2.0])), relu.prime(np.array([-1.0, 2.0]))
    (array([0., 2.]), array([0., 1.]))
    """

    name: str
    f: Elementwise
    prime: Elementwise
    named: bool = False

    def __call__(self, z: Array) -> Array:
        return self.f(z)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickles by name, as formulas are not picklable; a user's own by its functions."""
        if self.named:
            return get_activation, (self.name,)
        return Activation, (self.name, self.f, self.prime)

    def pull(self, z: Array, a: Array, g: Array) -> Array:
        """``g ⊙ σ'(z)``."""
        slope = self.prime(z)
        if np.shape(slope) != z.shape:
            raise ShapeError(
                f"σ' of activation {self.name!r} returned shape {np.shape(slope)} for z of shape "
                f"{z.shape}; an activation's derivative is elementwise and keeps the shape"
            )
        return g * slope

    def diagonal(self, z: Array) -> Array:
        """``σ'(z)``."""
        return self.prime(z)

    def jacobian(self, z: Array) -> Array:
        """``Σ'(z)``, the diagonal matrix of the ``σ'(z_j)`` of one sample: ``(n,) -> (n, n)``."""
        return np.diag(self.prime(z))


@dataclass(frozen=True)
class VectorActivation:
    """An activation that mixes the neurons of its layer: softmax and log-softmax.

    ``Σ'(z)`` is a full matrix, so there is no ``prime``: asking for one is an error that says so.
    """

    name: str
    formulas: VectorFormulas = field(repr=False)
    named: bool = True

    def __call__(self, z: Array) -> Array:
        return self.formulas[0](z)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickles by name."""
        return get_activation, (self.name,)

    def f(self, z: Array) -> Array:
        """The activations of every sample (column form)."""
        return self.formulas[0](z)

    def prime(self, z: Array) -> Array:
        """Raises: the derivative of such a layer is a matrix."""
        raise ArgumentError(
            f"{self.name} mixes the neurons of its layer, so it has no elementwise derivative; "
            "use jacobian(z) for the matrix or diagonal(z) for ∂a_j/∂z_j"
        )

    def pull(self, z: Array, a: Array, g: Array) -> Array:
        """``Σ'(z)ᵀ g`` for every sample, without forming the matrices."""
        return self.formulas[1](a, g)

    def diagonal(self, z: Array) -> Array:
        """``∂a_j/∂z_j``, shape of z."""
        return self.formulas[2](self.f(z))

    def jacobian(self, z: Array) -> Array:
        """``Σ'(z)[j, i] = ∂a_j/∂z_i`` of one sample: ``(n,) -> (n, n)``."""
        n = len(z)
        # Sample j of this batch of n carries the unit gradient of output j back: row j of Σ'.
        many = np.repeat(z[:, None], n, axis=1)
        return self.formulas[1](self.f(many), np.eye(n, dtype=z.dtype)).T


@dataclass(frozen=True)
class Mixed:
    """A layer whose neurons have activations of their own.

    Parameters
    ----------
    parts : tuple of Activation
        One per neuron, in order.
    """

    parts: tuple[Activation, ...]
    _groups: tuple[tuple[Activation, npt.NDArray[np.intp]], ...] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        groups: dict[str | int, tuple[Activation, list[int]]] = {}
        for index, part in enumerate(self.parts):
            key = part.name if part.named else id(part)
            groups.setdefault(key, (part, []))[1].append(index)
        object.__setattr__(
            self, "_groups", tuple((part, np.array(rows)) for part, rows in groups.values())
        )

    @property
    def name(self) -> str:
        """The neurons' names, in order."""
        return "[" + ", ".join(part.name for part in self.parts) + "]"

    @property
    def named(self) -> bool:
        """Whether every part can be brought back by its name."""
        return all(part.named for part in self.parts)

    def __call__(self, z: Array) -> Array:
        return self.f(z)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickles by its parts."""
        return Mixed, (self.parts,)

    def _by_group(self, z: Array, which: str) -> Array:
        out = np.empty_like(z)
        for part, rows in self._groups:
            out[rows] = getattr(part, which)(z[rows])
        return out

    def f(self, z: Array) -> Array:
        """Each neuron's own function of its own row of z."""
        return self._by_group(z, "f")

    def prime(self, z: Array) -> Array:
        """Each neuron's own derivative."""
        return self._by_group(z, "prime")

    def pull(self, z: Array, a: Array, g: Array) -> Array:
        """``g ⊙ σ'(z)``."""
        return g * self.prime(z)

    def diagonal(self, z: Array) -> Array:
        """``σ'(z)``."""
        return self.prime(z)

    def jacobian(self, z: Array) -> Array:
        """``Σ'(z)``, diagonal, of one sample."""
        return np.diag(self.prime(z))


LayerActivation: TypeAlias = Activation | VectorActivation | Mixed


def activation_names() -> tuple[str, ...]:
    """The names that :func:`get_activation` knows."""
    return (*FAMILIES, *VECTOR)


def get_activation(given: object) -> Activation | VectorActivation:
    """The activation that `given` stands for.

    Parameters
    ----------
    given : str, Activation, VectorActivation, or pair of callables
        A name (``"tanh"``), a name with parameters (``"leaky_relu(0.2)"``, ``"elu(1.5)"``), a
        record, or ``(f, f_prime)``: two elementwise functions of z.

    Raises
    ------
    ArgumentError
        If it is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> get_activation("sigmoid").prime(np.array([0.0, 800.0]))
    array([0.25, 0.  ])
    >>> get_activation("leaky_relu(0.2)")(np.array([-1.0]))
    array([-0.2])
    """
    if isinstance(given, Activation | VectorActivation):
        return given
    if isinstance(given, str):
        return _by_name(given)
    if isinstance(given, tuple) and len(given) == 2 and all(map(callable, given)):
        f, prime = given
        return Activation(getattr(f, "__name__", "f"), f, prime)
    raise ArgumentError(
        f"an activation is a name, an Activation, or a pair (f, f_prime) of functions of z; "
        f"got {given!r}"
    )


@functools.cache
def _by_name(given: str) -> Activation | VectorActivation:
    """The one record of a name: equal names give the same object."""
    name, parameters = parse_spec(given, "activation")
    name = ALIASES.get(name.lower(), name.lower())
    if name in VECTOR and not parameters:
        return VectorActivation(name, VECTOR[name])
    if name not in FAMILIES:
        if name in VECTOR:
            raise ArgumentError(f"activation {given!r}: {name} takes no parameters")
        raise unknown("activation", name, activation_names())
    try:
        f, prime = FAMILIES[name](*parameters)
    except TypeError:
        raise ArgumentError(
            f"activation {given!r} has too many parameters ({len(parameters)})"
        ) from None
    return Activation(format_spec(name, parameters), f, prime, named=True)


def layer_activation(given: object, neurons: int, layer: int) -> LayerActivation:
    """The activation of a layer of `neurons` neurons: one for all, or a list with one each."""
    pair = isinstance(given, tuple) and len(given) == 2 and all(map(callable, given))
    if isinstance(given, Mixed):
        parts: Sequence[object] = given.parts
    elif isinstance(given, Sequence) and not isinstance(given, str) and not pair:
        parts = given
    else:
        return get_activation(given)
    if len(parts) != neurons:
        raise ArgumentError(
            f"layer {layer} has {neurons} neurons but a list of {len(parts)} activations; "
            "give one per neuron, or a single one for the whole layer"
        )
    got = [get_activation(part) for part in parts]
    for index, part in enumerate(got):
        if isinstance(part, VectorActivation):
            raise ArgumentError(
                f"layer {layer}, neuron {index}: {part.name} mixes a whole layer and cannot be "
                "the activation of a single neuron"
            )
    elementwise = tuple(part for part in got if isinstance(part, Activation))
    if all(part is elementwise[0] for part in elementwise) or (
        elementwise[0].named and len({part.name for part in elementwise}) == 1
    ):
        return elementwise[0]
    return Mixed(elementwise)


sigmoid = cast(Activation, get_activation("sigmoid"))


def sigmoid_prime(z: Array) -> Array:
    """``σ'(z) = σ(z)(1 − σ(z))`` of the sigmoid, by the book's name."""
    return sigmoid.prime(z)
