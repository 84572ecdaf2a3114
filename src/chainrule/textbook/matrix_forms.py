"""Backpropagation as products of matrices, for checking and for teaching.

With ``Σ'(z)`` the diagonal matrix of the ``σ'(z_j)``, BP1 and BP2 are

    δ^L = Σ'(z^L) ∇_a C        δ^l = Σ'(z^l) (w^(l+1))ᵀ δ^(l+1)

and unrolled down to layer l

    δ^l = Σ'(z^l) (w^(l+1))ᵀ … Σ'(z^(L-1)) (w^L)ᵀ Σ'(z^L) ∇_a C.

For a layer whose neurons depend on each other (softmax) ``Σ'(z)`` is the full Jacobian, transposed
in these products. Everything here is of one sample, and slow on purpose: the elementwise form is
what a program uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ShapeError
from chainrule.textbook._types import Array
from chainrule.textbook.activations import LayerActivation, Mixed, get_activation
from chainrule.textbook.one_sample import check_layer, one_sample

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["UnrolledProduct", "matrix_deltas", "sigma_prime_matrix", "unrolled_product"]


def sigma_prime_matrix(z: npt.ArrayLike, activation: object = "sigmoid") -> Array:
    """``Σ'(z)[j, i] = ∂a_j/∂z_i`` of one sample; diagonal for elementwise activations.

    Parameters
    ----------
    z : array_like, shape (n,), (n, 1) or (1, n)
        Weighted inputs of one layer for one sample.
    activation : str or Activation

    Returns
    -------
    ndarray, shape (n, n)

    Examples
    --------
    >>> sigma_prime_matrix([0.0, 0.0])
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """
    array = np.asarray(z)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    if array.ndim == 0 or array.ndim > 2 or (array.ndim == 2 and 1 not in array.shape):
        raise ShapeError(f"z has shape {array.shape}; expected one sample, (n,), (n, 1) or (1, n)")
    used: LayerActivation = (
        activation if isinstance(activation, Mixed) else get_activation(activation)
    )
    return used.jacobian(array.reshape(-1))


def matrix_deltas(network: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> list[Array]:
    """``δ^1 … δ^L`` of one sample by the matrix forms of BP1 and BP2, each of shape (n_l,)."""
    sample = one_sample(network, x, y)
    jacobians = [act.jacobian(z) for act, z in zip(network.activations, sample.z)]
    delta: list[Array] = [jacobians[-1].T @ sample.nabla_a]
    for i in range(len(jacobians) - 2, -1, -1):
        delta.append(jacobians[i].T @ network.weights[i + 1].T @ delta[-1])
    delta.reverse()
    return delta


class UnrolledProduct(NamedTuple):
    """``δ^l`` as one product: the factors from left to right, and ``∇_a C`` at the end.

    Attributes
    ----------
    layer : int
    names : tuple of str
        ``("Σ'(z^1)", "(w^2)ᵀ", "Σ'(z^2)", "∇_a C")`` for layer 1 of a network of two.
    factors : tuple of ndarray
        The matrices, and the vector ``∇_a C`` last.
    delta : ndarray, shape (n_l,)
        Their product.
    """

    layer: int
    names: tuple[str, ...]
    factors: tuple[Array, ...]
    delta: Array

    def __str__(self) -> str:
        shapes = " ".join(f"{'×'.join(map(str, factor.shape))}" for factor in self.factors)
        return f"δ^{self.layer} = {' '.join(self.names)}   ({shapes})"


def unrolled_product(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, layer: int = 1
) -> UnrolledProduct:
    """``δ^l = Σ'(z^l) (w^(l+1))ᵀ … Σ'(z^L) ∇_a C`` of one sample, down to `layer`.

    Raises
    ------
    ArgumentError
        If there is no such layer; layers with weights are numbered from 1.
    """
    check_layer(network, layer)
    sample = one_sample(network, x, y)
    names: list[str] = []
    factors: list[Array] = []
    for number in range(layer, len(network.sizes)):
        if number > layer:
            names.append(f"(w^{number})ᵀ")
            factors.append(network.weights[number - 1].T)
        names.append(f"Σ'(z^{number})")
        factors.append(network.activations[number - 1].jacobian(sample.z[number - 1]).T)
    names.append("∇_a C")
    product = factors[0]
    for factor in factors[
        1:
    ]:  # from the left, as it is written: the matrix form, not the cheap one
        product = product @ factor
    return UnrolledProduct(
        layer, tuple(names), (*factors, sample.nabla_a), product @ sample.nabla_a
    )
