"""Does the loss run away, or do parameters get no gradient at all?

A loss ten times as large as any of the first three looks is no fluctuation: a step that is too long
for the curvature raises the loss geometrically (it is stable for rates below ``2/λ_max``), so ten is
soon a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.diagnose.finding import Finding, listed, persistent
from chainrule.diagnose.measure import Look

__all__ = ["divergence", "without_gradient"]

RISEN = 10.0
"""How many times the first losses a loss must be."""
FIRST = 3
"""Looks that count as the first."""


def divergence(looks: Sequence[Look]) -> list[Finding]:
    """A loss that grows beyond where it began."""
    begun = [look.loss for look in looks[:FIRST] if math.isfinite(look.loss)]
    if len(looks) <= FIRST or not begun:
        return []
    bound = RISEN * max(map(abs, begun))
    since = persistent([bound > 0 and not look.loss <= bound for look in looks])
    if since is None or not math.isfinite(looks[-1].loss):
        return []  # what is not finite is told with its origin
    updates = [layer.update for layer in looks[-1].layers.values() if math.isfinite(layer.update)]
    changed = (
        f", and a step changes weights by up to {max(updates):.1%} of their size" if updates else ""
    )
    words = f"the loss is {looks[-1].loss:.3g}; it began at {begun[0]:.3g}{changed}."
    remedy = "A smaller learning rate (a tenth of it), clip_norm=1.0, or scaled inputs and targets."
    return [Finding("diverging", (), words, remedy, looks[since].step)]


def without_gradient(looks: Sequence[Look]) -> list[Finding]:
    """Parameters that the loss does not reach: detached, unused, or behind a gate without derivative."""
    if not looks:
        return []
    missing = [
        name
        for name in looks[-1].parameters
        if all(look.parameters.get(name) is None for look in looks)
    ]
    if not missing:
        return []
    words = f"{listed(missing)} had no gradient in any look: the loss does not depend on it."
    remedy = "If it should be trained: use it in forward, without detach(), item() or no_grad()."
    return [Finding("no gradient", tuple(missing), words, remedy, looks[0].step)]
