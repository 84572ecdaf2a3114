"""The library's functions by name, for the parts of the core that come before them.

``ops`` imports ``core``; the operators of ``Tensor`` and the sweeps need ``ops``. The functions are
entered here when ``chainrule.ops`` is imported, which ``import chainrule`` always does.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

__all__ = ["lib"]

lib: Any = SimpleNamespace()
