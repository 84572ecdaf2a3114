"""Adagrad (SPEC C5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.ops.elementwise import sqrt
from chainrule.optim.optimizer import Optimizer, ParamGroup, check_range

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """``s ← s + g²``, ``w ← w - lr/(1 + (t - 1) lr_decay) g/(√s + eps)`` (Duchi et al. 2011).

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float
    lr_decay : float
    weight_decay : float
    initial_accumulator_value : float
        ``s`` at the start.
    eps : float
    maximize : bool
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        for name, value in (("lr", lr), ("lr_decay", lr_decay), ("weight_decay", weight_decay)):
            check_range(name, value)
        check_range("initial_accumulator_value", initial_accumulator_value)
        check_range("eps", eps)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "maximize": maximize,
            },
        )

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """``step`` and ``sum`` (s)."""
        start = group["initial_accumulator_value"]
        return {"step": np.array(0), "sum": np.full(parameter.shape, start, parameter.dtype)}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """See the class."""
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        rate = self.number(group, "lr", x)
        if group["lr_decay"]:
            rate = rate / (1.0 + self.weak(slots["step"], x) * group["lr_decay"])
        total = slots["sum"] + g * g
        changed = {"step": slots["step"] + 1, "sum": total}
        return x - rate * (g / (sqrt(total) + group["eps"])), changed
