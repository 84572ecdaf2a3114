"""Is this gradient right, and if not, which line is wrong?

:func:`gradients` checks functions, modules and pairs by numbers; :func:`source` and
:func:`backward` check hand-written backward passes and name the statement that is wrong;
:func:`assert_gradients` is for tests; :func:`parity` compares a module with PyTorch or JAX. All
give a :class:`Report`: *right*, *wrong* or *cannot tell*.

Start reading at :mod:`.source` for the road of a hand-written pass (:mod:`.program` runs it,
:mod:`.examine` compares it with differences, :mod:`.localise` finds the statement with the edits
of :mod:`.suspects`) and at :mod:`.gradcheck` for the rest.
"""

from __future__ import annotations

from ..nn.gradients import gradient_report
from .compare import Tolerance
from .gradcheck import assert_gradients, gradients
from .parity import parity
from .report import ArgumentResult, Finding, GradientCheckError, Report, Worst
from .source import backward, source

__all__ = [
    "ArgumentResult",
    "Finding",
    "GradientCheckError",
    "Report",
    "Tolerance",
    "Worst",
    "assert_gradients",
    "backward",
    "gradient_report",
    "gradients",
    "parity",
    "source",
]
