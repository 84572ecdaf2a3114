import numpy as np


def cox_ph(beta, X, time, event, penalty):
    """Negative log partial likelihood (Breslow) with a ridge penalty, and its gradient."""
    order = np.argsort(-time)
    Xs, ev = X[order], event[order]
    eta = Xs @ beta
    risk = np.exp(eta - eta.max())
    cum_risk = np.cumsum(risk)
    loglik = np.sum(ev * (eta - eta.max() - np.log(cum_risk)))
    n_events = ev.sum()
    objective = -loglik / n_events + 0.5 * penalty * beta @ beta

    # gradient: observed minus expected covariates at each event
    weighted = np.cumsum(risk[:, None] * Xs, axis=0)
    expected = weighted / cum_risk[:, None]
    score = (ev[:, None] * (Xs - expected)).sum(axis=0)
    gradient = -score / n_events + penalty * beta
    return objective, gradient
