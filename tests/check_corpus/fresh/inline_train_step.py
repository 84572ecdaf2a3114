import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def train_step(X, y, W1, b1, W2, b2, W3, b3, lr=0.1, lam=0.01):
    """One step of gradient descent on a net with two hidden layers; y is one-hot."""
    m = X.shape[0]

    # ---- forward ----
    Z1 = X.dot(W1) + b1
    A1 = sigmoid(Z1)
    Z2 = A1.dot(W2) + b2
    A2 = np.maximum(Z2, 0)
    Z3 = A2.dot(W3) + b3
    Z3 -= Z3.max(axis=1).reshape(-1, 1)
    E = np.exp(Z3)
    S = E.sum(axis=1).reshape(-1, 1)
    P = E / S

    J = -np.sum(y * np.log(P)) / m
    J += lam / (2 * m) * (np.sum(W1 ** 2) + np.sum(W2 ** 2) + np.sum(W3 ** 2))

    # ---- backward ----
    D3 = (P - y) / m
    dW3 = A2.T.dot(D3) + lam / m * W3
    db3 = D3.sum(axis=0)

    D2 = D3.dot(W3.T)
    D2[Z2 < 0] = 0
    dW2 = A1.T.dot(D2) + lam / m * W2
    db2 = D2.sum(axis=0)

    D1 = D2.dot(W2.T) * A1 * (1 - A1)
    dW1 = X.T.dot(D1) + lam / m * W1
    db1 = D1.sum(axis=0)

    # ---- update ----
    W1n, b1n = W1 - lr * dW1, b1 - lr * db1
    W2n, b2n = W2 - lr * dW2, b2 - lr * db2
    W3n, b3n = W3 - lr * dW3, b3 - lr * db3
    new = (W1n, b1n, W2n, b2n, W3n, b3n)

    return J, (dW1, db1, dW2, db2, dW3, db3), new
