"""Do activations sit where their slope is flat, so that little of the error passes?

A sample is flat at a unit where ``|σ'(z)|`` is below 5 % of the activation's steepest slope:
``|z| > 4.4`` for a sigmoid, ``> 2.2`` for tanh. A layer is called saturated if half of its units and
samples are flat, the share from which the textbook network's ``learning_speed`` calls it so. A
trained network may well work with flat units: while the loss has fallen to half of what it was, or
further, only a layer that is flat almost everywhere is mentioned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.diagnose.finding import Finding, listed, persistent
from chainrule.diagnose.measure import ActivationLook, Look

__all__ = ["saturation"]

MOSTLY = 0.5
"""Share of flat units and samples from which a layer that does not learn is called saturated."""
ALWAYS = 0.95
"""The same for an inner layer of a network that does learn."""
LEARNED = 0.5
"""A loss below this share of the first one counts as progress."""
BOUNDED = ("sigmoid", "tanh", "softsign", "hardtanh", "hardsigmoid")


def saturation(looks: Sequence[Look]) -> list[Finding]:
    """Layers whose bounded activations are flat."""
    if not looks:
        return []
    start = next((look.loss for look in looks if math.isfinite(look.loss)), math.nan)
    ill: dict[bool, list[tuple[ActivationLook, int]]] = {}
    for name, last in looks[-1].activations.items():
        if last.op not in BOUNDED:
            continue
        shown = []
        for look in looks:
            one = look.activations.get(name)
            learned = look is not looks[0] and look.loss < LEARNED * start
            shown.append(one is not None and _flat(one, learned))
        since = persistent(shown)
        if since is not None:
            ill.setdefault(last.is_output, []).append((last, looks[since].step))
    return [_finding(found) for found in ill.values()]


def _flat(one: ActivationLook, learned: bool) -> bool:
    if not learned:
        return one.flat_share >= MOSTLY
    # outputs near 0 and 1 are what a trained classifier should give
    return one.flat_share >= ALWAYS and not one.is_output


def _finding(found: list[tuple[ActivationLook, int]]) -> Finding:
    """One finding for all inner layers, or for the output."""
    ones, since = [one for one, _ in found], min(step for _, step in found)
    shares = sorted(one.flat_share for one in ones)
    range_of = f"{shares[0]:.0%}" if len(ones) == 1 else f"{shares[0]:.0%} to {shares[-1]:.0%}"
    kinds = " and ".join(sorted({one.op for one in ones}))
    names = [one.layer for one in ones]
    slope = sum(one.slope for one in ones) / len(ones)
    words = (
        f"{range_of} of the slopes of the {kinds} after {listed(names)} are flat (mean slope "
        f"{slope:.2g}): the error is multiplied by nearly 0 there."
    )
    if ones[0].is_output:
        remedy = (
            "A cross-entropy cost of logits (binary_cross_entropy_with_logits), whose error has no "
            "σ' in it; smaller initial weights; inputs scaled to mean 0 and deviation 1."
        )
    else:
        remedy = (
            "Inputs scaled to mean 0 and deviation 1, smaller initial weights (Glorot's rule), "
            "normalisation before the activation, or ReLU; a smaller learning rate if it came in "
            "training."
        )
    return Finding("saturated", tuple(names), words, remedy, since)
