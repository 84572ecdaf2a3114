import numpy as np

# Counts on the nodes of a graph: Poisson regression with a smooth effect per node.
# w = (coefficients, effects).  Called as fmin_ncg(f, w0, fprime, args=(X, counts, ...)).


def _split(w, X):
    p = X.shape[1]
    return w[:p], w[p:]


def f(w, X, counts, exposure, edges, smooth, ridge):
    coef, effect = _split(w, X)
    eta = X.dot(coef) + effect
    value = np.sum(exposure * np.exp(eta) - counts * eta)
    jumps = effect[edges[:, 0]] - effect[edges[:, 1]]
    value += 0.5 * smooth * jumps.dot(jumps)
    value += 0.5 * ridge * coef.dot(coef)
    return value


def fprime(w, X, counts, exposure, edges, smooth, ridge):
    coef, effect = _split(w, X)
    p = len(coef)
    eta = X.dot(coef) + effect
    residual = exposure * np.exp(eta) - counts
    jumps = effect[edges[:, 0]] - effect[edges[:, 1]]
    pull = np.zeros_like(effect)
    np.add.at(pull, edges[:, 0], jumps)
    np.subtract.at(pull, edges[:, 1], jumps)
    out = np.empty_like(w)
    out[:p] = X.T.dot(residual) + ridge * coef
    out[p:] = residual + smooth * pull
    return out
