"""Tensors from any library that speaks DLPack; the other way is ``np.from_dlpack(t)`` and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import DtypeError

__all__ = ["from_dlpack"]


def from_dlpack(source: Any) -> Tensor:
    """A tensor with the values of ``source``.

    The values are copied: a tensor's memory never changes, that of another library may.

    Raises
    ------
    DtypeError
        For memory that is not on the CPU, or numbers that are not real.

    Examples
    --------
    >>> from chainrule.interop import from_dlpack
    >>> from_dlpack(np.arange(3.0))
    tensor([0., 1., 2.])
    """
    try:
        shared = np.from_dlpack(source)
    except (BufferError, RuntimeError, TypeError, AttributeError) as error:
        raise DtypeError(
            f"from_dlpack: {type(source).__name__} does not offer CPU memory of real numbers "
            f"({error})"
        ) from error
    return tensor(shared)
