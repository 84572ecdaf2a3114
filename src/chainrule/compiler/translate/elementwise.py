"""Rules of elementwise ops: NumPy's functions, activations, pointwise costs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..program import Value
from .expression import Expr
from .rules import RULES, Call, rule

__all__: list[str] = []

# Ops that are one scalar function of operands converted to the result's dtype.
_DIRECT = {
    "positive": "copy",
    "negative": "neg",
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "power": "pow",
    "float_power": "pow",
    "sqrt": "sqrt",
    "cbrt": "cbrt",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "fmod": "fmod",
    "maximum": "max",
    "minimum": "min",
    "fmax": "fmax",
    "fmin": "fmin",
    "abs": "abs",
    "fabs": "abs",
    "copysign": "copysign",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "log": "log",
    "log2": "log2",
    "log10": "log10",
    "log1p": "log1p",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "hypot": "hypot",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "rint": "rint",
    "bitwise_and": "and",
    "bitwise_or": "or",
    "bitwise_xor": "xor",
    "left_shift": "shl",
    "right_shift": "shr",
    "invert": "not",
    "sigmoid": "sigmoid",
    "erf": "erf",
    "erfc": "erfc",
    "copy": "copy",
    "stop_gradient": "copy",
    "alias": "copy",
}
_COMPARE = {
    "equal": "eq",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
}


def _direct(name: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        args = [c.lifted(i) for i in range(len(c.args))]
        return args[0] if name == "copy" else c.builder.map(name, *args, dtype=c.dtype)

    return translate


def _compare(name: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        dtype = c.common_dtype()
        args = [c.lifted(i, dtype) for i in range(len(c.args))]
        return c.builder.map(name, *args, dtype=np.bool_)

    return translate


def _test(name: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        return c.builder.map(name, c.builder.broadcast(c.args[0], c.shape), dtype=np.bool_)

    return translate


for _op, _name in _DIRECT.items():
    RULES[_op] = _direct(_name)
for _op, _name in _COMPARE.items():
    RULES[_op] = _compare(_name)
for _op in ("isnan", "isinf", "isfinite", "signbit"):
    RULES[_op] = _test(_op)


def _logical(name: str) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        args = [c.lifted(i, np.bool_) for i in range(len(c.args))]
        return c.builder.map(name, *args, dtype=np.bool_)

    return translate


for _op, _name in {"and": "and", "or": "or", "xor": "xor", "not": "not"}.items():
    RULES[f"logical_{_op}"] = _logical(_name)


@rule("astype", "astype_constant")
def _astype(c: Call) -> Value:
    return c.builder.cast(c.args[0], c.dtype)


@rule("where")
def _where(c: Call) -> Value:
    condition = c.lifted(0, np.bool_)
    return c.builder.map("select", condition, c.lifted(1), c.lifted(2), dtype=c.dtype)


@rule("ldexp")
def _ldexp(c: Call) -> Value:
    """x 2ⁿ in two factors, each a power of two that exists."""
    n = Expr(c.maths, c.builder.broadcast(c.args[1], c.shape))
    half = c.maths.map("shr", n, Expr(c.maths, c.builder.const(np.asarray(1, n.v.dtype))))
    first, second = half.cast(c.dtype).f("exp2"), (n - half).cast(c.dtype).f("exp2")
    return (Expr(c.maths, c.lifted(0)) * first * second).v


@rule("power", "float_power")
def _power(c: Call) -> Value:
    """Small whole exponents by multiplication, halves by roots; otherwise ``pow``."""
    x, number = Expr(c.maths, c.lifted(0)), c.args[1].scalar
    if number is not None and c.dtype.kind == "f":
        if number == 1:
            return x.v
        if number == 2:
            return (x * x).v
        if number == 3:
            return (x * x * x).v
        if number == -1:
            return (1.0 / x).v
        if number == 0:
            return c.builder.full(1, c.shape, c.dtype)
    return c.builder.map("pow", x.v, c.lifted(1), dtype=c.dtype)


# Functions of the operands, written as formulas; parameters by name.
Formula = Callable[..., Expr]


def _max0(x: Expr) -> Expr:
    return x.maximum(0.0 if x.v.dtype.kind == "f" else 0)


def _softplus(x: Expr, beta: float, threshold: float) -> Expr:
    z = x * beta
    smooth = z.f("softplus") / beta
    return smooth if math.isinf(threshold) else x.m.where(z > threshold, x, smooth)


def _elu(x: Expr, alpha: float, scale: float, width: float) -> Expr:
    falling = (x.minimum(0.0) / width).f("expm1") * (alpha * scale)
    return x.m.where(x > 0.0, x * scale, falling)


def _hardswish(x: Expr) -> Expr:
    inside = x.maximum(-3.0).minimum(3.0)
    return x.m.where(x > 3.0, x, inside * (inside + 3.0) / 6.0)


def _huber(x: Expr, y: Expr, delta: float) -> Expr:
    size = (x - y).f("abs")
    return x.m.where(size < delta, size * size * 0.5, (size - 0.5 * delta) * delta)


def _logits_bce(x: Expr, y: Expr, weight: Expr | None = None) -> Expr:
    tail = (-x.f("abs")).f("exp").f("log1p")
    if weight is None:
        return _max0(x) - x * y + tail
    factor = (weight - 1.0) * y + 1.0
    return (1.0 - y) * x + factor * (tail + _max0(-x))


def _logaddexp(x: Expr, y: Expr) -> Expr:
    top = x.maximum(y)
    rest = (-(x - y).f("abs")).f("exp").f("log1p")
    return x.m.where(x.eq(y), x + math.log(2.0), top + rest)


def _logaddexp2(x: Expr, y: Expr) -> Expr:
    top = x.maximum(y)
    rest = (-(x - y).f("abs")).f("exp2").f("log1p") * (1 / math.log(2.0))
    return x.m.where(x.eq(y), x + 1.0, top + rest)


def _sinc(x: Expr) -> Expr:
    y = x * math.pi
    safe = x.m.where(x.eq(0.0), 1.0e-20, y)
    return safe.f("sin") / safe


def _heaviside(x: Expr, y: Expr) -> Expr:
    step = x.m.where(x < 0.0, 0.0, x.m.where(x > 0.0, 1.0, y))
    return x.m.where(x.ne(x), x, step)


_FORMULAS: dict[str, Formula] = {
    "reciprocal": lambda x: 1.0 / x,
    "square": lambda x: x * x,
    "deg2rad": lambda x: x * (math.pi / 180),
    "rad2deg": lambda x: x * (180 / math.pi),
    "logaddexp": _logaddexp,
    "logaddexp2": _logaddexp2,
    "sinc": _sinc,
    "heaviside": _heaviside,
    "log_sigmoid": lambda x: -(-x).f("softplus"),
    "softplus": _softplus,
    "silu": lambda x: x * x.f("sigmoid"),
    "mish": lambda x: x * x.f("softplus").f("tanh"),
    "softsign": lambda x: x / (1.0 + x.f("abs")),
    "tanhshrink": lambda x: x - x.f("tanh"),
    "relu": _max0,
    "leaky_relu": lambda x, negative_slope: x.m.where(x > 0.0, x, x * negative_slope),
    "elu": _elu,
    "hardtanh": lambda x, min_val, max_val: x.maximum(min_val).minimum(max_val),
    "hardsigmoid": lambda x: (x / 6.0 + 0.5).maximum(0.0).minimum(1.0),
    "hardswish": _hardswish,
    "softshrink": lambda x, lambd: x - x.maximum(-lambd).minimum(lambd),
    "hardshrink": lambda x, lambd: x.m.where(x.f("abs") <= lambd, 0.0 * x, x),
    "squared_error": lambda x, y: (x - y) * (x - y),
    "absolute_error": lambda x, y: (x - y).f("abs"),
    "huber_error": _huber,
    "bce_with_logits": _logits_bce,
    "safe_sqrt": lambda x: x.f("sqrt"),
}


def _formula(formula: Formula) -> Callable[[Call], Value]:
    def translate(c: Call) -> Value:
        return c.builder.cast(formula(*c.exprs(), **c.params).v, c.dtype)

    return translate


for _op, _formula_of in _FORMULAS.items():
    RULES[_op] = _formula(_formula_of)


@rule("clip")
def _clip(c: Call) -> Value:
    """Bounds by position; one of them may be missing (NaN in none of them)."""
    x = Expr(c.maths, c.lifted(0))
    low, high = (Expr(c.maths, c.lifted(i)) for i in (1, 2))
    return x.maximum(low).minimum(high).v


@rule("round")
def _round(c: Call) -> Value:
    x = Expr(c.maths, c.lifted(0))
    decimals = c.params.get("decimals", 0)
    if c.dtype.kind != "f":
        if decimals < 0:
            raise TypeError("rounding integers to tens")
        return x.v
    if decimals == 0:
        return x.f("rint").v
    power = 10.0 ** abs(decimals)
    if decimals > 0:
        return ((x * power).f("rint") / power).v
    return ((x / power).f("rint") * power).v
