"""Adadelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import sqrt
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """``v ← ρ v + (1 - ρ) g²``, ``d = √(u + eps)/√(v + eps) g``, ``u ← ρ u + (1 - ρ) d²``, ``w ← w - lr d``.

    M. D. Zeiler (2012). Parameters are PyTorch's.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        check_range("lr", lr)
        check_range("rho", rho, 0.0, 1.0 + 1e-12)
        check_range("eps", eps)
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``square_avg`` (v), ``acc_delta`` (u)."""
        zeros = np.zeros(parameter.shape, parameter.dtype)
        return {"step": np.array(0), "square_avg": zeros, "acc_delta": zeros}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        rho, eps = group["rho"], group["eps"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        v = slots["square_avg"] * rho + g * g * (1.0 - rho)
        delta = sqrt(slots["acc_delta"] + eps) / sqrt(v + eps) * g
        u = slots["acc_delta"] * rho + delta * delta * (1.0 - rho)
        changed = {"step": slots["step"] + 1, "square_avg": v, "acc_delta": u}
        return x - self.number(group, "lr", x) * delta, changed
