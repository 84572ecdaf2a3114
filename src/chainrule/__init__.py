"""Backpropagation with nothing hidden, everything checked, at the speed of the metal."""

from __future__ import annotations

from chainrule import ops as _ops
from chainrule.core.custom import checkpoint, custom_vjp
from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor, tensor
from chainrule.core.trace import Gate, Graph, trace
from chainrule.core.transforms import (
    elementwise_grad,
    enable_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)

__version__ = "0.1.0"
