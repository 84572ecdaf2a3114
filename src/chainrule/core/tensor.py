"""The handle users hold: a value, the node that made it, operators and NumPy's protocols.

No mathematics: every operator and method calls a function of :mod:`chainrule.ops`.

Writing in place (``t[i] = v``, ``t += v``) gives the handle a new value and a new node. Nothing
recorded changes, so gradients stay right. Views (``t[1:]``, ``t.T``, ``t.reshape(…)``) follow: a
write through a view reaches its base and the base's other views, as in NumPy. What is a copy in
NumPy is one here: ``t[0]`` of a vector, a sum, a reshape that cannot keep the memory.
"""

from __future__ import annotations

import copy
import operator
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import op as _op
from chainrule.core.graph import Node, leaf
from chainrule.core.lib import lib
from chainrule.core.op import STATE, Abstract, Hooks
from chainrule.core.source import called_from, called_name
from chainrule.core.views import View, may_be_copied, unsure_write
from chainrule.errors import ArgumentError, DtypeError, GradientError, StagingError

__all__ = ["Tensor", "lib", "tensor"]


class Tensor:
    """An array that remembers how it was computed.

    Made by :func:`tensor` or by any op on tensors. Behaves like a NumPy array: operators, methods,
    indexing, and NumPy's own functions (``np.sin(t)``, ``np.sum(t, axis=0)``) work on it and are
    differentiated.

    Examples
    --------
    >>> import chainrule as cr
    >>> w = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> cost = (w * w).sum()
    >>> cost.backward()
    >>> w.grad
    tensor([2., 4.])
    """

    __slots__ = ("__dict__", "__weakref__", "_grad", "_node", "_value", "_view", "_views")
    __array_priority__ = 1000

    _value: Any
    _node: Node | None
    _grad: Tensor | None
    _view: View | None
    _views: list[weakref.ref[Tensor]] | None

    def __init__(self, data: Any = None, dtype: Any = None, requires_grad: bool = False) -> None:
        made = tensor(data, dtype=dtype)
        self._value, self._node = made._value, made._node
        self._grad = None
        self._view = None
        self._views = None
        if requires_grad:
            self.requires_grad = True

    # Note [How a tensor is made]: ops make tensors through `wrap`, which skips __init__.

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self._value.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        size: int = self._value.size
        return size

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of the value."""
        return self.size * self.itemsize

    # ---- gradients

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._node is not None and self._node.tracked

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if flag == self.requires_grad:
            return
        if not flag:
            if not self.is_leaf:
                raise GradientError(
                    "requires_grad of a computed tensor cannot be switched off; use t.detach()"
                )
            self._node = None
            return
        if self.dtype.kind != "f":
            raise DtypeError(
                f"only floating-point tensors can require gradients, this one is {self.dtype}; "
                "convert it first, e.g. tensor(data, dtype=float)"
            )
        self._make_leaf()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set :attr:`requires_grad` and return the tensor."""
        self.requires_grad = requires_grad
        return self

    def _make_leaf(self) -> None:
        self._view = None  # a leaf owns its values: a write elsewhere must not make it another node
        node = leaf(self._value)
        node.owner = weakref.ref(self)
        node.label = self.__dict__.get("name")
        self._node = node

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was not computed from others that require gradients."""
        return self._node is None or not self._node.inputs

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; ``None`` where no backward pass has reached the tensor."""
        stage = STATE.stage
        if stage is not None:
            return stage.read_grad(self)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            value = tensor(value)
        if value is not None and value.shape != self.shape:
            raise ArgumentError(
                f"the gradient of a tensor of shape {self.shape} cannot have shape {value.shape}"
            )
        stage = STATE.stage
        if stage is not None:
            stage.write_grad(self, value)
        else:
            self._grad = value

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
    ) -> None:
        """Add the gradients of this tensor to ``.grad`` of the leaves it was computed from.

        Parameters
        ----------
        gradient : array_like, optional
            Cotangent of this tensor, of its shape. May be left out for a single element: 1.
        retain_graph : bool, optional
            Accepted for PyTorch's sake: the graph lives as long as a tensor refers to it, so the
            backward pass can always be run again.
        create_graph : bool
            Make the gradients differentiable.

        Raises
        ------
        GradientError
            If the tensor does not require gradients, or has several elements and no ``gradient``
            is given.
        """
        from chainrule.core.backward import backward

        backward(self, gradient, create_graph)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in ``.grad``, as for a leaf."""
        if self._node is None:
            raise GradientError("retain_grad: the tensor does not require gradients")
        self._node.owner = weakref.ref(self)

    def detach(self) -> Tensor:
        """The same values, cut off from the graph.

        No memory is copied, but it is a tensor of its own: later writes to either do not show in
        the other.
        """
        if STATE.stage is not None:
            detached: Tensor = lib.stop_gradient(self)
            return detached
        return wrap(self._value, None)

    @property
    def data(self) -> Tensor:
        """The values without the graph; writing to them replaces the tensor's.

        ``t.data = v``, ``t.data -= v`` and ``t.data[i] = v`` keep ``requires_grad`` and are not
        differentiated: this is how a parameter is updated.
        """
        shown = self.detach()
        view = View(self, Tensor.detach, lambda base, new: new, assigns=True)
        self._follow(shown, view)
        return shown

    @data.setter
    def data(self, value: Any) -> None:
        if not (isinstance(value, Tensor) and value._value is self._value):
            self.assign(value)

    def assign(self, value: Any) -> None:
        """Replace the values of a leaf (what optimisers do); shape and dtype stay.

        Raises
        ------
        ArgumentError
            If the shape differs.
        GradientError
            If the tensor was computed from others that require gradients: new values would not
            belong to its graph.
        """
        value = value.detach() if isinstance(value, Tensor) else tensor(value)
        if value.shape != self.shape:
            raise ArgumentError(f"cannot assign shape {value.shape} to a tensor of {self.shape}")
        if value.dtype != self.dtype:
            value = lib.astype(value, self.dtype)
        if self.requires_grad and not self.is_leaf:
            raise GradientError(
                "only a leaf can be given new values: this tensor was computed "
                f"(by {self._node.op.name!r}), and gradients through it belong to its present "  # type: ignore[union-attr]
                "values. Assign to t.detach(), or write t[...] = v, which is differentiated"
            )
        if self._view is not None:
            self._replace(value, "assignment")
            return
        stage = STATE.stage
        if stage is not None:
            stage.write(self, value)
            return
        tracked = self.requires_grad
        self._value = value._value
        self._node = None
        if tracked:
            self._make_leaf()
        self._refresh_views()

    # ---- values

    def numpy(self) -> np.ndarray[Any, Any]:
        """The values as a read-only NumPy array, which shares memory; ``.copy()`` it to write.

        Raises
        ------
        GradientError
            If the tensor requires gradients: ``t.detach().numpy()`` says that losing them is meant.
        """
        return self.__array__()

    def _concrete(self, wish: str) -> np.ndarray[Any, Any]:
        if isinstance(self._value, Abstract):
            from chainrule.core.messages import where

            raise StagingError(
                f"{wish} needs the values of a tensor of which only shape and dtype are known "
                f"({self._value!r}) while the function is traced for compilation; use cr.where "
                f"instead of a branch, or keep this step outside the compiled function{where()}"
            )
        value: np.ndarray[Any, Any] = self._value
        return value

    def item(self, *index: int) -> Any:
        """The single element as a Python number."""
        return self._concrete("item()").item(*index)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self._concrete("tolist()").tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        value = self._concrete("conversion to a NumPy array")
        if self.requires_grad:
            from chainrule.core.messages import where

            raise GradientError(
                "converting a tensor that requires gradients to a NumPy array would cut the graph "
                "silently. Use t.detach().numpy() if that is meant; otherwise use a function that "
                f"keeps it (cr.array / cr.stack for np.array([t1, t2])){where()}"
            )
        if copy is False and dtype is not None and np.dtype(dtype) != value.dtype:
            raise ValueError("a copy is needed to change the dtype, and copy=False forbids it")
        result = value if dtype is None else value.astype(dtype, copy=False)
        if result is not value:
            return result
        if copy:
            return value.copy()
        # a graph may hold this memory: a write to it would change gradients without a word
        shown = value.view()
        shown.setflags(write=False)
        return shown

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.numpy().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._concrete("DLPack").__dlpack_device__()

    def __bool__(self) -> bool:
        return bool(self._concrete("a truth value (if, while, and, or)"))

    def __float__(self) -> float:
        self._meant("float")
        return float(self._concrete("float()").item() if self.size == 1 else self._scalar("float"))

    def __int__(self) -> int:
        self._meant("int")
        return int(self._concrete("int()").item() if self.size == 1 else self._scalar("int"))

    def _meant(self, kind: str) -> None:
        """Refuse to become a number unless the program says so.

        ``math.sin(t)`` and ``array[i] = t`` convert as ``float(t)`` does, and would lose the
        gradient without a word.
        """
        if self.requires_grad and called_name(*called_from(2)) not in (kind, None):
            from chainrule.core.messages import where

            raise GradientError(
                "a tensor that requires gradients was about to be made a Python number, which would "
                "cut the graph silently. Use NumPy's functions instead of math's, build arrays "
                "with cr.stack or cr.array instead of writing into one, and say t.item() or "
                f"float(t) if a plain number is meant{where()}"
            )

    def _scalar(self, kind: str) -> Any:
        raise DtypeError(f"only a tensor of one element can be made a {kind}; shape {self.shape}")

    def __complex__(self) -> complex:
        raise DtypeError("complex numbers are outside the library's scope")

    def __index__(self) -> int:
        return operator.index(self._concrete("an index")[()])

    def __len__(self) -> int:
        if not self.shape:
            raise DtypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise DtypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(self.shape[0])])

    def __contains__(self, item: Any) -> bool:
        return bool(
            np.any(self._concrete("in") == (item._value if isinstance(item, Tensor) else item))
        )

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if spec and self.size == 1:
            return format(self.item(), spec)
        return format(repr(self) if not spec else np.asarray(self._value), spec)

    def __repr__(self) -> str:
        if isinstance(self._value, Abstract):
            return f"tensor(<{self._value!r}>)"
        body = np.array2string(self._value, separator=", ", prefix="tensor(")
        extra = "" if self.dtype in (np.float64, np.int64, np.bool_) else f", dtype={self.dtype}"
        if self.size == 0:
            extra = f", shape={self.shape}{extra}"
        node = self._node
        if node is not None and node.tracked:
            extra += ", requires_grad=True" if not node.inputs else f", made_by={node.op.name!r}"
        return f"tensor({body}{extra})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientError("only leaf tensors can be deep-copied; use t.detach() first")
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__setstate__(self.__getstate__())
        twin._value = self._value.copy()
        twin._grad = copy.deepcopy(self._grad, memo)
        if self.requires_grad:
            twin._make_leaf()
        return twin

    def __getstate__(self) -> Any:
        if not self.is_leaf:
            raise GradientError("only leaf tensors can be pickled; use t.detach() first")
        return {
            "value": self._concrete("pickling"),
            "requires_grad": self.requires_grad,
            "grad": self._grad,
            "extra": dict(self.__dict__),
        }

    def __setstate__(self, state: Any) -> None:
        self._value = state["value"]
        self._node = None
        self._grad = state["grad"]
        self._view = self._views = None
        self.__dict__.update(state["extra"])
        if state["requires_grad"]:
            self._make_leaf()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _blank, (type(self),), self.__getstate__()

    # ---- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return lib.numpy_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return lib.numpy_function(func, args, kwargs)

    # ---- operators

    def __neg__(self) -> Tensor:
        return lib.negative(self)

    def __pos__(self) -> Tensor:
        return lib.positive(self)

    def __abs__(self) -> Tensor:
        return lib.abs(self)

    def __invert__(self) -> Tensor:
        return lib.invert(self)

    def __add__(self, other: Any) -> Tensor:
        return lib.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return lib.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return lib.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return lib.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return lib.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return lib.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return lib.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return lib.divide(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return lib.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return lib.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return lib.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return lib.remainder(other, self)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return lib.floor_divide(self, other), lib.remainder(self, other)

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return lib.floor_divide(other, self), lib.remainder(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return lib.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return lib.power(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return lib.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return lib.matmul(other, self)

    def __and__(self, other: Any) -> Tensor:
        return lib.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return lib.bitwise_and(other, self)

    def __or__(self, other: Any) -> Tensor:
        return lib.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return lib.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Tensor:
        return lib.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return lib.bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Tensor:
        return lib.left_shift(self, other)

    def __rshift__(self, other: Any) -> Tensor:
        return lib.right_shift(self, other)

    def __eq__(self, other: object) -> Any:
        return lib.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return lib.not_equal(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return lib.less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return lib.less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return lib.greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return lib.greater_equal(self, other)

    def __getitem__(self, index: Any) -> Tensor:
        return lib.getitem(self, index)

    # ---- writing in place

    def __setitem__(self, index: Any, value: Any) -> None:
        self._replace(lib.index_update(self, index, value), "item assignment")

    def __iadd__(self, other: Any) -> Tensor:
        return self._in_place(lib.add(self, other), "+=")

    def __isub__(self, other: Any) -> Tensor:
        return self._in_place(lib.subtract(self, other), "-=")

    def __imul__(self, other: Any) -> Tensor:
        return self._in_place(lib.multiply(self, other), "*=")

    def __itruediv__(self, other: Any) -> Tensor:
        return self._in_place(lib.divide(self, other), "/=")

    def __ifloordiv__(self, other: Any) -> Tensor:
        return self._in_place(lib.floor_divide(self, other), "//=")

    def __imod__(self, other: Any) -> Tensor:
        return self._in_place(lib.remainder(self, other), "%=")

    def __ipow__(self, other: Any) -> Tensor:
        return self._in_place(lib.power(self, other), "**=")

    def __imatmul__(self, other: Any) -> Tensor:
        return self._in_place(lib.matmul(self, other), "@=")

    def __iand__(self, other: Any) -> Tensor:
        return self._in_place(lib.bitwise_and(self, other), "&=")

    def __ior__(self, other: Any) -> Tensor:
        return self._in_place(lib.bitwise_or(self, other), "|=")

    def __ixor__(self, other: Any) -> Tensor:
        return self._in_place(lib.bitwise_xor(self, other), "^=")

    def _in_place(self, new: Tensor, what: str) -> Tensor:
        """What ``t += v`` gives: this tensor with new contents, or a new one if it is a scalar.

        Note [Scalars do not change]: ``s = x.sum(); t = s; s += 1`` leaves ``t`` as it was, and so
        does ``s = x[0]; s += 1`` leave ``x``: NumPy returns scalars there, not arrays of no axes.
        The values of such tensors are read-only (see ``op.record``).
        """
        if self._is_scalar():
            return new
        return self._replace(new, what)

    def _is_scalar(self) -> bool:
        value = self._value
        if value.shape or self._view is not None or self._is_wanted():
            return False
        if isinstance(value, Abstract):
            return STATE.stage is None or not STATE.stage.holds(self)
        return not value.flags.writeable

    def _is_wanted(self) -> bool:
        """Whether this is a leaf in whose ``.grad`` a gradient is to be left."""
        node = self._node
        return node is not None and not node.inputs and node.owner is not None and node.tracked

    def _replace(self, new: Tensor, what: str) -> Tensor:
        """Give this handle, its base and its views new contents."""
        if new.shape != self.shape:
            raise ArgumentError(
                f"{what}: the result has shape {new.shape}, which does not fit in place into {self.shape}"
            )
        if new.dtype != self.dtype:
            if not np.can_cast(new.dtype, self.dtype, "same_kind"):
                raise DtypeError(
                    f"{what}: cannot store {new.dtype} in place in a {self.dtype} tensor"
                )
            new = lib.astype(new, self.dtype)
        if self._is_wanted():
            if STATE.grad_enabled and STATE.stage is None:
                raise GradientError(
                    f"{what} on a tensor whose gradient is wanted would lose its identity: the "
                    "gradient would belong to the old value. Compute a new tensor instead, or write "
                    "under cr.no_grad() if this is an update of a parameter"
                )
            self.assign(new)
            return self
        if STATE.stage is not None and STATE.stage.holds(self):
            STATE.stage.write(self, new)
            return self
        if self._view is not None:
            view = self._view
            if view.unsure:
                raise unsure_write(what)
            if view.assigns:
                view.base.assign(view.write(view.base, new))
            else:
                view.base._replace(view.write(view.base, new), what)
            return self
        if self.requires_grad and not STATE.grad_enabled:
            raise GradientError(
                f"{what} under cr.no_grad() on a computed tensor would cut it off from the graph: "
                "gradients would no longer flow through it. Write outside cr.no_grad(), or to "
                "t.detach()"
            )
        self._hold(new)
        self._refresh_views()
        return self

    def _hold(self, new: Tensor) -> None:
        """Take over the value and node of ``new``; a kept gradient is that of the new value."""
        old = self._node
        if old is not None and old.owner is not None and old.owner() is self and old.inputs:
            old.owner = None
            if new._node is not None:
                new._node.owner = weakref.ref(self)
        self._value, self._node = new._value, new._node

    def _refresh_views(self) -> None:
        if self._views is None:
            return
        enabled = STATE.grad_enabled
        for reference in self._views:
            view = reference()
            if view is None or view._view is None or view._view.base is not self:
                continue
            if view._view.unsure:
                raise unsure_write("a write to the reshaped tensor")
            # a view that carried gradients still does after its base was written under no_grad
            STATE.grad_enabled = enabled or view.requires_grad
            try:
                view._hold(view._view.read(self))
            finally:
                STATE.grad_enabled = enabled
            view._refresh_views()

    def _add_view(
        self, view: Tensor, read: Callable[[Any], Any], write: Callable[[Any, Any], Any]
    ) -> None:
        """Make ``view`` follow this tensor if NumPy's result would share its memory."""
        value = view._value
        if value.__class__ is not np.ndarray:
            self._follow(view, View(self, read, write, unsure=may_be_copied(view._node)))
        elif np.may_share_memory(value, self._value):
            self._follow(view, View(self, read, write))

    def _follow(self, follower: Tensor, view: View) -> None:
        follower._view = view
        if self._views is None:
            self._views = []
        elif len(self._views) > 32:
            self._views = [r for r in self._views if r() is not None]
        self._views.append(weakref.ref(follower))

    if TYPE_CHECKING:  # the methods named as NumPy's and PyTorch's functions: see ops/methods.py

        def __getattr__(self, name: str) -> Any: ...


