"""Adam and AdamW (SPEC C5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import maximum, sqrt
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["Adam", "AdamW"]


def check_betas(betas: Any) -> None:
    """Raise unless both are in [0, 1)."""
    first, second = betas
    check_range("betas[0]", first, 0.0, 1.0)
    check_range("betas[1]", second, 0.0, 1.0)


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba 2015, algorithm 1).

    ``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``,
    ``w ← w - lr m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps)``.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float
    betas : (float, float)
    eps : float
    weight_decay : float
        λ, adds ``λ w`` to the gradient.
    amsgrad : bool
        Use the largest ``v`` so far (Reddi et al. 2018).
    maximize : bool
    """

    decoupled = False

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
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
                "amsgrad": amsgrad,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``exp_avg`` (m), ``exp_avg_sq`` (v)."""
        made = {
            "step": np.array(0),
            "exp_avg": np.zeros(parameter.shape, parameter.dtype),
            "exp_avg_sq": np.zeros(parameter.shape, parameter.dtype),
        }
        if group["amsgrad"]:
            made["max_exp_avg_sq"] = np.zeros(parameter.shape, parameter.dtype)
        return made

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        lr = self.number(group, "lr", x)
        beta1, beta2 = self.pair(group, "betas", x)
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            if self.decoupled:
                x = x * (1.0 - lr * group["weight_decay"])
            else:
                g = g + group["weight_decay"] * x
        step = slots["step"] + 1
        t = self.weak(step, x)
        m = slots["exp_avg"] + (g - slots["exp_avg"]) * (1.0 - beta1)
        v = slots["exp_avg_sq"] * beta2 + g * g * (1.0 - beta2)
        changed = {"step": step, "exp_avg": m, "exp_avg_sq": v}
        largest = v
        if group["amsgrad"]:
            largest = changed["max_exp_avg_sq"] = maximum(slots["max_exp_avg_sq"], v)
        # (m / c1) / (sqrt(v) / c2 + eps) with both corrections taken out of the element's work
        correction = (1.0 - beta2**t) ** 0.5
        rate = lr * correction / (1.0 - beta1**t)
        return x - rate * (m / (sqrt(largest) + group["eps"] * correction)), changed


class AdamW(Adam):
    """Adam with decoupled weight decay, ``w ← (1 - lr λ) w`` (Loshchilov and Hutter 2019).

    Parameters as :class:`Adam`; ``weight_decay`` is 0.01 by default.
    """

    decoupled = True

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
