import numpy as np

f32 = np.float32


def two_towers(Wi, Wt, log_temp, images, texts):
    """Symmetric InfoNCE between two linear towers.  Examples are columns; single precision throughout."""
    n = images.shape[1]
    U = Wi @ images
    V = Wt @ texts
    nu = np.sqrt((U * U).sum(0))
    nv = np.sqrt((V * V).sum(0))
    U_ = U / nu
    V_ = V / nv
    temp = np.exp(log_temp)
    cos = U_.T @ V_                     # (n, n), row: image, column: text
    S = temp * cos
    E = np.exp(S - S.max())
    P = E / E.sum(axis=1, keepdims=True)
    Q = E / E.sum(axis=0, keepdims=True)
    loss = -(np.log(np.diag(P)).mean() + np.log(np.diag(Q)).mean()) * f32(0.5)

    # gradients
    dS = (P + Q) * f32(0.5)
    dS[np.arange(n), np.arange(n)] -= f32(1)
    dS /= f32(n)
    dlog_temp = np.sum(dS * S)
    dcos = temp * dS
    dU_ = V_ @ dcos.T
    dV_ = U_ @ dcos
    # through the normalisation of the columns
    dU = (dU_ - U_ * (U_ * dU_).sum(0)) / nu
    dV = (dV_ - V_ * (V_ * dV_).sum(0)) / nv
    dWi = dU @ images.T
    dWt = dV @ texts.T
    return loss, dWi, dWt, dlog_temp
