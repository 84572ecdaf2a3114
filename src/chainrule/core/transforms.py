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
from chainrule.core.graph import ALIAS, Node, ancestors
from chainrule.core.lib import lib
from chainrule.core.messages import where
from chainrule.core.op import IDS, STATE
from chainrule.core.reverse import pullback, pushforward
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, DtypeError, GradientError, ShapeError

__all__ = [
    "elementwise_grad",
    "enable_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]


class _GradMode:
    """Context manager and decorator that switches the recording of gradients."""

    def __init__(self, flag: bool) -> None:
        self._flag = flag
        self._saved: list[bool] = []

    def __enter__(self) -> None:
        self._saved.append(STATE.grad_enabled)
        STATE.grad_enabled = self._flag

    def __exit__(self, *_: object) -> None:
        STATE.grad_enabled = self._saved.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        flag = self._flag

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with _GradMode(flag):
                return function(*args, **kwargs)

        return wrapped


class no_grad(_GradMode):
    """Nothing computed inside requires gradients. A context manager, or a decorator.

    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> with cr.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_GradMode):
    """The opposite of :class:`no_grad`, for use inside it."""

    def __init__(self) -> None:
        super().__init__(True)


def stop_gradient(x: Any) -> Any:
    """The same values, through which no gradient flows (``detach`` for any tree of values)."""

    def stop(value: Any) -> Any:
        return lib.stop_gradient(value) if isinstance(value, Tensor) else value

    return tree.tree_map(stop, x)


# ---- the define-by-run form


def backward(root: Tensor, gradient: Any, create_graph: bool) -> None:
    """See :meth:`Tensor.backward`."""
    node = root._node
    if node is None or not node.tracked:
        raise GradientError(
            "backward(): the tensor does not require gradients: nothing it was computed from does, "
            f"or it was computed under cr.no_grad() or detached{where()}"
        )
    seed = _seed(root, gradient)
    create = create_graph or STATE.stage is not None
    seed = seed if create else _plain(seed)
    if create and not isinstance(seed, Tensor):
        seed = lib.constant(np.asarray(seed))
    with enable_grad() if create_graph else no_grad():
        found = pullback(ancestors([node]), {node: seed}, None, create)
        handed: set[int] = {id(seed)}
        for reached, g in found.items():
            owner = reached.owner() if reached.owner is not None else None
            if owner is None:
                continue
            if owner.grad is None:
                owner.grad = _handle(g) if create else wrap(_own(g, handed), None)
            else:
                owner.grad = owner.grad + g


def _handle(g: Tensor) -> Any:
    """A handle of its own on the value and node of ``g``: writes to one do not show in another."""
    return wrap(g._value, g._node)


def _own(g: Any, handed: set[int]) -> Any:
    """``g`` as a writable array that shares memory with no other result."""
    g = np.asarray(g)
    if g.base is not None or not g.flags.owndata or not g.flags.writeable or id(g) in handed:
        g = g.copy()
    handed.add(id(g))
    return g


def _seed(root: Tensor, gradient: Any) -> Any:
    if gradient is None:
        if root.size != 1:
            raise GradientError(
                f"backward() needs a scalar, but the tensor has shape {root.shape}: reduce it first "
                "(t.sum(), t.mean()), or pass the cotangent: t.backward(gradient)" + where()
            )
        return np.ones(root.shape, root.dtype)
    shape = _shape(gradient)
    if shape != root.shape:
        raise ShapeError(f"backward(gradient): the tensor has shape {root.shape}, gradient {shape}")
    if not isinstance(gradient, Tensor):
        gradient = np.asarray(gradient)
    return gradient if gradient.dtype == root.dtype else gradient.astype(root.dtype)


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Tensor) else value


def grad_of(
    output: Tensor, inputs: Sequence[Tensor], since: int = 0, create_graph: bool = False
) -> list[Any]:
    """Gradients of a scalar tensor with respect to tensors of its graph; zeros where unreached."""
    targets = [x._node for x in inputs]
    found: dict[Node, Any] = {}
    if output._node is not None and output._node.tracked:
        seed: Any = np.ones(output.shape, output.dtype)
        if create_graph:
            seed = lib.constant(seed)
        nodes = ancestors([output._node], since)
        found = pullback(
            nodes, {output._node: seed}, [t for t in targets if t is not None], create_graph
        )
    from chainrule.core.reverse import zeros

    return [
        found[node] if node in found else zeros(x._value, create_graph)
        for node, x in zip(targets, inputs)
    ]


# ---- the functional form


class _Linearised:
    """A function run once on tracked copies of its primals: ready to be walked either way."""

    def __init__(
        self,
        function: Callable[..., Any],
        primals: Sequence[Any],
        has_aux: bool,
        keep: bool = False,
    ) -> None:
        self.since = next(IDS)
        self.outer = STATE.grad_enabled
        flat, self.structure = tree.flatten(tuple(primals))
        if keep:  # a pullback is called later: what the caller then does to his arrays is his
            flat = [x.copy() if isinstance(x, np.ndarray) else x for x in flat]
        self.keep = keep
        self.primals = flat
        inputs = [track(value) for value in flat]
        # the function may write to its arguments in place: their handles change, these do not
        self.targets: list[Node] = [x._node for x in inputs if x._node is not None]
        with enable_grad():
            result = function(*tree.unflatten(self.structure, inputs))
        self.aux = None
        if has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise ArgumentError(
                    "with has_aux=True the function must return a pair (output, aux), "
                    f"but it returned {type(result).__name__}"
                )
            result, self.aux = result
        outs, self.out_structure = tree.flatten(result)
        self.outs = [_checked_output(out) for out in outs]
        self.nodes = ancestors([o._node for o in self.outs if isinstance(o, Tensor)], self.since)
        self.nested = self._is_nested()

    def _is_nested(self) -> bool:
        """Whether the result is to be differentiable itself: it is being staged, or it depends on
        something tracked other than the primals and the caller records gradients."""
        if STATE.stage is not None:
            return True
        if not self.outer:
            return False
        mine = set(self.targets)
        for node in self.nodes:
            if node in mine:
                if node.inputs:
                    return True
                continue
            if not node.inputs:
                # made while the function ran: a user's leaf counts, an inner transform's does not
                if node.owner is not None and node.owner() is not None:
                    return True
                continue
            for parent in node.inputs:
                if parent is not None and parent.tracked and parent.id <= self.since:
                    return True
        # an output that is itself an outer tensor
        return any(
            isinstance(o, Tensor) and o._node is not None and o._node.id <= self.since
            for o in self.outs
        )

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """Cotangents of the primals' leaves (arrays, or Tensors when nested)."""
        create = self.nested or any(isinstance(c, Tensor) and c.requires_grad for c in cotangents)
        seeds: dict[Node, Any] = {}
        for out, cotangent in zip(self.outs, cotangents):
            if not isinstance(out, Tensor) or out._node is None or not out._node.tracked:
                continue
            seed = cotangent if create else _plain(cotangent)
            if create and not isinstance(seed, Tensor):
                seed = lib.constant(np.asarray(seed))
            if out._node in seeds:
                seed = seeds[out._node] + seed
            seeds[out._node] = seed
        with enable_grad() if create else no_grad():
            found = pullback(self.nodes, seeds, self.targets, create, linked=self.nested)
        results = []
        handed = {id(_plain(c)) for c in cotangents}
        for target in self.targets:
            g = found.get(target)
            if g is None:
                g = np.zeros(target.shape, target.dtype)
            results.append(_handle(g) if isinstance(g, Tensor) else _own(g, handed))
        return results

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Tangents of the outputs' leaves."""
        create = self.nested or any(isinstance(t, Tensor) and t.requires_grad for t in tangents)
        known: dict[Node, Any] = {}
        for target, tangent in zip(self.targets, tangents):
            seed = tangent if create else _plain(tangent)
            if create and not isinstance(seed, Tensor):
                seed = lib.constant(np.asarray(seed))
            known[target] = seed
        with enable_grad() if create else no_grad():
            found = pushforward(self.nodes, known, create, linked=self.nested)
        results = []
        handed = {id(_plain(t)) for t in tangents}
        for out in self.outs:
            t = found.get(out._node) if isinstance(out, Tensor) else None  # type: ignore[arg-type]
            if t is None:
                t = np.zeros(_shape(out), _float_dtype(out))
            results.append(_handle(t) if isinstance(t, Tensor) else _own(t, handed))
        return results

    def pack_out(self, values: Sequence[Any]) -> Any:
        """Values in the structure of the function's result."""
        return tree.unflatten(self.out_structure, values)

    def values_out(self) -> Any:
        """The function's result, as users are to see it."""
        handed = {id(p) for p in self.primals}
        return self.pack_out([self._release(out, handed) for out in self.outs])

    def _release(self, out: Any, handed: set[int]) -> Any:
        if not isinstance(out, Tensor) or self.nested:
            return out
        shown = self.show(out._value, self.primals)
        if not isinstance(shown, np.ndarray):
            return shown
        # the caller may write to the result; a pullback still needs what it kept
        return shown.copy() if self.keep else _own(shown, handed)

    @staticmethod
    def show(value: Any, given: Sequence[Any]) -> Any:
        """A plain result: a Tensor if one was given, a float if only floats were, else NumPy's."""
        if any(isinstance(v, Tensor) for v in given):
            return wrap(value, None)
        if value.ndim:
            return value
        return float(value) if all(type(v) is float for v in given) else value[()]

    def like_primals(self, values: Sequence[Any]) -> list[Any]:
        """Each value in the type of its primal: Tensor, array, or float."""
        return [_like(value, primal) for value, primal in zip(values, self.primals)]


def _like(value: Any, primal: Any) -> Any:
    if isinstance(value, Tensor):
        return value
    if isinstance(primal, Tensor):
        return wrap(value, None)
    if isinstance(primal, np.ndarray):
        return value
    # a float for a float; but rows of a Jacobian stacked for a float argument are an array
    return float(value) if type(primal) is float and value.ndim == 0 else value[()]


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def _float_dtype(out: Any) -> Any:
    dtype = getattr(out, "dtype", None)
    return dtype if dtype is not None and dtype.kind == "f" else np.float64


def track(value: Any) -> Tensor:
    """A tracked tensor with this value; linked to it where it is itself tracked."""
    if isinstance(value, Tensor):
        if value.dtype.kind != "f":
            raise _not_floating(value.dtype)
        if STATE.stage is not None:
            value = STATE.stage.resolve(value)
        node = value._node
        if node is not None:
            alias = Node(ALIAS, (node,), (value._value,), {}, value._value, *_here())
            made: Tensor = wrap(value._value, alias)
            return made
        return _variable(value._value)
    if isinstance(value, bool) or not isinstance(value, int | float | np.ndarray | np.generic):
        raise DtypeError(
            "only arrays, tensors and floats (and dicts, lists, tuples of them) can be "
            f"differentiated, not {type(value).__name__}: {value!r:.60}"
        )
    if isinstance(value, int):
        raise _not_floating("int")
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise _not_floating(array.dtype)
    if array is not value:
        array.setflags(write=False)  # Note [Scalars do not change], tensor.py
    return _variable(array)


def _here() -> tuple[Any, int]:
    return None, 0


def _variable(value: Any) -> Tensor:
    made: Tensor = lib.variable(value)
    return made


def _not_floating(kind: Any) -> DtypeError:
    return DtypeError(
        f"gradients are taken with respect to floating-point values, not {kind}: "
        "write 3.0 instead of 3, or convert with x.astype(float)"
    )


def _checked_output(out: Any) -> Any:
    if isinstance(out, Tensor | int | float):
        return out
    if isinstance(out, np.ndarray | np.generic):
        if out.dtype.kind in "fiub":
            return out
        raise DtypeError(
            "the function to be differentiated must return real numbers, but it returned an array "
            f"of {out.dtype}; an array of tensors is made with cr.stack or cr.array"
        )
    raise DtypeError(
        "the function to be differentiated must return tensors, arrays or numbers (or containers "
        f"of them), but it returned {type(out).__name__}"
    )


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


def _require_scalar(linear: _Linearised, name: str) -> Any:
    if len(linear.outs) != 1 or linear.out_structure.kind != "leaf":
        raise GradientError(
            f"{name} differentiates a function with one scalar result, this one returned "
            f"{linear.out_structure}. With a pair (value, extra data) say has_aux=True; for several "
            "outputs use cr.vjp or cr.jacobian"
        )
    out = linear.outs[0]
    if math.prod(_shape(out)) != 1:
        raise GradientError(
            f"{name} differentiates a function with a scalar result, this one has shape "
            f"{_shape(out)}: reduce it (sum, mean), or use cr.jacobian or cr.vjp"
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
        linear = _Linearised(_partial(f, args, kwargs, indices), chosen, has_aux)
        out = _require_scalar(linear, "grad")
        gradients = linear.pull([np.ones(_shape(out), _float_dtype(out))])
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
    linear = _Linearised(f, primals, has_aux, keep=True)

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
    shape = _shape(given)
    if shape != _shape(reference):
        raise ShapeError(
            f"the {what} has shape {shape}, but the {of} has shape {_shape(reference)}"
        )
    dtype = _float_dtype(reference)
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
    linear = _Linearised(f, tuple(primals), has_aux)
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
        linear = _Linearised(_partial(f, args, kwargs, indices), chosen, has_aux)
        blocks = []
        for position, out in enumerate(linear.outs):
            rows = _rows(linear, position, out)
            stacked = [
                _like(_stack_rows([row[i] for row in rows], _shape(out), x), primal)
                for i, (x, primal) in enumerate(zip(linear.targets, linear.primals))
            ]
            block = tree.unflatten(linear.structure, stacked)
            blocks.append(block[0] if isinstance(argnums, int) else block)
        result = linear.pack_out(blocks)
        if has_aux:
            return result, linear.aux if linear.nested else _untracked(linear.aux)
        return result

    return wrapped


def _rows(linear: _Linearised, position: int, out: Any) -> list[list[Any]]:
    zeros = [np.zeros(_shape(o), _float_dtype(o)) for o in linear.outs]
    rows = []
    for flat in range(int(math.prod(_shape(out)))):
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
        linear = _Linearised(_partial(f, args, kwargs, indices), chosen, False)
        ones = [np.ones(_shape(out), _float_dtype(out)) for out in linear.outs]
        result = tree.unflatten(linear.structure, linear.like_primals(linear.pull(ones)))
        return result[0]

    return wrapped
