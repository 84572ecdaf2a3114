import numpy as np


def autoencoder(W, b, c, X):
    """Tied weights: encoder X W, decoder H W^T. Sigmoid code, linear output, summed half squared error."""
    n_samples = len(X)

    Z = X @ W + b
    H = 1.0 / (1.0 + np.exp(-Z))
    R = H @ W.T + c
    E = R - X
    cost = 0.5 * (E * E).sum() / n_samples

    # Backward. W is used twice, so its gradient has two parts.
    dR = E / n_samples
    dc = dR.sum(axis=0)
    dW = dR.T @ H
    dH = dR @ W
    dZ = dH * H * (1.0 - H)
    dW += X.T @ dZ
    db = dZ.sum(axis=0)
    return cost, dW, db, dc
