"""One affine coupling layer of a flow; negative log-likelihood under a standard normal."""
import numpy as np


def flow_nll_and_grad(theta, data):
    Ws, bs, Wt, bt = theta["Ws"], theta["bs"], theta["Wt"], theta["bt"]
    half = data.shape[1] // 2
    batch = data.shape[0]
    keep, change = data[:, :half], data[:, half:]
    raw = keep @ Ws + bs
    log_scale = np.tanh(raw)
    shift = keep @ Wt + bt
    scale = np.exp(log_scale)
    z = change * scale + shift
    nll = 0.5 * np.sum(keep ** 2) + 0.5 * np.sum(z ** 2) - np.sum(log_scale)
    nll = nll / batch + 0.5 * data.shape[1] * np.log(2 * np.pi)

    # --- reverse ---
    adj_z = z / batch
    adj_shift = adj_z
    adj_scale = adj_z * change
    adj_log_scale = adj_scale * scale - 1 / batch
    adj_raw = adj_log_scale * (1 - log_scale ** 2)
    adj = {
        "Ws": keep.T @ adj_raw,
        "bs": adj_raw.sum(axis=0),
        "Wt": keep.T @ adj_shift,
        "bt": adj_shift.sum(axis=0),
    }
    adj_change = adj_z * scale
    adj_keep = keep / batch + adj_raw @ Ws.T + adj_shift @ Wt.T
    adj_data = np.concatenate([adj_keep, adj_change], axis=1)
    return nll, adj, adj_data
