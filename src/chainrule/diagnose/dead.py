"""Are there units whose slope is 0 for every sample, so that their weights never change again?

A unit is called dead when its slope was exactly 0 for all of the last :data:`EVIDENCE` samples that
were looked at, in as many looks as that takes.

The CS231n notes mention 40 % of dead units as the work of too high a learning rate. As an alarm that
figure is too low: small ReLU networks that learn well (8 to 32 units a layer, inputs of two numbers,
PyTorch's initialisation, 20 seeds each) have layers with up to 60 %. Two thirds of a layer are worth
a word; while the loss has fallen to half of what it was, or further, nine tenths are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.diagnose.finding import Finding, listed
from chainrule.diagnose.measure import Look

__all__ = ["DeadUnits"]

EVIDENCE = 100
"""Samples for which a unit must have been silent."""
MANY = 2 / 3
"""Share of dead units of a layer from which a network that does not learn is called ill."""
NEARLY_ALL = 0.9
"""The same for a network that does learn."""
LEARNED = 0.5
"""A loss below this share of the first one counts as progress."""


class DeadUnits:
    """Counts, unit by unit, for how many samples in a row each has been silent.

    Memory: one integer per unit, whatever the length of the training.
    """

    def __init__(self) -> None:
        self.silent: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        self.since: dict[str, int] = {}
        self.first_loss = math.nan

    def update(self, look: Look) -> None:
        """Take in a look, whose unit counts are not needed afterwards."""
        if math.isnan(self.first_loss):
            self.first_loss = look.loss
        for name, one in look.activations.items():
            units = one.units
            if units is None:
                continue
            before = self.silent.get(name)
            if before is None or before.shape != units.silent.shape:
                before = np.zeros(units.silent.shape, np.int64)
            self.silent[name] = np.where(units.silent, before + units.samples, 0)
            # it takes several looks to be sure: said is when so many fell silent
            if float(units.silent.mean()) >= MANY:
                self.since.setdefault(name, look.step)
            else:
                self.since.pop(name, None)

    def _bound(self, look: Look) -> float:
        return NEARLY_ALL if look.loss < LEARNED * self.first_loss else MANY

    def share(self, name: str) -> float:
        """Share of the units of an activation that are dead."""
        silent = self.silent.get(name)
        return float((silent >= EVIDENCE).mean()) if silent is not None and silent.size else 0.0

    def findings(self, looks: Sequence[Look]) -> list[Finding]:
        """Layers with many dead units."""
        if not looks:
            return []
        bound = self._bound(looks[-1])
        ill = [(n, one) for n, one in looks[-1].activations.items() if self.share(n) >= bound]
        if not ill:
            return []
        counts = [
            f"{round(self.share(n) * self.silent[n].size)} of {self.silent[n].size}" for n, _ in ill
        ]
        names = [one.layer for _, one in ill]
        kinds = " and ".join(sorted({one.op for _, one in ill}))
        many = ", ".join(counts[:3]) + (" …" if len(counts) > 3 else "")
        samples = min(int(self.silent[n].max()) for n, _ in ill)
        words = (
            f"{many} units of the {kinds} after {listed(names)} had slope 0 for every one of the last "
            f"{samples} samples: no error passes, their weights do not change."
        )
        remedy = (
            "A smaller learning rate, biases that start at 0 (not below), He's initialisation, "
            "scaled inputs; or leaky ReLU, ELU or GELU, which let some error through below 0."
        )
        return [Finding("dead", tuple(names), words, remedy, min(self.since[n] for n, _ in ill))]
