"""Is this training healthy, and if not, what ails it and what helps?

:func:`watch` looks at some steps of a training and says so in words; :func:`examine` does it for one
step; :class:`TrainingWatch` hangs into :class:`cr.Trainer`; :func:`first_nonfinite` tells where a NaN
came from; :func:`gradient_noise` whether the batch is large enough; :func:`plot` draws.

One question per file: :mod:`.flow` (do errors reach the first layers?), :mod:`.saturation` (are slopes
flat?), :mod:`.dead` (are units silent?), :mod:`.divergence` (does the loss run away?), :mod:`.origin`
(where did the NaN begin?), :mod:`.noise`. Each states its threshold and where that comes from.
:mod:`.measure` takes the figures from the graph that ran, :mod:`.verdict` puts the answers together.
Start reading at :mod:`.watch`.
"""

from __future__ import annotations

from chainrule.diagnose.finding import Finding
from chainrule.diagnose.noise import GradientNoise, gradient_noise
from chainrule.diagnose.origin import Origin, first_nonfinite
from chainrule.diagnose.plots import plot
from chainrule.diagnose.training import TrainingWatch
from chainrule.diagnose.verdict import Diagnosis
from chainrule.diagnose.watch import Watch, examine, watch

__all__ = [
    "Diagnosis",
    "Finding",
    "GradientNoise",
    "Origin",
    "TrainingWatch",
    "Watch",
    "examine",
    "first_nonfinite",
    "gradient_noise",
    "plot",
    "watch",
]
