import numpy as np


def neg_log_marginal(log_params, X, y):
    ell, sf, sn = np.exp(log_params)
    sq = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    K = sf ** 2 * np.exp(-0.5 * sq / ell ** 2)
    Ky = K + (sn ** 2 + 1e-2) * np.eye(len(y))
    Kinv = np.linalg.inv(Ky)
    alpha = Kinv @ y
    _, logdet = np.linalg.slogdet(Ky)
    value = 0.5 * y @ alpha + 0.5 * logdet + 0.5 * len(y) * np.log(2 * np.pi)

    # d value / d theta = 0.5 tr((Kinv - alpha alpha^T) dK/d theta), chain rule through exp
    inner = 0.5 * (Kinv - np.outer(alpha, alpha))
    dK_ell = K * sq / ell ** 3
    dK_sf = 2 * K / sf
    d_ell = np.sum(inner * dK_ell)
    d_sf = np.sum(inner * dK_sf)
    d_sn = 2 * sn * np.trace(inner)
    grad = np.array([d_ell * ell, d_sf * sf, d_sn * sn])
    return value, grad
