import numpy as np


def hinge_cost(w, b, xs, labels, C):
    total = 0.5 * np.dot(w, w)
    for x, t in zip(xs, labels):
        total += C * max(0.0, 1 - t * (np.dot(w, x) + b))
    return total


def hinge_gradient(w, b, xs, labels, C):
    gw = w.copy()
    gb = 0.0
    for x, t in zip(xs, labels):
        margin = t * (np.dot(w, x) + b)
        if margin < 1:
            gw -= C * t * x
            gb -= C * t
    return gw, gb
