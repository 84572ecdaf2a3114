"""NumPy's names for tensors: ``import chainrule.numpy as np``.

NumPy's own functions already work on tensors (``np.sin(t)``, ``np.sum(t, axis=0)``). This namespace
is for what NumPy cannot hand over: ``array([t1, t2])``, and arrays made from nothing. ``zeros``,
``ones``, ``arange`` and their like give tensors, so that tensors can be written into them;
``array`` and ``asarray`` give what they are given: a tensor if there is one in the data.

Dtypes and constants are NumPy's. What the library does not have is absent.

Examples
--------
>>> import chainrule.numpy as cnp
>>> t = cr.tensor(2.0, requires_grad=True)
>>> cnp.sum(cnp.array([t, t * t, 1.0]) * cnp.arange(3.0)).backward()
>>> t.grad
tensor(4.)
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as _np

from chainrule.core.lib import lib as _lib
from chainrule.ops.index_notation import c_, r_
from chainrule.ops.protocols import FUNCTIONS as _FUNCTIONS
from chainrule.ops.protocols import UFUNCS as _UFUNCS

__all__ = ["c_", "linalg", "r_"]


def _answer(function: Any, name: str) -> Any:
    """The library's function for NumPy's, or ``None``."""
    table: dict[Any, Any] = _UFUNCS if isinstance(function, _np.ufunc) else _FUNCTIONS
    found = table.get(function)
    return found if found is not None else getattr(_lib, name, None)


def _is_constant(value: Any) -> bool:
    number = isinstance(value, float | bool) or value is None
    return number or (isinstance(value, type) and issubclass(value, _np.generic | _np.dtype))


for _name in dir(_np):
    if _name.startswith("_"):
        continue
    _theirs = getattr(_np, _name, None)
    if _is_constant(_theirs):
        globals()[_name] = _theirs
    elif callable(_theirs) and not isinstance(_theirs, type):
        _ours = _answer(_theirs, _name)
        if _ours is None:
            continue
        globals()[_name] = _ours
    else:
        continue
    __all__ += [_name]

linalg = SimpleNamespace(
    **{
        _name: _FUNCTIONS[getattr(_np.linalg, _name)]
        for _name in dir(_np.linalg)
        if not _name.startswith("_") and getattr(_np.linalg, _name) in _FUNCTIONS
    },
    LinAlgError=_np.linalg.LinAlgError,
)
del _name, _theirs, _ours
