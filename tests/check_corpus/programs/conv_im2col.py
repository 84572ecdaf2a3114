import numpy as np


def im2col(x, k):
    n, c, h, w = x.shape
    oh, ow = h - k + 1, w - k + 1
    cols = np.empty((n, oh, ow, c, k, k), dtype=x.dtype)
    for a in range(k):
        for b in range(k):
            cols[:, :, :, :, a, b] = x[:, :, a:a + oh, b:b + ow].transpose(0, 2, 3, 1)
    return cols.reshape(n * oh * ow, c * k * k)


def col2im(dcols, shape, k):
    n, c, h, w = shape
    oh, ow = h - k + 1, w - k + 1
    d = dcols.reshape(n, oh, ow, c, k, k)
    dx = np.zeros(shape, dtype=dcols.dtype)
    for a in range(k):
        for b in range(k):
            dx[:, :, a:a + oh, b:b + ow] += d[:, :, :, :, a, b].transpose(0, 3, 1, 2)
    return dx


class Conv2D:
    def __init__(self, kernel, bias):
        self.kernel = kernel        # (filters, channels, k, k)
        self.bias = bias

    def forward(self, x):
        f, c, k, _ = self.kernel.shape
        n, _, h, w = x.shape
        self.x_shape = x.shape
        self.cols = im2col(x, k)
        out = self.cols @ self.kernel.reshape(f, -1).T + self.bias
        return out.reshape(n, h - k + 1, w - k + 1, f).transpose(0, 3, 1, 2)

    def backward(self, dout):
        f, c, k, _ = self.kernel.shape
        dmat = dout.transpose(0, 2, 3, 1).reshape(-1, f)
        self.dbias = dmat.sum(axis=0)
        self.dkernel = (dmat.T @ self.cols).reshape(self.kernel.shape)
        dcols = dmat @ self.kernel.reshape(f, -1)
        return col2im(dcols, self.x_shape, k)
