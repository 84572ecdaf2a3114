import numpy as np


def bce_with_logits(params, x, t, pos_weight):
    """Mean weighted binary cross entropy over every entry of t (batch, labels), from logits."""
    logits = x @ params['w'] + params['b']
    p = 1 / (1 + np.exp(-logits))
    log_p = -np.logaddexp(0, -logits)
    log_q = -np.logaddexp(0, logits)
    loss = -np.mean(pos_weight * t * log_p + (1 - t) * log_q)

    size = t.size
    d_log_p = -pos_weight * t / size
    d_log_q = -(1 - t) / size
    d_logits = d_log_p * (1 - p) - d_log_q * p
    return loss, {'w': x.T @ d_logits, 'b': d_logits.sum(axis=0)}
