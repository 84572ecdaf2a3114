"""What a run will cost: parameters, operations, memory, time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np

import chainrule as cr
from chainrule.cli.network import build_loss, build_network, build_optimizer, sizes
from chainrule.cli.training import Plan
from chainrule.data import MappedRows
from chainrule.train import Trainer

__all__ = ["Estimate", "estimate"]

# Numbers that an optimiser keeps for each parameter.
_SLOTS = {"adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1, "momentum": 1, "nesterov": 1, "sgd": 0}
_TRIAL_SECONDS = 0.3


@dataclass(frozen=True)
class Estimate:
    """The cost of a run.

    Attributes
    ----------
    parameters : int
    operations_forward, operations_backward : int
        Multiplications and additions of the matrix products of one step.
    memory : int
        Bytes of parameters, gradients, optimiser state, activations and the data in memory.
    steps_per_epoch : int
    seconds_per_epoch : float
        From steps that were timed, validation not included.
    """

    parameters: int
    operations_forward: int
    operations_backward: int
    memory: int
    steps_per_epoch: int
    seconds_per_epoch: float


def estimate(plan: Plan, lr: float) -> Estimate:
    """Return the cost of a planned run; some steps are taken, on a network that is thrown away.

    A layer of m samples, I inputs and O outputs costs 2mIO operations forward, as many for its
    weights' gradient, and as many for its inputs' gradient, which the first layer does not need.
    """
    settings, data = plan.settings, plan.data
    widths, batch = sizes(settings, data.pipeline), settings.batch_size
    products = [2 * batch * fan_in * fan_out for fan_in, fan_out in pairwise(widths)]
    parameters = sum(fan_in * fan_out + fan_out for fan_in, fan_out in pairwise(widths))
    held = sum(
        part.targets.nbytes + (0 if isinstance(part.inputs, MappedRows) else part.inputs.nbytes)
        for part in plan.parts.values()
    )
    activations = 2 * batch * sum(widths)  # values and their gradients
    numbers = parameters * (2 + _SLOTS[settings.optimizer]) + activations
    steps = -(-len(data.train.targets) // batch)
    return Estimate(
        parameters,
        sum(products),
        2 * sum(products) - products[0],
        4 * numbers + held,
        steps,
        steps * _seconds_per_step(plan, lr),
    )


def _seconds_per_step(plan: Plan, lr: float) -> float:
    settings, train = plan.settings, plan.data.train
    model = build_network(settings, plan.data.pipeline)
    step = Trainer(
        model, build_loss(settings.loss), build_optimizer(settings, model, lr), [plan.score]
    ).step
    rows = np.arange(settings.batch_size)
    x, y = cr.tensor(train.inputs[rows]), cr.tensor(train.targets[rows])
    times: list[float] = []
    end = perf_counter() + _TRIAL_SECONDS
    while not times or (perf_counter() < end and len(times) < 200):
        start = perf_counter()
        step(x, y)
        times.append(perf_counter() - start)
    return float(np.median(times))
