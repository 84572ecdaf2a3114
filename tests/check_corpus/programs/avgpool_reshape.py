import numpy as np


class AvgPool:
    def __init__(self, p):
        self.p = p

    def forward(self, x):
        n, c, h, w = x.shape
        p = self.p
        self.shape = x.shape
        return x.reshape(n, c, h // p, p, w // p, p).mean(axis=(3, 5))

    def backward(self, g):
        p = self.p
        n, c, h, w = self.shape
        spread = np.broadcast_to(g[:, :, :, None, :, None], (n, c, h // p, p, w // p, p))
        return spread.reshape(n, c, h, w) / (p * p)
