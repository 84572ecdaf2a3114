import numpy as np


def softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    e = np.exp(z)
    return e / np.sum(e, axis=1, keepdims=True)


def softmax_loss(W, b, X, Y, lam):
    """Multinomial logistic regression with one-hot targets Y. Returns cost, dW, db."""
    m = X.shape[0]
    P = softmax(X @ W + b)
    cost = -np.sum(Y * np.log(P)) / m + lam * np.sum(W ** 2)
    dZ = (P - Y) / m
    dW = X.T @ dZ + 2 * lam * W
    db = np.sum(dZ, axis=0)
    return cost, dW, db
