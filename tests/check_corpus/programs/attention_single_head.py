import numpy as np


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(X, Wq, Wk, Wv):
    """Single head on one sequence X (T, D)."""
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    d = Q.shape[-1]
    S = Q @ K.T / np.sqrt(d)
    A = softmax(S)
    O = A @ V
    return O, (X, Wq, Wk, Wv, Q, K, V, A)


def attention_backward(dO, cache):
    X, Wq, Wk, Wv, Q, K, V, A = cache
    d = Q.shape[-1]

    dA = dO @ V.T
    dV = A.T @ dO
    # softmax backward, row by row
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dS = dS / np.sqrt(d)
    dQ = dS @ K
    dK = dS.T @ Q

    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    dX = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    return dX, dWq, dWk, dWv
