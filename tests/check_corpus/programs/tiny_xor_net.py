import numpy as np


def nonlin(x, deriv=False):
    if deriv:
        # x is already the output of the sigmoid here
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def error_and_slopes(syn0, syn1, X, y):
    # forward propagation
    l0 = X
    l1 = nonlin(np.dot(l0, syn0))
    l2 = nonlin(np.dot(l1, syn1))

    # how far off
    l2_error = l2 - y
    total = np.sum(l2_error ** 2) / 2

    # how much each layer contributed
    l2_delta = l2_error * nonlin(l2, deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1, deriv=True)

    syn1_slope = l1.T.dot(l2_delta)
    syn0_slope = l0.T.dot(l1_delta)
    return total, syn0_slope, syn1_slope
