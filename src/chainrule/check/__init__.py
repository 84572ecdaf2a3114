"""Is this gradient right, and if not, which line is wrong?"""

from __future__ import annotations

from .report import ArgumentResult, Finding, GradientCheckError, Report, Worst
from .source import backward, source

__all__ = [
    "ArgumentResult",
    "Finding",
    "GradientCheckError",
    "Report",
    "Worst",
    "backward",
    "source",
]
