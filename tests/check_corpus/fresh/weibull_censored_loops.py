import numpy as np


def weibull_aft(beta, log_shape, X, t, died, penalty):
    """Accelerated failure times with right censoring; everything one subject and one covariate at a time."""
    n, p = X.shape
    shape = np.exp(log_shape)
    z = np.zeros(n)
    hazard = np.zeros(n)
    loglik = 0.0
    for i in range(n):
        eta = 0.0
        for k in range(p):
            eta += X[i, k] * beta[k]
        z[i] = np.log(t[i]) - eta
        hazard[i] = np.exp(shape * z[i])
        if died[i]:
            loglik += log_shape + shape * z[i] - np.log(t[i])
        loglik -= hazard[i]
    cost = -loglik / n
    for k in range(p):
        cost += 0.5 * penalty * beta[k] ** 2

    # first derivatives
    d_beta = np.zeros(p)
    d_log_shape = 0.0
    for i in range(n):
        common = died[i] - hazard[i]
        for k in range(p):
            d_beta[k] += shape * common * X[i, k] / n
        d_log_shape -= shape * z[i] * common / n
        if died[i]:
            d_log_shape -= 1.0 / n
    for k in range(p):
        d_beta[k] += penalty * beta[k]
    return cost, d_beta, d_log_shape
