"""Do errors reach the first layers at the size they had at the last?

``δ^l`` is a product of one factor ``(w^(l+1))ᵀ … ⊙ σ'(z^l)`` per layer. Factors below 1 vanish in
depth, factors above 1 explode. Compared are the norms ``‖δ^l‖`` within one step, so neither the scale of
the loss nor the progress of training matters.

Thresholds. Glorot and Bengio (2010) and He et al. (2015) initialise so that the factor is 1. A
hundredfold decrease over a few sigmoid layers is what the textbook (Nielsen 2015, ch. 5) calls
vanishing, and such networks still train; a thousandfold one means that the first layers stand still
while the last ones learn. In time steps of recurrent layers the same (Pascanu et al. 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.diagnose.finding import Finding, persistent
from chainrule.diagnose.measure import LayerLook, Look

__all__ = ["EXPLODING", "VANISHING", "flow"]

VANISHING = 1e-3
"""Of the error at the last layer, what must reach an earlier one."""
EXPLODING = 1e3
"""How much larger than at the last layer the error may be at an earlier one."""
STEPS_IN_TIME = 5
"""Recurrent layers called at least so often are compared across time."""
FEEBLE = 0.5
"""A mean slope below this is named as the cause of a decrease."""


def flow(looks: Sequence[Look]) -> list[Finding]:
    """Vanishing and exploding gradients, across layers and across time."""
    return [*_across_layers(looks), *_across_time(looks)]


def _ratio(first: float, last: float) -> float:
    if last == 0.0:
        return 1.0  # nothing is wrong with errors that are all 0: the loss is at a stationary point
    return first / last


def _deepest(look: Look) -> tuple[LayerLook, LayerLook, int] | None:
    """The first layer, the last one that has an error, and how many lie between."""
    layers = [layer for layer in look.layers.values() if math.isfinite(layer.delta)]
    if len(layers) < 2 or len(layers) < len(look.layers):
        return None
    return layers[0], layers[-1], len(layers) - 1


def _across_layers(looks: Sequence[Look]) -> list[Finding]:
    ends = [_deepest(look) for look in looks]
    ratios = [1.0 if end is None else _ratio(end[0].delta, end[1].delta) for end in ends]
    end = ends[-1] if ends else None
    if end is None:
        return []
    first, last, between = end
    seen = (
        f"the error ‖δ‖ is {last.delta:.2g} at the last layer '{last.name}' and {first.delta:.2g} at "
        f"the first, '{first.name}'"
    )
    factor = ratios[-1] ** (1 / between)
    each = f", a factor of {factor:.2g} per layer" if ratios[-1] > 0 else ""
    since = persistent([ratio < VANISHING for ratio in ratios])
    if since is not None:
        cause, remedy = _why_small(looks[-1], factor)
        return [
            Finding("vanishing", (first.name,), f"{seen}{each}. {cause}", remedy, looks[since].step)
        ]
    since = persistent([ratio > EXPLODING for ratio in ratios])
    if since is not None:
        remedy = (
            "Smaller initial weights (He's or Glorot's rule for the activation used), normalisation "
            "between the layers, or residual branches that start small; clip_norm=1.0 bounds the step."
        )
        words = f"{seen}{each}. The weights enlarge errors on their way back."
        return [Finding("exploding", (first.name,), words, remedy, looks[since].step)]
    return []


def _why_small(look: Look, factor: float) -> tuple[str, str]:
    """Whether the slopes or the weights make errors small, and what helps."""
    hidden = [a for a in look.activations.values() if not a.is_output]
    if hidden:
        slope = math.prod(a.slope for a in hidden) ** (1 / len(hidden))
        bounded = sorted({a.op for a in hidden if a.op in ("sigmoid", "tanh", "softsign")})
        if slope < FEEBLE:
            cause = f"The slope of the activations is {slope:.2g} on average"
            if "sigmoid" in bounded:
                return (
                    f"{cause}; a sigmoid's is at most 0.25.",
                    "ReLU or tanh in the hidden layers with He's or Glorot's initialisation, batch "
                    "normalisation before the activation, or residual connections.",
                )
            return (
                f"{cause}.",
                "Normalisation before the activations, smaller weights so that they are not "
                "saturated, or residual connections.",
            )
    return (
        "The weights are too small to carry it.",
        "Larger initial weights (He's rule for ReLU, Glorot's for tanh), normalisation between the "
        "layers, or residual connections.",
    )


def _across_time(looks: Sequence[Look]) -> list[Finding]:
    findings = []
    for name, layer in looks[-1].layers.items() if looks else ():
        ratios = []
        for look in looks:
            calls = look.layers[name].calls if name in look.layers else ()
            finite = len(calls) >= STEPS_IN_TIME and all(map(math.isfinite, calls))
            ratios.append(_ratio(calls[0], calls[-1]) if finite else 1.0)
        steps = len(layer.calls)
        seen = f"layer '{name}' runs {steps} steps in time; its error ‖δ‖ is "
        seen += (
            f"{layer.calls[-1]:.2g} at the last and {layer.calls[0]:.2g} at the first"
            if steps
            else ""
        )
        since = persistent([ratio < VANISHING for ratio in ratios])
        if since is not None:
            remedy = (
                "LSTM or GRU with a forget bias of 1, orthogonal recurrent weights, or shorter "
                "sequences: what happened early cannot be learned."
            )
            findings.append(Finding("vanishing", (name,), f"{seen}.", remedy, looks[since].step))
        since = persistent([ratio > EXPLODING for ratio in ratios])
        if since is not None:
            remedy = (
                "clip_norm=1.0 (gradients of recurrent networks are clipped by custom), orthogonal "
                "recurrent weights, LSTM or GRU."
            )
            findings.append(Finding("exploding", (name,), f"{seen}.", remedy, looks[since].step))
    return findings
