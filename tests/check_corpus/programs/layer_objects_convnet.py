"""A small convolutional classifier out of layer objects that cache what they need on self."""

import numpy as np


class Conv1D:
    def __init__(self, w, b):
        self.w, self.b = w, b                     # (k, c_in, c_out), (c_out,)

    def forward(self, x):
        self.x = x                                # (n, t, c_in)
        k = self.w.shape[0]
        t_out = x.shape[1] - k + 1
        y = self.b + sum(x[:, j:j + t_out] @ self.w[j] for j in range(k))
        return y

    def backward(self, dy):
        k, t_out = self.w.shape[0], dy.shape[1]
        self.db = dy.sum((0, 1))
        self.dw = np.zeros_like(self.w)
        dx = np.zeros_like(self.x)
        for j in range(k):
            self.dw[j] = np.tensordot(self.x[:, j:j + t_out], dy, axes=([0, 1], [0, 1]))
            dx[:, j:j + t_out] += dy @ self.w[j].T
        return dx


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, 0)

    def backward(self, dy):
        return np.where(self.mask, dy, 0)


class GlobalMaxPool:
    def forward(self, x):
        self.shape = x.shape
        self.arg = x.argmax(axis=1)
        return x.max(axis=1)

    def backward(self, dy):
        n, _, c = self.shape
        dx = np.zeros(self.shape, dtype=dy.dtype)
        dx[np.arange(n)[:, None], self.arg, np.arange(c)] = dy
        return dx


class Dense:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.w.T


class SoftmaxCrossEntropy:
    def forward(self, s, y):
        self.y = y
        e = np.exp(s - s.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return -np.log(self.p[np.arange(len(y)), y]).mean()

    def backward(self):
        ds = self.p.copy()
        ds[np.arange(len(self.y)), self.y] -= 1
        return ds / len(self.y)


def loss_and_grads(cw, cb, dw, db, x, y):
    conv, dense = Conv1D(cw, cb), Dense(dw, db)
    layers = [conv, ReLU(), GlobalMaxPool(), dense]
    criterion = SoftmaxCrossEntropy()
    h = x
    for layer in layers:
        h = layer.forward(h)
    loss = criterion.forward(h, y)
    grad = criterion.backward()
    for layer in layers[::-1]:
        grad = layer.backward(grad)
    return loss, {"cw": conv.dw, "cb": conv.db, "dw": dense.dw, "db": dense.db, "x": grad}
