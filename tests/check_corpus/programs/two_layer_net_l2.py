import numpy as np


def two_layer_net(X, y, model, reg):
    """
    Two layer fully connected network with ReLU, softmax loss and L2 regularization.

    X: (N, D) data; y: (N,) labels; model: dict with W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)
    Returns loss and a dictionary of gradients with the keys of model.
    """
    W1, b1 = model['W1'], model['b1']
    W2, b2 = model['W2'], model['b2']
    N, D = X.shape

    # forward
    z1 = X.dot(W1) + b1
    a1 = np.maximum(0, z1)
    scores = a1.dot(W2) + b2

    shifted = scores - np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    correct_logprobs = -np.log(probs[range(N), y])
    data_loss = np.sum(correct_logprobs) / N
    reg_loss = 0.5 * reg * np.sum(W1 * W1) + 0.5 * reg * np.sum(W2 * W2)
    loss = data_loss + reg_loss

    # backward
    grads = {}
    dscores = probs.copy()
    dscores[range(N), y] -= 1
    dscores /= N
    dW2 = np.dot(a1.T, dscores)
    db2 = np.sum(dscores, axis=0)
    da1 = np.dot(dscores, W2.T)
    dz1 = da1 * (z1 > 0)
    dW1 = np.dot(X.T, dz1)
    db1 = np.sum(dz1, axis=0)
    dW2 += reg * W2
    dW1 += reg * W1

    grads['W1'] = dW1
    grads['b1'] = db1
    grads['W2'] = dW2
    grads['b2'] = db2
    return loss, grads
