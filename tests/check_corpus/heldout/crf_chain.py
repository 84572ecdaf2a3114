import numpy as np


def logsumexp(a, axis):
    top = a.max(axis=axis, keepdims=True)
    return np.log(np.exp(a - top).sum(axis=axis)) + np.squeeze(top, axis=axis)


def nll(emissions, transitions, start, tags):
    T, K = emissions.shape
    alpha = np.zeros((T, K))
    alpha[0] = start + emissions[0]
    for t in range(1, T):
        alpha[t] = emissions[t] + logsumexp(alpha[t - 1][:, None] + transitions, axis=0)
    logZ = logsumexp(alpha[-1], axis=0)
    gold = start[tags[0]] + emissions[np.arange(T), tags].sum()
    gold = gold + transitions[tags[:-1], tags[1:]].sum()
    return logZ - gold


def nll_gradient(emissions, transitions, start, tags):
    T, K = emissions.shape
    alpha = np.zeros((T, K))
    alpha[0] = start + emissions[0]
    for t in range(1, T):
        alpha[t] = emissions[t] + logsumexp(alpha[t - 1][:, None] + transitions, axis=0)
    logZ = logsumexp(alpha[-1], axis=0)

    # expected counts minus observed counts
    beta = np.zeros((T, K))
    for t in range(T - 2, -1, -1):
        beta[t] = logsumexp(transitions + emissions[t + 1] + beta[t + 1], axis=1)
    marginals = np.exp(alpha + beta - logZ)
    d_emissions = marginals.copy()
    d_emissions[np.arange(T), tags] -= 1
    d_start = marginals[0].copy()
    d_start[tags[0]] -= 1
    d_transitions = np.zeros_like(transitions)
    for t in range(1, T):
        step = alpha[t - 1][:, None] + transitions + emissions[t] + beta[t]
        d_transitions += np.exp(step - logZ)
        d_transitions[tags[t - 1], tags[t]] -= 1
    return d_emissions, d_transitions, d_start
