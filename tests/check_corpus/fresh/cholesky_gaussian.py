import numpy as np


class GaussianMLE:
    """Full-covariance Gaussian by its Cholesky factor, diagonal on a log scale; prior on the covariance."""

    def __init__(self, strength=0.1, target_var=1.0):
        self.strength = strength
        self.target_var = target_var

    def factor(self, raw, d):
        L = np.zeros((d, d))
        L[np.tril_indices(d)] = raw
        np.fill_diagonal(L, np.exp(np.diag(L)))
        return L

    def value_and_grad(self, mu, raw, X):
        n, d = X.shape
        L = self.factor(raw, d)
        centred = (X - mu).T                       # d x n
        white = np.linalg.solve(L, centred)
        logdet = 2 * np.log(np.diag(L)).sum()
        cov = L @ L.T
        excess = cov - self.target_var * np.eye(d)
        value = 0.5 * logdet + 0.5 * np.sum(white ** 2) / n + 0.5 * self.strength * np.sum(excess ** 2)

        # reverse
        g_white = white / n
        g_centred = np.linalg.solve(L.T, g_white)
        g_mu = -g_centred.sum(axis=1)
        g_L = -g_centred @ white.T
        g_L += np.diag(1 / np.diag(L))
        g_cov = self.strength * excess
        g_L += 2 * g_cov @ L
        # only the lower triangle is free, and its diagonal went through exp
        g_L = np.tril(g_L)
        g_L[np.diag_indices(d)] *= np.diag(L)
        g_raw = g_L[np.tril_indices(d)]
        return value, g_mu, g_raw
