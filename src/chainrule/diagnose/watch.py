"""Watching a training: looks at some steps, kept in bounded memory, with a verdict in words."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.diagnose.dead import DeadUnits
from chainrule.diagnose.histogram import magnitudes, sampled
from chainrule.diagnose.measure import Look, look_at, norm
from chainrule.diagnose.origin import Origin, origin_in
from chainrule.diagnose.verdict import Diagnosis, diagnosis
from chainrule.errors import ArgumentError
from chainrule.nn import Module

__all__ = ["Watch", "examine", "watch"]

CAPACITY = 200
"""Looks that are kept; when there are more, every second one is dropped and looks become rarer."""


def watch(model: Any, every: int = 10, capacity: int = CAPACITY) -> Watch:
    """Watch the training of a model: vanishing, exploding, saturated, dead, not finite.

    Parameters
    ----------
    model : Module, or mapping of str to Tensor
        Whose parameters are watched.
    every : int
        Look at every so many steps.
    capacity : int
        Looks that are kept. When there are more, every second one is dropped and ``every`` doubles,
        so memory and cost stay bounded however long the training is.

    Returns
    -------
    Watch
        Call ``watch.step(loss)`` once per training step; ``print(watch)`` says how it goes.

    Notes
    -----
    A look reads the graph that the loss was computed with; nothing is run again, and nothing of the
    model or its gradients is changed. It costs a backward pass and some statistics, one to three
    training steps in all (``python -m benchmarks.watching``); the steps between looks a microsecond.

    Examples
    --------
    >>> layers = [layer for _ in range(20) for layer in (cr.nn.Linear(8, 8), cr.nn.Sigmoid())]
    >>> model = cr.nn.Sequential(*layers, cr.nn.Linear(8, 1))
    >>> watch = cr.diagnose.watch(model)
    >>> loss = (model(cr.ones((32, 8))) ** 2).mean()
    >>> watch.step(loss)
    >>> [(finding.kind, finding.layers) for finding in watch.diagnosis().findings]
    [('vanishing', ('0',))]
    """
    return Watch(model, every, capacity)


def examine(model: Any, loss: cr.Tensor) -> Diagnosis:
    """The verdict on one step: what a :func:`watch` says after a single look.

    Parameters
    ----------
    model : Module, or mapping of str to Tensor
    loss : Tensor
        As it was computed with the model.
    """
    watching = Watch(model, 1)
    watching.step(loss)
    return watching.diagnosis()


class Watch:
    """See :func:`watch`.

    Attributes
    ----------
    looks : list of Look
        Those that are kept, oldest first.
    count : int
        Steps so far.
    """

    def __init__(self, model: Any, every: int = 10, capacity: int = CAPACITY) -> None:
        if every < 1 or capacity < 8:
            raise ArgumentError(
                f"every is at least 1 and capacity at least 8; they are {every} and {capacity}"
            )
        self.model = model
        self.every, self.capacity = every, capacity
        self.looks: list[Look] = []
        self.count = 0
        self.taken = 0
        self.origin: Origin | None = None
        self._origin_step = 0
        self._dead = DeadUnits()
        self._before: tuple[int, dict[str, Any]] | None = None
        self._parameters()

    def _parameters(self) -> dict[str, cr.Tensor]:
        """Parameters that are trained, by name."""
        if isinstance(self.model, Module):
            found = dict(self.model.named_parameters())
        elif isinstance(self.model, Mapping):
            found = dict(self.model)
        else:
            if isinstance(self.model, cr.Network):
                raise ArgumentError(
                    "a textbook Network is not watched step by step; "
                    "chainrule.textbook.learning_speed(net, x, y) says what slows its layers"
                )
            raise ArgumentError(
                f"watch a Module or a dict of named tensors, not {type(self.model).__name__}"
            )
        return {name: tensor for name, tensor in found.items() if tensor.requires_grad}

    def step(self, loss: cr.Tensor) -> None:
        """Say that a step is being made with this loss; looks at it if it is time.

        Anywhere between computing the loss and the next step: before or after ``loss.backward()``
        and ``optimizer.step()``.
        """
        self.settle(self.count)
        due = self.count % self.every == 0
        value = float(np.asarray(loss.detach().numpy()).ravel()[0])
        if due or (not math.isfinite(value) and self.origin is None):
            self.observe(cr.Graph.of(loss), self.count)
        self.count += 1

    def observe(self, graph: cr.Graph, step: int) -> None:
        """Look at a graph whose output is the loss of a step."""
        parameters = self._parameters()
        root = graph.outputs[0]
        # an illness may well overflow: it is told in words, not by warnings
        with np.errstate(all="ignore"):
            gradients = graph.gradients(np.ones(root.shape, root.dtype))
            look = look_at(graph, gradients, parameters, step)
            healthy = math.isfinite(look.loss) and all(
                n is None or math.isfinite(n) for n in look.parameters.values()
            )
            if not healthy and self.origin is None:
                self.origin, self._origin_step = origin_in(graph), step
        self._dead.update(look)
        if self.looks:
            for activation in self.looks[-1].activations.values():
                activation.units = None
        self.looks.append(look)
        self.taken += 1
        self._before = (step, {n: np.array(t.detach().numpy()) for n, t in parameters.items()})
        if len(self.looks) > self.capacity:
            self._thin()

    def settle(self, step: int) -> None:
        """Compare the weights with those at the last look: the update of a step, on average."""
        if self._before is None or step <= self._before[0]:
            return
        start, before = self._before
        self._before = None
        now = self._parameters()
        for name, layer in self.looks[-1].layers.items():
            weight = name if name in before else f"{name}.weight"
            if weight not in before or weight not in now:
                continue
            old, new = before[weight], now[weight].detach().numpy()
            size = norm(old)
            layer.update = norm(new - old) / (step - start) / size if size > 0 else math.nan
            part, new_part = sampled(old), sampled(new)
            moved = part != 0
            change = (new_part[moved] - part[moved]) / ((step - start) * part[moved])
            layer.updates = magnitudes(change)

    def _thin(self) -> None:
        # the first look stays: illnesses are measured against how it began
        self.looks = (
            self.looks[::2] if len(self.looks) % 2 else [*self.looks[:-1:2], self.looks[-1]]
        )
        self.every *= 2

    def note_origin(self, origin: Origin, step: int) -> None:
        """Say where a value that is not finite came from, found by other means than a look."""
        self.origin, self._origin_step = origin, step

    def diagnosis(self) -> Diagnosis:
        """What was found so far."""
        return diagnosis(self.looks, self._dead, self.origin, self._origin_step, self.taken)

    def plot(self, path: str | os.PathLike[str] | None = None, what: str = "overview") -> Any:
        """Draw what was seen; see :func:`chainrule.diagnose.plot`."""
        from chainrule.diagnose.plots import plot

        return plot(self, path, what)

    def __str__(self) -> str:
        return str(self.diagnosis())

    def __repr__(self) -> str:
        return f"<watch: {self.count} steps, {self.taken} looks>"
