"""Types shared by the textbook network."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Layout", "Reduction"]

Array: TypeAlias = npt.NDArray[np.floating[Any]]
Layout: TypeAlias = Literal["column", "row"]
Reduction: TypeAlias = Literal["sum", "mean"]
