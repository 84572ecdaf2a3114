import numpy as np

N_HEAD = 2


def split(t):
    T, C = t.shape
    return t.reshape(T, N_HEAD, C // N_HEAD).swapaxes(0, 1)


def merge(t):
    H, T, D = t.shape
    return t.swapaxes(0, 1).reshape(T, H * D)


def norm_fwd(x):
    mu = x.mean(-1, keepdims=True)
    rs = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    n = (x - mu) * rs
    return n, (n, rs)


def norm_bwd(dn, cache):
    n, rs = cache
    return rs * (dn - dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True))


def block_forward(x, wqkv, wo, w1, w2):
    """Pre-norm block without biases: attention with two heads, then a swish feed-forward."""
    n1, c1 = norm_fwd(x)
    q, k, v = (split(t) for t in np.split(n1 @ wqkv, 3, axis=1))
    scale = 1 / np.sqrt(q.shape[-1])
    s = q @ k.swapaxes(1, 2) * scale
    p = np.exp(s - s.max(-1, keepdims=True))
    p = p / p.sum(-1, keepdims=True)
    y = merge(p @ v)
    x1 = x + y @ wo
    n2, c2 = norm_fwd(x1)
    u = n2 @ w1
    g = 1 / (1 + np.exp(-u))
    z = u * g
    out = x1 + z @ w2
    return out, (n1, c1, q, k, v, scale, p, y, n2, c2, u, g, z, wqkv, wo, w1, w2)


def block_backward(dout, cache):
    n1, c1, q, k, v, scale, p, y, n2, c2, u, g, z, wqkv, wo, w1, w2 = cache
    # feed-forward
    dw2 = z.T @ dout
    dz = dout @ w2.T
    du = dz * (g + u * g * (1 - g))
    dw1 = n2.T @ du
    dn2 = du @ w1.T
    dx1 = dout + norm_bwd(dn2, c2)
    # attention
    dwo = y.T @ dx1
    dy = split(dx1 @ wo.T)
    dp = dy @ v.swapaxes(1, 2)
    dv = p.swapaxes(1, 2) @ dy
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * scale
    dq = ds @ k
    dk = ds.swapaxes(1, 2) @ q
    dqkv = np.concatenate([merge(dq), merge(dk), merge(dv)], axis=1)
    dwqkv = n1.T @ dqkv
    dn1 = dqkv @ wqkv.T
    dx = dx1 + norm_bwd(dn1, c1)
    return dx, dwqkv, dwo, dw1, dw2
