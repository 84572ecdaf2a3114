import numpy as np


def sigmoid(v):
    return 1. / (1. + np.exp(-v))


def causal_conv(x, w, dilation):
    # x (channels_in, time), w (taps, channels_out, channels_in)
    taps = w.shape[0]
    pad = (taps - 1) * dilation
    xp = np.pad(x, ((0, 0), (pad, 0)))
    T = x.shape[1]
    y = sum(w[k] @ xp[:, k * dilation:k * dilation + T] for k in range(taps))
    return y, xp


def causal_conv_back(dy, xp, w, dilation):
    taps = w.shape[0]
    T = dy.shape[1]
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    for k in range(taps):
        window = slice(k * dilation, k * dilation + T)
        dw[k] = dy @ xp[:, window].T
        dxp[:, window] += w[k].T @ dy
    pad = (taps - 1) * dilation
    return dxp[:, pad:], dw


def block_forward(x, wf, wg, wr, dilation=2):
    f, xp = causal_conv(x, wf, dilation)
    g, _ = causal_conv(x, wg, dilation)
    tf, sg = np.tanh(f), sigmoid(g)
    z = tf * sg
    out = x + wr @ z
    return out, (xp, tf, sg, z, wf, wg, wr, dilation)


def block_backward(dout, cache):
    xp, tf, sg, z, wf, wg, wr, dilation = cache
    dwr = dout @ z.T
    dz = wr.T @ dout
    df = dz * sg * (1 - tf ** 2)
    dg = dz * tf * sg * (1 - sg)
    dx_f, dwf = causal_conv_back(df, xp, wf, dilation)
    dx_g, dwg = causal_conv_back(dg, xp, wg, dilation)
    dx = dout + dx_f + dx_g
    return dx, dwf, dwg, dwr
