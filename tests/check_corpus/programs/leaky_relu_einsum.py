import numpy as np

ALPHA = 0.01


def lrelu(z):
    return np.where(z > 0, z, ALPHA * z)


def lrelu_grad(z):
    return np.where(z > 0, 1.0, ALPHA)


def mse_loss_and_grads(w1, c1, w2, c2, x, t):
    """Half mean squared error of a 2-layer leaky ReLU regressor; weights are (out, in)."""
    n = x.shape[0]
    z = np.einsum("ni,hi->nh", x, w1) + c1
    h = lrelu(z)
    yhat = np.einsum("nh,oh->no", h, w2) + c2
    r = yhat - t
    loss = 0.5 * np.sum(r ** 2) / n

    # ---- gradients ----
    g_y = r / n
    g_w2 = np.einsum("no,nh->oh", g_y, h)
    g_c2 = np.einsum("no->o", g_y)
    g_h = np.einsum("no,oh->nh", g_y, w2)
    g_z = g_h * lrelu_grad(z)
    g_w1 = np.einsum("nh,ni->hi", g_z, x)
    g_c1 = np.einsum("nh->h", g_z)
    return loss, (g_w1, g_c1, g_w2, g_c2)
