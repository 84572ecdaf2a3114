"""A forward and a backward call on one instance as one function, where the parts need each other.

Networks are often written as two methods that share the instance: ``forward(x)`` stores what
``backward(y)`` reads, and gradients stay in attributes or change the parameters at once. Neither is
a function with a cotangent; run one after the other they are a function of all their arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .program import Program
from .returned import result_names, unused_gradients
from .signatures import bind_names, required_parameters, unbind
from .single_function import SingleFunction

__all__ = ["Composite", "bind_backward", "is_target", "outputs_of"]

_TARGETS = (
    "y",
    "t",
    "yt",
    "truth",
    "actual",
    "desired",
    "expected",
    "gt",
    "groundtruth",
    "ys",
    "teacher",
)
_RESULTS = (
    "output", "outputs", "out", "yhat", "ypred", "pred", "preds", "prediction", "predictions",
    "probs", "a", "al", "o", "yp", "predicted", "activations", "activation", "cache", "caches", "memory",
)  # fmt: skip


def is_target(name: str) -> bool:
    """True for a parameter that by its name is what the output is compared with.

    Examples
    --------
    >>> [is_target(n) for n in ("y_train", "labels", "dout", "y_pred")]
    [True, True, False, False]
    """
    plain = name.replace("_", "").lower().rstrip("0123456789")
    if plain in _RESULTS:
        return False
    return plain in _TARGETS or plain.startswith(
        ("target", "label", "ytrue", "ytrain", "ybatch", "yreal", "ylist", "expected")
    )


def outputs_of(result: Any) -> list[Any]:
    """The parts of what a forward pass returned."""
    return list(result) if isinstance(result, tuple) else [] if result is None else [result]


def bind_backward(
    backward: Callable[..., Any], pieces: list[Any], given: dict[str, Any] | None
) -> list[tuple[str, Any]]:
    """Where each parameter of the backward pass comes from: a piece of the forward result, or outside.

    Parameters
    ----------
    backward : callable
        Bound method or function.
    pieces : list
        The parts of what the forward pass returned.
    given : dict or None
        The arguments of a call that was seen.
    """
    plan: list[tuple[str, Any]] = []
    names = list(given) if given is not None else required_parameters(backward, False)
    free = list(range(len(pieces)))
    for name in names:
        value = given[name] if given is not None else None
        same = [i for i in free if given is not None and _equal(pieces[i], value)]
        plain = name.replace("_", "").lower()
        if same:
            plan.append(("piece", same[0]))
            free.remove(same[0])
        elif given is None and free and plain in _RESULTS:
            plan.append(("piece", free.pop(0)))
        else:
            plan.append(("outside", name))
    return plan


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        return bool(a) and all(_equal(x, y) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return bool(a) and a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    return False


class Composite(SingleFunction):
    """``backward`` after ``forward`` on the same instance.

    Parameters
    ----------
    forward, backward : callable
        Methods of one instance, or functions.
    args : dict
        Arguments of the forward pass by name.
    outside : dict
        Those arguments of the backward pass that do not come from the forward pass, by name.
    plan : list
        See :func:`bind_backward`.
    seed : int
        As for :class:`SingleFunction`.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        args: dict[str, Any],
        outside: dict[str, Any],
        plan: list[tuple[str, Any]],
        seed: int = 0,
    ) -> None:
        self.first, owner = unbind(forward)
        self.second, _ = unbind(backward)
        self.count = len(args)
        self.forward_names = list(args)
        self.plan = plan
        bind_names(self.first, (), args, owner is not None)
        # One name for each: the target of both passes is one array.
        self.outside = [n for n in outside if n not in args or not _equal(args[n], outside[n])]
        self.parameters = [*args, *self.outside]
        self.result_names = result_names(self.second)
        self.unused = unused_gradients(self.second)
        self.external = None
        self.function = self._both
        self._cost_paths = []
        values = [*args.values(), *[outside[n] for n in self.outside]]
        Program.__init__(self, [owner, values, {}], seed)

    @property
    def functions(self) -> list[Callable[..., Any]]:
        return [self.second, self.first]

    def _both(self, *everything: Any) -> Any:
        front, values = (
            (everything[:1], everything[1:]) if self.root[0] is not None else ((), everything)
        )
        named = dict(zip(self.parameters, values))
        forward = {n: named[n] for n in self.forward_names}
        pieces = outputs_of(self.first(*front, **forward))
        bound = [pieces[v] if kind == "piece" else named[v] for kind, v in self.plan]
        self.on_backward()
        return self.second(*front, *bound)
