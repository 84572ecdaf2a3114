import numpy as np


def forward(x1, x2, same, margin):
    diff = x1 - x2
    dist = np.sqrt(np.sum(diff ** 2, axis=1))
    gap = np.maximum(margin - dist, 0)
    loss = np.mean(same * dist ** 2 + (1 - same) * gap ** 2) / 2
    return loss, (diff, dist, gap, same)


def backward(dloss, cache):
    diff, dist, gap, same = cache
    n = len(dist)
    ddist = dloss * (same * dist - (1 - same) * gap) / n
    ddiff = ddist[:, np.newaxis] * diff / dist[:, np.newaxis]
    dx1 = ddiff
    dx2 = -ddiff
    return dx1, dx2
