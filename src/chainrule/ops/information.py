"""Functions of probabilities: x log y, entropies, logits. At zero probability they have limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import Kink, Op, elementwise
from chainrule.ops.comparison import equal, less_equal
from chainrule.ops.domains import XY, X, positive_numbers, unit_interval
from chainrule.ops.routing import where
from chainrule.ops.transcendental import log, log1p

__all__ = ["entr", "kl_div", "logit", "rel_entr", "xlog1py", "xlogy"]


def _times_log(x: Any, y: Any, function: Any) -> Any:
    """``x * function(y)``, 0 where x is 0 (and y is a number)."""
    x, y = np.asarray(x), np.asarray(y)
    kind = np.result_type(x, y, np.float32 if x.dtype.itemsize < 8 > y.dtype.itemsize else float)
    zero = (x == 0) & ~np.isnan(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.where(zero, 0.0, x * function(np.where(zero, 1.0, y)))
    return np.asarray(made, kind if kind.kind == "f" else np.float64)


def _slope(x: Any, y: Any, pole: Any, function: Any) -> Any:
    """``function(y)``, 0 where x is 0 and y is not in the domain of the logarithm."""
    outside = equal(x, 0.0) & less_equal(y, pole)
    return where(outside, 0.0, function(where(outside, pole + 1.0, y)))


def _quotient(x: Any, y: Any) -> Any:
    zero = equal(x, 0.0)
    return where(zero, 0.0, x / where(zero, 1.0, y))


_AT_ZERO = (Kink((0.0, 0.0), (0.0, 0.0), "0 log y = 0 for every y"),)
xlogy: Op = elementwise(
    "xlogy",
    lambda x, y: _times_log(x, y, np.log),
    lambda g, out, x, y: g * _slope(x, y, 0.0, log),
    lambda g, out, x, y: g * _quotient(x, y),
    samples=XY,
    domain=positive_numbers,
    kinks=_AT_ZERO,
    doc="x ln y, 0 where x = 0; ln y, x/y",
)
xlog1py: Op = elementwise(
    "xlog1py",
    lambda x, y: _times_log(x, y, np.log1p),
    lambda g, out, x, y: g * _slope(x, y, -1.0, log1p),
    lambda g, out, x, y: g * _quotient(x, y + 1.0),
    samples=XY,
    domain=positive_numbers,
    kinks=(Kink((0.0, -1.0), (0.0, 0.0), "0 log(1 + y) = 0 for every y"),),
    doc="x ln(1 + y), 0 where x = 0; ln(1 + y), x/(1 + y)",
)


def _entr_forward(x: Any) -> Any:
    made = -_times_log(x, x, np.log)
    return np.where(np.asarray(x) < 0, -np.inf, made).astype(made.dtype)


entr: Op = elementwise(
    "entr",
    _entr_forward,
    lambda g, out, x: g * (-log(x) - 1.0),
    samples=X,
    domain=positive_numbers,
    doc="-x ln x, 0 at 0, -inf below; -ln x - 1 (+inf at 0: no subgradient exists)",
)


def _log_ratio(x: Any, y: Any) -> Any:
    """ln(x/y) by a difference: no overflow of the quotient."""
    return log(x) - log(y)


def _slope_in_x(x: Any, y: Any, one: float) -> Any:
    """``ln(x/y) + one``, 0 where both are 0 and any slope would do."""
    both = equal(x, 0.0) & equal(y, 0.0)
    return where(both, 0.0, _log_ratio(where(both, 1.0, x), where(both, 1.0, y)) + one)


def _rel_entr_forward(x: Any, y: Any) -> Any:
    made = _times_log(x, x, np.log) - _times_log(x, y, np.log)
    inside = ((np.asarray(x) > 0) & (np.asarray(y) > 0)) | (
        (np.asarray(x) == 0) & (np.asarray(y) >= 0)
    )
    missing = np.isnan(x) | np.isnan(y)
    return np.where(inside | missing, made, np.inf).astype(made.dtype)


def _kl_forward(x: Any, y: Any) -> Any:
    made = _rel_entr_forward(x, y)
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(made), made, made - x + y).astype(made.dtype)


rel_entr: Op = elementwise(
    "rel_entr",
    _rel_entr_forward,
    lambda g, out, x, y: g * _slope_in_x(x, y, 1.0),
    lambda g, out, x, y: g * -_quotient(x, y),
    samples=XY,
    domain=positive_numbers,
    doc="x ln(x/y), inf outside x ≥ 0, y ≥ 0; ln(x/y) + 1, -x/y",
)
kl_div: Op = elementwise(
    "kl_div",
    _kl_forward,
    lambda g, out, x, y: g * _slope_in_x(x, y, 0.0),
    lambda g, out, x, y: g * (1.0 - _quotient(x, y)),
    samples=XY,
    domain=positive_numbers,
    doc="x ln(x/y) - x + y; ln(x/y), 1 - x/y",
)


def _logit_forward(x: Any) -> Any:
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x < 0.5, np.log(x) - np.log1p(-x), -np.log((1.0 - x) / x)).astype(x.dtype)


logit: Op = elementwise(
    "logit",
    _logit_forward,
    lambda g, out, x: g / (x * (1.0 - x)),
    samples=X,
    domain=lambda x, _: 0.5 + 0.5 * unit_interval(x, 0),
    doc="ln(x/(1 - x)); 1/(x (1 - x))",
)
