"""RMSprop (SPEC C5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import sqrt
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """``v ← α v + (1 - α) g²``, ``w ← w - lr g/(√v + eps)`` (Tieleman and Hinton 2012).

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float
    alpha : float
    eps : float
    weight_decay : float
    momentum : float
    centered : bool
        Divide by an estimate of the standard deviation, ``√(v - ḡ²)`` (Graves 2013).
    maximize : bool
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        for name, value in (("lr", lr), ("eps", eps), ("alpha", alpha), ("momentum", momentum)):
            check_range(name, value)
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``square_avg`` and, if used, ``momentum_buffer``, ``grad_avg``."""
        names = ["square_avg"]
        names += ["momentum_buffer"] * (group["momentum"] > 0) + ["grad_avg"] * group["centered"]
        zeros = {name: np.zeros(parameter.shape, parameter.dtype) for name in names}
        return {"step": np.array(0), **zeros}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        lr, alpha = self.number(group, "lr", x), group["alpha"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        v = slots["square_avg"] * alpha + g * g * (1.0 - alpha)
        changed = {"step": slots["step"] + 1, "square_avg": v}
        if "grad_avg" in slots:
            average = slots["grad_avg"] + (g - slots["grad_avg"]) * (1.0 - alpha)
            changed["grad_avg"] = average
            v = v - average * average
        direction = g / (sqrt(v) + group["eps"])
        if "momentum_buffer" in slots:
            direction = slots["momentum_buffer"] * self.number(group, "momentum", x) + direction
            changed["momentum_buffer"] = direction
        return x - lr * direction, changed
