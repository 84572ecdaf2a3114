"""The ops: each declared once, as a record (see :mod:`chainrule.core.op`).

``elementwise`` · ``reduction`` · ``shape`` · ``indexing`` · ``linalg`` · ``constant`` hold the
mathematics; ``protocols`` connects NumPy's functions to it; ``methods`` gives Tensor its methods.
"""

from __future__ import annotations

from chainrule.core.lib import lib
from chainrule.ops import (
    activations,
    constant,
    elementwise,
    entropy,
    indexing,
    linalg,
    losses,
    neural,
    normalization,
    random,
    reduction,
    shape,
)

FAMILIES = [
    elementwise,
    shape,
    indexing,
    reduction,
    linalg,
    constant,
    activations,
    neural,
    normalization,
    losses,
    entropy,
    random,
]
"""Every module of this package whose ``__all__`` lists public functions."""


def _enter() -> None:
    for family in FAMILIES:
        for name in family.__all__:
            setattr(lib, name, getattr(family, name))


_enter()

from chainrule.ops import methods, protocols  # noqa: E402

methods.attach()
protocols.connect()

_INTERNAL = {"constant", "sum_to", "tracked", "variable", "wrap", "zeros_as"}
__all__ = sorted({name for family in FAMILIES for name in family.__all__} - _INTERNAL)

for _family in FAMILIES:
    for _name in _family.__all__:
        globals()[_name] = getattr(_family, _name)
