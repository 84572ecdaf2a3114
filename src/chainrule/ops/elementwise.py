"""All elementwise ops in one place: those of ``arithmetic``, ``transcendental``, ``routing`` and
``comparison``."""

from __future__ import annotations

from chainrule.ops import arithmetic, comparison, routing, transcendental
from chainrule.ops.arithmetic import *  # noqa: F403
from chainrule.ops.comparison import *  # noqa: F403
from chainrule.ops.routing import *  # noqa: F403
from chainrule.ops.transcendental import *  # noqa: F403

__all__: list[str] = [
    *arithmetic.__all__,
    *transcendental.__all__,
    *routing.__all__,
    *comparison.__all__,
]
