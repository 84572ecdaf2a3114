"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import sqrt
from chainrule.optim.adam import check_betas
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam whose step looks ahead along the momentum (Dozat 2016).

    With ``μ_t = β₁ (1 - 0.96^(t ψ)/2)`` and ``M_t = Π μ``:
    ``w ← w - lr ((1 - μ_t)/(1 - M_t) g + μ_{t+1}/(1 - M_{t+1}) m) / (√(v/(1 - β₂ᵗ)) + eps)``.
    Parameters are PyTorch's; ψ is ``momentum_decay``.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        check_range("lr", lr)
        check_range("eps", eps)
        check_range("weight_decay", weight_decay)
        check_range("momentum_decay", momentum_decay)
        check_betas(betas)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``mu_product`` (M), ``exp_avg`` (m), ``exp_avg_sq`` (v)."""
        zeros = np.zeros(parameter.shape, parameter.dtype)
        return {
            "step": np.array(0),
            "mu_product": np.array(1.0),
            "exp_avg": zeros,
            "exp_avg_sq": zeros,
        }

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        lr = self.number(group, "lr", x)
        beta1, beta2 = self.pair(group, "betas", x)
        decay = group["momentum_decay"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            if group["decoupled_weight_decay"]:
                x = x * (1.0 - lr * group["weight_decay"])
            else:
                g = g + group["weight_decay"] * x
        step = slots["step"] + 1
        t = self.weak(step, x)
        here = beta1 * (1.0 - 0.5 * 0.96 ** (t * decay))
        ahead = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1.0) * decay))
        product = slots["mu_product"] * here
        following = self.weak(product, x) * ahead
        m = slots["exp_avg"] + (g - slots["exp_avg"]) * (1.0 - beta1)
        v = slots["exp_avg_sq"] * beta2 + g * g * (1.0 - beta2)
        size = sqrt(v / (1.0 - beta2**t)) + group["eps"]
        first = lr * (1.0 - here) / (1.0 - self.weak(product, x))
        second = lr * ahead / (1.0 - following)
        changed = {"step": step, "mu_product": product, "exp_avg": m, "exp_avg_sq": v}
        return x - first * (g / size) - second * (m / size), changed
