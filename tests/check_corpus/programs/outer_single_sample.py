import numpy as np


def train_step_gradients(W1, b1, W2, b2, x, y):
    """One sample as 1-d arrays: outer products for the weights; softplus hidden units, softmax output."""
    # forward
    s1 = W1 @ x + b1
    h1 = np.log1p(np.exp(s1))
    s2 = W2 @ h1 + b2
    e = np.exp(s2 - s2.max())
    yhat = e / e.sum()
    E = -np.sum(y * np.log(yhat))

    # backward
    dE_dyhat = -y / yhat
    J = np.diag(yhat) - np.outer(yhat, yhat)
    dE_ds2 = J @ dE_dyhat
    dE_dW2 = np.outer(dE_ds2, h1)
    dE_db2 = dE_ds2
    dE_dh1 = W2.T @ dE_ds2
    dE_ds1 = dE_dh1 / (1 + np.exp(-s1))
    dE_dW1 = np.outer(dE_ds1, x)
    dE_db1 = dE_ds1
    return E, (dE_dW1, dE_db1, dE_dW2, dE_db2)
