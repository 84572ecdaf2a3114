"""Rules of softmax and the cross-entropies.

All of them are written from the same few values (the row maximum, the exponentials, their sum), so
that loss and error of an output layer share them: equal values exist once in a program.
"""

from __future__ import annotations

import numpy as np

from ..program import Value
from .expression import Expr, Maths
from .rules import Call, rule

__all__: list[str] = []


def _shifted(x: Expr, axis: int) -> Expr:
    return x - x.reduce("max", [axis], keepdims=True)


def _softmax(x: Expr, axis: int) -> Expr:
    if x.shape[axis] == 0:
        return x
    e = _shifted(x, axis).f("exp")
    return e / e.reduce("sum", [axis], keepdims=True)


def _log_softmax(x: Expr, axis: int) -> Expr:
    if x.shape[axis] == 0:
        return x
    s = _shifted(x, axis)
    return s - s.f("exp").reduce("sum", [axis], keepdims=True).f("log")


@rule("softmax")
def _softmax_rule(c: Call) -> Value:
    return _softmax(Expr(c.maths, c.lifted(0)), c.params["axis"]).v


@rule("log_softmax")
def _log_softmax_rule(c: Call) -> Value:
    return _log_softmax(Expr(c.maths, c.lifted(0)), c.params["axis"]).v


@rule("logsumexp")
def _logsumexp(c: Call) -> Value:
    x = Expr(c.maths, c.builder.cast(c.args[0], c.dtype))
    axis = c.params["axis"]
    axes = list(range(len(x.shape))) if axis is None else list(axis)
    if any(x.shape[a] == 0 for a in axes):
        return c.builder.full(-np.inf, c.shape, c.dtype)
    peak = x.reduce("max", axes, keepdims=True)
    finite = c.maths.where((peak - peak).eq(0.0), peak, 0.0)
    total = (x - finite).f("exp").reduce("sum", axes, keepdims=True).f("log") + finite
    return c.builder.reshape(total.v, c.shape)


class _Targets:
    """Class indices of a call: where they hit, which count, what they weigh."""

    def __init__(self, c: Call) -> None:
        m, b = c.maths, c.builder
        logits, target = c.args[0], c.args[1]
        self.m: Maths = m
        self.shape = logits.shape
        self.dtype = c.dtype
        self.count = logits.shape[-1]
        b.require(target, 0, self.count, int(c.params["ignore"]))
        classes = Expr(m, b.cast(target, np.int64))
        self.kept = classes.ne(int(c.params["ignore"]))
        column = Expr(m, b.iota(self.shape, len(self.shape) - 1))
        self.hit = column.eq(classes.reshape((*target.shape, 1)).broadcast(self.shape))
        self.weight = None
        if len(c.args) > 2:
            self.weight = Expr(m, b.cast(c.args[2], self.dtype)).broadcast(self.shape)

    def per_sample(self) -> Expr:
        """Return the weight of each sample: 1 where it counts, or its class's weight."""
        kept = self.kept.cast(self.dtype)
        if self.weight is None:
            return kept
        zero = self.m.full(0, self.shape, self.dtype)
        own = self.m.where(self.hit, self.weight, zero).reduce("sum", [len(self.shape) - 1])
        return own * kept

    def divisor(self) -> Expr:
        """Return what a mean divides by."""
        w = self.per_sample()
        return w.reduce("sum", range(len(w.shape)))

    def distribution(self, smoothing: float) -> Expr:
        """Return q, in the shape of the logits."""
        low = smoothing / self.count
        high = self.m.full(1.0 - smoothing + low, self.shape, self.dtype)
        q = self.m.where(self.hit, high, self.m.full(low, self.shape, self.dtype))
        kept = self.kept.cast(self.dtype)
        q = q * kept.reshape((*kept.shape, 1))
        return q if self.weight is None else q * self.weight

    def losses(self, logp: Expr, smoothing: float) -> Expr:
        """Return the loss of each sample."""
        last = [len(self.shape) - 1]
        if smoothing:
            return -(self.distribution(smoothing) * logp).reduce("sum", last)
        zero = self.m.full(0, self.shape, self.dtype)
        own = self.m.where(self.hit, -logp, zero).reduce("sum", last)
        own = self.m.where(self.kept, own, self.m.full(0, own.shape, self.dtype))
        return own if self.weight is None else own * self.per_sample()


def _reduced(t: _Targets, losses: Expr, how: str) -> Value:
    if how == "none":
        return losses.v
    total = losses.reduce("sum", range(len(losses.shape)))
    return (total / t.divisor() if how == "mean" else total).v


@rule("cross_entropy")
def _cross_entropy(c: Call) -> Value:
    t = _Targets(c)
    x = Expr(c.maths, c.builder.cast(c.args[0], c.dtype))
    logp = _log_softmax(x, len(x.shape) - 1)
    return _reduced(t, t.losses(logp, c.params["smoothing"]), c.params["reduction"])


@rule("nll")
def _nll(c: Call) -> Value:
    t = _Targets(c)
    logp = Expr(c.maths, c.builder.cast(c.args[0], c.dtype))
    return _reduced(t, t.losses(logp, 0.0), c.params["reduction"])


@rule("cross_entropy_delta")
def _delta(c: Call) -> Value:
    t = _Targets(c)
    x = Expr(c.maths, c.lifted(0))
    smoothing = c.params["smoothing"]
    p = _softmax(x, len(x.shape) - 1)
    if smoothing:
        q = t.distribution(smoothing)
        delta = p * q.reduce("sum", [len(x.shape) - 1], keepdims=True) - q
    else:
        one, zero = (c.maths.full(n, x.shape, c.dtype) for n in (1, 0))
        delta = p - c.maths.where(t.hit, one, zero)
        w = t.per_sample()
        kept = t.kept.reshape((*t.kept.shape, 1)).broadcast(x.shape)
        delta = c.maths.where(kept, delta, zero)
        if t.weight is not None:
            delta = delta * w.reshape((*w.shape, 1))
    if c.params["mean"]:
        delta = delta * (1.0 / t.divisor())
    return delta.v


@rule("class_targets")
def _class_targets(c: Call) -> Value:
    return _Targets(c).distribution(c.params["smoothing"]).v


@rule("mean_divisor")
def _mean_divisor(c: Call) -> Value:
    return c.builder.reshape(_Targets(c).divisor().v, c.shape)
