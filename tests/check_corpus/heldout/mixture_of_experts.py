import numpy as np


def moe_loss(theta, X, Y):
    """Softly gated linear experts; theta has gate (d, k) and experts (k, d, o). Half squared error, mean over rows."""
    n = X.shape[0]
    act = X @ theta["gate"]
    ex = np.exp(act - act.max(1)[:, None])
    G = ex / ex.sum(1)[:, None]                                 # (n, k)
    P = np.einsum("nd,kdo->nko", X, theta["experts"])           # (n, k, o)
    M = np.sum(G[:, :, None] * P, axis=1)                       # (n, o)
    R = M - Y
    J = np.sum(R * R) / (2 * n)

    Mbar = R / n
    Gbar = np.einsum("no,nko->nk", Mbar, P)
    Pbar = G[:, :, None] * Mbar[:, None, :]
    abar = G * (Gbar - np.sum(G * Gbar, axis=1)[:, None])
    return J, {"gate": X.T @ abar, "experts": np.einsum("nd,nko->kdo", X, Pbar)}
