"""grad, vjp, jvp, jacobian, hessian and their relatives: functions of functions.

Conventions are JAX's: ``argnums`` is an integer or a tuple of them, arguments and results may be
nested containers, ``has_aux`` lets the function return extra data beside the value to be
differentiated. All of them nest. The results come as the arguments came: a Tensor for a Tensor,
an array for an array, a float for a float; where an outer transform is at work they are Tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule.core import tree
from chainrule.core.graph import Node
from chainrule.core.lib import lib
from chainrule.core.linearised import Linearised, like
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.values import float_dtype, shape_of
from chainrule.errors import ArgumentError, DtypeError, GradientError, ShapeError

__all__ = [
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]


def _select(
    argnums: int | Sequence[int], args: tuple[Any, ...], name: str
) -> tuple[tuple[int, ...], list[Any]]:
    indices = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    count = len(args)
    for index in indices:
        if not -count <= index < count:
            raise ArgumentError(
                f"{name}: argnums={argnums} but the function was called with {count} positional "
                f"argument{'s' * (count != 1)}"
            )
    indices = tuple(index % count for index in indices)
    return indices, [args[index] for index in indices]


def _partial(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    indices: tuple[int, ...],
) -> Callable[..., Any]:
    def called(*chosen: Any) -> Any:
        full = list(args)
        for index, value in zip(indices, chosen):
            full[index] = value
        return function(*full, **kwargs)

    return called


def _require_scalar(linear: Linearised, name: str) -> Any:
    if len(linear.outs) != 1 or linear.out_structure.kind != "leaf":
        raise GradientError(
            f"{name} differentiates a function with one scalar result, this one returned "
            f"{linear.out_structure}. With a pair (value, extra data) say has_aux=True; for several "
            "outputs use cr.vjp or cr.jacobian"
        )
    out = linear.outs[0]
    if math.prod(shape_of(out)) != 1:
        raise GradientError(
            f"{name} differentiates a function with a scalar result, this one has shape "
            f"{shape_of(out)}: reduce it (sum, mean), or use cr.jacobian or cr.vjp"
        )
    return out


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns ``f``'s value and its gradient.

    Parameters
    ----------
    f : callable
        Returns a scalar, or ``(scalar, aux)`` with ``has_aux``.
    argnums : int or sequence of int
        Positional argument(s) to differentiate; each may be a tree of floats and arrays.
    has_aux : bool
        Whether ``f`` also returns data that is passed through.

    Returns
    -------
    callable
        Same arguments as ``f``; returns ``(value, grad)``, or ``((value, aux), grad)``. ``grad``
        has the structure of the argument (a tuple of them if ``argnums`` is a sequence).

    Examples
    --------
    >>> cr.value_and_grad(lambda x: x**2)(3.0)
    (9.0, 6.0)
    """

    @wraps(f, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        indices, chosen = _select(argnums, args, "grad")
        linear = Linearised(_partial(f, args, kwargs, indices), chosen, has_aux)
        out = _require_scalar(linear, "grad")
        gradients = linear.pull([np.ones(shape_of(out), float_dtype(out))])
        result = tree.unflatten(linear.structure, linear.like_primals(gradients))
        if isinstance(argnums, int):
            result = result[0]
        value = linear.values_out()
        if has_aux:
            aux = linear.aux if linear.nested else _untracked(linear.aux)
            return (value, aux), result
        return value, result

    return wrapped


def _untracked(aux: Any) -> Any:
    return tree.tree_map(lambda v: wrap(v._value, None) if isinstance(v, Tensor) else v, aux)


def grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar function ``f``.

    Parameters and structure of the result are those of :func:`value_and_grad`; with ``has_aux``
    it returns ``(grad, aux)``.

    Raises
    ------
    GradientError
        If ``f`` does not return one scalar.
    DtypeError
        If an argument to be differentiated is not floating-point.

    Examples
    --------
    >>> cr.grad(lambda x, y: x * y + y**2, argnums=(0, 1))(2.0, 5.0)
    (5.0, 12.0)
    >>> cr.grad(cr.grad(cr.grad(lambda x: x**4)))(2.0)
    48.0
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``f(*primals)`` and its pullback, the map ``g ↦ Jᵀ g``.

    Returns
    -------
    outs, pull : tuple
        ``pull(cotangent)`` takes a tree like ``outs`` and returns a tuple with one cotangent per
        primal. With ``has_aux``: ``outs, pull, aux``.

    Examples
    --------
    >>> out, pull = cr.vjp(np.multiply, 3.0, 4.0)
    >>> out, pull(1.0)
    (12.0, (4.0, 3.0))
    """
    linear = Linearised(f, primals, has_aux, keep=True)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        given = tree.flatten_up_to(linear.out_structure, cotangent, "cotangent")
        checked = [
            _as_cotangent(c, out, "cotangent", "output") for c, out in zip(given, linear.outs)
        ]
        values = linear.like_primals(linear.pull(checked))
        result: tuple[Any, ...] = tree.unflatten(linear.structure, values)
        return result

    if has_aux:
        return linear.values_out(), pull, linear.aux if linear.nested else _untracked(linear.aux)
    return linear.values_out(), pull


def _as_cotangent(given: Any, reference: Any, what: str, of: str) -> Any:
    if not isinstance(given, Tensor):
        given = np.asarray(given)
        if given.dtype.kind not in "fiub":
            raise DtypeError(f"the {what} must be real numbers, not {given.dtype}")
    shape = shape_of(given)
    if shape != shape_of(reference):
        raise ShapeError(
            f"the {what} has shape {shape}, but the {of} has shape {shape_of(reference)}"
        )
    dtype = float_dtype(reference)
    return given if given.dtype == dtype else given.astype(dtype)


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """``f(*primals)`` and its derivative along ``tangents``, ``J t``: forward mode.

    Parameters
    ----------
    primals, tangents : tuple or list
        Arguments of ``f`` and a direction of the same structure and shapes.

    Returns
    -------
    outs, tangents_out : tuple
        With ``has_aux``: ``outs, tangents_out, aux``.

    Examples
    --------
    >>> cr.jvp(np.sin, (0.0,), (2.0,))
    (0.0, 2.0)
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise DtypeError("jvp(f, primals, tangents): primals and tangents are tuples or lists")
    linear = Linearised(f, tuple(primals), has_aux)
    given = tree.flatten_up_to(linear.structure, tuple(tangents), "tangents")
    checked = [_as_cotangent(t, x, "tangent", "primal") for t, x in zip(given, linear.targets)]
    moved = linear.push(checked)
    both = (*linear.primals, *given)
    shown = [t if isinstance(t, Tensor) else linear.show(t, both) for t in moved]
    if has_aux:
        aux = linear.aux if linear.nested else _untracked(linear.aux)
        return linear.values_out(), linear.pack_out(shown), aux
    return linear.values_out(), linear.pack_out(shown)


def jacobian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the Jacobian, ``J[i, j] = ∂f_i/∂x_j``, by reverse mode.

    Returns
    -------
    callable
        The result has shape ``out.shape + in.shape``; for trees, the structure of the output with
        the structure of the input at each leaf.

    Examples
    --------
    >>> cr.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @wraps(f, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        indices, chosen = _select(argnums, args, "jacobian")
        linear = Linearised(_partial(f, args, kwargs, indices), chosen, has_aux)
        blocks = []
        for position, out in enumerate(linear.outs):
            rows = _rows(linear, position, out)
            stacked = [
                like(_stack_rows([row[i] for row in rows], shape_of(out), x), primal)
                for i, (x, primal) in enumerate(zip(linear.targets, linear.primals))
            ]
            block = tree.unflatten(linear.structure, stacked)
            blocks.append(block[0] if isinstance(argnums, int) else block)
        result = linear.pack_out(blocks)
        if has_aux:
            return result, linear.aux if linear.nested else _untracked(linear.aux)
        return result

    return wrapped


def _rows(linear: Linearised, position: int, out: Any) -> list[list[Any]]:
    zeros = [np.zeros(shape_of(o), float_dtype(o)) for o in linear.outs]
    rows = []
    for flat in range(int(math.prod(shape_of(out)))):
        basis = list(zeros)
        basis[position] = zeros[position].copy()
        basis[position].flat[flat] = 1.0
        rows.append(linear.pull(basis))
    return rows


def _stack_rows(rows: list[Any], out_shape: tuple[int, ...], x: Node) -> Any:
    if not rows:
        return np.zeros(out_shape + x.shape, x.dtype)
    if any(isinstance(row, Tensor) for row in rows):
        return lib.reshape(lib.stack(rows), out_shape + x.shape)
    return np.stack(rows).reshape(out_shape + x.shape)


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the matrix of second derivatives, ``∂²f/∂x_i∂x_j``.

    Examples
    --------
    >>> cr.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(jacobian(f, argnums, has_aux), argnums, has_aux)


def hvp(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function ``(*args, v) ↦ H v``: Hessian-vector products, forward over reverse.

    Two gradients' worth of work; the Hessian is never formed.

    Examples
    --------
    >>> cr.hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    gradient = grad(f, argnums)

    @wraps(f, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise ArgumentError("hvp(f)(*args, v): the direction v is the last argument")
        *primals, direction = args
        (index,), (chosen,) = _select(argnums, tuple(primals), "hvp")
        along = _partial(gradient, tuple(primals), kwargs, (index,))
        return jvp(along, (chosen,), (direction,))[1]

    return wrapped


def elementwise_grad(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Derivative of a function that acts element by element: ``∂(Σ f)/∂x``, in the shape of x.

    Examples
    --------
    >>> cr.elementwise_grad(np.tanh)(np.array([0.0, 1.0])).round(3)
    array([1.  , 0.42])
    """

    @wraps(f, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        indices, chosen = _select(argnums, args, "elementwise_grad")
        linear = Linearised(_partial(f, args, kwargs, indices), chosen, False)
        ones = [np.ones(shape_of(out), float_dtype(out)) for out in linear.outs]
        result = tree.unflatten(linear.structure, linear.like_primals(linear.pull(ones)))
        return result[0]

    return wrapped
