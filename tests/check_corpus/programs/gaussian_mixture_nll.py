import numpy as np


def gmm_nll(logits, means, log_sigma, data):
    """Negative log likelihood (sum over data) of a one-dimensional Gaussian mixture."""
    k = len(logits)
    prior = np.exp(logits - logits.max())
    prior = prior / prior.sum()
    sigma = np.exp(log_sigma)
    u = (data[:, None] - means) / sigma
    dens = np.exp(-0.5 * u ** 2) / (sigma * np.sqrt(2 * np.pi))
    joint = prior * dens
    evidence = joint.sum(axis=1, keepdims=True)
    nll = -np.log(evidence).sum()

    resp = joint / evidence
    d_logits = len(data) * prior - resp.sum(axis=0)
    d_means = -(resp * u / sigma).sum(axis=0)
    d_log_sigma = -(resp * (u ** 2 - 1)).sum(axis=0)
    return nll, d_logits, d_means, d_log_sigma
