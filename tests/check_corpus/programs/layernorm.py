import numpy as np


def layernorm_forward(x, w, b):
    # x is (B, T, C); statistics over C
    eps = 1e-5
    B, T, C = x.shape
    mean = x.sum(-1, keepdims=True) / C
    xshift = x - mean
    var = (xshift ** 2).sum(-1, keepdims=True) / C
    rstd = (var + eps) ** -0.5
    norm = xshift * rstd
    out = norm * w + b
    return out, (x, w, mean, rstd)


def layernorm_backward(dout, cache):
    x, w, mean, rstd = cache
    # recompute the norm
    norm = (x - mean) * rstd
    db = dout.sum((0, 1))
    dw = (dout * norm).sum((0, 1))
    dnorm = dout * w
    dx = dnorm - dnorm.mean(-1, keepdims=True) - norm * (dnorm * norm).mean(-1, keepdims=True)
    dx *= rstd
    return dx, dw, db
