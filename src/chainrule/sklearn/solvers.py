"""scikit-learn's update formulas as optimisers.

They differ from PyTorch's in where learning rate and epsilon stand; with a learning rate that does
not change, SGD is the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import sqrt
from chainrule.optim.optimizer import Optimizer, ParamGroup

__all__ = ["VelocityAdam", "VelocitySGD"]


class VelocitySGD(Optimizer):
    """``v ← μ v - lr g``, ``w ← w + v``; with Nesterov ``w ← w + μ v - lr g``."""

    def __init__(self, params: Any, lr: float, momentum: float, nesterov: bool) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov})

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``velocity``."""
        return {"velocity": np.zeros(parameter.shape, parameter.dtype)}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        lr, momentum = self.number(group, "lr", x), self.number(group, "momentum", x)
        velocity = slots["velocity"] * momentum - lr * g
        step = velocity * momentum - lr * g if group["nesterov"] else velocity
        return x + step, {"velocity": velocity}


class VelocityAdam(Optimizer):
    """Adam with epsilon added to the uncorrected root: ``w ← w - lr √(1-β₂ᵗ)/(1-β₁ᵗ) m/(√v + ε)``."""

    def __init__(
        self, params: Any, lr: float, beta_1: float, beta_2: float, epsilon: float
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": (beta_1, beta_2), "eps": epsilon})

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step``, ``m``, ``v``."""
        zeros = np.zeros(parameter.shape, parameter.dtype)
        return {"step": np.array(0), "m": zeros, "v": zeros}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        lr = self.number(group, "lr", x)
        beta1, beta2 = self.pair(group, "betas", x)
        step = slots["step"] + 1
        t = self.weak(step, x)
        m = slots["m"] * beta1 + g * (1.0 - beta1)
        v = slots["v"] * beta2 + g * g * (1.0 - beta2)
        rate = lr * (1.0 - beta2**t) ** 0.5 / (1.0 - beta1**t)
        return x - rate * (m / (sqrt(v) + self.number(group, "eps", x))), {
            "step": step,
            "m": m,
            "v": v,
        }
