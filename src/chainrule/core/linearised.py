"""A function run once on tracked copies of its arguments, ready to be walked either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core import tree
from chainrule.core.graph import ALIAS, Node, ancestors
from chainrule.core.lib import lib
from chainrule.core.modes import enable_grad, no_grad
from chainrule.core.op import IDS, STATE
from chainrule.core.reverse import pullback, pushforward
from chainrule.core.tensor import Tensor, wrap
from chainrule.core.values import float_dtype, handle, own, plain, shape_of
from chainrule.errors import ArgumentError, DtypeError

__all__ = ["Linearised", "like", "track"]


class Linearised:
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
        self.outs = [checked_output(out) for out in outs]
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
            seed = cotangent if create else plain(cotangent)
            if create and not isinstance(seed, Tensor):
                seed = lib.constant(np.asarray(seed))
            if out._node in seeds:
                seed = seeds[out._node] + seed
            seeds[out._node] = seed
        with enable_grad() if create else no_grad():
            found = pullback(self.nodes, seeds, self.targets, create, linked=self.nested)
        results = []
        handed = {id(plain(c)) for c in cotangents}
        for target in self.targets:
            g = found.get(target)
            if g is None:
                g = np.zeros(target.shape, target.dtype)
            results.append(handle(g) if isinstance(g, Tensor) else own(g, handed))
        return results

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Tangents of the outputs' leaves."""
        create = self.nested or any(isinstance(t, Tensor) and t.requires_grad for t in tangents)
        known: dict[Node, Any] = {}
        for target, tangent in zip(self.targets, tangents):
            seed = tangent if create else plain(tangent)
            if create and not isinstance(seed, Tensor):
                seed = lib.constant(np.asarray(seed))
            known[target] = seed
        with enable_grad() if create else no_grad():
            found = pushforward(self.nodes, known, create, linked=self.nested)
        results = []
        handed = {id(plain(t)) for t in tangents}
        for out in self.outs:
            t = found.get(out._node) if isinstance(out, Tensor) else None  # type: ignore[arg-type]
            if t is None:
                t = np.zeros(shape_of(out), float_dtype(out))
            results.append(handle(t) if isinstance(t, Tensor) else own(t, handed))
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
        return shown.copy() if self.keep else own(shown, handed)

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
        return [like(value, primal) for value, primal in zip(values, self.primals)]


def like(value: Any, primal: Any) -> Any:
    """A value in the type of its primal: Tensor, array, or float."""
    if isinstance(value, Tensor):
        return value
    if isinstance(primal, Tensor):
        return wrap(value, None)
    if isinstance(primal, np.ndarray):
        return value
    # a float for a float; but rows of a Jacobian stacked for a float argument are an array
    return float(value) if type(primal) is float and value.ndim == 0 else value[()]


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


def checked_output(out: Any) -> Any:
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
