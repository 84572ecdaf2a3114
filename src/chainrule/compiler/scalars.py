"""The scalar functions of ``map`` values: how each is computed in NumPy and emitted as IR.

One record per function. The NumPy form is the meaning: constant folding and the reference
interpreter use it, and the tests compare the emitted form with it. Integer division and remainder
by zero give 0, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ir import Function, Type, Val, type_of
from .vectormath import FUNCTIONS, per_lane, unary

__all__ = ["SCALARS", "Scalar", "apply"]

Dtype = np.dtype[Any]
Emit = Callable[[Function, Sequence[Val], Sequence[Dtype], Dtype], Val]


@dataclass(frozen=True)
class Scalar:
    """A scalar function: ``emit`` writes IR, ``numpy`` is its meaning, ``cost`` in cycles or so."""

    emit: Emit
    numpy: Callable[..., Any]
    cost: int = 1


SCALARS: dict[str, Scalar] = {}


def apply(name: str, *args: Any, dtype: Any) -> Any:
    """Evaluate a scalar function in NumPy."""
    with np.errstate(all="ignore"):
        return np.asarray(SCALARS[name].numpy(*args)).astype(dtype, copy=False)


def _vec(dtype: Dtype, like: Val) -> Type:
    return type_of(dtype).vec(like.type.lanes)


# ---- arithmetic


def _plain(fop: str, iop: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        return f.binary(fop if a[0].type.is_float else iop, a[0], a[1])

    return emit


def _division(signed: str, unsigned: str, floored: bool) -> Emit:
    """Integer division or remainder; by zero gives 0, and the quotient rounds down."""

    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        x, y = a
        zero, one = f.like(0, x), f.like(1, x)
        none = f.compare("eq", y, zero)
        if out.kind == "u":
            return f.select(none, zero, f.binary(unsigned, x, f.select(none, one, y)))
        # The smallest integer divided by -1 would trap: -1 is treated apart.
        minus = f.compare("eq", y, f.like(-1, x))
        safe = f.select(none, one, f.select(minus, one, y))
        q, r = f.binary("sdiv", x, safe), f.binary("srem", x, safe)
        off = f.binary(
            "and",
            f.compare("ne", r, zero),
            f.compare("slt", f.binary("xor", r, safe), zero),
        )
        if signed == "sdiv":
            if floored:
                q = f.sub(q, f.emit(x.type, f"zext {off.typed} to {x.type.text}"))
            return f.select(none, zero, f.select(minus, f.neg(x), q))
        if floored:
            r = f.add(r, f.select(off, safe, zero))
        return f.select(f.binary("or", none, minus), zero, r)

    return emit


def _floor_divide(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return _division("sdiv", "udiv", True)(f, a, d, out)
    x, y = a
    # NumPy's: from the exact remainder, so that x == q * y + r holds as well as it can.
    r = _mod(f, a, d, out)
    q = f.div(f.sub(x, r), y)
    near = f.intrinsic("rint", q)
    # By zero, and for infinite x, the quotient itself.
    plain = f.div(x, y)
    odd = f.compare("oeq", y, f.like(0.0, y))
    return f.select(odd, plain, near)


def _fmod(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return _division("srem", "urem", False)(f, a, d, out)
    return per_lane(f, "fmod", *a)


def _mod(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return _division("srem", "urem", True)(f, a, d, out)
    x, y = a
    r = per_lane(f, "fmod", x, y)
    zero = f.like(0.0, x)
    differs = f.binary("xor", f.compare("olt", r, zero), f.compare("olt", y, zero))
    off = f.binary("and", f.compare("one", r, zero), differs)
    r = f.select(off, f.add(r, y), r)
    return f.select(f.compare("oeq", r, zero), f.intrinsic("copysign", zero, y), r)


def _negative(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    return f.neg(a[0])


def _absolute(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    x = a[0]
    if x.type.is_float:
        return f.intrinsic("fabs", x)
    if d[0].kind in "ub":
        return x
    return f.select(f.compare("slt", x, f.like(0, x)), f.neg(x), x)


def _sign(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    x = a[0]
    zero, one = f.like(0, x), f.like(1, x)
    if x.type.is_float:
        s = f.select(f.compare("ogt", x, zero), one, zero)
        s = f.select(f.compare("olt", x, zero), f.like(-1.0, x), s)
        return f.select(f.compare("uno", x, x), x, s)
    if d[0].kind in "ub":
        return f.select(f.compare("ne", x, zero), one, zero)
    s = f.select(f.compare("sgt", x, zero), one, zero)
    return f.select(f.compare("slt", x, zero), f.like(-1, x), s)


def _extreme(fpred: str, ipred: str, keep_nan: bool) -> Emit:
    """Maximum or minimum. NaN: of either operand (maximum) or only of both (fmax)."""

    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        x, y = a
        if not x.type.is_float:
            if d[0].kind in "ub":
                return f.select(f.compare(ipred.replace("s", "u", 1), x, y), x, y)
            return f.select(f.compare(ipred, x, y), x, y)
        if not y.text.startswith("%") and keep_nan:
            # One comparison is enough against a constant: a NaN in x fails "y beats x".
            return f.select(f.compare(fpred, y, x), y, x)
        best = f.select(f.compare(fpred, y, x), y, x)
        missing = f.compare("uno", y, y) if keep_nan else f.compare("uno", x, x)
        return f.select(missing, y, best)

    return emit


# ---- comparisons and logic


def _comparison(name: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        if a[0].type.is_float:
            return f.compare(("u" if name == "ne" else "o") + name, *a)
        if name in ("eq", "ne"):
            return f.compare(name, *a)
        return f.compare(("u" if d[0].kind in "ub" else "s") + name, *a)

    return emit


def _not(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    return f.binary("xor", a[0], f.like(1 if a[0].type.bits == 1 else -1, a[0]))


def _shift(op: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        x, y = a
        bits = x.type.bits
        over = f.compare("uge", y, f.like(bits, y))
        if op == "left":
            return f.select(over, f.like(0, x), f.binary("shl", x, y))
        if d[0].kind == "u":
            return f.select(over, f.like(0, x), f.binary("lshr", x, y))
        return f.binary("ashr", x, f.select(over, f.like(bits - 1, y), y))

    return emit


def _select(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    return f.select(*a)


def _same(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    """Equal, or both NaN."""
    x, y = a
    if not x.type.is_float:
        return f.compare("eq", x, y)
    both = f.binary("and", f.compare("uno", x, x), f.compare("uno", y, y))
    return f.binary("or", f.compare("oeq", x, y), both)


def _beats(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    """Greater, or NaN where the other is none: what makes ``x`` the maximum so far."""
    x, y = a
    if not x.type.is_float:
        return f.compare("ugt" if d[0].kind in "ub" else "sgt", x, y)
    return f.binary("and", f.compare("ugt", x, y), f.compare("ord", y, y))


def _isnan(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return f.const(0, a[0].type.mask())
    return f.compare("uno", a[0], a[0])


def _isinf(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return f.const(0, a[0].type.mask())
    return f.compare("oeq", f.intrinsic("fabs", a[0]), f.like(float("inf"), a[0]))


def _isfinite(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if not a[0].type.is_float:
        return f.const(1, a[0].type.mask())
    return f.compare("olt", f.intrinsic("fabs", a[0]), f.like(float("inf"), a[0]))


def _signbit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    bits = f.bitcast(a[0], a[0].type.as_int()) if a[0].type.is_float else a[0]
    if d[0].kind in "ub":
        return f.const(0, bits.type.mask())
    return f.compare("slt", bits, f.like(0, bits))


# ---- conversions


def _cast(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    x, source, t = a[0], d[0], _vec(out, a[0])
    if source == out:
        return x
    if out == np.bool_:
        return f.compare("une" if x.type.is_float else "ne", x, f.like(0, x))
    if x.type.is_float and t.is_float:
        return f.convert(x, t, "fpext" if t.bits > x.type.bits else "fptrunc")
    if x.type.is_float:
        # By way of int64, as C does for narrow types; out of range gives some value, not a trap.
        wide = _fptosi(f, x) if out.kind != "u" or out.itemsize < 8 else None
        if wide is None:
            return f.emit(
                t, f"call {t.text} @llvm.fptoui.sat.{t.suffix}.{x.type.suffix}({x.typed})"
            )
        return f.convert(wide, t, "trunc") if t.bits < 64 else wide
    if t.is_float:
        return f.convert(x, t, "uitofp" if source.kind in "ub" else "sitofp")
    if t.bits == x.type.bits:
        return x
    if t.bits < x.type.bits:
        return f.convert(x, t, "trunc")
    return f.convert(x, t, "zext" if source.kind in "ub" else "sext")


def _fptosi(f: Function, x: Val) -> Val:
    t = Type("i", 64, x.type.lanes)
    name = f"llvm.fptosi.sat.{t.suffix}.{x.type.suffix}"
    return f.call(t, name, [x])


# ---- functions of floats


def _intrinsic(name: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        return f.intrinsic(name, *a) if a[0].type.is_float else a[0]

    return emit


def _vector_function(name: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        return unary(f, name, a[0])

    return emit


def _libm(name: str) -> Emit:
    def emit(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
        return per_lane(f, name, *a)

    return emit


def _power(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    if a[0].type.is_float:
        return per_lane(f, "pow", *a)
    # Integers: square and multiply over the bits of the exponent (at most 64).
    x, y = a
    result, base = f.like(1, x), x
    for _ in range(x.type.bits if x.type.bits < 64 else 63):
        odd = f.compare("ne", f.binary("and", y, f.like(1, y)), f.like(0, y))
        result = f.select(odd, f.mul(result, base), result)
        base = f.mul(base, base)
        y = f.binary("lshr", y, f.like(1, y))
    return result


def _fma(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    return f.fma(*a) if a[0].type.is_float else f.add(f.mul(a[0], a[1]), a[2])


def _mulhi32(f: Function, a: Sequence[Val], d: Sequence[Dtype], out: Dtype) -> Val:
    wide = Type("i", 64, a[0].type.lanes)
    x, y = (f.convert(v, wide, "zext") for v in a)
    return f.convert(f.binary("lshr", f.mul(x, y), f.like(32, x)), a[0].type, "trunc")


def _math(name: str) -> Callable[[Any], Any]:
    import math

    return np.vectorize(getattr(math, name), otypes=[np.float64])


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _rint(x: Any) -> Any:
    return np.rint(x)


SCALARS.update(
    {
        "add": Scalar(_plain("fadd", "add"), np.add),
        "sub": Scalar(_plain("fsub", "sub"), np.subtract),
        "mul": Scalar(_plain("fmul", "mul"), np.multiply),
        "div": Scalar(_plain("fdiv", "sdiv"), np.divide, 8),
        "fma": Scalar(_fma, lambda a, b, c: a * b + c),
        "floordiv": Scalar(_floor_divide, np.floor_divide, 100),
        "mod": Scalar(_mod, np.remainder, 100),
        "fmod": Scalar(_fmod, np.fmod, 100),
        "neg": Scalar(_negative, np.negative),
        "abs": Scalar(_absolute, np.abs),
        "sign": Scalar(_sign, np.sign, 3),
        "max": Scalar(_extreme("ogt", "sge", True), np.maximum, 3),
        "min": Scalar(_extreme("olt", "sle", True), np.minimum, 3),
        "fmax": Scalar(_extreme("ogt", "sge", False), np.fmax, 3),
        "fmin": Scalar(_extreme("olt", "sle", False), np.fmin, 3),
        "and": Scalar(_plain("", "and"), np.bitwise_and),
        "or": Scalar(_plain("", "or"), np.bitwise_or),
        "xor": Scalar(_plain("", "xor"), np.bitwise_xor),
        "not": Scalar(_not, np.invert),
        "shl": Scalar(_shift("left"), np.left_shift),
        "shr": Scalar(_shift("right"), np.right_shift),
        "select": Scalar(_select, np.where),
        "copy": Scalar(lambda f, a, d, out: a[0], lambda x: x, 0),
        "cast": Scalar(_cast, lambda x: x),
        "same": Scalar(_same, lambda x, y: (x == y) | ((x != x) & (y != y)), 2),
        "beats": Scalar(_beats, lambda x, y: (x > y) | ((x != x) & (y == y)), 2),
        "isnan": Scalar(_isnan, np.isnan),
        "isinf": Scalar(_isinf, np.isinf),
        "isfinite": Scalar(_isfinite, np.isfinite),
        "signbit": Scalar(_signbit, np.signbit),
        "sqrt": Scalar(_intrinsic("sqrt"), np.sqrt, 8),
        "floor": Scalar(_intrinsic("floor"), np.floor),
        "ceil": Scalar(_intrinsic("ceil"), np.ceil),
        "trunc": Scalar(_intrinsic("trunc"), np.trunc),
        "rint": Scalar(_intrinsic("rint"), _rint),
        "copysign": Scalar(_intrinsic("copysign"), np.copysign),
        "pow": Scalar(_power, np.power, 200),
        "atan2": Scalar(_libm("atan2"), np.arctan2, 200),
        "hypot": Scalar(_libm("hypot"), np.hypot, 200),
        "mulhi32": Scalar(
            _mulhi32, lambda a, b: (a.astype(np.uint64) * b.astype(np.uint64)) >> np.uint64(32)
        ),
        "sigmoid": Scalar(_vector_function("sigmoid"), _sigmoid, 12),
        "softplus": Scalar(_vector_function("softplus"), lambda x: np.logaddexp(0, x), 40),
        "erf": Scalar(_vector_function("erf"), _math("erf"), 40),
        "lgamma": Scalar(_libm("lgamma"), _math("lgamma"), 200),
        "tgamma": Scalar(_libm("tgamma"), _math("gamma"), 200),
        "erfc": Scalar(_libm("erfc"), _math("erfc"), 200),
    }
)
SCALARS.update(
    {
        n: Scalar(_comparison(n), getattr(np, u))
        for n, u in {
            "eq": "equal",
            "ne": "not_equal",
            "lt": "less",
            "le": "less_equal",
            "gt": "greater",
            "ge": "greater_equal",
        }.items()
    }
)
SCALARS.update(
    {n: Scalar(_vector_function(n), getattr(np, n), 15) for n in FUNCTIONS if n not in SCALARS}
)
SCALARS.update(
    {
        n: Scalar(_libm(n), getattr(np, u), 200)
        for n, u in {
            "acos": "arccos",
            "acosh": "arccosh",
            "asin": "arcsin",
            "asinh": "arcsinh",
            "atan": "arctan",
            "atanh": "arctanh",
            "cbrt": "cbrt",
            "cosh": "cosh",
            "exp2": "exp2",
            "log10": "log10",
            "log2": "log2",
            "sinh": "sinh",
            "tan": "tan",
        }.items()
    }
)
