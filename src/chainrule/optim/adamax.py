"""Adamax."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import abs, maximum
from chainrule.optim.adam import check_betas
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adam with the infinity norm: ``u ← max(β₂ u, |g| + eps)``, ``w ← w - lr/(1 - β₁ᵗ) m/u``.

    Kingma and Ba (2015), algorithm 2. Parameters are PyTorch's.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        check_range("lr", lr)
        check_range("eps", eps)
        check_range("weight_decay", weight_decay)
        check_betas(betas)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``exp_avg`` (m), ``exp_inf`` (u)."""
        zeros = np.zeros(parameter.shape, parameter.dtype)
        return {"step": np.array(0), "exp_avg": zeros, "exp_inf": zeros}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        beta1, beta2 = self.pair(group, "betas", x)
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        step = slots["step"] + 1
        m = slots["exp_avg"] + (g - slots["exp_avg"]) * (1.0 - beta1)
        u = maximum(slots["exp_inf"] * beta2, abs(g) + group["eps"])
        rate = self.number(group, "lr", x) / (1.0 - beta1 ** self.weak(step, x))
        return x - rate * (m / u), {"step": step, "exp_avg": m, "exp_inf": u}
