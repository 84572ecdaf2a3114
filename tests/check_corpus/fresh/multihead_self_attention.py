import numpy as np


class MultiHeadSelfAttention:
    def __init__(self, w_q, w_k, w_v, w_o, b_q, b_k, b_v, b_o, num_heads):
        self.w_q, self.w_k, self.w_v, self.w_o = w_q, w_k, w_v, w_o
        self.b_q, self.b_k, self.b_v, self.b_o = b_q, b_k, b_v, b_o
        self.num_heads = num_heads
        self.d_model = w_q.shape[0]
        self.d_head = self.d_model // num_heads

    def split_heads(self, x):
        """(batch, seq, d_model) -> (batch, heads, seq, d_head)"""
        batch, seq, _ = x.shape
        return x.reshape(batch, seq, self.num_heads, self.d_head).transpose(0, 2, 1, 3)

    def merge_heads(self, x):
        """(batch, heads, seq, d_head) -> (batch, seq, d_model)"""
        batch, _, seq, _ = x.shape
        return x.transpose(0, 2, 1, 3).reshape(batch, seq, self.d_model)

    def forward(self, x, mask):
        """mask is 1 where a position may be attended to, of shape (batch, 1, 1, seq)."""
        q = self.split_heads(np.matmul(x, self.w_q) + self.b_q)
        k = self.split_heads(np.matmul(x, self.w_k) + self.b_k)
        v = self.split_heads(np.matmul(x, self.w_v) + self.b_v)

        scores = np.matmul(q, k.transpose(0, 1, 3, 2)) / np.sqrt(self.d_head)
        scores = np.where(mask == 0, -1e9, scores)
        scores = scores - scores.max(axis=-1, keepdims=True)
        weights = np.exp(scores)
        weights = weights / weights.sum(axis=-1, keepdims=True)

        context = np.matmul(weights, v)
        concat = self.merge_heads(context)
        out = np.matmul(concat, self.w_o) + self.b_o
        self.cache = {"x": x, "q": q, "k": k, "v": v, "weights": weights, "concat": concat}
        return out

    def backward(self, grad_out):
        c = self.cache
        batch, seq, _ = grad_out.shape

        flat_grad = grad_out.reshape(-1, self.d_model)
        self.grad_w_o = np.matmul(c["concat"].reshape(-1, self.d_model).T, flat_grad)
        self.grad_b_o = flat_grad.sum(axis=0)
        grad_concat = np.matmul(grad_out, self.w_o.T)
        grad_context = self.split_heads(grad_concat)

        grad_weights = np.matmul(grad_context, c["v"].transpose(0, 1, 3, 2))
        grad_v = np.matmul(c["weights"].transpose(0, 1, 3, 2), grad_context)

        dot = np.sum(grad_weights * c["weights"], axis=-1, keepdims=True)
        grad_scores = c["weights"] * (grad_weights - dot)
        grad_scores = grad_scores / np.sqrt(self.d_head)

        grad_q = np.matmul(grad_scores, c["k"])
        grad_k = np.matmul(grad_scores.transpose(0, 1, 3, 2), c["q"])

        x_flat = c["x"].reshape(batch * seq, self.d_model)
        grad_x = np.zeros_like(x_flat)
        for name, grad_heads in (("q", grad_q), ("k", grad_k), ("v", grad_v)):
            grad_proj = self.merge_heads(grad_heads).reshape(batch * seq, self.d_model)
            setattr(self, "grad_w_" + name, x_flat.T @ grad_proj)
            setattr(self, "grad_b_" + name, grad_proj.sum(axis=0))
            grad_x += grad_proj @ getattr(self, "w_" + name).T
        return grad_x.reshape(batch, seq, self.d_model)
