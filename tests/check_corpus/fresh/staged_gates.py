import numpy as np

# A neuron with a second look at its inputs, one gate per line.
#   f = max(x*y, z) * sigmoid(w0*x + w1*y + w2) + z**2 / (1 + x**2)


def gates(x, y, z, w):
    # ---- forward, left to right
    xy = x * y
    top = max(xy, z)
    w0x = w[0] * x
    w1y = w[1] * y
    dot = w0x + w1y + w[2]
    gate = 1.0 / (1.0 + np.exp(-dot))
    left = top * gate
    xsq = x * x
    below = 1.0 + xsq
    zsq = z ** 2
    right = zsq / below
    f = left + right

    # ---- backward, right to left
    dleft, dright = 1.0, 1.0
    # right = zsq / below
    dzsq = dright / below
    dbelow = -dright * zsq / below ** 2
    dz = 2 * z * dzsq
    dxsq = dbelow
    dx = 2 * x * dxsq
    # left = top * gate
    dtop = gate * dleft
    dgate = top * dleft
    # sigmoid gate
    ddot = gate * (1 - gate) * dgate
    # add gate hands on what it gets
    dw0x = dw1y = dw2 = ddot
    dx += w[0] * dw0x
    dy = w[1] * dw1y
    dw = np.array([x * dw0x, y * dw1y, dw2])
    # max gate: the winner takes it all
    if xy > z:
        dx += y * dtop
        dy += x * dtop
    else:
        dz += dtop
    return f, {'x': dx, 'y': dy, 'z': dz, 'w': dw}
