import numpy as np


def maxpool_forward(x, size=2, stride=2):
    N, C, H, W = x.shape
    H2 = (H - size) // stride + 1
    W2 = (W - size) // stride + 1
    out = np.zeros((N, C, H2, W2))
    for i in range(H2):
        for j in range(W2):
            patch = x[:, :, i * stride:i * stride + size, j * stride:j * stride + size]
            out[:, :, i, j] = patch.max(axis=(2, 3))
    return out, (x, size, stride)


def maxpool_backward(dout, cache):
    x, size, stride = cache
    N, C, H2, W2 = dout.shape
    dx = np.zeros(x.shape)
    for n in range(N):
        for c in range(C):
            for i in range(H2):
                for j in range(W2):
                    patch = x[n, c, i * stride:i * stride + size, j * stride:j * stride + size]
                    r, q = np.unravel_index(np.argmax(patch), patch.shape)
                    dx[n, c, i * stride + r, j * stride + q] += dout[n, c, i, j]
    return dx
