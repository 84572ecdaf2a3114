import numpy as np


def dropout_net(params, X, Y, mask, keep_prob):
    """tanh hidden layer, inverted dropout with a given 0/1 mask, linear output, mean of squared norms."""
    W1, b1, W2, b2 = params
    N = X.shape[0]

    A1 = np.tanh(X @ W1 + b1)
    D1 = A1 * mask / keep_prob
    out = D1 @ W2 + b2
    diff = out - Y
    loss = np.sum(diff * diff) / N

    dout = 2.0 * diff / N
    dW2 = D1.T @ dout
    db2 = dout.sum(axis=0)
    dD1 = dout @ W2.T
    dA1 = dD1 * mask / keep_prob
    dZ1 = dA1 * (1 - A1 ** 2)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return loss, [dW1, db1, dW2, db2]
