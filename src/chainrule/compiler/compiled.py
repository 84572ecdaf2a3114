"""``cr.compile``: a function that runs natively.

The first call with new shapes, dtypes or static arguments stages the function (differentiation,
optimiser update and all), compiles what was recorded and runs it; later calls only run it.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import tree
from chainrule.core.likeness import likeness
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor
from chainrule.core.trace import stage

from ..errors import ArgumentError
from .epochs import EpochResult, Familiar, run_epoch
from .specialisation import Specialisation
from .staged import Staged
from .target import Target, named
from .twins import recall, remember

if TYPE_CHECKING:
    from .report import Explanation, Memory

__all__ = ["Compiled", "RecompileWarning", "compile"]

_PLAIN = (np.ndarray, Tensor)
_WARN_AT = 8


class RecompileWarning(UserWarning):
    """A compiled function is being compiled again and again."""


class Compiled:
    """A function with its compiled forms; made by :func:`compile`.

    Parameters
    ----------
    subject : object, optional
        A promise that the function is code of the library and depends on this object and its
        arguments only: epochs of functions with the same code and subjects that are alike
        (``core/likeness.py``) are staged once. The other parameters are those of :func:`compile`.

    Attributes
    ----------
    forms : dict
        Specialisations by shapes, dtypes and static arguments; for each, one per state of affairs
        outside that staging met (modules in training or not, gradients present or not).
    """

    def __init__(
        self,
        function: Callable[..., Any],
        static: Sequence[str] = (),
        keep_gradients: bool = False,
        target: str = "host",
        threads: int | None = None,
        subject: Any = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ArgumentError(f"threads must be at least 1, or None to choose; got {threads}")
        self.threads = threads
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.subject = subject
        self.target: Target = named(target)
        self.keep_gradients = keep_gradients
        self._static = frozenset(static)
        self.forms: dict[Any, list[Specialisation]] = {}
        self._fast: dict[Any, Specialisation] = {}
        self.loops: dict[Any, list[Any]] = {}
        self.familiar: Familiar | None = None  # what the last epoch ran over
        self._last: Specialisation | None = None
        self._warned = False

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Bind like a function, so that methods can be compiled."""
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if STATE.stage is not None:
            return self.function(*args, **kwargs)
        if not kwargs and not self._static:
            key: Any = tuple(
                [(a.__class__, a.shape, a.dtype) for a in args if isinstance(a, _PLAIN)]
            )
            if len(key) == len(args):
                form = self._fast.get(key)
                if form is not None and form.guards_hold():
                    self._last = form
                    return form(args)
                form = self._fast[key] = self.specialise(args, kwargs)
                return form(args)
        return self.specialise(args, kwargs)(self._leaves(args, kwargs))

    def epoch(
        self,
        *data: Any,
        batch_size: int,
        order: Any = None,
        per_step: Mapping[str, Any] | None = None,
        whole: Mapping[str, Any] | None = None,
        drop_last: bool = False,
        progress: Callable[[int, int, Any], None] | None = None,
    ) -> EpochResult:
        """Run the function on every mini-batch of some rows, in one native loop.

        Parameters
        ----------
        *data : array_like, shape (rows, …)
            Positional arguments of the function; it sees ``batch_size`` rows of each at a time.
            Contiguous NumPy arrays are read in place.
        batch_size : int
        order : array_like of int, optional
            Which rows, in which order (a permutation, to shuffle); gathered inside the loop.
        per_step : mapping, optional
            Keyword arguments with one entry per step, such as a learning rate schedule.
        whole : mapping, optional
            Keyword arguments that are the same for every step.
        drop_last : bool
            Leave out the rows that do not fill a mini-batch; otherwise they are one more step.
        progress : callable, optional
            ``progress(done, total, _)``, called every 50 to 100 ms.

        Returns
        -------
        EpochResult
            ``outputs`` (stacked over steps), ``partial`` (of the last, smaller step), ``steps``.

        Notes
        -----
        Ctrl-C is seen between chunks: parameters are then those after a whole number of steps.
        """
        return run_epoch(self, data, batch_size, order, per_step, whole, drop_last, progress)

    # -- specialising -------------------------------------------------------------------

    def _leaves(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        dynamic = {k: v for k, v in kwargs.items() if k not in self._static}
        return [x for x in tree.leaves((args, dynamic)) if _is_data(x)]

    def specialise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Specialisation:
        """Return the compiled form for these arguments, compiling it if it is new."""
        static = {k: v for k, v in kwargs.items() if k in self._static}
        dynamic = {k: v for k, v in kwargs.items() if k not in self._static}
        flat, structure = tree.flatten((args, dynamic))
        weak = _weak_dtype(flat)
        leaves = [np.asarray(x, weak) if type(x) is float else x for x in flat]
        described = tuple(_describe(x) for x in leaves)
        key = (structure, described, tuple(sorted(static.items())))
        kept = self.forms.setdefault(key, [])
        form = next((f for f in kept if f.guards_hold()), None)
        if form is None:
            self._count(key)
            new_args, new_kwargs = tree.unflatten(structure, leaves)
            function = functools.partial(self.function, **static) if static else self.function
            graph = stage(function, new_args, new_kwargs, abstract=True)
            as_tensors = any(isinstance(x, Tensor) for x in flat) or bool(graph.state)
            staged = Staged(graph, self.target, self.keep_gradients, as_tensors=as_tensors)
            form = Specialisation(staged)
            kept.append(form)
        self._last = form
        return form

    def make(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any, batched: list[str]
    ) -> Specialisation:
        """Return a new form for an epoch, described by ``key``.

        If the function depends on one object only (``subject``), a form made for an object that
        is alike is bound to this one; otherwise the function is staged.
        """
        like = None if self.subject is None else likeness(self.subject)
        whole = (key, self.function.__code__, self.keep_gradients, self.target, tuple(batched))
        form = None if like is None else recall(whole, like)
        if form is None:
            graph = stage(self.function, args, kwargs, abstract=True)
            form = Specialisation(Staged(graph, self.target, self.keep_gradients, batched))
            if like is not None:
                remember(whole, like, form)
        return form

    def _count(self, key: Any) -> None:
        """Warn when forms pile up, naming the argument that keeps changing."""
        if len(self.forms) <= _WARN_AT or self._warned:
            return
        self._warned = True
        variants: dict[int, set[Any]] = {}
        for _, described, _ in [*self.forms, key]:
            for i, d in enumerate(described):
                variants.setdefault(i, set()).add(d)
        worst = max(variants, key=lambda i: len(variants[i]), default=0)
        seen = ", ".join(sorted(map(str, variants.get(worst, ())))[:4])
        warnings.warn(
            f"{getattr(self.function, '__name__', 'function')} has been compiled "
            f"{len(self.forms)} times; leaf {worst} of the arguments keeps changing "
            f"({seen}, …). Give it one shape (pad it), or pass it as an array instead of a "
            "Python value.",
            RecompileWarning,
            stacklevel=4,
        )

    def explain(self) -> Explanation:
        """The schedule of the form that ran last: kernels, what was fused, flops, bytes, time.

        Printing it gives a table; :class:`~chainrule.compiler.report.Explanation` has the numbers.
        """
        from .report import explain

        return explain(self.form)

    def memory(self) -> Memory:
        """What the form that ran last holds in memory; printing it gives a list."""
        from .report import memory

        return memory(self.form)

    # -- looking ------------------------------------------------------------------------

    @property
    def form(self) -> Specialisation:
        """The form that ran last.

        Raises
        ------
        ArgumentError
            If the function has not run yet.
        """
        if self._last is None:
            raise ArgumentError("the compiled function has not been called yet: call it first")
        return self._last


def _is_data(x: Any) -> bool:
    return isinstance(x, Tensor | np.ndarray | np.generic | float) or (
        isinstance(x, int) and not isinstance(x, bool)
    )


def _weak_dtype(leaves: Sequence[Any]) -> np.dtype[Any]:
    """Return the dtype a Python float takes: that of the floating arrays beside it."""
    found = [x.dtype for x in leaves if hasattr(x, "dtype") and x.dtype.kind == "f"]
    return np.result_type(*found) if found else np.dtype(np.float64)


def _describe(x: Any) -> Any:
    if isinstance(x, Tensor | np.ndarray | np.generic):
        return (
            np.shape(x) if not isinstance(x, Tensor) else x.shape,
            str(x.dtype),
            type(x) is Tensor,
        )
    if _is_data(x):
        return ((), type(x).__name__, False)
    try:
        hash(x)
    except TypeError:
        return repr(x)
    return x


def compile(
    function: Callable[..., Any] | None = None,
    *,
    static: Sequence[str] = (),
    keep_gradients: bool = False,
    target: str = "host",
    threads: int | None = None,
) -> Any:
    """Return a function that computes the same natively.

    Parameters
    ----------
    function : callable
        A function of arrays, tensors, numbers and containers of them. It may differentiate, and
        it may write to tensors from outside (parameters, optimiser state): those are found by
        running it once on shapes, live in the program's memory, and are up to date whenever they
        are looked at.
    static : sequence of str
        Keyword arguments that are part of the program; a new value compiles it anew.
    keep_gradients : bool
        Keep what the function leaves in ``.grad``. By default such gradients are used where they
        are made and never written to memory.
    target : str
        Processor to generate for: ``host``, or narrower.
    threads : int, optional
        Threads of an epoch. By default one, or all that are available where the first mini-batches
        showed that to be faster. Results have the same bits for any number.

    Raises
    ------
    CompileError
        When called, for an op that cannot be compiled: it names the op and the line.

    Notes
    -----
    Python code of the function runs once per form, while it is staged: side effects happen then,
    and branches on values are errors. Results equal the eager ones to a few units in the last
    place per op; sums are taken in another, fixed order.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> f = cr.compile(cr.grad(lambda x: (x ** 3).sum()))
    >>> f(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    if function is None:
        return functools.partial(
            compile,
            static=static,
            keep_gradients=keep_gradients,
            target=target,
            threads=threads,
        )
    return Compiled(function, static, keep_gradients, target, threads)
