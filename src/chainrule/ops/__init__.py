"""The ops: each declared once, as a record (see :mod:`chainrule.core.op`).

Where to look:

* elementwise: ``arithmetic`` · ``transcendental`` · ``routing`` (where, maximum) · ``comparison`` ·
  ``numbers`` (clip, round); special functions in ``error_function`` · ``gamma_function`` ·
  ``bessel`` · ``information``
* reductions and order: ``reduction`` · ``nan_reduction`` · ``scan`` (cumsum, diff) · ``sorting`` ·
  ``quantiles`` · ``sets``
* places: ``shape`` · ``arrange`` (flip, tile, diag) · ``joining`` · ``padding`` · ``indexing`` ·
  ``along_axis`` (take, choose)
* products: ``linalg`` (matmul) · ``products`` · ``einstein`` · ``solving`` · ``decomposition`` ·
  ``norms``; ``interpolation`` · ``polynomials`` · ``mapping``
* networks: ``activations`` · ``neural`` · ``losses`` · ``entropy`` · ``normalization`` · ``random``
* made from nothing: ``constant`` · ``creation``

``protocols`` connects NumPy's functions to these, ``methods`` gives Tensor its methods, ``table``
writes the page of functions, ``conventions`` says what is chosen where a derivative jumps.
"""

from __future__ import annotations

from chainrule.core.lib import lib
from chainrule.ops import (
    activations,
    along_axis,
    arrange,
    bessel,
    constant,
    convolution,
    creation,
    decomposition,
    einstein,
    elementwise,
    entropy,
    error_function,
    gamma_function,
    gaussian,
    indexing,
    information,
    interpolation,
    joining,
    linalg,
    losses,
    mapping,
    nan_reduction,
    neural,
    normalization,
    norms,
    numbers,
    padding,
    polynomials,
    pooling,
    products,
    quantiles,
    random,
    reduction,
    scan,
    sets,
    shape,
    solving,
    sorting,
)

FAMILIES = [
    elementwise,
    shape,
    indexing,
    reduction,
    linalg,
    constant,
    creation,
    scan,
    arrange,
    joining,
    along_axis,
    sorting,
    sets,
    quantiles,
    nan_reduction,
    padding,
    numbers,
    products,
    einstein,
    solving,
    decomposition,
    norms,
    interpolation,
    polynomials,
    mapping,
    error_function,
    gamma_function,
    bessel,
    information,
    activations,
    gaussian,
    neural,
    normalization,
    losses,
    entropy,
    random,
    convolution,
    pooling,
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

_INTERNAL = {
    "constant",
    "linalg_cross",
    "linalg_diagonal",
    "linalg_trace",
    "sum_to",
    "tracked",
    "variable",
    "wrap",
    "zeros_as",
}
__all__ = sorted({name for family in FAMILIES for name in family.__all__} - _INTERNAL)

for _family in FAMILIES:
    for _name in _family.__all__:
        globals()[_name] = getattr(_family, _name)
