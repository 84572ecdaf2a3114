import numpy as np


def elbo(params, x, noise):
    """Negative ELBO (mean over the batch) of a linear Gaussian VAE; noise is drawn by the caller."""
    n = x.shape[0]
    mu = x @ params["Wm"] + params["bm"]
    logvar = x @ params["Wv"] + params["bv"]
    std = np.exp(0.5 * logvar)
    z = mu + std * noise
    xr = np.tanh(z @ params["Wd"] + params["bd"])
    rec = 0.5 * np.sum((xr - x) ** 2) / n
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / n
    loss = rec + kl

    g = {}
    g_xr = (xr - x) / n
    g_pre = g_xr * (1 - xr ** 2)
    g["Wd"] = z.T @ g_pre
    g["bd"] = g_pre.sum(axis=0)
    g_z = g_pre @ params["Wd"].T
    g_mu = g_z + mu / n
    g_std = g_z * noise
    g_logvar = g_std * 0.5 * std + 0.5 * (np.exp(logvar) - 1) / n
    g["Wm"] = x.T @ g_mu
    g["bm"] = g_mu.sum(axis=0)
    g["Wv"] = x.T @ g_logvar
    g["bv"] = g_logvar.sum(axis=0)
    return loss, g
