import numpy as np


class Ctx:
    def save(self, *values):
        self.saved = values


class ScaledDotAttention:
    """In the manner of a custom autograd function: static methods and a context."""

    @staticmethod
    def forward(ctx, q, k, v):
        scale = q.shape[-1] ** -0.5
        s = np.einsum('bhid,bhjd->bhij', q, k) * scale
        s -= s.max(axis=-1, keepdims=True)
        p = np.exp(s)
        p /= p.sum(axis=-1, keepdims=True)
        ctx.save(q, k, v, p, scale)
        return np.einsum('bhij,bhjd->bhid', p, v)

    @staticmethod
    def backward(ctx, grad_out):
        q, k, v, p, scale = ctx.saved
        grad_v = np.einsum('bhij,bhid->bhjd', p, grad_out)
        grad_p = np.einsum('bhid,bhjd->bhij', grad_out, v)
        grad_s = p * (grad_p - np.sum(grad_p * p, axis=-1, keepdims=True))
        grad_q = np.einsum('bhij,bhjd->bhid', grad_s, k) * scale
        grad_k = np.einsum('bhij,bhid->bhjd', grad_s, q) * scale
        return grad_q, grad_k, grad_v


def split_heads(x, heads):
    b, n, e = x.shape
    return x.reshape(b, n, heads, e // heads).transpose(0, 2, 1, 3)


def merge_heads(x):
    b, heads, n, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, n, heads * d)


def multihead(x, wq, wk, wv, target, heads):
    ctx = Ctx()
    out = ScaledDotAttention.forward(
        ctx, split_heads(x @ wq, heads), split_heads(x @ wk, heads), split_heads(x @ wv, heads)
    )
    y = merge_heads(out)
    loss = ((y - target) ** 2).mean()

    grad_y = 2 * (y - target) / y.size
    gq, gk, gv = ScaledDotAttention.backward(ctx, split_heads(grad_y, heads))
    gq, gk, gv = merge_heads(gq), merge_heads(gk), merge_heads(gv)
    grad_wq = np.einsum('bne,bnf->ef', x, gq)
    grad_wk = np.einsum('bne,bnf->ef', x, gk)
    grad_wv = np.einsum('bne,bnf->ef', x, gv)
    grad_x = gq @ wq.T + gk @ wk.T + gv @ wv.T
    return loss, grad_x, grad_wq, grad_wk, grad_wv
