import numpy as np


def glu_forward(inp, Wv, Wg, bv, bg):
    """GLU(inp) = (inp Wv + bv) * sigmoid(inp Wg + bg)"""
    value = np.matmul(inp, Wv) + bv
    gate = 1 / (1 + np.exp(-(np.matmul(inp, Wg) + bg)))
    out = value * gate
    return out, dict(inp=inp, Wv=Wv, Wg=Wg, value=value, gate=gate)


def glu_backward(d_out, saved):
    inp, value, gate = saved["inp"], saved["value"], saved["gate"]
    d_value = d_out * gate
    d_gate = d_out * value
    d_pre = d_gate * gate * (1 - gate)
    d_Wv = np.matmul(inp.T, d_value)
    d_Wg = np.matmul(inp.T, d_pre)
    d_bv = np.sum(d_value, axis=0)
    d_bg = np.sum(d_pre, axis=0)
    d_inp = np.matmul(d_value, saved["Wv"].T) + np.matmul(d_pre, saved["Wg"].T)
    return d_inp, d_Wv, d_Wg, d_bv, d_bg
