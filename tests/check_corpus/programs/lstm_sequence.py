import numpy as np

sig = lambda v: 1 / (1 + np.exp(-v))


def lstm_loss(W, V, X, Y):
    """
    One LSTM over a sequence X (T, n, d) with concatenated weights W (d + h + 1, 4h) and
    linear read-out V (h, k); cost is half the squared error against Y (T, n, k), averaged over n.
    """
    T, n, d = X.shape
    hid = V.shape[0]
    h = np.zeros((T + 1, n, hid))
    c = np.zeros((T + 1, n, hid))
    Hin, G, P = [], [], []
    cost = 0.0
    for t in range(T):
        hin = np.concatenate([X[t], h[t], np.ones((n, 1))], axis=1)
        u = hin @ W
        ifo = sig(u[:, :3 * hid])
        a = np.tanh(u[:, 3 * hid:])
        i, f, o = ifo[:, :hid], ifo[:, hid:2 * hid], ifo[:, 2 * hid:]
        c[t + 1] = f * c[t] + i * a
        h[t + 1] = o * np.tanh(c[t + 1])
        pred = h[t + 1] @ V
        cost += 0.5 * np.sum((pred - Y[t]) ** 2) / n
        Hin.append(hin)
        G.append((i, f, o, a))
        P.append(pred)

    # backwards through time
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    dX = np.zeros_like(X)
    dh_next = np.zeros((n, hid))
    dc_next = np.zeros((n, hid))
    for t in range(T - 1, -1, -1):
        i, f, o, a = G[t]
        e = (P[t] - Y[t]) / n
        dV += h[t + 1].T @ e
        dh = e @ V.T + dh_next
        tc = np.tanh(c[t + 1])
        dc = dc_next + dh * o * (1 - tc * tc)
        du = np.empty((n, 4 * hid))
        du[:, :hid] = dc * a * i * (1 - i)
        du[:, hid:2 * hid] = dc * c[t] * f * (1 - f)
        du[:, 2 * hid:3 * hid] = dh * tc * o * (1 - o)
        du[:, 3 * hid:] = dc * i * (1 - a * a)
        dW += Hin[t].T @ du
        dhin = du @ W.T
        dX[t] = dhin[:, :d]
        dh_next = dhin[:, d:d + hid]
        dc_next = dc * f
    return cost, dW, dV, dX
