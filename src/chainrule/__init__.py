"""Backpropagation with nothing hidden, everything checked, at the speed of the metal.

``import chainrule as cr``. Tensors and gradients: :func:`tensor`, :func:`grad`, :func:`vjp`,
:func:`jvp`, :func:`trace`; NumPy's functions as ``cr.sin``, ``cr.sum`` …; networks in ``cr.nn`` and
``cr.optim``; the textbook's network as :class:`Network`; gradient checks in ``cr.check``.
Modules and what needs optional packages are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule import ops as _ops
from chainrule.core.custom import checkpoint, custom_vjp
from chainrule.core.gates import gate
from chainrule.core.modes import enable_grad, no_grad, stop_gradient
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor, tensor
from chainrule.core.trace import Gate, Graph, trace
from chainrule.core.transforms import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

if TYPE_CHECKING:
    from chainrule.ops import *  # noqa: F403

__version__ = "0.1.0"

_LATER = {
    "Network": "chainrule.textbook",
    "Trainer": "chainrule.train",
    "compile": "chainrule.compiler",
    "explain": "chainrule.explanation",
    "load": "chainrule.train.saving",
    "save": "chainrule.train.saving",
}
"""Names that live in modules imported when first asked for."""

_MODULES = (
    "check",
    "data",
    "diagnose",
    "errors",
    "explanation",
    "interop",
    "nn",
    "numpy",
    "optim",
    "special",
    "textbook",
    "train",
)
"""Submodules reachable as attributes without importing them by hand."""

__all__ = [
    "Abstract",
    "Gate",
    "Graph",
    "Tensor",
    "checkpoint",
    "custom_vjp",
    "elementwise_grad",
    "enable_grad",
    "gate",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "stop_gradient",
    "tensor",
    "trace",
    "value_and_grad",
    "vjp",
]
__all__ += sorted({*_LATER, *_MODULES, *_ops.__all__} - {*__all__})

for _name in _ops.__all__:
    globals().setdefault(_name, getattr(_ops, _name))
del _name


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = getattr(import_module(_LATER[name]), name)
    elif name in _MODULES:
        value = import_module(f"chainrule.{name}")
    else:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
