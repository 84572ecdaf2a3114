import numpy as np


class MLP:
    """Fully connected ReLU net in row layout; parameters live in a dict."""

    def __init__(self, params, reg=0.0):
        self.params = params
        self.reg = reg
        self.L = len(params) // 2

    def loss(self, X, y):
        p = self.params
        N = X.shape[0]
        caches = []
        h = X
        for i in range(1, self.L + 1):
            W, b = p['W%d' % i], p['b%d' % i]
            z = h.dot(W) + b
            caches.append((h, z))
            h = np.maximum(0, z) if i < self.L else z

        scores = h - h.max(axis=1, keepdims=True)
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(N), y].mean()
        for i in range(1, self.L + 1):
            loss += 0.5 * self.reg * np.sum(p['W%d' % i] ** 2)

        # gradients
        grads = {}
        dz = np.exp(logp)
        dz[np.arange(N), y] -= 1
        dz /= N
        for i in reversed(range(1, self.L + 1)):
            h, z = caches[i - 1]
            grads['W%d' % i] = h.T.dot(dz) + self.reg * p['W%d' % i]
            grads['b%d' % i] = dz.sum(axis=0)
            if i > 1:
                dh = dz.dot(p['W%d' % i].T)
                dz = dh * (caches[i - 2][1] > 0)
        return loss, grads
