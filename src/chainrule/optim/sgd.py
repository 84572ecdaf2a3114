"""Stochastic gradient descent, with momentum and Nesterov's variant (SPEC C5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["SGD"]


class SGD(Optimizer):
    """``w ← w - lr ∇w``, with momentum ``v ← μ v + (1 - dampening) ∇w``, ``w ← w - lr v``.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float
    momentum : float
        μ; 0 leaves it out. The first step sets ``v = ∇w``.
    dampening : float
    weight_decay : float
        λ, adds ``λ w`` to the gradient (an L2 term ``λ/2 ‖w‖²`` in the cost).
    nesterov : bool
        Step along ``∇w + μ v`` (Sutskever et al. 2013).
    maximize : bool

    Notes
    -----
    PyTorch's formulas: momentum is not multiplied by the learning rate when it is stored.

    Examples
    --------
    >>> w = cr.tensor([1.0], requires_grad=True)
    >>> optimizer = cr.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        check_range("lr", lr)
        check_range("momentum", momentum)
        check_range("weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("nesterov=True needs momentum > 0 and dampening = 0")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``momentum_buffer``, if there is momentum; ``step`` tells the first step."""
        if group["momentum"] == 0.0:
            return {}
        return {
            "momentum_buffer": np.zeros(parameter.shape, parameter.dtype),
            "step": np.array(0),
        }

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        changed = {}
        if "momentum_buffer" in slots:
            momentum = self.number(group, "momentum", x)
            # the first step takes the whole gradient, without dampening
            first = self.weak(slots["step"] == 0, x) if group["dampening"] else 0.0
            taken = 1.0 - group["dampening"] * (1.0 - first)
            fresh = g if group["dampening"] == 0.0 else g * taken
            buffer = slots["momentum_buffer"] * momentum + fresh
            changed = {"momentum_buffer": buffer, "step": slots["step"] + 1}
            g = g + momentum * buffer if group["nesterov"] else buffer
        return x - self.number(group, "lr", x) * g, changed
