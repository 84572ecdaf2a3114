"""Backpropagation with nothing hidden, everything checked, at the speed of the metal."""

from __future__ import annotations

__version__ = "0.1.0"
