"""Rules of special functions: those of the C library, and formulas of them.

The others (Bessel functions of any order, digamma, incomplete gamma and beta …) are refused by
name: they do not stand in training loops, and a slow or less exact copy would be worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..program import Value
from .expression import Expr
from .rules import RULES, Call

__all__: list[str] = []


def _times_log(x: Expr, y: Expr, log: str) -> Expr:
    """x log(y), 0 where x is 0 (unless y is NaN)."""
    zero = x.eq(0.0) & y.eq(y)
    return x.m.where(zero, 0.0, x * x.m.where(zero, 1.0, y).f(log))


def _entr(x: Expr) -> Expr:
    low = x.m.where(x.eq(0.0), 0.0, float("-inf"))
    inner = -x * x.f("log")
    return x.m.where(x > 0.0, inner, x.m.where(x.ne(x), x, low))


def _rel_entr(x: Expr, y: Expr) -> Expr:
    both = (x > 0.0) & (y > 0.0)
    value = x * (x / y).f("log")
    edge = x.m.where(x.eq(0.0) & (y >= 0.0), 0.0, float("inf"))
    missing = x.ne(x) | y.ne(y)
    return x.m.where(both, value, x.m.where(missing, x + y, edge))


def _kl_div(x: Expr, y: Expr) -> Expr:
    both = (x > 0.0) & (y > 0.0)
    value = x * (x / y).f("log") - x + y
    edge = x.m.where(x.eq(0.0) & (y >= 0.0), y, float("inf"))
    missing = x.ne(x) | y.ne(y)
    return x.m.where(both, value, x.m.where(missing, x + y, edge))


def _ndtr(x: Expr) -> Expr:
    return (x * -math.sqrt(0.5)).f("erfc") * 0.5


_FORMULAS: dict[str, Callable[..., Expr]] = {
    "gammaln": lambda x: x.f("lgamma"),
    "gamma": lambda x: x.f("tgamma"),
    "xlogy": lambda x, y: _times_log(x, y, "log"),
    "xlog1py": lambda x, y: _times_log(x, y, "log1p"),
    "entr": _entr,
    "rel_entr": _rel_entr,
    "kl_div": _kl_div,
    "logit": lambda x: (x / (1.0 - x)).f("log"),
    "ndtr": _ndtr,
    "betaln": lambda x, y: x.f("lgamma") + y.f("lgamma") - (x + y).f("lgamma"),
}


def _formula(formula: Callable[..., Expr]) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        return c.builder.cast(formula(*c.exprs(), **c.params).v, c.dtype)

    return translate


for _name, _function in _FORMULAS.items():
    RULES[_name] = _formula(_function)
