import numpy as np


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5):
        self.gamma, self.beta, self.eps = gamma, beta, eps

    def forward(self, x):
        mean = x.mean(axis=0)
        std = np.sqrt(x.var(axis=0) + self.eps)
        x_norm = (x - mean) / std
        self.cache = x_norm, std
        return self.gamma * x_norm + self.beta

    def backward(self, dy):
        x_norm, std = self.cache
        m = dy.shape[0]
        self.dgamma = (dy * x_norm).sum(axis=0)
        self.dbeta = dy.sum(axis=0)
        dx_norm = dy * self.gamma
        dx = (m * dx_norm - dx_norm.sum(axis=0) - x_norm * (dx_norm * x_norm).sum(axis=0)) / (m * std)
        return dx
