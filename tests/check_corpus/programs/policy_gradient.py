import numpy as np


def policy_loss(model, observations, actions, advantages):
    """REINFORCE: sum of -log p(action) * advantage for a one-hidden-layer Bernoulli policy."""
    h = np.dot(observations, model['W1'].T)
    h[h < 0] = 0
    logit = np.dot(h, model['W2'])
    p = 1.0 / (1.0 + np.exp(-logit))
    log_prob = actions * np.log(p) + (1 - actions) * np.log(1 - p)
    loss = -np.sum(log_prob * advantages)

    # backprop: eph are the stacked hidden states, epdlogp the stacked output errors
    eph = h
    epdlogp = (p - actions) * advantages
    dW2 = np.dot(eph.T, epdlogp).ravel()
    dh = np.outer(epdlogp, model['W2'])
    dh[eph <= 0] = 0
    dW1 = np.dot(dh.T, observations)
    return loss, {'W1': dW1, 'W2': dW2}