def _blank(kind: type[Tensor]) -> Tensor:
    made = object.__new__(kind)
    made._value = made._node = made._grad = made._view = made._views = None
    return made


_NEW = object.__new__


def wrap(value: Any, node: Node | None) -> Any:
    """A handle on a value and its node; a tuple of handles for a tuple of values."""
    if value.__class__ is tuple:
        return _wrap_several(value, node)
    made = _NEW(Tensor)
    made._value = value
    made._node = node
    made._grad = made._view = made._views = None
    return made


def _wrap_several(values: tuple[Any, ...], node: Node | None) -> tuple[Tensor, ...]:
    from chainrule.core.graph import SELECT

    if node is None:
        return tuple(wrap(value, None) for value in values)
    return tuple(
        wrap(
            value,
            Node(
                SELECT,
                (node,),
                (values,),
                {"index": index},
                value,
                node.code,
                node.offset,
                node.tracked and value.dtype.kind == "f",
            ),
        )
        for index, value in enumerate(values)
    )


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor holding a copy of ``data``.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists, or a NumPy array. Lists that contain tensors are stacked and stay
        differentiable. Floats become float64, as in NumPy.
    dtype : dtype, optional
        NumPy dtype of the result.
    requires_grad : bool
        Whether ``backward()`` is to leave a gradient here. Floating dtypes only.

    Raises
    ------
    DtypeError
        For complex or non-numeric data, and for integers that are to require gradients.

    Examples
    --------
    >>> tensor([1, 2, 3], dtype=float, requires_grad=True)
    tensor([1., 2., 3.], requires_grad=True)
    """
    if isinstance(data, Tensor):
        made: Tensor = lib.copy(data.detach())
        if dtype is not None:
            made = lib.astype(made, np.dtype(dtype))
    elif isinstance(data, list | tuple) and _holds_tensor(data):
        made = lib.array(data, dtype=dtype)
    else:
        value = np.array(data, dtype=dtype)
        if value.dtype.kind not in "fiub":
            hint = (
                "; complex numbers are outside the library's scope"
                if value.dtype.kind == "c"
                else ""
            )
            raise DtypeError(
                f"a tensor holds real numbers or booleans, not {value.dtype} (from {type(data).__name__})"
                f"{hint}"
            )
        made = lib.constant(value)
    if requires_grad:
        made.requires_grad = True
    return made


def _holds_tensor(data: Any) -> bool:
    if isinstance(data, Tensor):
        return True
    return isinstance(data, list | tuple) and any(_holds_tensor(item) for item in data)


_op.TENSOR = (Tensor,)
Hooks.wrap = wrap
