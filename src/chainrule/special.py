"""SciPy's special functions by SciPy's names, differentiable: ``cr.special.erf(t)``.

``xlogy``, ``entr``, ``expit``, ``softmax``, ``logsumexp`` and their like need NumPy only; the error,
gamma and Bessel functions are computed by SciPy (``pip install "chainrule[special]"``), which is
imported when the first of them is called. Derivatives in the order of a Bessel function, in the
order of ``polygamma``, and in the shape parameters of incomplete integrals are refused with an
error, never given as zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.ops.activations import log_sigmoid as log_expit
from chainrule.ops.activations import sigmoid as expit
from chainrule.ops.activations import softplus as _softplus
from chainrule.ops.arithmetic import cbrt
from chainrule.ops.bessel import (
    i0,
    i0e,
    i1,
    i1e,
    iv,
    j0,
    j1,
    jn,
    jv,
    k0,
    k0e,
    k1,
    k1e,
    kv,
    y0,
    y1,
    yn,
    yv,
)
from chainrule.ops.error_function import (
    dawsn,
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfi,
    erfinv,
    exp1,
    expi,
    exprel,
    log_ndtr,
    ndtr,
    ndtri,
    spence,
)
from chainrule.ops.gamma_function import (
    beta,
    betainc,
    betaln,
    digamma,
    gamma,
    gammainc,
    gammaincc,
    gammaln,
    multigammaln,
    polygamma,
    rgamma,
    zeta,
)
from chainrule.ops.information import entr, kl_div, logit, rel_entr, xlog1py, xlogy
from chainrule.ops.neural import log_softmax as _log_softmax
from chainrule.ops.neural import logsumexp as _logsumexp
from chainrule.ops.neural import softmax as _softmax
from chainrule.ops.routing import where
from chainrule.ops.shape import reshape, shape_of
from chainrule.ops.transcendental import exp2, expm1, log1p, sin, sinc

__all__ = [
    "beta",
    "betainc",
    "betaln",
    "boxcox",
    "boxcox1p",
    "cbrt",
    "cosm1",
    "dawsn",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfi",
    "erfinv",
    "exp1",
    "exp2",
    "exp10",
    "expi",
    "expit",
    "expm1",
    "exprel",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "huber",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "inv_boxcox",
    "iv",
    "j0",
    "j1",
    "jn",
    "jv",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kl_div",
    "kv",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "pseudo_huber",
    "psi",
    "rel_entr",
    "rgamma",
    "sinc",
    "softmax",
    "softplus",
    "spence",
    "xlog1py",
    "xlogy",
    "y0",
    "y1",
    "yn",
    "yv",
    "zeta",
]

psi = digamma


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """``scipy.special.logsumexp``: ``log(sum(b * exp(a)))`` without overflow.

    ``b`` may have any sign; with ``return_sign`` the result is the logarithm of the absolute value
    and the sign, else it is NaN where the sum is negative.

    Examples
    --------
    >>> float(cr.special.logsumexp(np.array([0.0, 0.0])).round(6))
    0.693147
    """
    if b is None and not return_sign:
        return _logsumexp(a, axis=axis, keepdims=keepdims)
    a = lib.asarray(a)
    weights = lib.asarray(1.0 if b is None else b)
    a, weights = lib.broadcast_arrays(a, weights)
    # terms of weight 0 count for nothing, also where a is infinite
    absent = lib.equal(weights, 0.0)
    a = where(absent, -np.inf, a)
    peak = lib.stop_gradient(lib.max(a, axis=axis, keepdims=True))
    peak = where(lib.isfinite(peak), peak, 0.0)
    total = lib.sum(weights * lib.exp(a - peak), axis=axis, keepdims=keepdims)
    shift = reshape(peak, shape_of(total))
    if not return_sign:
        return lib.log(total) + shift
    return lib.log(lib.abs(total)) + shift, lib.sign(total)


def softmax(x: Any, axis: Any = None) -> Any:
    """``scipy.special.softmax``: over all elements by default, along an axis or several."""
    return _over(_softmax, x, axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """``scipy.special.log_softmax``: over all elements by default, along an axis or several."""
    return _over(_log_softmax, x, axis)


def _over(function: Any, x: Any, axis: Any) -> Any:
    if not isinstance(axis, tuple):
        return function(x, axis=axis)
    x = lib.asarray(x)
    moved = lib.moveaxis(x, axis, tuple(range(-len(axis), 0)))
    flat = reshape(moved, (*shape_of(moved)[: -len(axis)], -1))
    return lib.moveaxis(
        reshape(function(flat, axis=-1), shape_of(moved)), tuple(range(-len(axis), 0)), axis
    )


def softplus(x: Any) -> Any:
    """``scipy.special.softplus``: ``log(1 + exp(x))``."""
    return _softplus(x, threshold=np.inf)


def exp10(x: Any) -> Any:
    """``scipy.special.exp10``: ``10**x``."""
    return lib.power(10.0, x)


def cosm1(x: Any) -> Any:
    """``scipy.special.cosm1``: ``cos(x) - 1``, accurate near 0 as ``-2 sin²(x/2)``."""
    half = sin(lib.asarray(x) * 0.5)
    return -2.0 * half * half


def boxcox(x: Any, lmbda: Any) -> Any:
    """``scipy.special.boxcox``: ``(x**λ - 1)/λ``, ``log(x)`` at ``λ = 0``."""
    log = lib.log(x)
    return log * exprel(lib.asarray(lmbda) * log)


def boxcox1p(x: Any, lmbda: Any) -> Any:
    """``scipy.special.boxcox1p``: the Box-Cox transformation of ``1 + x``."""
    log = log1p(x)
    return log * exprel(lib.asarray(lmbda) * log)


def inv_boxcox(y: Any, lmbda: Any) -> Any:
    """``scipy.special.inv_boxcox``: the inverse of ``boxcox``."""
    lmbda = lib.asarray(lmbda)
    zero = lib.equal(lmbda, 0.0)
    safe = where(zero, 1.0, lmbda)
    return where(zero, lib.exp(y), lib.exp(log1p(safe * y) / safe))


def huber(delta: Any, r: Any) -> Any:
    """``scipy.special.huber``: ``r²/2`` up to ``delta``, then linear; inf for negative ``delta``."""
    delta, r = lib.asarray(delta), lib.asarray(r)
    size = lib.abs(r)
    made = where(lib.less_equal(size, delta), 0.5 * r * r, delta * (size - 0.5 * delta))
    return where(lib.less(delta, 0.0), np.inf, made)


def pseudo_huber(delta: Any, r: Any) -> Any:
    """``scipy.special.pseudo_huber``: ``δ² (√(1 + (r/δ)²) - 1)``; inf for negative ``delta``."""
    delta, r = lib.asarray(delta), lib.asarray(r)
    none = lib.equal(delta, 0.0) | lib.equal(r, 0.0)
    safe = where(none, 1.0, delta)
    u = r / safe
    # √(1 + u²) - 1 = u²/(√(1 + u²) + 1), accurate for small u
    made = where(none, 0.0, safe * safe * u * u / (lib.sqrt(1.0 + u * u) + 1.0))
    return where(lib.less(delta, 0.0), np.inf, made)
