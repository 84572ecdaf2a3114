import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf, bf = parameters["Wf"], parameters["bf"]
    Wi, bi = parameters["Wi"], parameters["bi"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    Wo, bo = parameters["Wo"], parameters["bo"]
    Wy, by = parameters["Wy"], parameters["by"]

    n_x, m = xt.shape
    n_y, n_a = Wy.shape
    concat = np.zeros((n_a + n_x, m))
    concat[: n_a, :] = a_prev
    concat[n_a:, :] = xt

    ft = sigmoid(np.dot(Wf, concat) + bf)
    it = sigmoid(np.dot(Wi, concat) + bi)
    cct = np.tanh(np.dot(Wc, concat) + bc)
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(Wo, concat) + bo)
    a_next = ot * np.tanh(c_next)
    yt_pred = softmax(np.dot(Wy, a_next) + by)

    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, yt_pred)
    return a_next, c_next, yt_pred, cache


def lstm_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    a_next = a0
    c_next = np.zeros_like(a0)
    for t in range(T_x):
        a_next, c_next, yt, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        caches.append(cache)
    return caches


def lstm_cell_backward(dy, da_next, dc_next, cache, parameters, gradients):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, yt_pred) = cache
    n_a, m = a_next.shape

    gradients["dWy"] += np.dot(dy, a_next.T)
    gradients["dby"] += np.sum(dy, axis=1, keepdims=True)
    da = np.dot(parameters["Wy"].T, dy) + da_next

    dot = da * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.square(np.tanh(c_next))) * da
    dcct = dc * it * (1 - np.square(cct))
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)

    concat = np.concatenate((a_prev, xt), axis=0)
    gradients["dWf"] += np.dot(dft, concat.T)
    gradients["dWi"] += np.dot(dit, concat.T)
    gradients["dWc"] += np.dot(dcct, concat.T)
    gradients["dWo"] += np.dot(dot, concat.T)
    gradients["dbf"] += np.sum(dft, axis=1, keepdims=True)
    gradients["dbi"] += np.sum(dit, axis=1, keepdims=True)
    gradients["dbc"] += np.sum(dcct, axis=1, keepdims=True)
    gradients["dbo"] += np.sum(dot, axis=1, keepdims=True)

    Wf, Wi, Wc, Wo = (parameters[k] for k in ("Wf", "Wi", "Wc", "Wo"))
    da_prev = (np.dot(Wf[:, :n_a].T, dft) + np.dot(Wi[:, :n_a].T, dit)
               + np.dot(Wc[:, :n_a].T, dcct) + np.dot(Wo[:, :n_a].T, dot))
    dxt = (np.dot(Wf[:, n_a:].T, dft) + np.dot(Wi[:, n_a:].T, dit)
           + np.dot(Wc[:, n_a:].T, dcct) + np.dot(Wo[:, n_a:].T, dot))
    dc_prev = dc * ft
    return dxt, da_prev, dc_prev


def lstm_loss(x, y, a0, parameters):
    """x (n_x, m, T_x), one-hot y (n_y, m, T_x), a0 (n_a, m)."""
    n_x, m, T_x = x.shape
    caches = lstm_forward(x, a0, parameters)
    loss = 0
    for t in range(T_x):
        loss -= np.sum(y[:, :, t] * np.log(caches[t][-1])) / m

    gradients = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    dx = np.zeros(x.shape)
    da_next = np.zeros(a0.shape)
    dc_next = np.zeros(a0.shape)
    for t in reversed(range(T_x)):
        dy = (caches[t][-1] - y[:, :, t]) / m
        dxt, da_next, dc_next = lstm_cell_backward(dy, da_next, dc_next, caches[t], parameters, gradients)
        dx[:, :, t] = dxt
    gradients["da0"] = da_next
    gradients["dx"] = dx
    return loss, gradients
