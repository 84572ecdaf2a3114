"""Code that changes its parameters at once and returns no gradients: the changes are what is judged.

``self.w -= rate * dw`` leaves no gradient behind, but the change of ``w`` is one, up to the factor.
That is the same for all parameters; it is read off the changes themselves, and said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .examine import Examination, NotCheckable
from .leaves import Leaf, is_gradient_name
from .match import named_gradient
from .program import Outcome, Program

__all__ = ["as_updates", "is_gradient"]


def is_gradient(output: Leaf, leaves: Sequence[Leaf]) -> bool:
    """True if an output could be a gradient: by its name, or because nothing says what it is."""
    if not output.word or is_gradient_name(output.word):
        return True
    return any(named_gradient([output], leaf) is not None for leaf in leaves)


def as_updates(program: Program, exam: Examination, base: Outcome, notes: list[str]) -> Outcome:
    """A run whose outputs are the changes of the parameters, divided by their common factor.

    If the code changes none of its inputs, the run is the one given.
    """
    program.update_rate = 1.0
    changed = program.run()
    if not changed.outputs or changed.error is not None:
        program.update_rate = None
        return base
    exam.prepare(changed)
    ratios = []
    for truth, leaf in zip(exam.truths, exam.claimed(changed)):
        if leaf is None or leaf.value.size != truth.size:
            continue
        change = leaf.value.reshape(-1)[truth.entries]
        weight = float(np.sum(truth.value * truth.value))
        if weight > 0 and math.isfinite(weight):
            ratio = float(np.sum(change * truth.value)) / weight
            off = float(np.sum((change - ratio * truth.value) ** 2))
            ratios.append((off / weight / max(ratio * ratio, 1e-300), ratio))
    if not ratios:
        raise NotCheckable("the code changes its parameters, but the cost does not depend on them")
    # The factor of the parameter whose change is most nearly a multiple of its gradient; of several
    # such, that of most of them.
    good = [ratio for off, ratio in ratios if off < 1e-6] or [min(ratios)[1]]
    rate = max(good, key=lambda r: sum(math.isclose(r, other, rel_tol=1e-4) for other in good))
    if rate < 0:
        notes.append("the changes go uphill: they add the gradient to the parameters")
    program.update_rate = abs(rate)
    notes.append(
        "the code returns no gradients but changes its parameters: each change was compared with"
        f" {abs(rate):.6g} times the gradient, the factor that most of them have in common"
    )
    return program.run()
