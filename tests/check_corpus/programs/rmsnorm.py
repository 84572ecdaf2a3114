import numpy as np


class RMSNorm:

    def __init__(self, scale, eps=1e-6):
        self.scale = scale
        self.eps = eps

    def forward(self, x):
        ms = np.mean(x * x, axis=-1, keepdims=True)
        r = 1.0 / np.sqrt(ms + self.eps)
        self.x = x
        self.r = r
        return x * r * self.scale

    def backward(self, grad_out):
        x, r = self.x, self.r
        n = x.shape[-1]
        self.grad_scale = np.sum(grad_out * x * r, axis=0)
        g = grad_out * self.scale
        grad_r = np.sum(g * x, axis=-1, keepdims=True)
        grad_ms = -0.5 * r ** 3 * grad_r
        grad_x = g * r + grad_ms * 2 * x / n
        return grad_x
