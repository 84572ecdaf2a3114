import numpy as np


def expression(x, y):
    # forward pass
    sigy = 1.0 / (1 + np.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + np.exp(-x))
    xpy = x + y
    xpysqr = xpy ** 2
    den = sigx + xpysqr
    invden = 1.0 / den
    f = num * invden

    # backprop f = num * invden
    dnum = invden
    dinvden = num
    # backprop invden = 1.0 / den
    dden = (-1.0 / (den ** 2)) * dinvden
    # backprop den = sigx + xpysqr
    dsigx = 1 * dden
    dxpysqr = 1 * dden
    # backprop xpysqr = xpy ** 2
    dxpy = (2 * xpy) * dxpysqr
    # backprop xpy = x + y
    dx = 1 * dxpy
    dy = 1 * dxpy
    # backprop sigx
    dx += ((1 - sigx) * sigx) * dsigx
    # backprop num = x + sigy
    dx += 1 * dnum
    dsigy = 1 * dnum
    # backprop sigy
    dy += ((1 - sigy) * sigy) * dsigy
    return f, dx, dy
