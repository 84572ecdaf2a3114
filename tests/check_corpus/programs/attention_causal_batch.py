import numpy as np


class CausalAttention:
    """Batched scaled dot-product attention; q, k, v are (batch, time, dim) and the mask hides the future."""

    def forward(self, q, k, v):
        t, d = q.shape[1], q.shape[2]
        self.scale = d ** -0.5
        scores = np.einsum('bid,bjd->bij', q, k) * self.scale
        self.mask = np.tril(np.ones((t, t), dtype=bool))
        scores = np.where(self.mask, scores, -1e9)
        scores -= scores.max(axis=2, keepdims=True)
        weights = np.exp(scores)
        weights /= weights.sum(axis=2, keepdims=True)
        self.saved = (q, k, v, weights)
        return np.einsum('bij,bjd->bid', weights, v)

    def backward(self, grad):
        q, k, v, p = self.saved
        grad_v = np.einsum('bij,bid->bjd', p, grad)
        grad_p = np.einsum('bid,bjd->bij', grad, v)
        inner = (grad_p * p).sum(axis=2, keepdims=True)
        grad_s = p * (grad_p - inner)
        grad_s = np.where(self.mask, grad_s, 0) * self.scale
        grad_q = np.einsum('bij,bjd->bid', grad_s, k)
        grad_k = np.einsum('bij,bid->bjd', grad_s, q)
        return grad_q, grad_k, grad_v
