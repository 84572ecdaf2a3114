import numpy as np


class Maxout:
    """k linear pieces, the largest wins: weights (k, d, h), bias (k, h)."""

    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.x = x
        pieces = np.stack([x @ self.W[k] + self.b[k] for k in range(len(self.W))])
        self.winner = pieces.argmax(axis=0)
        return pieces.max(axis=0)

    def backward(self, grad):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for k in range(len(self.W)):
            routed = grad * (self.winner == k)
            self.dW[k] = self.x.T @ routed
            self.db[k] = routed.sum(axis=0)
            dx += routed @ self.W[k].T
        return dx
