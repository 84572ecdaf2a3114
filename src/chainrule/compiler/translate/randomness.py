"""Rules of random numbers: Philox4x32-10 written as elementwise integer arithmetic.

The words are those of :mod:`chainrule.ops.philox` (see its Note [Which word is which element]), so
compiled and eager code draw the same numbers. The state ``(seed, step)`` is a value of the program.
"""

from __future__ import annotations

import math

import numpy as np

from ..program import Affine, Value
from .expression import Expr
from .rules import Call, rule

__all__: list[str] = []

_U32 = np.dtype(np.uint32)
_U64 = np.dtype(np.uint64)
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def _state_word(c: Call, index: int, shift: int) -> Expr:
    """Return 32 bits of the seed (index 0) or the step (1) as a 0-d value."""
    b = c.builder
    whole = Expr(c.maths, b.cast(b.slice(c.args[0], (index,), (1,), (1,)), _U64))
    if shift:
        whole = c.maths.map("shr", whole, Expr(c.maths, b.const(np.uint64(shift))))
    return whole.cast(_U32).reshape(())


def _word(c: Call, number: int) -> Expr:
    return Expr(c.maths, c.builder.const(np.uint32(number & 0xFFFFFFFF)))


def _high(c: Call, x: Expr, factor: int) -> Expr:
    return c.maths.map("mulhi32", x, _word(c, factor))


def _philox(c: Call, blocks: int, site: int) -> list[Expr]:
    """Return the four words of each of ``blocks`` counters."""
    m, b = c.maths, c.builder
    index = Expr(m, b.cast(b.iota((blocks,), 0), _U64))
    step_low, step_high = _state_word(c, 1, 0), _state_word(c, 1, 32)
    upper = m.map("shr", index, Expr(m, b.const(np.uint64(32)))).cast(_U32)
    even = [index.cast(_U32), step_low.broadcast((blocks,))]
    odd = [upper, m.map("xor", step_high, _word(c, site)).broadcast((blocks,))]
    keys = [_state_word(c, 0, 0), _state_word(c, 0, 32)]
    for r in range(_ROUNDS):
        high = [_high(c, e, f) for e, f in zip(even, _MULTIPLIERS, strict=True)]
        low = [e * _word(c, f) for e, f in zip(even, _MULTIPLIERS, strict=True)]
        key = [k + _word(c, r * w) for k, w in zip(keys, _WEYL, strict=True)]
        mixed = [
            m.map("xor", m.map("xor", o, k), h)
            for o, k, h in zip(odd, key, reversed(high), strict=True)
        ]
        even, odd = mixed, [low[1], low[0]]
    return [even[0], odd[0], even[1], odd[1]]


def _words(c: Call, count: int) -> Expr:
    """Return ``count`` words, as uint32."""
    b = c.builder
    if count == 0:
        return Expr(c.maths, b.full(0, (0,), _U32))
    blocks = -(-count // 4)
    parts = [
        (w.v, Affine((i * blocks,), ((1,),)))
        for i, w in enumerate(_philox(c, blocks, c.params["site"]))
    ]
    whole = b.assemble(b.full(0, (4 * blocks,), _U32), parts)
    return Expr(c.maths, b.slice(whole, (0,), (1,), (count,)))


def _part(c: Call, x: Expr, start: int, count: int) -> Expr:
    return Expr(c.maths, c.builder.slice(x.v, (start,), (1,), (count,)))


def _shifted(c: Call, x: Expr, right: int) -> Expr:
    return c.maths.map("shr", x, Expr(c.maths, c.builder.const(np.asarray(right, x.v.dtype))))


def _uniforms(c: Call, count: int) -> Expr:
    """Return uniform numbers in [0, 1), in the result's dtype."""
    if c.dtype.itemsize == 8:
        w = _words(c, 2 * count).cast(np.int64)
        high = _shifted(c, _part(c, w, 0, count), 5)
        low = _shifted(c, _part(c, w, count, count), 6)
        return (high * (1 << 26) + low).cast(np.float64) * 2.0**-53
    w = _shifted(c, _words(c, count), 8)
    return w.cast(np.float32) * 2.0**-24


@rule("random_uniform")
def _uniform(c: Call) -> Value:
    return c.builder.reshape(_uniforms(c, math.prod(c.shape)).v, c.shape)


@rule("random_normal")
def _normal(c: Call) -> Value:
    count = math.prod(c.shape)
    half = -(-count // 2)
    if not count:
        return c.builder.full(0, c.shape, c.dtype)
    u = _uniforms(c, 2 * half)
    radius = ((-_part(c, u, 0, half)).f("log1p") * -2.0).f("sqrt")
    angle = _part(c, u, half, half) * (2.0 * math.pi)
    b = c.builder
    both = b.assemble(
        b.full(0, (2 * half,), c.dtype),
        [
            ((radius * angle.f("cos")).v, Affine((0,), ((1,),))),
            ((radius * angle.f("sin")).v, Affine((half,), ((1,),))),
        ],
    )
    return b.reshape(b.slice(both, (0,), (1,), (count,)), c.shape)


@rule("dropout_mask")
def _dropout_mask(c: Call) -> Value:
    p = c.params["p"]
    if p >= 1.0:
        return c.builder.full(0, c.shape, c.dtype)
    bits = _words(c, math.prod(c.shape)).reshape(c.shape)
    threshold = min(int(p * 2.0**32), 0xFFFFFFFF)
    keep = bits >= Expr(c.maths, c.builder.const(np.uint32(threshold)))
    scale = c.dtype.type(1.0 / (1.0 - p))
    zero = c.maths.full(0, c.shape, c.dtype)
    return c.maths.where(keep, c.maths.full(scale, c.shape, c.dtype), zero).v


def _wide(c: Call, count: int) -> Expr:
    w = _words(c, 2 * count).cast(_U64)
    high = c.maths.map("shl", _part(c, w, 0, count), Expr(c.maths, c.builder.const(np.uint64(32))))
    return high | _part(c, w, count, count)


@rule("random_integers")
def _integers(c: Call) -> Value:
    low, high = c.params["low"], c.params["high"]
    span = Expr(c.maths, c.builder.const(np.uint64(high - low)))
    offset = c.maths.map("mod", _wide(c, math.prod(c.shape)), span)
    return (offset.cast(np.int64) + low).reshape(c.shape).v


@rule("random_permutation")
def _permutation(c: Call) -> Value:
    b = c.builder
    return b.make("sort", (_wide(c, c.shape[0]).v,), c.shape, np.int64, "order")
