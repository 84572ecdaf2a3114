import numpy as np


def softmax_loss_naive(W, X, y, reg):
    """Softmax loss with explicit loops. W (D, C), X (N, D), y (N,) of class labels."""
    loss = 0.0
    dW = np.zeros_like(W)
    num_train = X.shape[0]
    num_classes = W.shape[1]

    for i in range(num_train):
        f = X[i].dot(W)
        f = f - np.max(f)
        sum_j = np.sum(np.exp(f))
        loss += -f[y[i]] + np.log(sum_j)
        for j in range(num_classes):
            p = np.exp(f[j]) / sum_j
            dW[:, j] += (p - (j == y[i])) * X[i]

    loss /= num_train
    dW /= num_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW
