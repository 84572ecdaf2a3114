"""One face for every kind of function whose gradient can be checked.

A :class:`Backend` evaluates a function on plain float64 arrays and asks the tool that is under test
for its pullback. There is one for functions of chainrule tensors, for pairs ``(f, grad_f)`` of plain
NumPy, for modules, for PyTorch and for JAX; the last two are imported only when the function or its
arguments come from there. :func:`backend_for` chooses.
"""

from __future__ import annotations

from .base import Backend
from .choice import backend_for
from .modules import ModuleBackend

__all__ = ["Backend", "ModuleBackend", "backend_for"]
