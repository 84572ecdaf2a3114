"""From the user's graph to a program: one rule per op.

:func:`translate` walks the nodes of a staged graph in order. An op without a rule is opened into
its ``parts`` where it has them; otherwise a :class:`~chainrule.errors.CompileError` names the op
and the user's line. Files: ``elementwise.py``, ``movement.py``, ``arithmetic.py`` (reductions and
products), ``classification.py``, ``randomness.py``, ``selection.py``, ``special.py``,
``spatial.py`` (convolution, pooling);
a new
family of ops is a new file that enters its rules in ``RULES``, imported below.
"""

from __future__ import annotations

from . import (
    arithmetic,
    classification,
    elementwise,
    movement,
    randomness,
    selection,
    spatial,
    special,
)
from .driver import Translation, translate
from .rules import RULES, Call, rule

__all__ = ["RULES", "Call", "Translation", "rule", "translate"]

del arithmetic, classification, elementwise, movement, randomness, selection, spatial, special
