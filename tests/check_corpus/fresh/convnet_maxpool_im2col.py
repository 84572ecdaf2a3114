import numpy as np


def get_im2col_indices(x_shape, field_height, field_width, padding=1, stride=1):
    N, C, H, W = x_shape
    out_height = (H + 2 * padding - field_height) // stride + 1
    out_width = (W + 2 * padding - field_width) // stride + 1

    i0 = np.repeat(np.arange(field_height), field_width)
    i0 = np.tile(i0, C)
    i1 = stride * np.repeat(np.arange(out_height), out_width)
    j0 = np.tile(np.arange(field_width), field_height * C)
    j1 = stride * np.tile(np.arange(out_width), out_height)
    i = i0.reshape(-1, 1) + i1.reshape(1, -1)
    j = j0.reshape(-1, 1) + j1.reshape(1, -1)
    k = np.repeat(np.arange(C), field_height * field_width).reshape(-1, 1)
    return k, i, j


def im2col(x, field_height, field_width, padding=1, stride=1):
    p = padding
    x_padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode='constant')
    k, i, j = get_im2col_indices(x.shape, field_height, field_width, padding, stride)
    cols = x_padded[:, k, i, j]
    C = x.shape[1]
    cols = cols.transpose(1, 2, 0).reshape(field_height * field_width * C, -1)
    return cols


def col2im(cols, x_shape, field_height, field_width, padding=1, stride=1):
    N, C, H, W = x_shape
    H_padded, W_padded = H + 2 * padding, W + 2 * padding
    x_padded = np.zeros((N, C, H_padded, W_padded), dtype=cols.dtype)
    k, i, j = get_im2col_indices(x_shape, field_height, field_width, padding, stride)
    cols_reshaped = cols.reshape(C * field_height * field_width, -1, N)
    cols_reshaped = cols_reshaped.transpose(2, 0, 1)
    np.add.at(x_padded, (slice(None), k, i, j), cols_reshaped)
    if padding == 0:
        return x_padded
    return x_padded[:, :, padding:-padding, padding:-padding]


def conv_forward(x, w, b, stride=1, pad=1):
    n_filters, _, h_filter, w_filter = w.shape
    N, C, H, W = x.shape
    h_out = (H - h_filter + 2 * pad) // stride + 1
    w_out = (W - w_filter + 2 * pad) // stride + 1
    x_col = im2col(x, h_filter, w_filter, padding=pad, stride=stride)
    w_col = w.reshape(n_filters, -1)
    out = w_col @ x_col + b.reshape(-1, 1)
    out = out.reshape(n_filters, h_out, w_out, N).transpose(3, 0, 1, 2)
    return out, (x, w, b, stride, pad, x_col)


def conv_backward(dout, cache):
    x, w, b, stride, pad, x_col = cache
    n_filters, _, h_filter, w_filter = w.shape
    db = np.sum(dout, axis=(0, 2, 3))
    dout_reshaped = dout.transpose(1, 2, 3, 0).reshape(n_filters, -1)
    dw = dout_reshaped @ x_col.T
    dw = dw.reshape(w.shape)
    dx_col = w.reshape(n_filters, -1).T @ dout_reshaped
    dx = col2im(dx_col, x.shape, h_filter, w_filter, padding=pad, stride=stride)
    return dx, dw, db


def maxpool_forward(x, size=2):
    N, C, H, W = x.shape
    x_windows = x.reshape(N, C, H // size, size, W // size, size)
    out = x_windows.max(axis=3).max(axis=4)
    return out, (x, x_windows, out)


def maxpool_backward(dout, cache):
    x, x_windows, out = cache
    dx_windows = np.zeros_like(x_windows)
    out_newaxis = out[:, :, :, np.newaxis, :, np.newaxis]
    mask = x_windows == out_newaxis
    dout_broadcast = np.broadcast_to(dout[:, :, :, np.newaxis, :, np.newaxis], x_windows.shape)
    dx_windows[mask] = dout_broadcast[mask]
    dx_windows /= np.sum(mask, axis=(3, 5), keepdims=True)
    return dx_windows.reshape(x.shape)


class ThreeLayerConvNet:
    def __init__(self, params):
        self.params = params

    def loss(self, X, y):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']

        conv_out, conv_cache = conv_forward(X, W1, b1)
        act = np.maximum(0, conv_out)
        pool_out, pool_cache = maxpool_forward(act)
        flat = pool_out.reshape(pool_out.shape[0], -1)
        scores = flat.dot(W2) + b2

        scores = scores - np.max(scores, axis=1, keepdims=True)
        exps = np.exp(scores)
        probs = exps / np.sum(exps, axis=1, keepdims=True)
        N = X.shape[0]
        loss = -np.sum(np.log(probs[np.arange(N), y])) / N

        grads = {}
        dscores = probs.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads['W2'] = flat.T.dot(dscores)
        grads['b2'] = dscores.sum(axis=0)
        dflat = dscores.dot(W2.T)
        dpool = dflat.reshape(pool_out.shape)
        dact = maxpool_backward(dpool, pool_cache)
        dconv = dact * (conv_out > 0)
        dX, grads['W1'], grads['b1'] = conv_backward(dconv, conv_cache)
        return loss, grads
