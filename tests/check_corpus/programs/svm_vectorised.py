import numpy as np


def svm_loss_vectorized(W, X, y, reg, delta=1.0):
    n = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(n), y].reshape(-1, 1)
    margins = np.maximum(0, scores - correct + delta)
    margins[np.arange(n), y] = 0
    loss = margins.sum() / n + 0.5 * reg * (W * W).sum()

    # each positive margin pulls its class down and the right class up
    coeff = np.zeros(margins.shape)
    coeff[margins > 0] = 1
    row_counts = coeff.sum(axis=1)
    coeff[np.arange(n), y] -= row_counts
    dW = X.T.dot(coeff) / n
    dW += reg * W
    return loss, dW
