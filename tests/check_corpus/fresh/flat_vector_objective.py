"""Objective for scipy.optimize.minimize(..., jac=True): all weights of a tanh network in one vector."""
import numpy as np


def layout(sizes):
    shapes = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        shapes.append((n_in, n_out))
        shapes.append((n_out,))
    return shapes


def unpack(theta, shapes):
    parts, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(theta[start:start + size].reshape(shape))
        start += size
    return parts


def pack(parts):
    return np.concatenate([np.ravel(p) for p in parts])


def make_objective(X, y, sizes, weight_decay):
    shapes = layout(sizes)
    n = len(X)

    def objective(theta):
        params = unpack(theta, shapes)
        weights, biases = params[0::2], params[1::2]
        activations = [X]
        for W, b in zip(weights[:-1], biases[:-1]):
            activations.append(np.tanh(activations[-1] @ W + b))
        scores = activations[-1] @ weights[-1] + biases[-1]
        top = scores.max(axis=1, keepdims=True)
        log_p = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        penalty = 0.5 * weight_decay * sum(np.sum(W ** 2) for W in weights)
        loss = -log_p[np.arange(n), y].mean() + penalty

        # walk back
        grads = [None] * len(params)
        back = np.exp(log_p)
        back[np.arange(n), y] -= 1
        back /= n
        for layer in reversed(range(len(weights))):
            grads[2 * layer] = activations[layer].T @ back + weight_decay * weights[layer]
            grads[2 * layer + 1] = back.sum(axis=0)
            if layer > 0:
                back = (back @ weights[layer].T) * (1 - activations[layer] ** 2)
        return loss, pack(grads)

    return objective


def evaluate(theta, X, y, sizes, weight_decay=0.01):
    return make_objective(X, y, sizes, weight_decay)(theta)
