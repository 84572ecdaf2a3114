import numpy as np

# Ioffe and Szegedy's formulas, in the order of the paper


def bn_forward(x, gamma, beta, eps):
    mu_B = np.mean(x, axis=0)
    var_B = np.mean((x - mu_B) ** 2, axis=0)
    x_hat = (x - mu_B) / np.sqrt(var_B + eps)
    y = gamma * x_hat + beta
    return y, (x, x_hat, mu_B, var_B, gamma, eps)


def bn_backward(dL_dy, cache):
    x, x_hat, mu_B, var_B, gamma, eps = cache
    m = x.shape[0]
    inv_std = (var_B + eps) ** -0.5
    dL_dxhat = dL_dy * gamma
    dL_dvar = np.sum(dL_dxhat * (x - mu_B) * -0.5 * (var_B + eps) ** -1.5, axis=0)
    dL_dmu = np.sum(dL_dxhat * -inv_std, axis=0) + dL_dvar * np.sum(-2 * (x - mu_B), axis=0) / m
    dL_dx = dL_dxhat * inv_std + dL_dvar * 2 * (x - mu_B) / m + dL_dmu / m
    dL_dgamma = np.sum(dL_dy * x_hat, axis=0)
    dL_dbeta = np.sum(dL_dy, axis=0)
    return dL_dx, dL_dgamma, dL_dbeta
