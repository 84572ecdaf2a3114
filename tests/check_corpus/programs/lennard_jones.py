import numpy as np


def energy(pos, eps, sigma):
    E = 0.0
    n = len(pos)
    for i in range(n):
        for j in range(i + 1, n):
            r = pos[i] - pos[j]
            r2 = np.dot(r, r)
            s6 = (sigma ** 2 / r2) ** 3
            E += 4 * eps * (s6 * s6 - s6)
    return E


def gradient(pos, eps, sigma):
    """dE/dpos, dE/deps, dE/dsigma"""
    n = len(pos)
    gpos = np.zeros_like(pos)
    geps = 0.0
    gsigma = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            r = pos[i] - pos[j]
            r2 = np.dot(r, r)
            q = sigma ** 2 / r2
            s6 = q ** 3
            geps += 4 * (s6 * s6 - s6)
            ds6 = 4 * eps * (2 * s6 - 1)
            dq = ds6 * 3 * q ** 2
            gsigma += dq * 2 * sigma / r2
            dr2 = -dq * sigma ** 2 / r2 ** 2
            dr = dr2 * 2 * r
            gpos[i] += dr
            gpos[j] -= dr
    return gpos, geps, gsigma
